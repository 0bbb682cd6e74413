/* An alert that nobody acknowledges, with several real daemons: each step is told once, whoever is
 * killed and whoever takes whose claim. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/store/driftd_world.h"

#define TELLINGS 12 /* one step, and again eleven times */
#define DAEMONS  3

/* A route to the one channel, which goes on to it again. */
static void
make_route(struct daemon_world *y)
{
	drift_sql(y->x,
	    "UPDATE %s.alert_routing SET version = version + 1, routes = (SELECT CONCAT("
	    "'{\"routes\":[{\"id\":\"019ace5f-4c7b-7000-8000-0000000000aa\",\"name\":\"night\","
	    "\"channels\":[\"', c.id, '\"],\"escalate\":[{\"after_s\":60,\"channels\":[\"', c.id,"
	    " '\"],\"repeat_s\":60,\"repeats\":11}],\"created_at\":\"2026-11-30T00:00:00.000Z\","
	    "\"updated_at\":\"2026-11-30T00:00:00.000Z\"}]}') FROM (SELECT LOWER(CONCAT_WS('-',"
	    " SUBSTR(HEX(id), 1, 8), SUBSTR(HEX(id), 9, 4), SUBSTR(HEX(id), 13, 4),"
	    " SUBSTR(HEX(id), 17, 4), SUBSTR(HEX(id), 21))) AS id FROM %s.channels) c)");
}

static int64_t
told(struct daemon_world *y)
{
	return drift_count(
	    y->x, "SELECT COUNT(*) FROM %s.drift_history WHERE LEFT(note, 6) = 'Nobody'");
}

/* Due now, and anybody's: who is at work on it has lost its claim. */
static void
make_due(struct daemon_world *y)
{
	server_do(y->x->w->root,
	    "UPDATE testbsx.schedules SET next_due = NOW(3), lease_until = NULL"
	    " WHERE kind = 'escalation'");
}

static void
kill_all_of(pid_t pid)
{
	kill(-pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
each_step_is_told_once_whoever_is_killed_and_whoever_takes_whose_claim(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c = driftd_config(y, port);
	pid_t                daemons[DAEMONS];

	close(fd); /* nobody answers there: what is told waits, and is counted */
	make_route(y);
	driftd_cause(y, &c);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.alert_escalations"), 1);
	for (int i = 0; i < DAEMONS; i++)
		daemons[i] = driftd_run(y, NULL);
	for (int64_t i = 1; i <= TELLINGS; i++) {
		int one = (int)(i % DAEMONS);

		make_due(y);
		driftd_pause_ms(i * 37 % 23);
		kill_all_of(daemons[one]);
		daemons[one] = driftd_run(y, NULL);
		/* the claim of whoever is dead is not waited for, nor that of whoever is slow */
		WAIT_FOR(told(y) >= i || (server_do(y->x->w->root,
					      "UPDATE testbsx.schedules SET lease_until = NOW(3)"
					      " WHERE kind = 'escalation' AND lease_until > NOW(3)"
					      " AND next_due <= NOW(3)"),
					     false));
		assert_int_equal(told(y), i);
	}
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM testbsx.schedules WHERE kind = 'escalation'"),
	    0);
	assert_int_equal(
	    drift_count(y->x, "SELECT step FROM %s.alert_escalations WHERE repeats = 0"), 1);
	/* with the opening, each is in one message, whatever has been folded into what */
	assert_int_equal(drift_count(y->x,
			     "SELECT CAST(SUM(1 + folded) AS SIGNED) FROM %s.outbox WHERE state <> "
			     "'superseded'"),
	    TELLINGS + 1);
	for (int i = 0; i < DAEMONS; i++)
		kill_all_of(daemons[i]);
	drift_check(y->x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    each_step_is_told_once_whoever_is_killed_and_whoever_takes_whose_claim,
		    driftd_set_up, driftd_tear_down),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("escalations", tests, NULL, NULL);
}
