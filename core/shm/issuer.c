#include "core/shm/issuer.h"

#include <assert.h>
#include <sched.h>

#include "core/shm/layout.h"

#define STUCK_MS 1000 /* a writer that takes longer is dead */
#define TRIES    1000
#define COOL_MAX 300000 /* ms: an entry claimed since then is not given to another owner */

static_assert(sizeof(struct issuer_body) % 8 == 0, "a body is copied by words");

static uint64_t
sum_of(const struct issuer_body *b)
{
	const uint8_t *p = (const uint8_t *)b + sizeof(b->sum);
	size_t         n = offsetof(struct issuer_body, text) - sizeof(b->sum) + b->n;
	uint64_t       h = 0x4953535545522121u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001B3u;
	return h;
}

/* Bytes of a body in use, up to a whole word. */
static size_t
used_bytes(const struct issuer_body *b)
{
	return offsetof(struct issuer_body, text) + ((size_t)b->n + 7) / 8 * 8;
}

#define HEAD offsetof(struct issuer_body, text)

/* What a stopped writer left may be anything; times before 1970 would not even be far away from
 * now. */
static bool
is_possible(const struct issuer_body *b)
{
	return b->n <= ISSUER_TEXT_MAX && b->claimed_ms >= 0 && b->ended_ms >= 0 &&
	       b->fetched_ms >= 0 && b->withdrawn_ms >= 0;
}

/* Copies what stands before the text of an entry that rests; *word is what it was read under. */
static bool
head_read(const struct issuer_entry *x, struct issuer_body *b, uint64_t *word)
{
	*word = atomic_load_explicit(&x->word, memory_order_acquire);
	if ((uint32_t)*word != 0 || *word == 0)
		return false;
	words_load(b, x->body, HEAD);
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&x->word, memory_order_relaxed) == *word && is_possible(b);
}

/* The rest of it; false: it has changed meanwhile, or is a mixture that a stopped writer left. */
static bool
text_read(const struct issuer_entry *x, struct issuer_body *b, uint64_t word)
{
	words_load(b->text, x->body + HEAD / 8, used_bytes(b) - HEAD);
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&x->word, memory_order_relaxed) == word && sum_of(b) == b->sum;
}

/* Replaces what stood there under `word`; false: somebody else was first. */
static bool
entry_write(struct issuer_entry *x, uint64_t word, struct issuer_body *b, int64_t now_ms)
{
	uint64_t next = ((word >> 32) + 1) << 32;
	uint64_t claim = next | (uint32_t)now_ms | 1;

	b->sum = sum_of(b);
	if (!atomic_compare_exchange_strong(&x->word, &word, claim))
		return false;
	atomic_thread_fence(memory_order_release);
	words_store(x->body, b, used_bytes(b));
	return atomic_compare_exchange_strong(&x->word, &claim, next);
}

static bool
is_busy(uint64_t word, int64_t now_ms)
{
	uint32_t since = (uint32_t)word;

	return since != 0 && (uint32_t)now_ms - since + STUCK_MS < 2 * STUCK_MS;
}

/* The issuer's entry; *busy: one that a writer holds just now may be it. */
static struct issuer_entry *
find(struct segment *s, const uint8_t key[static 32], int64_t now_ms, struct issuer_body *b,
    uint64_t *word, bool *busy)
{
	*busy = false;
	for (int i = 0; i < ISSUERS_MAX; i++) {
		struct issuer_entry *x = &s->fixed->issuers[i];

		if (!head_read(x, b, word)) {
			*busy = *busy || is_busy(*word, now_ms);
			continue;
		}
		if (memcmp(b->key, key, sizeof(b->key)) == 0 && text_read(x, b, *word))
			return x;
	}
	return NULL;
}

/* A body is too large for a stack that somebody counts on. */
static struct issuer_body *
body_make(void)
{
	return talloc_zero(NULL, struct issuer_body);
}

void
issuer_get(struct segment *s, const uint8_t key[static 32], int64_t now_ms, char *text,
    struct issuer_state *out)
{
	struct issuer_body  *b = body_make();
	struct issuer_entry *x;
	uint64_t             word;
	bool                 busy = false;

	*out = (struct issuer_state) { 0 };
	if (b == NULL)
		return;
	for (int i = 0; i < TRIES; i++) {
		x = find(s, key, now_ms, b, &word, &busy);
		if (x != NULL || !busy)
			break;
		sched_yield();
	}
	if (x != NULL) {
		atomic_store_explicit(&x->used_ms, now_ms, memory_order_relaxed);
		*out = (struct issuer_state) { .known = true,
			.claimed_ms = b->claimed_ms,
			.ended_ms = b->ended_ms,
			.fetched_ms = b->fetched_ms,
			.withdrawn_ms = b->withdrawn_ms,
			.n = b->n };
		if (text != NULL)
			memcpy(text, b->text, b->n);
	}
	talloc_free(b);
}

