/* Outbound requests through libcurl, against a real server on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/net/fetch.h"

#define LEN(a)  (sizeof(a) / sizeof *(a))
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_mem, free_mem)

static TALLOC_CTX      *mem;
static struct cidr_list allow;
static struct guard     guard = { &allow, true };
static struct fetch    *f;
static uint16_t         port;
static pid_t            server;
static _Atomic int     *connections; /* seen by the server */

static void
say(int fd, const char *text)
{
	size_t n = strlen(text);

	while (n > 0) {
		ssize_t put = send(fd, text, n, MSG_NOSIGNAL);

		if (put <= 0)
			return;
		text += put;
		n -= (size_t)put;
	}
}

#define OK_HEAD "HTTP/1.1 200 OK\r\nConnection: close\r\n"

static void
say_date(int fd, int64_t from_now)
{
	time_t    t = time(NULL) + from_now;
	struct tm tm;
	char      text[200];

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text),
	    "HTTP/1.1 503 Busy\r\nConnection: close\r\nRetry-After: %a, %d %b %Y %H:%M:%S "
	    "GMT\r\n\r\n",
	    &tm);
	say(fd, text);
}

static void
say_much(int fd, const char *line, int times)
{
	for (int i = 0; i < times; i++)
		say(fd, line);
}

/* Reads one request: up to the blank line and as much body as it announces (or a greeting of TLS).
 */
static void
hear(int fd, char *text, size_t max)
{
	size_t n = 0, want = 0;

	for (text[0] = '\0'; n + 1 < max;) {
		char       *end = strstr(text, "\r\n\r\n");
		const char *length = strstr(text, "Content-Length: ");
		ssize_t     got;

		if (end != NULL) {
			want = (size_t)(end - text) + 4;
			want += length != NULL ? (size_t)atol(length + 16) : 0;
			if (n >= want)
				return;
		}
		got = recv(fd, text + n, max - 1 - n, 0);
		if (got <= 0)
			return;
		n += (size_t)got;
		text[n] = '\0';
		if (text[0] == 0x16)
			return;
	}
}

static void
answer(int fd, const char *request)
{
	static char line[] =
	    "0123456789012345678901234567890123456789012345678901234567890123456789\n";
	char path[64] = "";

	sscanf(request, "%*s %63s", path);
	if (strcmp(path, "/echo") == 0) {
		say(fd, OK_HEAD "\r\n");
		say(fd, request);
	} else if (strcmp(path, "/slow") == 0) {
		sleep(30);
	} else if (strcmp(path, "/drip") == 0) {
		say(fd, OK_HEAD "\r\n");
		for (int i = 0; i < 100; i++) {
			say(fd, "x");
			usleep(100000);
		}
	} else if (strcmp(path, "/huge") == 0) {
		say(fd, OK_HEAD "\r\n");
		say_much(fd, line, 100000);
	} else if (strcmp(path, "/heads") == 0) {
		say(fd, OK_HEAD);
		say_much(fd, "X-Long: 0123456789012345678901234567890123456789\r\n", 3000);
		say(fd, "\r\nhello");
	} else if (strcmp(path, "/redirect") == 0) {
		say(fd, "HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: /echo\r\n\r\n");
	} else if (strcmp(path, "/gone") == 0) {
		say(fd, "HTTP/1.1 410 Gone\r\nConnection: close\r\n\r\ngone");
	} else if (strcmp(path, "/retry") == 0) {
		say(fd, "HTTP/1.1 429 Slow\r\nConnection: close\r\nretry-after:  120 \r\n\r\n");
	} else if (strcmp(path, "/retry-zero") == 0) {
		say(fd, "HTTP/1.1 429 Slow\r\nConnection: close\r\nRetry-After: 0\r\n\r\n");
	} else if (strcmp(path, "/retry-date") == 0) {
		say_date(fd, 90);
	} else if (strcmp(path, "/retry-past") == 0) {
		say_date(fd, -90);
	} else if (strcmp(path, "/retry-ever") == 0) {
		say(fd, "HTTP/1.1 429 Slow\r\nConnection: close\r\nRetry-After: "
			"99999999999999\r\n\r\n");
	} else if (strcmp(path, "/retry-bad") == 0) {
		say(fd, "HTTP/1.1 429 Slow\r\nConnection: close\r\nRetry-After: -5 soon\r\n\r\n");
	} else if (strcmp(path, "/interim") == 0) {
		say(fd, "HTTP/1.1 103 Early\r\nRetry-After: 5\r\n\r\n" OK_HEAD "\r\nhello");
	} else if (strcmp(path, "/short") == 0) {
		say(fd, OK_HEAD "Content-Length: 100\r\n\r\nhello");
	} else if (strcmp(path, "/rubbish") == 0) {
		say(fd, "\x16\x03\x01rubbish\r\n\r\n");
	}
}

