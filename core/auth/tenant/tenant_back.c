/* tenant_restore.h: back to what a tenant was before it was restored. */
#include <stdio.h>

#include "core/auth/tenant/tenant_restore_priv.h"
#include "core/store/identity/audit_tree_rows.h"
#include "core/store/migrate.h"
#include "core/store/server/spare.h"

#define WATCH_ROWS 1000
#define SECOND_MS  1000

struct going_back {
	struct restoring            r;
	struct restoration          former; /* the row of the schema that it goes back to */
	struct tenant               was;    /* the tenant as it was there ... */
	struct tenant_db           *there;  /* ... and that schema */
	struct schedule_row        *due;
	size_t                      due_n;
	const struct archive_table *table; /* that is read */
	bool                        taken; /* what failed is not that it was read */
};

/* ---- what it goes back to ---- */

/* Whoever has found the tenant there just before the turn is gone by then. */
static bool
is_settled(const struct going_back *x, struct err *e)
{
	const int64_t ago = clock_ms(x->r.by.auth->env->clock) - x->former.at.ms;

	return ago >= BACK_SETTLE_S * SECOND_MS ||
	       err_set(e, ERR_CONFLICT, 0,
		   "The tenant was restored just now: run it again in a few seconds.",
		   "%lld ms ago", (long long)ago);
}

static bool
look(struct going_back *x, struct tenant_restored *out, struct err *e)
{
	struct restoring    *r = &x->r;
	const struct tenant *t = r->by.t->tenant;
	struct archive_point point = { .entries =
					   1 }; /* the one that the present chain begins with */

	if (!restoring_may(r, e) ||
	    !restoration_last(r->by.auth->database, r->by.mem, &t->id, &x->former, e) ||
	    !audit_chain_number(r->by.t, &r->trail.chain, e))
		return false;
	if (*x->former.settings == '\0')
		return err_set(e, ERR_CONFLICT, 0,
		    "The tenant was restored by a version of the program that has kept no way "
		    "back.",
		    "schema %s", x->former.schema_name);
	point.chain = r->trail.chain;
	point.at = x->former.at;
	*out = (struct tenant_restored) {
		.id = t->id,
		.archive = x->former.archive,
		.made_at = x->former.at,
		.schema_name = t->schema_name,
	};
	return archive_since(r->by.t, r->by.mem, point.chain, &point, &out->lost, e);
}

/* As an archive of it would be, had one been made just before it was left. */
static bool
take_snapshot(struct going_back *x, struct err *e)
{
	struct restoring    *r = &x->r;
	struct archive_head *h;

	r->snapshot = archive_snapshot_open(r->by.mem, r->by.auth->database, x->there, e);
	if (r->snapshot == NULL)
		return false;
	h = archive_snapshot_head(r->snapshot);
	h->id = x->former.archive;
	h->made_at = x->former.at;
	h->name = x->former.name;
	h->settings = x->former.settings;
	h->signer = "";
	archive_snapshot_due(r->snapshot, x->due, x->due_n);
	for (size_t i = 0; i < h->tables.n; i++)
		r->take.at.total += ((const struct archive_table *)h->tables.p)[i].rows;
	return true;
}

/*
 * Its account is let in for as long as it takes to sign in: what is signed in stays so.  Out of
 * reach again, whatever came of it.
 */
static bool
sign_in(struct going_back *x, struct err *e)
{
	struct restoring *r = &x->r;
	const char       *schema = x->was.schema_name;
	struct err        why = { 0 };
	const bool        ok = spare_release(r->p, schema, e) &&
			tenant_db_open(r->by.auth->database, &x->was, true, &x->there, e) &&
			take_snapshot(x, e);

	if (spare_lock(r->p, schema, &why) || !ok)
		return ok;
	*e = why;
	return false;
}

/* The schema is kept until it is read, and brought up to date as the tenant's own was. */
static bool
open_former(struct going_back *x, struct err *e)
{
	struct restoring *r = &x->r;
	const char       *schema = x->former.schema_name;

	x->was = *r->by.t->tenant;
	x->was.schema_name = talloc_strdup(r->by.mem, schema);
	if (x->was.schema_name == NULL)
		return err_memory(e);
	return is_settled(x, e) &&
	       restoration_keep(r->by.auth->database, r->by.mem, schema, &x->due, &x->due_n, e) &&
	       spare_make(r->p, schema, migrate_newest(SQL_TENANT), e) && sign_in(x, e);
}

/* ---- out of it ---- */

static bool
next_table(void *arg, const struct archive_table *t, struct err *e)
{
	struct going_back *x = arg;

	x->table = t;
	x->r.take.at.table = t->name;
	return t->rows == 0 || archive_take_watch(&x->r.take, e);
}

static bool
next_row(void *arg, const struct blob *values, struct err *e)
{
	struct going_back   *x = arg;
	struct archive_take *take = &x->r.take;

	take->at.done++;
	x->taken = !archive_load_row(take->load, x->table, values, e) ||
		   (take->at.done % WATCH_ROWS == 0 && !archive_take_watch(take, e));
	return !x->taken;
}

static bool
read_all(struct going_back *x, const struct archive_walk *w, struct err *e)
{
	struct err why;

	if (archive_snapshot_walk(x->r.snapshot, w, e))
		return true;
	if (x->taken || e->code != ERR_INTERNAL)
		return false;
	why = *e;
	err_clear(e);
	return err_set(e, ERR_CONFLICT, why.sys,
	    "What the tenant was before does not open any more: the key that it was sealed with "
	    "was "
	    "destroyed since, or it was changed by hand.",
	    "%s", why.detail);
}

static bool
fill_from_former(struct restoring *r, struct err *e)
{
	struct going_back        *x = (struct going_back *)r; /* which begins with it */
	const struct archive_walk w = { .row = next_row, .table = next_table, .arg = x };
	const instant             now = { clock_ms(r->by.auth->env->clock) };
	struct archive_take      *take = &r->take;

	take->load = archive_load_make(r->by.mem, take->by.t, restoring_head(r), false, e);
	return take->load != NULL && read_all(x, &w, e) && archive_load_last(take->load, e) &&
	       spare_carry_keys(r->p, x->former.schema_name, r->next.schema_name, e) &&
	       archive_load_end(take->load, now, e);
}

static bool
go_back(struct going_back *x, struct err *e)
{
	return open_former(x, e) && restoring_trail(&x->r, e) &&
	       restoring_run(&x->r, migrate_newest(SQL_TENANT), e);
}

bool
tenant_back(const struct deed_by *by, const struct tenant_restore *in, struct tenant_restored *out,
    struct err *e)
{
	struct going_back x = { .r = {
				    .by = *by,
				    .p = in->p,
				    .grace_s = in->grace_s,
				    .actor_name = in->actor_name,
				    .take = { .from = &in->from, .p = in->p, .by = *by },
				    .next = *by->t->tenant,
				    .fill = fill_from_former,
				} };
	bool              ok;

	ok = look(&x, out, e) && (in->dry_run || go_back(&x, e));
	out->rows = x.r.take.at.done;
	if (ok && !in->dry_run)
		out->out_ms = (clock_ns(by->auth->env->clock) - x.r.began_ns) / 1000000;
	restoring_end(&x.r);
	return ok;
}
