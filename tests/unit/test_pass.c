/* The whole pass: parameters in, one answer, one log line and one sample out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/lib/exchange.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- a small set of routes ---- */

struct thing {
	const char *name;
	int64_t     size;
};
static const struct field  thing_fields[] = { FIELD(struct thing, name, .min = 1, .max = 40,
						  .flags = FIELD_REQUIRED, .doc = "Name."),
	 FIELD(struct thing, size, .min = 0, .max = 10, .doc = "Size."), FIELD_END };
static const struct schema thing_schema = SCHEMA("Thing", struct thing, thing_fields);

static bool
get_thing(struct request *r, const void *body, void *answer, struct err *e)
{
	struct thing *out = answer;

	(void)body, (void)e;
	out->name = str_dup(r->mem, r->ids[0]);
	r->etag = "\"v1\"";
	return out->name != NULL;
}

static bool
add_thing(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct thing *in = body;
	struct thing       *out = answer;

	(void)r, (void)e;
	*out = *in;
	return true;
}

static bool
list_things(struct request *r, const void *body, void *answer, struct err *e)
{
	static struct thing      all[] = { { "one", 1 }, { "two", 2 } };
	const struct list_query *q = r->query;
	struct items            *out = answer;
	const struct uuid        last = { { 1 } };
	struct uuid              after;

	(void)body;
	if (!list_cursor_read(q->cursor, &after, e))
		return false;
	*out = (struct items) { all, q->limit == 1 ? 1 : 2 };
	return q->limit != 1 || list_cursor_write(r, &last, e);
}

static bool
change_thing(struct request *r, const void *body, void *answer, struct err *e)
{
	(void)body, (void)answer;
	return request_if_match(r, "\"v1\"", e);
}

/* Cookies were set, and then it breaks. */
static bool
break_thing(struct request *r, const void *body, void *answer, struct err *e)
{
	(void)body, (void)answer;
	return reply_cookie(r, "bsx_access", "secret-token", 600, e) &&
	       err_set(e, ERR_INTERNAL, 1234, "internal error", "the detail is for the log");
}

static bool
say_body(struct request *r, const void *body, void *answer, struct err *e)
{
	(void)body, (void)answer, (void)e;
	json_print(&r->out, r->json);
	return true;
}

static bool
do_nothing(struct request *r, const void *body, void *answer, struct err *e)
{
	(void)r, (void)body, (void)answer, (void)e;
	return true;
}

/* Three pieces, and then the end, or a failure when it is asked for by the name. */
static bool
stream_piece(struct request *r, struct buf *out, struct err *e)
{
	int *left = r->more_arg;

	if (*left < 0)
		return err_set(e, ERR_UNAVAILABLE, 0, "away", "the database went away");
	if (*left == 0 && str_eqz(r->ids[0], "broken")) {
		*left = -1;
		buf_puts(out, "half ");
		return stream_piece(r, out, e);
	}
	if ((*left)-- > 0)
		buf_printf(out, "{\"left\":%d}\n", *left);
	return true;
}

static bool
stream(struct request *r, const void *body, void *answer, struct err *e)
{
	int *left = talloc(r->mem, int);

	(void)body, (void)answer;
	if (left == NULL)
		return err_memory(e);
	*left = 3;
	buf_make(&r->out, r->mem);
	r->content_type = "application/x-ndjson";
	r->more = stream_piece;
	r->more_arg = left;
	return !str_eqz(r->ids[0], "refused") || err_set(e, ERR_CONFLICT, 0, "No.", "refused");
}

struct option {
	const char *note;
};
static const struct field option_fields[] = { FIELD(struct option, note, .doc = "May be left out."),
	FIELD_END };
static const struct schema option_schema = SCHEMA("Option", struct option, option_fields);

