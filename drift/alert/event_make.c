/* event.h: the event of an alert's news. */
#include <string.h>

#include "drift/alert/event.h"
#include "drift/engine/control.h"

#define HEAD_ROOM   2048 /* bytes kept for what follows the changes */
#define PATH_MAX_   1024 /* bytes of a path that are told */
#define VALUE_MAX   256  /* longer values are left out */
#define RULE_MAX    128
#define REASON_MAX_ 500
#define NOTE_MAX_   1000

/* ---- parts ---- */

static bool
set_text(TALLOC_CTX *mem, struct raw_json *out, struct str text, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	buf_json(&b, text);
	out->text = buf_text(&b, e);
	return out->text != NULL;
}

/* A name that may not be known. */
static bool
set_name(TALLOC_CTX *mem, struct raw_json *out, const char *name, struct err *e)
{
	return name == NULL || set_text(mem, out, str_of(name), e);
}

static bool
set_value(TALLOC_CTX *mem, struct str text, struct raw_json *value, bool *truncated, struct err *e)
{
	*truncated = *truncated || text.n > VALUE_MAX;
	if (*truncated || text.p == NULL)
		return true;
	value->text = talloc_strndup(mem, text.p, text.n);
	return value->text != NULL || err_memory(e);
}

/* *left: bytes that the event has for them. */
static bool
set_lines(TALLOC_CTX *mem, struct str lines, size_t *left, struct raw_json *out, struct err *e)
{
	if (lines.p == NULL || lines.n > *left)
		return true;
	*left -= lines.n;
	out->text = talloc_strndup(mem, lines.p, lines.n);
	return out->text != NULL || err_memory(e);
}

static bool
set_controls(TALLOC_CTX *mem, const struct strings *controls, struct raw_json *out, struct err *e)
{
	struct buf b;

	if (controls == NULL)
		return true;
	buf_make(&b, mem);
	controls_print(&b, controls);
	out->text = b.p;
	return buf_ok(&b) || err_memory(e);
}

static bool
set_renamed(TALLOC_CTX *mem, const struct change *c, struct event_change *out, struct err *e)
{
	if (c->renamed_from.p == NULL)
		return true;
	out->renamed_severity = severity_name(c->renamed_severity);
	return set_text(mem, &out->renamed_from, c->renamed_from, e);
}

static bool
set_change(TALLOC_CTX *mem, const struct change *c, const struct change_text *t,
    struct event_change *out, struct err *e)
{
	*out = (struct event_change) {
		.op = change_op_name(c->op),
		.severity = severity_name(c->severity),
		.old_value_truncated = t->old_truncated,
		.new_value_truncated = t->new_truncated,
		.attribution = { .text = t->attribution },
		.announced = { .text = t->announced },
	};
	return set_text(mem, &out->category, c->category, e) &&
	       set_text(mem, &out->key, c->key, e) &&
	       set_text(mem, &out->path, str_head(c->path, PATH_MAX_), e) &&
	       set_text(mem, &out->rule, str_head(str_of(c->rule), RULE_MAX), e) &&
	       set_text(mem, &out->reason, str_head(str_of(c->reason), REASON_MAX_), e) &&
	       set_controls(mem, c->controls, &out->controls, e) && set_renamed(mem, c, out, e) &&
	       set_value(mem, t->old_text, &out->old_value, &out->old_value_truncated, e) &&
	       set_value(mem, t->new_text, &out->new_value, &out->new_value_truncated, e);
}

/* `id` NULL: of the list. */
static bool
set_link(const struct alert_scope *s, const char *path, const struct uuid *id, const char **out,
    struct err *e)
{
	const struct conf *c = s->env->conf;
	char               text[UUID_TEXT_MAX] = "";

	if (id != NULL)
		uuid_print(id, text);
	*out = talloc_asprintf(s->mem, "%s%s%s%s", c->public_url == NULL ? "" : c->public_url,
	    c->base_path == NULL ? "" : c->base_path, path, text);
	return *out != NULL || err_memory(e);
}

