#include "core/shm/tally.h"

#include <assert.h>

#include "core/shm/layout.h"

#define WAYS       4
#define COUNT_BITS 24
#define SPAN_BITS  16
#define TAG_SHIFT  (COUNT_BITS + SPAN_BITS)
#define TRIES_MAX  1000 /* each lost one is another process's progress */

static_assert((TALLY_CELLS / WAYS & (TALLY_CELLS / WAYS - 1)) == 0, "buckets are chosen by a mask");

/* 0 is the empty cell, so no tag is 0. */
static uint64_t
tag_of(uint64_t key)
{
	return key >> TAG_SHIFT != 0 ? key >> TAG_SHIFT : 1;
}

static uint32_t
count_of(uint64_t word)
{
	return (uint32_t)(word & TALLY_MAX);
}

static uint16_t
span_of(uint64_t word)
{
	return (uint16_t)(word >> COUNT_BITS);
}

/* Of a place for a new tag: the lower the better. */
static uint64_t
worth(uint64_t word, uint16_t span)
{
	bool present = span_of(word) == span;

	return word == 0 ? 0 : (present ? UINT64_C(1) << 32 : 0) + count_of(word) + 1;
}

/* The cell of that tag, else the one that makes room for it. */
static int
find(_Atomic uint64_t *bucket, uint64_t tag, uint16_t span, uint64_t *word)
{
	uint64_t least = UINT64_MAX;
	int      best = 0;

	for (int i = 0; i < WAYS; i++) {
		uint64_t w = atomic_load(&bucket[i]);

		if (w >> TAG_SHIFT == tag) {
			*word = w;
			return i;
		}
		if (worth(w, span) < least) {
			least = worth(w, span);
			best = i;
			*word = w;
		}
	}
	return best;
}

static _Atomic uint64_t *
bucket_of(struct segment *s, uint64_t key)
{
	return &s->fixed->tallies[(key & (TALLY_CELLS / WAYS - 1)) * WAYS];
}

uint32_t
tally_take(struct segment *s, uint64_t key)
{
	_Atomic uint64_t *bucket = bucket_of(s, key);

	for (int i = 0; i < WAYS; i++) {
		uint64_t w = atomic_load(&bucket[i]);

		if (w >> TAG_SHIFT == tag_of(key) &&
		    atomic_compare_exchange_strong(&bucket[i], &w, 0))
			return count_of(w);
	}
	return 0;
}

struct tally
tally_add(struct segment *s, uint64_t key, uint16_t span)
{
	_Atomic uint64_t *bucket = bucket_of(s, key);
	uint64_t          tag = tag_of(key);

	for (int i = 0; i < TRIES_MAX; i++) {
		struct tally t = { 1, 0 };
		uint64_t     word = 0, next;
		int          at = find(bucket, tag, span, &word);

		if (word >> TAG_SHIFT == tag && span_of(word) == span)
			t.n = count_of(word) < TALLY_MAX ? count_of(word) + 1 : TALLY_MAX;
		else if (word >> TAG_SHIFT == tag)
			t.earlier = count_of(word);
		next = tag << TAG_SHIFT | (uint64_t)span << COUNT_BITS | t.n;
		if (atomic_compare_exchange_strong(&bucket[at], &word, next))
			return t;
	}
	return (struct tally) { 1, 0 };
}