static void
serve(int listening)
{
	static char request[70000];

	/* A process for each connection, so that a slow one blocks nobody; the group dies together.
	 */
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept(listening, NULL, NULL);

		if (fd < 0)
			continue;
		atomic_fetch_add(connections, 1);
		if (fork() == 0) {
			hear(fd, request, sizeof(request));
			answer(fd, request);
			_exit(0);
		}
		close(fd);
	}
}

static int
start_server(void **state)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t          n = sizeof(sin);
	int                fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	/* What the environment says about proxies is nothing to us. */
	setenv("http_proxy", "http://127.0.0.1:1/", 1);
	setenv("all_proxy", "socks5://127.0.0.1:1/", 1);
	connections = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (bind(fd, (struct sockaddr *)&sin, n) != 0 || listen(fd, 64) != 0 ||
	    getsockname(fd, (struct sockaddr *)&sin, &n) != 0)
		return 1;
	port = ntohs(sin.sin_port);
	server = fork();
	if (server == 0) {
		setpgid(0, 0);
		serve(fd);
	}
	setpgid(server, server);
	close(fd);
	return 0;
}

static int
stop_server(void **state)
{
	(void)state;
	kill(-server, SIGKILL);
	waitpid(server, NULL, 0);
	return 0;
}

static int
make_mem(void **state)
{
	static const char *ranges[] = { "127.0.0.0/8", "::1/128" };
	struct strings     texts = { ranges, 2 };
	struct err         e = { 0 };

	(void)state;
	mem = talloc_new(NULL);
	guard.plain_http = true;
	if (!cidr_list_parse(mem, texts, &allow, &e))
		return 1;
	f = fetch_make(mem, &guard, &e);
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
	return talloc_asprintf(mem, "http://%s:%u%s", host, (unsigned)port, path);
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
	int                      before = atomic_load(connections);

	(void)state;
	allow.n = 0;
	for (size_t i = 0; i < LEN(hosts); i++) {
		assert_false(run(url_of(hosts[i], "/echo"), &a, &e));
		assert_int_equal(e.code, ERR_INVALID);
		assert_int_equal(strncmp(e.pub, "The URL", 7), 0);
	}
	assert_int_equal(atomic_load(connections), before);
}

/* Opened is 127.0.0.2 only; the server listens on 127.0.0.1. */
static void
the_range_counts_not_the_machine(void **state)
{
	static const char  *ranges[] = { "127.0.0.2/32" };
	struct strings      texts = { ranges, 1 };
	struct fetch_answer a;
	struct err          e = { 0 };

	(void)state;
	assert_true(cidr_list_parse(mem, texts, &allow, &e));
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
	guard.plain_http = false;
	assert_false(run(url_of("127.0.0.1", "/echo"), &a, &e));
	assert_int_equal(e.code, ERR_INVALID);
	/* https to a server that does not speak it */
	assert_false(run(talloc_asprintf(mem, "https://127.0.0.1:%u/", (unsigned)port), &a, &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_string_equal(e.pub, "No secure connection could be made.");
}

static void
redirects_are_not_followed(void **state)
{
	struct fetch_answer a;
	struct err          e;
	int                 before = atomic_load(connections);

	(void)state;
	assert_true(run(url_of("127.0.0.1", "/redirect"), &a, &e));
	assert_int_equal(a.status, 302);
	assert_int_equal(atomic_load(connections), before + 1);
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
	int                      before = atomic_load(connections);

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
	assert_int_equal(atomic_load(connections), before);
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

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
