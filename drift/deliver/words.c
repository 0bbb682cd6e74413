#include "drift/deliver/words.h"

#include <string.h>

#include "core/json/json.h"
#include "drift/alert/announced.h"
#include "drift/attribution/attribution.h"

#define NAME_MAX_         120 /* bytes */
#define HEADLINE_NAME_MAX 40
#define WHERE_MAX         300
#define VALUE_MAX         200
#define SEPARATOR         " \xc2\xb7 "
#define CUT               "\xe2\x80\xa6"
#define ALERTS_API        "/api/drift/alerts"
#define ALERTS_PAGE       "/?tenant=%s#/alerts" /* fcgi/console */
#define ALERTS_OPEN       "?status=open"
#define TEST_TITLE        "a test of this channel: nothing has happened"

bool
words_over(const struct alert_event *shown)
{
	if (shown->many != NULL)
		return shown->many->worst == NULL;
	return strcmp(shown->type, EVENT_RESOLVED) == 0 || shown->below_min_severity;
}

/* ---- texts ---- */

/* A JSON string as one line. */
static bool
add_text(struct buf *b, const struct raw_json *string, size_t max, struct err *e)
{
	struct str text;

	if (!event_text(b->mem, string, &text, e))
		return false;
	buf_line(b, text, max);
	return true;
}

/* The same, of its own; "": there is none. */
static const char *
line_of(TALLOC_CTX *mem, const struct raw_json *string, size_t max, struct err *e)
{
	struct buf b;

	if (string->text == NULL)
		return "";
	buf_make(&b, mem);
	if (!add_text(&b, string, max, e))
		return NULL;
	return b.n == 0 ? "" : buf_text(&b, e);
}

/* As many characters as fit, and a mark. */
static const char *
cut_to_characters(TALLOC_CTX *mem, struct str s, size_t max, struct err *e)
{
	size_t   n = 0, at = 0, cut = 0, taken;
	uint32_t cp;
	char    *out;

	while (n < max && (taken = utf8_next((struct str) { s.p + at, s.n - at }, &cp)) > 0) {
		if (++n == max)
			cut = at;
		at += taken;
	}
	out = at == s.n ? talloc_strndup(mem, s.p, s.n)
			: talloc_asprintf(mem, "%.*s" CUT, (int)cut, s.p);
	if (out == NULL)
		err_memory(e);
	return out;
}

/* ---- the parts ---- */

/* "critical" as a word that begins a line. */
static void
add_severity(struct buf *b, const char *severity)
{
	buf_putc(
	    b, (char)(severity[0] >= 'a' && severity[0] <= 'z' ? severity[0] - 32 : severity[0]));
	buf_puts(b, severity + (severity[0] != '\0'));
}

static bool
add_wait(struct buf *b, int64_t waited_s)
{
	char wait[EVENT_WAIT_MAX];

	event_print_wait(waited_s, wait);
	buf_printf(b, ", not acknowledged for %s", wait);
	return true;
}

/* Behind the severity: what has happened, and where somebody has done it, who. */
static bool
add_deed(struct buf *b, const struct alert_event *ev, struct err *e)
{
	const struct event_alert *a = ev->alert;
	bool                      changed = strcmp(ev->type, EVENT_UPDATED) == 0;
	const char               *standing = event_kind_of(ev->type)->standing;

	if (ev->escalation != NULL)
		return add_wait(b, ev->escalation->waited_s);
	if (changed && a->escalated)
		standing = "worse";
	else if (changed && a->severity_before != NULL)
		return buf_printf(b, ", was %s", a->severity_before), true;
	if (standing[0] != '\0')
		buf_printf(b, ", %s", standing);
	if (ev->work == NULL || event_kind_of(ev->type)->by == NULL)
		return true;
	buf_puts(b, " by ");
	return add_text(b, &ev->work->by, HEADLINE_NAME_MAX, e);
}

static bool
add_standing(struct buf *b, const struct alert_event *ev, struct err *e)
{
	if (ev->many != NULL) {
		add_severity(b, ev->many->worst == NULL ? "resolved" : ev->many->worst);
		return true;
	}
	if (ev->alert == NULL || strcmp(ev->type, EVENT_RESOLVED) == 0) {
		buf_puts(b, event_kind_of(ev->type)->state);
		return true;
	}
	add_severity(b, ev->alert->severity);
	return add_deed(b, ev, e);
}

