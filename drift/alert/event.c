#include "drift/alert/event.h"

#include <string.h>

#include "core/json/schema.h"
#include "drift/alert/announced.h"
#include "drift/attribution/attribution.h"

/* ---- the open form ---- */

static const struct field open_tenant_fields[] = {
	FIELD(struct event_tenant, id),
	FIELD(struct event_tenant, slug),
	FIELD_END,
};
static const struct schema open_tenant =
    SCHEMA("EventTenant", struct event_tenant, open_tenant_fields);

static const struct field open_config_fields[] = {
	FIELD(struct event_config, id),
	FIELD(struct event_config, name),
	FIELD_END,
};
static const struct schema open_config =
    SCHEMA("EventConfig", struct event_config, open_config_fields);

static const struct field open_alert_fields[] = {
	FIELD(struct event_alert, id),
	FIELD(struct event_alert, kind),
	FIELD(struct event_alert, severity),
	FIELD(struct event_alert, status),
	FIELD(struct event_alert, title),
	FIELD(struct event_alert, opened_at),
	FIELD(struct event_alert, severity_before, .flags = FIELD_OMIT_ZERO),
	FIELD(struct event_alert, escalated, .flags = FIELD_OMIT_ZERO),
	FIELD(struct event_alert, attribution, .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema open_alert = SCHEMA("EventAlert", struct event_alert, open_alert_fields);

static const struct field open_summary_fields[] = {
	FIELD(struct event_summary, created),
	FIELD(struct event_summary, modified),
	FIELD(struct event_summary, deleted),
	FIELD(struct event_summary, moved, .flags = FIELD_OMIT_ZERO),
	FIELD(struct event_summary, by_severity),
	FIELD_END,
};
static const struct schema open_summary =
    SCHEMA("EventSummary", struct event_summary, open_summary_fields);

static const struct field open_report_fields[] = {
	FIELD(struct event_report, id),
	FIELD(struct event_report, summary, .item = &open_summary),
	FIELD(struct event_report, score),
	FIELD(struct event_report, max_severity),
	FIELD_END,
};
static const struct schema open_report =
    SCHEMA("EventReport", struct event_report, open_report_fields);

static const struct field open_change_fields[] = {
	FIELD(struct event_change, category),
	FIELD(struct event_change, key),
	FIELD(struct event_change, op),
	FIELD(struct event_change, path),
	FIELD(struct event_change, severity),
	FIELD(struct event_change, rule),
	FIELD(struct event_change, reason),
	FIELD(struct event_change, controls, .flags = FIELD_OMIT_ZERO),
	FIELD(struct event_change, renamed_from, .flags = FIELD_OMIT_ZERO),
	FIELD(struct event_change, renamed_severity, .flags = FIELD_OMIT_ZERO),
	FIELD(struct event_change, old_value, .flags = FIELD_OMIT_ZERO),
	FIELD(struct event_change, old_value_truncated, .flags = FIELD_OMIT_ZERO),
	FIELD(struct event_change, new_value, .flags = FIELD_OMIT_ZERO),
	FIELD(struct event_change, new_value_truncated, .flags = FIELD_OMIT_ZERO),
	FIELD(struct event_change, text_diff, .flags = FIELD_OMIT_ZERO),
	FIELD(struct event_change, attribution, .flags = FIELD_OMIT_ZERO),
	FIELD(struct event_change, announced, .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema open_change =
    SCHEMA("EventChange", struct event_change, open_change_fields);

static const struct field open_work_fields[] = {
	FIELD(struct event_work, by),
	FIELD(struct event_work, via),
	FIELD(struct event_work, status_before),
	FIELD(struct event_work, note, .flags = FIELD_OMIT_ZERO),
	FIELD(struct event_work, assigned_to, .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema open_work = SCHEMA("EventWork", struct event_work, open_work_fields);

#define LINKS                                                                                      \
	FIELD(struct event_links, alert, .flags = FIELD_NULLABLE),                                 \
	    FIELD(struct event_links, report, .flags = FIELD_OMIT_ZERO | FIELD_NULLABLE)

static const struct field open_escalation_fields[] = {
	FIELD(struct event_escalation, route),
	FIELD(struct event_escalation, step),
	FIELD(struct event_escalation, steps),
	FIELD(struct event_escalation, again),
	FIELD(struct event_escalation, waited_s),
	FIELD_END,
};
static const struct schema open_escalation =
    SCHEMA("EventEscalation", struct event_escalation, open_escalation_fields);

static const struct field link_fields[] = {
	LINKS,
	FIELD_END,
};
static const struct schema links_schema = SCHEMA("EventLinks", struct event_links, link_fields);

static const struct field answers_fields[] = {
	FIELD(struct event_answers, acknowledge, .flags = FIELD_OMIT_ZERO),
	FIELD(struct event_answers, resolve),
	FIELD(struct event_answers, accept, .flags = FIELD_OMIT_ZERO),
	FIELD(struct event_answers, expires_at),
	FIELD_END,
};
static const struct schema answers_schema =
    SCHEMA("EventAnswers", struct event_answers, answers_fields);

static const struct field listed_fields[] = {
	FIELD(struct event_listed, id, .flags = FIELD_NULLABLE),
	FIELD(struct event_listed, event),
	FIELD(struct event_listed, severity),
	FIELD(struct event_listed, kind),
	FIELD(struct event_listed, status),
	FIELD(struct event_listed, title),
	FIELD(struct event_listed, config, .item = &open_config, .flags = FIELD_OMIT_ZERO),
	FIELD(struct event_listed, opened_at, .flags = FIELD_OMIT_ZERO),
	FIELD(struct event_listed, never_sent, .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema listed_schema =
    SCHEMA("EventListed", struct event_listed, listed_fields);

static const struct field list_links_fields[] = {
	FIELD(struct event_links, alerts),
	FIELD_END,
};
static const struct schema list_links =
    SCHEMA("EventListLinks", struct event_links, list_links_fields);

static const struct field many_fields[] = {
	FIELD(struct event_many, reason),
	FIELD(struct event_many, route, .flags = FIELD_OMIT_ZERO),
	FIELD(struct event_many, alerts, .item = &listed_schema),
	FIELD(struct event_many, alerts_total),
	FIELD(struct event_many, resolved),
	FIELD(struct event_many, by_severity),
	FIELD_END,
};
static const struct schema many_schema = SCHEMA("EventMany", struct event_many, many_fields);

static const struct field summary_fields[] = {
	FIELD(struct alert_event, tenant, .item = &open_tenant),
	FIELD_AS(struct alert_event, many, "summary", .item = &many_schema),
	FIELD(struct alert_event, links, .item = &list_links),
	FIELD_END,
};
static const struct schema summary_schema =
    SCHEMA("EventSummaryData", struct alert_event, summary_fields);

#define OPEN_HEAD                                                                                  \
	FIELD(struct alert_event, tenant, .item = &open_tenant),                                   \
	    FIELD(struct alert_event, config, .item = &open_config, .flags = FIELD_OMIT_ZERO),     \
	    FIELD(struct alert_event, alert, .item = &open_alert, .flags = FIELD_OMIT_ZERO),       \
	    FIELD(struct alert_event, report, .item = &open_report, .flags = FIELD_OMIT_ZERO)

static const struct field head_fields[] = {
	OPEN_HEAD,
	FIELD_END,
};
static const struct schema head_schema = SCHEMA("EventHead", struct alert_event, head_fields);

static const struct field data_fields[] = {
	OPEN_HEAD,
	FIELD(struct alert_event, changes, .item = &open_change),
	FIELD(struct alert_event, changes_total),
	FIELD(struct alert_event, links, .item = &links_schema),
	FIELD(struct alert_event, answers, .item = &answers_schema, .flags = FIELD_OMIT_ZERO),
	FIELD(struct alert_event, ended, .flags = FIELD_OMIT_ZERO),
	FIELD(struct alert_event, work, .item = &open_work, .flags = FIELD_OMIT_ZERO),
	FIELD(struct alert_event, escalation, .item = &open_escalation, .flags = FIELD_OMIT_ZERO),
	FIELD(struct alert_event, folded, .flags = FIELD_OMIT_ZERO),
	FIELD(struct alert_event, never_sent, .flags = FIELD_OMIT_ZERO),
	FIELD(struct alert_event, below_min_severity, .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema data_schema = SCHEMA("EventData", struct alert_event, data_fields);

struct envelope {
	const char               *type;
	instant                   timestamp;
	const struct alert_event *data;
};
#define ENVELOPE(name, title, of)                                                                  \
	static const struct field name##_fields[] = {                                              \
		FIELD(struct envelope, type),                                                      \
		FIELD(struct envelope, timestamp),                                                 \
		FIELD(struct envelope, data, .item = &(of)),                                       \
		FIELD_END,                                                                         \
	};                                                                                         \
	static const struct schema name = SCHEMA(title, struct envelope, name##_fields)
ENVELOPE(headed, "EventBegun", head_schema);
ENVELOPE(whole, "Event", data_schema);
ENVELOPE(summed, "EventSummed", summary_schema);

bool
event_is_test(const struct alert_event *ev)
{
	return ev->alert == NULL && ev->many == NULL;
}

static bool
print_envelope(struct buf *b, const struct schema *s, const struct alert_event *ev, struct err *e)
{
	const struct envelope in = { ev->type, ev->at, ev };

	return schema_encode(b, s, &in, e);
}

bool
event_print_head(struct buf *b, const struct alert_event *ev, struct err *e)
{
	return print_envelope(b, &headed, ev, e);
}

bool
event_print(struct buf *b, const struct alert_event *ev, struct err *e)
{
	const struct schema *s = ev->many != NULL ? &summed : ev->alert == NULL ? &headed : &whole;

	return print_envelope(b, s, ev, e);
}

bool
event_print_data(struct buf *b, const struct alert_event *ev, struct err *e)
{
	const struct schema *s = ev->many != NULL    ? &summary_schema
				 : ev->alert == NULL ? &head_schema
						     : &data_schema;

	return schema_encode(b, s, ev, e);
}

bool
event_print_change(struct buf *b, const struct event_change *c, struct err *e)
{
	return schema_encode(b, &open_change, c, e);
}

/* ---- as it is kept ---- */

/* JSON text inside a string: nothing of it is read before somebody wants it, however deep it is. */
#define KEPT(T, m) FIELD_AS(T, m.text, #m, .flags = FIELD_NULLABLE)

static const struct field kept_tenant_fields[] = {
	FIELD(struct event_tenant, id),
	FIELD(struct event_tenant, slug),
	KEPT(struct event_tenant, name),
	FIELD_END,
};
static const struct schema kept_tenant =
    SCHEMA("KeptTenant", struct event_tenant, kept_tenant_fields);

static const struct field kept_config_fields[] = {
	FIELD(struct event_config, id),
	KEPT(struct event_config, name),
	FIELD_END,
};
static const struct schema kept_config =
    SCHEMA("KeptConfig", struct event_config, kept_config_fields);

static const struct field kept_alert_fields[] = {
	FIELD(struct event_alert, id),
	FIELD(struct event_alert, kind),
	FIELD(struct event_alert, severity),
	FIELD(struct event_alert, status),
	KEPT(struct event_alert, title),
	KEPT(struct event_alert, plain_title),
	FIELD(struct event_alert, severity_before, .flags = FIELD_NULLABLE),
	FIELD(struct event_alert, escalated),
	FIELD(struct event_alert, opened_at),
	FIELD(struct event_alert, updated_at, .flags = FIELD_NULLABLE),
	FIELD(struct event_alert, resolved_at, .flags = FIELD_NULLABLE),
	KEPT(struct event_alert, resolved_by),
	/* one that has none is kept as before, for programs that do not know the member */
	FIELD_AS(struct event_alert, attribution.text, "attribution", .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema kept_alert = SCHEMA("KeptAlert", struct event_alert, kept_alert_fields);

static const struct field kept_summary_fields[] = {
	FIELD(struct event_summary, created),
	FIELD(struct event_summary, modified),
	FIELD(struct event_summary, deleted),
	FIELD(struct event_summary, moved, .flags = FIELD_OMIT_ZERO),
	KEPT(struct event_summary, by_severity),
	FIELD_END,
};
static const struct schema kept_summary =
    SCHEMA("KeptSummary", struct event_summary, kept_summary_fields);

static const struct field kept_report_fields[] = {
	FIELD(struct event_report, id),
	FIELD(struct event_report, summary, .item = &kept_summary),
	FIELD(struct event_report, score),
	FIELD(struct event_report, max_severity, .flags = FIELD_NULLABLE),
	FIELD_END,
};
static const struct schema kept_report =
    SCHEMA("KeptReport", struct event_report, kept_report_fields);

static const struct field kept_change_fields[] = {
	KEPT(struct event_change, category),
	KEPT(struct event_change, key),
	FIELD(struct event_change, op),
	KEPT(struct event_change, path),
	FIELD(struct event_change, severity),
	KEPT(struct event_change, rule),
	KEPT(struct event_change, reason),
	KEPT(struct event_change, controls),
	KEPT(struct event_change, renamed_from),
	FIELD(struct event_change, renamed_severity, .flags = FIELD_NULLABLE),
	KEPT(struct event_change, old_value),
	FIELD(struct event_change, old_value_truncated),
	KEPT(struct event_change, new_value),
	FIELD(struct event_change, new_value_truncated),
	KEPT(struct event_change, text_diff),
	KEPT(struct event_change, attribution),
	/* one that has none is kept as before, for programs that do not know the member */
	FIELD_AS(struct event_change, announced.text, "announced", .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema kept_change =
    SCHEMA("KeptChange", struct event_change, kept_change_fields);

static const struct field kept_work_fields[] = {
	KEPT(struct event_work, by),
	FIELD(struct event_work, via),
	FIELD(struct event_work, status_before),
	KEPT(struct event_work, note),
	KEPT(struct event_work, assigned_to),
	FIELD_END,
};
static const struct schema kept_work = SCHEMA("KeptWork", struct event_work, kept_work_fields);

static const struct field kept_links_fields[] = {
	LINKS,
	FIELD(struct event_links, alerts, .flags = FIELD_OMIT_ZERO | FIELD_NULLABLE),
	FIELD_END,
};
static const struct schema kept_links = SCHEMA("KeptLinks", struct event_links, kept_links_fields);

static const struct field kept_many_fields[] = {
	FIELD(struct event_many, reason),
	/* one that has none is kept as before, for programs that do not know the member */
	FIELD_AS(struct event_many, route.text, "route", .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema kept_many = SCHEMA("KeptMany", struct event_many, kept_many_fields);

static const struct field kept_escalation_fields[] = {
	KEPT(struct event_escalation, route),
	FIELD(struct event_escalation, step),
	FIELD(struct event_escalation, steps),
	FIELD(struct event_escalation, again),
	FIELD(struct event_escalation, waited_s),
	FIELD_END,
};
static const struct schema kept_escalation =
    SCHEMA("KeptEscalation", struct event_escalation, kept_escalation_fields);

static const struct field kept_fields[] = {
	FIELD(struct alert_event, type),
	FIELD(struct alert_event, at),
	FIELD(struct alert_event, tenant, .item = &kept_tenant),
	FIELD(struct alert_event, config, .item = &kept_config, .flags = FIELD_NULLABLE),
	FIELD(struct alert_event, alert, .item = &kept_alert, .flags = FIELD_NULLABLE),
	FIELD(struct alert_event, report, .item = &kept_report, .flags = FIELD_NULLABLE),
	FIELD(struct alert_event, changes, .item = &kept_change),
	FIELD(struct alert_event, changes_total),
	FIELD(struct alert_event, links, .item = &kept_links, .flags = FIELD_NULLABLE),
	FIELD(struct alert_event, ended),
	/* one that has none is kept as before, for programs that do not know the member */
	FIELD(struct alert_event, work, .item = &kept_work, .flags = FIELD_OMIT_ZERO),
	FIELD(struct alert_event, many, .item = &kept_many, .flags = FIELD_OMIT_ZERO),
	FIELD(struct alert_event, escalation, .item = &kept_escalation, .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema kept_schema = SCHEMA("KeptEvent", struct alert_event, kept_fields);

static bool
has_announced(const struct alert_event *ev)
{
	const struct event_change *c = ev->changes.p;

	for (size_t i = 0; i < ev->changes.n; i++)
		if (c[i].announced.text != NULL)
			return true;
	return false;
}

int64_t
event_template(const struct alert_event *ev, const char *type)
{
	if (ev->many != NULL)
		return strcmp(ev->many->reason, SUMMARY_RATE) == 0 ? 3 : 5;
	if (has_announced(ev))
		return EVENT_ANNOUNCED;
	if (ev->alert != NULL && !event_is(type, SORT_END) && !event_is(type, SORT_TEST))
		return EVENT_ANSWERED;
	return ev->work == NULL ? 1 : 2;
}

bool
event_keep(struct buf *b, const struct alert_event *ev, struct err *e)
{
	return schema_encode(b, &kept_schema, ev, e);
}

bool
event_read(TALLOC_CTX *mem, struct str kept, struct alert_event *out, struct err *e)
{
	const struct json *tree = json_parse(mem, kept, e);

	return (tree != NULL && schema_decode(mem, &kept_schema, tree, out, e)) ||
	       err_note(e, "a stored event");
}

/* ---- what somebody gets to see ---- */

bool
event_text(TALLOC_CTX *mem, const struct raw_json *string, struct str *out, struct err *e)
{
	const struct json *v = json_parse(mem, str_of(string->text), e);

	if (v == NULL)
		return false;
	if (v->type != JSON_STRING)
		return err_set(e, ERR_INTERNAL, 0, "internal error", "not the text of a string");
	*out = v->text;
	return true;
}

/* A value is withheld, and so is that it was long. */
static void
withhold(struct raw_json *value, bool *truncated)
{
	if (value->text != NULL || *truncated)
		value->text = VIEW_WITHHELD_JSON;
	*truncated = false;
}

static bool
view_attribution(TALLOC_CTX *mem, struct view v, struct event_change *c, struct err *e)
{
	return attribution_view(mem, v, c->attribution.text, &c->attribution.text, e);
}

static bool
view_change(TALLOC_CTX *mem, struct view v, struct event_change *c, struct err *e)
{
	struct str path;
	struct buf b;

	if (!view_attribution(mem, v, c, e) ||
	    !announced_view(mem, v, c->announced.text, &c->announced.text, e))
		return false;
	if (v.values)
		return true;

	withhold(&c->old_value, &c->old_value_truncated);
	withhold(&c->new_value, &c->new_value_truncated);
	c->text_diff = (struct raw_json) { 0 };
	if (!event_text(mem, &c->path, &path, e) || !view_path(mem, v, path, &path, NULL, e))
		return false;
	buf_make(&b, mem);
	buf_json(&b, path);
	c->path.text = buf_text(&b, e);
	return c->path.text != NULL;
}

/* Without values: the title that has none. */
static bool
view_alert(TALLOC_CTX *mem, struct view v, struct alert_event *ev, struct err *e)
{
	struct event_alert *shown;

	if (ev->alert == NULL)
		return true;
	shown = talloc_memdup(mem, ev->alert, sizeof(*shown));
	if (shown == NULL)
		return err_memory(e);
	if (!v.values && shown->plain_title.text != NULL)
		shown->title = shown->plain_title;
	ev->alert = shown;
	return attribution_view(mem, v, shown->attribution.text, &shown->attribution.text, e);
}

bool
event_view(TALLOC_CTX *mem, struct view v, const struct alert_event *ev, struct alert_event *out,
    struct err *e)
{
	struct event_change *changes;

	*out = *ev;
	if (!view_alert(mem, v, out, e))
		return false;
	if (ev->changes.n == 0)
		return true;
	changes = talloc_memdup(mem, ev->changes.p, ev->changes.n * sizeof(*changes));
	if (changes == NULL)
		return err_memory(e);
	out->changes.p = changes;
	for (size_t i = 0; i < out->changes.n; i++)
		if (!view_change(mem, v, &changes[i], e))
			return false;
	return true;
}
