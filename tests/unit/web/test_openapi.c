/* The OpenAPI document and its page: valid JSON, every row, every reference resolved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/web/openapi/openapi.h"

static bool
do_nothing(struct request *r, const void *body, void *answer, struct err *e)
{
	(void)r, (void)body, (void)answer, (void)e;
	return true;
}

struct part {
	const char *word;
};
static const struct field part_fields[] = {
	FIELD(struct part, word, .flags = FIELD_REQUIRED, .doc = "<script>alert(\"1\")</script>"),
	FIELD_END,
};
static const struct schema part_schema = SCHEMA("Part", struct part, part_fields);

struct thing {
	struct uuid  id;
	const char  *name, *secret;
	struct items parts;
};
static const struct field thing_fields[] = {
	FIELD(struct thing, id, .flags = FIELD_READ_ONLY, .doc = "Id."),
	FIELD(struct thing, name, .min = 1, .max = 9, .flags = FIELD_REQUIRED, .doc = "Name."),
	FIELD(struct thing, secret, .flags = FIELD_SECRET, .doc = "Secret."),
	FIELD(struct thing, parts, .item = &part_schema, .doc = "Parts."),
	FIELD_END,
};
static const struct schema thing_schema = SCHEMA("Thing", struct thing, thing_fields);

static const int statuses[] = { 202, 409, 404, 0 };

static bool
find_nothing(struct request *r, struct err *e)
{
	(void)r, (void)e;
	return true;
}

static const struct route routes[] = {
	ROUTE_Q(GET, "/api/things", list_query, ALLOW(READ, DRIFT), RATE_READ, 200, do_nothing,
	    IN_NONE, OUT_LIST(thing), "Lists \"things\"."),
	ROUTE(POST, "/api/things", ALLOW(CREATE, DRIFT), RATE_WRITE, 201, do_nothing, IN(thing),
	    OUT(thing), "Adds."),
	ROUTE(GET, "/api/drift/things/{id}/parts/{id}", SIGNED_IN, RATE_READ, 200, do_nothing,
	    IN_NONE, OUT(thing), "One."),
	ROUTE_FOUND(find_nothing, NULL, POST, "/api/drift/things/{id}/documents",
	    ALLOW(WRITE, SNAPSHOTS), RATE_SNAPSHOT, 200, do_nothing, IN_DOCUMENT, OUT_NONE,
	    "Pushes."),
	ROUTE(GET, "/metrics", METRICS_READER, RATE_READ, 200, do_nothing, IN_NONE,
	    OUT_RAW("text/plain; version=0.0.4"), "Counts."),
	{ .method = DELETE_,
	    .path = "/api/open/{name}",
	    .access = { ANYONE },
	    .status = 204,
	    .handler = do_nothing,
	    .doc = "Drops.",
	    .statuses = statuses },
	ROUTE_END,
};
static const struct route *const tables[] = { routes, NULL };
static const struct conf         conf = { .public_url = "https://a.example", .base_path = "/bsx" };
static const struct env          env = { .conf = &conf };
static const struct app          app = { .env = &env, .routes = tables };

static TALLOC_CTX  *mem;
static struct json *doc;

static int
print(void **state)
{
	struct err e = { 0 };
	struct buf b;

	(void)state;
	mem = talloc_new(NULL);
	buf_make(&b, mem);
	if (!routes_check(tables, &e) || !openapi_print(&b, &app, &e))
		fail_msg("%s", e.detail);
	doc = json_parse(mem, buf_str(&b), &e);
	if (doc == NULL)
		fail_msg("%s: %s", e.pub, b.p);
	return 0;
}

static int
forget(void **state)
{
	(void)state;
	talloc_free(mem);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, print, forget)

static const struct json *
at(const char *pointer)
{
	const struct json *v = json_at(doc, str_of(pointer));

	if (v == NULL)
		fail_msg("nothing at %s", pointer);
	return v;
}

static void
assert_text(const char *pointer, const char *want)
{
	const struct json *v = at(pointer);

	if (v->type != JSON_STRING || !str_eqz(v->text, want))
		fail_msg("%s is %.*s", pointer, (int)v->text.n, v->text.p);
}

static void
check_refs(const struct json *v)
{
	if (v->type == JSON_ARRAY)
		for (uint32_t i = 0; i < v->n; i++)
			check_refs(&v->items[i]);
	if (v->type != JSON_OBJECT)
		return;
	for (uint32_t i = 0; i < v->n; i++) {
		struct str text = v->items[i].text;

		check_refs(&v->items[i]);
		if (!str_eqz(v->names[i], "$ref"))
			continue;
		assert_true(text.n > 1 && text.p[0] == '#');
		if (json_at(doc, (struct str) { text.p + 1, text.n - 1 }) == NULL)
			fail_msg("%.*s", (int)text.n, text.p);
	}
}

static void
the_document_names_itself_and_every_reference_resolves(void **state)
{
	(void)state;
	assert_text("/openapi", "3.1.0");
	assert_text("/info/title", "BlindSpotX");
	assert_text("/info/version", BSX_VERSION);
	assert_text("/servers/0/url", "/bsx");
	assert_int_equal(at("/paths")->n, 5);
	check_refs(doc);
}

static void
rows_become_operations(void **state)
{
	(void)state;
	assert_text("/paths/~1api~1things/get/operationId", "get_api_things");
	assert_text("/paths/~1api~1things/get/summary", "Lists \"things\".");
	assert_text("/paths/~1api~1things/get/description", "Needs the permission read:drift.");
	assert_text("/paths/~1api~1things/get/tags/0", "things");
	assert_text("/paths/~1api~1things/get/parameters/0/name", "limit");
	assert_text("/paths/~1api~1things/get/parameters/0/in", "query");
	assert_text("/paths/~1api~1things/get/responses/200/content/application~1json/schema/"
		    "properties/items/items/$ref",
	    "#/components/schemas/Thing");
	assert_text("/paths/~1api~1things/post/requestBody/content/application~1json/schema/$ref",
	    "#/components/schemas/ThingInput");
	assert_text(
	    "/paths/~1api~1things/post/responses/422/$ref", "#/components/responses/Problem422");
	assert_text("/paths/~1api~1drift~1things~1{id}~1parts~1{id2}/get/parameters/1/name", "id2");
	assert_text("/paths/~1api~1drift~1things~1{id}~1parts~1{id2}/get/tags/0", "drift-things");
	assert_int_equal(at("/paths/~1metrics/get/security/0")->n, 0);
	assert_int_equal(at("/paths/~1api~1things/get/security")->n, 3);
	assert_int_equal(at("/paths/~1api~1drift~1things~1{id}~1parts~1{id2}/get/security")->n, 2);
}

static void
a_row_that_lists_its_statuses_documents_only_those(void **state)
{
	const struct json *v = at("/paths/~1api~1open~1{name}/delete/responses");

	(void)state;
	assert_int_equal(v->n, 5);
	assert_non_null(json_get(v, "202"));
	assert_non_null(json_get(v, "204"));
	assert_non_null(json_get(v, "404"));
	assert_non_null(json_get(v, "409"));
	assert_non_null(json_get(v, "default"));
}

static void
secrets_are_in_bodies_only_and_read_only_members_in_answers(void **state)
{
	(void)state;
	assert_non_null(json_at(doc, STR("/components/schemas/Thing/properties/id")));
	assert_null(json_at(doc, STR("/components/schemas/Thing/properties/secret")));
	assert_null(json_at(doc, STR("/components/schemas/ThingInput/properties/id")));
	assert_non_null(json_at(doc, STR("/components/schemas/ThingInput/properties/secret")));
	assert_non_null(json_at(doc, STR("/components/schemas/PartInput")));
}

/* What stands behind `attribute` begins with one of these, wherever it stands. */
static void
assert_local(const char *page, const char *attribute)
{
	static const char *const own[] = { "#", "../", "openapi.json" };
	bool                     ok;

	for (const char *p = page; (p = strstr(p, attribute)) != NULL;) {
		p += strlen(attribute);
		ok = false;
		for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
			ok = ok || str_starts(str_of(p), own[i]);
		if (!ok)
			fail_msg("%s%.40s", attribute, p);
	}
}

