/* words.h, format.h: whatever something is called, in whatever place of an event, it is text in
 * every sink: no mention, no link, no line and no markup of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/json/json.h"
#include "drift/deliver/email.h"
#include "drift/deliver/format.h"
#include "tests/unit/mem.h"

#include "tests/unit/alert/news.h"

#define KEY      "0123456789abcdef0123456789ABCDEF"
#define OURS     "https://drift.example.org/"
#define TEMPLATE "{\"title\":%alert.title%,\"config\":\"of %config.name%\",\"text\":%changes.text%}"

static const char *const names[] = { "<!channel> <!here> <@U012AB3CD> <#C012AB3CD|x>",
	"<http://evil.example|Open the alert>", "[Open](http://evil.example) **x** `y` @everyone",
	"<script>alert(1)</script><img src=x onerror=y>",
	"\"><a href=\"http://evil.example\">x</a>", "a\r\nBcc: x@evil.example\r\n\r\nbody",
	"x\n<13>1 - - forged - - - \xe2\x80\xa8y\xe2\x80\xa9z",
	"\xe2\x80\xae"
	"dekcatta\xe2\x80\xac \xe2\x81\xa6x\xe2\x81\xa9",
	"%alert.id% %link% %% ${x} {{x}}", "\",\"routing_key\":\"x\",\"a\":\"",
	"a\\\"]} [forged@32473 x=\"", "broken \xff\xc3 \xed\xa0\x80", "\x1b[31mred\x07\x08\x7f",
	"&lt;b&gt; &amp; &#60;", "<at>everyone</at> {{DATE(2026)}}", "" };

/* Where a name of somebody else's may stand in an event. */
enum place {
	OF_TENANT,
	OF_CONFIG,
	OF_TITLE,
	OF_KEY,
	OF_CATEGORY,
	OF_PATH,
	OF_REASON,
	OF_VALUE,
	OF_PERSON,
	PLACES
};

static const char *
json_text(const char *name)
{
	struct buf b;

	buf_make(&b, mem);
	buf_json(&b, str_of(name));
	return buf_str(&b).p;
}

static void
name_it(struct news *w, enum place place, const char *name, struct alert_work *work)
{
	const struct str text = str_of(name);

	if (place == OF_TENANT)
		w->tenant.name = talloc_strdup(mem, name);
	if (place == OF_CONFIG)
		w->config_name = name;
	if (place == OF_TITLE)
		w->alert.title = talloc_strdup(mem, name);
	for (size_t i = 0; i < w->n; i++) {
		if (place == OF_KEY)
			w->changes[i].key = text;
		if (place == OF_CATEGORY)
			w->changes[i].category = text;
		if (place == OF_PATH)
			w->changes[i].path = str_of(talloc_asprintf(mem, "/%s", name));
		if (place == OF_REASON)
			w->changes[i].reason = talloc_strdup(mem, name);
		if (place == OF_VALUE)
			w->texts[i].old_text = w->texts[i].new_text = str_of(json_text(name));
	}
	if (place == OF_PERSON) {
		*work = (struct alert_work) { name, "session", "open", name, name };
		w->work = work;
	}
}

static void
show(const struct news *w, const char *type, struct alert_event *shown)
{
	const struct conf conf = { .public_url = "https://drift.example.org", .base_path = "/bsx" };
	const struct env  env = { .conf = &conf, .clock = &news_clock };
	struct tenant_db  t = { .tenant = &w->tenant };
	const struct alert_scope s = { .env = &env,
		.t = &t,
		.mem = mem,
		.config_id = w->config_id,
		.config_name = w->config_name,
		.report = &w->report };
	const struct alert_news  news = { .event = type,
		 .alert = &w->alert,
		 .work = w->work,
		 .changes = w->changes,
		 .texts = w->texts,
		 .order = w->order,
		 .n = w->n };
	struct alert_event       ev, read;
	struct err               e = { 0 };
	struct buf               b;

	buf_make(&b, mem);
	assert_true(event_make(&s, &news, &ev, &e));
	assert_true(event_keep(&b, &ev, &e));
	assert_true(event_read(mem, buf_str(&b), &read, &e));
	assert_true(event_view(mem, (struct view) { .values = true }, &read, shown, &e));
}

/* ---- sinks ---- */

/* Printable, of one line, and read in the order in which it stands. */
static void
check_line(const char *text)
{
	struct str s = str_of(text);
	uint32_t   cp;
	size_t     taken;

	while ((taken = utf8_next(s, &cp)) > 0) {
		assert_true(cp >= 0x20 && (cp < 0x7f || cp > 0x9f));
		assert_true(cp != 0x2028 && cp != 0x2029 && (cp < 0x202a || cp > 0x202e) &&
			    (cp < 0x2066 || cp > 0x2069));
		s = (struct str) { s.p + taken, s.n - taken };
	}
	assert_int_equal(s.n, 0);
}

/* What is read as markup begins with our own link, and holds no other. */
static void
check_slack(const struct json *v)
{
	const struct json *blocks = json_at(v, STR("/blocks")), *text = json_at(v, STR("/text"));

	assert_null(memchr(text->text.p, '<', text->text.n));
	assert_null(memchr(text->text.p, '>', text->text.n));
	assert_int_equal(json_at(v, STR("/mrkdwn"))->type, JSON_FALSE);
	assert_null(json_at(v, STR("/link_names")));
	for (uint32_t i = 0; i < blocks->n; i++) {
		const struct json *t = json_at(&blocks->items[i], STR("/text"));

		if (t == NULL || str_eqz(json_at(t, STR("/type"))->text, "plain_text")) {
			assert_true(t == NULL || json_at(t, STR("/emoji"))->type == JSON_FALSE);
			continue;
		}
		text = json_at(t, STR("/text"));
		assert_true(str_starts(text->text, "<" OURS));
		assert_null(memmem(text->text.p, text->text.n, "evil", 4));
	}
}

