/* audit_tree.h: making checkpoints. */
#include <string.h>

#include "core/auth/audit_priv.h"
#include "core/auth/audit_tree.h"
#include "core/base/secret.h"
#include "core/store/tx.h"

#define PAGE 100 /* an entry of a bulk deed may be long */

/* How far a new checkpoint has come. */
struct growth {
	const struct deed_by *by;
	uint64_t              chain, to;
	struct tree           tree;
	uint8_t               mac[AUDIT_MAC_LEN]; /* of the last entry that is in the tree */
};

static bool
broken(uint64_t seq, const char *what, struct err *e)
{
	return err_set(e, ERR_INTERNAL, AUDIT_BROKEN,
	    "The audit trail is not as it was written: see bsxctl audit verify.", "entry %llu: %s",
	    (unsigned long long)seq, what);
}

/* From the checkpoint before, which must be what was signed. */
static bool
begin(struct growth *g, const struct audit_checkpoint_row *last, struct err *e)
{
	struct checkpoint said;
	struct note_key  *keys;
	uint8_t           root[HASH_LEN];
	size_t            n;

	if (last->size == 0)
		return true;
	if (!audit_keys(g->by, g->chain, &keys, &n, e))
		return false;
	if (!audit_note_fits(g->by, keys, n, last, &said))
		return broken(last->size, "its checkpoint is not signed by us", e);
	if (!audit_tree_at(g->by->t, g->chain, last->size, &g->tree, e))
		return err_take(e, ERR_MISSING) && broken(last->size, "leaves are missing", e);
	tree_root(&g->tree, root);
	memcpy(g->mac, said.head, sizeof(g->mac));
	return memcmp(root, said.root, sizeof(root)) == 0 ||
	       broken(last->size, "the tree is not that of its checkpoint", e);
}

/* ---- leaves ---- */

/* One page of entries, and the leaves that are there already. */
struct grown {
	struct audit_leaf_row *add;
	size_t                 n;
};

static bool
entry_fits(struct growth *g, TALLOC_CTX *mem, const struct audit_row *r, struct err *e)
{
	uint64_t next = g->tree.size + 1;

	if (r->seq != next)
		return broken(next, "it is missing", e);
	if (r->prev_mac.n != AUDIT_MAC_LEN || memcmp(r->prev_mac.p, g->mac, AUDIT_MAC_LEN) != 0 ||
	    !audit_row_fits(g->by, mem, r))
		return broken(next, "it was altered", e);
	memcpy(g->mac, r->mac.p, AUDIT_MAC_LEN);
	return true;
}

static bool
grow(struct growth *g, TALLOC_CTX *mem, const struct audit_row *r, const struct page *there,
    struct grown *out, struct err *e)
{
	const struct audit_leaf_row *rows = there->rows;
	struct tree_nodes            nodes;
	uint8_t                      leaf[HASH_LEN], *hashes;

	if (!entry_fits(g, mem, r, e) || !audit_leaf(mem, r, leaf, e))
		return false;
	tree_add(&g->tree, leaf, &nodes);
	for (size_t i = 0; i < there->n; i++)
		if (rows[i].seq == r->seq)
			return audit_leaf_same(&rows[i], &nodes) ||
			       broken(r->seq, "its leaf is another", e);
	hashes = talloc_memdup(mem, nodes.hash, nodes.n * HASH_LEN);
	if (hashes == NULL)
		return err_memory(e);
	out->add[out->n++] =
	    (struct audit_leaf_row) { g->chain, r->seq, { hashes, nodes.n * HASH_LEN } };
	return true;
}

struct adding {
	struct tenant_db *t;
	struct grown     *what;
};

static bool
add_body(struct db *db, void *arg, struct err *e)
{
	struct adding *a = arg;

	(void)db;
	return audit_leaves_add(a->t, a->what->add, a->what->n, e);
}

/* Somebody else who adds the same leaves at this moment has done it. */
static bool
add_leaves(struct growth *g, struct grown *what, struct err *e)
{
	struct adding a = { g->by->t, what };
	struct tx     tx = { .name = "audit_leaves", .body = add_body, .arg = &a };

	return what->n == 0 || tx_run(g->by->t->db, &tx, e) || err_take(e, ERR_CONFLICT);
}

static bool
grow_page(struct growth *g, TALLOC_CTX *mem, struct err *e)
{
	uint64_t     left = g->to - g->tree.size;
	struct page  p = { .want = left < PAGE ? left : PAGE }, there = { .want = p.want };
	struct grown out = { .add = talloc_array(mem, struct audit_leaf_row, PAGE) };
	const struct audit_row *rows;

	if (out.add == NULL)
		return err_memory(e);
	if (!audit_rows_after(g->by->t, mem, g->tree.size, &p, e) ||
	    !audit_leaves_after(g->by->t, mem, g->chain, g->tree.size, &there, e))
		return false;
	if (p.n == 0)
		return broken(g->tree.size + 1, "it is missing", e);
	rows = p.rows;
	for (size_t i = 0; i < p.n; i++)
		if (!grow(g, mem, &rows[i], &there, &out, e))
			return false;
	return add_leaves(g, &out, e);
}

