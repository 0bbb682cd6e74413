/* The fetcher where names are resolved slowly or wrongly: tests/fcgi/fetch_names.c is its resolver.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "tests/unit/fetcher_program.h"
#include "tests/unit/stranger.h"

#define LEN(a)  (sizeof(a) / sizeof *(a))
#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

#define PATIENCE_MS 20000 /* for what comes at once on a quiet machine */

static const char    *ranges[] = { "127.0.0.0/8" };
static TALLOC_CTX    *mem;
static struct fetcher fetcher;
static struct road    road;
static pid_t          pid; /* of the fetcher */

static int64_t
now_ms(void)
{
	return clock_ns(&clock_system) / 1000000;
}

static int
start(void **state)
{
	struct err e = { 0 };
	pid_t      self = getpid();

	(void)state;
	mem = talloc_new(NULL);
	fetcher = (struct fetcher) {
		.program = fetcher_program(mem, "tests/fcgi/fetch_names"),
		.transfers = 4,
		.allow = { ranges, 1 },
		.plain_http = true,
	};
	if (!road_make(&road, &e))
		return 1;
	pid = fork();
	if (pid == 0)
		fetcher_become(&fetcher, road.theirs, self);
	return pid <= 0;
}

static int
stop(void **state)
{
	int status = 1;

	(void)state;
	road_close(&road);
	if (waitpid(pid, &status, 0) != pid)
		return 1;
	talloc_free(mem);
	return status;
}

static bool
ask(const char *host, int64_t timeout_ms, struct fetch_answer *a, struct err *e)
{
	const struct fetch_request q = {
		.method = "GET",
		.url = talloc_asprintf(mem, "http://%s:%u/echo", host, (unsigned)stranger_port),
		.timeout_ms = timeout_ms,
		.answer_max = 65536,
	};
	struct fetch *f = fetcher_reach(mem, &road, e);

	*e = (struct err) { 0 };
	assert_non_null(f);
	return fetch_run(f, mem, &q, a, e);
}

static void
it_works(void)
{
	struct fetch_answer a;
	struct err          e;

	assert_true(ask("good.test", PATIENCE_MS, &a, &e));
	assert_int_equal(a.status, 200);
}

/* ---- processes ---- */

/* How many requests the fetcher has under way. */
static int
transfers(void)
{
	char  path[64];
	long  child;
	int   n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fscanf(f, "%ld", &child) == 1)
		n++;
	fclose(f);
	return n;
}

static void
await_transfers(int n)
{
	const struct timespec pause_for = { .tv_nsec = 5000000 };

	for (int64_t end = now_ms() + PATIENCE_MS; transfers() != n;) {
		assert_true(now_ms() < end);
		nanosleep(&pause_for, NULL);
	}
}

/* A worker of another tenant's, say, that asks for a name which is never resolved. */
static pid_t
start_waiting(int64_t timeout_ms)
{
	struct fetch_answer a;
	struct err          e;
	pid_t               child = fork();

	if (child == 0)
		_exit(ask("slow.test", timeout_ms, &a, &e) ? 0 : 1);
	assert_true(child > 0);
	return child;
}

/* ---- slow ---- */

static void
the_deadline_is_kept_while_a_name_is_being_resolved(void **state)
{
	struct fetch_answer a;
	struct err          e;

	(void)state;
	assert_false(ask("slow.test", 300, &a, &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_string_equal(e.pub, "The request timed out.");
	assert_non_null(strstr(e.detail, "name"));
	assert_true(a.took_ms >= 300 && a.took_ms < PATIENCE_MS / 2);
	await_transfers(0);
}

static void
it_is_kept_where_the_worker_stands_still_too(void **state)
{
	pid_t waiting = start_waiting(300);

	(void)state;
	await_transfers(1);
	kill(waiting, SIGSTOP);
	await_transfers(0);
	kill(waiting, SIGKILL);
	assert_int_equal(waitpid(waiting, NULL, 0), waiting);
	it_works();
}

static void
a_name_that_is_never_resolved_delays_nobody_else(void **state)
{
	pid_t   waiting[3];
	int64_t began;

	(void)state;
	for (size_t i = 0; i < LEN(waiting); i++)
		waiting[i] = start_waiting(4 * PATIENCE_MS);
	await_transfers(LEN(waiting));
	began = now_ms();
	for (int i = 0; i < 20; i++)
		it_works();
	assert_true(now_ms() - began < PATIENCE_MS);
	for (size_t i = 0; i < LEN(waiting); i++) {
		assert_int_equal(waitpid(waiting[i], NULL, WNOHANG), 0); /* it waits still */
		kill(waiting[i], SIGKILL);
		assert_int_equal(waitpid(waiting[i], NULL, 0), waiting[i]);
	}
	await_transfers(0); /* the resolver is not waited for: they ended with their workers */
}

/* ---- lying ---- */

static void
a_name_is_asked_for_once_and_connected_to_where_it_led_then(void **state)
{
	int                 taken = atomic_load(stranger_connections);
	struct fetch_answer a;
	struct err          e;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_true(ask("moves.test", PATIENCE_MS, &a, &e));
		assert_int_equal(a.status, 200);
		assert_non_null(strstr(a.body.p, "Host: moves.test"));
	}
	assert_int_equal(atomic_load(stranger_connections), taken + 3);
}

static void
a_name_that_leads_astray_is_connected_to_nowhere(void **state)
{
	static const struct {
		const char   *host;
		enum err_code code;
	} rows[] = {
		{ "mixed.test", ERR_INVALID },
		{ "inner.test", ERR_INVALID },
		{ "mapped.test", ERR_INVALID },
		{ "many.test", ERR_INVALID },
		{ "strange.test", ERR_UNAVAILABLE },
		{ "empty.test", ERR_UNAVAILABLE },
		{ "none.test", ERR_UNAVAILABLE },
	};
	int                 taken = atomic_load(stranger_connections);
	struct fetch_answer a;
	struct err          e;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		if (ask(rows[i].host, PATIENCE_MS, &a, &e))
			fail_msg("%s was answered", rows[i].host);
		if (e.code != rows[i].code)
			fail_msg("%s: %s (%s)", rows[i].host, e.pub, e.detail);
		assert_true(a.took_ms < PATIENCE_MS / 2);
	}
	assert_int_equal(atomic_load(stranger_connections), taken);
	it_works();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_deadline_is_kept_while_a_name_is_being_resolved),
		TEST(it_is_kept_where_the_worker_stands_still_too),
		TEST(a_name_that_is_never_resolved_delays_nobody_else),
		TEST(a_name_is_asked_for_once_and_connected_to_where_it_led_then),
		TEST(a_name_that_leads_astray_is_connected_to_nowhere),
	};

	return cmocka_run_group_tests(tests, stranger_start, stranger_stop);
}