/* ---- members ---- */

static bool
set_tenant(const struct alert_scope *s, struct alert_event *ev, struct err *e)
{
	const struct tenant *t = s->t->tenant;

	ev->tenant = talloc_zero(s->mem, struct event_tenant);
	if (ev->tenant == NULL)
		return err_memory(e);
	ev->tenant->id = t->id;
	ev->tenant->slug = t->slug;
	return set_name(s->mem, &ev->tenant->name, t->name, e);
}

static bool
set_config(const struct alert_scope *s, struct alert_event *ev, struct err *e)
{
	if (uuid_is_nil(&s->config_id))
		return true;
	ev->config = talloc_zero(s->mem, struct event_config);
	if (ev->config == NULL)
		return err_memory(e);
	ev->config->id = s->config_id;
	return set_text(s->mem, &ev->config->name, str_of(s->config_name), e);
}

static bool
set_alert(TALLOC_CTX *mem, const struct alert_news *news, struct alert_event *ev, struct err *e)
{
	const struct alert *a = news->alert;

	ev->alert = talloc_zero(mem, struct event_alert);
	if (ev->alert == NULL)
		return err_memory(e);
	*ev->alert = (struct event_alert) {
		.id = a->id,
		.kind = a->kind,
		.severity = a->severity,
		.status = a->status,
		.opened_at = a->opened_at,
		.updated_at = a->updated_at,
		.resolved_at = a->resolved_at,
		.severity_before = news->severity_before,
		.escalated = news->escalated,
		.attribution = a->attribution,
	};
	if (a->full_title != NULL && !set_name(mem, &ev->alert->plain_title, a->title, e))
		return false;
	return set_text(mem, &ev->alert->title,
		   str_of(a->full_title != NULL ? a->full_title : a->title), e) &&
	       set_name(mem, &ev->alert->resolved_by, a->resolved_by, e);
}

static bool
set_report(const struct alert_scope *s, struct alert_event *ev, struct err *e)
{
	const struct report *r = s->report;

	if (r == NULL)
		return true;
	ev->report = talloc_zero(s->mem, struct event_report);
	if (ev->report == NULL)
		return err_memory(e);
	ev->report->summary = talloc_zero(ev->report, struct event_summary);
	if (ev->report->summary == NULL)
		return err_memory(e);
	ev->report->id = r->id;
	ev->report->score = r->score;
	ev->report->max_severity = r->max_severity;
	*ev->report->summary = (struct event_summary) {
		.created = r->created,
		.modified = r->modified,
		.deleted = r->deleted,
		.moved = r->moved,
		.by_severity = { .text = r->by_severity.text == NULL ? "{}" : r->by_severity.text },
	};
	return true;
}

static bool
set_links(const struct alert_scope *s, struct alert_event *ev, struct err *e)
{
	ev->links = talloc_zero(s->mem, struct event_links);
	if (ev->links == NULL)
		return err_memory(e);
	return set_link(s, "/api/drift/alerts/", &ev->alert->id, &ev->links->alert, e) &&
	       (s->report == NULL ||
		   set_link(s, "/api/drift/reports/", &s->report->id, &ev->links->report, e));
}

/* The note is cut: it is a sentence on the way, and whole in the alert's history. */
static bool
set_work(TALLOC_CTX *mem, const struct alert_work *in, struct alert_event *ev, struct err *e)
{
	struct event_work *out;

	if (in == NULL)
		return true;
	out = ev->work = talloc_zero(mem, struct event_work);
	if (out == NULL)
		return err_memory(e);
	out->via = in->via;
	out->status_before = in->from;
	return set_text(mem, &out->by, str_of(in->by), e) &&
	       (in->note == NULL || in->note[0] == '\0' ||
		   set_text(mem, &out->note, str_head(str_of(in->note), NOTE_MAX_), e)) &&
	       set_name(mem, &out->assigned_to, in->assigned_to, e);
}

