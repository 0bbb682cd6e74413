#include "core/auth/user/role_end.h"

#include <string.h>

#include "core/auth/audit.h"
#include "core/auth/audit_details.h"
#include "core/auth/ends.h"
#include "core/store/identity/assignment.h"

#define ENDED_MAX 200 /* of one tenant in a round; the others follow in the next */

struct clearing {
	const struct deed_by          *by;
	const struct assignment_ended *a;
};

static bool
clear_body(struct db *db, void *arg, struct err *e)
{
	const struct clearing *w = arg;
	struct ending          x = { .event = END_ROLES,
			 .user = w->a->user_id,
			 .now = { clock_ms(w->by->auth->env->clock) } };
	bool                   first;

	(void)db;
	return assignment_clear(w->by->t, &w->a->user_id, &w->a->role_id, &first, e) &&
	       (first || err_set(e, ERR_CONFLICT, 0, "", "somebody else has cleared it")) &&
	       ends_apply(w->by->t, &x, e);
}

static const struct field ended_told_fields[] = {
	TOLD(struct assignment_ended, email),
	TOLD(struct assignment_ended, role),
	FIELD_AS(struct assignment_ended, ends_at, "until", .flags = 0),
	FIELD_AS(struct assignment_ended, given_name, "given_by_name", .flags = 0),
	FIELD_END,
};
static const struct schema ended_told =
    SCHEMA("RoleEnded", struct assignment_ended, ended_told_fields);

static bool
clear(const struct clearing *w, size_t *n, struct err *e)
{
	struct clearing    copy = *w;
	struct audit_entry entry = {
		.action = AUDIT_ROLE_END,
		.actor_name = "driftd",
		.target_id = w->a->user_id,
		.details = audit_details(w->by->mem, &ended_told, w->a, e),
	};

	if (entry.details == NULL)
		return false;
	if (!audit_deed(w->by, clear_body, &copy, &entry, e))
		return err_take(e, ERR_CONFLICT);
	(*n)++;
	return true;
}

bool
roles_end(const struct deed_by *by, size_t *n, struct err *e)
{
	struct assignment_ended *all;
	size_t                   many;

	*n = 0;
	if (!assignment_ended_list(by->t, by->mem, ENDED_MAX, &all, &many, e))
		return false;
	for (size_t i = 0; i < many; i++) {
		const struct clearing w = { by, &all[i] };

		if (!clear(&w, n, e))
			return false;
	}
	return true;
}

static void
end_in_tenant(const struct tenant *row, TALLOC_CTX *mem, void *arg)
{
	struct auth   *a = arg;
	struct deed_by by = { .auth = a, .mem = mem };
	struct err     e = { 0 };
	size_t         n;

	if (strcmp(row->status, "active") == 0 &&
	    (!tenant_db_open(a->database, row, false, &by.t, &e) || !roles_end(&by, &n, &e)))
		log_err(a->env->log, LOG_SYSTEM, "roles that have ended were not taken away", &e);
}

bool
roles_end_page(struct auth *a, struct uuid *after, bool *ended, struct err *e)
{
	const struct tenant_visit visit = { end_in_tenant, a };

	return tenant_walk(a->database, &visit, after, ended, e);
}
