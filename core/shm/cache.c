#include "core/shm/cache.h"

#include <assert.h>

#include "core/shm/layout.h"

#define WAYS     4
#define STUCK_MS 1000 /* a writer that takes longer is dead */

/* The contents of an entry: words of 8 bytes, copied whole. */
struct cache_body {
	uint8_t             key[32];
	int64_t             end_ms, checked_ms;
	struct cache_epochs epochs;   /* as read before the SQL */
	uint16_t            cells[3]; /* of tenant, user, session */
	uint16_t            n;        /* bytes of value */
	uint8_t             pad[4];
	uint64_t sum; /* over everything but itself and what is behind `n` bytes of value */
	uint8_t  value[CACHE_VALUE_MAX];
};

static_assert(sizeof(struct cache_body) <= sizeof(((struct cache_entry *)0)->body) &&
		  sizeof(struct cache_body) % 8 == 0,
    "a body fits its words");
static_assert(CACHE_EPOCH_CELLS == 65536, "a cell's number is 16 bits");

/* Room for one body, private, aligned for the words. */
struct copy {
	struct cache_body b;
	uint64_t          word; /* the entry's word under which it was read */
};

static uint64_t
mix(uint64_t h, uint64_t w)
{
	h = (h ^ w) * 0x9E3779B97F4A7C15u;
	return h ^ h >> 29;
}

static uint64_t
mix_bytes(uint64_t h, const void *p, size_t n)
{
	const uint8_t *b = p;
	uint64_t       w;

	for (; n >= 8; n -= 8, b += 8) {
		memcpy(&w, b, 8);
		h = mix(h, w);
	}
	w = 0;
	if (n > 0)
		memcpy(&w, b, n);
	return mix(h, w ^ (uint64_t)n << 56);
}

/* Kinds are kept apart: a tenant and a user with the same number share no cell on purpose. */
static uint16_t
cell_of(const struct uuid *u, uint64_t kind)
{
	return (uint16_t)(mix_bytes(kind + 1, u->b, sizeof(u->b)) >> 40);
}

static uint32_t
epoch(const struct segment *s, uint16_t cell)
{
	return atomic_load(&s->fixed->epochs[cell]);
}

struct cache_epochs
cache_epochs_read(const struct segment *s, const struct uuid *tenant, const struct uuid *user,
    const struct uuid *session)
{
	return (struct cache_epochs) {
		.tenant = epoch(s, cell_of(tenant, 0)),
		.user = epoch(s, cell_of(user, 1)),
		.session = epoch(s, cell_of(session, 2)),
	};
}

static void
bump(struct segment *s, size_t cell)
{
	if (s != NULL)
		atomic_fetch_add(&s->fixed->epochs[cell], 1);
}

void
cache_bump_tenant(struct segment *s, const struct uuid *tenant)
{
	bump(s, cell_of(tenant, 0));
}

void
cache_bump_user(struct segment *s, const struct uuid *user)
{
	bump(s, cell_of(user, 1));
}

void
cache_bump_session(struct segment *s, const struct uuid *session)
{
	bump(s, cell_of(session, 2));
}

static size_t
used_bytes(const struct cache_body *b)
{
	return offsetof(struct cache_body, value) + ((size_t)b->n + 7) / 8 * 8;
}

/*
 * The sequence word alone would do if a writer could only die.  It can also be
 * stopped, lose its entry to another after a second, and go on writing: the sum
 * finds the mixture that it leaves.
 */
static uint64_t
sum_of(const struct cache_body *b)
{
	uint64_t h = mix_bytes(0x42535843u, b, offsetof(struct cache_body, sum));

	return mix_bytes(h, b->value, b->n);
}

/* Copies an entry that rests and is whole. */
static bool
entry_read(const struct cache_entry *x, struct copy *c)
{
	c->word = atomic_load_explicit(&x->word, memory_order_acquire);
	if ((uint32_t)c->word != 0 || c->word == 0)
		return false;
	words_load(&c->b, x->body, offsetof(struct cache_body, value));
	if (c->b.n > CACHE_VALUE_MAX)
		return false;
	words_load(c->b.value, x->body + offsetof(struct cache_body, value) / 8,
	    used_bytes(&c->b) - offsetof(struct cache_body, value));
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&x->word, memory_order_relaxed) == c->word &&
	       sum_of(&c->b) == c->b.sum;
}

