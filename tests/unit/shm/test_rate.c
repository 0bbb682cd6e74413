/* Rate cells: exact budgets, whoever asks and however many ask at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/shm/rate.h"
#include "tests/unit/segment_fixture.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_mem, free_mem)
#define SECOND  INT64_C(1000000000)
#define START   (1000 * SECOND)

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

static const uint64_t secret[2] = { 0x123456789ABCDEF0, 0xFEDCBA987654321 };

static uint64_t
key(uint64_t who)
{
	return rate_key(secret, &who, 1);
}

static struct rate
rate(int64_t per_minute, int64_t burst)
{
	struct rate r;

	assert_true(rate_make(&r, per_minute, burst, 1));
	return r;
}

static int
admitted(uint64_t k, const struct rate *r, int64_t now, int tries)
{
	struct rate_left left;
	int              n = 0;

	for (int i = 0; i < tries; i++)
		n += rate_take(s, k, r, now, &left);
	return n;
}

static void
a_burst_is_admitted_then_the_rate(void **state)
{
	const struct rate r = rate(60, 5);
	int64_t           now = START;
	struct rate_left  left;

	(void)state;
	for (int i = 4; i >= 0; i--) {
		assert_true(rate_take(s, key(1), &r, now, &left));
		assert_int_equal(left.left, i);
		assert_int_equal(left.wait_us, i > 0 ? 0 : 1000000);
	}
	assert_false(rate_take(s, key(1), &r, now, &left));
	assert_int_equal(left.left, 0);
	assert_int_equal(left.wait_us, 1000000);
	now += SECOND - 1000; /* a microsecond short of it */
	assert_false(rate_take(s, key(1), &r, now, &left));
	assert_int_equal(left.wait_us, 1);
	now += 1000;
	assert_int_equal(admitted(key(1), &r, now, 10), 1);
	assert_int_equal(admitted(key(1), &r, now + 3 * SECOND, 10), 3);
	assert_int_equal(admitted(key(1), &r, now + 100 * SECOND, 10), 5);
	/* a day of asking all the time gives what the rate says */
	now += 200 * SECOND;
	int n = 0;
	for (int i = 0; i < 86400; i++, now += SECOND / 2)
		n += rate_take(s, key(2), &r, now, &left);
	assert_int_equal(n, 5 + 43199);
}

static void
being_refused_costs_nothing(void **state)
{
	const struct rate r = rate(60, 2);

	(void)state;
	assert_int_equal(admitted(key(1), &r, START, 1000), 2);
	assert_int_equal(admitted(key(1), &r, START + SECOND, 1000), 1);
}

static void
what_is_owed_is_paid_before_the_next(void **state)
{
	const struct rate r = rate(60, 5);
	struct rate_left  left;

	(void)state;
	assert_int_equal(admitted(key(1), &r, START, 1), 1);
	rate_owe(s, key(1), &r, 2, START, &left);
	assert_int_equal(left.left, 2);
	assert_int_equal(left.wait_us, 0);
	rate_owe(s, key(1), &r, 15, START, &left); /* 13 more than there are */
	assert_int_equal(left.left, 0);
	assert_int_equal(left.wait_us, 14 * SECOND / 1000);
	assert_int_equal(admitted(key(1), &r, START + 13 * SECOND, 9), 0);
	assert_int_equal(admitted(key(1), &r, START + 14 * SECOND, 9), 1);
	assert_int_equal(admitted(key(1), &r, START + 17 * SECOND, 9), 3);
	rate_owe(s, key(2), &r, INT64_MAX, START, &left); /* of a client not met before */
	assert_int_equal(left.wait_us, (RATE_DEBT_MAX + 1 - 5) * SECOND / 1000);
	rate_owe(s, key(2), &r, INT64_MAX, START, &left); /* and it has an end */
	assert_int_equal(left.wait_us, (RATE_DEBT_MAX + 1) * SECOND / 1000);
	assert_int_equal(admitted(key(2), &r, START + (RATE_DEBT_MAX + 5) * SECOND, 9), 5);
}

static void
clients_do_not_share(void **state)
{
	const struct rate r = rate(60, 3);

	(void)state;
	for (uint64_t i = 0; i < 2000; i++)
		assert_int_equal(admitted(key(i), &r, START, 5), 3);
}