static bool
grow_all(struct growth *g, struct err *e)
{
	while (g->tree.size < g->to) {
		TALLOC_CTX *mem = talloc_new(g->by->mem);
		bool        ok = mem != NULL ? grow_page(g, mem, e) : err_memory(e);

		talloc_free(mem);
		if (!ok)
			return false;
	}
	return true;
}

/* ---- the checkpoint ---- */

static bool
sign(struct growth *g, struct audit_checkpoint_row *out, struct err *e)
{
	const struct env *env = g->by->auth->env;
	struct checkpoint c = {
		.size = g->tree.size, .at_ms = clock_ms(env->clock), .chains = g->chain
	};
	uint8_t seed[KEY_LEN];

	note_origin(&g->by->t->tenant->id, g->chain, c.origin);
	tree_root(&g->tree, c.root);
	memcpy(c.head, g->mac, sizeof(c.head));
	if (!keyring_subkey(
		env->keyring, keyring_newest(env->keyring), KEY_AUDIT_SIGN, STR(""), seed, e))
		return false;
	*out = (struct audit_checkpoint_row) { g->chain, c.size, { c.at_ms },
		note_sign(g->by->mem, &c, seed, e) };
	secret_wipe(seed, sizeof(seed));
	return out->note != NULL;
}

bool
audit_checkpoint_make(
    const struct deed_by *by, uint64_t most, struct audit_point *out, struct err *e)
{
	struct growth               g = { .by = by };
	struct audit_head           head;
	struct audit_checkpoint_row last;

	if (!audit_chain_number(by->t, &g.chain, e) ||
	    !audit_checkpoint_last(by->t, by->mem, g.chain, &last, e) ||
	    !audit_head_read(by->t, by->mem, &head, e))
		return false;
	if (last.size > head.seq)
		return broken(head.seq + 1, "a checkpoint has more entries than there are", e);
	g.to = head.seq - last.size > most ? last.size + most : head.seq;
	*out = (struct audit_point) { last, g.to < head.seq };
	if (last.size == g.to)
		return true;
	if (!begin(&g, &last, e) || !grow_all(&g, e) || !sign(&g, &out->row, e))
		return false;
	/* somebody else has signed one of this size just now */
	return audit_checkpoint_add(by->t, &out->row, e) ||
	       (err_take(e, ERR_CONFLICT) &&
		   audit_checkpoint_last(by->t, by->mem, g.chain, &out->row, e));
}

/* ---- of all trails ---- */

static void
log_point(const struct deed_by *by, const struct audit_point *p)
{
	const struct tenant *t = by->t->tenant;
	char                 id[UUID_TEXT_MAX];

	uuid_print(&t->id, id);
	log_event(by->auth->env->log, LOG_SECURITY, LOG_LEVEL_INFO, "audit checkpoint",
	    LOGS("event.action", "audit.checkpoint"), LOGS("organization.id", id),
	    LOGS("organization.name", t->slug), LOGS("bsx.audit.checkpoint", p->row.note));
}

/* It is in the log before it counts as made: who is killed in between tells it again. */
static bool
see_trail(const struct deed_by *by, struct err *e)
{
	struct database   *d = by->auth->database;
	struct audit_point p;
	uint64_t           known;

	if (!audit_checkpoint_make(by, AUDIT_TREE_STEP, &p, e) ||
	    !audit_checkpointed(by->t, &known, e))
		return false;
	if (p.row.size > known)
		log_point(by, &p);
	return audit_due_done(d, by->t->tenant->schema_name, p.row.size, p.more, e);
}

static bool
see_due(struct auth *a, TALLOC_CTX *mem, const char *schema, struct err *e)
{
	struct deed_by       by = { .auth = a, .mem = mem };
	const struct tenant *row;
	struct err           why = { 0 };
	bool                 mine;

	if (!audit_due_claim(a->database, schema, a->env->conf->audit_checkpoint_s, &mine, e))
		return false;
	if (!mine)
		return true;
	if (!tenant_by_schema(a->database, str_of(schema), &row, &why) ||
	    !tenant_db_open(a->database, row, true, &by.t, &why) || !see_trail(&by, &why))
		log_err(
		    a->env->log, LOG_SECURITY, "no checkpoint was made of an audit trail", &why);
	database_tidy(a->database);
	if (why.code != ERR_OK && why.sys != AUDIT_BROKEN)
		return true; /* what the trail is like is not known */
	return audit_due_broken(a->database, schema, why.code != ERR_OK, e);
}

bool
audit_checkpoints_due(const struct audit_round *r, bool *more, struct err *e)
{
	TALLOC_CTX       *mem = talloc_new(NULL);
	struct audit_due *due;
	size_t            n = 0;
	bool              ok = mem != NULL || err_memory(e);

	ok = ok && audit_due_list(
		       r->auth->database, mem, r->auth->env->conf->audit_checkpoint_s, &due, &n, e);
	for (size_t i = 0; i < n && ok && !r->stop(r->stop_arg); i++) {
		TALLOC_CTX *one = talloc_new(mem);

		ok = one != NULL ? see_due(r->auth, one, due[i].schema_name, e) : err_memory(e);
		talloc_free(one);
	}
	*more = n == AUDIT_DUE_MAX;
	talloc_free(mem);
	return ok;
}
