/*
 * former.h - by what else the elements on the way to a change may be known: for the files of this room
 * only.
 *
 * What an element is called depends on the others: by which member all are known, whether it shares
 * its own, whether it is left over.  Decisions about a finding follow it by the other names of one
 * element on the way: those of its identities that stand once on the side it is known by (the old one
 * where it is on both), and the hash of what it is, or was.  The last steps come first; of a long path
 * there are none.
 */
#ifndef BSX_DRIFT_ENGINE_FORMER_H
#define BSX_DRIFT_ENGINE_FORMER_H

#include "drift/engine/walk.h"

/* Appends, as far as there is room, the fingerprints that the change would have by them. */
struct formers {
	uint8_t  hashes[CHANGE_FORMERS_MAX][HASH_LEN];
	uint32_t n;
};
typedef bool former_hash_fn(
    struct walk *w, struct str path, const struct change *c, uint8_t out[static HASH_LEN]);
MUST_USE bool formers_add(struct walk *w, const struct place *at, const struct change *c,
    former_hash_fn *hash, struct formers *out);

#endif
