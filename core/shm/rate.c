#include "core/shm/rate.h"

#include <assert.h>

#include "core/shm/layout.h"

#define WAYS      4
#define TIME_BITS 44
#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)
#define TRIES_MAX 1000 /* each lost one is another process's progress */

/* What is wanted of a cell: one, if the rate admits it; or so many that have been already. */
struct charge {
	bool    owed;
	int64_t n;
};

static_assert((RATE_CELLS / WAYS & (RATE_CELLS / WAYS - 1)) == 0, "buckets are chosen by a mask");

bool
rate_make(struct rate *r, int64_t per_minute, int64_t burst, int64_t hosts)
{
	if (per_minute <= 0 || burst <= 0)
		return false;
	hosts = hosts < 1 ? 1 : hosts;
	r->step_us = 60000000 * hosts / per_minute;
	r->burst = burst / hosts;
	if (r->step_us < 1)
		r->step_us = 1;
	if (r->burst < 1)
		r->burst = 1;
	if (r->burst > RATE_SPAN_US / r->step_us)
		r->burst = RATE_SPAN_US / r->step_us;
	return true;
}

/* The finaliser of MurmurHash3: every bit of the input reaches every bit of the answer. */
static uint64_t
mix(uint64_t h)
{
	h = (h ^ h >> 33) * 0xFF51AFD7ED558CCDu;
	h = (h ^ h >> 33) * 0xC4CEB9FE1A85EC53u;
	return h ^ h >> 33;
}

uint64_t
rate_key(const uint64_t secret[static 2], const uint64_t *words, size_t n)
{
	uint64_t h = secret[0];

	for (size_t i = 0; i < n; i++)
		h = mix(h ^ words[i]) + secret[1];
	return mix(h);
}

/* ---- words ---- */

/* 0 is the empty cell, so no tag is 0. */
static uint64_t
tag_of(uint64_t key)
{
	return (key & ~TIME_MASK) != 0 ? key & ~TIME_MASK : TIME_MASK + 1;
}

/* How far ahead of now the cell is; 0: its time is over, it is empty, or it makes no sense. */
static int64_t
ahead(uint64_t word, int64_t now_us, int64_t span_us)
{
	int64_t d = (int64_t)((word - (uint64_t)now_us) & TIME_MASK);

	return word != 0 && d <= span_us ? d : 0;
}

/* The cell of that tag, or -1. */
static int
find(_Atomic uint64_t *bucket, uint64_t tag, uint64_t *word)
{
	for (int i = 0; i < WAYS; i++) {
		*word = atomic_load(&bucket[i]);
		if (*word != 0 && (*word & ~TIME_MASK) == tag)
			return i;
	}
	return -1;
}

/* The best place for a new tag: free, else the one that is over first. */
static int
choose(_Atomic uint64_t *bucket, int64_t now_us, uint64_t *word)
{
	int64_t least = INT64_MAX;
	int     best = 0;

	for (int i = 0; i < WAYS; i++) {
		uint64_t w = atomic_load(&bucket[i]);
		int64_t  d = ahead(w, now_us, RATE_SPAN_US);

		if (d >= least)
			continue;
		least = d;
		best = i;
		*word = w;
	}
	return best;
}

/*
 * Two processes that met a new client at the same moment may have given it a
 * place each.  Whoever sees the other's takes its own back and begins again; at
 * least one of them does see it, as the stores come before the looks.
 */
static bool
is_doubled(_Atomic uint64_t *bucket, int mine, uint64_t tag)
{
	for (int i = 0; i < WAYS; i++) {
		uint64_t w = atomic_load(&bucket[i]);

		if (i != mine && w != 0 && (w & ~TIME_MASK) == tag)
			return true;
	}
	return false;
}

/* ---- one charge ---- */

enum outcome { ADMITTED, REFUSED, AGAIN };

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The farthest ahead that a cell of this rate may be. */
static int64_t
debt_span(const struct rate *r)
{
	return least((r->burst + RATE_DEBT_MAX) * r->step_us, RATE_SPAN_US);
}

static enum outcome
attempt(_Atomic uint64_t *bucket, uint64_t tag, const struct rate *r, struct charge c,
    int64_t now_us, struct rate_left *out)
{
	int64_t  span = r->burst * r->step_us, most = debt_span(r);
	uint64_t word = 0, next;
	int      at = find(bucket, tag, &word);
	bool     is_new = at < 0;
	int64_t  d = is_new ? 0 : ahead(word, now_us, most);

	if (!c.owed && d + r->step_us > span) {
		*out = (struct rate_left) { 0, d + r->step_us - span };
		return REFUSED;
	}
	if (is_new)
		at = choose(bucket, now_us, &word);
	if (is_new && word != 0 && (word & ~TIME_MASK) == tag)
		return AGAIN; /* it came in between the two looks */
	d = least(d + c.n * r->step_us, most);
	next = tag | ((uint64_t)(now_us + d) & TIME_MASK);
	if (!atomic_compare_exchange_strong(&bucket[at], &word, next))
		return AGAIN;
	/* If it has changed already, another process has charged it: then it stays. */
	if (is_new && is_doubled(bucket, at, tag) &&
	    atomic_compare_exchange_strong(&bucket[at], &next, 0))
		return AGAIN;
	out->left = d < span ? (span - d) / r->step_us : 0;
	out->wait_us = out->left > 0 ? 0 : d + r->step_us - span;
	return ADMITTED;
}

static bool
put(struct segment *s, uint64_t key, const struct rate *r, struct charge c, int64_t now_ns,
    struct rate_left *out)
{
	_Atomic uint64_t *bucket = &s->fixed->rates[(key & (RATE_CELLS / WAYS - 1)) * WAYS];
	uint64_t          tag = tag_of(key);

	for (int i = 0; i < TRIES_MAX; i++) {
		enum outcome o = attempt(bucket, tag, r, c, now_ns / 1000, out);

		if (o != AGAIN)
			return o == ADMITTED;
	}
	*out = (struct rate_left) { 0, r->step_us };
	return false;
}

bool
rate_take(
    struct segment *s, uint64_t key, const struct rate *r, int64_t now_ns, struct rate_left *out)
{
	return put(s, key, r, (struct charge) { false, 1 }, now_ns, out);
}

void
rate_owe(struct segment *s, uint64_t key, const struct rate *r, int64_t n, int64_t now_ns,
    struct rate_left *out)
{
	(void)put(s, key, r, (struct charge) { true, least(n, RATE_DEBT_MAX) }, now_ns, out);
}
