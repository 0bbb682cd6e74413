/* audit_priv.h: the tree beside the chain, as it is verified. */
#include <string.h>

#include "core/auth/audit_priv.h"

#define POINTS 100 /* checkpoints read at once */

static bool
flawed(struct audit_flaw *flaw, enum audit_fault fault, uint64_t at)
{
	*flaw = (struct audit_flaw) { fault, at };
	return true;
}

bool
audit_beside_begin(struct audit_beside *x, const struct deed_by *by, uint64_t after,
    struct audit_flaw *flaw, struct err *e)
{
	struct checkpoint said;

	*x = (struct audit_beside) { .by = by };
	if (!audit_chain_number(by->t, &x->chain, e) ||
	    !audit_checkpoint_last(by->t, by->mem, x->chain, &x->last, e) ||
	    !audit_keys(by, x->chain, &x->keys, &x->keys_n, e))
		return false;
	if (x->last.size > 0 && !audit_note_fits(by, x->keys, x->keys_n, &x->last, &said))
		return flawed(flaw, AUDIT_CHECKPOINT, x->last.size);
	x->on = after <= x->last.size;
	if (!x->on || audit_tree_at(by->t, x->chain, after, &x->tree, e))
		return true;
	x->on = false;
	return err_take(e, ERR_MISSING) && flawed(flaw, AUDIT_TREE, after);
}

bool
audit_beside_page(struct audit_beside *x, TALLOC_CTX *mem, size_t want, struct err *e)
{
	struct page p = { .want = want }, points = { .want = POINTS };

	x->leaves_n = x->leaves_next = x->points_n = x->points_next = 0;
	if (!x->on)
		return true;
	if (!audit_leaves_after(x->by->t, mem, x->chain, x->tree.size, &p, e) ||
	    !audit_checkpoints_after(x->by->t, mem, x->chain, x->tree.size, &points, e))
		return false;
	x->leaves = p.rows;
	x->leaves_n = p.n;
	x->points = points.rows;
	x->points_n = points.n;
	return true;
}

static bool
leaf_flaw(
    struct audit_beside *x, uint64_t seq, const struct tree_nodes *nodes, struct audit_flaw *flaw)
{
	const struct audit_leaf_row *row =
	    x->leaves_next < x->leaves_n ? &x->leaves[x->leaves_next] : NULL;

	if (row == NULL || row->seq != seq)
		return seq <= x->last.size ? flawed(flaw, AUDIT_TREE, seq) : true;
	x->leaves_next++;
	if (row->hashes.n < HASH_LEN || memcmp(row->hashes.p, nodes->hash[0], HASH_LEN) != 0)
		return flawed(flaw, AUDIT_LEAF, seq);
	return audit_leaf_same(row, nodes) || flawed(flaw, AUDIT_TREE, seq);
}

/* A page may have more checkpoints than were read with it. */
static bool
points_more(struct audit_beside *x, TALLOC_CTX *mem, struct err *e)
{
	struct page points = { .want = POINTS };

	if (x->points_next < x->points_n || x->points_n < POINTS)
		return true;
	if (!audit_checkpoints_after(x->by->t, mem, x->chain, x->tree.size, &points, e))
		return false;
	x->points = points.rows;
	x->points_n = points.n;
	x->points_next = 0;
	return true;
}

static bool
point_flaw(struct audit_beside *x, const struct audit_row *r, struct audit_flaw *flaw)
{
	const struct audit_checkpoint_row *row =
	    x->points_next < x->points_n ? &x->points[x->points_next] : NULL;
	struct checkpoint said;
	uint8_t           root[HASH_LEN];

	if (row == NULL || row->size != x->tree.size)
		return true;
	x->points_next++;
	tree_root(&x->tree, root);
	if (!audit_note_fits(x->by, x->keys, x->keys_n, row, &said) ||
	    memcmp(said.root, root, sizeof(root)) != 0 || r->mac.n != sizeof(said.head) ||
	    memcmp(said.head, r->mac.p, sizeof(said.head)) != 0)
		return flawed(flaw, AUDIT_CHECKPOINT, row->size);
	return true;
}

bool
audit_beside_entry(struct audit_beside *x, TALLOC_CTX *mem, const struct audit_row *r,
    struct audit_flaw *flaw, struct err *e)
{
	struct tree_nodes nodes;
	uint8_t           leaf[HASH_LEN];

	if (!x->on)
		return true;
	if (!audit_leaf(mem, r, leaf, e))
		return false;
	tree_add(&x->tree, leaf, &nodes);
	if (!leaf_flaw(x, r->seq, &nodes, flaw) || flaw->fault != AUDIT_FITS)
		return true;
	return point_flaw(x, r, flaw) && points_more(x, mem, e);
}
