#include "core/auth/audit_forward.h"

#include <stdio.h>

#include "core/auth/audit_details.h"
#include "core/auth/audit_priv.h"

/* Whose deed it is, and whence. */
static bool
fill(
    const struct deed_by *by, const struct audit_entry *entry, struct audit_inbox *x, struct err *e)
{
	struct audit_row r;

	if (!audit_row_fill(by, entry, &r, e))
		return false;
	x->id = uuid_make(by->auth->env->clock, by->auth->env->rand);
	x->at = r.at;
	x->action = r.action;
	x->outcome = r.outcome;
	x->actor_kind = r.actor_kind;
	x->actor_id = r.actor_id;
	x->actor_name = r.actor_name;
	if (by->caller != NULL)
		x->actor_tenant = by->caller->tenant;
	x->target_id = entry->target_id;
	x->address = r.address;
	x->user_agent = r.user_agent;
	x->request_id = r.request_id;
	x->details = r.details;
	return true;
}

bool
audit_forward(const struct deed_by *by, const struct uuid *tenant, const struct audit_entry *entry,
    struct err *e)
{
	struct audit_inbox x = { .tenant_id = *tenant };

	return fill(by, entry, &x, e) && audit_inbox_add(by->t, &x, e);
}

struct act_told {
	const char *tenant, *action, *target_kind, *target_id;
	struct uuid entry;
};
static const struct field act_told_fields[] = {
	TOLD(struct act_told, tenant),
	TOLD(struct act_told, action),
	TOLD(struct act_told, target_kind),
	TOLD(struct act_told, target_id),
	TOLD(struct act_told, entry),
	FIELD_END,
};
static const struct schema act_told = SCHEMA("ActTold", struct act_told, act_told_fields);

bool
audit_forward_act(const struct deed_by *by, const struct audit_entry *entry,
    const struct audit_row *done, struct err *e)
{
	const struct tenant *there = by->t->tenant;
	struct audit_entry   act = {
		  .action = AUDIT_GRANT_ACT,
		  .failed = entry->failed,
		  .target_id = there->id,
	};
	const struct act_told told = {
		there->slug,
		done->action,
		done->target_kind,
		done->target_id,
		done->id,
	};

	if (by->caller == NULL || !by->caller->acting || uuid_eq(&by->caller->tenant, &there->id))
		return true;
	act.details = audit_details(by->mem, &act_told, &told, e);
	return act.details != NULL && audit_forward(by, &by->caller->tenant, &act, e);
}
