#include "drift/alert/alerting.h"

#include <string.h>

#include "core/store/drift/finding.h"
#include "drift/alert/explain.h"
#include "drift/attribution/attribution.h"
#include "drift/engine/control.h"

void
alerting_open_key(const struct uuid *config, char out[static ALERT_OPEN_KEY_MAX])
{
	memcpy(out, "drift:", 6);
	uuid_print(config, out + 6);
}

/* ---- the alert ---- */

/* The drift alert of a config at one report. */
struct deed_of_drift {
	const struct alert_scope *s;
	const struct alert_input *in;
	struct decide_in          known;
	struct decision           d;
	struct alert              alert;
	struct alert_control     *controls; /* that it has, by their texts */
	size_t                    controls_n;
	struct alert_routing      routing;
	const char               *severity_before; /* NULL: it stays */
	bool                      escalated;
	struct raw_json           makers;     /* after this */
	bool                      attributed; /* it was told without, and has one now */
	instant                   now;
};

/* By the worst of its findings. */
static bool
set_title(struct deed_of_drift *w, struct err *e)
{
	size_t                worst = w->d.order[0];
	const struct title_in in = { &w->in->changes[worst], &w->in->texts[worst], w->d.n };

	return title_set(w->s->t, w->s->mem, &in, &w->alert, e);
}

static bool
set_suppressed(struct deed_of_drift *w, struct err *e)
{
	const char *by = w->d.silenced && w->in->silence != NULL ? w->in->silence : "flapping";

	w->alert.suppressed_by = NULL;
	if (!w->d.suppressed)
		return true;
	w->alert.suppressed_by = talloc_strdup(w->s->mem, by);
	return w->alert.suppressed_by != NULL || err_memory(e);
}

bool
alerting_suppression(
    const struct alert_scope *s, const struct alert *alert, const char *before, struct err *e)
{
	const char          *now = alert->suppressed_by;
	struct finding_event v = { .id = uuid_make(s->env->clock, s->env->rand),
		.subject = { alert->id.b, sizeof(alert->id.b) },
		.at = alert->updated_at,
		.actor = "system",
		.from_status = before == NULL ? alert->status : "suppressed",
		.to_status = now == NULL ? alert->status : "suppressed",
		.note = now == NULL ? "Nothing suppresses it any more." : now };

	if (before == now || (before != NULL && now != NULL && strcmp(before, now) == 0))
		return true;
	return finding_event_add(s->t->db, &v, 1, e);
}

/* What the rules of its findings name, as far as it has not got them. */
static bool
put_controls(const struct deed_of_drift *w, struct err *e)
{
	const struct decision *d = &w->d;
	const struct strings **of = talloc_size(w->s->mem, (d->n + 1) * sizeof(of[0]));
	struct alert_control  *rows;
	struct strings         all;
	size_t                 named = 0, n = 0, k = 0;

	if (of == NULL)
		return err_memory(e);
	for (size_t i = 0; i < d->n; i++)
		if (w->in->changes[d->order[i]].controls != NULL)
			of[named++] = w->in->changes[d->order[i]].controls;
	if (!controls_join(w->s->mem, of, named, &all, e))
		return false;
	rows = talloc_size(w->s->mem, (all.n + 1) * sizeof(rows[0]));
	if (rows == NULL)
		return err_memory(e);
	for (size_t i = 0; i < all.n; i++) {
		while (k < w->controls_n && strcmp(w->controls[k].control, all.items[i]) < 0)
			k++;
		if (k == w->controls_n || strcmp(w->controls[k].control, all.items[i]) != 0)
			rows[n++] = (struct alert_control) { w->alert.id, all.items[i] };
	}
	return n == 0 || alert_control_put(w->s->t->db, rows, n, e);
}

static bool
open_alert(struct deed_of_drift *w, struct err *e)
{
	const struct alert_scope *s = w->s;
	struct alert             *alert = &w->alert;
	struct decision          *d = &w->d;
	char                      key[ALERT_OPEN_KEY_MAX];

	alerting_open_key(&s->config_id, key);
	*alert = (struct alert) {
		.id = uuid_make(s->env->clock, s->env->rand),
		.config_id = s->config_id,
		.report_id = s->report->id,
		.kind = talloc_strdup(s->mem, "drift"),
		.status = talloc_strdup(s->mem, "open"),
		.severity = talloc_strdup(s->mem, severity_name(d->max)),
		.changes = (int64_t)d->n,
		.opened_at = w->now,
		.updated_at = w->now,
		.open_key = talloc_strdup(s->mem, key),
		.attribution = w->makers,
		.version = 1,
	};
	if (alert->kind == NULL || alert->status == NULL || alert->severity == NULL ||
	    alert->open_key == NULL)
		return err_memory(e);
	for (size_t i = 0; i < d->now_n; i++)
		d->now[i].alert_id = alert->id;
	return set_suppressed(w, e) && set_title(w, e) && alert_add(s->t->db, alert, e) &&
	       alerting_suppression(s, alert, NULL, e) && put_controls(w, e) &&
	       (d->suppressed || told_put(s->t->db, d->now, d->now_n, e));
}

