#include "drift/collect/buckets.h"

#include <string.h>

struct bucket {
	struct bucket *next;
	char          *name;
	double         per_s, tokens;
	unsigned       burst, under_way, users;
	int64_t        at_ms, paused_until_ms;
};
struct buckets {
	struct bucket *first;
};

struct buckets *
buckets_make(TALLOC_CTX *mem)
{
	return talloc_zero(mem, struct buckets);
}

struct bucket *
bucket_use(
    struct buckets *all, const char *credential, const char *host, const struct source_bucket *b)
{
	char *name =
	    talloc_asprintf(all, "%s %s %s", credential, host, b->name == NULL ? "" : b->name);
	struct bucket *at = all->first;

	if (name == NULL)
		return NULL;
	while (at != NULL && strcmp(at->name, name) != 0)
		at = at->next;
	if (at == NULL) {
		at = talloc_zero(all, struct bucket);
		if (at == NULL)
			return NULL;
		at->name = __extension__ talloc_steal(at, name);
		at->next = all->first;
		at->tokens = b->burst == 0 ? 1 : b->burst;
		all->first = at;
	} else {
		talloc_free(name);
	}
	at->per_s = b->per_s;
	at->burst = b->burst == 0 ? 1 : b->burst;
	at->users++;
	return at;
}

void
bucket_release(struct bucket *b)
{
	b->users--;
}

static void
refill(struct bucket *b, int64_t now_ms)
{
	if (b->at_ms != 0)
		b->tokens += (double)(now_ms - b->at_ms) * b->per_s / 1000;
	b->at_ms = now_ms;
	if (b->tokens > b->burst)
		b->tokens = b->burst;
}

/* What costs more than there can ever be goes when the bucket is full. */
static double
wanted(const struct bucket *b, unsigned cost)
{
	double want = cost == 0 ? 1 : cost;

	return want > b->burst ? b->burst : want;
}

int64_t
bucket_take(struct bucket *b, unsigned cost, int64_t now_ms)
{
	double missing;

	if (now_ms < b->paused_until_ms)
		return b->paused_until_ms;
	if (b->under_way >= BUCKET_UNDER_WAY_MAX)
		return INT64_MAX;
	if (b->per_s > 0) {
		refill(b, now_ms);
		missing = wanted(b, cost) - b->tokens;
		if (missing > 0)
			return now_ms + 1 + (int64_t)(missing * 1000 / b->per_s);
		b->tokens -= cost == 0 ? 1 : cost;
	}
	b->under_way++;
	return 0;
}

void
bucket_back(struct bucket *b)
{
	b->under_way--;
}

void
bucket_pause(struct bucket *b, int64_t now_ms, int64_t for_ms)
{
	const int64_t until_ms =
	    now_ms + (for_ms < BUCKET_PAUSE_MAX_MS ? for_ms : BUCKET_PAUSE_MAX_MS);

	if (until_ms > b->paused_until_ms)
		b->paused_until_ms = until_ms;
}

int64_t
bucket_paused_until(const struct bucket *b)
{
	return b->paused_until_ms;
}

static bool
is_idle(struct bucket *b, int64_t now_ms)
{
	if (b->users > 0 || now_ms < b->paused_until_ms)
		return false;
	refill(b, now_ms);
	return b->per_s <= 0 || b->tokens >= b->burst;
}

void
buckets_tidy(struct buckets *all, int64_t now_ms)
{
	for (struct bucket **at = &all->first; *at != NULL;) {
		struct bucket *b = *at;

		if (!is_idle(b, now_ms)) {
			at = &b->next;
			continue;
		}
		*at = b->next;
		talloc_free(b);
	}
}