static const struct route        routes[] = { ROUTE(POST, "/api/option", ANYONE, RATE_OPEN, 204,
						  do_nothing, IN(option), OUT_NONE, "May."),
	       ROUTE_Q(GET, "/api/things", list_query, ANYONE, RATE_OPEN, 200, list_things, IN_NONE,
		   OUT_LIST(thing), "Lists."),
	       ROUTE(
		   POST, "/api/things", ANYONE, RATE_OPEN, 201, add_thing, IN(thing), OUT(thing), "Adds."),
	       ROUTE(GET, "/api/things/{name}", ANYONE, RATE_OPEN, 200, get_thing, IN_NONE, OUT(thing),
		   "Reads."),
	       ROUTE(PUT, "/api/things/{name}", ANYONE, RATE_OPEN, 204, change_thing, IN_NONE, OUT_NONE,
		   "Changes."),
	       ROUTE(DELETE_, "/api/numbered/{id}", ANYONE, RATE_OPEN, 204, do_nothing, IN_NONE, OUT_NONE,
		   "Drops."),
	       ROUTE(
		   POST, "/api/broken", ANYONE, RATE_OPEN, 204, break_thing, IN_NONE, OUT_NONE, "Breaks."),
	       ROUTE(POST, "/api/documents", ANYONE, RATE_OPEN, 200, say_body, IN_DOCUMENT,
		   OUT_RAW("application/json"), "Says it again."),
	       ROUTE(GET, "/api/streams/{name}", ANYONE, RATE_OPEN, 200, stream, IN_NONE,
		   OUT_LIST_OR(thing, "application/x-ndjson"), "Streams."),
	       ROUTE(GET, "/api/mine", SIGNED_IN, RATE_READ, 200, get_thing, IN_NONE, OUT(thing), "Mine."),
	       ROUTE(POST, "/api/mine", SIGNED_IN, RATE_READ, 200, add_thing, IN(thing), OUT(thing),
		   "Mine."),
	       ROUTE(POST, "/api/notify/{token}", ANYONE, RATE_OPEN, 204, do_nothing, IN_NONE, OUT_NONE,
		   "Notifies."),
	       ROUTE_END };
static const struct route *const tables[] = { routes, NULL };

static struct world w;

static int
open_world(void **state)
{
	(void)state;
	world_open(&w, tables);
	return 0;
}

static int
close_world(void **state)
{
	(void)state;
	world_close(&w);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)

static struct exchange *
ask(const char *method, const char *uri)
{
	struct exchange *x = exchange_make(w.mem, method, uri);

	pass_run(&w.app, &x->t);
	return x;
}

static struct exchange *
send(const char *uri, const char *json)
{
	struct exchange *x = exchange_make(w.mem, "POST", uri);

	exchange_json(x, json);
	pass_run(&w.app, &x->t);
	return x;
}

static void
assert_answer(const struct exchange *x, int status, const char *code)
{
	if (exchange_status(x) != status || strcmp(exchange_code(x), code) != 0)
		fail_msg("want %d %s, got:\n%s", status, code, exchange_text(x));
}

/* ---- cases ---- */

static void
an_answer_is_encoded_by_its_table(void **state)
{
	struct exchange *x = send("/api/things", "{\"name\":\"<b>\\u00e9\",\"size\":7}");

	(void)state;
	assert_int_equal(exchange_status(x), 201);
	assert_string_equal(exchange_header(x, "content-type"), "application/json");
	assert_string_equal(exchange_body(x), "{\"name\":\"<b>\xC3\xA9\",\"size\":7}");
	x = ask("GET", "/api/things/caf%C3%A9?");
	assert_string_equal(exchange_body(x), "{\"name\":\"caf\xC3\xA9\",\"size\":0}");
}

