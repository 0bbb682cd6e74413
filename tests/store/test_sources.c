/*
 * A second kind of source, thrown away after: a file with its `struct source_ops`, and its row in
 * the table.  It collects page by page, and what it comes to goes the way of every snapshot.
 */
#include <stdio.h>
#include <string.h>

#include "core/shm/segment.h"
#include "core/shm/metric.h"
#include "core/store/drift/history.h"
#include "tests/store/drift_world.h"

/* The row. */
#define SOURCES(X)                                                                                 \
	X(push, source_push, source_push_schema, "they are pushed")                                \
	X(pages, source_pages, source_pages_schema, "they are read from a list of pages")
#include "drift/source/sources.c"
#undef SOURCES

/* ---- the kind: {"kind": "pages", "url": ..., "token": ...} ---- */

struct pages_settings {
	struct source_settings s;
	const char            *url, *token;
};
static const struct field pages_fields[] = {
	FIELD_AS(struct pages_settings, s.kind, "kind", .flags = FIELD_REQUIRED),
	FIELD(struct pages_settings, url, .max = 200, .format = "uri", .flags = FIELD_REQUIRED,
	    .doc = "The first page."),
	FIELD(struct pages_settings, token, .flags = FIELD_SECRET, .doc = "Shown to the server."),
	FIELD_END,
};
const struct schema source_pages_schema =
    SCHEMA("DriftSourcePages", struct pages_settings, pages_fields);

static bool
pages_check(TALLOC_CTX *mem, struct source *s, struct err *e)
{
	const struct pages_settings *in = (const struct pages_settings *)s->settings;

	return strchr(in->url, '?') == NULL ||
	       err_fault(e, mem, "/source/url", "must have no query");
}

/* The first page says how many there are: the others are asked for at once. */
#define PAGES_MAX 4
struct pages {
	const struct pages_settings *in;
	struct source_header         bearer;
	size_t                       asked, taken, pages;
	struct resource             *items;
	size_t                       n;
};

static void *
pages_begin(TALLOC_CTX *mem, const struct source_begin *b, struct err *e)
{
	struct pages *p = talloc_zero(mem, struct pages);

	if (p == NULL) {
		err_memory(e);
		return NULL;
	}
	p->in = (const struct pages_settings *)b->source->settings;
	p->bearer = (struct source_header) { "Authorization",
		talloc_asprintf(p, "Bearer %.*s", (int)b->secret.n, b->secret.p) };
	p->pages = 1;
	return p;
}

static enum source_step
pages_next(void *run, struct source_turn *turn, struct err *e)
{
	struct pages          *p = run;
	struct source_request *r = &turn->request;

	if (p->asked < p->pages) {
		*r = (struct source_request) {
			.id = (uint32_t)++p->asked,
			.method = "GET",
			.headers = &p->bearer,
			.headers_n = 1,
		};
		r->url = talloc_asprintf(p, "%s?page=%zu", p->in->url, p->asked);
		return r->url != NULL ? SOURCE_WANTS : (err_memory(e), SOURCE_FAILED);
	}
	if (p->taken < p->pages)
		return SOURCE_WAITS;
	turn->collected = (struct collected) { .resources = p->items, .n = p->n };
	return resources_check(p, p->items, p->n, e) ? SOURCE_DONE : SOURCE_FAILED;
}

static bool
pages_take(void *run, const struct source_answer *a, struct err *e)
{
	struct pages      *p = run;
	const struct json *page, *items, *last;

	if (a->status != 200)
		return err_set(e, ERR_UNAVAILABLE, 0, "A page was not to be had.", "page %u: %d %s",
		    a->id, a->status, a->why == NULL ? "" : a->why);
	page = json_parse(p, str_of(str_dup(p, a->body)), e);
	if (page == NULL)
		return false;
	last = json_get(page, "pages");
	if (a->id == 1 && last != NULL)
		p->pages = (size_t)(last->text.p[0] - '0');
	items = json_get(page, "items");
	p->items = talloc_realloc(p, p->items, struct resource, (unsigned)(p->n + items->n + 1));
	for (uint32_t i = 0; i < items->n; i++)
		p->items[p->n++] = (struct resource) { STR("rules"),
			json_get(&items->items[i], "id")->text, &items->items[i] };
	p->taken++;
	return true;
}

