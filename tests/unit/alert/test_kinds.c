/* format.h: what each kind of channel makes of every event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/json/json.h"
#include "drift/deliver/format.h"
#include "drift/deliver/words.h"
#include "tests/unit/mem.h"

#include "tests/unit/alert/news.h"

#define KEY "0123456789abcdef0123456789ABCDEF"
/* Each variable as a value and inside of a text. */
#define BOTH(name) "\"" name "\":%" name "%,\"in " name "\":\"<%" name "%>\","
#define TEMPLATE                                                                                   \
	"{" BOTH("event.id") BOTH("event.type") BOTH("event.time_s") BOTH("alert.id")              \
	    BOTH("alert.title") BOTH("alert.headline") BOTH("alert.state") BOTH("alert.kind")      \
		BOTH("alert.severity") BOTH("alert.severity_before") BOTH("alert.status")          \
		    BOTH("alert.opened_at") BOTH("alert.by") BOTH("alert.resolved_by")             \
			BOTH("tenant.id") BOTH("tenant.slug") BOTH("tenant.name")                  \
			    BOTH("config.id") BOTH("config.name") BOTH("changes.total")            \
				BOTH("changes.text") BOTH("link") "\"100%%\":\"50 %\"}"

static const struct view all = { .values = true }, none = { 0 };

/* ---- the road of an event, without the database ---- */

static const struct alert_escalated unacknowledged = { "a <b>\r\nroute \xe2\x80\xae @here \x01", 2,
	5, 24, 2 * 86400 + 1 };

static void
show(const struct news *w, const char *type, struct view v, struct alert_event *shown)
{
	const struct conf conf = { .public_url = "https://drift.example.org", .base_path = "/bsx" };
	const struct env  env = { .conf = &conf, .clock = &news_clock };
	struct tenant_db  t = { .tenant = &w->tenant };
	const struct alert_scope s = {
		.env = &env,
		.t = &t,
		.mem = mem,
		.config_id = w->config_id,
		.config_name = w->config_name,
		.report = w->has_report ? &w->report : NULL,
	};
	const struct alert_news news = {
		.event = type,
		.alert = strcmp(type, EVENT_TEST) == 0 ? NULL : &w->alert,
		.work = w->work,
		.escalation = strcmp(type, EVENT_UNACKNOWLEDGED) == 0 ? &unacknowledged : NULL,
		.changes = w->changes,
		.texts = w->texts,
		.order = w->order,
		.n = w->n,
	};
	struct alert_event ev, read;
	struct err         e = { 0 };
	struct buf         b;

	buf_make(&b, mem);
	assert_true(event_make(&s, &news, &ev, &e));
	assert_true(event_keep(&b, &ev, &e));
	assert_true(event_read(mem, buf_str(&b), &read, &e));
	assert_true(event_view(mem, v, &read, shown, &e));
}

static const struct json *
render(const char *kind, const struct alert_event *shown, size_t *size)
{
	const struct format   *f = format_of(formats, kind);
	const struct rendering in = { shown, EVENT_TEMPLATE, "msg_1", STR(KEY), TEMPLATE };
	struct err             e = { 0 };
	struct str             body;
	const struct json     *v;

	assert_non_null(f);
	assert_true(f->ops->render(mem, &in, &body, &e));
	*size = body.n;
	v = json_parse(mem, body, &e);
	assert_non_null(v);
	return v;
}

static size_t
characters(struct str s)
{
	size_t   n = 0, taken;
	uint32_t cp;

	while ((taken = utf8_next(s, &cp)) > 0) {
		s = (struct str) { s.p + taken, s.n - taken };
		n++;
	}
	assert_int_equal(s.n, 0);
	return n;
}

/* At "/a/0/b" of a tree. */
static const struct json *
at(const struct json *v, const char *pointer)
{
	return json_at(v, str_of(pointer));
}

static const char *
text_at(const struct json *v, const char *path)
{
	const struct json *found = at(v, path);

	assert_non_null(found);
	assert_int_equal(found->type, JSON_STRING);
	return str_dup(mem, found->text);
}

/* ---- what each kind holds to ---- */

