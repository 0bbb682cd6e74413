#include <inttypes.h>
#include <string.h>

#include "core/auth/access.h"
#include "core/auth/audit_tree.h"
#include "core/auth/tenant/restore_left.h"
#include "core/auth/tenant/tenant_restore_priv.h"
#include "core/shm/cache.h"
#include "core/store/db_load.h"
#include "core/store/identity/audit_former.h"
#include "core/store/migrate.h"
#include "core/store/server/spare.h"
#include "core/store/tenant/archives.h"

const struct archive_head *
restoring_head(const struct restoring *x)
{
	return x->snapshot != NULL ? archive_snapshot_head(x->snapshot)
				   : archive_head(x->take.archive);
}

static bool
step(struct restoring *x, const char *what, struct err *e)
{
	x->take.at.table = what;
	return archive_take_watch(&x->take, e);
}

/* ---- whose archive it is ---- */

static bool
no_own(const char *why, struct err *e)
{
	return err_set(e, ERR_INVALID, 0,
	    "It is no archive that was made of this tenant here: bsxctl tenant import makes "
	    "another "
	    "tenant of it.",
	    "%s", why);
}

static bool
is_signed_here(struct restoring *x, const struct archive_head *h, struct err *e)
{
	struct note_key *ours, is;
	struct err       why = { 0 };
	size_t           n;

	if (!audit_public_keys(x->by.auth, x->by.mem, &ours, &n, e))
		return false;
	for (size_t i = 0; note_key_parse(str_of(h->signer), &is, &why) && i < n; i++)
		if (memcmp(is.key, ours[i].key, sizeof(is.key)) == 0)
			return true;
	return no_own("signed by another key", e);
}

static bool
is_of_this_tenant(struct restoring *x, struct err *e)
{
	const struct archive_head *h = restoring_head(x);
	struct archive_made        made;

	if (!uuid_eq(&h->tenant_id, &x->next.id))
		return no_own("of another tenant", e);
	if (!is_signed_here(x, h, e))
		return false;
	if (!archive_made_find(x->by.auth->database, x->by.mem, &h->id, &x->next.id, &made, e))
		return err_take(e, ERR_MISSING) && no_own("of no number that is known", e);
	return memcmp(x->take.address_key, x->by.t->address_key, KEY_LEN) == 0 ||
	       no_own("with another key of addresses", e);
}

/* ---- its trail ---- */

static bool
another_trail(const struct restoring *x, struct err *e)
{
	if (x->snapshot != NULL)
		return err_set(e, ERR_CONFLICT, 0,
		    "What the tenant was before does not end where its audit trail says: its "
		    "database was changed by hand.",
		    "entry %" PRIu64 " of chain %" PRIu64, x->archived.entries, x->archived.chain);
	return err_set(e, ERR_CONFLICT, 0,
	    "The archive's audit trail is not the beginning of the tenant's: its database was set "
	    "back, or changed by hand. bsxctl tenant import makes another tenant of it.",
	    "entry %" PRIu64 " of chain %" PRIu64, x->archived.entries, x->archived.chain);
}

/* The first entry at its end or behind it; what was deleted by age cannot be compared. */
static bool
is_our_beginning(struct restoring *x, struct err *e)
{
	const struct archive_head *h = restoring_head(x);
	const uint64_t             chain = x->archived.chain, last = h->audit_entries;
	struct page                p = { .want = 1 };
	const struct audit_row    *row;
	struct audit_head          head;

	if (!(chain == x->trail.chain
		    ? audit_rows_after(x->by.t, x->by.mem, last - 1, &p, e)
		    : audit_former_after(x->by.t, x->by.mem, chain, last - 1, &p, e)) ||
	    !audit_head_read(x->by.t, x->by.mem, &head, e))
		return false;
	row = p.rows;
	if (p.n == 1 && row->seq == last)
		return memcmp(row->mac.p, x->archived.mac, HASH_LEN) == 0 || another_trail(x, e);
	return (chain == x->trail.chain && head.floor >= last) || another_trail(x, e);
}

static uint64_t
closed_chains(const struct archive_head *h)
{
	const struct archive_table *t = h->tables.p;

	for (size_t i = 0; i < h->tables.n; i++)
		if (strcmp(t[i].name, "audit_chains") == 0)
			return t[i].rows;
	return 0;
}

