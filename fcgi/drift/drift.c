#include "fcgi/drift/drift.h"

const char *const drift_severities[] = { "info", "low", "medium", "high", "critical", NULL };
const char *const alert_statuses[] = { "open", "acknowledged", "in_progress", "resolved", NULL };
const char *const alert_kinds[] = { "drift", "blind", "suspicious_collection", "flapping",
	"anomaly", "security", "system", NULL };

#include <string.h>

#include "core/auth/audit_seldom.h"

struct drift *
drift_of(struct app *app, struct err *e)
{
	if (app->drift == NULL)
		app->drift = drift_make(app, app->env, e);
	return app->drift;
}

static bool
details(TALLOC_CTX *mem, const char *name, const char **out, struct err *e)
{
	struct buf b;

	*out = NULL;
	if (name == NULL)
		return true;
	buf_make(&b, mem);
	buf_puts(&b, "{\"name\":");
	buf_json(&b, str_of(name));
	buf_putc(&b, '}');
	*out = b.p;
	return buf_ok(&b) ? true : err_memory(e);
}

bool
drift_deed(struct request *r, tx_fn *body, void *arg, const struct drift_told *told, struct err *e)
{
	const struct deed_by by = request_deed_by(r);
	struct audit_entry   entry = { .action = told->action, .target_id = told->target };

	return details(r->mem, told->name, &entry.details, e) &&
	       audit_deed(&by, body, arg, &entry, e);
}

bool
drift_note(struct request *r, enum audit_action action, const struct uuid *target, const char *text,
    struct err *e)
{
	const struct deed_by by = request_deed_by(r);
	struct audit_entry   entry = { .action = action, .target_id = *target, .details = text };

	return audit_seldom(&by, &entry, text, NULL, e);
}
