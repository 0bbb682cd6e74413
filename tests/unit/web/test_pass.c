/* The whole pass: parameters in, one answer out. */
#include "tests/unit/pass_world.h"

static void
an_answer_is_encoded_by_its_table(void **state)
{
	struct exchange *x = pass_send("/api/things", "{\"name\":\"<b>\\u00e9\",\"size\":7}");

	(void)state;
	assert_int_equal(exchange_status(x), 201);
	assert_string_equal(exchange_header(x, "content-type"), "application/json");
	assert_string_equal(exchange_body(x), "{\"name\":\"<b>\xC3\xA9\",\"size\":7}");
	x = pass_ask("GET", "/api/things/caf%C3%A9?");
	assert_string_equal(exchange_body(x), "{\"name\":\"caf\xC3\xA9\",\"size\":0}");
}

static void
every_answer_has_the_headers_of_the_contract(void **state)
{
	static const char *const uris[] = { "/api/things", "/nothing", "/api/mine", "/%2e%2e/" };

	(void)state;
	for (size_t i = 0; i < COUNT(uris); i++) {
		struct exchange *x = pass_ask("GET", uris[i]);

		assert_int_equal(strlen(exchange_header(x, "X-Request-Id")), 36);
		assert_string_equal(exchange_header(x, "Cache-Control"), "no-store");
		assert_string_equal(exchange_header(x, "X-Content-Type-Options"), "nosniff");
		assert_string_equal(exchange_header(x, "Referrer-Policy"), "no-referrer");
		assert_string_equal(exchange_header(x, "Content-Security-Policy"),
		    "default-src 'none'; frame-ancestors 'none'");
		assert_string_equal(
		    exchange_header(x, "Strict-Transport-Security"), "max-age=31536000");
		assert_int_equal(
		    atoi(exchange_header(x, "Content-Length")), strlen(exchange_body(x)));
	}
	pass_world.conf.public_url = "http://127.0.0.1:8080";
	assert_null(exchange_header(pass_ask("GET", "/api/things"), "Strict-Transport-Security"));
}

static void
a_problem_is_told_as_rfc_9457_says(void **state)
{
	struct exchange *x = exchange_make(pass_world.mem, "POST", "/api/things");

	(void)state;
	exchange_json(x, "{\"nome\":1,\"size\":11}");
	exchange_param(x, "HTTP_X_REQUEST_ID", "mine-1.0");
	pass_run(&pass_world.app, &x->t);
	assert_int_equal(exchange_status(x), 422);
	assert_string_equal(exchange_header(x, "Content-Type"), "application/problem+json");
	assert_string_equal(exchange_header(x, "X-Request-Id"), "mine-1.0");
	assert_string_equal(exchange_body(x),
	    "{\"type\":\"urn:blindspotx:problem:validation_failed\",\"title\":\"Validation "
	    "failed\","
	    "\"status\":422,\"detail\":\"The request has invalid members.\","
	    "\"code\":\"validation_failed\",\"request_id\":\"mine-1.0\",\"errors\":["
	    "{\"pointer\":\"/nome\",\"detail\":\"unknown member\"},"
	    "{\"pointer\":\"/size\",\"detail\":\"must be at most 10\"},"
	    "{\"pointer\":\"/name\",\"detail\":\"is required\"}]}");
}

