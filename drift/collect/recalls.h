/*
 * recalls.h - what this process knows of the last complete reading of its configs (recall.h), and what came of it: in its
 * memory alone, at most RECALLS_BYTES_MAX.  What was used longest ago goes, and nothing is believed for longer than a day.
 *
 * Nothing of a document is in it: hashes under a key that nobody else has, and counts.
 *
 * A run takes what is known along, and gives it back as it ends: it, or what it has read itself.
 */
#ifndef BSX_DRIFT_COLLECT_RECALLS_H
#define BSX_DRIFT_COLLECT_RECALLS_H

#include "core/base/env.h"
#include "core/base/uuid.h"
#include "drift/snapshot/normal_snapshot.h"
#include "drift/source/recall.h"

#define RECALLS_BYTES_MAX ((size_t)12 << 20)
#define RECALLS_MAX_MS    INT64_C(86400000)

/* A talloc chunk, which owns what it has. */
struct recalled {
	uint8_t              terms[HASH_LEN]; /* under which it was read (collect_recall.c) */
	uint8_t              packs[HASH_LEN]; /* struct drift_spec */
	struct recall       *reading;
	struct snapshot_head head;
	int64_t              read_ms; /* monotonic */
};

struct recalls;
/* NULL: out of memory. */
struct recalls *recalls_make(TALLOC_CTX *mem, struct rand *rand);
const struct hash_key *recalls_key(const struct recalls *all);

/* Of a tenant's config, from now on a child of `mem`; NULL: nothing is known. */
struct recalled *recalls_take(struct recalls *all, TALLOC_CTX *mem, const struct uuid *tenant,
    const struct uuid *config, int64_t now_ms);
/* It takes it over.  Where there is no memory it is forgotten. */
void recalls_give(struct recalls *all, const struct uuid *tenant, const struct uuid *config,
    struct recalled *what);

#endif
