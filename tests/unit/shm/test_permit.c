/* Permits and lanes: never more than there are, none lost with a killed process. */
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
#include "core/shm/permit.h"
#include "tests/unit/segment_fixture.h"

#define LEN(a)  (sizeof(a) / sizeof *(a))
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_mem, free_mem)

#define ENTRIES 0
#define SCRATCH 65536

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
	s = segment_fixture_open(&fixture, ENTRIES);
	return 0;
}

static int
free_mem(void **state)
{
	(void)state;
	return segment_fixture_free(&fixture) ? 0 : 1;
}

static struct permits *
made(unsigned cores, unsigned workers)
{
	struct err      e = { 0 };
	struct permits *ps = permits_make(mem, s, cores, SCRATCH, workers, &e);

	assert_non_null(ps);
	return ps;
}

/* What a child answers by its exit status. */
enum { ANSWER_GOT, ANSWER_BUSY, ANSWER_FULL, ANSWER_WRONG };

/* ANSWER_BUSY: waited in vain, for the time that it waits; ANSWER_FULL: there is no place to wait.
 */
static int
try(struct permits *ps)
{
	struct permit p = { .i = -1 };
	struct err    e = { 0 };
	int64_t       start = clock_ns(&clock_system);

	if (permit_take(ps, &clock_system, &p, &e)) {
		permit_give(ps, &p);
		permit_leave(ps);
		return ANSWER_GOT;
	}
	permit_leave(ps);
	if (e.code != ERR_BUSY || e.retry_s != 2 || p.i != -1)
		return ANSWER_WRONG;
	if (strstr(e.detail, "as many workers as may are at it") != NULL)
		return ANSWER_FULL;
	return clock_ns(&clock_system) - start >= INT64_C(1900000000) ? ANSWER_BUSY : ANSWER_WRONG;
}

static int
in_child(struct permits *ps)
{
	int   status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(try(ps));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

typedef bool enter_fn(struct permits *ps, enum lane lane);

static bool
enter_lane(struct permits *ps, enum lane lane)
{
	struct err e = { 0 };

	return permit_enter(ps, lane, &e);
}

static bool
enter_and_take(struct permits *ps, enum lane lane)
{
	struct permit p = { .i = -1 };
	struct err    e = { 0 };

	(void)lane;
	return permit_take(ps, &clock_system, &p, &e);
}

/* A child that says whether it got in, and then stays until it is killed. -1: it did not. */
static pid_t
stays(struct permits *ps, enter_fn *enter, enum lane lane)
{
	int   pipes[2];
	char  c = 0;
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	if (pid == 0) {
		c = enter(ps, lane) ? 'y' : 'n';
		if (write(pipes[1], &c, 1) != 1 || c == 'n')
			_exit(0);
		pause();
		_exit(0);
	}
	close(pipes[1]);
	assert_int_equal(read(pipes[0], &c, 1), 1);
	close(pipes[0]);
	if (c == 'y')
		return pid;
	waitpid(pid, NULL, 0);
	return -1;
}

static pid_t
holder(struct permits *ps)
{
	pid_t pid = stays(ps, enter_and_take, LANE_PASSWORD);

	assert_true(pid > 0);
	return pid;
}

static pid_t
waiter(struct permits *ps)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(try(ps));
	return pid;
}

/* One who waits again and again, until he is killed. */
static pid_t
patient(struct permits *ps)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			if (try(ps) == ANSWER_FULL)
				usleep(1000);
	return pid;
}

static void
a_permit_comes_with_its_own_scratch(void **state)
{
	struct permits *ps = made(2, 4);
	struct permit   p = { .i = -1 };
	struct err      e = { 0 };

	(void)state;
	permit_give(ps, &p); /* none held: harmless */
	for (int i = 0; i < 3; i++) {
		assert_true(permit_take(ps, &clock_system, &p, &e));
		assert_true(p.i >= 0 && p.i < 2);
		memset(p.scratch, 0xAA, SCRATCH);
		permit_give(ps, &p);
		assert_int_equal(p.i, -1);
		assert_null(p.scratch);
		permit_give(ps, &p);
	}
	permit_leave(ps);
}

/* How many of `workers` get into the lane before one is refused; they stay in `in`. */
static unsigned
fill(struct permits *ps, unsigned workers, enum lane lane, pid_t *in)
{
	unsigned n = 0;

	while (n < workers && (in[n] = stays(ps, enter_lane, lane)) > 0)
		n++;
	return n;
}

