#include "core/auth/audit_closed.h"

#include <string.h>

#include "core/auth/audit_details.h"
#include "core/auth/audit_priv.h"
#include "core/store/identity/audit_former.h"

#define PAGE 500

static const struct field restored_fields[] = {
	TOLD(struct audit_restored, archive),
	TOLD(struct audit_restored, signer),
	TOLD_IF(struct audit_restored, back),
	TOLD(struct audit_restored, chain),
	TOLD(struct audit_restored, entries),
	TOLD(struct audit_restored, head),
	TOLD(struct audit_restored, root),
	FIELD_END,
};
const struct schema audit_restored_schema =
    SCHEMA("AuditRestored", struct audit_restored, restored_fields);

/* A closed chain as it is read. */
struct closed_reading {
	const struct deed_by        *by;
	struct audit_closed         *x;
	bool                         complete, begun;
	uint64_t                     upto;
	struct tree                  tree;
	const struct audit_leaf_row *leaves;
	size_t                       leaves_n;
	struct audit_leaf_row       *missing; /* PAGE */
	size_t                       missing_n;
	struct audit_closed_flaw    *flaw;
};

static bool
flawed(struct closed_reading *r, enum audit_fault fault, uint64_t at)
{
	if (r->flaw->fault == AUDIT_FITS)
		*r->flaw = (struct audit_closed_flaw) { fault, at };
	return true;
}

/* What lies before the first entry that is there was deleted by age; its leaves stay. */
static bool
begin(struct closed_reading *r, uint64_t floor, struct err *e)
{
	r->begun = true;
	r->upto = floor;
	return audit_tree_at(r->by->t, r->x->chain, floor, &r->tree, e) ||
	       (err_take(e, ERR_MISSING) && flawed(r, AUDIT_TREE, floor));
}

static bool
keep_missing(
    struct closed_reading *r, TALLOC_CTX *mem, const struct tree_nodes *nodes, struct err *e)
{
	const uint8_t *hashes = talloc_memdup(mem, nodes->hash, nodes->n * HASH_LEN);

	if (hashes == NULL)
		return err_memory(e);
	r->missing[r->missing_n++] =
	    (struct audit_leaf_row) { r->x->chain, r->tree.size, { hashes, nodes->n * HASH_LEN } };
	return true;
}

static bool
hold_leaf(struct closed_reading *r, TALLOC_CTX *mem, const struct audit_row *row, struct err *e)
{
	struct tree_nodes nodes;
	uint8_t           leaf[HASH_LEN];

	if (!audit_leaf(mem, row, leaf, e))
		return false;
	tree_add(&r->tree, leaf, &nodes);
	if (r->leaves_n == 0 || r->leaves->seq != row->seq)
		return r->complete ? keep_missing(r, mem, &nodes, e)
				   : flawed(r, AUDIT_TREE, row->seq);
	if (!audit_leaf_same(r->leaves, &nodes))
		return flawed(r, AUDIT_LEAF, row->seq);
	r->leaves++;
	r->leaves_n--;
	return true;
}

static bool
hold_entry(struct closed_reading *r, TALLOC_CTX *mem, const struct audit_row *row, struct err *e)
{
	bool first = !r->begun;

	if (first && !begin(r, row->seq - 1, e))
		return false;
	if (row->seq != r->upto + 1)
		return flawed(r, AUDIT_MISSING, r->upto + 1);
	if (row->prev_mac.n != HASH_LEN || row->mac.n != HASH_LEN ||
	    (!first && memcmp(row->prev_mac.p, r->x->mac, HASH_LEN) != 0))
		return flawed(r, AUDIT_ALTERED, row->seq);
	r->upto = row->seq;
	memcpy(r->x->mac, row->mac.p, HASH_LEN);
	return hold_leaf(r, mem, row, e);
}

static bool
add_body(struct db *db, void *arg, struct err *e)
{
	const struct closed_reading *r = arg;

	(void)db;
	return audit_leaves_add(r->by->t, r->missing, r->missing_n, e);
}

static bool
add_missing(struct closed_reading *r, struct err *e)
{
	const struct tx tx = { .name = "audit_closed", .body = add_body, .arg = r };

	return r->missing_n == 0 || tx_run(r->by->t->db, &tx, e);
}

static bool
read_page(struct closed_reading *r, TALLOC_CTX *mem, size_t *n, struct err *e)
{
	struct page             p = { .want = PAGE }, leaves = { .want = PAGE };
	const struct audit_row *rows;

	r->missing = talloc_array(mem, struct audit_leaf_row, PAGE);
	r->missing_n = 0;
	if (r->missing == NULL)
		return err_memory(e);
	if (!audit_former_after(r->by->t, mem, r->x->chain, r->upto, &p, e))
		return false;
	rows = p.rows;
	*n = p.n;
	if (p.n == 0)
		return true;
	if (!audit_leaves_after(r->by->t, mem, r->x->chain, rows[0].seq - 1, &leaves, e))
		return false;
	r->leaves = leaves.rows;
	r->leaves_n = leaves.n;
	for (size_t i = 0; i < p.n && r->flaw->fault == AUDIT_FITS; i++)
		if (!hold_entry(r, mem, &rows[i], e))
			return false;
	return r->flaw->fault != AUDIT_FITS || add_missing(r, e);
}

