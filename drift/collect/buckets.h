/*
 * buckets.h - how much is asked of whom: one account for each host, and for each part of it that a provider counts by
 * itself, of all runs that show one credential there.
 *
 * An account has tokens that come back by the second (none are counted where per_s is 0), a number of requests that may
 * be under way, and a pause: who is told to wait makes all wait.  Pure: the clock is handed in (monotonic ms).
 */
#ifndef BSX_DRIFT_COLLECT_BUCKETS_H
#define BSX_DRIFT_COLLECT_BUCKETS_H

#include <stdbool.h>
#include <stdint.h>
#include <talloc.h>

#include "drift/source/source.h"

#define BUCKET_UNDER_WAY_MAX 8 /* requests to one host with one credential */
/* Who says a longer one is asked once an hour whether it still holds: what an absurd one says is no reason to be blind. */
#define BUCKET_PAUSE_MAX_MS INT64_C(3600000)

struct buckets;
struct bucket;

struct buckets *buckets_make(TALLOC_CTX *mem); /* NULL: out of memory */

/* Of a credential (any text that tells them apart), a host ("host:port") and a part of it; NULL: out of memory.  It stays
 * until bucket_release(), and as long as it has something to remember. */
struct bucket *bucket_use(
    struct buckets *all, const char *credential, const char *host, const struct source_bucket *b);
void bucket_release(struct bucket *b);

/* 0: one request of that cost may go, and is counted.  Else when to ask again, INT64_MAX: after an answer. */
int64_t bucket_take(struct bucket *b, unsigned cost, int64_t now_ms);
/* It has been answered, or given up. */
void bucket_back(struct bucket *b);
/* At most BUCKET_PAUSE_MAX_MS; a longer one that holds stays. */
void bucket_pause(struct bucket *b, int64_t now_ms, int64_t for_ms);
/* Until when; a time that is over: it has none. */
int64_t bucket_paused_until(const struct bucket *b);
/* What nobody uses and has nothing to remember goes. */
void buckets_tidy(struct buckets *all, int64_t now_ms);

#endif