bool
restoring_trail(struct restoring *x, struct err *e)
{
	const struct archive_head *h = restoring_head(x);
	size_t                     n;

	x->archived.chain = closed_chains(h) + 1;
	x->archived.entries = h->audit_entries;
	if (!audit_chain_number(x->by.t, &x->trail.chain, e))
		return false;
	if (x->archived.chain > x->trail.chain ||
	    !base64_parse(str_of(h->audit_mac), x->archived.mac, HASH_LEN, &n) || n != HASH_LEN)
		return another_trail(x, e);
	return h->audit_entries == 0 || is_our_beginning(x, e);
}

bool
restoring_may(const struct restoring *x, struct err *e)
{
	const struct tenant *t = x->by.t->tenant;

	if (strcmp(t->status, "active") != 0 && strcmp(t->status, "suspended") != 0)
		return err_set(e, ERR_CONFLICT, 0, "There is no tenant that stands.",
		    "tenant %s is %s", t->slug, t->status);
	if (strcmp(t->slug, PLATFORM_SLUG) == 0)
		return err_set(e, ERR_INVALID, 0, "The platform cannot be restored.", "platform");
	return !conf_one_account(x->by.auth->env->conf) ||
	       err_set(e, ERR_FORBIDDEN, 0,
		   "Restoring needs an account for each tenant (db.isolation \"account\"), to keep "
		   "it out "
		   "for the moment: import the archive under another name.",
		   "one account");
}

static bool
look(struct restoring *x, struct tenant_restored *out, struct err *e)
{
	const struct tenant       *t = x->by.t->tenant;
	const struct archive_head *h;
	struct archive_point       point;

	if (!restoring_may(x, e) || !archive_take_check(&x->take, t->slug, e) ||
	    !is_of_this_tenant(x, e) || !restoring_trail(x, e))
		return false;
	h = restoring_head(x);
	point = (struct archive_point) { x->archived.chain, x->archived.entries, h->made_at };
	*out = (struct tenant_restored) {
		.id = t->id,
		.archive = h->id,
		.made_at = h->made_at,
		.rows = x->take.at.total,
		.schema_name = t->schema_name,
	};
	return archive_since(x->by.t, x->by.mem, x->trail.chain, &point, &out->lost, e);
}

/* ---- the schema beside ---- */

static bool
begin(struct restoring *x, int64_t version, struct err *e)
{
	struct database           *d = x->by.auth->database;
	const struct archive_head *h = restoring_head(x);

	if (!restore_left_drop(x->p, x->by.auth, &x->next.id, false, e))
		return false;
	x->next.schema_name = spare_name(x->p, x->by.mem, e);
	x->row = (struct restoration) { .schema_name = x->next.schema_name,
		.tenant_id = x->next.id,
		.archive = h->id,
		.state = "held" };
	return x->next.schema_name != NULL && restoration_begin(d, &x->row, e) &&
	       spare_make(x->p, x->next.schema_name, version, e) &&
	       tenant_db_open(d, &x->next, true, &x->take.by.t, e);
}

/* Leaves and a checkpoint of all that there is: what is left of that for later is little. */
static bool
sign_trail(struct restoring *x, struct err *e)
{
	struct audit_point point = { .more = true };

	while (point.more)
		if (!audit_checkpoint_make(&x->by, AUDIT_TREE_STEP, &point, e))
			return false;
	return true;
}

static bool
carry_trail(struct restoring *x, struct err *e)
{
	return sign_trail(x, e) && archive_trail_carry(&x->trail, x->from, x->to, e);
}

static bool
fill_from_archive(struct restoring *x, struct err *e)
{
	return archive_take_open(&x->take, e) && archive_take_fill(&x->take, false, e);
}

static bool
fill(struct restoring *x, struct err *e)
{
	return x->fill(x, e) && step(x, RESTORE_FILLED, e) &&
	       (x->from = db_loader(x->by.mem, x->by.t->db, e)) != NULL &&
	       (x->to = db_loader(x->by.mem, x->take.by.t->db, e)) != NULL && carry_trail(x, e);
}

/* ---- changing over ---- */

/* The present chain's last entry: which archive it is that the tenant goes back to, and where in
 * the trail that ends. */
static bool
close_chain(struct restoring *x, const struct audit_restored *told, struct err *e)
{
	struct audit_entry entry = { .actor_name = x->actor_name };
	struct tree        tree;

	if (!audit_tree_at(x->by.t, x->archived.chain, x->archived.entries, &tree, e))
		return false;
	tree_root(&tree, x->archived.root);
	return audit_restored_entry(&x->by, &x->archived, *told, &entry, e) &&
	       audit_deed(&x->by, NULL, NULL, &entry, e);
}

