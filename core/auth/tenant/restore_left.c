#include "core/auth/tenant/restore_left.h"

#include <string.h>

#include "core/auth/audit.h"
#include "core/store/identity/audit_rows.h"
#include "core/store/server/spare.h"

static bool
is(const struct restoration *r, const char *state)
{
	return strcmp(r->state, state) == 0;
}

static bool
keeps_out(const struct restoration *r)
{
	return is(r, "held") || is(r, "freed");
}

/* ---- kept out ---- */

static bool
ends_with_restored(struct deed_by *by, bool *yes, struct err *e)
{
	const struct audit_filter all = { 0 };
	struct page               p = { .want = 1 };
	const struct audit_row   *row;

	if (!audit_rows_list(by->t, by->mem, &all, &p, e))
		return false;
	row = p.rows;
	*yes = p.n == 1 && row->seq > 1 && strcmp(row->action, "audit.restored") == 0 &&
	       strcmp(row->outcome, "success") == 0;
	return true;
}

static bool
tell_failure(struct auth *a, TALLOC_CTX *mem, const struct tenant *t, struct err *e)
{
	struct deed_by     by = { .auth = a, .mem = mem };
	struct audit_entry entry = {
		.action = AUDIT_RESTORED, .actor_name = "bsxctl", .failed = true, .target_id = t->id
	};
	bool closed;

	return tenant_db_open(a->database, t, true, &by.t, e) &&
	       ends_with_restored(&by, &closed, e) &&
	       (!closed || audit_deed(&by, NULL, NULL, &entry, e));
}

bool
restore_left_release(
    const struct provision *p, struct auth *a, const struct restoration *r, struct err *e)
{
	TALLOC_CTX          *mem = talloc_new(NULL);
	const struct tenant *t;
	bool                 mine, ok;

	tenant_forget(a->database);
	ok = mem != NULL ? restoration_free(a->database, r->schema_name, &mine, e) : err_memory(e);
	if (ok && mine) {
		ok = tenant_by_id(a->database, &r->tenant_id, &t, e) &&
		     spare_release(p, t->schema_name, e) && tell_failure(a, mem, t, e) &&
		     restoration_freed(a->database, r->schema_name, e);
	}
	talloc_free(mem);
	return ok;
}

/* ---- dropped ---- */

static bool
drop(const struct provision *p, struct auth *a, const struct restoration *r, struct err *e)
{
	return provision_drop(p, r->schema_name, e) &&
	       restoration_forget(a->database, r->schema_name, e);
}

/* Of one that is gone nobody is let in again. */
static bool
drop_one(const struct provision *p, struct auth *a, const struct restoration *r, bool gone,
    struct err *e)
{
	if (!gone && is(r, "former"))
		return true;
	return (gone || !keeps_out(r) || restore_left_release(p, a, r, e)) && drop(p, a, r, e);
}

bool
restore_left_drop(
    const struct provision *p, struct auth *a, const struct uuid *tenant, bool gone, struct err *e)
{
	TALLOC_CTX         *mem = talloc_new(NULL);
	struct restoration *list;
	size_t              n = RESTORATIONS_MAX;
	bool                ok = mem != NULL || err_memory(e);

	ok = ok && restorations_of(a->database, mem, tenant, &list, &n, e);
	for (size_t i = 0; ok && i < n; i++)
		ok = drop_one(p, a, &list[i], gone, e);
	talloc_free(mem);
	return ok;
}

bool
restore_left_work(const struct provision *p, struct auth *a, size_t *n, struct err *e)
{
	TALLOC_CTX         *mem = talloc_new(NULL);
	struct restoration *list;
	bool ok = mem != NULL ? restorations_due(a->database, mem, &list, n, e) : err_memory(e);

	for (size_t i = 0; ok && i < *n; i++) {
		struct err why = { 0 };

		if (!(keeps_out(&list[i]) ? restore_left_release(p, a, &list[i], &why)
					  : drop(p, a, &list[i], &why)))
			log_err(
			    a->env->log, LOG_SYSTEM, "what a restore left was not tidied up", &why);
	}
	talloc_free(mem);
	return ok;
}