static void
hosts_share_a_budget(void **state)
{
	struct rate r;

	(void)state;
	assert_true(rate_make(&r, 600, 200, 4));
	assert_int_equal(r.burst, 50);
	assert_int_equal(r.step_us, 400000);
	assert_true(rate_make(&r, 60, 3, 4));
	assert_int_equal(r.burst, 1); /* never none */
}

static void
a_rate_of_nothing_is_no_limit(void **state)
{
	struct rate r;

	(void)state;
	assert_false(rate_make(&r, 0, 10, 1));
	assert_false(rate_make(&r, 10, 0, 1));
	assert_true(rate_make(&r, 1, 1000000, 1)); /* within what a word can tell */
	assert_true(r.burst * r.step_us <= RATE_SPAN_US);
	assert_true(rate_make(&r, 1000000000, 10, 1));
	assert_int_equal(r.step_us, 1);
}

/*
 * More clients at once than cells: the least debt is forgotten.  A new client
 * meets a namesake (20 bits) among the 4 of its bucket once in 262,144 times.
 */
static void
a_full_table_takes_in_new_clients(void **state)
{
	const struct rate r = rate(1, 1);
	int               refused = 0;

	(void)state;
	for (uint64_t i = 0; i < 4 * RATE_CELLS; i++)
		refused += admitted(key(i), &r, START, 1) != 1;
	assert_in_range(refused, 0, 8);
}

/* The segment outlives a restart of the machine, the monotonic clock does not. */
static void
an_instant_from_before_a_restart_is_forgotten(void **state)
{
	const struct rate r = rate(60, 3);

	(void)state;
	assert_int_equal(admitted(key(1), &r, 1000000 * SECOND, 5), 3);
	assert_int_equal(admitted(key(1), &r, 10 * SECOND, 5), 3);
}

#define PROCESSES 8
#define ROUNDS    200

struct shared {
	_Atomic int go, admitted[ROUNDS];
};

/* Every process asks for the same new client at once, again and again. */
static void
hammer(struct shared *x, const struct rate *r)
{
	struct rate_left left;

	while (atomic_load(&x->go) == 0)
		;
	for (int i = 0; i < ROUNDS; i++)
		for (int j = 0; j < 100; j++)
			if (rate_take(s, key(1000 + (uint64_t)i), r, START, &left))
				atomic_fetch_add(&x->admitted[i], 1);
}

static void
many_processes_are_admitted_exactly_the_budget(void **state)
{
	const struct rate r = rate(60, 37);
	struct shared    *x =
	    mmap(NULL, sizeof(*x), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t children[PROCESSES];

	(void)state;
	assert_true(x != MAP_FAILED);
	for (int i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0) {
			hammer(x, &r);
			_exit(0);
		}
	}
	atomic_store(&x->go, 1);
	for (int i = 0; i < PROCESSES; i++) {
		int status;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	for (int i = 0; i < ROUNDS; i++)
		assert_int_equal(x->admitted[i], 37);
	munmap(x, sizeof(*x));
}

/* Killed anywhere: the cells go on counting right. */
static void
a_killed_process_leaves_nothing_broken(void **state)
{
	const struct rate     r = rate(60, 1000000), small = rate(60, 3);
	const struct timespec pause = { .tv_nsec = 2000000 };
	struct rate_left      left;

	(void)state;
	for (int i = 0; i < 50; i++) {
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0)
			for (uint64_t k = 0;; k++)
				(void)!rate_take(s, key(k % 8), &r, START, &left);
		nanosleep(&pause, NULL);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, NULL, 0), child);
		assert_int_equal(admitted(key(100 + (uint64_t)i), &small, START, 10), 3);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_burst_is_admitted_then_the_rate),
		TEST(being_refused_costs_nothing),
		TEST(what_is_owed_is_paid_before_the_next),
		TEST(clients_do_not_share),
		TEST(hosts_share_a_budget),
		TEST(a_rate_of_nothing_is_no_limit),
		TEST(a_full_table_takes_in_new_clients),
		TEST(an_instant_from_before_a_restart_is_forgotten),
		TEST(many_processes_are_admitted_exactly_the_budget),
		TEST(a_killed_process_leaves_nothing_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
