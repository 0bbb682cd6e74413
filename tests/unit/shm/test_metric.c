/* Metrics of several processes, and the text they become. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/shm/layout.h"
#include "core/shm/metric.h"
#include "tests/unit/segment_fixture.h"

#define LEN(a)  (sizeof(a) / sizeof *(a))
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_mem, free_mem)

static struct segment_fixture fixture;
static TALLOC_CTX            *mem;
static struct segment        *s;

static int
make_mem(void **state)
{
	(void)state;
	if (!segment_fixture_make(&fixture))
		return 1;
	mem = fixture.mem;
	s = segment_fixture_open(&fixture, 0);
	return 0;
}

static int
free_mem(void **state)
{
	(void)state;
	return segment_fixture_free(&fixture) ? 0 : 1;
}

static const char *
printed(void)
{
	struct buf b;

	buf_make(&b, mem);
	metric_print(&b, s);
	assert_true(buf_ok(&b));
	return buf_str(&b).p;
}

static void
has_line(const char *line)
{
	char *whole = talloc_asprintf(mem, "\n%s\n", line);

	if (strstr(printed(), whole) == NULL)
		print_message("no line: %s\n%s", line, printed());
	assert_non_null(strstr(printed(), whole));
}

static void
every_metric_has_its_head_even_when_nothing_happened(void **state)
{
	static const char *const heads[] = {
#define X(id, name, type, help, ...) "# HELP " name " " help "\n# TYPE " name " " type "\n",
		METRICS(X)
#undef X
	};

	(void)state;
	for (size_t i = 0; i < LEN(heads); i++)
		assert_non_null(strstr(printed(), heads[i]));
	has_line("bsx_build_info{version=\"" BSX_VERSION "\"} 1");
	has_line("bsx_log_dropped_total 0");
	has_line("bsx_metric_series_dropped_total 0");
}

static void
counters_add_and_gauges_are_set(void **state)
{
	(void)state;
	metric_add(s, METRIC_HTTP_REQUESTS, METRIC_BY("/b"), 2);
	metric_add(s, METRIC_HTTP_REQUESTS, METRIC_BY("/b"), 3);
	metric_add(s, METRIC_HTTP_REQUESTS, METRIC_BY("/a"), 1);
	metric_add(s, METRIC_CACHE_HITS, METRIC_BY("/b"), 9);
	metric_add(s, METRIC_WORKERS_DIED, NULL, 1);
	metric_add(s, METRIC_LOG_DROPPED, NULL, 4);
	metric_set(s, METRIC_OUTBOX_PENDING, NULL, 17);
	metric_set(s, METRIC_OUTBOX_PENDING, NULL, 12.5);
	metric_set(s, METRIC_OUTBOX_OLDEST, NULL, -INFINITY);
	metric_set(s, METRIC_DRIFTD_AGE, NULL, NAN);
	has_line(
	    "bsx_http_requests_total{route=\"/a\"} 1\nbsx_http_requests_total{route=\"/b\"} 5");
	has_line("bsx_cache_hits_total{cache=\"/b\"} 9");
	has_line("bsx_workers_died_total 1");
	has_line("bsx_log_dropped_total 4");
	has_line("bsx_outbox_pending 12.5");
	has_line("bsx_outbox_oldest_seconds -Inf");
	has_line("bsx_driftd_heartbeat_age_seconds NaN");
}

/* Values may be any text, and one that is long, or holds the beginning of another, is its own. */
static void
values_of_labels_are_escaped_and_never_mixed_up(void **state)
{
	static const struct {
		const char *by[METRIC_LABELS_N], *line;
	} rows[] = {
		{ { "a", "b", "c" }, "{route=\"a\",method=\"b\",status=\"c\"}" },
		{ { "a", "bc" }, "{route=\"a\",method=\"bc\"}" },
		{ { "ab", "c" }, "{route=\"ab\",method=\"c\"}" },
		{ { "abc" }, "{route=\"abc\"}" },
		{ { NULL, "abc" }, "{method=\"abc\"}" },
		{ { "", NULL, "abc" }, "{status=\"abc\"}" },
		{ { "\\", "\"", "\n" }, "{route=\"\\\\\",method=\"\\\"\",status=\"\\n\"}" },
		{ { "x\",method=\"y" }, "{route=\"x\\\",method=\\\"y\"}" },
		{ { "x\"} 1\n# HELP x y" }, "{route=\"x\\\"} 1\\n# HELP x y\"}" },
		{ { "\xc3\xa9\xe2\x82\xac" }, "{route=\"\xc3\xa9\xe2\x82\xac\"}" },
		{ { "\xff\r\x1b" }, "{route=\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}" },
		{ { "{}= ,#" }, "{route=\"{}= ,#\"}" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++)
		for (size_t n = 0; n <= i; n++)
			metric_add(s, METRIC_HTTP_REQUESTS, rows[i].by, 1);
	for (size_t i = 0; i < LEN(rows); i++)
		has_line(
		    talloc_asprintf(mem, "bsx_http_requests_total%s %zu", rows[i].line, i + 1));
	metric_add(s, METRIC_HTTP_REQUESTS, NULL, 7);
	has_line("bsx_http_requests_total 7");
	metric_observe(s, METRIC_HTTP_SECONDS, METRIC_BY("\""), 1);
	has_line("bsx_http_request_duration_seconds_bucket{route=\"\\\"\",le=\"0.0005\"} 1");
}

static void
where_there_is_no_segment_nobody_counts(void **state)
{
	(void)state;
	metric_add(NULL, METRIC_HTTP_REQUESTS, METRIC_BY("/x"), 1);
	metric_add(NULL, METRIC_LOG_DROPPED, NULL, 1);
	metric_set(NULL, METRIC_OUTBOX_PENDING, NULL, 1);
	metric_observe(NULL, METRIC_HTTP_SECONDS, METRIC_BY("/x"), 1);
	assert_null(strstr(printed(), "/x"));
}

static void
a_histogram_counts_up_to_each_bound(void **state)
{
	static const int64_t ns[] = { -5, 0, 500000, 500001, 1000000, 9999999999, 10000000000,
		10000000001 };

	(void)state;
	for (size_t i = 0; i < LEN(ns); i++)
		metric_observe(s, METRIC_HTTP_SECONDS, METRIC_BY("/x"), ns[i]);
	has_line("bsx_http_request_duration_seconds_bucket{route=\"/x\",le=\"0.0005\"} 3");
	has_line("bsx_http_request_duration_seconds_bucket{route=\"/x\",le=\"0.001\"} 5");
	has_line("bsx_http_request_duration_seconds_bucket{route=\"/x\",le=\"5\"} 5");
	has_line("bsx_http_request_duration_seconds_bucket{route=\"/x\",le=\"10\"} 7");
	has_line("bsx_http_request_duration_seconds_bucket{route=\"/x\",le=\"+Inf\"} 8");
	has_line("bsx_http_request_duration_seconds_count{route=\"/x\"} 8");
	has_line("bsx_http_request_duration_seconds_sum{route=\"/x\"} 30.002000001");
	metric_observe(s, METRIC_DB_SECONDS, NULL, 1);
	has_line("bsx_db_query_duration_seconds_bucket{le=\"0.0005\"} 1");
	has_line("bsx_db_query_duration_seconds_sum 0.000000001");
}

static void
increments_of_two_processes_are_all_there(void **state)
{
	enum { N = 100000 };
	int status;

	(void)state;
	for (int child = 0; child < 2; child++) {
		if (fork() != 0)
			continue;
		for (int i = 0; i < N; i++) {
			metric_add(s, METRIC_HTTP_REQUESTS, METRIC_BY("/x"), 1);
			metric_observe(s, METRIC_HTTP_SECONDS, METRIC_BY("/x"), 1000);
		}
		_exit(0);
	}
	for (int child = 0; child < 2; child++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	has_line("bsx_http_requests_total{route=\"/x\"} 200000");
	has_line("bsx_http_request_duration_seconds_count{route=\"/x\"} 200000");
	has_line("bsx_http_request_duration_seconds_sum{route=\"/x\"} 0.200000000");
}

static void
series_made_by_several_at_once_are_printed_once(void **state)
{
	enum { CHILDREN = 4, SERIES = 500 };
	const char *text, *first;
	char        labels[40], line[80];
	int         status;

	(void)state;
	for (int child = 0; child < CHILDREN; child++) {
		if (fork() != 0)
			continue;
		for (int i = 0; i < SERIES; i++) {
			snprintf(labels, sizeof(labels), "/r%d", i);
			metric_add(s, METRIC_HTTP_REQUESTS, METRIC_BY(labels), 1);
		}
		_exit(0);
	}
	for (int child = 0; child < CHILDREN; child++)
		assert_true(wait(&status) > 0);
	text = printed();
	for (int i = 0; i < SERIES; i++) {
		snprintf(line, sizeof(line), "\nbsx_http_requests_total{route=\"/r%d\"} %d\n", i,
		    CHILDREN);
		first = strstr(text, line);
		assert_non_null(first);
		snprintf(line, sizeof(line), "{route=\"/r%d\"}", i);
		assert_null(strstr(first + 1 + strlen("bsx_http_requests_total{"), line));
	}
}

/* Two entries of one series, as a process leaves them that met a stopped maker. */
static void
a_series_that_stands_twice_is_added_up(void **state)
{
	struct metric_series *x = NULL;

	(void)state;
	metric_add(s, METRIC_HTTP_REQUESTS, METRIC_BY("/x"), 3);
	for (uint32_t i = 0; i < METRIC_SERIES_MAX; i++)
		if (atomic_load(&s->fixed->metrics.series[i].state) != 0)
			x = &s->fixed->metrics.series[i];
	assert_non_null(x);
	atomic_store(&x->state, 1); /* claimed: its maker sleeps */
	metric_add(s, METRIC_HTTP_REQUESTS, METRIC_BY("/x"), 4);
	has_line("bsx_http_requests_total{route=\"/x\"} 4");
	atomic_store(&x->state, 2); /* and wakes */
	metric_add(s, METRIC_HTTP_REQUESTS, METRIC_BY("/x"), 5);
	has_line("bsx_http_requests_total{route=\"/x\"} 12");
}

static void
what_does_not_fit_is_dropped_and_counted(void **state)
{
	char labels[METRIC_LABELS_MAX + 1];

	(void)state;
	for (int i = 0; i < METRIC_SERIES_MAX + 10; i++) {
		snprintf(labels, sizeof(labels), "/r%d", i);
		metric_add(s, METRIC_HTTP_REQUESTS, METRIC_BY(labels), 1);
	}
	has_line("bsx_metric_series_dropped_total 10");
	metric_add(s, METRIC_HTTP_REQUESTS, METRIC_BY("/r0"), 1); /* those that are in go on */
	has_line("bsx_http_requests_total{route=\"/r0\"} 2");
	memset(labels, 'x', METRIC_LABELS_MAX);
	labels[METRIC_LABELS_MAX] = '\0';
	metric_add(s, METRIC_HTTP_REQUESTS, METRIC_BY(labels), 1);
	has_line("bsx_metric_series_dropped_total 11");
}

static void
a_process_killed_in_the_middle_breaks_nothing(void **state)
{
	uint64_t total = 0;

	(void)state;
	for (int round = 0; round < 20; round++) {
		pid_t pid = fork();
		int   status;

		if (pid == 0)
			for (int i = 0;; i++) {
				char labels[40];

				snprintf(labels, sizeof(labels), "/k%d", i % 3000);
				metric_add(s, METRIC_HTTP_REQUESTS, METRIC_BY(labels), 1);
			}
		usleep(2000);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		metric_add(s, METRIC_CACHE_HITS, METRIC_BY("x"), 1);
		total++;
	}
	has_line(talloc_asprintf(mem, "bsx_cache_hits_total{cache=\"x\"} %d", (int)total));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_metric_has_its_head_even_when_nothing_happened),
		TEST(counters_add_and_gauges_are_set),
		TEST(values_of_labels_are_escaped_and_never_mixed_up),
		TEST(where_there_is_no_segment_nobody_counts),
		TEST(a_histogram_counts_up_to_each_bound),
		TEST(increments_of_two_processes_are_all_there),
		TEST(series_made_by_several_at_once_are_printed_once),
		TEST(a_series_that_stands_twice_is_added_up),
		TEST(what_does_not_fit_is_dropped_and_counted),
		TEST(a_process_killed_in_the_middle_breaks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