bool
alerting_event(const struct alert_scope *s, const struct alert *alert, const char *from,
    const char *note, struct err *e)
{
	const struct finding_event v = { .id = uuid_make(s->env->clock, s->env->rand),
		.subject = { alert->id.b, sizeof(alert->id.b) },
		.at = alert->updated_at,
		.actor = "system",
		.from_status = from,
		.to_status = alert->status,
		.note = note };

	return finding_event_add(s->t->db, &v, 1, e);
}

static bool
is_worked_on(const struct alert *a)
{
	return strcmp(a->status, "acknowledged") == 0 || strcmp(a->status, "in_progress") == 0;
}

/* Nobody has seen what is worse than what they took on. */
static bool
open_anew(struct deed_of_drift *w, struct err *e)
{
	w->escalated = true;
	w->alert.acknowledged_by = NULL;
	w->alert.acknowledged_at = (instant) { 0 };
	w->alert.status = talloc_strdup(w->s->mem, "open");
	return w->alert.status != NULL || err_memory(e);
}

static bool
set_severity(struct deed_of_drift *w, struct err *e)
{
	struct alert *alert = &w->alert;
	enum severity was = w->known.severity, is = w->d.severity;

	if (is == was)
		return true;
	w->severity_before = severity_name(was);
	alert->severity = talloc_strdup(w->s->mem, severity_name(is));
	if (alert->severity == NULL)
		return err_memory(e);
	return is < was || !is_worked_on(alert) || open_anew(w, e);
}

static bool
tell_severity(const struct deed_of_drift *w, const char *status, struct err *e)
{
	bool  rose = w->d.severity > w->known.severity;
	char *note;

	if (w->severity_before == NULL)
		return true;
	note = talloc_asprintf(w->s->mem, "Its severity %s from %s to %s.", rose ? "rose" : "fell",
	    w->severity_before, w->alert.severity);
	return note != NULL ? alerting_event(w->s, &w->alert, status, note, e) : err_memory(e);
}

/* Whom, is withheld from some: not here. */
static bool
tell_makers(const struct deed_of_drift *w, struct err *e)
{
	return !w->attributed || alerting_event(w->s, &w->alert, w->alert.status,
				     "It has become known who made changes of it.", e);
}

static bool
update_alert(struct deed_of_drift *w, struct err *e)
{
	const struct alert_scope *s = w->s;
	const struct decision    *d = &w->d;
	struct alert             *alert = &w->alert;
	const char               *before = alert->suppressed_by, *status = alert->status;

	alert->report_id = s->report->id;
	alert->changes = (int64_t)d->n;
	alert->updated_at = w->now;
	alert->attribution = w->makers;
	if (d->n > 0 && (!set_severity(w, e) || !set_title(w, e)))
		return false;
	if (!set_suppressed(w, e) || !alert_write(w->s->t->db, &w->alert, e) ||
	    !alerting_suppression(s, &w->alert, before, e) || !tell_severity(w, status, e) ||
	    !tell_makers(w, e) || !put_controls(w, e))
		return false;
	/* What it would tell is told when the silence ends, or the flapping. */
	return d->suppressed || (told_put(s->t->db, d->fresh, d->fresh_n, e) &&
				    (!d->forget || told_drop(s->t->db, d->gone, d->gone_n, e)));
}

static bool
resolve_alert(struct deed_of_drift *w, struct err *e)
{
	struct alert *alert = &w->alert;
	const char   *from = alert->status, *note = "No finding is left.";

	if (!title_open(w->s->t, w->s->mem, alert, e))
		return false;
	alert->report_id = w->s->report->id;
	alert->changes = 0;
	alert->updated_at = w->now;
	alert->resolved_at = w->now;
	alert->resolved_by = talloc_strdup(w->s->mem, "system");
	alert->status = talloc_strdup(w->s->mem, "resolved");
	alert->open_key = NULL;
	if (alert->resolved_by == NULL || alert->status == NULL)
		return err_memory(e);
	if (w->in->let_go != NULL)
		note = talloc_asprintf(w->s->mem, "No finding is left. %s", w->in->let_go);
	if (note == NULL)
		return err_memory(e);
	return alert_write(w->s->t->db, &w->alert, e) && alerting_event(w->s, alert, from, note, e);
}

/* ---- carrying out ---- */

static bool
do_deed(struct deed_of_drift *w, struct err *e)
{
	w->now.ms = clock_ms(w->s->env->clock);
	switch (w->d.deed) {
	case DEED_OPEN:
		return open_alert(w, e);
	case DEED_UPDATE:
		return update_alert(w, e);
	case DEED_RESOLVE:
		return resolve_alert(w, e);
	case DEED_NONE:
		break;
	}
	return true;
}

