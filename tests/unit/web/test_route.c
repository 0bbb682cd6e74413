/* Patterns, their order, and the start-up check of the tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/lib/exchange.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define UUID_1   "018f4f4e-0000-7000-8000-000000000001"
#define UUID_2   "018F4F4E-0000-7000-8000-00000000000A"

static bool
do_nothing(struct request *r, const void *body, void *answer, struct err *e)
{
	(void)r, (void)body, (void)answer, (void)e;
	return true;
}

static const struct route first[] = {
	ROUTE(GET, "/", ANYONE, RATE_OPEN, 204, do_nothing, IN_NONE, OUT_NONE, "The root."),
	ROUTE(GET, "/a/new", ANYONE, RATE_OPEN, 204, do_nothing, IN_NONE, OUT_NONE, "A word."),
	ROUTE(GET, "/a/{name}", ANYONE, RATE_OPEN, 204, do_nothing, IN_NONE, OUT_NONE, "Any word."),
	ROUTE_END,
};
static const struct route second[] = {
	ROUTE(GET, "/b/{id}/c/{id}", ANYONE, RATE_OPEN, 204, do_nothing, IN_NONE, OUT_NONE, "Two."),
	ROUTE(
	    GET, "/b/{id}/{name}", ANYONE, RATE_OPEN, 204, do_nothing, IN_NONE, OUT_NONE, "Mixed."),
	ROUTE_END,
};
static const struct route *const tables[] = { first, second, NULL };

static const struct route *
find(struct request *r, const char *path)
{
	static const struct env env;
	static struct app       app = { .env = &env, .routes = tables, .slot = -1 };
	struct err              e = { 0 };

	*r = (struct request) { .app = &app, .method = GET, .path = path };
	r->mem = talloc_new(NULL);
	buf_make(&r->headers, r->mem);
	if (!step_route(r, &e))
		assert_int_equal(e.code, ERR_MISSING);
	talloc_free(r->mem);
	return r->route;
}

static void
a_path_finds_its_first_row(void **state)
{
	static const struct {
		const char         *path;
		const struct route *want;
	} rows[] = {
		{ "/", &first[0] },
		{ "/a/new", &first[1] },
		{ "/a/newer", &first[2] },
		{ "/a/" UUID_1, &first[2] },
		{ "/a", NULL },
		{ "/a/", NULL },
		{ "/a/b/c", NULL },
		{ "/A/new", NULL },
		{ "/b/" UUID_1 "/c/" UUID_2, &second[0] },
		{ "/b/" UUID_1 "/c/x", NULL },
		{ "/b/x/c/" UUID_1, NULL },
		{ "/b/" UUID_1 "/d", &second[1] },
		{ "/b/" UUID_1 "0/d", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request r;

		if (find(&r, rows[i].path) != rows[i].want)
			fail_msg("%s", rows[i].path);
	}
}

static void
variables_are_kept_in_order(void **state)
{
	struct request r;
	char           z[UUID_TEXT_MAX];

	(void)state;
	assert_non_null(find(&r, "/b/" UUID_1 "/c/" UUID_2));
	assert_true(str_eqz(r.ids[0], UUID_1));
	assert_true(str_eqz(r.ids[1], UUID_2));
	uuid_print(&r.id1, z);
	assert_string_equal(z, "018f4f4e-0000-7000-8000-00000000000a");
	assert_non_null(find(&r, "/b/" UUID_1 "/d"));
	assert_true(str_eqz(r.ids[1], "d"));
	assert_true(uuid_is_nil(&r.id1));
}

static void
a_label_is_method_and_pattern(void **state)
{
	char z[64];

	(void)state;
	assert_string_equal(route_label(&first[2], z, sizeof(z)), "GET /a/{name}");
	assert_string_equal(route_label(NULL, z, sizeof(z)), "-");
}

/* Its page does not come first. */
struct odd_query {
	const char       *word;
	struct list_query page;
};
static const struct field odd_query_fields[] = {
	LIST_FIELDS(struct odd_query, "Most."),
	FIELD_END,
};
static const struct schema odd_query_schema = SCHEMA("Odd", struct odd_query, odd_query_fields);