static bool
pages_attribute(const struct source *s, const struct change *c, struct buf *out, struct err *e)
{
	(void)s, (void)e;
	buf_puts(out, "{\"actor\":");
	buf_json(out, c->key);
	buf_puts(out, ",\"source\":\"its own log\"}");
	return true;
}

static void
pages_progress(const void *run, struct source_progress *out)
{
	const struct pages *p = run;

	*out = (struct source_progress) { .requests = p->asked };
}

static const struct source_collect pages_collect = { pages_begin, pages_next, pages_take,
	pages_progress };
const struct source_ops            source_pages = {
		   .secret = "token",
		   .check = pages_check,
		   .collect = &pages_collect,
		   .attribute = pages_attribute,
};

/* ---- who has the loop ---- */

#define PAGES "{\"source\":{\"kind\":\"pages\",\"url\":\"https://fw.example/rules\"}}"

/* Everything that is wanted is under way before the first answer; the newest comes back first. */
static enum source_step
drive(const struct source *s, void *run, const char *const pages[], struct collected *out,
    struct err *e)
{
	struct source_request asked[PAGES_MAX];
	struct source_turn    turn = { 0 };
	size_t                n = 0, most = 0;
	enum source_step      step;

	while (
	    (step = s->ops->collect->next(run, &turn, e)) == SOURCE_WANTS || step == SOURCE_WAITS) {
		struct source_answer a = { .status = 200 };

		if (step == SOURCE_WANTS) {
			asked[n] = turn.request;
			assert_string_equal(asked[n].headers[0].value, "Bearer s3cret");
			assert_int_equal(
			    strncmp(asked[n].url, "https://fw.example/rules?page=", 30), 0);
			n++;
			most = n > most ? n : most;
			assert_true(n < PAGES_MAX);
			continue;
		}
		assert_true(n > 0); /* or it would wait for ever */
		a.id = asked[--n].id;
		a.body = str_of(pages[a.id - 1]);
		if (a.body.p == NULL)
			a = (struct source_answer) { .id = a.id, .why = "no route to host" };
		if (!s->ops->collect->take(run, &a, e))
			return SOURCE_FAILED;
	}
	assert_int_equal(most, pages[2] != NULL ? 2 : 1);
	*out = turn.collected;
	return step;
}

/* One run: as a collector would do it, to the end. */
static bool
collect(struct drift_world *x, const struct uuid *config, const char *const pages[],
    struct ingest_answer *a, struct err *e)
{
	struct drift_config c;
	struct collected    got = { 0 };
	struct ingest       in = {
		      .d = x->d, .t = x->t, .mem = x, .config = &c, .pushed_by = "collector"
	};
	struct source_session session = { 0 };
	struct source_begin   begin = {
		  .secret = STR("s3cret"), .session = &session, .env = x->d->env
	};
	void *run;

	assert_true(config_by_id(x->t, x, config, &c, e));
	in.spec = spec_of(x->d, x->t, &c, NULL, e);
	assert_non_null(in.spec);
	begin.source = &in.spec->source;
	run = in.spec->source.ops->collect->begin(x, &begin, e);
	assert_non_null(run);
	if (drive(&in.spec->source, run, pages, &got, e) == SOURCE_DONE)
		return ingest_collected(&in, &got, a, e);
	ingest_failed(&in, e);
	return false;
}

/* ---- ---- */

