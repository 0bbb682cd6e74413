/*
 * path.h - that one leaf is in a tree, shown without the others: its audit path (RFC 6962, section 2.1.1).
 */
#ifndef BSX_PROOF_PATH_H
#define BSX_PROOF_PATH_H

#include "core/base/err.h"
#include "core/proof/tree.h"

/* What the leaf is folded with on the way to the root, the nearest first. */
struct tree_path {
	size_t  n;
	uint8_t hash[TREE_LEVELS][HASH_LEN];
};

/* The hash of the full subtree of the 2^level leaves that end with the `end`-th: it completed that subtree (struct tree_nodes). */
typedef bool tree_node_fn(void *arg, uint64_t end, size_t level, uint8_t out[static HASH_LEN], struct err *e);

/* That of the seq-th leaf, counted from 1, of a tree of `size` >= seq leaves.  It asks for at most 2 * log2(size) nodes. */
MUST_USE bool tree_path_make(
    uint64_t seq, uint64_t size, tree_node_fn *ask, void *arg, struct tree_path *out, struct err *e);
/* The root that they come to (RFC 9162, section 2.1.3.2); false: the path is too short or too long for it. */
MUST_USE bool tree_path_root(const uint8_t leaf[static HASH_LEN], uint64_t seq, uint64_t size,
    const struct tree_path *path, uint8_t out[static HASH_LEN]);

#endif
