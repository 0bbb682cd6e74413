#include "core/shm/pause.h"

#include <assert.h>

#include "core/shm/layout.h"

#define WAYS       4
#define UNTIL_BITS 42 /* ms since 1970, for 139 years */
#define UNTIL_MAX  ((INT64_C(1) << UNTIL_BITS) - 1)
#define TRIES_MAX  1000 /* each lost one is another process's progress */

static_assert((PAUSE_CELLS / WAYS & (PAUSE_CELLS / WAYS - 1)) == 0, "buckets are chosen by a mask");

/* 0 is the empty cell, so no tag is 0. */
static uint64_t
tag_of(uint64_t key)
{
	return key >> UNTIL_BITS != 0 ? key >> UNTIL_BITS : 1;
}

/* What is further ahead than any debt is of another clock: it is over. */
static int64_t
left_of(uint64_t word, int64_t now_ms)
{
	int64_t left = (int64_t)(word & (uint64_t)UNTIL_MAX) - now_ms;

	return left > 0 && left <= PAUSE_MAX_MS ? left : 0;
}

/* The cell of that tag, else the one that makes room for it. */
static _Atomic uint64_t *
find(struct segment *s, uint64_t key, int64_t now_ms, uint64_t *word)
{
	_Atomic uint64_t *bucket = &s->fixed->pauses[(key & (PAUSE_CELLS / WAYS - 1)) * WAYS];
	_Atomic uint64_t *best = NULL;
	int64_t           least = INT64_MAX;

	for (int i = 0; i < WAYS; i++) {
		uint64_t w = atomic_load(&bucket[i]);

		if (w >> UNTIL_BITS == tag_of(key)) {
			*word = w;
			return &bucket[i];
		}
		if (left_of(w, now_ms) < least) {
			least = left_of(w, now_ms);
			best = &bucket[i];
			*word = w;
		}
	}
	return best;
}

static int64_t
owed(uint64_t word, uint64_t key, int64_t now_ms)
{
	return word >> UNTIL_BITS == tag_of(key) ? left_of(word, now_ms) : 0;
}

int64_t
pause_left(struct segment *s, uint64_t key, int64_t now_ms)
{
	uint64_t word = 0;

	(void)find(s, key, now_ms, &word);
	return owed(word, key, now_ms);
}

void
pause_add(struct segment *s, uint64_t key, int64_t now_ms, int64_t least_ms, int64_t more_ms)
{
	for (int i = 0; i < TRIES_MAX; i++) {
		uint64_t          word = 0, next;
		_Atomic uint64_t *cell = find(s, key, now_ms, &word);
		int64_t           debt = owed(word, key, now_ms);

		debt = (debt > least_ms ? debt : least_ms) + more_ms;
		if (debt > PAUSE_MAX_MS)
			debt = PAUSE_MAX_MS;
		next = tag_of(key) << UNTIL_BITS | (uint64_t)((now_ms + debt) & UNTIL_MAX);
		if (atomic_compare_exchange_strong(cell, &word, next))
			return;
	}
}