static void
paths_and_methods_that_are_not_there_are_told_apart(void **state)
{
	static const struct {
		const char *method, *uri;
		int         status;
		const char *code, *allow;
	} rows[] = {
		{ "GET", "/api/thing", 404, "not_found", NULL },
		{ "GET", "/api/things/", 404, "not_found", NULL },
		{ "GET", "/api/things/a/b", 404, "not_found", NULL },
		{ "DELETE", "/api/things", 405, "method_not_allowed", "GET, HEAD, POST, OPTIONS" },
		{ "PATCH", "/api/things/a", 405, "method_not_allowed", "GET, HEAD, PUT, OPTIONS" },
		{ "GET", "/api/option", 405, "method_not_allowed", "POST, OPTIONS" },
		{ "OPTIONS", "/api/things/a", 204, "", "GET, HEAD, PUT, OPTIONS" },
		{ "OPTIONS", "/api/things/a?x=1", 204, "", "GET, HEAD, PUT, OPTIONS" },
		{ "OPTIONS", "/api/option", 204, "", "POST, OPTIONS" },
		{ "OPTIONS", "*", 204, "", "GET, HEAD, POST, PUT, DELETE, OPTIONS" },
		{ "OPTIONS", "/*", 404, "not_found", NULL },
		{ "OPTIONS", "/api/thing", 404, "not_found", NULL },
		{ "OPTIONS", "", 400, "bad_request", NULL },
		{ "GET", "*", 400, "bad_request", NULL },
		{ "POST", "*", 400, "bad_request", NULL },
		{ "get", "/api/things", 400, "bad_request", NULL },
		{ "", "/api/things", 400, "bad_request", NULL },
		{ "G ET", "/api/things", 400, "bad_request", NULL },
		{ "DELETE", "/api/numbered/1", 404, "not_found", NULL },
		{ "DELETE", "/api/numbered/018f4f4e-0000-7000-8000-000000000000", 204, "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct exchange *x = pass_ask(rows[i].method, rows[i].uri);

		pass_assert(x, rows[i].status, rows[i].code);
		if (rows[i].allow != NULL)
			assert_string_equal(exchange_header(x, "Allow"), rows[i].allow);
		else
			assert_null(exchange_header(x, "Allow"));
	}
}

static void
head_answers_like_get_without_the_body(void **state)
{
	struct exchange *get = pass_ask("GET", "/api/things"),
			*head = pass_ask("HEAD", "/api/things");

	(void)state;
	assert_int_equal(exchange_status(head), 200);
	assert_string_equal(exchange_body(head), "");
	assert_string_equal(
	    exchange_header(head, "Content-Length"), exchange_header(get, "Content-Length"));
	assert_string_equal(exchange_body(pass_ask("HEAD", "/nothing")), "");
}

static void
lists_have_items_and_a_cursor(void **state)
{
	struct exchange *x = pass_ask("GET", "/api/things?limit=1");

	(void)state;
	assert_string_equal(exchange_body(x), "{\"items\":[{\"name\":\"three\",\"size\":0}],"
					      "\"next_cursor\":\"AwAAAAAAAAAAAAAAAAAAAA\"}");
	x = pass_ask("GET", "/api/things?limit=2&cursor=AwAAAAAAAAAAAAAAAAAAAA");
	assert_string_equal(exchange_body(x),
	    "{\"items\":[{\"name\":\"two\",\"size\":1},"
	    "{\"name\":\"one\",\"size\":2}],\"next_cursor\":null}");
	x = pass_ask("GET", "/api/things?cursor=AQAAAAAAAAAAAAAAAAAAAA");
	assert_string_equal(exchange_body(x), "{\"items\":[],\"next_cursor\":null}");
	pass_assert(pass_ask("GET", "/api/things?cursor=AQ"), 400, "bad_request");
	pass_assert(pass_ask("GET", "/api/things?limit=0"), 422, "validation_failed");
	pass_assert(pass_ask("GET", "/api/things?limit=201"), 422, "validation_failed");
	pass_assert(pass_ask("GET", "/api/things?limit=ten"), 422, "validation_failed");
	pass_assert(pass_ask("GET", "/api/things?limt=1"), 422, "validation_failed");
	pass_assert(pass_ask("GET", "/api/things?limit=1&limit=2"), 400, "bad_request");
	pass_assert(pass_ask("GET", "/api/things/a?x=1"), 422, "validation_failed");
}

static void
a_long_answer_comes_in_pieces_and_says_when_it_breaks_off(void **state)
{
	struct exchange *x = pass_ask("GET", "/api/streams/whole");

	(void)state;
	assert_int_equal(exchange_status(x), 200);
	assert_string_equal(exchange_body(x), "{\"left\":2}\n{\"left\":1}\n{\"left\":0}\n");
	assert_string_equal(exchange_header(x, "Content-Type"), "application/x-ndjson");
	assert_null(exchange_header(x, "Content-Length"));
	assert_int_equal(x->writes, 4);
	x = pass_ask("GET", "/api/streams/broken");
	assert_int_equal(exchange_status(x), 200);
	assert_non_null(strstr(exchange_body(x),
	    "{\"left\":0}\n{\"error\":{\"code\":\"unavailable\",\"request_id\":\""));
	assert_string_equal(exchange_body(pass_ask("HEAD", "/api/streams/whole")), "");
	pass_assert(pass_ask("GET", "/api/streams/refused"), 409, "conflict");
	x = exchange_make(pass_world.mem, "GET", "/api/streams/whole");
	x->deaf = true;
	pass_run(&pass_world.app, &x->t);
	assert_int_equal(x->writes, 1);
}

static void
entity_tags_decide_over_304_and_412(void **state)
{
	static const struct {
		const char *method, *header, *value;
		int         status;
	} rows[] = {
		{ "GET", "HTTP_IF_NONE_MATCH", "\"1-a\"", 304 },
		{ "GET", "HTTP_IF_NONE_MATCH", "\"0-a\", W/\"1-a\"", 304 },
		{ "GET", "HTTP_IF_NONE_MATCH", "\"a,b\" ,, \"1-a-gzip\"", 304 },
		{ "HEAD", "HTTP_IF_NONE_MATCH", "*", 304 },
		{ "GET", "HTTP_IF_NONE_MATCH", "\"1\"", 200 },
		{ "GET", "HTTP_IF_NONE_MATCH", "\"1-b\"", 200 },
		{ "GET", "HTTP_IF_NONE_MATCH", "\"1-ab\"", 200 },
		{ "GET", "HTTP_IF_NONE_MATCH", "\"1-a-gzip\" 5", 200 },
		{ "GET", "HTTP_IF_NONE_MATCH", "1-a", 200 },
		{ "GET", "HTTP_IF_NONE_MATCH", "", 200 },
		{ "PUT", "HTTP_IF_MATCH", "\"1-a\"", 204 },
		{ "PUT", "HTTP_IF_MATCH", "\"1\"", 204 },
		{ "PUT", "HTTP_IF_MATCH", "\"1-b\"", 204 }, /* it changed by itself */
		{ "PUT", "HTTP_IF_MATCH", "\"0-a\",\"1-a\"", 204 },
		{ "PUT", "HTTP_IF_MATCH", " , \"0,1-a\" ,\t, \"1-a\", ", 204 },
		{ "PUT", "HTTP_IF_MATCH", "*", 204 },
		{ "PUT", "HTTP_IF_MATCH", " * ", 204 },
		{ "PUT", "HTTP_IF_MATCH", "W/\"1-a\"", 204 },    /* nginx */
		{ "PUT", "HTTP_IF_MATCH", "\"1-a-gzip\"", 204 }, /* Apache, lighttpd */
		{ "PUT", "HTTP_IF_MATCH", "W/\"1-a-br\"", 204 },
		{ "PUT", "HTTP_IF_MATCH", "\"1-a--gzip\"", 204 },
		{ "PUT", "HTTP_IF_MATCH", "\"0-a\"", 412 },
		{ "PUT", "HTTP_IF_MATCH", "W/\"0-a\"", 412 },
		{ "PUT", "HTTP_IF_MATCH", "\"0-a-gzip\"", 412 },
		{ "PUT", "HTTP_IF_MATCH", "\"11-a\"", 412 },
		{ "PUT", "HTTP_IF_MATCH", "\"-1-a\"", 412 },
		{ "PUT", "HTTP_IF_MATCH", "\"\"", 412 },
		{ "PUT", "HTTP_IF_MATCH", "\"0,\"", 412 },
		{ "PUT", "HTTP_IF_MATCH", "\"\xc3\xa9\"", 412 },
		{ "PUT", "HTTP_IF_MATCH", "", 400 },
		{ "PUT", "HTTP_IF_MATCH", " , ", 400 },
		{ "PUT", "HTTP_IF_MATCH", "1-a", 400 },
		{ "PUT", "HTTP_IF_MATCH", "\"1-a", 400 },
		{ "PUT", "HTTP_IF_MATCH", "1-a\"", 400 },
		{ "PUT", "HTTP_IF_MATCH", "'1-a'", 400 },
		{ "PUT", "HTTP_IF_MATCH", "w/\"1-a\"", 400 },
		{ "PUT", "HTTP_IF_MATCH", "W/1-a", 400 },
		{ "PUT", "HTTP_IF_MATCH", "W/", 400 },
		{ "PUT", "HTTP_IF_MATCH", "\"1-a\"-gzip", 400 },
		{ "PUT", "HTTP_IF_MATCH", "\"1-a\" \"0-a\"", 400 },
		{ "PUT", "HTTP_IF_MATCH", "\"1-a\", 5", 400 },
		{ "PUT", "HTTP_IF_MATCH", "\"1-a\", *", 400 },
		{ "PUT", "HTTP_IF_MATCH", "\"1 a\"", 400 },
		{ "PUT", "HTTP_IF_NONE_MATCH", "*", 412 },
		{ "PUT", "HTTP_IF_NONE_MATCH", "\"1-a-gzip\"", 412 },
		{ "PUT", "HTTP_IF_NONE_MATCH", "\"0-a\"", 204 },
		{ "PUT", "HTTP_IF_NONE_MATCH", "0-a", 400 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct exchange *x = exchange_make(pass_world.mem, rows[i].method, "/api/things/a");

		exchange_param(x, rows[i].header, rows[i].value);
		pass_run(&pass_world.app, &x->t);
		assert_int_equal(exchange_status(x), rows[i].status);
		if (rows[i].status == 304) {
			assert_string_equal(exchange_header(x, "ETag"), "\"1-a\"");
			assert_string_equal(exchange_body(x), "");
			assert_null(exchange_header(x, "Content-Length"));
		}
	}
}

/* It would be done though the condition does not hold. */
static void
what_has_no_entity_tag_is_not_changed_on_condition(void **state)
{
	static const char uri[] = "/api/numbered/01890a5d-ac96-774b-bcce-b302099a8057";
	static const struct {
		const char *value;
		int         status;
	} rows[] = { { "*", 204 }, { "\"1\"", 412 }, { "W/\"-\"", 412 }, { "1", 400 } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct exchange *x = exchange_make(pass_world.mem, "DELETE", uri);

		exchange_param(x, "HTTP_IF_MATCH", rows[i].value);
		pass_run(&pass_world.app, &x->t);
		assert_int_equal(exchange_status(x), rows[i].status);
	}
	assert_int_equal(exchange_status(pass_ask("DELETE", uri)), 204);
}

static void
an_internal_error_shows_nothing_and_is_counted(void **state)
{
	struct exchange *x = pass_ask("POST", "/api/broken");
	struct str       log = world_log(&pass_world, pass_world.mem);

	(void)state;
	pass_assert(x, 500, "internal");
	assert_null(strstr(exchange_text(x), "the detail"));
	assert_null(exchange_header(x, "Set-Cookie"));
	assert_non_null(strstr(log.p, "the detail is for the log"));
	assert_null(strstr(log.p, "secret-token"));
	assert_int_equal(
	    world_metric(&pass_world, "bsx_errors_total{code=\"internal\",place=\"pass_world.c:"),
	    1);
}

static void
a_bad_credential_is_never_passed_over(void **state)
{
	static const char *const headers[][2] = { { "HTTP_AUTHORIZATION", "Basic YTpi" },
		{ "HTTP_AUTHORIZATION", "Bearer" }, { "HTTP_AUTHORIZATION", "Bearer " },
		{ "HTTP_COOKIE", "__Host-bsx_access=a; __Host-bsx_access=b" },
		{ "HTTP_COOKIE", "bsx_access=unprefixed" }, { "HTTP_AUTHORIZATION", "" } };

	(void)state;
	for (size_t i = 0; i < COUNT(headers); i++) {
		struct exchange *x = exchange_make(pass_world.mem, "GET", "/api/mine");

		exchange_param(x, headers[i][0], headers[i][1]);
		pass_run(&pass_world.app, &x->t);
		pass_assert(x, 401, "unauthenticated");
	}
}

static void
parameters_that_come_twice_are_refused(void **state)
{
	struct exchange *x = exchange_make(pass_world.mem, "GET", "/api/things");

	(void)state;
	exchange_param(x, "HTTP_X_REQUEST_ID", "a");
	exchange_param(x, "HTTP_X_REQUEST_ID", "a");
	pass_run(&pass_world.app, &x->t);
	pass_assert(x, 400, "bad_request");
}

/* One row for each field that a client or a web server may send in lines. */
static void
lines_of_a_list_are_one_and_all_else_comes_once(void **state)
{
	static const char *const lists[] = { "ACCEPT", "ACCEPT_CHARSET", "ACCEPT_ENCODING",
		"ACCEPT_LANGUAGE", "CONTENT_ENCODING", "CONTENT_LANGUAGE", "CONNECTION", "EXPECT",
		"IF_MATCH", "IF_NONE_MATCH", "TE", "TRAILER", "UPGRADE", "VIA", "CACHE_CONTROL",
		"PRAGMA", "WARNING", "FORWARDED", "PREFER", "PRIORITY", "LINK",
		"ACCESS_CONTROL_REQUEST_HEADERS", "TRACESTATE", "BAGGAGE" };
	static const char *const single[] = { "AUTHORIZATION", "X_API_KEY", "COOKIE", "HOST",
		"ORIGIN", "REFERER", "USER_AGENT", "X_CSRF_TOKEN", "X_REQUEST_ID", "X_REAL_IP",
		"X_FORWARDED_FOR", "X_FORWARDED_PROTO", "X_FORWARDED_HOST", "X_ACTING_TENANT",
		"SEC_FETCH_SITE", "IDEMPOTENCY_KEY", "TRACEPARENT", "ACCESS_CONTROL_REQUEST_METHOD",
		"CONTENT_TYPE", "IF_MODIFIED_SINCE", "RANGE", "DATE", "ACCEPTX", "X" };

	(void)state;
	for (size_t i = 0; i < COUNT(lists) + COUNT(single); i++) {
		bool  list = i < COUNT(lists);
		char *name = talloc_asprintf(
		    pass_world.mem, "HTTP_%s", list ? lists[i] : single[i - COUNT(lists)]);
		struct exchange *x = exchange_make(pass_world.mem, "GET", "/api/things");

		for (int n = 0; n < 3; n++)
			exchange_param(x, name, n == 1 ? "" : "\"a\"");
		pass_run(&pass_world.app, &x->t);
		if (exchange_status(x) != (list ? 200 : 400))
			fail_msg("%s: %d", name, exchange_status(x));
	}
	static const char *const lines[][3] = { { "\"0\"", "\"1-a\"", "304" },
		{ "\"1-a\"", "\"0\"", "304" }, { "", "\"1-a\"", "304" },
		{ "\"0\"", "\"2\"", "200" }, { "\"1-a\"", "x", "200" } };

	for (size_t i = 0; i < COUNT(lines); i++) {
		struct exchange *x = exchange_make(pass_world.mem, "GET", "/api/things/a");

		exchange_param(x, "HTTP_IF_NONE_MATCH", lines[i][0]);
		exchange_param(x, "HTTP_IF_NONE_MATCH", lines[i][1]);
		pass_run(&pass_world.app, &x->t);
		assert_int_equal(exchange_status(x), atoi(lines[i][2]));
	}
}

static void
what_is_too_long_is_refused_with_its_status(void **state)
{
	char            *uri = pass_letters(LIMIT_URI + 1);
	struct exchange *x;

	(void)state;
	uri[0] = '/';
	pass_assert(pass_ask("GET", uri), 414, "uri_too_long");
	x = exchange_make(pass_world.mem, "GET", "/api/things");
	exchange_param(x, "HTTP_X", pass_letters(LIMIT_HEADER + 1));
	pass_run(&pass_world.app, &x->t);
	pass_assert(x, 431, "headers_too_large");
	x = exchange_make(pass_world.mem, "GET", "/api/things");
	for (int i = 0; i < 5; i++)
		exchange_param(
		    x, talloc_asprintf(pass_world.mem, "HTTP_X%d", i), pass_letters(8000));
	pass_run(&pass_world.app, &x->t);
	pass_assert(x, 431, "headers_too_large");
	x = exchange_make(pass_world.mem, "GET", "/api/things");
	for (int i = 0; i < LIMIT_PARAMS; i++)
		exchange_param(x, talloc_asprintf(pass_world.mem, "HTTP_X%d", i), "");
	pass_run(&pass_world.app, &x->t);
	pass_assert(x, 431, "headers_too_large");
}

static void
a_transport_with_nothing_gets_an_answer(void **state)
{
	struct exchange *x = exchange_make(pass_world.mem, "GET", "/api/things");

	(void)state;
	x->params[0] = NULL;
	pass_run(&pass_world.app, &x->t);
	pass_assert(x, 400, "bad_request");
	x = exchange_make(pass_world.mem, "GET", "/api/things");
	x->t.params = NULL;
	pass_run(&pass_world.app, &x->t);
	pass_assert(x, 400, "bad_request");
}

static void
other_sites_pages_change_nothing(void **state)
{
	static const struct {
		const char *site, *origin;
		int         status;
	} rows[] = {
		{ NULL, NULL, 201 },
		{ "same-origin", NULL, 201 },
		{ "same-origin", "https://evil.example", 201 },
		{ "same-site", NULL, 403 },
		{ "cross-site", "https://drift.example.org", 403 },
		{ "none", NULL, 403 },
		{ NULL, "https://drift.example.org", 201 },
		{ NULL, "https://DRIFT.example.org:443", 201 },
		{ NULL, "http://drift.example.org", 403 },
		{ NULL, "https://drift.example.org.evil.example", 403 },
		{ NULL, "null", 403 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct exchange *x = exchange_make(pass_world.mem, "POST", "/api/things");

		exchange_json(x, "{\"name\":\"a\"}");
		if (rows[i].site != NULL)
			exchange_param(x, "HTTP_SEC_FETCH_SITE", rows[i].site);
		if (rows[i].origin != NULL)
			exchange_param(x, "HTTP_ORIGIN", rows[i].origin);
		pass_run(&pass_world.app, &x->t);
		pass_assert(x, rows[i].status, rows[i].status == 403 ? "csrf_failed" : "");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_answer_is_encoded_by_its_table),
		TEST(every_answer_has_the_headers_of_the_contract),
		TEST(a_problem_is_told_as_rfc_9457_says),
		TEST(paths_and_methods_that_are_not_there_are_told_apart),
		TEST(head_answers_like_get_without_the_body),
		TEST(lists_have_items_and_a_cursor),
		TEST(a_long_answer_comes_in_pieces_and_says_when_it_breaks_off),
		TEST(entity_tags_decide_over_304_and_412),
		TEST(what_has_no_entity_tag_is_not_changed_on_condition),
		TEST(an_internal_error_shows_nothing_and_is_counted),
		TEST(a_bad_credential_is_never_passed_over),
		TEST(parameters_that_come_twice_are_refused),
		TEST(lines_of_a_list_are_one_and_all_else_comes_once),
		TEST(what_is_too_long_is_refused_with_its_status),
		TEST(a_transport_with_nothing_gets_an_answer),
		TEST(other_sites_pages_change_nothing),
	};

	return cmocka_run_group_tests_name("pass", tests, NULL, NULL);
}
