/*
 * news.h - events of alerts in all shapes: each kind of event, each severity, few changes and many, and values, paths
 * and names of every sort that a message may meet.
 *
 * The numbers of a case say all of it, so that what was printed of it once can be held against what is printed now.
 */
#ifndef BSX_TEST_ALERT_NEWS_H
#define BSX_TEST_ALERT_NEWS_H

#include <stdlib.h>
#include <string.h>

#include "drift/alert/alerting.h"
#include "tests/unit/mem.h"

#define NEWS_CHANGES_MAX 21
#define NEWS_AT_MS       1764435600123

static const char *const news_events[] = { EVENT_OPENED, EVENT_UPDATED, EVENT_RESOLVED };
static const size_t      news_counts[] = { 0, 1, 20, 21 };

/* What the texts of a case are like. */
static const char *const news_flavours[] = { "plain", "long", "masked", "unicode", "hostile",
	"large", "bare" };
enum news_flavour {
	NEWS_PLAIN, NEWS_LONG, NEWS_MASKED, NEWS_UNICODE, NEWS_HOSTILE,
	NEWS_LARGE, /* more than fits */
	NEWS_BARE,  /* of no config and no report */
	NEWS_FLAVOURS
};

struct news {
	struct uuid        config_id;
	const char        *config_name;
	struct tenant      tenant;
	struct alert       alert;
	struct report      report;
	bool               has_report;
	struct change      changes[NEWS_CHANGES_MAX];
	struct change_text texts[NEWS_CHANGES_MAX];
	size_t             order[NEWS_CHANGES_MAX];
	size_t             n;
	const struct alert_work *work; /* NULL: nobody has done anything */
};

static inline struct uuid
news_id(uint8_t a)
{
	struct uuid u = { { 0x01, 0x9a, 0xce, 0x5f, 0x4c, 0x7b, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, a } };

	return u;
}

static inline struct str
news_repeat(const char *text, size_t n, const char *end)
{
	char *p = talloc_strdup(mem, "");

	for (size_t i = 0; i < n; i++)
		p = talloc_strdup_append_buffer(p, text);
	return str_of(talloc_strdup_append_buffer(p, end));
}

/* Paths and keys. */
static inline void
news_texts(enum news_flavour f, size_t i, struct change *c)
{
	const struct str nul = STR("/a\0b/\x01\x7f\r\n\t\"\\");

	c->category = STR("conditionalAccessPolicies");
	c->key = str_of(talloc_asprintf(mem, "policy %zu", i));
	c->path = str_of(talloc_asprintf(mem, "/conditions/users/%zu/includeUsers", i));
	c->rule = "ca.state";
	c->reason = i % 2 == 0 ? "" : "A policy that is off protects nobody.";
	if (f == NEWS_MASKED && i % 3 != 0)
		c->path = i % 3 == 1 ? STR("/keys/[#0123456789abcdef]/value")
				     : STR("/keys/[value=\"x\"]/[id=\"y\"]/\xe2\x80\xa6~#0123456789abcdef");
	if (f == NEWS_UNICODE) {
		c->key = STR("Richtlinie \xc3\xbc\xf0\x9f\x94\x92 \xe2\x80\xae\xd7\x90 \xe2\x80\xa8");
		c->path = news_repeat("/\xf0\x9f\x94\x92", 204 + i, "x");
		c->reason = news_repeat("\xc3\xa9", 249 + i, "\xe2\x82\xac").p;
	}
	if (f == NEWS_HOSTILE) {
		c->category = STR("a\"b\\c</script>\x1b[31m");
		c->key = i % 2 == 0 ? nul : STR("broken \xff\xc3 utf-8 \xed\xa0\x80");
		c->path = nul;
		c->rule = "r\"\\\x01\xc2\x85";
	}
	if (f == NEWS_LARGE) {
		c->path = news_repeat("/member", 200 + i, "");
		c->rule = news_repeat("rule", 40, "").p;
		c->reason = news_repeat("reason ", 90, "").p;
	}
}

