#include "drift/alert/condition.h"

#include <string.h>

#include "core/store/tx.h"

#define KEY_MAX        64
#define TITLE_NAME_MAX 300

static char *
open_key(TALLOC_CTX *mem, const char *kind, const struct uuid *config)
{
	char id[UUID_TEXT_MAX];

	uuid_print(config, id);
	return talloc_asprintf(mem, "%s:%s", kind, id);
}

/* *open: there is one, in *alert. */
static bool
find(struct db *db, TALLOC_CTX *mem, const struct alerting *a, const char *kind,
    struct alert *alert, bool *open, struct err *e)
{
	char *key = open_key(mem, kind, &a->config_id);

	if (key == NULL)
		return err_memory(e);
	*open = alert_by_open_key(db, mem, key, alert, e);
	if (*open)
		return true;
	if (!err_take(e, ERR_MISSING))
		return false;
	*alert = (struct alert) { .id = uuid_make(a->env->clock, a->env->rand),
		.config_id = a->config_id,
		.open_key = key,
		.version = 1 };
	return true;
}

static bool
set_title(
    TALLOC_CTX *mem, const struct alerting *a, const char *text, struct alert *alert, struct err *e)
{
	alert->title = talloc_asprintf(
	    mem, "%.*s: %s", (int)strnlen(a->config_name, TITLE_NAME_MAX), a->config_name, text);
	return alert->title != NULL || err_memory(e);
}

static bool
add(struct db *db, TALLOC_CTX *mem, const struct alerting *a, const char *kind, const char *text,
    struct alert *alert, struct err *e)
{
	size_t sent;

	alert->kind = talloc_strdup(mem, kind);
	alert->severity = talloc_strdup(mem, severity_name(SEVERITY_HIGH));
	alert->status = talloc_strdup(mem, "open");
	alert->opened_at.ms = clock_ms(a->env->clock);
	alert->updated_at = alert->opened_at;
	if (alert->kind == NULL || alert->severity == NULL || alert->status == NULL)
		return err_memory(e);
	return set_title(mem, a, text, alert, e) && alert_add(db, alert, e) &&
	       alerting_tell(db, mem, a, EVENT_OPENED, alert, NULL, 0, &sent, e);
}

bool
condition_open(struct db *db, TALLOC_CTX *mem, const struct alerting *a, const char *kind,
    const char *text, struct err *e)
{
	struct alert alert;
	bool         open;

	if (!find(db, mem, a, kind, &alert, &open, e))
		return false;
	if (open)
		return true;
	if (a->report != NULL)
		alert.report_id = a->report->id;
	return add(db, mem, a, kind, text, &alert, e);
}

bool
condition_update(struct db *db, TALLOC_CTX *mem, const struct alerting *a, const char *kind,
    const char *text, int64_t changes, struct err *e)
{
	struct alert alert;
	size_t       sent;
	bool         open, done;

	if (!find(db, mem, a, kind, &alert, &open, e))
		return false;
	alert.changes = changes;
	if (a->report != NULL)
		alert.report_id = a->report->id;
	if (!open)
		return add(db, mem, a, kind, text, &alert, e);
	alert.updated_at.ms = clock_ms(a->env->clock);
	if (!set_title(mem, a, text, &alert, e) || !alert_set(db, &alert, &done, e))
		return false;
	if (!done)
		return tx_again(e);
	return alerting_tell(db, mem, a, EVENT_UPDATED, &alert, NULL, 0, &sent, e);
}

bool
condition_close(struct db *db, TALLOC_CTX *mem, const struct alerting *a, const char *kind,
    const char *note, struct err *e)
{
	struct alert alert;
	const char  *from;
	size_t       sent;
	bool         open, done;

	if (!find(db, mem, a, kind, &alert, &open, e))
		return false;
	if (!open)
		return true;
	from = alert.status;
	alert.status = talloc_strdup(mem, "resolved");
	alert.resolved_by = talloc_strdup(mem, "system");
	alert.updated_at.ms = clock_ms(a->env->clock);
	alert.resolved_at = alert.updated_at;
	alert.open_key = NULL;
	if (alert.status == NULL || alert.resolved_by == NULL)
		return err_memory(e);
	if (!alert_set(db, &alert, &done, e))
		return false;
	if (!done)
		return tx_again(e);
	return alerting_event(db, a, &alert, from, note, e) &&
	       alerting_tell(db, mem, a, EVENT_RESOLVED, &alert, NULL, 0, &sent, e);
}
