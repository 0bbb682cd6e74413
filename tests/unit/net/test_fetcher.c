/* The fetcher itself: many workers at once, workers that end, a fetcher that ends, and what is no
 * request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/net/fetch_io.h"
#include "tests/unit/fetcher_program.h"
#include "tests/unit/stranger.h"

#define LEN(a)  (sizeof(a) / sizeof *(a))
#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

#define PATIENCE_MS 20000 /* for what comes at once on a quiet machine */

static const char    *ranges[] = { "127.0.0.0/8" };
static TALLOC_CTX    *mem;
static struct fetcher fetcher;
static struct road    road;
static pid_t          pid; /* of the fetcher, a child of ours as it is of a parent's */

static int64_t
now_ms(void)
{
	return clock_ns(&clock_system) / 1000000;
}

static pid_t
start_fetcher(void)
{
	pid_t self = getpid(), child = fork();

	if (child == 0)
		fetcher_become(&fetcher, road.theirs, self);
	return child;
}

static int
start(void **state)
{
	struct err e = { 0 };

	(void)state;
	mem = talloc_new(NULL);
	fetcher = (struct fetcher) {
		.program = fetcher_program(mem, "bsx-fetch"),
		.transfers = 4,
		.allow = { ranges, 1 },
		.plain_http = true,
	};
	if (!road_make(&road, &e))
		return 1;
	pid = start_fetcher();
	return pid <= 0;
}

/* Its exit status; -1 and the signal's number below that: it was killed. */
static int
ended(void)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int
stop(void **state)
{
	int status;

	(void)state;
	road_close(&road);
	status = ended();
	talloc_free(mem);
	return status;
}

