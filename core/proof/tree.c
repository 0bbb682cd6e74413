#include "core/proof/tree.h"

#include <string.h>

void
tree_node(const uint8_t *left, const uint8_t *right, uint8_t out[static HASH_LEN])
{
	uint8_t both[1 + 2 * HASH_LEN] = { 0x01 };

	memcpy(both + 1, left, HASH_LEN);
	memcpy(both + 1 + HASH_LEN, right, HASH_LEN);
	hash_sha256(both, sizeof(both), out);
}

size_t
tree_completes(uint64_t n)
{
	return n == 0 ? 0 : 1 + (size_t)__builtin_ctzll(n);
}

void
tree_add(struct tree *t, const uint8_t leaf[static HASH_LEN], struct tree_nodes *done)
{
	size_t  n = tree_completes(t->size + 1);
	uint8_t hash[HASH_LEN];

	memcpy(hash, leaf, HASH_LEN);
	for (size_t level = 0; level < n; level++) {
		if (level > 0)
			tree_node(t->peaks[level - 1], hash, hash);
		if (done != NULL)
			memcpy(done->hash[level], hash, HASH_LEN);
	}
	if (done != NULL)
		done->n = n;
	memcpy(t->peaks[n - 1], hash, HASH_LEN);
	t->size++;
}

void
tree_root(const struct tree *t, uint8_t out[static HASH_LEN])
{
	bool begun = false;

	hash_sha256("", 0, out);
	for (size_t level = 0; level < TREE_LEVELS; level++) {
		if ((t->size >> level & 1) == 0)
			continue;
		if (begun)
			tree_node(t->peaks[level], out, out);
		else
			memcpy(out, t->peaks[level], HASH_LEN);
		begun = true;
	}
}