static bool
add_tenant(struct buf *b, const struct event_tenant *t, struct err *e)
{
	const size_t before = b->n;

	if (t->name.text != NULL && !add_text(b, &t->name, NAME_MAX_, e))
		return false;
	if (b->n == before) /* it has none that can be read */
		buf_line(b, str_of(t->slug), NAME_MAX_);
	return true;
}

static bool
make_headline(TALLOC_CTX *mem, const struct alert_event *ev, struct words *out, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	if (!add_standing(&b, ev, e))
		return false;
	buf_puts(&b, SEPARATOR);
	if (!add_tenant(&b, ev->tenant, e))
		return false;
	buf_puts(&b, SEPARATOR);
	buf_puts(&b, out->title);
	if (!buf_ok(&b))
		return err_memory(e);
	out->headline = cut_to_characters(mem, buf_str(&b), WORDS_HEADLINE_MAX, e);
	return out->headline != NULL;
}

static bool
add_fact(struct words *out, const char *name, const char *text)
{
	if (text != NULL && text[0] != '\0')
		out->facts[out->facts_n++] = (struct words_named) { name, text };
	return text != NULL;
}

static const char *
tenant_line(TALLOC_CTX *mem, const struct event_tenant *t, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	return add_tenant(&b, t, e) ? buf_text(&b, e) : NULL;
}

static const char *
instant_line(TALLOC_CTX *mem, instant at, struct err *e)
{
	char *out;

	if (at.ms == 0)
		return "";
	out = talloc_zero_array(mem, char, TIME_TEXT_MAX);
	if (out == NULL) {
		err_memory(e);
		return NULL;
	}
	time_print(at.ms, out);
	return out;
}

/* Who made its changes, where that is known and told. */
static bool
add_makers(TALLOC_CTX *mem, const struct event_alert *a, struct words *out, struct err *e)
{
	const char *line;

	return attribution_line(mem, a->attribution.text, &line, e) &&
	       add_fact(out, "By", line == NULL ? "" : line);
}

/* For how long nobody has, and how far it has come therefore. */
static bool
add_escalation(TALLOC_CTX *mem, const struct alert_event *ev, struct words *out, struct err *e)
{
	const struct event_escalation *x = ev->escalation;
	char                           wait[EVENT_WAIT_MAX];
	struct buf                     b;

	if (x == NULL)
		return true;
	event_print_wait(x->waited_s, wait);
	buf_make(&b, mem);
	buf_printf(&b, "nobody has for %s: step %lld of %lld of the route ", wait,
	    (long long)x->step, (long long)x->steps);
	return add_text(&b, &x->route, NAME_MAX_, e) &&
	       add_fact(out, "Acknowledged", buf_text(&b, e));
}

/* What somebody has done, who and with which words. */
static bool
add_work(TALLOC_CTX *mem, const struct alert_event *ev, struct words *out, struct err *e)
{
	const struct event_work *w = ev->work;
	const char              *by = event_kind_of(ev->type)->by;

	if (w == NULL)
		return true;
	if (by != NULL && strcmp(ev->type, EVENT_RESOLVED) != 0 &&
	    !add_fact(out, by, line_of(mem, &w->by, NAME_MAX_, e)))
		return false;
	return add_fact(out, "Assigned to", line_of(mem, &w->assigned_to, NAME_MAX_, e)) &&
	       add_fact(out, "Comment", line_of(mem, &w->note, WORDS_LINE_MAX, e));
}

static bool
make_facts(TALLOC_CTX *mem, const struct alert_event *ev, struct words *out, struct err *e)
{
	const struct event_alert *a = ev->alert;

	if (!add_fact(out, "Customer", tenant_line(mem, ev->tenant, e)))
		return false;
	if (ev->config != NULL &&
	    !add_fact(out, "Config", line_of(mem, &ev->config->name, NAME_MAX_, e)))
		return false;
	return a == NULL ||
	       (add_fact(out, "Severity", a->severity) && add_fact(out, "Status", a->status) &&
		   add_fact(out, "Since", instant_line(mem, a->opened_at, e)) &&
		   add_makers(mem, a, out, e) &&
		   add_fact(out, "Resolved by", line_of(mem, &a->resolved_by, NAME_MAX_, e)) &&
		   add_escalation(mem, ev, out, e) && add_work(mem, ev, out, e));
}