static void
check_words(const struct alert_event *shown)
{
	struct words w;
	struct err   e = { 0 };

	assert_true(words_make(mem, shown, &w, &e));
	assert_in_range(characters(str_of(w.headline)), 10, WORDS_HEADLINE_MAX);
	assert_null(strpbrk(w.headline, "\r\n\t"));
	for (size_t i = 0; i < w.changes_n; i++) {
		assert_null(strpbrk(w.changes[i].where, "\r\n\t"));
		assert_null(strpbrk(w.changes[i].what, "\r\n\t"));
	}
}

static void
check_slack(const struct json *v, size_t size)
{
	const struct json *blocks = at(v, "/blocks");
	size_t             sum = 0;

	assert_true(blocks->n <= 50);
	assert_true(size < 40000);
	assert_true(characters(str_of(text_at(v, "/blocks/0/text/text"))) <= 150);
	for (size_t i = 0; i < blocks->n; i++) {
		const struct json *text = at(&blocks->items[i], "/text/text");

		if (text == NULL)
			continue;
		assert_in_range(characters(text->text), 1, 3000);
		sum += characters(text->text);
		assert_true(str_eqz(at(&blocks->items[i], "/text/type")->text, "plain_text") ||
			    str_starts(text->text, "<https://drift.example.org/"));
	}
	assert_true(sum < 13200);
	assert_null(strpbrk(text_at(v, "/text"), "<>"));
}

static void
check_teams(const struct json *v, size_t size)
{
	const struct json *body = at(v, "/attachments/0/content/body");

	assert_true(size <= 20480);
	assert_string_equal(text_at(v, "/attachments/0/content/version"), "1.4");
	for (size_t i = 0; i < body->n; i++)
		assert_string_equal(text_at(&body->items[i], "/type"), "RichTextBlock");
}

static void
check_pagerduty(const struct json *v, size_t size)
{
	assert_true(size < (size_t)512 * 1024);
	assert_string_equal(text_at(v, "/routing_key"), KEY);
	assert_true(characters(str_of(text_at(v, "/payload/summary"))) <= 1024);
	assert_in_range(strlen(text_at(v, "/dedup_key")), 1, 255);
}

/* Whatever an event holds, the members are those of the template. */
static void
check_template(const struct json *v)
{
	assert_int_equal(v->n, 2 * 22 + 1);
	assert_int_equal(at(v, "/event.time_s")->type, JSON_NUMBER);
	assert_string_equal(text_at(v, "/100%"), "50 %");
	for (uint32_t i = 0; i + 1 < v->n; i += 2) {
		struct str text = v->items[i].text, in = v->items[i + 1].text;

		if (v->items[i].type != JSON_STRING)
			continue;
		assert_true(str_eq(text, (struct str) { in.p + 1, in.n - 2 }));
	}
}

/* What OCSF 1.9 wants of a Detection Finding, in half of what a receiver takes. */
static void
check_ocsf(const struct json *v, size_t size)
{
	const struct json *activity = at(v, "/activity_id"), *type = at(v, "/type_uid");

	assert_in_range(size, 1, 4096);
	assert_true(str_eqz(at(v, "/class_uid")->text, "2004"));
	assert_true(str_eqz(at(v, "/category_uid")->text, "2"));
	assert_int_equal(activity->text.n, 1);
	assert_true(str_starts(type->text, "20040"));
	assert_int_equal(type->text.p[5], activity->text.p[0]);
	assert_non_null(at(v, "/severity_id"));
	assert_non_null(at(v, "/time"));
	assert_string_not_equal(text_at(v, "/finding_info/uid"), "");
	assert_string_not_equal(text_at(v, "/metadata/version"), "");
	assert_string_not_equal(text_at(v, "/metadata/product/name"), "");
}

static void
check_case(const struct news *w, const char *type, struct view view)
{
	struct alert_event shown;
	size_t             size;

	show(w, type, view, &shown);
	check_words(&shown);
	for (const struct format *f = formats; f->kind != NULL; f++) {
		const struct json *v;

		if (f->ops->render == NULL)
			continue;
		v = render(f->kind, &shown, &size);
		if (strcmp(f->kind, "slack") == 0)
			check_slack(v, size);
		if (strcmp(f->kind, "teams") == 0)
			check_teams(v, size);
		if (strcmp(f->kind, "pagerduty") == 0)
			check_pagerduty(v, size);
		if (strcmp(f->kind, "template") == 0)
			check_template(v);
		if (strcmp(f->kind, "syslog") == 0)
			check_ocsf(v, size);
	}
}