static bool
set_escalation(
    TALLOC_CTX *mem, const struct alert_escalated *in, struct alert_event *ev, struct err *e)
{
	if (in == NULL)
		return true;
	ev->escalation = talloc_zero(mem, struct event_escalation);
	if (ev->escalation == NULL)
		return err_memory(e);
	ev->escalation->step = in->step;
	ev->escalation->steps = in->steps;
	ev->escalation->again = in->again;
	ev->escalation->waited_s = in->waited_s;
	return set_text(mem, &ev->escalation->route, str_of(in->route), e);
}

/* ---- the changes ---- */

/* Bytes of the open form up to its first change. */
static bool
size_head(TALLOC_CTX *mem, const struct alert_event *ev, size_t *n, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	if (!event_print_head(&b, ev, e))
		return false;
	*n = b.n - strlen("}}") + strlen(",\"changes\":[");
	talloc_free(b.p);
	return true;
}

static bool
size_change(TALLOC_CTX *mem, const struct event_change *c, size_t *n, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	if (!event_print_change(&b, c, e))
		return false;
	*n = b.n;
	talloc_free(b.p);
	return true;
}

/* As many as are allowed and fit. */
static bool
set_changes(TALLOC_CTX *mem, const struct alert_news *news, struct alert_event *ev, struct err *e)
{
	size_t               most = news->n < EVENT_CHANGES ? news->n : EVENT_CHANGES, used, one;
	size_t               lines = EVENT_LINES;
	struct event_change *told = talloc_zero_array(mem, struct event_change, (unsigned)most + 1);

	if (told == NULL)
		return err_memory(e);
	if (!size_head(mem, ev, &used, e))
		return false;
	ev->changes.p = told;
	ev->changes_total = (int64_t)news->n;
	for (size_t i = 0; i < most; i++) {
		size_t at = news->order[i];

		if (!set_change(mem, &news->changes[at], &news->texts[at], &told[i], e) ||
		    !set_lines(mem, news->texts[at].lines, &lines, &told[i].text_diff, e) ||
		    !size_change(mem, &told[i], &one, e))
			return false;
		if (used + one > EVENT_MAX - HEAD_ROOM)
			break;
		used += one + (i > 0);
		ev->changes.n++;
	}
	return true;
}

/* What was told of the findings is told again as it was. */
static bool
take_former(const struct alert_event *former, struct alert_event *ev)
{
	ev->report = former->report;
	ev->changes = former->changes;
	ev->changes_total = former->changes_total;
	if (former->links != NULL)
		ev->links->report = former->links->report;
	return true;
}

bool
event_make(const struct alert_scope *s, const struct alert_news *news, struct alert_event *out,
    struct err *e)
{
	*out = (struct alert_event) {
		.type = news->event, .at = { clock_ms(s->env->clock) }, .ended = news->ended
	};
	if (!set_tenant(s, out, e))
		return false;
	if (news->alert == NULL)
		return true;
	return set_config(s, out, e) && set_alert(s->mem, news, out, e) && set_report(s, out, e) &&
	       set_links(s, out, e) && set_work(s->mem, news->work, out, e) &&
	       set_escalation(s->mem, news->escalation, out, e) &&
	       (news->former != NULL ? take_former(news->former, out)
				     : set_changes(s->mem, news, out, e));
}

bool
event_make_summary(const struct alert_scope *s, const char *reason, const char *route,
    struct alert_event *out, struct err *e)
{
	*out = (struct alert_event) { .type = EVENT_SUMMARY, .at = { clock_ms(s->env->clock) } };
	out->many = talloc_zero(s->mem, struct event_many);
	out->links = talloc_zero(s->mem, struct event_links);
	if (out->many == NULL || out->links == NULL)
		return err_memory(e);
	out->many->reason = reason;
	return set_name(s->mem, &out->many->route, route, e) && set_tenant(s, out, e) &&
	       set_link(s, "/api/drift/alerts", NULL, &out->links->alerts, e);
}