/* ---- changes ---- */

static const char *
where_of(TALLOC_CTX *mem, const struct event_change *c, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	if (!add_text(&b, &c->category, NAME_MAX_, e))
		return NULL;
	buf_putc(&b, ' ');
	if (!add_text(&b, &c->key, NAME_MAX_, e))
		return NULL;
	buf_putc(&b, ' ');
	return add_text(&b, &c->path, WHERE_MAX, e) ? buf_text(&b, e) : NULL;
}

/* JSON as it is, so that "1" and 1 look different. */
static void
add_value(struct buf *b, const struct raw_json *v)
{
	if (v->text == NULL)
		buf_puts(b, CUT);
	else
		buf_line(b, str_of(v->text), VALUE_MAX);
}

static const char *
what_of(TALLOC_CTX *mem, const struct event_change *c, struct err *e)
{
	bool       was = c->old_value.text != NULL || c->old_value_truncated;
	bool       is = c->new_value.text != NULL || c->new_value_truncated;
	struct buf b;

	buf_make(&b, mem);
	if (!was || !is || strcmp(c->op, "moved") == 0) {
		buf_puts(&b, c->op);
		buf_puts(&b, was || is ? ": " : "");
	}
	if (was)
		add_value(&b, &c->old_value);
	if (was && is)
		buf_puts(&b, " -> ");
	if (is)
		add_value(&b, &c->new_value);
	announced_words(&b, c->announced.text);
	return buf_text(&b, e);
}

static bool
make_changes(TALLOC_CTX *mem, const struct alert_event *ev, struct words *out, struct err *e)
{
	const struct event_change *c = ev->changes.p;

	out->total = ev->changes_total;
	out->changes = talloc_zero_size(mem, (ev->changes.n + 1) * sizeof(out->changes[0]));
	if (out->changes == NULL)
		return err_memory(e);
	for (; out->changes_n < ev->changes.n; out->changes_n++, c++) {
		struct words_change *to = &out->changes[out->changes_n];

		*to = (struct words_change) {
			.severity = c->severity,
			.where = where_of(mem, c, e),
			.what = what_of(mem, c, e),
			.why = line_of(mem, &c->reason, WORDS_LINE_MAX, e),
		};
		if (to->where == NULL || to->what == NULL || to->why == NULL)
			return false;
	}
	return true;
}

/* ---- of several alerts ---- */

static bool
list_alert(TALLOC_CTX *mem, const struct event_listed *a, struct words_change *out, struct err *e)
{
	bool        over = strcmp(a->event, EVENT_RESOLVED) == 0;
	const char *title = line_of(mem, &a->title, WHERE_MAX, e), *where = a->kind;

	if (a->config != NULL)
		where = line_of(mem, &a->config->name, NAME_MAX_, e);
	if (title == NULL || where == NULL)
		return false;
	*out = (struct words_change) {
		.severity = over ? "resolved" : a->severity,
		.where = *where == '\0' ? "an alert" : where,
		.what = *title == '\0' ? "an alert that is gone" : title,
		.why = over || strcmp(a->event, EVENT_OPENED) == 0 ? ""
								   : event_kind_of(a->event)->state,
	};
	return true;
}

static bool
list_alerts(TALLOC_CTX *mem, const struct event_many *many, struct words *out, struct err *e)
{
	const struct event_listed *a = many->alerts.p;

	out->total = many->alerts_total;
	out->changes = talloc_zero_size(mem, (many->alerts.n + 1) * sizeof(out->changes[0]));
	if (out->changes == NULL)
		return err_memory(e);
	for (; out->changes_n < many->alerts.n; out->changes_n++)
		if (!list_alert(mem, &a[out->changes_n], &out->changes[out->changes_n], e))
			return false;
	return true;
}