/* The findings of the report, and what the config's open alert has told. */
static bool
read_open(struct deed_of_drift *w, struct err *e)
{
	struct decide_in   *k = &w->known;
	const struct alert *alert = &w->alert;
	struct alert_open   open;
	char                key[ALERT_OPEN_KEY_MAX];

	alerting_open_key(&w->s->config_id, key);
	if (!alert_open_with_told(w->s->t->db, w->s->mem, key, &open, e))
		return false;
	w->alert = open.alert;
	w->controls = open.controls;
	w->controls_n = open.controls_n;
	w->routing = open.routing;
	if (!open.found)
		return true;
	k->alert = alert->id;
	(void)severity_parse(str_of(alert->severity), &k->severity);
	k->suppressed = alert->suppressed_by != NULL;
	k->maintenance = k->suppressed && strncmp(alert->suppressed_by, "maintenance:", 12) == 0;
	k->told = open.told;
	k->told_n = open.n;
	return true;
}

/* Of the worst of its findings; the others are as a rule of the same deeds. */
static bool
know_makers(struct deed_of_drift *w, struct err *e)
{
	TALLOC_CTX      *mem = w->s->mem;
	struct decision *d = &w->d;
	const size_t     n = d->n < ATTRIBUTION_CHANGES_MAX ? d->n : ATTRIBUTION_CHANGES_MAX;
	const char     **kept = talloc_zero_array(mem, const char *, (unsigned)n + 1);
	struct attribution_texts of = { kept, n };
	const char              *was = w->alert.attribution.text;
	bool                     known;

	w->makers = w->alert.attribution;
	if (kept == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		kept[i] = w->in->texts[d->order[i]].attribution;
	if (!attribution_merge(mem, was, &of, &w->makers.text, e))
		return false;
	if (uuid_is_nil(&w->known.alert) || w->makers.text == NULL ||
	    (was != NULL && strcmp(was, w->makers.text) == 0))
		return true;
	known = attribution_is_known(mem, w->makers.text) && !attribution_is_known(mem, was);
	w->attributed = known && !w->known.suppressed && !d->suppressed;
	if (d->deed == DEED_NONE && d->n > 0)
		d->deed = DEED_UPDATE;
	return true;
}

static const char *
event_of(const struct deed_of_drift *w)
{
	return w->d.deed == DEED_RESOLVE                             ? EVENT_RESOLVED
	       : uuid_is_nil(&w->known.alert) || w->known.suppressed ? EVENT_OPENED
								     : EVENT_UPDATED;
}

static bool
tell_deed(const struct deed_of_drift *w, size_t *sent, struct err *e)
{
	struct alert_news news = {
		.event = event_of(w),
		.alert = &w->alert,
		.severity_before = w->severity_before,
		.escalated = w->escalated,
		.is_new = w->d.deed == DEED_OPEN,
		.ended_only = !w->d.told,
		.ended = (int64_t)w->d.ended,
		.changes = w->in->changes,
		.texts = w->in->texts,
		.order = w->d.order,
		.n = w->d.n,
		.routing = &w->routing,
	};

	if (w->d.told)
		return alerting_tell(w->s, &news, sent, e);
	if (w->d.ended > 0 && !alerting_tell(w->s, &news, NULL, e))
		return false;
	if (!w->attributed || w->d.deed != DEED_UPDATE)
		return true;
	news.event = EVENT_ATTRIBUTED;
	news.ended_only = false;
	return alerting_tell(w->s, &news, NULL, e);
}

/* Why, for the report. */
static bool
explain(const struct deed_of_drift *w, enum why why, struct alert_outcome *out, struct err *e)
{
	const struct explain x = { .in = &w->known,
		.d = &w->d,
		.runs = w->in->runs,
		.tolerated = w->in->tolerated,
		.silence = w->in->silence,
		.incomplete_runs = w->in->incomplete_runs };

	return explain_print(w->s->mem, &x, why, &out->not_alerted, e);
}

bool
alerting_apply(const struct alert_scope *s, const struct alert_input *in, struct alert_outcome *out,
    struct err *e)
{
	struct deed_of_drift w = { .s = s, .in = in, .known = { .limits = in->limits } };
	size_t               sent = 1;

	*out = (struct alert_outcome) { .clean_runs = in->clean_runs };
	if (strcmp(s->report->status, "baseline") == 0)
		return explain(&w, WHY_FIRST_SNAPSHOT, out, e);
	if (!in->in_order)
		return explain(&w, WHY_OUT_OF_ORDER, out, e);
	w.known = (struct decide_in) { .limits = in->limits,
		.changes = in->changes,
		.holds = in->holds,
		.n = in->n,
		.flaps = in->flaps,
		.complete = in->complete,
		.read = in->read,
		.unread = in->unread,
		.again = in->again,
		.let_go = in->let_go != NULL,
		.clean_runs = in->clean_runs,
		.clearing = in->clearing,
		.clearing_n = in->clearing_n };
	if (!read_open(&w, e) || !decide(s->mem, &w.known, &w.d, e) || !know_makers(&w, e) ||
	    !do_deed(&w, e) || !tell_deed(&w, &sent, e))
		return false;
	out->deed = w.d.deed;
	out->clean_runs = w.d.clean_runs;
	out->cleared = w.d.cleared;
	out->go_on = w.d.go_on;
	out->waits = w.d.why == WHY_MIN_CHANGES || w.d.why == WHY_MIN_SCORE;
	return explain(&w, sent == 0 ? WHY_NO_CHANNEL : w.d.why, out, e);
}
