#include "core/auth/audit_proven.h"

#include <stdlib.h>
#include <string.h>

/* ---- nodes: first asked for, then read at once ---- */

struct nodes {
	uint64_t              *ends;
	size_t                 n, cap;
	bool                   read; /* false: they are only asked for yet */
	struct audit_leaf_row *rows; /* in the order of seq */
	size_t                 rows_n;
};

static bool
want(struct nodes *x, uint64_t end, struct err *e)
{
	if (x->n == x->cap)
		return err_set(e, ERR_INTERNAL, 0, "internal error", "more nodes than a path has");
	x->ends[x->n++] = end;
	return true;
}

static int
by_end(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Paths share what is near the root: each is read once. */
static bool
read_all(const struct deed_by *by, uint64_t chain, struct nodes *x, struct err *e)
{
	size_t n = 0;

	qsort(x->ends, x->n, sizeof(x->ends[0]), by_end);
	for (size_t i = 0; i < x->n; i++)
		if (n == 0 || x->ends[n - 1] != x->ends[i])
			x->ends[n++] = x->ends[i];
	x->read = true;
	return audit_leaves_of(by->t, by->mem, chain, x->ends, n, &x->rows, &x->rows_n, e);
}

static int
by_seq(const void *key, const void *row)
{
	uint64_t a = *(const uint64_t *)key, b = ((const struct audit_leaf_row *)row)->seq;

	return a < b ? -1 : a > b;
}

static bool
node_of(void *arg, uint64_t end, size_t level, uint8_t out[static HASH_LEN], struct err *e)
{
	struct nodes                *x = arg;
	const struct audit_leaf_row *row;

	if (!x->read) {
		memset(out, 0, HASH_LEN);
		return want(x, end, e);
	}
	row = x->rows_n == 0 ? NULL : bsearch(&end, x->rows, x->rows_n, sizeof(x->rows[0]), by_seq);
	if (row == NULL || row->hashes.n < (level + 1) * HASH_LEN)
		return err_set(
		    e, ERR_MISSING, 0, "not found", "no leaf %llu", (unsigned long long)end);
	memcpy(out, row->hashes.p + level * HASH_LEN, HASH_LEN);
	return true;
}

static bool
all_paths(struct audit_proven *x, struct nodes *nodes, struct err *e)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->covered[i] && !tree_path_make(x->entries[i].seq, x->point.size, node_of,
					 nodes, &x->paths[i], e))
			return false;
	return true;
}

/* ---- the whole ---- */

static int
oldest_first(const void *a, const void *b)
{
	const struct audit_row *x = a, *y = b;

	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static bool
take_entries(const struct deed_by *by, const struct strings *targets, instant since,
    struct audit_proven *x, struct err *e)
{
	struct page             p = { .want = AUDIT_PROVEN_MAX + 1 }, first = { .want = 1 };
	const struct audit_row *oldest;

	if (!audit_rows_of(by->t, by->mem, targets, since, &p, e) ||
	    !audit_rows_after(by->t, by->mem, 0, &first, e))
		return false;
	oldest = first.rows;
	if (first.n > 0)
		x->from = oldest->at;
	x->entries = p.rows;
	for (size_t i = 0; i < p.n; i++) {
		if (x->n < AUDIT_PROVEN_MAX && x->entries[i].details[0] != '\0')
			x->entries[x->n++] = x->entries[i];
		else
			x->left_out++;
	}
	if (x->n > 1)
		qsort(x->entries, x->n, sizeof(x->entries[0]), oldest_first);
	x->paths = talloc_array(by->mem, struct tree_path, AUDIT_PROVEN_MAX);
	x->covered = talloc_array(by->mem, bool, AUDIT_PROVEN_MAX);
	return (x->paths != NULL && x->covered != NULL) || err_memory(e);
}

bool
audit_prove(const struct deed_by *by, const struct strings *targets, instant since,
    struct audit_proven *out, struct err *e)
{
	struct nodes       nodes = { .cap = (size_t)AUDIT_PROVEN_MAX * 2 * TREE_LEVELS };
	struct audit_point point;

	*out = (struct audit_proven) { 0 };
	if (!take_entries(by, targets, since, out, e) ||
	    !audit_checkpoint_make(by, AUDIT_PROVEN_NEW, &point, e))
		return false;
	out->point = point.row;
	for (size_t i = 0; i < out->n; i++)
		out->covered[i] = out->entries[i].seq <= point.row.size;
	nodes.ends = talloc_array(by->mem, uint64_t, (unsigned)nodes.cap);
	if (nodes.ends == NULL)
		return err_memory(e);
	return all_paths(out, &nodes, e) && read_all(by, point.row.chain, &nodes, e) &&
	       all_paths(out, &nodes, e);
}
