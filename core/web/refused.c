/* pass.h: a request that was refused for who asks is in the trail of the tenant. */
#include "core/auth/audit_details.h"
#include "core/auth/audit_seldom.h"
#include "core/web/pass.h"

struct refused_told {
	const char *route, *code;
};
static const struct field refused_told_fields[] = {
	TOLD(struct refused_told, route),
	TOLD(struct refused_told, code),
	FIELD_END,
};
static const struct schema refused_told =
    SCHEMA("RequestTold", struct refused_told, refused_told_fields);

static bool
note(struct request *r, struct err *e)
{
	struct deed_by       by = request_deed_by(r);
	char                 route[128] = "-";
	const struct tenant *t;
	struct audit_entry entry = { .action = AUDIT_REFUSED, .failed = true, .target_id = r->id0 };

	route_label(r->route, route, sizeof(route));
	entry.details = audit_details(
	    r->mem, &refused_told, &(struct refused_told) { route, err_wire(r->err.code) }, e);
	return entry.details != NULL && tenant_by_id(r->app->database, &r->caller.tenant, &t, e) &&
	       tenant_db_open(r->app->database, t, false, &by.t, e) &&
	       audit_seldom(&by, &entry, entry.details, NULL, e);
}

void
refused_note(struct request *r)
{
	struct err e = { 0 };

	if (r->caller.kind == CALLER_NONE || request_status(r) != 403 || r->app->auth == NULL)
		return;
	if (!note(r, &e))
		log_err(r->app->env->log, LOG_SYSTEM,
		    "a refused request could not be put into the trail", &e);
}
