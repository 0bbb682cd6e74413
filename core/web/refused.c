/* pass.h: a request that was refused for who asks is in the trail of the tenant. */
#include "core/auth/audit_seldom.h"
#include "core/web/pass.h"

static bool
details_of(const struct request *r, const char *route, const char **out, struct err *e)
{
	struct buf b;

	buf_make(&b, r->mem);
	buf_puts(&b, "{\"route\":");
	buf_json(&b, str_of(route));
	buf_printf(&b, ",\"code\":\"%s\"}", err_wire(r->err.code));
	*out = buf_text(&b, e);
	return *out != NULL;
}

static bool
note(struct request *r, struct err *e)
{
	struct deed_by       by = request_deed_by(r);
	char                 route[128] = "-";
	const struct tenant *t;
	struct audit_entry entry = { .action = AUDIT_REFUSED, .failed = true, .target_id = r->id0 };

	route_label(r->route, route, sizeof(route));
	return details_of(r, route, &entry.details, e) &&
	       tenant_by_id(r->app->database, &r->caller.tenant, &t, e) &&
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