/* And the first one of the next: what the closed one has come to. */
static bool
open_chain(struct restoring *x, const struct audit_restored *told, struct err *e)
{
	struct audit_entry  entry = { .actor_name = x->actor_name };
	struct audit_closed closed = { .chain = x->trail.chain };
	struct audit_head   head;
	struct tree         tree;

	if (!audit_head_read(x->by.t, x->by.mem, &head, e))
		return false;
	closed.entries = head.seq;
	memcpy(closed.mac, head.mac.p, HASH_LEN);
	if (!audit_tree_at(x->take.by.t, closed.chain, closed.entries, &tree, e))
		return false;
	tree_root(&tree, closed.root);
	return audit_restored_entry(&x->take.by, &closed, *told, &entry, e) &&
	       audit_closed_behind(&x->take.by, &closed, &entry, e);
}

static bool
turn(struct restoring *x, struct err *e)
{
	const struct archive_head *h = restoring_head(x);
	const instant              now = { clock_ms(x->by.auth->env->clock) };
	struct restoration_turn    t = {
		   .tenant_id = x->next.id,
		   .was = x->by.t->tenant->schema_name,
		   .next = x->next.schema_name,
		   .name = h->name,
		   .settings = h->settings,
		   .schema_version = migrate_newest(SQL_TENANT),
		   .grace_s = x->grace_s,
	};

	t.due = archive_load_due(x->take.load, now, &t.due_n);
	return restoration_turn(x->by.auth->database, &t, e);
}

static bool
change_over(struct restoring *x, struct err *e)
{
	const struct archive_head *h = restoring_head(x);
	const struct spare_hold hold = { x->by.t->tenant->schema_name, { x->by.t->db, x->from } };
	char                    id[UUID_TEXT_MAX];
	const struct audit_restored told = {
		.archive = id, .signer = h->signer, .back = x->snapshot != NULL
	};

	uuid_print(&h->id, id);
	if (!restoration_hold(x->by.auth->database, x->next.schema_name, e))
		return false;
	x->began_ns = clock_ns(x->by.auth->env->clock);
	return spare_hold(x->p, &hold, e) && step(x, RESTORE_HELD, e) && close_chain(x, &told, e) &&
	       step(x, RESTORE_CLOSED, e) && carry_trail(x, e) && open_chain(x, &told, e) &&
	       step(x, RESTORE_READY, e) && turn(x, e);
}

/* What cannot be done now, whoever comes next does. */
static void
let_in_again(struct restoring *x)
{
	struct err why = { 0 };

	if (!restore_left_release(x->p, x->by.auth, &x->row, &why))
		log_err(x->by.auth->env->log, LOG_SYSTEM,
		    "a tenant's account is kept out until bsxctl tenant work", &why);
}

bool
restoring_run(struct restoring *x, int64_t version, struct err *e)
{
	struct auth *a = x->by.auth;

	if (!begin(x, version, e) || !archive_take_watch(&x->take, e) || !fill(x, e))
		return false;
	if (!change_over(x, e)) {
		let_in_again(x);
		return false;
	}
	cache_bump_tenant(a->env->segment, &x->next.id);
	return true;
}

void
restoring_end(struct restoring *x)
{
	archive_take_end(&x->take);
	talloc_free(x->from);
	talloc_free(x->to);
	talloc_free(x->snapshot);
}

bool
tenant_restore(const struct deed_by *by, const struct tenant_restore *in,
    struct tenant_restored *out, struct err *e)
{
	struct archive_source from = in->from;
	struct restoring      x = {
		     .by = *by,
		     .p = in->p,
		     .grace_s = in->grace_s,
		     .actor_name = in->actor_name,
		     .take = { .from = &from, .p = in->p, .by = *by },
		     .next = *by->t->tenant,
		     .fill = fill_from_archive,
	};
	bool ok;

	from.signer = NULL;
	ok = look(&x, out, e) &&
	     (in->dry_run ||
		 restoring_run(&x, archive_fill_version(archive_head(x.take.archive)), e));
	if (ok && !in->dry_run)
		out->out_ms = (clock_ns(by->auth->env->clock) - x.began_ns) / 1000000;
	restoring_end(&x);
	return ok;
}