static void
every_event_fits_its_receiver_whatever_it_holds(void **state)
{
	size_t cases = 0;

	(void)state;
	for (size_t ev = 0; ev < LEN(news_events); ev++)
		for (size_t n = 0; n < LEN(news_counts); n++)
			for (enum news_flavour f = 0; f < NEWS_FLAVOURS; f++, cases++) {
				struct news *w = news_make(SEVERITY_CRITICAL, news_counts[n], f);

				check_case(w, news_events[ev], all);
				check_case(w, news_events[ev], none);
			}
	assert_int_equal(cases, 84);
	check_case(news_make(SEVERITY_LOW, 0, NEWS_PLAIN), EVENT_TEST, none);
}

/* Whatever somebody is called, and writes. */
static const struct alert_work works[] = {
	{ "anna@demo.example", "session", "open", "Looking at it.", NULL },
	{ "key:a \"key\" <b>\r\nX: y", "key", "acknowledged",
	    "@here <!channel> [a](http://x)\r\n\x01\xff *b*", "<b>@here" },
	{ "tenant:msp/\xe2\x80\xae\xf0\x9f\x94\x92", "tenant", "in_progress", "", "" },
};

static const char *
incident_of(const struct event_kind *k)
{
	return k->sort == SORT_WORK ? "acknowledge" : k->sort == SORT_END ? "resolve" : "trigger";
}

static void
every_event_is_told_by_every_kind_in_every_state_of_its_alert(void **state)
{
	static const char *const states[] = { "open", "acknowledged", "in_progress", "resolved" };
	static const enum news_flavour flavours[] = { NEWS_PLAIN, NEWS_UNICODE, NEWS_HOSTILE,
		NEWS_LARGE };
	struct alert_event             shown;
	size_t                         size, cases = 0;

	(void)state;
	for (const struct event_kind *k = event_kinds; k->sort != SORT_TEST; k++)
		for (size_t i = 0; i < LEN(states) * LEN(flavours) * LEN(works); i++, cases++) {
			struct news *w = news_make(
			    SEVERITY_CRITICAL, 21, flavours[i / LEN(states) % LEN(flavours)]);

			w->alert.status = talloc_strdup(mem, states[i % LEN(states)]);
			if (k->by != NULL)
				w->work = &works[i / LEN(states) / LEN(flavours)];
			check_case(w, k->type, all);
			check_case(w, k->type, none);
			show(w, k->type, none, &shown);
			assert_string_equal(
			    text_at(render("pagerduty", &shown, &size), "/event_action"),
			    incident_of(k));
		}
	assert_int_equal(cases, 9 * 4 * 4 * 3);
}

static void
a_program_from_before_leaves_what_it_does_not_know(void **state)
{
	struct news       *w = news_make(SEVERITY_HIGH, 1, NEWS_PLAIN);
	struct alert_event shown;

	(void)state;
	for (const struct event_kind *k = event_kinds; k->type != NULL; k++) {
		bool answered = k->sort == SORT_NEWS || k->sort == SORT_WORK;

		show(w, k->type, all, &shown);
		assert_int_equal(event_template(&shown, k->type), answered ? EVENT_ANSWERED : 1);
	}
	w->work = works;
	show(w, EVENT_RESOLVED, all, &shown);
	assert_int_equal(event_template(&shown, EVENT_RESOLVED), 2);
}

/* Every kind that says it shows them does, whole; the main link stays the first. */
static void
what_is_answered_by_links_has_them(void **state)
{
	struct news         *w = news_make(SEVERITY_HIGH, 20, NEWS_PLAIN);
	struct event_answers links = { "https://a.example/answer?t=one",
		"https://a.example/#two&t=2", "https://a.example/#three", { 1 } };
	struct alert_event   shown;
	struct str           body;
	size_t               kinds = 0;

	(void)state;
	show(w, EVENT_OPENED, all, &shown);
	shown.answers = &links;
	for (const struct format *f = formats; f->kind != NULL; f++) {
		const struct rendering in = { &shown, EVENT_TEMPLATE, "msg_1", STR(KEY), TEMPLATE };

		if (f->ops->render == NULL)
			continue;
		assert_true(f->ops->render(mem, &in, &body, &(struct err) { 0 }));
		kinds += f->ops->answers;
		assert_int_equal(
		    memmem(body.p, body.n, "answer?t=one", 12) != NULL, f->ops->answers);
		assert_int_equal(memmem(body.p, body.n, "#three", 6) != NULL, f->ops->answers);
	}
	assert_int_equal(kinds, 4);
}

