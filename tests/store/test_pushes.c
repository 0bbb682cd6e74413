/*
 * Pushes at the same time, out of order, and cut short.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/store/drift/snapshot.h"
#include "tests/store/drift_world.h"

/* In a process of its own: pushes until it has done `n`; the exit status is 0 when all were
 * answered. */
static pid_t
pusher(struct drift_world *x, const struct uuid *config, int who, int n)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid != 0)
		return pid;
	/* The parent's connections are its own: this process opens others and never closes those.
	 */
	struct err           e = { 0 };
	struct world        *w = x->w;
	struct database     *d = database_make(NULL, &w->env, &e);
	const struct tenant *row;
	struct drift_world   mine = *x;

	if (d == NULL || !tenant_by_id(d, &w->a.id, &row, &e) ||
	    !tenant_db_open(d, row, false, &mine.t, &e))
		_exit(2);
	for (int i = 0; i < n; i++) {
		TALLOC_CTX          *mem = talloc_new(NULL);
		char                 a[64], b[64];
		struct ingest_answer answer;

		snprintf(a, sizeof(a), "{\"n\":\"%d-%d\"}", who, i);
		snprintf(b, sizeof(b), "{\"m\":%d}", i / 3);
		if (!drift_try(&mine, mem, config, NULL,
			drift_body(mem, "", VALUES(a, b, "{\"still\":true}")), &answer, &e)) {
			fprintf(stderr, "pusher %d: %d %s\n", who, (int)e.code, e.detail);
			_exit(3);
		}
		talloc_free(mem);
	}
	_exit(0);
}

static void
two_clients_push_to_one_config_at_the_same_time(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(x, DRIFT_PUSH);
	pid_t               pids[2];
	int                 status;

	drift_push_values(x, &c, VALUES("{\"n\":\"\"}", "{\"m\":0}", "{\"still\":true}"));
	for (int i = 0; i < 2; i++)
		pids[i] = pusher(x, &c, i, 40);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	assert_int_equal(drift_count(x, "SELECT seq FROM %s.config_state"), 81);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.alerts"), 1);
	drift_check(x);
}

static void
a_pusher_killed_at_any_moment_leaves_nothing_half_written(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(x, DRIFT_PUSH);
	int64_t             seq = 1;

	drift_push_values(x, &c, VALUES("{\"n\":\"\"}", "{\"m\":0}", "{\"still\":true}"));
	for (int i = 0; i < 25; i++) {
		struct timespec step = { 0, 1000000 }, more = { 0, 400000L * i };
		pid_t           pid = pusher(x, &c, i, 100000);
		int             status;

		while (drift_count(x, "SELECT seq FROM %s.config_state") == seq)
			nanosleep(&step, NULL);
		nanosleep(&more, NULL); /* somewhere in a later one */
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		drift_check(x);
		seq = drift_count(x, "SELECT seq FROM %s.config_state");
	}
	/* And the next one goes on. */
	assert_string_equal(
	    drift_push_values(x, &c, VALUES("{\"n\":\"\"}", "{\"m\":0}", "{\"still\":true}"))
		.report.status,
	    "clean");
	drift_check(x);
}

/* Writes the id of each answered snapshot to `fd`; what is not answered is pushed again. */
static pid_t
reporting_pusher(struct drift_world *x, const struct uuid *config, int fd)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid != 0)
		return pid;
	struct err           e = { 0 };
	struct database     *d = database_make(NULL, &x->w->env, &e);
	const struct tenant *row;
	struct drift_world   mine = *x;

	for (int i = 0;; i++) {
		TALLOC_CTX          *mem = talloc_new(NULL);
		struct ingest_answer a;
		char                 value[32];
		struct timespec      t = { 0, 20000000 };

		err_clear(&e);
		snprintf(value, sizeof(value), "%d", i);
		if (tenant_by_id(d, &x->w->a.id, &row, &e) &&
		    tenant_db_open(d, row, false, &mine.t, &e) &&
		    drift_try(
			&mine, mem, config, NULL, drift_body(mem, "", VALUES(value)), &a, &e)) {
			if (write(fd, &a.snapshot_id, 16) != 16)
				_exit(0);
		} else {
			nanosleep(&t, NULL);
		}
		talloc_free(mem);
		database_tidy(d);
	}
}

static void
every_answered_push_survives_a_crash_of_the_server(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(x, DRIFT_PUSH), id;
	struct timespec     t = { 0, 300000000 };
	struct err          e = { 0 };
	struct snapshot     s;
	int                 fds[2], status;
	int64_t             answered = 0;
	pid_t               pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = reporting_pusher(x, &c, fds[1]);
	close(fds[1]);
	for (int i = 0; i < 2; i++) {
		nanosleep(&t, NULL);
		server_shell("kill");
		server_shell("start");
	}
	nanosleep(&t, NULL);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	x->w->root = server_db(x->w, NULL);
	server_do(x->w->root, "DO 1");
	while (read(fds[0], &id, 16) == 16) {
		assert_ok(snapshot_by_id(x->t, x, &id, &s, &e));
		answered++;
	}
	close(fds[0]);
	assert_true(answered > 3);
	drift_check(x);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, drift_set_up, drift_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(two_clients_push_to_one_config_at_the_same_time),
		TEST(a_pusher_killed_at_any_moment_leaves_nothing_half_written),
		TEST(every_answered_push_survives_a_crash_of_the_server),
	};

	return cmocka_run_group_tests_name("pushes", tests, NULL, NULL);
}