static bool
ask(const char *path, int64_t timeout_ms, struct fetch_answer *a, struct err *e)
{
	const struct fetch_request q = {
		.method = "GET",
		.url = talloc_asprintf(mem, "http://127.0.0.1:%u%s", (unsigned)stranger_port, path),
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

	assert_true(ask("/echo", PATIENCE_MS, &a, &e));
	assert_int_equal(a.status, 200);
}

/* Another worker: a process that asks and says by its exit status whether it was answered. */
static pid_t
start_worker(const char *path)
{
	struct fetch_answer a;
	struct err          e;
	pid_t               child = fork();

	if (child == 0)
		_exit(ask(path, PATIENCE_MS, &a, &e) ? 0 : 1);
	assert_true(child > 0);
	return child;
}

static int
status_of(pid_t child)
{
	int status = 0;

	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void
await_count(const _Atomic int *counter, int n)
{
	const struct timespec pause = { .tv_nsec = 5000000 };

	for (int64_t end = now_ms() + PATIENCE_MS; atomic_load(counter) < n;) {
		assert_true(now_ms() < end);
		nanosleep(&pause, NULL);
	}
}

/* ---- many workers ---- */

static void
a_slow_stranger_delays_nobody_else(void **state)
{
	int   slow_ones = atomic_load(stranger_slow), left = atomic_load(stranger_left);
	pid_t slow = start_worker("/slow");

	(void)state;
	await_count(stranger_slow, slow_ones + 1);
	for (int i = 0; i < 5; i++)
		it_works();
	assert_int_equal(waitpid(slow, NULL, WNOHANG), 0); /* it waits still */
	kill(slow, SIGKILL);
	assert_int_equal(status_of(slow), -SIGKILL);
	await_count(stranger_left, left + 1);
}

static void
each_is_answered_what_it_has_asked(void **state)
{
	pid_t workers[3];
	int   status = 0;

	(void)state;
	for (size_t w = 0; w < LEN(workers); w++) {
		workers[w] = fork();
		if (workers[w] != 0)
			continue;
		for (int i = 0; i < 20 && status == 0; i++) {
			const char         *mark = talloc_asprintf(mem, "/echo?%zu-%d-", w, i);
			struct fetch_answer a;
			struct err          e;

			if (!ask("/echo", PATIENCE_MS, &a, &e) || a.body.n == 0)
				status = 1;
			else if (!ask(mark, PATIENCE_MS, &a, &e) || strstr(a.body.p, mark) == NULL)
				status = 2;
		}
		_exit(status);
	}
	for (size_t w = 0; w < LEN(workers); w++)
		assert_int_equal(status_of(workers[w]), 0);
}

static void
who_comes_when_all_places_are_taken_is_told_at_once(void **state)
{
	int   slow_ones = atomic_load(stranger_slow), left = atomic_load(stranger_left);
	pid_t slow[4];
	struct fetch_answer a;
	struct err          e;
	int64_t             began;

	(void)state;
	for (size_t i = 0; i < LEN(slow); i++)
		slow[i] = start_worker("/slow");
	await_count(stranger_slow, slow_ones + 4);
	began = now_ms();
	assert_false(ask("/echo", PATIENCE_MS, &a, &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_non_null(strstr(e.detail, "ended before it answered"));
	assert_true(now_ms() - began < PATIENCE_MS / 2);
	for (size_t i = 0; i < LEN(slow); i++) {
		kill(slow[i], SIGKILL);
		status_of(slow[i]);
	}
	await_count(stranger_left, left + 4);
	for (int64_t end = now_ms() + PATIENCE_MS; !ask("/echo", PATIENCE_MS, &a, &e);)
		assert_true(now_ms() < end); /* the places become free as it learns of it */
}

/* ---- workers that end ---- */

static void
a_worker_that_dies_takes_its_request_with_it(void **state)
{
	int   slow_ones = atomic_load(stranger_slow), left = atomic_load(stranger_left);
	pid_t worker = start_worker("/slow");

	(void)state;
	await_count(stranger_slow, slow_ones + 1);
	kill(worker, SIGKILL);
	status_of(worker);
	await_count(stranger_left, left + 1);
	it_works();
}

/* Sends an end of a pair along the road; the other is the worker's. */
static int
knock(void)
{
	char         byte = 0;
	struct iovec v = { &byte, 1 };
	union {
		struct cmsghdr head;
		char           room[CMSG_SPACE(2 * sizeof(int))];
	} control = { 0 };
	struct msghdr m = { .msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room) };
	int           fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	control.head = (struct cmsghdr) { .cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
		.cmsg_len = CMSG_LEN(2 * sizeof(int)) };
	memcpy(CMSG_DATA(&control.head), &fd[1], sizeof(int));
	memcpy(CMSG_DATA(&control.head) + sizeof(int), &road.ours, sizeof(int)); /* one too many */
	assert_int_equal(sendmsg(road.ours, &m, MSG_NOSIGNAL), 1);
	close(fd[1]);
	return fd[0];
}

static struct str
slow_request(void)
{
	const struct fetch_request q = {
		.method = "GET",
		.url = talloc_asprintf(mem, "http://127.0.0.1:%u/slow", (unsigned)stranger_port),
		.timeout_ms = PATIENCE_MS,
		.answer_max = 100,
	};
	struct buf b;
	struct err e = { 0 };

	buf_make(&b, mem);
	assert_true(fetch_frame_request(&b, &q, &e));
	return buf_str(&b);
}

static void
await_hang_up(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char          byte;

	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	assert_true(recv(fd, &byte, 1, 0) <= 0);
	close(fd);
}

static void
a_worker_has_one_request_at_a_time(void **state)
{
	int        slow_ones = atomic_load(stranger_slow), left = atomic_load(stranger_left);
	int        fd = knock();
	struct err e = { 0 };

	(void)state;
	assert_true(fetch_io_send(fd, slow_request(), INT64_MAX, &e));
	await_count(stranger_slow, slow_ones + 1);
	it_works(); /* of the same process */
	await_hang_up(fd);
	await_count(stranger_left, left + 1);
}

static void
the_deadline_is_kept_without_the_worker(void **state)
{
	int                  fd = knock();
	struct fetch_request q = { .method = "GET", .timeout_ms = 300, .answer_max = 100 };
	struct fetch_io_want want = { FETCH_FRAME_ANSWER, FETCH_AROUND_MAX, INT64_MAX };
	struct fetch_answer  a;
	struct str           content;
	struct buf           b;
	struct err           e = { 0 };

	(void)state;
	q.url = talloc_asprintf(mem, "http://127.0.0.1:%u/drip", (unsigned)stranger_port);
	buf_make(&b, mem);
	assert_true(fetch_frame_request(&b, &q, &e));
	assert_true(fetch_io_send(fd, buf_str(&b), INT64_MAX, &e));
	assert_true(fetch_io_receive(mem, fd, &want, &content, &e));
	assert_false(fetch_frame_take_answer(content, 100, &a, &e));
	assert_string_equal(e.pub, "The request timed out.");
	close(fd);
}

/* ---- what is no request ---- */

static void
what_is_no_request_is_hung_up_on_and_harms_nobody(void **state)
{
	static const struct {
		const char *said;
		size_t      n;
	} rows[] = {
		{ "GET / HTTP/1.1\r\n\r\n", 18 }, { "\x61\0\0\0\0", 5 }, /* an answer */
		{ "\x51\xFF\xFF\xFF\xFF", 5 },                           /* too long */
		{ "\x51\0\0\0\x04\0\0\0\x05", 9 }, /* a text that goes beyond it */
		{ "\x51\0\0\0\0", 5 },             /* nothing */
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		int fd = knock();

		assert_true(send(fd, rows[i].said, rows[i].n, MSG_NOSIGNAL) > 0);
		await_hang_up(fd);
	}
	it_works();
}

static void
a_request_that_does_not_come_to_an_end_is_given_up(void **state)
{
	int fd = knock();

	(void)state;
	assert_int_equal(send(fd, "\x51\0\0", 3, MSG_NOSIGNAL), 3);
	await_hang_up(fd);
	it_works();
}

static void
what_comes_along_the_road_without_a_way_back_is_nothing(void **state)
{
	static char large[4096];

	(void)state;
	assert_int_equal(send(road.ours, "", 0, MSG_NOSIGNAL), 0);
	assert_int_equal(send(road.ours, "x", 1, MSG_NOSIGNAL), 1);
	assert_int_equal(send(road.ours, large, sizeof(large), MSG_NOSIGNAL), sizeof(large));
	it_works();
}

/* ---- a fetcher that ends ---- */

static void
while_there_is_none_a_request_waits_for_the_next(void **state)
{
	pid_t worker;
	int   taken = atomic_load(stranger_connections);

	(void)state;
	kill(pid, SIGKILL);
	assert_int_equal(ended(), -SIGKILL);
	worker = start_worker("/echo");
	assert_int_equal(atomic_load(stranger_connections), taken);
	pid = start_fetcher();
	assert_int_equal(status_of(worker), 0);
}

static void
with_none_a_request_fails_at_its_deadline(void **state)
{
	struct fetch_answer a;
	struct err          e;

	(void)state;
	kill(pid, SIGKILL);
	assert_int_equal(ended(), -SIGKILL);
	assert_false(ask("/echo", 100, &a, &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_string_equal(e.pub, "The request timed out.");
	assert_true(a.took_ms >= 100);
	pid = start_fetcher();
	it_works(); /* what waited there, and waits no more, is not asked */
}

/* One that keeps ending: its parent shuts the road. */
static void
while_the_road_is_shut_a_request_fails_at_once_and_says_why(void **state)
{
	int                 taken = atomic_load(stranger_connections);
	struct fetch_answer a;
	struct err          e;

	(void)state;
	kill(pid, SIGKILL);
	assert_int_equal(ended(), -SIGKILL);
	road_shut(&road, true);
	for (int i = 0; i < 1000; i++) { /* more than the road has room for */
		assert_false(ask("/echo", PATIENCE_MS, &a, &e));
		assert_int_equal(e.code, ERR_UNAVAILABLE);
		assert_string_equal(e.pub, "The request could not be sent.");
		assert_non_null(strstr(e.detail, "keeps ending"));
		assert_true(a.took_ms < PATIENCE_MS / 2);
	}
	road_shut(&road, false);
	pid = start_fetcher();
	it_works();
	assert_int_equal(atomic_load(stranger_connections), taken + 1);
}

static void
who_waits_on_a_road_that_is_being_shut_is_hung_up_on(void **state)
{
	int fd[3];

	(void)state;
	kill(pid, SIGKILL);
	assert_int_equal(ended(), -SIGKILL);
	for (size_t i = 0; i < LEN(fd); i++)
		fd[i] = knock();
	road_shut(&road, true);
	for (size_t i = 0; i < LEN(fd); i++)
		await_hang_up(fd[i]);
	road_shut(&road, false);
	pid = start_fetcher();
	it_works();
}

static void
a_request_that_was_begun_goes_on_without_it(void **state)
{
	int   taken = atomic_load(stranger_connections);
	pid_t worker = start_worker("/late");

	(void)state;
	await_count(stranger_connections, taken + 1);
	kill(pid, FETCHER_END);
	assert_int_equal(ended(), 0);
	assert_int_equal(status_of(worker), 0);
	pid = start_fetcher();
}

/* The only child of a process; 0: it has none. */
static pid_t
child_of(pid_t parent)
{
	char  path[64];
	FILE *f;
	long  child = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent, (int)parent);
	f = fopen(path, "r");
	assert_non_null(f);
	if (fscanf(f, "%ld", &child) != 1)
		child = 0;
	fclose(f);
	return (pid_t)child;
}

/* As a terminal, an init or a unit sends them: to the fetcher, and to what it has under way. */
static void
signals_to_the_whole_group_end_nothing_here(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };

	(void)state;
	it_works(); /* it has opened its door */
	for (size_t i = 0; i < LEN(signals); i++) {
		int   taken = atomic_load(stranger_connections);
		pid_t worker = start_worker("/late"), transfer;

		await_count(stranger_connections, taken + 1);
		transfer = child_of(pid);
		assert_true(transfer > 0);
		kill(pid, signals[i]);
		kill(transfer, signals[i]);
		assert_int_equal(status_of(worker), 0);
		it_works();
	}
}

/* What a worker that was taken over can do to all. */
static void
a_road_that_is_shut_down_ends_it_and_does_not_make_it_spin(void **state)
{
	static const int ways[] = { SHUT_WR, SHUT_RDWR };
	struct err       e = { 0 };

	(void)state;
	for (size_t i = 0; i < LEN(ways); i++) {
		it_works();
		shutdown(road.ours, ways[i]);
		assert_int_equal(ended(), 0);
		road_close(&road);
		assert_true(road_make(&road, &e));
		pid = start_fetcher();
	}
	it_works();
}

/* A child of ours beside the one that start() made, by /proc; 0: there is none, or it has ended. */
static pid_t
own_fetcher(void)
{
	char  path[64], text[256];
	FILE *f;
	long  child = 0, other = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	f = fopen(path, "r");
	assert_non_null(f);
	while (fscanf(f, "%ld", &child) == 1) {
		FILE *stat_file;

		snprintf(path, sizeof(path), "/proc/%ld/stat", child);
		stat_file = fopen(path, "r");
		if (stat_file != NULL && fgets(text, sizeof(text), stat_file) != NULL &&
		    strstr(text, "(bsx-fetch) Z") == NULL && strstr(text, "(bsx-fetch)") != NULL &&
		    child != pid)
			other = child;
		if (stat_file != NULL)
			fclose(stat_file);
	}
	fclose(f);
	return (pid_t)other;
}

static void
await_end(void)
{
	const struct timespec pause = { .tv_nsec = 5000000 };

	for (int64_t end = now_ms() + PATIENCE_MS; own_fetcher() != 0;) {
		assert_true(now_ms() < end);
		nanosleep(&pause, NULL);
	}
}

/* Of a process that starts one for itself. */
static void
one_that_is_started_on_demand_is_started_again_when_it_has_ended(void **state)
{
	struct err           e = { 0 };
	struct fetch        *f = fetcher_on_demand(mem, &fetcher, &e);
	struct fetch_answer  a;
	struct fetch_request q = {
		.method = "GET", .timeout_ms = PATIENCE_MS, .answer_max = 65536
	};

	(void)state;
	q.url = talloc_asprintf(mem, "http://127.0.0.1:%u/echo", (unsigned)stranger_port);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), 0); /* the parent's, and no other */
	assert_true(fetch_run(f, mem, &q, &a, &e));
	for (int i = 0; i < 3; i++) {
		kill(own_fetcher(), SIGKILL);
		await_end();
		assert_true(fetch_run(f, mem, &q, &a, &e));
		assert_int_equal(a.status, 200);
	}
	talloc_free(f);
	assert_int_equal(own_fetcher(), 0); /* it has ended with it */
}

static void
one_on_demand_that_does_not_end_is_killed(void **state)
{
	struct err           e = { 0 };
	struct fetch        *f = fetcher_on_demand(mem, &fetcher, &e);
	struct fetch_answer  a;
	struct fetch_request q = {
		.method = "GET", .timeout_ms = PATIENCE_MS, .answer_max = 65536
	};
	int64_t began;

	(void)state;
	q.url = talloc_asprintf(mem, "http://127.0.0.1:%u/echo", (unsigned)stranger_port);
	assert_true(fetch_run(f, mem, &q, &a, &e));
	kill(own_fetcher(), SIGSTOP);
	began = now_ms();
	alarm(20); /* it was waited for without end */
	talloc_free(f);
	alarm(0);
	assert_true(now_ms() - began < PATIENCE_MS);
	assert_int_equal(own_fetcher(), 0);
}

static void
one_of_another_version_is_named_as_that(void **state)
{
	char                 path[] = "/tmp/bsx-fetch-XXXXXX";
	struct fetcher       other = fetcher;
	struct err           e = { 0 };
	struct fetch        *f = fetcher_on_demand(mem, &other, &e);
	struct fetch_answer  a;
	struct fetch_request q = {
		.method = "GET", .url = "http://127.0.0.1/", .timeout_ms = PATIENCE_MS
	};
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0 && fchmod(fd, 0700) == 0);
	assert_true(dprintf(fd, "#!/bin/sh\nexit %d\n", FETCHER_OTHER) > 0);
	close(fd);
	other.program = path;
	assert_false(fetch_run(f, mem, &q, &a, &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_non_null(strstr(e.detail, "of another version"));
	talloc_free(f);
	unlink(path);
}

/* Whoever becomes one, and is no responder's child, says what is wrong with that. */
static void
it_does_not_run_without_a_responder(void **state)
{
	static const struct {
		const char *argv[6];
		int         status;
	} rows[] = {
		{ { "bsx-fetch" }, 2 },
		{ { "bsx-fetch", FETCHER_SPEAKS, "0", "https" }, 2 },
		{ { "bsx-fetch", FETCHER_SPEAKS, "4", "ftp" }, 2 },
		{ { "bsx-fetch", FETCHER_SPEAKS, "4", "https", "10.0.0.1/8" }, 2 },
		{ { "bsx-fetch", "0", "4", "https" }, FETCHER_OTHER },
		{ { "bsx-fetch", FETCHER_SPEAKS, "4", "https" }, 1 },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		char *argv[6] = { NULL }, *none[] = { NULL };
		pid_t child = fork();

		if (child == 0) {
			for (size_t j = 0; rows[i].argv[j] != NULL; j++)
				argv[j] = strdup(rows[i].argv[j]);
			close_range(2, ~0U, 0);
			execve(fetcher.program, argv, none);
			_exit(99);
		}
		assert_int_equal(status_of(child), rows[i].status);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_slow_stranger_delays_nobody_else),
		TEST(each_is_answered_what_it_has_asked),
		TEST(who_comes_when_all_places_are_taken_is_told_at_once),
		TEST(a_worker_that_dies_takes_its_request_with_it),
		TEST(a_worker_has_one_request_at_a_time),
		TEST(the_deadline_is_kept_without_the_worker),
		TEST(what_is_no_request_is_hung_up_on_and_harms_nobody),
		TEST(a_request_that_does_not_come_to_an_end_is_given_up),
		TEST(what_comes_along_the_road_without_a_way_back_is_nothing),
		TEST(while_there_is_none_a_request_waits_for_the_next),
		TEST(with_none_a_request_fails_at_its_deadline),
		TEST(while_the_road_is_shut_a_request_fails_at_once_and_says_why),
		TEST(who_waits_on_a_road_that_is_being_shut_is_hung_up_on),
		TEST(a_request_that_was_begun_goes_on_without_it),
		TEST(signals_to_the_whole_group_end_nothing_here),
		TEST(a_road_that_is_shut_down_ends_it_and_does_not_make_it_spin),
		TEST(one_that_is_started_on_demand_is_started_again_when_it_has_ended),
		TEST(one_on_demand_that_does_not_end_is_killed),
		TEST(one_of_another_version_is_named_as_that),
		TEST(it_does_not_run_without_a_responder),
	};

	return cmocka_run_group_tests(tests, stranger_start, stranger_stop);
}
