/* Outbound requests against a real server on loopback: by libcurl in this process, and by the
 * fetcher. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "tests/unit/fetcher_program.h"
#include "tests/unit/stranger.h"

#define LEN(a)  (sizeof(a) / sizeof *(a))
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_mem, free_mem)

static bool             remote; /* the group is asked through the fetcher */
static TALLOC_CTX      *mem;
static struct cidr_list allow;
static struct guard     guard = { &allow, true };
static struct fetcher   fetcher;
static struct fetch    *f;

/* The fetcher is started by the first request, so this comes before it. */
static bool
open_to(const char **ranges, size_t n, bool plain_http)
{
	struct err e = { 0 };

	fetcher.allow = (struct strings) { ranges, n };
	fetcher.plain_http = guard.plain_http = plain_http;
	allow = (struct cidr_list) { 0 };
	return cidr_list_parse(mem, fetcher.allow, &allow, &e);
}

static int
make_mem(void **state)
{
	static const char *ranges[] = { "127.0.0.0/8", "::1/128" };
	struct err         e = { 0 };

	(void)state;
	mem = talloc_new(NULL);
	fetcher = (struct fetcher) { .program = fetcher_program(mem, "bsx-fetch"), .transfers = 4 };
	if (!open_to(ranges, 2, true))
		return 1;
	f = remote ? fetcher_on_demand(mem, &fetcher, &e) : fetch_make(mem, &guard, &e);
	return f == NULL;
}

static int
free_mem(void **state)
{
	(void)state;
	talloc_free(mem);
	return 0;
}

static char *
url_of(const char *host, const char *path)
{
	return talloc_asprintf(mem, "http://%s:%u%s", host, (unsigned)stranger_port, path);
}

static bool
run(const char *url, struct fetch_answer *a, struct err *e)
{
	const struct fetch_request q = {
		.method = "GET", .url = url, .timeout_ms = 5000, .answer_max = 65536
	};

	memset(e, 0, sizeof(*e));
	return fetch_run(f, mem, &q, a, e);
}

static void
a_request_arrives_as_it_was_given(void **state)
{
	const struct fetch_header  headers[] = { { "webhook-id", "msg_1" },
		 { "Content-Type", "application/json" }, { "X-Empty", "" } };
	const struct fetch_request q = { .method = "POST",
		.url = url_of("127.0.0.1", "/echo"),
		.headers = headers,
		.headers_n = 3,
		.body = STR("{\"a\":\"\0b\"}"),
		.timeout_ms = 5000,
		.answer_max = 65536 };
	struct fetch_answer        a;
	struct err                 e = { 0 };

	(void)state;
	assert_true(fetch_run(f, mem, &q, &a, &e));
	assert_int_equal(a.status, 200);
	assert_int_equal(a.retry_after_s, -1);
	assert_true(a.took_ms >= 0 && a.took_ms < 5000);
	assert_true(str_starts(a.body, "POST /echo HTTP/1.1\r\nHost: 127.0.0.1:"));
	assert_non_null(strstr(a.body.p, "\r\nwebhook-id: msg_1\r\n"));
	assert_non_null(strstr(a.body.p, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(a.body.p, "\r\nX-Empty:\r\n"));
	assert_non_null(strstr(a.body.p, "\r\nContent-Length: 10\r\n"));
	assert_non_null(strstr(a.body.p, "\r\nUser-Agent: BlindSpotX/"));
	assert_null(strstr(a.body.p, "Expect:"));
}

static void
methods_and_bodies_go_together(void **state)
{
	static const struct {
		const char *method, *body, *head;
	} rows[] = {
		{ "GET", "", "GET /echo" },
		{ "POST", "", "POST /echo" },
		{ "PUT", "x", "PUT /echo" },
		{ "DELETE", "", "DELETE /echo" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		const struct fetch_request q = { .method = rows[i].method,
			.url = url_of("127.0.0.1", "/echo"),
			.body = str_of(rows[i].body),
			.timeout_ms = 5000,
			.answer_max = 65536 };
		struct fetch_answer        a;
		struct err                 e = { 0 };

		assert_true(fetch_run(f, mem, &q, &a, &e));
		assert_true(str_starts(a.body, rows[i].head));
		assert_null(strstr(a.body.p, "Content-Type"));
	}
}

static void
a_name_is_resolved_and_kept(void **state)
{
	struct fetch_answer a;
	struct err          e;

	(void)state;
	assert_true(run(url_of("localhost", "/echo"), &a, &e));
	assert_non_null(strstr(a.body.p, "\r\nHost: localhost:"));
	assert_true(run(url_of("LocalHost", "/echo"), &a, &e));
	assert_true(run(url_of("[::ffff:127.0.0.1]", "/echo"), &a, &e));
}

static void
what_is_not_opened_is_never_connected_to(void **state)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost", "LOCALHOST", "localhost.",
		"2130706433", "0x7f000001", "017700000001", "127.1", "0", "[::1]",
		"[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "user@127.0.0.1",
		"127.0.0.1\\@example.org", "b\xc3\xbc.example", "127。0。0。1" };
	struct fetch_answer      a;
	struct err               e;
	int                      before = atomic_load(stranger_connections);

	(void)state;
	assert_true(open_to(NULL, 0, true));
	for (size_t i = 0; i < LEN(hosts); i++) {
		assert_false(run(url_of(hosts[i], "/echo"), &a, &e));
		assert_int_equal(e.code, ERR_INVALID);
		assert_int_equal(strncmp(e.pub, "The URL", 7), 0);
	}
	assert_int_equal(atomic_load(stranger_connections), before);
}