static void
a_kind_that_collects_page_by_page_comes_to_a_report(void **state)
{
	static const char *const before[] = { "{\"pages\":3,\"items\":[{\"id\":\"a\",\"v\":1}]}",
		"{\"items\":[{\"id\":\"b\",\"v\":1},{\"id\":\"c\",\"v\":1}]}",
		"{\"items\":[{\"id\":\"d\",\"v\":1}]}" };
	static const char *const after[] = { "{\"pages\":2,\"items\":[{\"id\":\"a\",\"v\":1}]}",
		"{\"items\":[{\"id\":\"b\",\"v\":2},{\"id\":\"c\",\"v\":1}]}", NULL };
	struct drift_world      *x = *state;
	struct uuid              c = drift_config(x, PAGES);
	struct ingest_answer     a;
	struct err               e = { 0 };

	assert_ok(collect(x, &c, before, &a, &e));
	assert_string_equal(a.report.status, "baseline");
	assert_ok(collect(x, &c, before, &a, &e));
	assert_ok(collect(x, &c, before, &a, &e));
	assert_true(a.unchanged);
	assert_ok(collect(x, &c, after, &a, &e));
	assert_string_equal(a.report.status, "drifted");
	assert_int_equal(a.report.modified, 1);
	assert_int_equal(a.report.deleted, 1);
	assert_int_equal(
	    drift_count(x, "SELECT resources FROM %s.config_snapshots WHERE seq = 4"), 3);
	assert_string_equal(
	    drift_text(x, x, "SELECT pushed_by FROM %s.config_snapshots LIMIT 1"), "collector");
	/* who did it: as the kind knows */
	assert_string_equal(
	    drift_text(x, x, "SELECT attribution FROM %s.drift_changes WHERE op = 'modified'"),
	    "{\"actor\":\"b\",\"source\":\"its own log\"}");
	drift_check(x);
}

static void
a_page_that_does_not_come_ends_the_run_and_nothing_is_stored(void **state)
{
	static const char *const pages[] = { "{\"pages\":2,\"items\":[]}", NULL, NULL };
	struct drift_world      *x = *state;
	struct uuid              c = drift_config(x, PAGES);
	struct ingest_answer     a;
	struct err               e = { 0 };

	assert_fails(collect(x, &c, pages, &a, &e), ERR_UNAVAILABLE);
	assert_string_equal(e.pub, "A page was not to be had.");
	assert_string_equal(e.detail, "page 2: 0 no route to host");
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.config_snapshots"), 0);
}

static void
metrics_are_labelled_by_the_kind(void **state)
{
	static const char *const        pages[] = { "{\"pages\":1,\"items\":[]}", NULL, NULL },
				 *const none[] = { NULL, NULL, NULL };
	struct drift_world             *x = *state;
	struct uuid            c = drift_config(x, PAGES), pushed = drift_config(x, DRIFT_PUSH);
	struct ingest_answer   a;
	struct err             e = { 0 };
	struct segment_options o = { .path = talloc_asprintf(
					 x, "%s/sources.segment", server_folder()) };
	struct buf             b;

	x->env.segment = segment_open(x, &o, &e);
	assert_non_null(x->env.segment);
	assert_ok(collect(x, &c, pages, &a, &e));
	assert_fails(collect(x, &c, none, &a, &e), ERR_UNAVAILABLE);
	drift_push_values(x, &pushed, VALUES("1"));
	buf_make(&b, x);
	metric_print(&b, x->env.segment);
	assert_true(buf_ok(&b));
	assert_non_null(
	    strstr(b.p, "\nbsx_drift_runs_total{source=\"pages\",outcome=\"baseline\"} 1\n"));
	assert_non_null(
	    strstr(b.p, "\nbsx_drift_runs_total{source=\"pages\",outcome=\"failed\"} 1\n"));
	assert_non_null(
	    strstr(b.p, "\nbsx_drift_runs_total{source=\"push\",outcome=\"baseline\"} 1\n"));
	assert_non_null(
	    strstr(b.p, "\nbsx_drift_run_duration_seconds_count{source=\"pages\"} 1\n"));
}