/* ---- what people read ---- */

static void
the_first_line_says_how_bad_where_what_and_from_what_to_what(void **state)
{
	struct news       *w = news_make(SEVERITY_CRITICAL, 1, NEWS_PLAIN);
	struct alert_event shown;
	size_t             size;

	(void)state;
	w->tenant.name = talloc_strdup(mem, "Example Ltd");
	w->alert.title = talloc_strdup(mem, "sshd_config: PermitRootLogin no -> yes and 2 more");
	show(w, EVENT_OPENED, all, &shown);
	assert_string_equal(text_at(render("slack", &shown, &size), "/text"),
	    "Critical \xc2\xb7 Example Ltd \xc2\xb7 sshd_config: PermitRootLogin no -&gt; yes and "
	    "2 more");
	show(w, EVENT_UPDATED, all, &shown);
	shown.alert->severity_before = "low";
	assert_string_equal(text_at(render("pagerduty", &shown, &size), "/payload/summary"),
	    "Critical, was low \xc2\xb7 Example Ltd \xc2\xb7 sshd_config: PermitRootLogin no -> "
	    "yes and 2 more");
	show(w, EVENT_RESOLVED, all, &shown);
	assert_string_equal(
	    text_at(render("alertmanager", &shown, &size), "/0/annotations/summary"),
	    "Resolved \xc2\xb7 Example Ltd \xc2\xb7 sshd_config: PermitRootLogin no -> yes and 2 "
	    "more");
}

static void
how_long_nobody_has_acknowledged_is_said_in_words(void **state)
{
	static const struct {
		int64_t     s;
		const char *text;
	} cases[] = { { 0, "0 seconds" }, { 1, "1 second" }, { 119, "119 seconds" },
		{ 120, "2 minutes" }, { 900, "15 minutes" }, { 7199, "119 minutes" },
		{ 7200, "2 hours" }, { 2 * 86400 - 1, "47 hours" }, { 7 * 86400, "7 days" } };
	char               text[EVENT_WAIT_MAX];
	struct alert_event shown;
	size_t             size;

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		event_print_wait(cases[i].s, text);
		assert_string_equal(text, cases[i].text);
	}
	show(news_make(SEVERITY_HIGH, 1, NEWS_PLAIN), EVENT_UNACKNOWLEDGED, all, &shown);
	shown.type = EVENT_OPENED; /* to who has not heard of it */
	assert_non_null(strstr(text_at(render("slack", &shown, &size), "/text"),
	    "High, not acknowledged for 2 days \xc2\xb7"));
}

static void
what_does_not_fit_is_counted(void **state)
{
	struct alert_event shown;
	size_t             size;
	const struct json *v;

	(void)state;
	show(news_make(SEVERITY_HIGH, 21, NEWS_PLAIN), EVENT_OPENED, all, &shown);
	shown.changes_total = 61;
	v = render("slack", &shown, &size);
	assert_string_equal(text_at(v, "/blocks/22/text/text"), "and 41 more");
	v = render("teams", &shown, &size);
	v = at(v, "/attachments/0/content/body");
	assert_string_equal(text_at(&v->items[v->n - 1], "/inlines/0/text"), "and 41 more");
}