/* Opened is 127.0.0.2 only; the server listens on 127.0.0.1. */
static void
the_range_counts_not_the_machine(void **state)
{
	static const char  *ranges[] = { "127.0.0.2/32" };
	struct fetch_answer a;
	struct err          e = { 0 };

	(void)state;
	assert_true(open_to(ranges, 1, true));
	assert_false(run(url_of("127.0.0.1", "/echo"), &a, &e));
	assert_int_equal(e.code, ERR_INVALID);
	assert_false(run(url_of("127.0.0.2", "/echo"), &a, &e)); /* nobody listens there */
	assert_int_equal(e.code, ERR_UNAVAILABLE);
}

static void
plain_http_needs_the_setting(void **state)
{
	struct fetch_answer a;
	struct err          e;

	(void)state;
	assert_true(open_to(fetcher.allow.items, fetcher.allow.n, false));
	assert_false(run(url_of("127.0.0.1", "/echo"), &a, &e));
	assert_int_equal(e.code, ERR_INVALID);
	/* https to a server that does not speak it */
	assert_false(
	    run(talloc_asprintf(mem, "https://127.0.0.1:%u/", (unsigned)stranger_port), &a, &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_string_equal(e.pub, "No secure connection could be made.");
}

static void
redirects_are_not_followed(void **state)
{
	struct fetch_answer a;
	struct err          e;
	int                 before = atomic_load(stranger_connections);

	(void)state;
	assert_true(run(url_of("127.0.0.1", "/redirect"), &a, &e));
	assert_int_equal(a.status, 302);
	assert_int_equal(atomic_load(stranger_connections), before + 1);
}

static void
any_status_is_an_answer(void **state)
{
	struct fetch_answer a;
	struct err          e;

	(void)state;
	assert_true(run(url_of("127.0.0.1", "/gone"), &a, &e));
	assert_int_equal(a.status, 410);
	assert_true(str_eqz(a.body, "gone"));
}

static void
retry_after_is_read_in_both_forms(void **state)
{
	static const struct {
		const char *path;
		int64_t     min, max;
	} rows[] = {
		{ "/retry", 120, 120 },
		{ "/retry-zero", 0, 0 },
		{ "/retry-date", 80, 91 },
		{ "/retry-past", 0, 0 },
		{ "/retry-ever", 30 * 86400, 30 * 86400 },
		{ "/retry-bad", -1, -1 },
		{ "/retry-negative", -1, -1 },
		{ "/retry-huge", 30 * 86400, 30 * 86400 },
		{ "/interim", -1, -1 },
		{ "/echo", -1, -1 },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct fetch_answer a;
		struct err          e;

		assert_true(run(url_of("127.0.0.1", rows[i].path), &a, &e));
		assert_in_range(a.retry_after_s + 1, rows[i].min + 1, rows[i].max + 1);
	}
}

static void
slow_servers_meet_the_total_deadline(void **state)
{
	static const char *const paths[] = { "/slow", "/drip" };

	(void)state;
	for (size_t i = 0; i < LEN(paths); i++) {
		const struct fetch_request q = { .method = "GET",
			.url = url_of("127.0.0.1", paths[i]),
			.timeout_ms = 400,
			.answer_max = 65536 };
		struct fetch_answer        a;
		struct err                 e = { 0 };

		assert_false(fetch_run(f, mem, &q, &a, &e));
		assert_int_equal(e.code, ERR_UNAVAILABLE);
		assert_string_equal(e.pub, "The request timed out.");
		assert_in_range(a.took_ms, 350, 9000); /* they take 10 s and more */
	}
}

static void
a_huge_answer_is_cut_or_refused(void **state)
{
	struct fetch_request q = { .method = "GET",
		.url = url_of("127.0.0.1", "/huge"),
		.timeout_ms = 5000,
		.answer_max = 1000,
		.cut = true };
	struct fetch_answer  a;
	struct err           e = { 0 };

	(void)state;
	assert_true(fetch_run(f, mem, &q, &a, &e));
	assert_int_equal(a.status, 200);
	assert_int_equal(a.body.n, 1000);
	q.answer_max = 0;
	assert_true(fetch_run(f, mem, &q, &a, &e));
	assert_int_equal(a.body.n, 0);
	q.cut = false;
	q.answer_max = 1000;
	assert_false(fetch_run(f, mem, &q, &a, &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_string_equal(e.pub, "The answer was too large.");
	assert_false(run(url_of("127.0.0.1", "/heads"), &a, &e));
	assert_string_equal(e.pub, "The answer was too large.");
	/* Exactly as long as allowed is allowed. */
	q.url = url_of("127.0.0.1", "/gone");
	q.answer_max = 4;
	err_clear(&e);
	assert_true(fetch_run(f, mem, &q, &a, &e));
	assert_int_equal(a.body.n, 4);
}

static void
broken_answers_are_failures(void **state)
{
	static const char *const paths[] = { "/nothing", "/short", "/rubbish" };

	(void)state;
	for (size_t i = 0; i < LEN(paths); i++) {
		struct fetch_answer a;
		struct err          e;

		assert_false(run(url_of("127.0.0.1", paths[i]), &a, &e));
		assert_int_equal(e.code, ERR_UNAVAILABLE);
		assert_null(strstr(e.pub, "127"));
		assert_null(strstr(e.detail, paths[i])); /* a webhook's path is its secret */
	}
}

static void
headers_cannot_be_smuggled(void **state)
{
	static const struct fetch_header rows[] = { { "X", "a\r\nEvil: 1" }, { "X", "a\nb" },
		{ "X", "a\rb" }, { "X\r\nEvil", "1" }, { "X: y", "1" }, { "", "1" },
		{ "X Y", "1" } };
	static const char *const methods[] = { "", "GET /x HTTP/1.1\r\nEvil: 1", "get", "GET " };
	struct fetch_answer      a;
	int                      before = atomic_load(stranger_connections);

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		const struct fetch_request q = { .method = "GET",
			.url = url_of("127.0.0.1", "/echo"),
			.headers = &rows[i],
			.headers_n = 1,
			.timeout_ms = 5000,
			.answer_max = 65536 };
		struct err                 e = { 0 };

		assert_false(fetch_run(f, mem, &q, &a, &e));
		assert_int_equal(e.code, ERR_INVALID);
	}
	for (size_t i = 0; i < LEN(methods); i++) {
		const struct fetch_request q = { .method = methods[i],
			.url = url_of("127.0.0.1", "/echo"),
			.timeout_ms = 5000,
			.answer_max = 65536 };
		struct err                 e = { 0 };

		assert_false(fetch_run(f, mem, &q, &a, &e));
		assert_int_equal(e.code, ERR_INVALID);
	}
	assert_int_equal(atomic_load(stranger_connections), before);
}

static void
names_that_do_not_exist_and_closed_ports_are_unavailable(void **state)
{
	struct fetch_answer a;
	struct err          e;

	(void)state;
	assert_false(run("http://no-such-name.invalid/", &a, &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_string_equal(e.pub, "The host's name could not be resolved.");
	assert_false(run("http://127.0.0.1:1/", &a, &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_string_equal(e.pub, "No connection could be made.");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_arrives_as_it_was_given),
		TEST(methods_and_bodies_go_together),
		TEST(a_name_is_resolved_and_kept),
		TEST(what_is_not_opened_is_never_connected_to),
		TEST(the_range_counts_not_the_machine),
		TEST(plain_http_needs_the_setting),
		TEST(redirects_are_not_followed),
		TEST(any_status_is_an_answer),
		TEST(retry_after_is_read_in_both_forms),
		TEST(slow_servers_meet_the_total_deadline),
		TEST(a_huge_answer_is_cut_or_refused),
		TEST(broken_answers_are_failures),
		TEST(headers_cannot_be_smuggled),
		TEST(names_that_do_not_exist_and_closed_ports_are_unavailable),
	};

	int here = cmocka_run_group_tests_name("here", tests, stranger_start, stranger_stop);

	remote = true;
	return here +
	       cmocka_run_group_tests_name("by the fetcher", tests, stranger_start, stranger_stop);
}
