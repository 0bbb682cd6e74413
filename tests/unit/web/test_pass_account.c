/* The whole pass: one log line and one sample for each request. */
#include "tests/unit/pass_world.h"

static void
the_log_line_says_who_what_and_how_it_went(void **state)
{
	static const char *const want[] = { "\"http.request.id\":\"req-7\"",
		"\"trace.id\":\"0af7651916cd43dd8448eb211c80319c\"",
		"\"http.request.method\":\"GET\"", "\"url.path\":\"/api/things/%3Cscript%3E\"",
		"\"http.response.status_code\":200", "\"event.outcome\":\"success\"",
		"\"source.ip\":\"192.0.2.7\"", "\"user_agent.original\":\"=cmd|<script>\\u202e\"",
		"\"event.duration\":" };
	struct exchange *x = exchange_make(pass_world.mem, "GET", "/api/things/%3Cscript%3E");
	struct str       log;

	(void)state;
	exchange_param(x, "HTTP_X_REQUEST_ID", "req-7");
	exchange_param(x, "HTTP_USER_AGENT", "=cmd|<script>\xE2\x80\xAE");
	exchange_param(
	    x, "HTTP_TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
	pass_run(&pass_world.app, &x->t);
	log = world_log(&pass_world, pass_world.mem);
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
	pass_assert(pass_ask("POST", "/api/notify/s3cret"), 204, "");
	log = world_log(&pass_world, pass_world.mem);
	assert_null(strstr(log.p, "s3cret"));
	assert_non_null(strstr(log.p, "/api/notify/{token}"));
}

static void
what_is_refused_is_told_to_whoever_sent_it_and_not_to_the_log(void **state)
{
	struct exchange *x = exchange_make(pass_world.mem, "POST", "/api/things");
	struct str       log;

	(void)state;
	exchange_json(x, "{\"name\":\"a\",\"s3cret\":1}");
	pass_run(&pass_world.app, &x->t);
	log = world_log(&pass_world, pass_world.mem);
	assert_non_null(strstr(x->out.p, "/s3cret"));
	assert_null(strstr(log.p, "s3cret"));
	assert_non_null(strstr(log.p, "is refused, faults: 1"));
}

static void
a_client_that_went_away_is_accounted_too(void **state)
{
	struct exchange *x = exchange_make(pass_world.mem, "POST", "/api/things");

	(void)state;
	exchange_json(x, "{\"name\":\"a\"}");
	x->piece = 3;
	x->cut = 6;
	pass_run(&pass_world.app, &x->t);
	assert_int_equal(x->writes, 0);
	x = exchange_make(pass_world.mem, "GET", "/api/things");
	x->gone = true;
	pass_run(&pass_world.app, &x->t);
	assert_int_equal(x->writes, 0);
	x = exchange_make(pass_world.mem, "GET", "/api/things");
	x->deaf = true;
	pass_run(&pass_world.app, &x->t);
	assert_int_equal(x->writes, 1);
	assert_int_equal(
	    world_metric(&pass_world, "bsx_http_requests_total{route=\"POST /api/things\","
				      "method=\"POST\",status=\"499\"}"),
	    1);
	assert_int_equal(
	    world_metric(&pass_world, "bsx_http_requests_total{route=\"GET /api/things\","
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
		TALLOC_CTX              *mem = talloc_new(pass_world.mem);
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
		pass_run(&pass_world.app, &x->t);
		talloc_free(mem);
	}
	log = world_log(&pass_world, pass_world.mem);
	for (size_t i = 0; i < log.n; i++)
		lines += log.p[i] == '\n';
	assert_int_equal(lines, N);
	assert_int_equal(log_dropped(pass_world.app.env->log), 0);
	assert_int_equal(world_metric(&pass_world, "bsx_http_requests_total{"), N);
	assert_int_equal(world_metric(&pass_world, "bsx_http_request_duration_seconds_count{"), N);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_log_line_says_who_what_and_how_it_went),
		TEST(a_secret_in_a_path_is_not_logged),
		TEST(what_is_refused_is_told_to_whoever_sent_it_and_not_to_the_log),
		TEST(a_client_that_went_away_is_accounted_too),
		TEST(mixed_requests_leave_one_line_and_one_sample_each),
	};

	return cmocka_run_group_tests_name("pass account", tests, NULL, NULL);
}
