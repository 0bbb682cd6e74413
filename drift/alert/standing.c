#include "drift/alert/standing.h"

#include <string.h>

bool
standing_find(
    const struct alert_scope *s, const char *key, struct alert *alert, bool *open, struct err *e)
{
	*open = alert_by_open_key(s->t->db, s->mem, key, alert, e);
	return *open || err_take(e, ERR_MISSING);
}

static bool
set_title(const struct alert_scope *s, const char *title, struct alert *alert, struct err *e)
{
	struct str cut = str_head(str_of(title), ALERT_TITLE_MAX);

	alert->title = talloc_strndup(s->mem, cut.p, cut.n);
	return alert->title != NULL || err_memory(e);
}

static bool
tell(const struct alert_scope *s, const struct alert_news *of, const struct alert *alert,
    struct err *e)
{
	struct alert_news news = *of;

	news.alert = alert;
	return alerting_tell(s, &news, NULL, e);
}

/* ---- what is quiet ---- */

static bool
is_worked_on(const struct alert *a)
{
	return strcmp(a->status, "acknowledged") == 0 || strcmp(a->status, "in_progress") == 0;
}

/* It says what covers it now, in its history too. */
static bool
set_quiet(const struct alert_scope *s, struct alert *alert, struct err *e)
{
	const char *before = alert->suppressed_by;

	alert->suppressed_by = s->quiet == NULL ? NULL : talloc_strdup(s->mem, s->quiet);
	if (s->quiet != NULL && alert->suppressed_by == NULL)
		return err_memory(e);
	return alerting_suppression(s, alert, before, e);
}

/* Nobody has heard of it yet; whoever works on it already knows. */
static bool
tell_late(const struct alert_scope *s, const struct alert *alert, struct err *e)
{
	const struct alert_news news = { .event = EVENT_OPENED, .is_new = true };

	return is_worked_on(alert) || tell(s, &news, alert, e);
}

bool
standing_quiet(const struct alert_scope *s, const char *key, struct err *e)
{
	struct alert alert;
	bool         open;

	if (!standing_find(s, key, &alert, &open, e))
		return false;
	if (!open || alert.suppressed_by == NULL ||
	    (s->quiet != NULL && strcmp(s->quiet, alert.suppressed_by) == 0))
		return true;
	alert.updated_at.ms = clock_ms(s->env->clock);
	return set_quiet(s, &alert, e) && alert_write(s->t->db, &alert, e) &&
	       (alert.suppressed_by != NULL || tell_late(s, &alert, e));
}

/* ---- opening ---- */

static bool
add(const struct alert_scope *s, const struct standing *x, struct err *e)
{
	const struct alert_news news = { .event = EVENT_OPENED, .is_new = true };
	struct alert            alert = {
			   .id = uuid_make(s->env->clock, s->env->rand),
			   .config_id = s->config_id,
			   .kind = talloc_strdup(s->mem, x->kind),
			   .severity = talloc_strdup(s->mem, severity_name(x->severity)),
			   .status = talloc_strdup(s->mem, "open"),
			   .changes = x->changes,
			   .opened_at = { clock_ms(s->env->clock) },
			   .open_key = talloc_strdup(s->mem, x->key),
			   .version = 1,
	};

	if (alert.kind == NULL || alert.severity == NULL || alert.status == NULL ||
	    alert.open_key == NULL)
		return err_memory(e);
	if (s->report != NULL)
		alert.report_id = s->report->id;
	alert.updated_at = alert.opened_at;
	return set_title(s, x->title, &alert, e) && set_quiet(s, &alert, e) &&
	       alert_add(s->t->db, &alert, e) &&
	       (alert.suppressed_by != NULL || tell(s, &news, &alert, e));
}

bool
standing_open(const struct alert_scope *s, const struct standing *x, struct err *e)
{
	struct alert alert;
	bool         open;

	return standing_find(s, x->key, &alert, &open, e) &&
	       (open ? standing_quiet(s, x->key, e) : add(s, x, e));
}

/* ---- as it is now ---- */