static void
an_incident_is_one_from_its_opening_to_its_end(void **state)
{
	struct news       *w = news_make(SEVERITY_HIGH, 1, NEWS_PLAIN);
	struct alert_event shown;
	size_t             size;
	const struct json *opened, *over, *v;
	char               ends[2][TIME_TEXT_MAX];

	(void)state;
	show(w, EVENT_OPENED, all, &shown);
	opened = render("pagerduty", &shown, &size);
	v = render("alertmanager", &shown, &size);
	snprintf(ends[0], sizeof(ends[0]), "%s", text_at(v, "/0/endsAt"));
	show(w, EVENT_UPDATED, all, &shown);
	assert_string_equal(
	    text_at(render("pagerduty", &shown, &size), "/event_action"), "trigger");
	shown.below_min_severity = true;
	assert_string_equal(
	    text_at(render("pagerduty", &shown, &size), "/event_action"), "resolve");
	show(w, EVENT_RESOLVED, all, &shown);
	over = render("pagerduty", &shown, &size);
	assert_string_equal(text_at(opened, "/event_action"), "trigger");
	assert_string_equal(text_at(over, "/event_action"), "resolve");
	assert_string_equal(text_at(opened, "/dedup_key"), text_at(over, "/dedup_key"));
	assert_string_equal(text_at(opened, "/payload/severity"), "error");
	snprintf(ends[1], sizeof(ends[1]), "%s",
	    text_at(render("alertmanager", &shown, &size), "/0/endsAt"));
	assert_true(strcmp(ends[0], ends[1]) > 0);
	assert_string_equal(ends[1], "2025-11-29T17:00:00.123Z");
}

static void
a_channel_without_values_is_told_none_by_any_kind(void **state)
{
	struct news       *w = news_make(SEVERITY_HIGH, 1, NEWS_PLAIN);
	struct alert_event shown;

	(void)state;
	w->alert.title = talloc_strdup(mem, "policy changed");
	w->texts[0].old_text = STR("\"before-it\"");
	w->texts[0].new_text = STR("\"after-it\"");
	show(w, EVENT_OPENED, none, &shown);
	for (const struct format *f = formats; f->kind != NULL; f++) {
		const struct rendering in = { &shown, EVENT_TEMPLATE, "msg_1", STR(KEY), TEMPLATE };
		struct err             e = { 0 };
		struct str             body;

		if (f->ops->render == NULL)
			continue;
		assert_true(f->ops->render(mem, &in, &body, &e));
		assert_null(memmem(body.p, body.n, "before-it", 9));
		assert_null(memmem(body.p, body.n, "after-it", 8));
		assert_non_null(memmem(body.p, body.n, "withheld", 8));
	}
}

/* ---- of several alerts ---- */

#define HOSTILE "\"<!channel> *x* [y](http://z) \\u202e & \\n<b>\""

static void
list_many(struct event_many *many, const char *title)
{
	struct event_listed *rows = talloc_zero_array(mem, struct event_listed, EVENT_LISTED);
	struct event_config *config = talloc_zero(mem, struct event_config);

	config->name.text = title;
	for (size_t i = 0; i < EVENT_LISTED; i++)
		rows[i] = (struct event_listed) {
			.event = i < 15 ? EVENT_OPENED : EVENT_RESOLVED,
			.severity = i < 3 ? "critical" : "high",
			.kind = i == 19 ? "" : "drift",
			.status = i == 19 ? "" : "open",
			.title = { .text = i == 19 ? "\"\"" : title },
			.config = i % 2 == 0 ? config : NULL,
		};
	*many = (struct event_many) {
		.reason = SUMMARY_RATE,
		.alerts = { rows, EVENT_LISTED },
		.alerts_total = 412,
		.resolved = 112,
		.worst = "critical",
		.by_severity = { .text = "{\"critical\":3,\"high\":297}" },
	};
}

static char *
long_text(void)
{
	char *out = talloc_strdup(mem, "\"");

	for (int i = 0; i < 300; i++)
		out = talloc_strdup_append(out, "\xe2\x82\xac");
	return talloc_strdup_append(out, "\"");
}

static void
check_summary(const char *kind, const struct alert_event *ev)
{
	size_t             size;
	const struct json *v = render(kind, ev, &size);

	if (strcmp(kind, "slack") == 0)
		check_slack(v, size);
	else if (strcmp(kind, "teams") == 0)
		check_teams(v, size);
	else
		assert_int_equal(at(v, "/data/summary/alerts")->n, EVENT_LISTED);
}

