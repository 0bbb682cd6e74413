/* pass.h: a request that was refused for who asks is in the trail of the tenant. */
#include "core/auth/audit_details.h"
#include "core/auth/audit_seldom.h"
#include "core/base/unicode.h"
#include "core/web/pass.h"

struct refused_told {
	const char *route, *code, *acting;
};
static const struct field refused_told_fields[] = {
	TOLD(struct refused_told, route),
	TOLD(struct refused_told, code),
	TOLD_IF(struct refused_told, acting),
	FIELD_END,
};
static const struct schema refused_told_schema =
    SCHEMA("RequestTold", struct refused_told, refused_told_fields);

#define ACTING_MAX 64 /* bytes that are told */

/* Where there is a grant, in the trail of the tenant acted in; who has none is in their own alone.
 */
static bool
note(struct request *r, struct err *e)
{
	struct deed_by       by = request_deed_by(r);
	const struct uuid   *where = r->acted != NULL ? &r->acted->id : &r->caller.tenant;
	struct refused_told  told = { .code = err_wire(r->err.code) };
	char                 route[128] = "-";
	const struct tenant *t;
	struct audit_entry entry = { .action = AUDIT_REFUSED, .failed = true, .target_id = r->id0 };

	route_label(r->route, route, sizeof(route));
	told.route = route;
	told.acting = unicode_clean(r->mem, request_param(r, "HTTP_X_ACTING_TENANT"), ACTING_MAX);
	if (told.acting == NULL)
		return err_memory(e);
	if (*told.acting == '\0')
		told.acting = NULL;
	entry.details = audit_details(r->mem, &refused_told_schema, &told, e);
	return entry.details != NULL && tenant_by_id(r->app->database, where, &t, e) &&
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
