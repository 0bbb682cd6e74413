/*
 * rate.h - rate limits of this host: GCRA cells in the shared segment.
 *
 * The generic cell rate algorithm (ITU-T I.371, annex 1) keeps one instant per
 * client, the theoretical arrival time: each admitted request moves it on by
 * 60 s / per_minute, and it may be ahead of now by at most `burst` such steps.
 * So a cell is one 64-bit word (20 bits of the key as tag, 44 bits of
 * microseconds), changed by one CAS: a process killed at any point leaves
 * nothing half done, and nobody waits for anybody.
 *
 * A key has its four places (a bucket).  What is over is free for others; when
 * all four are in use, the one nearest to being over makes room, which gives its
 * owner back what little it had used.  RATE_CELLS bounds the memory.
 *
 * Instants are of the monotonic clock, which all processes of a host share.  One
 * that lies further ahead than the rate allows is from before a restart of the
 * machine: the cell counts as free.
 */
#ifndef BSX_SHM_RATE_H
#define BSX_SHM_RATE_H

#include "core/shm/segment.h"

#define RATE_CELLS 65536

struct rate {
	int64_t step_us; /* 1.. : between two requests in the long run */
	int64_t burst;   /* 1.. : at once after a pause */
};

/* burst * step_us is kept below this: half of what the word can tell apart. */
#define RATE_SPAN_US (INT64_C(1) << 42)

/*
 * `hosts` hosts share the rate: each grants its part, but always one at once.
 * False: there is no limit (per_minute or burst is 0).
 */
bool rate_make(struct rate *r, int64_t per_minute, int64_t burst, int64_t hosts);

struct rate_left {
	int64_t left;    /* further requests admitted right now */
	int64_t wait_us; /* until the next is admitted; 0 when left > 0 */
};

/* A key from what names a client and its rate, mixed with a secret so that nobody can look for
 * collisions. */
uint64_t rate_key(const uint64_t secret[static 2], const uint64_t *words, size_t n);

/*
 * One request of the client `key`; other rates of one client are other keys.
 * False: not admitted, and nothing is charged.
 */
MUST_USE bool rate_take(
    struct segment *s, uint64_t key, const struct rate *r, int64_t now_ns, struct rate_left *out);

/*
 * A request that was admitted turns out to be worth n further ones (0..): they are charged whether
 * they are left or not.  What is beyond the burst is a debt, of at most RATE_DEBT_MAX requests, and
 * nothing is admitted until the rate has paid it.
 */
#define RATE_DEBT_MAX 256
void rate_owe(struct segment *s, uint64_t key, const struct rate *r, int64_t n, int64_t now_ns,
    struct rate_left *out);

#endif
