/* The whole pass: what is taken as a body, and what is refused. */
#include "tests/unit/pass_world.h"

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
		{ "application/json", "", "\xEF\xBB\xBF{\"name\":\"a\"}", 201, "" },
		{ "application/json", "", "\xEF\xBB\xBF\xEF\xBB\xBF{\"name\":\"a\"}", 400,
		    "malformed_json" },
		{ "application/json", "", "\xFF\xFE{", 415, "unsupported_media_type" },
		{ "application/json", "", "{\"name\":\"\xFF\"}", 400, "malformed_json" },
		{ "application/json", "", "{\"name\":\"a\\u0000\"}", 422, "validation_failed" },
		{ "application/json", "", "[]", 422, "validation_failed" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct exchange *x = exchange_make(pass_world.mem, "POST", "/api/things");

		x->body = str_of(rows[i].body);
		x->piece = i % 4;
		if (rows[i].type != NULL)
			exchange_param(x, "CONTENT_TYPE", rows[i].type);
		if (rows[i].length != NULL)
			exchange_param(x, "CONTENT_LENGTH", rows[i].length);
		pass_run(&pass_world.app, &x->t);
		pass_assert(x, rows[i].status, rows[i].code);
	}
}

static void
a_body_without_a_length_is_capped_while_it_is_read(void **state)
{
	struct exchange *x = exchange_make(pass_world.mem, "POST", "/api/things");
	size_t           max = (size_t)pass_world.conf.body_max;

	(void)state;
	x->body = str_of(pass_letters(4 * max));
	x->piece = 60000;
	exchange_param(x, "CONTENT_TYPE", "application/json");
	pass_run(&pass_world.app, &x->t);
	pass_assert(x, 413, "payload_too_large");
	assert_true(x->at <= max + 1);

	/* Exactly the cap is still read. */
	x = exchange_make(pass_world.mem, "POST", "/api/things");
	x->body = str_of(pass_letters(max));
	exchange_param(x, "CONTENT_TYPE", "application/json");
	pass_run(&pass_world.app, &x->t);
	pass_assert(x, 400, "malformed_json");
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
	struct exchange              *x = exchange_make(pass_world.mem, "POST", "/api/things");

	(void)state;
	exchange_json(x, "{\"name\":\"slow\"}");
	x->piece = 1;
	pass_world.env.clock = &hasty;
	pass_run(&pass_world.app, &x->t);
	pass_world.env.clock = &clock_system;
	pass_assert(x, 408, "request_timeout");
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
		struct exchange *x = exchange_make(pass_world.mem, "PUT", "/api/things/a");

		exchange_json(x, rows[i].body);
		pass_run(&pass_world.app, &x->t);
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
		struct exchange *x = exchange_make(pass_world.mem, "POST", "/api/option");

		x->body = str_of(rows[i].body);
		if (rows[i].type != NULL)
			exchange_param(x, "CONTENT_TYPE", rows[i].type);
		if (rows[i].length != NULL)
			exchange_param(x, "CONTENT_LENGTH", rows[i].length);
		pass_run(&pass_world.app, &x->t);
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
		struct exchange *x = exchange_make(pass_world.mem, "POST", "/api/documents");

		if (rows[i].type != NULL)
			exchange_param(x, "CONTENT_TYPE", rows[i].type);
		x->body = rows[i].body;
		pass_run(&pass_world.app, &x->t);
		assert_int_equal(exchange_status(x), 200);
		assert_string_equal(exchange_body(x), "{\"a\":1}");
	}
}

static void
the_body_for_what_is_not_there_is_not_read(void **state)
{
	struct exchange *x = exchange_make(pass_world.mem, "POST", "/api/documents/there");

	(void)state;
	exchange_json(x, "{\"a\":1}");
	pass_run(&pass_world.app, &x->t);
	assert_string_equal(exchange_body(x), "{\"a\":1}");
	x = exchange_make(pass_world.mem, "POST", "/api/documents/gone");
	exchange_json(x, talloc_asprintf(pass_world.mem, "{\"a\":\"%s\"}", pass_letters(20000)));
	pass_run(&pass_world.app, &x->t);
	pass_assert(x, 404, "not_found");
	assert_int_equal(x->at, 0);
	/* one that is short is had before it is asked for what it is for, and leads to the same */
	x = exchange_make(pass_world.mem, "POST", "/api/documents/gone");
	exchange_json(x, "{\"a\":");
	pass_run(&pass_world.app, &x->t);
	pass_assert(x, 404, "not_found");
}

static void
a_stranger_s_body_is_not_read(void **state)
{
	struct exchange *x = exchange_make(pass_world.mem, "POST", "/api/mine");

	(void)state;
	exchange_json(x, "{\"name\":\"a\"}");
	pass_run(&pass_world.app, &x->t);
	pass_assert(x, 401, "unauthenticated");
	assert_string_equal(exchange_header(x, "WWW-Authenticate"), "Bearer");
	assert_int_equal(x->at, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bodies_are_held_to_their_type_length_and_size),
		TEST(a_body_without_a_length_is_capped_while_it_is_read),
		TEST(a_body_that_comes_too_slowly_is_given_up),
		TEST(a_route_without_a_body_takes_none_or_an_empty_object),
		TEST(a_body_of_which_nothing_is_required_may_be_left_out),
		TEST(a_document_comes_in_any_encoding_and_type),
		TEST(the_body_for_what_is_not_there_is_not_read),
		TEST(a_stranger_s_body_is_not_read),
	};

	return cmocka_run_group_tests_name("pass body", tests, NULL, NULL);
}
