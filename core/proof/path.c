#include "core/proof/path.h"

#include <string.h>

/* The largest power of two that is at most n > 0, as its exponent. */
static size_t
log2_of(uint64_t n)
{
	return 63 - (size_t)__builtin_clzll(n);
}

/* The leaves [from, to), of which the first is on a boundary of so many: full subtrees, folded from
 * the right. */
static bool
range_hash(uint64_t from, uint64_t to, tree_node_fn *ask, void *arg, uint8_t *out, struct err *e)
{
	struct tree part = { .size = to - from };

	while (from < to) {
		size_t level = log2_of(to - from);

		from += UINT64_C(1) << level;
		if (!ask(arg, from, level, part.peaks[level], e))
			return false;
	}
	tree_root(&part, out);
	return true;
}

static void
turn_round(struct tree_path *p)
{
	for (size_t i = 0; i < p->n / 2; i++) {
		uint8_t kept[HASH_LEN];

		memcpy(kept, p->hash[i], HASH_LEN);
		memcpy(p->hash[i], p->hash[p->n - 1 - i], HASH_LEN);
		memcpy(p->hash[p->n - 1 - i], kept, HASH_LEN);
	}
}

/* From the root down to the leaf: at each step the half that it is not in. */
bool
tree_path_make(
    uint64_t seq, uint64_t size, tree_node_fn *ask, void *arg, struct tree_path *out, struct err *e)
{
	uint64_t from = 0, to = size;

	out->n = 0;
	while (to - from > 1) {
		uint64_t half = from + (UINT64_C(1) << log2_of(to - from - 1));
		bool     left = seq <= half;
		uint8_t *hash = out->hash[out->n++];

		if (!range_hash(left ? half : from, left ? to : half, ask, arg, hash, e))
			return false;
		*(left ? &to : &from) = half;
	}
	turn_round(out);
	return true;
}

bool
tree_path_root(const uint8_t leaf[static HASH_LEN], uint64_t seq, uint64_t size,
    const struct tree_path *path, uint8_t out[static HASH_LEN])
{
	uint64_t at = seq - 1, last = size - 1;

	if (seq == 0 || seq > size)
		return false;
	memcpy(out, leaf, HASH_LEN);
	for (size_t i = 0; i < path->n; i++) {
		if (last == 0)
			return false;
		if ((at & 1) == 0 && at != last) {
			tree_node(out, path->hash[i], out);
		} else {
			tree_node(path->hash[i], out, out);
			for (; (at & 1) == 0 && at != 0; at >>= 1)
				last >>= 1;
		}
		at >>= 1;
		last >>= 1;
	}
	return last == 0;
}