static void
every_answer_has_the_headers_of_the_contract(void **state)
{
	static const char *const uris[] = { "/api/things", "/nothing", "/api/mine", "/%2e%2e/" };

	(void)state;
	for (size_t i = 0; i < COUNT(uris); i++) {
		struct exchange *x = ask("GET", uris[i]);

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
	w.conf.public_url = "http://127.0.0.1:8080";
	assert_null(exchange_header(ask("GET", "/api/things"), "Strict-Transport-Security"));
}

static void
a_problem_is_told_as_rfc_9457_says(void **state)
{
	struct exchange *x = exchange_make(w.mem, "POST", "/api/things");

	(void)state;
	exchange_json(x, "{\"nome\":1,\"size\":11}");
	exchange_param(x, "HTTP_X_REQUEST_ID", "mine-1.0");
	pass_run(&w.app, &x->t);
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
		{ "DELETE", "/api/things", 405, "method_not_allowed", "GET, HEAD, POST" },
		{ "PATCH", "/api/things/a", 405, "method_not_allowed", "GET, HEAD, PUT" },
		{ "OPTIONS", "/api/things/a", 405, "method_not_allowed", "GET, HEAD, PUT" },
		{ "get", "/api/things", 400, "bad_request", NULL },
		{ "", "/api/things", 400, "bad_request", NULL },
		{ "G ET", "/api/things", 400, "bad_request", NULL },
		{ "DELETE", "/api/numbered/1", 404, "not_found", NULL },
		{ "DELETE", "/api/numbered/018f4f4e-0000-7000-8000-000000000000", 204, "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct exchange *x = ask(rows[i].method, rows[i].uri);

		assert_answer(x, rows[i].status, rows[i].code);
		if (rows[i].allow != NULL)
			assert_string_equal(exchange_header(x, "Allow"), rows[i].allow);
		else
			assert_null(exchange_header(x, "Allow"));
	}
}

static void
head_answers_like_get_without_the_body(void **state)
{
	struct exchange *get = ask("GET", "/api/things"), *head = ask("HEAD", "/api/things");

	(void)state;
	assert_int_equal(exchange_status(head), 200);
	assert_string_equal(exchange_body(head), "");
	assert_string_equal(
	    exchange_header(head, "Content-Length"), exchange_header(get, "Content-Length"));
	assert_string_equal(exchange_body(ask("HEAD", "/nothing")), "");
}

static void
lists_have_items_and_a_cursor(void **state)
{
	struct exchange *x = ask("GET", "/api/things?limit=1");

	(void)state;
	assert_string_equal(exchange_body(ask("GET", "/api/things")),
	    "{\"items\":[{\"name\":\"one\",\"size\":1},{\"name\":\"two\",\"size\":2}],"
	    "\"next_cursor\":null}");
	assert_string_equal(exchange_body(x), "{\"items\":[{\"name\":\"one\",\"size\":1}],"
					      "\"next_cursor\":\"AQAAAAAAAAAAAAAAAAAAAA\"}");
	assert_answer(ask("GET", "/api/things?cursor=AQAAAAAAAAAAAAAAAAAAAA"), 200, "");
	assert_answer(ask("GET", "/api/things?cursor=AQ"), 400, "bad_request");
	assert_answer(ask("GET", "/api/things?limit=0"), 422, "validation_failed");
	assert_answer(ask("GET", "/api/things?limit=201"), 422, "validation_failed");
	assert_answer(ask("GET", "/api/things?limit=ten"), 422, "validation_failed");
	assert_answer(ask("GET", "/api/things?limt=1"), 422, "validation_failed");
	assert_answer(ask("GET", "/api/things?limit=1&limit=2"), 400, "bad_request");
	assert_answer(ask("GET", "/api/things/a?x=1"), 422, "validation_failed");
}

static void
a_long_answer_comes_in_pieces_and_says_when_it_breaks_off(void **state)
{
	struct exchange *x = ask("GET", "/api/streams/whole");

	(void)state;
	assert_int_equal(exchange_status(x), 200);
	assert_string_equal(exchange_body(x), "{\"left\":2}\n{\"left\":1}\n{\"left\":0}\n");
	assert_string_equal(exchange_header(x, "Content-Type"), "application/x-ndjson");
	assert_null(exchange_header(x, "Content-Length"));
	assert_int_equal(x->writes, 4);
	x = ask("GET", "/api/streams/broken");
	assert_int_equal(exchange_status(x), 200);
	assert_non_null(strstr(exchange_body(x),
	    "{\"left\":0}\n{\"error\":{\"code\":\"unavailable\",\"request_id\":\""));
	assert_string_equal(exchange_body(ask("HEAD", "/api/streams/whole")), "");
	assert_answer(ask("GET", "/api/streams/refused"), 409, "conflict");
	x = exchange_make(w.mem, "GET", "/api/streams/whole");
	x->deaf = true;
	pass_run(&w.app, &x->t);
	assert_int_equal(x->writes, 1);
}

static void
entity_tags_decide_over_304_and_412(void **state)
{
	static const struct {
		const char *method, *header, *value;
		int         status;
	} rows[] = {
		{ "GET", "HTTP_IF_NONE_MATCH", "\"v1\"", 304 },
		{ "GET", "HTTP_IF_NONE_MATCH", "\"v0\", W/\"v1\"", 304 },
		{ "HEAD", "HTTP_IF_NONE_MATCH", "*", 304 },
		{ "GET", "HTTP_IF_NONE_MATCH", "\"v0\"", 200 },
		{ "PUT", "HTTP_IF_MATCH", "\"v1\"", 204 },
		{ "PUT", "HTTP_IF_MATCH", "\"v0\",\"v1\"", 204 },
		{ "PUT", "HTTP_IF_MATCH", "*", 204 },
		{ "PUT", "HTTP_IF_MATCH", "W/\"v1\"", 412 },
		{ "PUT", "HTTP_IF_MATCH", "\"v0\"", 412 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct exchange *x = exchange_make(w.mem, rows[i].method, "/api/things/a");

		exchange_param(x, rows[i].header, rows[i].value);
		pass_run(&w.app, &x->t);
		assert_int_equal(exchange_status(x), rows[i].status);
		if (rows[i].status == 304) {
			assert_string_equal(exchange_header(x, "ETag"), "\"v1\"");
			assert_string_equal(exchange_body(x), "");
			assert_null(exchange_header(x, "Content-Length"));
		}
	}
}

static void
an_internal_error_shows_nothing_and_is_counted(void **state)
{
	struct exchange *x = ask("POST", "/api/broken");
	struct str       log = world_log(&w, w.mem);

	(void)state;
	assert_answer(x, 500, "internal");
	assert_null(strstr(exchange_text(x), "the detail"));
	assert_null(exchange_header(x, "Set-Cookie"));
	assert_non_null(strstr(log.p, "the detail is for the log"));
	assert_null(strstr(log.p, "secret-token"));
	assert_int_equal(
	    world_metric(&w, "bsx_errors_total{code=\"internal\",place=\"test_pass.c:"), 1);
}

static void
bodies_are_held_to_their_type_length_and_size(void **state)
{
	static const struct {
		const char *type, *length, *body;
		int         status;
		const char *code;
	} rows[] = {
		{ "application/json", "12", "{\"name\":\"a\"}", 201, "" },
		{ "application/json; charset=UTF-8", "", "{\"name\":\"a\"}", 201, "" },
		{ "Application/JSON;charset=\"utf-8\"", "-1", "{\"name\":\"a\"}", 201, "" },
		{ "application/json", NULL, "{\"name\":\"a\"}", 201, "" },
		{ "application/json; charset=utf-16", "12", "{\"name\":\"a\"}", 415,
		    "unsupported_media_type" },
		{ "text/plain", "12", "{\"name\":\"a\"}", 415, "unsupported_media_type" },
		{ NULL, "12", "{\"name\":\"a\"}", 415, "unsupported_media_type" },
		{ "application/jsonx", "12", "{\"name\":\"a\"}", 415, "unsupported_media_type" },
		{ "application/json", "11", "{\"name\":\"a\"}", 400, "bad_request" },
		{ "application/json", "13", "{\"name\":\"a\"}", 400, "bad_request" },
		{ "application/json", "twelve", "{\"name\":\"a\"}", 400, "bad_request" },
		{ "application/json", "-2", "{\"name\":\"a\"}", 400, "bad_request" },
		{ "application/json", "99999999999999999999", "{}", 400, "bad_request" },
		{ "application/json", "9999999", "{\"name\":\"a\"}", 413, "payload_too_large" },
		{ "application/json", "0", "", 400, "malformed_json" },
		{ "application/json", "", "{\"name\":NaN}", 400, "malformed_json" },
		{ "application/json", "", "{\"name\":\"a\",\"name\":\"b\"}", 400,
		    "malformed_json" },
		{ "application/json", "", "\xEF\xBB\xBF{\"name\":\"a\"}", 400, "malformed_json" },
		{ "application/json", "", "{\"name\":\"\xFF\"}", 400, "malformed_json" },
		{ "application/json", "", "{\"name\":\"a\\u0000\"}", 422, "validation_failed" },
		{ "application/json", "", "[]", 422, "validation_failed" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct exchange *x = exchange_make(w.mem, "POST", "/api/things");

		x->body = str_of(rows[i].body);
		x->piece = i % 4;
		if (rows[i].type != NULL)
			exchange_param(x, "CONTENT_TYPE", rows[i].type);
		if (rows[i].length != NULL)
			exchange_param(x, "CONTENT_LENGTH", rows[i].length);
		pass_run(&w.app, &x->t);
		assert_answer(x, rows[i].status, rows[i].code);
	}
}

static char *
letters(size_t n)
{
	char *p = talloc_zero_size(w.mem, n + 1);

	assert_non_null(p);
	memset(p, 'a', n);
	return p;
}

static void
a_body_without_a_length_is_capped_while_it_is_read(void **state)
{
	struct exchange *x = exchange_make(w.mem, "POST", "/api/things");
	size_t           max = (size_t)w.conf.body_max;

	(void)state;
	x->body = str_of(letters(4 * max));
	x->piece = 60000;
	exchange_param(x, "CONTENT_TYPE", "application/json");
	pass_run(&w.app, &x->t);
	assert_answer(x, 413, "payload_too_large");
	assert_true(x->at <= max + 1);

	/* Exactly the cap is still read. */
	x = exchange_make(w.mem, "POST", "/api/things");
	x->body = str_of(letters(max));
	exchange_param(x, "CONTENT_TYPE", "application/json");
	pass_run(&w.app, &x->t);
	assert_answer(x, 400, "malformed_json");
}

/* Ten seconds pass at each look. */
static int64_t
hasty_ms(const struct clock *c)
{
	return c->set_ms;
}

static int64_t
hasty_ns(const struct clock *c)
{
	static int64_t now;

	(void)c;
	now += INT64_C(10000000000);
	return now;
}

static void
a_body_that_comes_too_slowly_is_given_up(void **state)
{
	static const struct clock_ops ops = { hasty_ms, hasty_ns };
	const struct clock            hasty = { &ops, 1000 };
	struct exchange              *x = exchange_make(w.mem, "POST", "/api/things");

	(void)state;
	exchange_json(x, "{\"name\":\"slow\"}");
	x->piece = 1;
	w.app.clock = &hasty;
	pass_run(&w.app, &x->t);
	w.app.clock = &clock_system;
	assert_answer(x, 408, "request_timeout");
	assert_true(x->at < 5);
}

static void
a_route_without_a_body_takes_none_or_an_empty_object(void **state)
{
	static const struct {
		const char *body;
		int         status;
	} rows[] = { { "", 204 }, { "{}", 204 }, { " { } ", 204 }, { "{\"a\":1}", 422 },
		{ "[]", 422 }, { "x", 400 } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct exchange *x = exchange_make(w.mem, "PUT", "/api/things/a");

		exchange_json(x, rows[i].body);
		pass_run(&w.app, &x->t);
		assert_int_equal(exchange_status(x), rows[i].status);
	}
}

static void
a_body_of_which_nothing_is_required_may_be_left_out(void **state)
{
	static const struct {
		const char *type, *length, *body;
		int         status;
	} rows[] = {
		{ NULL, NULL, "", 204 },
		{ NULL, "", "", 204 },
		{ NULL, "0", "", 204 },
		{ "application/json", "2", "{}", 204 },
		{ "application/json", "0", "", 400 },
		{ NULL, "", "{}", 415 },
		{ NULL, "2", "{}", 415 },
		{ "text/plain", "0", "", 415 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct exchange *x = exchange_make(w.mem, "POST", "/api/option");

		x->body = str_of(rows[i].body);
		if (rows[i].type != NULL)
			exchange_param(x, "CONTENT_TYPE", rows[i].type);
		if (rows[i].length != NULL)
			exchange_param(x, "CONTENT_LENGTH", rows[i].length);
		pass_run(&w.app, &x->t);
		assert_int_equal(exchange_status(x), rows[i].status);
	}
}

static void
a_document_comes_in_any_encoding_and_type(void **state)
{
	const struct {
		const char *type;
		struct str  body;
	} rows[] = {
		{ "application/json", STR("{\"a\":1}") },
		{ "application/x-www-form-urlencoded", STR("\xEF\xBB\xBF{\"a\":1}") },
		{ "text/plain; charset=utf-16", STR("\xFF\xFE{\0\"\0a\0\"\0:\0"
						    "1\0}\0") },
		{ "application/octet-stream", STR("\xFE\xFF\0{\0\"\0a\0\"\0:\0"
						  "1\0}") },
		{ NULL, STR("{\"a\":1}") },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct exchange *x = exchange_make(w.mem, "POST", "/api/documents");

		if (rows[i].type != NULL)
			exchange_param(x, "CONTENT_TYPE", rows[i].type);
		x->body = rows[i].body;
		pass_run(&w.app, &x->t);
		assert_int_equal(exchange_status(x), 200);
		assert_string_equal(exchange_body(x), "{\"a\":1}");
	}
}

static void
a_stranger_s_body_is_not_read(void **state)
{
	struct exchange *x = exchange_make(w.mem, "POST", "/api/mine");

	(void)state;
	exchange_json(x, "{\"name\":\"a\"}");
	pass_run(&w.app, &x->t);
	assert_answer(x, 401, "unauthenticated");
	assert_string_equal(exchange_header(x, "WWW-Authenticate"), "Bearer");
	assert_int_equal(x->at, 0);
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
		struct exchange *x = exchange_make(w.mem, "GET", "/api/mine");

		exchange_param(x, headers[i][0], headers[i][1]);
		pass_run(&w.app, &x->t);
		assert_answer(x, 401, "unauthenticated");
	}
}

static void
parameters_that_come_twice_are_refused(void **state)
{
	struct exchange *x = exchange_make(w.mem, "GET", "/api/things");

	(void)state;
	exchange_param(x, "HTTP_X_REQUEST_ID", "a");
	exchange_param(x, "HTTP_X_REQUEST_ID", "a");
	pass_run(&w.app, &x->t);
	assert_answer(x, 400, "bad_request");
}

static void
what_is_too_long_is_refused_with_its_status(void **state)
{
	char            *uri = letters(LIMIT_URI + 1);
	struct exchange *x;

	(void)state;
	uri[0] = '/';
	assert_answer(ask("GET", uri), 414, "uri_too_long");
	x = exchange_make(w.mem, "GET", "/api/things");
	exchange_param(x, "HTTP_X", letters(LIMIT_HEADER + 1));
	pass_run(&w.app, &x->t);
	assert_answer(x, 431, "headers_too_large");
	x = exchange_make(w.mem, "GET", "/api/things");
	for (int i = 0; i < 5; i++)
		exchange_param(x, talloc_asprintf(w.mem, "HTTP_X%d", i), letters(8000));
	pass_run(&w.app, &x->t);
	assert_answer(x, 431, "headers_too_large");
	x = exchange_make(w.mem, "GET", "/api/things");
	for (int i = 0; i < LIMIT_PARAMS; i++)
		exchange_param(x, talloc_asprintf(w.mem, "HTTP_X%d", i), "");
	pass_run(&w.app, &x->t);
	assert_answer(x, 431, "headers_too_large");
}

static void
a_transport_with_nothing_gets_an_answer(void **state)
{
	struct exchange *x = exchange_make(w.mem, "GET", "/api/things");

	(void)state;
	x->params[0] = NULL;
	pass_run(&w.app, &x->t);
	assert_answer(x, 400, "bad_request");
	x = exchange_make(w.mem, "GET", "/api/things");
	x->t.params = NULL;
	pass_run(&w.app, &x->t);
	assert_answer(x, 400, "bad_request");
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
		struct exchange *x = exchange_make(w.mem, "POST", "/api/things");

		exchange_json(x, "{\"name\":\"a\"}");
		if (rows[i].site != NULL)
			exchange_param(x, "HTTP_SEC_FETCH_SITE", rows[i].site);
		if (rows[i].origin != NULL)
			exchange_param(x, "HTTP_ORIGIN", rows[i].origin);
		pass_run(&w.app, &x->t);
		assert_answer(x, rows[i].status, rows[i].status == 403 ? "csrf_failed" : "");
	}
}

/* ---- accounting ---- */

static void
the_log_line_says_who_what_and_how_it_went(void **state)
{
	static const char *const want[] = { "\"http.request.id\":\"req-7\"",
		"\"trace.id\":\"0af7651916cd43dd8448eb211c80319c\"",
		"\"http.request.method\":\"GET\"", "\"url.path\":\"/api/things/%3Cscript%3E\"",
		"\"http.response.status_code\":200", "\"event.outcome\":\"success\"",
		"\"source.ip\":\"192.0.2.7\"", "\"user_agent.original\":\"=cmd|<script>\\u202e\"",
		"\"event.duration\":" };
	struct exchange         *x = exchange_make(w.mem, "GET", "/api/things/%3Cscript%3E");
	struct str               log;

	(void)state;
	exchange_param(x, "HTTP_X_REQUEST_ID", "req-7");
	exchange_param(x, "HTTP_USER_AGENT", "=cmd|<script>\xE2\x80\xAE");
	exchange_param(
	    x, "HTTP_TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
	pass_run(&w.app, &x->t);
	log = world_log(&w, w.mem);
	for (size_t i = 0; i < COUNT(want); i++)
		if (strstr(log.p, want[i]) == NULL)
			fail_msg("%s is not in %s", want[i], log.p);
	assert_null(strstr(log.p, "error.code"));
}

static void
a_secret_in_a_path_is_not_logged(void **state)
{
	struct str log;

	(void)state;
	assert_answer(ask("POST", "/api/notify/s3cret"), 204, "");
	log = world_log(&w, w.mem);
	assert_null(strstr(log.p, "s3cret"));
	assert_non_null(strstr(log.p, "/api/notify/{token}"));
}

static void
a_client_that_went_away_is_accounted_too(void **state)
{
	struct exchange *x = exchange_make(w.mem, "POST", "/api/things");

	(void)state;
	exchange_json(x, "{\"name\":\"a\"}");
	x->piece = 3;
	x->cut = 6;
	pass_run(&w.app, &x->t);
	assert_int_equal(x->writes, 0);
	x = exchange_make(w.mem, "GET", "/api/things");
	x->gone = true;
	pass_run(&w.app, &x->t);
	assert_int_equal(x->writes, 0);
	x = exchange_make(w.mem, "GET", "/api/things");
	x->deaf = true;
	pass_run(&w.app, &x->t);
	assert_int_equal(x->writes, 1);
	assert_int_equal(world_metric(&w, "bsx_http_requests_total{route=\"POST /api/things\","
					  "method=\"POST\",status=\"499\"}"),
	    1);
	assert_int_equal(world_metric(&w, "bsx_http_requests_total{route=\"GET /api/things\","
					  "method=\"GET\",status=\"499\"}"),
	    2);
}

static void
mixed_requests_leave_one_line_and_one_sample_each(void **state)
{
	enum { N = 10000 };
	struct str log;
	size_t     lines = 0;

	(void)state;
	for (int i = 0; i < N; i++) {
		TALLOC_CTX              *mem = talloc_new(w.mem);
		static const char *const uris[] = { "/api/things", "/api/things/a", "/nothing",
			"/api/mine", "/%00", "/api/broken", "/api/numbered/1" };
		static const char *const methods[] = { "GET", "POST", "PUT", "x" };
		struct exchange         *x = exchange_make(mem, methods[i / 7 % 4], uris[i % 7]);

		if (i % 3 == 0)
			exchange_json(x, "{\"name\":\"a\"}");
		x->deaf = i % 11 == 0;
		x->gone = i % 13 == 0;
		x->cut = i % 17 == 0 ? 3 : SIZE_MAX;
		x->piece = 3;
		pass_run(&w.app, &x->t);
		talloc_free(mem);
	}
	log = world_log(&w, w.mem);
	for (size_t i = 0; i < log.n; i++)
		lines += log.p[i] == '\n';
	assert_int_equal(lines, N);
	assert_int_equal(log_dropped(w.app.log), 0);
	assert_int_equal(world_metric(&w, "bsx_http_requests_total{"), N);
	assert_int_equal(world_metric(&w, "bsx_http_request_duration_seconds_count{"), N);
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
		TEST(an_internal_error_shows_nothing_and_is_counted),
		TEST(bodies_are_held_to_their_type_length_and_size),
		TEST(a_body_without_a_length_is_capped_while_it_is_read),
		TEST(a_body_that_comes_too_slowly_is_given_up),
		TEST(a_route_without_a_body_takes_none_or_an_empty_object),
		TEST(a_body_of_which_nothing_is_required_may_be_left_out),
		TEST(a_document_comes_in_any_encoding_and_type),
		TEST(a_stranger_s_body_is_not_read),
		TEST(a_bad_credential_is_never_passed_over),
		TEST(parameters_that_come_twice_are_refused),
		TEST(what_is_too_long_is_refused_with_its_status),
		TEST(a_transport_with_nothing_gets_an_answer),
		TEST(other_sites_pages_change_nothing),
		TEST(the_log_line_says_who_what_and_how_it_went),
		TEST(a_secret_in_a_path_is_not_logged),
		TEST(a_client_that_went_away_is_accounted_too),
		TEST(mixed_requests_leave_one_line_and_one_sample_each),
	};

	return cmocka_run_group_tests_name("pass", tests, NULL, NULL);
}
