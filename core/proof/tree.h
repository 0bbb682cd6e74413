/*
 * tree.h - the Merkle tree of RFC 6962, section 2.1: its root, a leaf at a time.
 *
 * A leaf's hash is SHA-256(0x00, data) (entry.h makes it), a node's SHA-256(0x01, left, right); the root of a tree that is not full is that of
 * its full subtrees, folded from the right.  Only those are kept: of a tree of n leaves as many as n has bits.
 */
#ifndef BSX_PROOF_TREE_H
#define BSX_PROOF_TREE_H

#include "core/base/hash.h"

#define TREE_LEVELS 64

struct tree {
	uint64_t size;                         /* leaves */
	uint8_t  peaks[TREE_LEVELS][HASH_LEN]; /* [k] is there where bit k of `size` is set: a full subtree of 2^k leaves */
};

/* The nodes that a leaf completes: itself, and the full subtrees that end with it, the larger behind the smaller. */
struct tree_nodes {
	size_t  n; /* 1 + how many noughts the number of leaves, this one counted, ends with */
	uint8_t hash[TREE_LEVELS][HASH_LEN];
};

/* The node above two; `out` may be one of them. */
void tree_node(const uint8_t *left, const uint8_t *right, uint8_t out[static HASH_LEN]);
/* `done` may be NULL. */
void tree_add(struct tree *t, const uint8_t leaf[static HASH_LEN], struct tree_nodes *done);
void tree_root(const struct tree *t, uint8_t out[static HASH_LEN]);
/* How many nodes the leaf that is the n-th completes. */
size_t tree_completes(uint64_t n);

#endif
