#include "drift/alert/alerting.h"

#include <stdlib.h>
#include <string.h>

#include "core/store/alert/channel.h"
#include "core/store/drift/finding.h"
#include "core/store/tx.h"
#include "drift/alert/explain.h"
#include "drift/alert/message.h"

#define TITLE_NAME_MAX 300 /* bytes of a config's name in a title */

void
alerting_open_key(const struct uuid *config, char out[static ALERT_OPEN_KEY_MAX])
{
	memcpy(out, "drift:", 6);
	uuid_print(config, out + 6);
}

/* ---- telling ---- */

static bool
tell_one(struct db *db, TALLOC_CTX *mem, const struct alerting *a,
    const struct alert_target *target, const char *event, const struct alert *alert,
    struct str body, size_t *sent, struct err *e)
{
	enum severity  severity = SEVERITY_CRITICAL;
	struct channel c;

	(void)severity_parse(str_of(alert->severity), &severity);
	if (severity < target->min_severity)
		return true;
	if (!channel_by_id(db, mem, &target->channel_id, &c, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return true;
	}
	if (strcmp(c.status, "active") != 0)
		return true;
	(*sent)++;
	return message_post(db, mem, a->env, a->t, &c.id, &alert->id, event, body, NULL, e);
}

bool
alerting_tell(struct db *db, TALLOC_CTX *mem, const struct alerting *a, const char *event,
    const struct alert *alert, const size_t *order, size_t order_n, size_t *sent, struct err *e)
{
	struct str body;

	*sent = 0;
	if (a->targets_n == 0)
		return true;
	if (!message_print(mem, a, event, alert, order, order_n, &body, e))
		return false;
	for (size_t i = 0; i < a->targets_n; i++)
		if (!tell_one(db, mem, a, &a->targets[i], event, alert, body, sent, e))
			return false;
	return true;
}

/* Why, in the report. */
static bool
explain(TALLOC_CTX *mem, const struct alerting *a, const struct decide_in *in,
    const struct decision *d, enum why why, struct err *e)
{
	const struct explain x = { .in = in,
		.d = d,
		.runs = a->runs,
		.tolerated = a->tolerated,
		.silence = a->silence,
		.incomplete_runs = a->incomplete_runs };

	return explain_print(mem, &x, why, &a->report->not_alerted, e);
}

/* ---- the alert ---- */

static bool
set_title(TALLOC_CTX *mem, const struct alerting *a, const struct decision *d, struct alert *alert,
    struct err *e)
{
	size_t n = strnlen(a->config_name, TITLE_NAME_MAX);

	alert->title = talloc_asprintf(mem, "%zu change%s in %.*s (%zu %s)", d->n,
	    d->n == 1 ? "" : "s", (int)n, a->config_name, d->at_max, severity_name(d->max));
	return alert->title != NULL ? true : err_memory(e);
}

static bool
set_suppressed(TALLOC_CTX *mem, const struct alerting *a, const struct decision *d,
    struct alert *alert, struct err *e)
{
	alert->suppressed_by = NULL;
	if (!d->suppressed)
		return true;
	alert->suppressed_by =
	    talloc_strdup(mem, d->silenced && a->silence != NULL ? a->silence : "flapping");
	return alert->suppressed_by != NULL || err_memory(e);
}

/* A line of history when what keeps the alert quiet begins, ends or is another. */
static bool
tell_suppression(struct db *db, const struct alerting *a, const struct alert *alert,
    const char *before, struct err *e)
{
	const char          *now = alert->suppressed_by;
	struct finding_event v = { .id = uuid_make(a->env->clock, a->env->rand),
		.subject = { alert->id.b, sizeof(alert->id.b) },
		.at = alert->updated_at,
		.actor = "system",
		.from_status = before == NULL ? alert->status : "suppressed",
		.to_status = now == NULL ? alert->status : "suppressed",
		.note = now == NULL ? "Nothing suppresses it any more." : now };

	if (before == now || (before != NULL && now != NULL && strcmp(before, now) == 0))
		return true;
	return finding_event_add(db, &v, 1, e);
}

static bool
write_alert(struct db *db, struct alert *alert, struct err *e)
{
	bool done;

	if (!alert_set(db, alert, &done, e))
		return false;
	return done ? true : tx_again(e);
}

static bool
open_alert(struct db *db, TALLOC_CTX *mem, const struct alerting *a, struct decision *d,
    struct alert *alert, instant now, struct err *e)
{
	char key[ALERT_OPEN_KEY_MAX];

	alerting_open_key(&a->config_id, key);
	*alert = (struct alert) { .id = uuid_make(a->env->clock, a->env->rand),
		.config_id = a->config_id,
		.report_id = a->report->id,
		.kind = talloc_strdup(mem, "drift"),
		.status = talloc_strdup(mem, "open"),
		.severity = talloc_strdup(mem, severity_name(d->max)),
		.changes = (int64_t)d->n,
		.opened_at = now,
		.updated_at = now,
		.open_key = talloc_strdup(mem, key),
		.version = 1 };
	if (alert->kind == NULL || alert->status == NULL || alert->severity == NULL ||
	    alert->open_key == NULL)
		return err_memory(e);
	for (size_t i = 0; i < d->now_n; i++)
		d->now[i].alert_id = alert->id;
	return set_suppressed(mem, a, d, alert, e) && set_title(mem, a, d, alert, e) &&
	       alert_add(db, alert, e) && tell_suppression(db, a, alert, NULL, e) &&
	       (d->suppressed || told_put(db, d->now, d->now_n, e));
}

static bool
raise_severity(TALLOC_CTX *mem, struct alert *alert, enum severity max, struct err *e)
{
	enum severity old = SEVERITY_INFO;

	(void)severity_parse(str_of(alert->severity), &old);
	if (max > old)
		alert->severity = talloc_strdup(mem, severity_name(max));
	return alert->severity != NULL ? true : err_memory(e);
}

static bool
update_alert(struct db *db, TALLOC_CTX *mem, const struct alerting *a, const struct decision *d,
    struct alert *alert, instant now, struct err *e)
{
	const char *before = alert->suppressed_by;