static void
the_page_shows_every_row_and_loads_only_its_own_files(void **state)
{
	static const char *const never[] = { "<style", "url(", "@import", " style=", " onclick",
		"<iframe", "<script>" };
	struct err               e = { 0 };
	struct buf               b;

	(void)state;
	buf_make(&b, mem);
	assert_true(openapi_html(&b, &app, "../console/1", &e));
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (strstr(b.p, never[i]) != NULL)
			fail_msg("%s", never[i]);
	assert_local(b.p, " src=\"");
	assert_local(b.p, " href=\"");
	for (const struct route *rt = routes; rt->path != NULL; rt++) {
		struct buf path;

		buf_make(&path, mem);
		openapi_path(&path, rt->path);
		assert_non_null(strstr(b.p, buf_str(&path).p));
	}
	assert_non_null(strstr(b.p, "&lt;script&gt;alert(&quot;1&quot;)"));
	assert_non_null(strstr(b.p, "id=\"ThingInput\">"));
	assert_non_null(strstr(b.p, "href=\"#get_api_things\">"));
}

static void
two_schemas_of_one_name_are_refused(void **state)
{
	static const struct schema other = { "Thing", part_fields, sizeof(struct part), -1 };
	const struct route         table[] = {
			routes[1],
			ROUTE(GET, "/api/other", ANYONE, RATE_OPEN, 200, do_nothing, IN_NONE, ROUTE_OUT_ONE,
			    &other, NULL, false, "Other."),
			ROUTE_END,
	};
	const struct route *const all[] = { table, NULL };
	const struct app          clash = { .env = &env, .routes = all };
	struct err                e = { 0 };
	struct buf                b;

	(void)state;
	buf_make(&b, mem);
	assert_false(openapi_print(&b, &clash, &e));
	assert_non_null(strstr(e.detail, "Thing"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_document_names_itself_and_every_reference_resolves),
		TEST(rows_become_operations),
		TEST(a_row_that_lists_its_statuses_documents_only_those),
		TEST(secrets_are_in_bodies_only_and_read_only_members_in_answers),
		TEST(the_page_shows_every_row_and_loads_only_its_own_files),
		TEST(two_schemas_of_one_name_are_refused),
	};

	return cmocka_run_group_tests_name("openapi", tests, NULL, NULL);
}