struct claim {
	const uint8_t *key; /* 32 bytes */
	uint64_t       owner;
	int64_t        now_ms, cool_ms;
};

struct choice {
	struct issuer_entry *x; /* NULL: none may */
	uint64_t             word;
	int64_t              used;
};

static void
choose(struct choice *c, struct issuer_entry *x, uint64_t word, int64_t used)
{
	if (used < c->used)
		*c = (struct choice) { x, word, used };
}

/*
 * The entry that may be given to the issuer: never used, or longest unused and not
 * cooling down; when the owner has all that it may have, its own longest unused.  *again:
 * somebody else may be giving one to this issuer.
 */
static struct choice
victim(struct segment *s, const struct claim *c, struct issuer_body *b, bool *again)
{
	struct choice any = { .used = INT64_MAX }, mine = any;
	int           n = 0;

	for (int i = 0; i < ISSUERS_MAX && !*again; i++) {
		struct issuer_entry *x = &s->fixed->issuers[i];
		uint64_t             w;
		bool                 whole = head_read(x, b, &w), own;
		int64_t used = whole ? atomic_load_explicit(&x->used_ms, memory_order_relaxed) : -1;

		*again =
		    whole ? memcmp(b->key, c->key, sizeof(b->key)) == 0 : is_busy(w, c->now_ms);
		own = whole && b->owner == c->owner;
		n += own;
		if (own)
			choose(&mine, x, w, used);
		if (!whole || c->now_ms - b->claimed_ms >= COOL_MAX)
			choose(&any, x, w, used);
	}
	if (*again)
		return (struct choice) { 0 };
	return n >= ISSUERS_EACH ? mine : any;
}

static bool
claim_once(struct segment *s, const struct claim *c, struct issuer_body *b, bool *again)
{
	struct choice at = { .x = NULL };

	*again = false;
	at.x = find(s, c->key, c->now_ms, b, &at.word, again);
	if (at.x == NULL && *again)
		return false;
	/* a claim of the future was made by another clock and binds nobody */
	if (at.x != NULL && c->now_ms >= b->claimed_ms && c->now_ms - b->claimed_ms < c->cool_ms)
		return false;
	if (at.x == NULL) {
		at = victim(s, c, b, again);
		if (at.x == NULL)
			return false;
		memset(b, 0, sizeof(*b));
		memcpy(b->key, c->key, sizeof(b->key));
		b->owner = c->owner;
		atomic_store_explicit(&at.x->used_ms, c->now_ms, memory_order_relaxed);
	}
	b->claimed_ms = c->now_ms;
	*again = !entry_write(at.x, at.word, b, c->now_ms);
	return !*again;
}

bool
issuer_claim(struct segment *s, const uint8_t key[static 32], uint64_t owner, int64_t now_ms,
    int64_t cool_ms)
{
	const struct claim  c = { key, owner, now_ms, cool_ms };
	struct issuer_body *b = body_make();
	bool                won = false, again = b != NULL;

	for (int i = 0; i < TRIES && again; i++) {
		won = claim_once(s, &c, b, &again);
		if (again)
			sched_yield();
	}
	talloc_free(b);
	return won;
}

/* What has become of the document that an entry has. */
typedef void change_fn(struct issuer_body *b, int64_t now_ms, const char *text, size_t n);

static void
replace(struct issuer_body *b, int64_t now_ms, const char *text, size_t n)
{
	if (text == NULL || n > ISSUER_TEXT_MAX)
		return;
	b->fetched_ms = now_ms;
	b->withdrawn_ms = 0;
	b->n = (uint32_t)n;
	memcpy(b->text, text, n);
}

static void
withdraw(struct issuer_body *b, int64_t now_ms, const char *text, size_t n)
{
	(void)text;
	(void)n;
	if (b->withdrawn_ms == 0)
		b->withdrawn_ms = now_ms;
}

static void
end_fetch(struct segment *s, const uint8_t key[static 32], int64_t now_ms, change_fn *change,
    const char *text, size_t n)
{
	struct issuer_body  *b = body_make();
	struct issuer_entry *x;
	uint64_t             word;
	bool                 busy;

	for (int i = 0; i < TRIES && b != NULL; i++) {
		x = find(s, key, now_ms, b, &word, &busy);
		if (x == NULL && busy) {
			sched_yield();
			continue;
		}
		if (x == NULL)
			break;
		b->ended_ms = now_ms;
		change(b, now_ms, text, n);
		if (entry_write(x, word, b, now_ms))
			break;
	}
	talloc_free(b);
}

void
issuer_put(
    struct segment *s, const uint8_t key[static 32], int64_t now_ms, const char *text, size_t n)
{
	end_fetch(s, key, now_ms, replace, text, n);
}

void
issuer_withdraw(struct segment *s, const uint8_t key[static 32], int64_t now_ms)
{
	end_fetch(s, key, now_ms, withdraw, NULL, 0);
}
