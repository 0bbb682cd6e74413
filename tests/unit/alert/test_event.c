/* event.h: what happened to an alert, and how Standard Webhooks tells it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/hash.h"
#include "drift/deliver/format.h"
#include "tests/unit/mem.h"

#include "tests/unit/alert/news.h"

/* What each case was printed as before there were events: event, severity, changes, flavour,
 * SHA-256 with and without values. */
#define EXPECTED "tests/unit/alert/messages.tsv"

static const struct view all = { .values = true }, none = { 0 };

/* ---- the road of an event, without the database ---- */

static struct str
keep(const struct news *w, const char *type)
{
	const struct conf conf = { .public_url = "https://drift.example.org", .base_path = "/bsx" };
	const struct env  env = { .conf = &conf, .clock = &news_clock };
	struct tenant_db  t = { .tenant = &w->tenant };
	const struct alert_scope s = { .env = &env,
		.t = &t,
		.mem = mem,
		.config_id = w->config_id,
		.config_name = w->config_name,
		.report = w->has_report ? &w->report : NULL };
	const struct alert_news  news = { .event = type,
		 .alert = strcmp(type, EVENT_TEST) == 0 ? NULL : &w->alert,
		 .changes = w->changes,
		 .texts = w->texts,
		 .order = w->order,
		 .n = w->n };
	struct alert_event       ev;
	struct err               e = { 0 };
	struct buf               b;

	buf_make(&b, mem);
	assert_true(event_make(&s, &news, &ev, &e));
	assert_true(event_keep(&b, &ev, &e));
	return buf_str(&b);
}

static struct str
render(struct str kept, struct view v)
{
	const struct format *f = format_of(formats, "webhook");
	struct alert_event   ev, shown;
	struct err           e = { 0 };
	struct str           body;

	assert_true(event_read(mem, kept, &ev, &e));
	assert_true(event_view(mem, v, &ev, &shown, &e));
	assert_true(f->ops->render(
	    mem, &(struct rendering) { &shown, EVENT_TEMPLATE, "msg_1", { 0 } }, &body, &e));
	return body;
}

static const char *
digest(struct str s)
{
	char   *out = talloc_array(mem, char, 2 * HASH_LEN + 1);
	uint8_t hash[HASH_LEN];

	hash_sha256(s.p, s.n, hash);
	hex_print(hash, HASH_LEN, out);
	return out;
}

/* ---- the tests ---- */

static void
check_case(const char *type, enum severity severity, size_t n, enum news_flavour f, FILE *expected)
{
	bool         test = strcmp(type, EVENT_TEST) == 0;
	struct news *w = news_make(severity, n, f);
	struct str   kept = keep(w, type);
	char         line[512];
	char        *want = talloc_asprintf(mem, "%s\t%s\t%zu\t%s\t%s\t%s\n", type,
            test ? "-" : severity_name(severity), n, news_flavours[f], digest(render(kept, all)),
		   digest(render(kept, none)));

	assert_non_null(fgets(line, sizeof(line), expected));
	assert_string_equal(line, want);
}

static void
a_webhook_gets_byte_for_byte_what_it_got_before_there_were_events(void **state)
{
	FILE  *expected = fopen(EXPECTED, "re");
	char   rest[8];
	size_t cases = 1;

	(void)state;
	assert_non_null(expected);
	check_case(EVENT_TEST, SEVERITY_LOW, 0, NEWS_PLAIN, expected);
	for (size_t ev = 0; ev < LEN(news_events); ev++)
		for (enum severity s = 0; s < SEVERITY__MAX; s++)
			for (size_t n = 0; n < LEN(news_counts); n++)
				for (enum news_flavour f = 0; f < NEWS_FLAVOURS; f++, cases++)
					check_case(news_events[ev], s, news_counts[n], f, expected);
	assert_null(fgets(rest, sizeof(rest), expected));
	assert_int_equal(cases, 421);
	fclose(expected);
}