static void
end_all(const pid_t *in, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		end(in[i]);
}

static void
a_lane_takes_its_share_of_the_workers_and_at_least_one(void **state)
{
	static const struct {
		unsigned workers, in[LANE__MAX];
	} cases[] = {
		{ 1, { 1, 1, 1, 1 } },
		{ 2, { 1, 1, 1, 1 } },
		{ 3, { 1, 1, 1, 1 } },
		{ 4, { 2, 2, 2, 1 } },
		{ 5, { 2, 2, 2, 1 } },
		{ 8, { 4, 4, 4, 2 } },
		{ 9, { 4, 4, 4, 2 } },
	};
	struct permits *ps = made(2, 1);
	pid_t           in[16];

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		permits_resize(ps, cases[i].workers);
		for (unsigned l = 0; l < LANE__MAX; l++) {
			unsigned n = fill(ps, cases[i].workers, l, in);

			assert_int_equal(n, cases[i].in[l]);
			end_all(in, n);
		}
	}
}

static void
all_lanes_together_leave_one_worker_free(void **state)
{
	struct permits *ps = made(2, 1);
	pid_t           in[64];

	(void)state;
	for (unsigned workers = 1; workers <= 12; workers++) {
		unsigned n = 0;

		permits_resize(ps, workers);
		for (unsigned l = LANE__MAX; l-- > 0;)
			n += fill(ps, workers, l, in + n);
		assert_in_range(n, 1, workers == 1 ? 1 : workers - 1);
		end_all(in, n);
	}
}

static void
who_waits_for_a_lane_gets_in_when_one_leaves(void **state)
{
	const struct timespec pause = { .tv_nsec = 50000000 };
	struct permits       *ps = made(2, 4);
	struct err            e = { 0 };
	pid_t                 holder = stays(ps, enter_lane, LANE_PUSH), killer;

	(void)state;
	assert_true(holder > 0);
	assert_false(permit_await(ps, LANE_PUSH, 0, &e));
	assert_int_equal(e.code, ERR_BUSY);
	err_clear(&e);
	killer = fork();
	if (killer == 0) {
		nanosleep(&pause, NULL);
		kill(holder, SIGKILL);
		_exit(0);
	}
	assert_true(permit_await(ps, LANE_PUSH, 60000, &e));
	permit_leave(ps);
	waitpid(killer, NULL, 0);
	end(holder);
}

static uint64_t owner;

static bool
enter_owned(struct permits *ps, enum lane lane)
{
	struct err e = { 0 };

	return permit_await_for(ps, lane, owner, 0, &e);
}

/* How many of the owner's get in before one is refused; they stay in `in`. */
static unsigned
fill_owned(struct permits *ps, uint64_t who, pid_t *in)
{
	unsigned n = 0;

	owner = who;
	while ((in[n] = stays(ps, enter_owned, LANE_PROVIDER)) > 0)
		n++;
	return n;
}

/* Whoever comes first, at whatever size: after one has taken all it can, another gets in. */
static void
no_owner_fills_a_lane_of_more_than_one_place(void **state)
{
	static const struct {
		unsigned workers, each;
	} cases[] = { { 1, 1 }, { 2, 1 }, { 3, 1 }, { 4, 1 }, { 6, 1 }, { 8, 2 }, { 12, 3 },
		{ 16, 4 } };
	struct permits *ps = made(2, 1);
	pid_t           in[64];

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		unsigned n, places;

		permits_resize(ps, cases[i].workers);
		places = permit_places(ps, LANE_PROVIDER);
		n = fill_owned(ps, 7, in);
		assert_int_equal(n, cases[i].each);
		for (unsigned j = 0; places > 1 && j < places / 2; j++) {
			in[n] = stays(ps, enter_owned, (owner = 100 + j, LANE_PROVIDER));
			assert_true(in[n] > 0);
			n++;
		}
		end_all(in, n);
	}
}