static void
tables_that_are_wrong_do_not_start(void **state)
{
	static const struct route rows[] = {
		{ .method = GET,
		    .path = "/x",
		    .handler = do_nothing,
		    .status = 204,
		    .doc = "No access." },
		ROUTE(HEAD, "/x", ANYONE, RATE_OPEN, 204, do_nothing, IN_NONE, OUT_NONE, "Method."),
		ROUTE(GET, "x", ANYONE, RATE_OPEN, 204, do_nothing, IN_NONE, OUT_NONE, "Path."),
		ROUTE(GET, "/x", ANYONE, RATE_OPEN, 204, NULL, IN_NONE, OUT_NONE, "Handler."),
		ROUTE(GET, "/x", ANYONE, RATE_OPEN, 204, do_nothing, IN_NONE, OUT_NONE, ""),
		ROUTE(GET, "/x", ANYONE, RATE_OPEN, 99, do_nothing, IN_NONE, OUT_NONE, "Status."),
		ROUTE(GET, "/x", ANYONE, RATE_OPEN, 204, do_nothing, ROUTE_IN_JSON, NULL, OUT_NONE,
		    "Body."),
		ROUTE(
		    GET, "/x", ANYONE, RATE_OPEN, 200, do_nothing, IN_DOCUMENT, OUT_NONE, "Body."),
		ROUTE(GET, "/x", ANYONE, RATE_OPEN, 200, do_nothing, IN_NONE, ROUTE_OUT_ONE, NULL,
		    NULL, false, "Answer."),
		ROUTE(POST, "/x/{id}", ANYONE, RATE_OPEN, 204, do_nothing, IN_DOCUMENT, OUT_NONE,
		    "Not looked for before a large body."),
		ROUTE(GET, "/{a}/{b}/{c}/{d}/{e}", ANYONE, RATE_OPEN, 204, do_nothing, IN_NONE,
		    OUT_NONE, "Too many."),
		ROUTE_Q(GET, "/x", odd_query, ANYONE, RATE_OPEN, 200, do_nothing, IN_NONE,
		    OUT_LIST(odd_query), "Query of a list."),
		ROUTE_LIST("/x", odd_query, ANYONE, NULL, OUT_LIST(odd_query), "Query of a list."),
	};
	struct err ok = { 0 };

	(void)state;
	assert_true(routes_check(tables, &ok));
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct route table[] = {
			rows[i],
			ROUTE_END,
		};
		const struct route *const all[] = { table, NULL };
		struct err                e = { 0 };

		if (routes_check(all, &e))
			fail_msg("row %zu: %s", i, rows[i].doc);
		assert_int_equal(e.code, ERR_INTERNAL);
	}
}

static void
a_row_that_is_never_reached_does_not_start(void **state)
{
	static const struct {
		const char *earlier, *later;
		bool        fine;
	} rows[] = {
		{ "/a/b", "/a/b", false },
		{ "/a/{x}", "/a/b", false },
		{ "/a/{x}", "/a/{id}", false },
		{ "/a/{id}", "/a/{id}", false },
		{ "/a/{id}", "/a/b", true },
		{ "/a/{id}", "/a/{x}", true },
		{ "/a/b", "/a/{x}", true },
		{ "/a/{x}", "/a/{x}/c", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct route table[] = {
			ROUTE(GET, rows[i].earlier, ANYONE, RATE_OPEN, 204, do_nothing, IN_NONE,
			    OUT_NONE, "One."),
			ROUTE(GET, rows[i].later, ANYONE, RATE_OPEN, 204, do_nothing, IN_NONE,
			    OUT_NONE, "Two."),
			ROUTE_END,
		};
		const struct route *const all[] = { table, NULL };
		struct err                e = { 0 };

		if (routes_check(all, &e) != rows[i].fine)
			fail_msg("%s before %s", rows[i].earlier, rows[i].later);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_finds_its_first_row),
		cmocka_unit_test(variables_are_kept_in_order),
		cmocka_unit_test(a_label_is_method_and_pattern),
		cmocka_unit_test(tables_that_are_wrong_do_not_start),
		cmocka_unit_test(a_row_that_is_never_reached_does_not_start),
	};

	return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