bool
audit_closed_read(const struct deed_by *by, struct audit_closed *x, bool complete,
    struct audit_closed_flaw *flaw, struct err *e)
{
	struct closed_reading r = { .by = by, .x = x, .complete = complete, .flaw = flaw };
	size_t                n = PAGE;

	*flaw = (struct audit_closed_flaw) { AUDIT_FITS, 0 };
	while (n == PAGE && flaw->fault == AUDIT_FITS) {
		TALLOC_CTX *page = talloc_new(by->mem);
		bool        ok = page != NULL ? read_page(&r, page, &n, e) : err_memory(e);

		talloc_free(page);
		if (!ok)
			return false;
	}
	if (flaw->fault == AUDIT_FITS && !r.begun && !begin(&r, x->entries, e))
		return false;
	if (flaw->fault == AUDIT_FITS && r.upto != x->entries)
		return flawed(&r, AUDIT_MISSING, r.upto + 1);
	tree_root(&r.tree, x->root);
	return true;
}

/* ---- against what was said ---- */

/* The first entry behind the chain: of the next closed one, or of the present. */
static bool
said_of(
    const struct deed_by *by, uint64_t chain, bool last, struct audit_restored *out, struct err *e)
{
	struct page             p = { .want = 1 };
	const struct audit_row *row;
	const struct json      *v;
	struct err              why = { 0 };

	if (!(last ? audit_rows_after(by->t, by->mem, 0, &p, e)
		   : audit_former_after(by->t, by->mem, chain + 1, 0, &p, e)))
		return false;
	row = p.rows;
	*out = (struct audit_restored) { 0 };
	if (p.n == 0 || row->seq != 1 || strcmp(row->action, "audit.restored") != 0)
		return true; /* deleted by age, which the triggers of its chain let happen */
	v = json_parse(by->mem, str_of(row->details), &why);
	if (v == NULL || !schema_decode(by->mem, &audit_restored_schema, v, out, &why))
		*out = (struct audit_restored) { 0 };
	return true;
}

static bool
says(const char *base64, const uint8_t is[static HASH_LEN])
{
	uint8_t due[HASH_LEN];
	size_t  n;

	return base64_parse(str_of(base64), due, sizeof(due), &n) && n == HASH_LEN &&
	       memcmp(due, is, HASH_LEN) == 0;
}

static bool
verify_one(const struct deed_by *by, const struct audit_closed_row *row, bool last,
    struct audit_closed *x, struct audit_closed_flaw *flaw, struct err *e)
{
	struct audit_restored said;

	*x = (struct audit_closed) { .chain = row->chain, .entries = row->size };
	if (row->mac.n == HASH_LEN)
		memcpy(x->mac, row->mac.p, HASH_LEN);
	if (!audit_closed_read(by, x, false, flaw, e) || !said_of(by, row->chain, last, &said, e))
		return false;
	if (flaw->fault != AUDIT_FITS)
		return true;
	if (row->mac.n != HASH_LEN || memcmp(row->mac.p, x->mac, HASH_LEN) != 0 ||
	    (said.root != NULL &&
		(said.entries != (int64_t)x->entries || said.chain != (int64_t)x->chain ||
		    !says(said.head, x->mac) || !says(said.root, x->root))))
		*flaw = (struct audit_closed_flaw) { AUDIT_HEAD, x->entries };
	return true;
}

bool
audit_closed_verify(const struct deed_by *by, uint64_t *entries, struct audit_closed *at,
    struct audit_closed_flaw *flaw, struct err *e)
{
	struct audit_closed_row *list;
	size_t                   n;

	*entries = 0;
	*flaw = (struct audit_closed_flaw) { AUDIT_FITS, 0 };
	if (!audit_closed_list(by->t, by->mem, &list, &n, e))
		return false;
	for (size_t i = 0; i < n && flaw->fault == AUDIT_FITS; i++) {
		if (!verify_one(by, &list[i], i + 1 == n, at, flaw, e))
			return false;
		*entries += at->entries;
	}
	return true;
}

/* ---- the next chain ---- */

bool
audit_restored_entry(const struct deed_by *by, const struct audit_closed *x,
    struct audit_restored told, struct audit_entry *entry, struct err *e)
{
	told.chain = (int64_t)x->chain;
	told.entries = (int64_t)x->entries;
	told.head = base64_print(by->mem, x->mac, HASH_LEN);
	told.root = base64_print(by->mem, x->root, HASH_LEN);
	entry->action = AUDIT_RESTORED;
	entry->target_id = by->t->tenant->id;
	entry->details = audit_details(by->mem, &audit_restored_schema, &told, e);
	return entry->details != NULL;
}

struct closing {
	const struct audit_closed *x;
	instant                    at;
};

static bool
close_body(struct db *db, void *arg, struct err *e)
{
	const struct closing         *c = arg;
	const struct audit_closed_row row = {
		.chain = c->x->chain,
		.size = c->x->entries,
		.mac = { c->x->mac, HASH_LEN },
		.closed_at = c->at,
	};

	return audit_closed_add(db, &row, e);
}

bool
audit_closed_behind(const struct deed_by *by, const struct audit_closed *x,
    struct audit_entry *entry, struct err *e)
{
	struct closing c = { x, { clock_ms(by->auth->env->clock) } };

	return audit_deed(by, close_body, &c, entry, e);
}