/* The second waits; the third would hold a worker up for nothing. */
static void
of_an_owner_one_waits_and_the_next_is_refused_at_once(void **state)
{
	struct permits *ps = made(2, 8);
	pid_t           in[8], waits;
	int64_t         start;
	struct err      e = { 0 };
	int             status;
	unsigned        n = fill_owned(ps, 7, in);
	bool            there = false;

	(void)state;
	waits = fork();
	if (waits == 0)
		for (;;) {
			err_clear(&e);
			if (permit_await_for(ps, LANE_PROVIDER, 7, 60000, &e))
				_exit(1);
		}
	/* Until it has come to wait, somebody else of the owner may. */
	for (int i = 0; i < 1000 && !there; i++) {
		start = clock_ns(&clock_system);
		assert_false(permit_await_for(ps, LANE_PROVIDER, 7, 40, &e));
		there = clock_ns(&clock_system) - start < 20000000;
		err_clear(&e);
		usleep(1000);
	}
	assert_true(there);
	assert_true(permit_await_for(ps, LANE_PROVIDER, 8, 0, &e)); /* another one's */
	permit_leave(ps);
	end_all(in, n);
	assert_int_equal(waitpid(waits, &status, 0), waits);
	assert_int_equal(WEXITSTATUS(status), 1);
}

static void
an_owners_place_is_free_again_when_it_leaves_and_when_it_was_refused(void **state)
{
	struct permits *ps = made(2, 4);
	struct err      e = { 0 };
	pid_t           in[4], others[4];
	unsigned        n;

	(void)state;
	assert_true(permit_await_for(ps, LANE_PROVIDER, 7, 0, &e));
	assert_true(permit_await_for(ps, LANE_PROVIDER, 7, 0, &e));
	assert_int_equal(fill_owned(ps, 7, in), 0);
	permit_leave(ps);
	assert_int_equal(fill_owned(ps, 7, in), 1);
	end_all(in, 1);
	n = fill(ps, 4, LANE_PROVIDER, others);
	assert_false(permit_await_for(ps, LANE_PROVIDER, 7, 0, &e));
	end_all(others, n);
	assert_int_equal(fill_owned(ps, 7, in), 1);
	end_all(in, 1);
}

/* It would wait for minutes. */
static void
nobody_waits_on_the_last_worker(void **state)
{
	struct permits *ps = made(2, 2);
	struct err      e = { 0 };
	pid_t           holder = stays(ps, enter_lane, LANE_PUSH);

	(void)state;
	assert_true(holder > 0);
	assert_false(permit_await(ps, LANE_PROVIDER, 600000, &e));
	assert_int_equal(e.code, ERR_BUSY);
	end(holder);
}

static void
who_is_in_its_lane_enters_it_again_and_leaves_it_once(void **state)
{
	struct permits *ps = made(2, 2);
	struct err      e = { 0 };

	(void)state;
	assert_true(permit_enter(ps, LANE_PASSWORD, &e) && permit_enter(ps, LANE_PASSWORD, &e));
	assert_int_equal(fill(ps, 2, LANE_PASSWORD, (pid_t[2]) { 0 }), 0);
	permit_leave(ps);
	permit_leave(ps);
	assert_int_equal(in_child(ps), ANSWER_GOT);
}

static int64_t
never(const struct clock *c)
{
	(void)c;
	fail_msg("it waited");
	return 0;
}

static void
a_full_lane_refuses_without_waiting(void **state)
{
	static const struct clock_ops ops = { never, never };
	const struct clock            c = { &ops, 0 };
	struct permits               *ps = made(4, 3);
	pid_t                         pid = holder(ps);
	struct permit                 p = { .i = -1 };
	struct err                    e = { 0 };

	(void)state;
	assert_false(permit_take(ps, &c, &p, &e));
	assert_int_equal(e.code, ERR_BUSY);
	assert_int_equal(e.retry_s, 2);
	end(pid);
	assert_int_equal(in_child(ps), ANSWER_GOT);
}

static bool
gone(void *who)
{
	int *looks = who;

	return --*looks < 0;
}

/* Found out while it waits, and when the core is there: nothing is held afterwards. */
static void
nobody_hashes_for_a_client_that_left(void **state)
{
	struct permits *ps = made(1, 4);

	(void)state;
	for (int looks = 0; looks < 4; looks++) {
		pid_t         pid = looks % 2 == 0 ? holder(ps) : -1;
		int           left = looks / 2;
		struct permit p = { .i = -1, .gone = gone, .who = &left };
		struct err    e = { 0 };

		if (pid < 0 && left > 0)
			left = 0;
		assert_false(permit_take(ps, &clock_system, &p, &e));
		assert_int_equal(e.code, ERR_GONE);
		assert_int_equal(p.i, -1);
		permit_leave(ps);
		if (pid > 0)
			end(pid);
		assert_int_equal(in_child(ps), ANSWER_GOT);
	}
}