/* Replaces what stood there under `word`; gives up when somebody else was first. */
static void
entry_write(struct cache_entry *x, uint64_t word, struct cache_body *b, int64_t now_ms)
{
	uint64_t next = ((word >> 32) + 1) << 32;
	uint64_t claim = next | (uint32_t)now_ms | 1;

	b->sum = sum_of(b);
	if (!atomic_compare_exchange_strong(&x->word, &word, claim))
		return;
	atomic_thread_fence(memory_order_release);
	words_store(x->body, b, used_bytes(b));
	atomic_compare_exchange_strong(&x->word, &claim, next);
}

/* A writer began less than a second ago (or, by another's clock, a little in the future). */
static bool
is_busy(uint64_t word, int64_t now_ms)
{
	uint32_t since = (uint32_t)word;

	return since != 0 && (uint32_t)now_ms - since + STUCK_MS < 2 * STUCK_MS;
}

static struct cache_entry *
bucket(const struct segment *s, const uint8_t key[static 32])
{
	uint64_t h;

	memcpy(&h, key, sizeof(h));
	return s->cache_entries == 0 ? NULL : &s->cache[(h & (s->cache_entries / WAYS - 1)) * WAYS];
}

static bool
is_current(const struct segment *s, const struct cache_body *b, int64_t now_ms)
{
	return now_ms < b->end_ms && epoch(s, b->cells[0]) == b->epochs.tenant &&
	       epoch(s, b->cells[1]) == b->epochs.user &&
	       epoch(s, b->cells[2]) == b->epochs.session;
}

bool
cache_get(struct segment *s, const uint8_t key[static 32], int64_t now_ms, void *out, size_t *n,
    int64_t *checked_ms)
{
	struct cache_entry *x = bucket(s, key);
	struct copy         c;

	for (int i = 0; x != NULL && i < WAYS; i++) {
		if (!entry_read(&x[i], &c) || memcmp(c.b.key, key, sizeof(c.b.key)) != 0 ||
		    !is_current(s, &c.b, now_ms))
			continue;
		atomic_store_explicit(&x[i].used_ms, now_ms, memory_order_relaxed);
		memcpy(out, c.b.value, c.b.n);
		*n = c.b.n;
		*checked_ms = c.b.checked_ms;
		return true;
	}
	return false;
}

/* How little an entry is worth keeping: the same key and what is no use go first, then the longest
 * unused. */
static int64_t
worth(const struct segment *s, const struct cache_entry *x, const uint8_t key[static 32],
    int64_t now_ms, uint64_t *word)
{
	struct copy c;

	*word = atomic_load(&x->word);
	if (is_busy(*word, now_ms))
		return INT64_MAX;
	if (!entry_read(x, &c))
		return INT64_MIN + 1;
	*word = c.word;
	if (memcmp(c.b.key, key, sizeof(c.b.key)) == 0)
		return INT64_MIN;
	if (!is_current(s, &c.b, now_ms))
		return INT64_MIN + 1;
	return atomic_load_explicit(&x->used_ms, memory_order_relaxed);
}

void
cache_put(
    struct segment *s, const uint8_t key[static 32], const struct cache_value *v, int64_t now_ms)
{
	struct cache_entry *x = bucket(s, key), *victim = NULL;
	struct cache_body   b = { .end_ms = v->end_ms, .checked_ms = now_ms, .epochs = v->before };
	int64_t             least = INT64_MAX;
	uint64_t            word = 0;

	if (x == NULL || v->n > CACHE_VALUE_MAX)
		return;
	for (int i = 0; i < WAYS; i++) {
		uint64_t w;
		int64_t  kept = worth(s, &x[i], key, now_ms, &w);

		if (kept >= least)
			continue;
		least = kept;
		victim = &x[i];
		word = w;
	}
	if (victim == NULL)
		return;
	memcpy(b.key, key, sizeof(b.key));
	b.cells[0] = cell_of(&v->tenant, 0);
	b.cells[1] = cell_of(&v->user, 1);
	b.cells[2] = cell_of(&v->session, 2);
	b.n = (uint16_t)v->n;
	memcpy(b.value, v->p, v->n);
	atomic_store_explicit(&victim->used_ms, now_ms, memory_order_relaxed);
	entry_write(victim, word, &b, now_ms);
}

void
cache_confirm(struct segment *s, const uint8_t key[static 32], int64_t now_ms)
{
	struct cache_entry *x = bucket(s, key);
	struct copy         c;

	for (int i = 0; x != NULL && i < WAYS; i++) {
		if (!entry_read(&x[i], &c) || memcmp(c.b.key, key, sizeof(c.b.key)) != 0)
			continue;
		c.b.checked_ms = now_ms;
		entry_write(&x[i], c.word, &c.b, now_ms);
	}
}