/* Whoever took it on took on less. */
static void
open_anew(const struct alert_scope *s, struct alert *alert, struct alert_news *news)
{
	news->escalated = is_worked_on(alert);
	if (!news->escalated)
		return;
	alert->acknowledged_by = NULL;
	alert->acknowledged_at = (instant) { 0 };
	alert->status = talloc_strdup(s->mem, "open");
}

static bool
set_again(const struct alert_scope *s, const char *again, struct alert *alert,
    struct alert_news *news, struct err *e)
{
	const char *from = alert->status;

	if (again == NULL)
		return true;
	news->calm = false;
	open_anew(s, alert, news);
	return alert->status != NULL ? alerting_event(s, alert, from, again, e) : err_memory(e);
}

/* A line of its history, should it have changed. */
static bool
set_severity(const struct alert_scope *s, enum severity is, struct alert *alert,
    struct alert_news *news, struct err *e)
{
	enum severity was = SEVERITY_INFO;
	const char   *from = alert->status, *before = alert->severity;
	char         *note;

	(void)severity_parse(str_of(before), &was);
	if (is == was)
		return true;
	note = talloc_asprintf(s->mem, "Its severity %s from %s to %s.", is > was ? "rose" : "fell",
	    before, severity_name(is));
	alert->severity = talloc_strdup(s->mem, severity_name(is));
	news->severity_before = before;
	news->calm = false;
	if (is > was)
		open_anew(s, alert, news);
	if (note == NULL || alert->severity == NULL || alert->status == NULL)
		return err_memory(e);
	return alerting_event(s, alert, from, note, e);
}

bool
standing_update(const struct alert_scope *s, const struct standing *x, struct err *e)
{
	struct alert_news news = { .event = EVENT_UPDATED, .calm = true };
	struct alert      alert;
	bool              open, unheard;

	if (!standing_find(s, x->key, &alert, &open, e))
		return false;
	if (!open)
		return add(s, x, e);
	if (s->report != NULL)
		alert.report_id = s->report->id;
	alert.changes = x->changes;
	alert.updated_at.ms = clock_ms(s->env->clock);
	unheard = alert.suppressed_by != NULL;
	if (!set_title(s, x->title, &alert, e) || !set_again(s, x->again, &alert, &news, e) ||
	    !set_severity(s, x->severity, &alert, &news, e) ||
	    (unheard && !set_quiet(s, &alert, e)) || !alert_write(s->t->db, &alert, e))
		return false;
	if (alert.suppressed_by != NULL)
		return true;
	return unheard ? tell_late(s, &alert, e) : tell(s, &news, &alert, e);
}

/* ---- what is said of it ---- */

/* With the words at its end, for which it is cut; *says: it has them already. */
static bool
add_words(
    const struct alert_scope *s, const char *words, struct alert *alert, bool *says, struct err *e)
{
	const struct str was = str_of(alert->title), end = str_of(words);
	const struct str head = str_head(was, ALERT_TITLE_MAX - end.n);

	*says = was.n >= end.n && memcmp(was.p + was.n - end.n, end.p, end.n) == 0;
	if (*says)
		return true;
	alert->title = talloc_asprintf(s->mem, "%.*s%s", (int)head.n, head.p, words);
	return alert->title != NULL || err_memory(e);
}

bool
standing_say(
    const struct alert_scope *s, const char *key, const struct standing_words *words, struct err *e)
{
	const struct alert_news news = { .event = EVENT_UPDATED };
	struct alert            alert;
	bool                    open, says;

	if (!standing_find(s, key, &alert, &open, e))
		return false;
	if (!open)
		return true;
	if (!add_words(s, words->title, &alert, &says, e) || says)
		return says;
	alert.updated_at.ms = clock_ms(s->env->clock);
	return alert_write(s->t->db, &alert, e) &&
	       alerting_event(s, &alert, alert.status, words->note, e) && tell(s, &news, &alert, e);
}

/* ---- its end ---- */

bool
standing_close(const struct alert_scope *s, const char *key, const char *note, struct err *e)
{
	const struct alert_news news = { .event = EVENT_RESOLVED };
	struct alert            alert;
	const char             *from;
	bool                    open;

	if (!standing_find(s, key, &alert, &open, e))
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
	       (alert.suppressed_by != NULL || tell(s, &news, &alert, e));
}