static void
a_killed_holder_gives_its_permit_back(void **state)
{
	struct permits *ps = made(1, 4);
	pid_t           pid = holder(ps);

	(void)state;
	assert_int_equal(in_child(ps), ANSWER_BUSY);
	end(pid);
	assert_int_equal(in_child(ps), ANSWER_GOT);
}

static void
who_waits_gets_it_when_it_is_free(void **state)
{
	struct permits *ps = made(1, 4);
	pid_t           holding = holder(ps), waiting = waiter(ps);
	int             status;

	(void)state;
	usleep(300000);
	end(holding);
	waitpid(waiting, &status, 0);
	assert_int_equal(WEXITSTATUS(status), ANSWER_GOT);
}

/* Four workers, one core: two in the lane, of which one waits. */
static void
only_the_lane_waits_for_a_core(void **state)
{
	struct permits *ps = made(1, 4);
	pid_t           holding = holder(ps), waiting = patient(ps);
	int             answer = ANSWER_BUSY;

	(void)state;
	/* Until it has come to wait. */
	for (int i = 0; i < 10 && answer == ANSWER_BUSY; i++) {
		usleep(300000);
		answer = in_child(ps);
	}
	assert_int_equal(answer, ANSWER_FULL);
	/* A killed one is not counted for ever. */
	end(waiting);
	assert_int_equal(in_child(ps), ANSWER_BUSY);
	end(holding);
	assert_int_equal(in_child(ps), ANSWER_GOT);
}

/* Workers that hash and are killed at random: never two in one scratch. */
static void
worker(struct permits *ps, _Atomic int *inside)
{
	for (;;) {
		struct permit p = { .i = -1 };
		struct err    e = { 0 };

		if (!permit_take(ps, &clock_system, &p, &e))
			continue;
		if (atomic_exchange(&inside[p.i], getpid()) != 0)
			_exit(ANSWER_WRONG);
		memset(p.scratch, (int)getpid(), SCRATCH);
		atomic_store(&inside[p.i], 0);
		permit_give(ps, &p);
		permit_leave(ps);
	}
}

static void
two_are_never_in_one_scratch(void **state)
{
	struct permits *ps = made(2, 12);
	_Atomic int    *inside =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pids[6];
	int   status;

	(void)state;
	for (size_t i = 0; i < LEN(pids); i++)
		if ((pids[i] = fork()) == 0)
			worker(ps, inside);
	usleep(500000);
	for (size_t i = 0; i < LEN(pids); i++) {
		/* First all stop, so that nobody meets the mark of a dead one. */
		kill(pids[i], SIGSTOP);
		waitpid(pids[i], &status, WUNTRACED);
		assert_true(WIFSTOPPED(status));
	}
	for (size_t i = 0; i < LEN(pids); i++)
		end(pids[i]);
	assert_int_equal(in_child(ps), ANSWER_GOT);
	munmap((void *)(uintptr_t)inside, 4096);
}

static int64_t
standing(const struct clock *c)
{
	(void)c;
	return 0;
}

static void
a_clock_that_stands_still_ends_the_wait_too(void **state)
{
	static const struct clock_ops ops = { standing, standing };
	const struct clock            c = { &ops, 0 };
	struct permits               *ps = made(1, 4);
	pid_t                         pid = holder(ps);
	struct permit                 p = { .i = -1 };
	struct err                    e = { 0 };

	(void)state;
	assert_false(permit_take(ps, &c, &p, &e));
	assert_int_equal(e.code, ERR_BUSY);
	end(pid);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_permit_comes_with_its_own_scratch),
		TEST(a_killed_holder_gives_its_permit_back),
		TEST(who_waits_gets_it_when_it_is_free),
		TEST(a_lane_takes_its_share_of_the_workers_and_at_least_one),
		TEST(all_lanes_together_leave_one_worker_free),
		TEST(who_waits_for_a_lane_gets_in_when_one_leaves),
		TEST(no_owner_fills_a_lane_of_more_than_one_place),
		TEST(of_an_owner_one_waits_and_the_next_is_refused_at_once),
		TEST(an_owners_place_is_free_again_when_it_leaves_and_when_it_was_refused),
		TEST(nobody_waits_on_the_last_worker),
		TEST(who_is_in_its_lane_enters_it_again_and_leaves_it_once),
		TEST(a_full_lane_refuses_without_waiting),
		TEST(nobody_hashes_for_a_client_that_left),
		TEST(only_the_lane_waits_for_a_core),
		TEST(two_are_never_in_one_scratch),
		TEST(a_clock_that_stands_still_ends_the_wait_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