	alert->report_id = a->report->id;
	alert->changes = (int64_t)d->n;
	alert->updated_at = now;
	if (d->n > 0 && (!raise_severity(mem, alert, d->max, e) || !set_title(mem, a, d, alert, e)))
		return false;
	if (!set_suppressed(mem, a, d, alert, e) || !write_alert(db, alert, e) ||
	    !tell_suppression(db, a, alert, before, e))
		return false;
	/* What it would tell is told when the silence ends, or the flapping. */
	return d->suppressed || (told_put(db, d->fresh, d->fresh_n, e) &&
				    (!d->forget || told_drop(db, d->gone, d->gone_n, e)));
}

bool
alerting_event(struct db *db, const struct alerting *a, const struct alert *alert, const char *from,
    const char *note, struct err *e)
{
	const struct finding_event v = { .id = uuid_make(a->env->clock, a->env->rand),
		.subject = { alert->id.b, sizeof(alert->id.b) },
		.at = alert->updated_at,
		.actor = "system",
		.from_status = from,
		.to_status = alert->status,
		.note = note };

	return finding_event_add(db, &v, 1, e);
}

static bool
resolve_alert(struct db *db, TALLOC_CTX *mem, const struct alerting *a, struct alert *alert,
    instant now, struct err *e)
{
	const char *from = alert->status;

	alert->report_id = a->report->id;
	alert->changes = 0;
	alert->updated_at = now;
	alert->resolved_at = now;
	alert->resolved_by = talloc_strdup(mem, "system");
	alert->status = talloc_strdup(mem, "resolved");
	alert->open_key = NULL;
	if (alert->resolved_by == NULL || alert->status == NULL)
		return err_memory(e);
	return write_alert(db, alert, e) &&
	       alerting_event(db, a, alert, from, "No finding is left.", e);
}

/* ---- carrying out ---- */

static bool
do_deed(struct db *db, TALLOC_CTX *mem, const struct alerting *a, struct decision *d,
    struct alert *alert, struct err *e)
{
	instant now = { clock_ms(a->env->clock) };

	if (d->deed == DEED_OPEN)
		return open_alert(db, mem, a, d, alert, now, e);
	if (d->deed == DEED_UPDATE)
		return update_alert(db, mem, a, d, alert, now, e);
	return d->deed == DEED_NONE || resolve_alert(db, mem, a, alert, now, e);
}

/* *in: the findings of the report, and what the config's open alert has told. */
static bool
read_open(struct db *db, TALLOC_CTX *mem, const struct alerting *a, struct decide_in *in,
    struct alert *alert, struct err *e)
{
	char         key[ALERT_OPEN_KEY_MAX];
	struct told *told = NULL;

	*in = (struct decide_in) { .limits = a->limits,
		.changes = a->changes,
		.holds = a->holds,
		.n = a->n,
		.flaps = a->flaps,
		.complete = a->complete,
		.again = a->again,
		.clean_runs = a->clean_runs };
	alerting_open_key(&a->config_id, key);
	if (!alert_by_open_key(db, mem, key, alert, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return true;
	}
	in->alert = alert->id;
	in->suppressed = alert->suppressed_by != NULL;
	in->maintenance = in->suppressed && strncmp(alert->suppressed_by, "maintenance:", 12) == 0;
	if (!told_list(db, mem, &alert->id, &told, &in->told_n, e))
		return false;
	in->told = told;
	return true;
}

static const char *
event_of(const struct decide_in *in, const struct decision *d)
{
	return d->deed == DEED_RESOLVE                     ? EVENT_RESOLVED
	       : uuid_is_nil(&in->alert) || in->suppressed ? EVENT_OPENED
							   : EVENT_UPDATED;
}

bool
alerting_apply(struct db *db, TALLOC_CTX *mem, struct alerting *a, struct err *e)
{
	struct alert     alert = { 0 };
	struct decide_in in = { .limits = a->limits };
	struct decision  d = { 0 };
	size_t           sent = 1;

	a->deed = DEED_NONE;
	if (strcmp(a->report->status, "baseline") == 0)
		return explain(mem, a, &in, &d, WHY_FIRST_SNAPSHOT, e);
	if (!a->in_order)
		return explain(mem, a, &in, &d, WHY_OUT_OF_ORDER, e);
	if (!read_open(db, mem, a, &in, &alert, e) || !decide(mem, &in, &d, e) ||
	    !do_deed(db, mem, a, &d, &alert, e))
		return false;
	if (d.told && !alerting_tell(db, mem, a, event_of(&in, &d), &alert, d.order, d.n, &sent, e))
		return false;
	a->deed = d.deed;
	a->clean_runs = d.clean_runs;
	a->go_on = d.go_on;
	return explain(mem, a, &in, &d, sent == 0 ? WHY_NO_CHANNEL : d.why, e);
}