static void
a_summary_says_how_many_and_lists_the_worst_in_every_kind_that_has_one(void **state)
{
	const char *const   titles[] = { "\"storm 1\"", HOSTILE, long_text() };
	struct event_tenant tenant = { .slug = "example", .name = { .text = "\"Example Ltd\"" } };
	struct event_links  links = { .alerts = "https://drift.example.org/bsx/api/drift/alerts" };
	struct event_many   many;
	struct alert_event  ev = { EVENT_SUMMARY, .tenant = &tenant, .links = &links,
		 .many = &many };
	struct words        w;
	struct err          e = { 0 };
	size_t              kinds = 0;

	(void)state;
	for (size_t i = 0; i < LEN(titles); i++) {
		list_many(&many, titles[i]);
		check_words(&ev);
		assert_true(words_make(mem, &ev, &w, &e));
		assert_string_equal(w.headline,
		    "Critical \xc2\xb7 Example Ltd \xc2\xb7 412 alerts: 3 critical, 297 high, 112 "
		    "resolved");
		assert_string_equal(
		    w.link, "https://drift.example.org/bsx/?tenant=example#/alerts?status=open");
		for (const struct format *f = formats; f->kind != NULL; f++) {
			if (!f->tells_many || f->ops->render == NULL)
				continue;
			check_summary(f->kind, &ev);
			kinds++;
		}
	}
	assert_int_equal(kinds, LEN(titles) * 4);
	many.worst = NULL;
	assert_true(words_over(&ev));
}

/* Where each kind has it. */
static void
who_made_it_is_told_by_every_kind_and_withheld_where_it_quotes_values(void **state)
{
	static const char eve[] =
	    "{\"confidence\":\"exact\",\"actors\":[{\"kind\":\"user\",\"id\":\"e-1\",\"name\":"
	    "\"eve@x.example\",\"address\":null,\"at\":\"2026-11-29T00:01:00.000Z\",\"activity\":"
	    "\"Update policy\",\"correlation_id\":null}],\"quotes\":true}";
	struct news       *w = news_make(SEVERITY_HIGH, 1, NEWS_PLAIN);
	struct alert_event shown;
	size_t             size;

	(void)state;
	w->alert.attribution.text = eve;
	w->alert.title = talloc_strdup(mem, "policy changed");
	show(w, EVENT_ATTRIBUTED, all, &shown);
	assert_string_equal(text_at(render("slack", &shown, &size), "/text"),
	    "High, attributed \xc2\xb7 demo \xc2\xb7 policy changed");
	assert_string_equal(
	    text_at(render("pagerduty", &shown, &size), "/event_action"), "trigger");
	assert_string_equal(
	    text_at(render("pagerduty", &shown, &size), "/payload/custom_details/by"),
	    "eve@x.example");
	assert_string_equal(
	    text_at(render("alertmanager", &shown, &size), "/0/annotations/by"), "eve@x.example");
	for (unsigned v = 0; v < 2; v++) {
		show(w, EVENT_ATTRIBUTED, v == 0 ? all : none, &shown);
		for (const struct format *f = formats; f->kind != NULL; f++) {
			const struct rendering in = { &shown, EVENT_TEMPLATE, "msg_1", STR(KEY),
				TEMPLATE };
			struct err             e = { 0 };
			struct str             body;

			if (f->ops->render == NULL)
				continue;
			assert_true(f->ops->render(mem, &in, &body, &e));
			assert_int_equal(
			    memmem(body.p, body.n, "eve@x.example", 13) != NULL, v == 0);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_event_fits_its_receiver_whatever_it_holds),
		TEST(every_event_is_told_by_every_kind_in_every_state_of_its_alert),
		TEST(a_program_from_before_leaves_what_it_does_not_know),
		TEST(what_is_answered_by_links_has_them),
		TEST(the_first_line_says_how_bad_where_what_and_from_what_to_what),
		TEST(how_long_nobody_has_acknowledged_is_said_in_words),
		TEST(what_does_not_fit_is_counted),
		TEST(an_incident_is_one_from_its_opening_to_its_end),
		TEST(a_channel_without_values_is_told_none_by_any_kind),
		TEST(a_summary_says_how_many_and_lists_the_worst_in_every_kind_that_has_one),
		TEST(who_made_it_is_told_by_every_kind_and_withheld_where_it_quotes_values),
	};

	return cmocka_run_group_tests_name("kinds of channels", tests, NULL, NULL);
}
