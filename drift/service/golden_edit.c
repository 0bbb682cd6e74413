/* golden.h: golden baselines made, changed and dropped. */
#include "drift/service/golden_edit.h"
#include "core/auth/audit_details.h"
#include "core/store/drift/history.h"
#include "drift/service/second.h"

/* ---- making and changing ---- */

struct golden_told {
	const char *name;
	uint64_t    version;
	bool        shared;
};
static const struct field golden_told_fields[] = {
	TOLD(struct golden_told, name),
	TOLD(struct golden_told, version),
	TOLD(struct golden_told, shared),
	FIELD_END,
};
static const struct schema golden_told =
    SCHEMA("GoldenTold", struct golden_told, golden_told_fields);

static bool
golden_deed(struct golden_edit *x, tx_fn *body, enum audit_action action, struct err *e)
{
	const struct golden_told told = { x->g.name, x->g.version, x->g.shared };

	x->entry = (struct audit_entry) { .action = action, .target_id = x->g.id };
	x->entry.details = x->details = audit_details(x->a->by.mem, &golden_told, &told, e);
	if (x->details == NULL)
		return false;
	return audit_deed(&x->a->by, body, x, &x->entry, e) ||
	       db_taken(e, "A golden baseline of that name exists.");
}

static bool
write_content(struct db *db, const struct golden_edit *x, struct err *e)
{
	return !x->renewed ||
	       (content_add(db, &x->rows, e) && golden_version_add(db, &x->version, e));
}

static bool
make_body(struct db *db, void *arg, struct err *e)
{
	struct golden_edit *x = arg;

	return golden_add(db, &x->g, e) && write_content(db, x, e) &&
	       (!x->g.shared || golden_publish(db, &x->g, &x->body, e));
}

/* What configs are held against is another. */
static bool
renew_bound(struct db *db, struct golden_edit *x, struct err *e)
{
	static const struct uuid none;
	int64_t                  n;

	x->entry.details = x->details; /* the transaction may begin again */
	return second_refuse(db, x->a, &none, &x->g.id, "changing their template", e) &&
	       golden_bound(db, &x->g.id, &n, e) && (n == 0 || second_alone(x->a, &x->entry, e));
}

static bool
alter_body(struct db *db, void *arg, struct err *e)
{
	struct golden_edit *x = arg;
	struct golden       shown = x->g;
	bool                done;

	if (x->renewed && !renew_bound(db, x, e))
		return false;
	if (!golden_set(db, &x->g, &done, e))
		return false;
	if (!done)
		return err_set(e, ERR_CONFLICT, 0,
		    "The golden baseline was changed at the same time.", "the revision was outrun");
	shown.revision++;
	if (x->g.shared && !golden_publish(db, &shown, &x->body, e))
		return false;
	if (x->was.shared && !x->g.shared && !golden_withdraw(db, &x->g.id, e))
		return false;
	return write_content(db, x, e);
}

static bool
see_edited(struct golden_edit *x, struct golden_seen *out, struct err *e)
{
	talloc_free(x->mem);
	*out = (struct golden_seen) { .row = x->g };
	return golden_see_rest(x->a, out, e);
}

bool
golden_make(
    const struct acting *a, const struct golden_wish *in, struct golden_seen *out, struct err *e)
{
	struct golden_edit x = {
		.a = a,
		.in = in,
		.mem = talloc_new(a->by.mem),
		.g = { .id = acting_id(a), .revision = 1, .created_at = acting_now(a) },
	};

	if (x.mem == NULL)
		return err_memory(e);
	return golden_wish_check(&x, e) && golden_prepare(&x, e) &&
	       golden_deed(&x, make_body, AUDIT_GOLDEN_CREATE, e) && see_edited(&x, out, e);
}

/* One that is shared with this tenant is not its to change. */
static bool
find_own(const struct acting *a, const struct uuid *id, struct golden *g, struct err *e)
{
	bool foreign;

	if (!golden_find(a->by.t, a->by.mem, id, g, &foreign, e))
		return false;
	if (foreign)
		return err_set(e, ERR_FORBIDDEN, 0, "This golden baseline is the platform's.",
		    "changing a shared template");
	return acting_holds(a, g->revision, e);
}

/* Whatever is watched by it is held against what it says. */
static bool
may_say(const struct golden_edit *x, struct err *e)
{
	int64_t n;

	if (x->a->view.values || (!x->in->has_resources && !x->in->has_variables))
		return true;
	return golden_bound(x->a->by.t->db, &x->was.id, &n, e) &&
	       (n == 0 || view_demand(x->a->view,
			      "Configs are bound to it, and each value that is equal tells what "
			      "they watch: "
			      "to change it needs the permission read:snapshots.",
			      e));
}

static bool
alter(struct golden_edit *x, const struct uuid *id, struct err *e)
{
	const struct acting *a = x->a;

	if (!find_own(a, id, &x->was, e) || !golden_wish_check(x, e) || !may_say(x, e) ||
	    !golden_load(a->by.t, x->mem, &x->was, false, &x->content, e))
		return false;
	x->g = x->was;
	return golden_prepare(x, e) && golden_deed(x, alter_body, AUDIT_GOLDEN_UPDATE, e);
}

bool
golden_alter(const struct acting *a, const struct uuid *id, const struct golden_wish *in,
    struct golden_seen *out, struct err *e)
{
	struct golden_edit x = { .a = a, .in = in, .mem = talloc_new(a->by.mem) };

	if (x.mem == NULL)
		return err_memory(e);
	if (!alter(&x, id, e))
		return false;
	x.g.revision++;
	return see_edited(&x, out, e);
}

/* ---- dropping ---- */

static bool
erase_body(struct db *db, void *arg, struct err *e)
{
	struct golden_edit *x = arg;
	struct golden       now;
	int64_t             n;

	if (!golden_lock(db, x->a->by.mem, &x->g.id, &now, e) ||
	    !acting_holds(x->a, now.revision, e) || !golden_bound(db, &x->g.id, &n, e))
		return false;
	if (n > 0)
		return err_set(e, ERR_IN_USE, 0, "Configs are bound to this golden baseline.",
		    "%lld configs are bound to it", (long long)n);
	return (!now.shared || golden_withdraw(db, &x->g.id, e)) &&
	       golden_drop(db, x->a->by.mem, &x->g.id, e);
}

bool
golden_erase(const struct acting *a, const struct uuid *id, struct err *e)
{
	struct golden_edit x = { .a = a };

	return find_own(a, id, &x.g, e) && golden_deed(&x, erase_body, AUDIT_GOLDEN_DELETE, e);
}
