#include "core/auth/user/role_admin.h"

#include <string.h>

#include "core/auth/audit_details.h"
#include "core/auth/once.h"
#include "core/auth/user/role_work.h"
#include "core/shm/cache.h"

/* ---- what the trail tells ---- */

struct role_told {
	const char               *name;
	const struct text_change *renamed, *description;
	const struct list_change *permissions;
	uint64_t                  holders;
};
static const struct field role_told_fields[] = {
	TOLD(struct role_told, name),
	TOLD_ITEM_IF(struct role_told, renamed, &text_change_schema),
	TOLD_ITEM_IF(struct role_told, description, &text_change_schema),
	TOLD_ITEM_IF(struct role_told, permissions, &list_change_schema),
	TOLD_IF(struct role_told, holders),
	FIELD_END,
};
static const struct schema role_told = SCHEMA("RoleTold", struct role_told, role_told_fields);

/* How it was and how it is: of one that is made, it was nothing; of one that is deleted, it is. */
static const char *
details_of(const struct role_work *w, struct err *e)
{
	const struct role_view  *was = &w->was, *now = &w->now;
	const bool               made = was->name == NULL, dropped = w->in->drop;
	const struct strings     none = { NULL, 0 };
	const struct list_change permissions = { made ? none : was->permissions,
		dropped ? none : now->permissions };
	struct text_change     name, description;
	const struct role_told told = {
		.name = now->name,
		.renamed = made ? NULL : text_change(&name, was->name, now->name),
		.description = text_change(
		    &description, made ? "" : was->description, dropped ? "" : now->description),
		.permissions = strings_same(permissions.from, permissions.to) ? NULL : &permissions,
		.holders = w->holders,
	};

	return audit_details(w->by->mem, &role_told, &told, e);
}

/* ---- making ---- */

struct making {
	struct role_work       work;
	const struct role_new *in;
	struct once            once;
	struct audit_entry     entry;
};

static bool
check_count(const struct deed_by *by, struct err *e)
{
	struct page             p = { .want = ROLES_MAX + 20 };
	const struct role_view *all;
	size_t                  own = 0;

	if (!role_page(by, &p, e))
		return false;
	all = p.rows;
	for (size_t i = 0; i < p.n; i++)
		own += !all[i].built_in;
	return own < ROLES_MAX ||
	       err_set(e, ERR_QUOTA, 0, "There are too many roles.", "%zu roles", own);
}

static bool
add(const struct role_work *w, struct err *e)
{
	const struct role_view *v = &w->now;
	const struct role_row   row = { v->id, v->name, v->description, false, v->created_at };

	return role_add(w->by->t, &row, e) &&
	       role_set_permissions(w->by->t, w->by->mem, &row.id, v->permissions, e);
}

static bool
make_body(struct db *db, void *arg, struct err *e)
{
	struct making        *m = arg;
	struct role_work     *w = &m->work;
	const struct deed_by *by = w->by;
	const struct uuid     id = m->entry.target_id;

	(void)db;
	if (!user_lock_admins(by->t, e) || !once_mark(&m->once, by, e) || !check_count(by, e) ||
	    !role_work_fill(w, e))
		return false;
	w->now.id = id;
	w->now.created_at.ms = m->once.mark.created_at.ms;
	m->entry.details = details_of(w, e);
	return m->entry.details != NULL && role_work_may(w, e) && add(w, e);
}

/* A second request with the key, or one at the same time, is answered with what the first has made.
 */
static bool
replay(const struct making *m, bool *done, struct role_view *out, struct err *e)
{
	const struct deed_by *by = m->work.by;
	struct uuid           made;

	if (!once_find(&m->once, by, done, &made, e) || !*done)
		return e->code == ERR_OK;
	*done = role_view_by_id(by->t, by->mem, &made, out, e);
	if (*done || e->code != ERR_MISSING)
		return *done;
	err_clear(e);
	return err_set(e, ERR_CONFLICT, 0, "The role that this Idempotency-Key made is deleted.",
	    "idempotency key of a deleted role");
}

bool
role_make(const struct deed_by *by, const struct role_new *in, struct role_view *out, struct err *e)
{
	const struct env        *env = by->auth->env;
	const struct role_change change = { .name = in->name,
		.description = in->description != NULL ? in->description : "",
		.permissions = in->permissions,
		.set_permissions = true };
	struct making            m = { .work = { .by = by, .in = &change },
			   .in = in,
			   .once = { .kind = "role", .key = in->idempotency_key, .body = in->body },
			   .entry = {
			       .action = AUDIT_ROLE_CREATE, .target_id = uuid_make(env->clock, env->rand) } };
	bool                     done;

	once_begin(&m.once, by, &m.entry.target_id, (instant) { clock_ms(env->clock) });
	if (!replay(&m, &done, out, e) || done)
		return done;
	if (audit_deed(by, make_body, &m, &m.entry, e))
		return role_view_by_id(by->t, by->mem, &m.entry.target_id, out, e);
	if (!db_was_duplicate(e) || !replay(&m, &done, out, e))
		return false;
	return done || err_set(e, ERR_CONFLICT, 0, "A role of this name exists.", "duplicate name");
}

/* ---- changing and deleting ---- */

struct altering {
	struct role_work   work;
	struct uuid        id;
	struct audit_entry entry;
};

/* From here on nobody else changes a role, or who has it, until the end. */
static bool
read_locked(struct altering *a, struct err *e)
{
	struct role_work     *w = &a->work;
	const struct deed_by *by = w->by;

	return user_lock_admins(by->t, e) && role_view_by_id(by->t, by->mem, &a->id, &w->was, e) &&
	       (w->in->check == NULL || w->in->check(w->in->check_arg, &w->was, e)) &&
	       role_work_fill(w, e) && role_work_may(w, e);
}

/* Rights and names of all who have it are read anew by every host. */
static bool
write_change(const struct role_work *w, struct err *e)
{
	const struct role_view *now = &w->now;
	const struct role_row   row = {
		  .id = now->id, .name = now->name, .description = now->description
	};

	return role_set(w->by->t, &row, e) &&
	       role_set_permissions(w->by->t, w->by->mem, &row.id, now->permissions, e) &&
	       role_raise_holders(w->by->t, &row.id, e);
}

static bool
alter_body(struct db *db, void *arg, struct err *e)
{
	struct altering  *a = arg;
	struct role_work *w = &a->work;

	(void)db;
	if (!read_locked(a, e))
		return false;
	a->entry.details = details_of(w, e);
	if (a->entry.details == NULL)
		return false;
	return w->in->drop ? role_delete(w->by->t, &a->id, e) : write_change(w, e);
}

static bool
run(const struct deed_by *by, const struct uuid *id, const struct role_change *in, struct err *e)
{
	struct altering a = { .work = { .by = by, .in = in },
		.id = *id,
		.entry = { .action = in->drop ? AUDIT_ROLE_DELETE : AUDIT_ROLE_UPDATE,
		    .target_id = *id } };

	if (!audit_deed(by, alter_body, &a, &a.entry, e))
		return db_taken(e, "A role of this name exists.");
	cache_bump_tenant(by->auth->env->segment, &by->t->tenant->id);
	return true;
}

bool
role_alter(const struct deed_by *by, const struct uuid *id, const struct role_change *in,
    struct role_view *out, struct err *e)
{
	return run(by, id, in, e) && role_view_by_id(by->t, by->mem, id, out, e);
}

bool
role_drop(
    const struct deed_by *by, const struct uuid *id, const struct role_change *check, struct err *e)
{
	struct role_change in = *check;

	in.drop = true;
	return run(by, id, &in, e);
}