static void
check_teams(const struct json *v)
{
	const struct json *card = json_at(v, STR("/attachments/0/content"));
	const struct json *body = json_at(card, STR("/body"));
	const struct json *actions = json_at(card, STR("/actions"));

	for (uint32_t i = 0; i < body->n; i++) {
		const struct json *runs = json_at(&body->items[i], STR("/inlines"));

		assert_true(str_eqz(json_at(&body->items[i], STR("/type"))->text, "RichTextBlock"));
		for (uint32_t k = 0; k < runs->n; k++) {
			assert_true(
			    str_eqz(json_at(&runs->items[k], STR("/type"))->text, "TextRun"));
			assert_null(json_at(&runs->items[k], STR("/selectAction")));
		}
	}
	assert_null(json_at(card, STR("/msteams/entities")));
	for (uint32_t i = 0; i < actions->n; i++)
		assert_true(str_starts(json_at(&actions->items[i], STR("/url"))->text, OURS));
}

static void
check_pagerduty(const struct json *v)
{
	assert_true(str_eqz(json_at(v, STR("/routing_key"))->text, KEY));
	assert_true(str_starts(json_at(v, STR("/client_url"))->text, OURS));
	assert_int_equal(json_at(v, STR("/links"))->n, 1);
	assert_true(str_starts(json_at(v, STR("/links/0/href"))->text, OURS));
	check_line(str_dup(mem, json_at(v, STR("/payload/summary"))->text));
}

/* Numbers and words of ours: whatever is called so has no part in what tells series apart. */
static void
check_alertmanager(const struct json *v)
{
	const struct json *labels = json_at(v, STR("/0/labels"));

	for (uint32_t i = 0; i < labels->n; i++)
		for (size_t k = 0; k < labels->items[i].text.n; k++)
			assert_non_null(strchr("abcdefghijklmnopqrstuvwxyz0123456789-_BSX",
			    labels->items[i].text.p[k]));
	assert_true(str_starts(json_at(v, STR("/0/generatorURL"))->text, OURS));
}

static void
check_kind(const struct format *f, const struct alert_event *shown)
{
	const struct rendering in = { shown, EVENT_TEMPLATE, "msg_1", STR(KEY), TEMPLATE };
	struct err             e = { 0 };
	struct str             body;
	const struct json     *v;

	if (f->ops->render == NULL)
		return;
	assert_true(f->ops->render(mem, &in, &body, &e));
	assert_null(memchr(
	    body.p, '\n', body.n)); /* of syslog a second message, of trails another record */
	assert_null(memchr(body.p, '\r', body.n));
	v = json_parse(mem, body, &e);
	assert_non_null(v);
	if (strcmp(f->kind, "slack") == 0)
		check_slack(v);
	if (strcmp(f->kind, "teams") == 0)
		check_teams(v);
	if (strcmp(f->kind, "pagerduty") == 0)
		check_pagerduty(v);
	if (strcmp(f->kind, "alertmanager") == 0)
		check_alertmanager(v);
	if (strcmp(f->kind, "template") == 0)
		assert_int_equal(v->n, 3);
}

/* Tags are ours, and lead to us. */
static void
check_mail(const struct alert_event *shown, const char *channel)
{
	static const char *const foreign[] = { "<script", "<img", "<at>", "<b>", "<13>",
		"<!channel", "href=\"http:", "href=\"https://evil" };
	const struct attempt     a = { .channel = { .name = talloc_strdup(mem, channel) } };
	struct mail_message m = { .from = "bsx@example.org", .to = "soc@example.org", .id = "1" };
	struct words        w;
	struct err          e = { 0 };
	struct str          out;

	assert_true(words_make(mem, shown, &w, &e));
	check_line(w.headline);
	for (size_t i = 0; i < w.changes_n; i++) {
		check_line(w.changes[i].where);
		check_line(w.changes[i].what);
		check_line(w.changes[i].why);
	}
	for (size_t i = 0; i < w.facts_n; i++)
		check_line(w.facts[i].text);
	assert_true(email_write(&a, mem, &w, &m, &e));
	for (size_t i = 0; i < LEN(foreign); i++)
		assert_null(memmem(m.html.p, m.html.n, foreign[i], strlen(foreign[i])));
	assert_null(memmem(m.text.p, m.text.n, "\nBcc:", 5));
	assert_true(mail_compose(mem, &m, &out, &e));
	assert_null(memmem(out.p, out.n, "\r\nBcc:", 6));
}

static void
no_name_makes_a_mention_a_link_or_a_line_in_any_kind(void **state)
{
	size_t cases = 0;

	(void)state;
	for (size_t n = 0; n < LEN(names); n++)
		for (enum place place = 0; place < PLACES; place++, cases++) {
			struct news       *w = news_make(SEVERITY_HIGH, 2, NEWS_PLAIN);
			struct alert_work  work;
			struct alert_event shown;

			name_it(w, place, names[n], &work);
			show(w, place == OF_PERSON ? EVENT_ACKNOWLEDGED : EVENT_OPENED, &shown);
			for (const struct format *f = formats; f->kind != NULL; f++)
				check_kind(f, &shown);
			check_mail(&shown, names[n]);
		}
	assert_int_equal(cases, LEN(names) * PLACES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_name_makes_a_mention_a_link_or_a_line_in_any_kind),
	};

	return cmocka_run_group_tests_name("hostile names", tests, NULL, NULL);
}