static inline struct str
news_value(size_t bytes)
{
	char *p = talloc_size(mem, bytes + 1);

	memset(p, 'v', bytes);
	p[0] = p[bytes - 1] = '"';
	p[bytes] = '\0';
	return str_of(p);
}

static inline void
news_values(enum news_flavour f, size_t i, struct change_text *t)
{
	static const char *const plain[] = { "1", "1.50e+3", "\"text\"", "null", "true",
		"{\"b\":[1,2,{\"a\":-0.0}],\"a\":\"\\u202e\"}", "[]", "12345678901234567890123" };

	t->old_text = str_of(plain[i % LEN(plain)]);
	t->new_text = str_of(plain[(i + 3) % LEN(plain)]);
	if (f == NEWS_MASKED)
		t->new_text = STR("\"[masked:0123456789abcdef]\"");
	if (f == NEWS_LONG) {
		t->old_text = news_value(255 + i % 3);
		t->new_truncated = i % 4 == 0;
		t->new_text = t->new_truncated ? (struct str) { NULL, 0 } : news_value(256);
	}
	if (f == NEWS_LARGE)
		t->old_text = t->new_text = news_value(200 + i);
	if (f == NEWS_UNICODE)
		t->new_text = STR("\"\xf0\x9f\x94\x92 \xc3\xbc \\u0000 \\ud83d\\udd12\"");
}

static inline void
news_change(struct news *w, enum news_flavour f, size_t i)
{
	struct change      *c = &w->changes[i];
	struct change_text *t = &w->texts[i];

	c->op = (enum change_op)(i % 3);
	c->severity = (enum severity)(i % SEVERITY__MAX);
	news_texts(f, i, c);
	news_values(f, i, t);
	if (i % 5 == 3)
		t->old_text = (struct str) { NULL, 0 };
	if (i % 5 == 4)
		t->new_text = (struct str) { NULL, 0 };
}

/* One case, a child of `mem` (tests/unit/mem.h). */
static inline struct news *
news_make(enum severity severity, size_t n, enum news_flavour f)
{
	struct news *w = talloc_zero(mem, struct news);

	w->n = n;
	w->tenant = (struct tenant) { .id = news_id(1), .slug = talloc_strdup(mem, "demo") };
	if (f != NEWS_BARE)
		w->config_id = news_id(2);
	w->config_name = f == NEWS_UNICODE ? "Gr\xc3\xbc\xc3\x9f" "e \"\xf0\x9f\x94\x92\"" : "Entra";
	w->has_report = f != NEWS_BARE;
	w->alert = (struct alert) {
		.id = news_id(3),
		.kind = talloc_strdup(mem, f == NEWS_BARE ? "system" : "drift"),
		.severity = talloc_strdup(mem, severity_name(severity)),
		.status = talloc_strdup(mem, "open"),
		.title = talloc_asprintf(mem, "%zu changes in %s (1 %s)", n, w->config_name,
		    severity_name(severity)),
		.opened_at = { NEWS_AT_MS - 3600000 },
		.updated_at = { NEWS_AT_MS - 1000 },
		.changes = (int64_t)n,
	};
	w->report = (struct report) {
		.id = news_id(4),
		.created = (int64_t)n / 3,
		.modified = (int64_t)n,
		.deleted = 7,
		.by_severity = { .text = n == 0 ? NULL : "{\"high\":1,\"low\":20}" },
		.score = 64,
		.max_severity = n == 0 ? NULL : talloc_strdup(mem, severity_name(severity)),
	};
	for (size_t i = 0; i < n; i++) {
		news_change(w, f, i);
		w->order[i] = n - 1 - i;
	}
	return w;
}

static int64_t
news_wall_ms(const struct clock *c)
{
	return c->set_ms;
}

static const struct clock_ops news_clock_ops = { .wall_ms = news_wall_ms };
static const struct clock     news_clock = { &news_clock_ops, NEWS_AT_MS };

#endif