static void
one_change_reads_so(void **state)
{
	struct news *w = news_make(SEVERITY_HIGH, 1, NEWS_PLAIN);

	(void)state;
	assert_string_equal(render(keep(w, EVENT_OPENED), all).p,
	    "{\"type\":\"drift.alert.opened\",\"timestamp\":\"2025-11-29T17:00:00.123Z\",\"data\":{"
	    "\"tenant\":{\"id\":\"019ace5f-4c7b-7000-8000-000000000001\",\"slug\":\"demo\"},"
	    "\"config\":{\"id\":\"019ace5f-4c7b-7000-8000-000000000002\",\"name\":\"Entra\"},"
	    "\"alert\":{\"id\":\"019ace5f-4c7b-7000-8000-000000000003\",\"kind\":\"drift\","
	    "\"severity\":\"high\",\"status\":\"open\",\"title\":\"1 changes in Entra (1 high)\","
	    "\"opened_at\":\"2025-11-29T16:00:00.123Z\"},"
	    "\"report\":{\"id\":\"019ace5f-4c7b-7000-8000-000000000004\",\"summary\":{\"created\":"
	    "0,"
	    "\"modified\":1,\"deleted\":7,\"by_severity\":{\"high\":1,\"low\":20}},\"score\":64,"
	    "\"max_severity\":\"high\"},"
	    "\"changes\":[{\"category\":\"conditionalAccessPolicies\",\"key\":\"policy 0\","
	    "\"op\":\"created\",\"path\":\"/conditions/users/0/"
	    "includeUsers\",\"severity\":\"info\","
	    "\"rule\":\"ca.state\",\"reason\":\"\",\"old_value\":1,\"new_value\":null}],"
	    "\"changes_total\":1,\"links\":{"
	    "\"alert\":\"https://drift.example.org/bsx/api/drift/alerts/"
	    "019ace5f-4c7b-7000-8000-000000000003\","
	    "\"report\":\"https://drift.example.org/bsx/api/drift/reports/"
	    "019ace5f-4c7b-7000-8000-000000000004\"}}}");
}

static void
an_event_is_bounded_whatever_the_report_holds(void **state)
{
	struct alert_event ev;
	struct err         e = { 0 };

	(void)state;
	for (enum news_flavour f = 0; f < NEWS_FLAVOURS; f++) {
		struct str kept = keep(news_make(SEVERITY_CRITICAL, 21, f), EVENT_UPDATED);

		assert_true(render(kept, all).n < EVENT_MAX);
		assert_true(kept.n < 2 * EVENT_MAX);
		assert_true(event_read(mem, kept, &ev, &e));
		assert_int_equal(ev.changes_total, 21);
		assert_true(
		    f == NEWS_LARGE ? ev.changes.n < EVENT_CHANGES : ev.changes.n <= EVENT_CHANGES);
	}
}

static void
a_value_of_any_depth_is_told_and_withheld(void **state)
{
	struct news *w = news_make(SEVERITY_HIGH, 1, NEWS_PLAIN);
	char         deep[255];
	struct str   kept, body;

	(void)state;
	memset(deep, '[', 127);
	memset(deep + 127, ']', 127);
	deep[254] = '\0';
	w->texts[0].new_text = str_of(deep);
	kept = keep(w, EVENT_OPENED);
	assert_non_null(strstr(render(kept, all).p, deep));
	body = render(kept, none);
	assert_null(strstr(body.p, "[["));
	assert_non_null(strstr(body.p, "\"new_value\":\"[withheld]\""));
}

static void
what_else_a_format_may_tell_is_kept_too(void **state)
{
	struct news       *w = news_make(SEVERITY_HIGH, 1, NEWS_HOSTILE);
	struct alert_event ev;
	struct err         e = { 0 };
	struct str         text;
	const struct str   path = STR("/a\0b/\x01\x7f\r\n\t\"\\");

	(void)state;
	w->tenant.name = talloc_strdup(mem, "Demo \xf0\x9f\x94\x92");
	w->alert.resolved_at.ms = NEWS_AT_MS;
	w->alert.resolved_by = talloc_strdup(mem, "somebody");
	assert_true(event_read(mem, keep(w, EVENT_RESOLVED), &ev, &e));
	assert_true(event_text(mem, &ev.tenant->name, &text, &e));
	assert_true(str_eqz(text, "Demo \xf0\x9f\x94\x92"));
	assert_true(event_text(mem, &ev.alert->resolved_by, &text, &e));
	assert_true(str_eqz(text, "somebody"));
	assert_int_equal(ev.alert->resolved_at.ms, NEWS_AT_MS);
	assert_int_equal(ev.alert->updated_at.ms, NEWS_AT_MS - 1000);
	assert_true(event_text(mem, &((struct event_change *)ev.changes.p)->path, &text, &e));
	assert_true(str_eq(text, path)); /* U+0000 too */
}

static void
what_is_no_event_is_not_taken_for_one(void **state)
{
	static const char *const cases[] = { "", "{", "[]", "{\"type\":1}", "{\"to_come\":1}" };
	struct alert_event       ev;

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct err e = { 0 };

		assert_false(event_read(mem, str_of(cases[i]), &ev, &e));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_webhook_gets_byte_for_byte_what_it_got_before_there_were_events),
		TEST(one_change_reads_so),
		TEST(an_event_is_bounded_whatever_the_report_holds),
		TEST(a_value_of_any_depth_is_told_and_withheld),
		TEST(what_else_a_format_may_tell_is_kept_too),
		TEST(what_is_no_event_is_not_taken_for_one),
	};

	return cmocka_run_group_tests_name("events of alerts", tests, NULL, NULL);
}