/* "412 alerts: 3 critical, 40 high, 112 resolved" */
static const char *
count_alerts(TALLOC_CTX *mem, const struct event_many *many, struct err *e)
{
	static const char *const order[] = { "critical", "high", "medium", "low", "info" };
	const struct json       *by = json_parse(mem, str_of(many->by_severity.text), e);
	const char              *before = ": ";
	struct buf               b;

	if (by == NULL)
		return NULL;
	buf_make(&b, mem);
	buf_printf(&b, "%lld alert%s%s", (long long)many->alerts_total,
	    many->alerts_total == 1 ? "" : "s",
	    strcmp(many->reason, SUMMARY_REPEAT) == 0 ? " still open" : "");
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const struct json *n = json_get(by, order[i]);

		if (n == NULL)
			continue;
		buf_puts(&b, before);
		buf_add(&b, n->text.p, n->text.n);
		buf_printf(&b, " %s", order[i]);
		before = ", ";
	}
	if (many->resolved > 0)
		buf_printf(&b, "%s%lld resolved", before, (long long)many->resolved);
	return buf_text(&b, e);
}

static const char *
why_together(const struct event_many *many)
{
	static const struct {
		const char *reason, *why;
	} why[] = {
		{ SUMMARY_RATE, "They came faster than this channel is told of each." },
		{ SUMMARY_GROUP, "They have in common what their route tells in one message." },
		{ SUMMARY_QUIET, "They came in the quiet hours of their route." },
		{ SUMMARY_REPEAT, "They were told, and nobody has acknowledged them." },
	};

	for (size_t i = 0; i < sizeof(why) / sizeof(why[0]); i++)
		if (strcmp(many->reason, why[i].reason) == 0)
			return why[i].why;
	return "They are told together.";
}

/* ---- all of it ---- */

/* Where people look at what programs find at BASE/api/drift/alerts/ID. */
static bool
make_link(TALLOC_CTX *mem, const struct alert_event *ev, struct words *out, struct err *e)
{
	const struct event_links *links = ev->links;
	const char *api = links == NULL ? NULL : ev->many != NULL ? links->alerts : links->alert;
	const char *rest = api == NULL ? NULL : strstr(api, ALERTS_API);

	if (rest == NULL)
		return true;
	out->link = talloc_asprintf(mem, "%.*s" ALERTS_PAGE "%s", (int)(rest - api), api,
	    ev->tenant->slug, ev->many != NULL ? ALERTS_OPEN : rest + sizeof(ALERTS_API) - 1);
	return out->link != NULL || err_memory(e);
}

static void
add_answers(const struct event_answers *a, struct words *out)
{
	const struct words_named all[] = { { "Acknowledge", a->acknowledge },
		{ "Resolve", a->resolve }, { "Accept until a day", a->accept } };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].text != NULL)
			out->answers[out->answers_n++] = all[i];
}

static bool
make_summary(TALLOC_CTX *mem, const struct alert_event *ev, struct words *out, struct err *e)
{
	out->open = "Open the alerts";
	out->title = count_alerts(mem, ev->many, e);
	return out->title != NULL && make_link(mem, ev, out, e) && make_headline(mem, ev, out, e) &&
	       add_fact(out, "Customer", tenant_line(mem, ev->tenant, e)) &&
	       add_fact(out, "Why together", why_together(ev->many)) &&
	       add_fact(out, "Route", line_of(mem, &ev->many->route, NAME_MAX_, e)) &&
	       list_alerts(mem, ev->many, out, e);
}

bool
words_make(TALLOC_CTX *mem, const struct alert_event *shown, struct words *out, struct err *e)
{
	*out = (struct words) { .state = shown->many != NULL ? "Summary"
							     : event_kind_of(shown->type)->state,
		.title = TEST_TITLE,
		.open = "Open the alert" };
	if (shown->many != NULL)
		return make_summary(mem, shown, out, e);
	if (shown->answers != NULL)
		add_answers(shown->answers, out);
	if (shown->alert != NULL)
		out->title = line_of(mem, &shown->alert->title, WORDS_LINE_MAX, e);
	return out->title != NULL && make_link(mem, shown, out, e) &&
	       make_headline(mem, shown, out, e) && make_facts(mem, shown, out, e) &&
	       make_changes(mem, shown, out, e);
}

bool
words_rest(TALLOC_CTX *mem, const struct words *w, size_t told, const char **out, struct err *e)
{
	int64_t rest = w->total - (int64_t)told;

	*out = NULL;
	if (rest <= 0)
		return true;
	*out = talloc_asprintf(mem, "and %lld more", (long long)rest);
	return *out != NULL || err_memory(e);
}

const char *
words_fact(const struct words *w, const char *name)
{
	for (size_t i = 0; i < w->facts_n; i++)
		if (strcmp(w->facts[i].name, name) == 0)
			return w->facts[i].text;
	return NULL;
}
