#include "core/auth/operation.h"

#include <stdio.h>
#include <string.h>

#include "core/auth/audit_details.h"

const char *const operation_kind_names[] = {
#define X(id, wire, action, resource) wire,
	OPERATION_KINDS(X)
#undef X
	    NULL
};

static const struct {
	enum action        action;
	enum resource_kind resource;
} needs[OPERATION__MAX] = {
#define X(id, wire, a, r) { ACTION_##a, RESOURCE_##r },
	OPERATION_KINDS(X)
#undef X
};

static bool
may_see(const struct caller *c, size_t kind)
{
	return permission_has(&c->permissions, needs[kind].action, needs[kind].resource);
}

/* ---- for callers ---- */

bool
operation_see(const struct deed_by *by, const struct uuid *id, struct operation *out, struct err *e)
{
	if (!operation_by_id(by->auth->database, by->mem, id, out, e))
		return false;
	for (size_t i = 0; i < OPERATION__MAX; i++)
		if (strcmp(out->kind, operation_kind_names[i]) == 0 && may_see(by->caller, i) &&
		    uuid_eq(&out->owner, &by->t->tenant->id))
			return true;
	return err_set(e, ERR_MISSING, 0, "Not found.", "another tenant's, or no permission");
}

bool
operations_see(
    const struct deed_by *by, const char *kind, const char *state, struct page *p, struct err *e)
{
	struct operation_filter f = { .owner = by->t->tenant->id, .kind = kind, .state = state };
	struct buf              b;

	buf_make(&b, by->mem);
	for (size_t i = 0; i < OPERATION__MAX; i++)
		if (may_see(by->caller, i))
			buf_printf(&b, "%s%s", b.n > 0 ? "," : "", operation_kind_names[i]);
	f.kinds = buf_text(&b, e);
	return f.kinds != NULL && operation_page(by->auth->database, by->mem, &f, p, e);
}

struct cancel_told {
	const char *kind;
};
static const struct field cancel_told_fields[] = {
	TOLD(struct cancel_told, kind),
	FIELD_END,
};
static const struct schema cancel_told =
    SCHEMA("OperationCancelTold", struct cancel_told, cancel_told_fields);

struct cancelling {
	struct tenant_db *t;
	struct uuid       id;
};

static bool
cancel_body(struct db *db, void *arg, struct err *e)
{
	const struct cancelling *w = arg;

	(void)db;
	return operation_ask_end(w->t, &w->id, e);
}

bool
operation_cancel(
    const struct deed_by *by, const struct uuid *id, struct operation *out, struct err *e)
{
	struct audit_entry entry = { .action = AUDIT_OPERATION_CANCEL, .target_id = *id };
	struct cancelling  w = { by->t, *id };

	if (!operation_see(by, id, out, e))
		return false;
	entry.details =
	    audit_details(by->mem, &cancel_told, &(struct cancel_told) { out->kind }, e);
	if (entry.details == NULL)
		return false;
	if (!audit_deed(by, cancel_body, &w, &entry, e)) {
		if (e->code == ERR_CONFLICT)
			snprintf(e->pub, sizeof(e->pub), "The operation is over.");
		return false;
	}
	return operation_by_id(by->auth->database, by->mem, id, out, e);
}

bool
operation_begin(const struct deed_by *by, const struct operation_new *in, struct err *e)
{
	struct operation o = { .id = in->id, .tenant_id = in->tenant, .total = in->total };

	o.asked_by = by->caller != NULL ? by->caller->user : (struct uuid) { { 0 } };
	o.kind = talloc_strdup(by->mem, operation_kind_names[in->kind]);
	o.asked_name =
	    talloc_strdup(by->mem, by->caller != NULL ? by->caller->name : in->asked_name);
	o.step = talloc_strdup(by->mem, in->step);
	if (o.kind == NULL || o.asked_name == NULL || o.step == NULL)
		return err_memory(e);
	return (in->input.n == 0 ||
		   operation_seal(by->t, by->mem, &in->id, in->input, &o.input, e)) &&
	       operation_add(by->t, &o, in->due_s, e);
}