static void
what_a_source_may_say_is_what_its_kind_takes(void **state)
{
	static const struct {
		const char *source, *pointer, *detail;
	} bad[] = {
		{ "{}", "/source/kind", "is required" },
		{ "{\"selector\":{\"resources\":\"\",\"key\":\"id\"}}", "/source/kind",
		    "is required" },
		{ "{\"kind\":7}", "/source/kind", "must be a string" },
		{ "{\"kind\":\"later\",\"parameters\":{\"x\":1}}", "/source/kind",
		    "must be a kind of source, or the name of a source pack of this installation" },
		{ "[]", "/source", "must be an object" },
		{ "{\"kind\":\"push\",\"url\":\"https://fw.example\"}", "/source/url",
		    "unknown member" },
		{ "{\"kind\":\"push\",\"selector\":{\"resources\":\"items\",\"key\":\"id\"}}",
		    "/source/selector/resources", "must be a JSON Pointer" },
		{ "{\"kind\":\"push\",\"selector\":{\"resources\":\"\",\"key\":\"password\"}}",
		    "/source/selector/key", "names a member that is masked, and keys are not" },
		{ "{\"kind\":\"pages\"}", "/source/url", "is required" },
		{ "{\"kind\":\"push\",\"selector\":{\"resources\":\"items\",\"key\":\"id\"}},"
		  "\"thresholds\":{\"flapping\":{\"low\":60,\"high\":50}},\"rule_packs\":[\"none\"]"
		  ","
		  "\"compare\":{\"arrays\":7}",
		    "/source/selector/resources", "must be a JSON Pointer" },
		{ "{\"kind\":\"pages\",\"url\":\"ftp://fw.example\"}", "/source/url",
		    "must be an http or https URL" },
		{ "{\"kind\":\"pages\",\"url\":\"https://fw.example?x\"}", "/source/url",
		    "must have no query" },
		{ "{\"kind\":\"pages\",\"url\":\"https://fw.example\",\"selector\":null}",
		    "/source/selector", "unknown member" },
	};
	struct drift_world *x = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = { 0 };

		assert_null(spec_compile(x, x->d, x->t,
		    &(struct drift_config) {
			.spec = talloc_asprintf(x, "{\"source\":%s}", bad[i].source) },
		    NULL, &e));
		assert_int_equal(e.code, ERR_INVALID);
		assert_non_null(e.faults);
		assert_string_equal(e.faults->pointer, bad[i].pointer);
		assert_string_equal(e.faults->detail, bad[i].detail);
		assert_null(e.faults->next);
	}
}

static void
the_contract_offers_the_kinds_of_the_table_and_shows_no_secret(void **state)
{
	struct drift_world *x = *state;
	struct err          e = { 0 };
	struct drift_config c = { .spec = talloc_strdup(x,
				      "{\"source\":{\"kind\":\"pages\","
				      "\"url\":\"https://a.example\",\"token\":\"t\"}}") };
	struct drift_spec  *s = spec_compile(x, x->d, x->t, &c, NULL, &e);
	struct buf          b;

	assert_non_null(s);
	buf_make(&b, x);
	assert_ok(schema_encode(&b, &source_schema, s->body.source, &e));
	assert_string_equal(b.p, "{\"kind\":\"pages\",\"url\":\"https://a.example\"}");
	b.n = 0;
	schema_openapi(&b, &source_schema, SCHEMA_BODY);
	assert_non_null(strstr(b.p, "\"enum\":[\"push\",\"pages\"]"));
	assert_non_null(strstr(b.p, "\"selector\":"));
	assert_non_null(strstr(b.p, "\"token\":"));
	assert_non_null(strstr(b.p, "\"required\":[\"kind\"]"));
	b.n = 0;
	schema_openapi(&b, &source_schema, SCHEMA_ANSWER);
	assert_non_null(strstr(b.p, "\"url\":"));
	assert_null(strstr(b.p, "\"token\":"));
}

/* Of the rows that ship, too. */
static void
each_row_tells_its_secret_and_can_be_checked(void **state)
{
	(void)state;
	for (size_t i = 0; sources[i] != NULL; i++) {
		const struct schema *set = source_schema.variants[i];
		const struct field  *secret = NULL;

		assert_non_null(sources[i]->check);
		assert_string_equal(set->fields[0].name, "kind");
		assert_int_equal(set->fields[0].offset, 0);
		for (const struct field *f = set->fields; f->name != NULL; f++)
			if (f->flags & FIELD_SECRET)
				secret = f;
		assert_int_equal(secret != NULL, sources[i]->secret != NULL);
		if (secret != NULL)
			assert_string_equal(secret->name, sources[i]->secret);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, drift_set_up, drift_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_kind_that_collects_page_by_page_comes_to_a_report),
		TEST(a_page_that_does_not_come_ends_the_run_and_nothing_is_stored),
		TEST(metrics_are_labelled_by_the_kind),
		TEST(what_a_source_may_say_is_what_its_kind_takes),
		TEST(the_contract_offers_the_kinds_of_the_table_and_shows_no_secret),
		cmocka_unit_test(each_row_tells_its_secret_and_can_be_checked),
	};

	return cmocka_run_group_tests_name("sources", tests, NULL, NULL);
}
