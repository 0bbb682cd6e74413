#include "drift/alert/condition.h"

#include <string.h>

#include "drift/alert/title.h"

#define KEY_MAX 64

static char *
open_key(TALLOC_CTX *mem, const char *kind, const struct uuid *config)
{
	char id[UUID_TEXT_MAX];

	uuid_print(config, id);
	return talloc_asprintf(mem, "%s:%s", kind, id);
}

/* *open: there is one, in *alert. */
static bool
find_condition(
    const struct alert_scope *s, const char *kind, struct alert *alert, bool *open, struct err *e)
{
	char *key = open_key(s->mem, kind, &s->config_id);

	if (key == NULL)
		return err_memory(e);
	*open = alert_by_open_key(s->t->db, s->mem, key, alert, e);
	if (*open)
		return true;
	*alert = (struct alert) { .id = uuid_make(s->env->clock, s->env->rand),
		.config_id = s->config_id,
		.open_key = key,
		.version = 1 };
	return err_take(e, ERR_MISSING);
}

static bool
set_title(const struct alert_scope *s, const char *text, struct alert *alert, struct err *e)
{
	alert->title = talloc_asprintf(
	    s->mem, "%.*s: %s", (int)strnlen(s->config_name, TITLE_NAME_MAX), s->config_name, text);
	if (alert->title == NULL)
		return err_memory(e);
	alert->title[str_head(str_of(alert->title), ALERT_TITLE_MAX).n] = '\0';
	return true;
}

static bool
tell_condition(
    const struct alert_scope *s, const char *event, const struct alert *alert, struct err *e)
{
	const struct alert_news news = {
		.event = event,
		.alert = alert,
		.is_new = strcmp(event, EVENT_OPENED) == 0,
		.calm = strcmp(event, EVENT_UPDATED) == 0,
	};

	return alerting_tell(s, &news, NULL, e);
}

static bool
add_condition(const struct alert_scope *s, const char *kind, const char *text, struct alert *alert,
    struct err *e)
{
	if (s->report != NULL)
		alert->report_id = s->report->id;
	alert->kind = talloc_strndup(s->mem, kind, strcspn(kind, ":"));
	alert->severity = talloc_strdup(s->mem, severity_name(SEVERITY_HIGH));
	alert->status = talloc_strdup(s->mem, "open");
	alert->opened_at.ms = clock_ms(s->env->clock);
	alert->updated_at = alert->opened_at;
	if (alert->kind == NULL || alert->severity == NULL || alert->status == NULL)
		return err_memory(e);
	return set_title(s, text, alert, e) && alert_add(s->t->db, alert, e) &&
	       tell_condition(s, EVENT_OPENED, alert, e);
}

bool
condition_open(const struct alert_scope *s, const char *kind, const char *text, struct err *e)
{
	struct alert alert;
	bool         open;

	return find_condition(s, kind, &alert, &open, e) &&
	       (open || add_condition(s, kind, text, &alert, e));
}

bool
condition_update(
    const struct alert_scope *s, const char *kind, const char *text, int64_t changes, struct err *e)
{
	struct alert alert;
	bool         open;

	if (!find_condition(s, kind, &alert, &open, e))
		return false;
	alert.changes = changes;
	if (!open)
		return add_condition(s, kind, text, &alert, e);
	if (s->report != NULL)
		alert.report_id = s->report->id;
	alert.updated_at.ms = clock_ms(s->env->clock);
	return set_title(s, text, &alert, e) && alert_write(s->t->db, &alert, e) &&
	       tell_condition(s, EVENT_UPDATED, &alert, e);
}

bool
condition_close(const struct alert_scope *s, const char *kind, const char *note, struct err *e)
{
	struct alert alert;
	const char  *from;
	bool         open;

	if (!find_condition(s, kind, &alert, &open, e))
		return false;
	if (!open)
		return true;
	from = alert.status;
	alert.status = talloc_strdup(s->mem, "resolved");
	alert.resolved_by = talloc_strdup(s->mem, "system");
	alert.updated_at.ms = clock_ms(s->env->clock);
	alert.resolved_at = alert.updated_at;
	alert.open_key = NULL;
	if (alert.status == NULL || alert.resolved_by == NULL)
		return err_memory(e);
	return alert_write(s->t->db, &alert, e) && alerting_event(s, &alert, from, note, e) &&
	       tell_condition(s, EVENT_RESOLVED, &alert, e);
}
