/*
 * The real driftd against a real database and receivers on loopback.
 */
#include "tests/store/driftd_world.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DELIVERED "SELECT COUNT(*) FROM %s.outbox WHERE state = 'delivered'"
#define WAITING   "SELECT COUNT(*) FROM testbsx.outbox_index"

/* ---- the tests ---- */

static void
an_alert_is_delivered_signed_and_recorded(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c = driftd_config(y, port);
	struct hit           h;
	int64_t              began, took[20];

	driftd_start(y);
	for (int i = 0; i < 20; i++) {
		began = driftd_now_ms();
		driftd_cause(y, &c);
		assert_true(receiver_take(fd, &h, WAIT_MS));
		took[i] = driftd_now_ms() - began;
		assert_true(receiver_signature_holds(&h));
		assert_true(labs(h.timestamp - time(NULL)) < 60);
		assert_non_null(
		    strstr(h.body, i == 0 ? "\"drift.alert.opened\"" : "\"drift.alert.updated\""));
		receiver_answer(&h, "204 No Content", "");
	}
	driftd_wait_count(y, DELIVERED, 20);
	driftd_wait_count(y, WAITING, 0);
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.deliveries WHERE outcome = 'delivered'"
			      " AND attempt = 1 AND http_status = 204"),
	    20);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM testbsx.daemons"
					   " WHERE heartbeat_at > NOW(3) - INTERVAL 10 SECOND"),
	    1);
	for (int i = 1; i < 20; i++)
		took[0] = took[i] > took[0] ? took[i] : took[0];
	print_message(
	    "push to request at the receiver: at most %lld ms of 20\n", (long long)took[0]);
	close(fd);
}

static void
killed_between_sending_and_recording_it_is_sent_again_with_the_same_id(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c = driftd_config(y, port);
	struct hit           first, again;

	driftd_start(y);
	driftd_cause(y, &c);
	assert_true(receiver_take(fd, &first, WAIT_MS));
	driftd_end(y, SIGKILL);
	receiver_answer(&first, "204 No Content", "");
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.deliveries"), 0);
	/* A minute later the claim has run out. */
	server_do(y->x->w->root,
	    "UPDATE testbsx.outbox_index SET lease_until = lease_until - INTERVAL 1 MINUTE");
	driftd_start(y);
	assert_true(receiver_take(fd, &again, WAIT_MS));
	assert_string_equal(first.id, again.id);
	assert_string_equal(first.body, again.body);
	assert_true(receiver_signature_holds(&again));
	receiver_answer(&again, "204 No Content", "");
	driftd_wait_count(y, DELIVERED, 1);
	driftd_wait_count(y, WAITING, 0);
	close(fd);
}

static void
kill_children(struct daemon_world *y)
{
	char command[128];

	snprintf(command, sizeof(command),
	    "for p in $(cat /proc/%d/task/%d/children); do kill -9 $p; done", (int)y->pid,
	    (int)y->pid);
	assert_int_equal(system(command), 0);
}

static void
a_sender_that_dies_is_replaced_and_its_message_sent_again(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c = driftd_config(y, port);
	struct hit           first, again;

	driftd_start(y);
	driftd_cause(y, &c);
	assert_true(receiver_take(fd, &first, WAIT_MS));
	kill_children(y);
	close(first.fd);
	assert_true(receiver_take(fd, &again, WAIT_MS));
	assert_string_equal(first.id, again.id);
	receiver_answer(&again, "200 OK", "");
	driftd_wait_count(y, DELIVERED, 1);
	close(fd);
}

static void
a_receiver_that_is_down_gets_it_when_it_is_up_again(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c = driftd_config(y, port);
	struct hit           h;

	close(fd);
	driftd_start(y);
	driftd_cause(y, &c);
	driftd_wait_count(y,
	    "SELECT COUNT(*) FROM %s.deliveries WHERE outcome = 'failed' AND http_status IS NULL",
	    1);
	fd = receiver_listen(&port);
	assert_true(receiver_take(fd, &h, WAIT_MS)); /* after the 5 seconds of the schedule */
	assert_true(receiver_signature_holds(&h));
	receiver_answer(&h, "204 No Content", "");
	driftd_wait_count(y, DELIVERED, 1);
	assert_int_equal(drift_count(y->x, "SELECT attempts FROM %s.outbox"), 2);
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(DISTINCT outbox_id) FROM %s.deliveries"), 1);
	close(fd);
}

static void
each_answer_does_what_it_says(void **state)
{
	static const struct {
		const char *status, *header;
		int64_t     least_s, most_s; /* until the next attempt */
	} cases[] = {
		{ "500 No", "", 2, 6 },
		{ "302 Elsewhere", "Location: http://127.0.0.1:1/\r\n", 2, 6 },
		{ "404 No", "", 2, 6 },
		{ "503 Later", "Retry-After: 100\r\n", 90, 101 },
		{ "429 Slower", "Retry-After: 1\r\n", 2, 6 },
	};
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c = driftd_config(y, port);
	struct hit           h;
	int64_t              left;

	driftd_start(y);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		driftd_cause(y, &c);
		assert_true(receiver_take(fd, &h, WAIT_MS));
		receiver_answer(&h, cases[i].status, cases[i].header);
		driftd_wait_count(y,
		    "SELECT COUNT(*) FROM testbsx.outbox_index WHERE attempts = 1 AND lease_until "
		    "IS NULL",
		    1);
		left = drift_count(y->x,
		    "SELECT TIMESTAMPDIFF(SECOND, NOW(3), next_due) FROM testbsx.outbox_index");
		assert_in_range(left, cases[i].least_s, cases[i].most_s);
		server_do(y->x->w->root, "DELETE FROM testbsx.outbox_index");
		drift_sql(y->x, "UPDATE %s.outbox SET state = 'dead' WHERE state = 'pending'");
		drift_sql(y->x, "DELETE FROM %s.channel_paces"); /* that it wanted to rest */
	}
	driftd_cause(y, &c);
	assert_true(receiver_take(fd, &h, WAIT_MS));
	receiver_answer(&h, "410 Gone", "");
	driftd_wait_count(y, "SELECT COUNT(*) FROM %s.outbox WHERE state = 'dead'",
	    1 + (int64_t)(sizeof(cases) / sizeof(cases[0])));
	driftd_wait_count(y, WAITING, 0);
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.channels WHERE status = 'disabled'"
			      " AND status_reason LIKE '%410%'"),
	    1);
	close(fd);
}

static void
after_the_tenth_attempt_it_is_given_up(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c = driftd_config(y, port);
	struct hit           h;
	char                 id[80] = "";

	driftd_start(y);
	driftd_cause(y, &c);
	for (int i = 1; i <= 10; i++) {
		assert_true(receiver_take(fd, &h, WAIT_MS));
		if (i == 1)
			memcpy(id, h.id, sizeof(id));
		assert_string_equal(h.id, id);
		receiver_answer(&h, "500 No", "");
		driftd_wait_count(y, "SELECT COUNT(*) FROM %s.deliveries", i);
		server_do(y->x->w->root, "UPDATE testbsx.outbox_index SET next_due = NOW(3)");
	}
	driftd_wait_count(
	    y, "SELECT COUNT(*) FROM %s.outbox WHERE state = 'dead' AND attempts = 10", 1);
	driftd_wait_count(y, WAITING, 0);
	assert_false(receiver_take(fd, &h, 500));
	close(fd);
}

static void
a_slow_receiver_holds_up_its_own_alert_only(void **state)
{
	struct daemon_world *y = *state;
	int                  slow_port = 0, slow = receiver_listen(&slow_port);
	int                  quick_port = 0, quick = receiver_listen(&quick_port);
	struct uuid          a = driftd_config(y, slow_port), b = driftd_config(y, quick_port);
	struct hit           held, h;

	driftd_start(y);
	driftd_cause(y, &a);
	assert_true(receiver_take(slow, &held, WAIT_MS));
	for (int i = 0; i < 3; i++)
		driftd_cause(y, &a);
	for (int i = 0; i < 5; i++) {
		driftd_cause(y, &b);
		assert_true(receiver_take(quick, &h, WAIT_MS));
		receiver_answer(&h, "204 No Content", "");
	}
	driftd_wait_count(y, DELIVERED, 5);
	assert_false(
	    receiver_take(slow, &h, 100)); /* the others of that alert wait for the first */
	receiver_answer(&held, "204 No Content", "");
	assert_true(receiver_take(slow, &h, WAIT_MS)); /* all three in one */
	assert_non_null(strstr(h.body, "\"folded\":2"));
	receiver_answer(&h, "204 No Content", "");
	driftd_wait_count(y, DELIVERED, 7);
	close(slow);
	close(quick);
}

#define HANGING 6 /* more than there are senders */

static void
receivers_that_hang_hold_up_nobody_however_many_they_are(void **state)
{
	struct daemon_world *y = *state;
	int                  ports[HANGING] = { 0 }, hang[HANGING], port = 0;
	int                  quick = receiver_listen(&port);
	struct uuid          c = driftd_config(y, port), of[HANGING];
	struct hit           held[HANGING], h;

	for (int i = 0; i < HANGING; i++) {
		hang[i] = receiver_listen(&ports[i]);
		of[i] = driftd_config(y, ports[i]);
	}
	driftd_start(y);
	for (int i = 0; i < HANGING; i++) {
		driftd_cause(y, &of[i]);
		assert_true(receiver_take(hang[i], &held[i], WAIT_MS));
	}
	for (int i = 1; i <= 3; i++) {
		driftd_cause(y, &c);
		assert_true(receiver_take(quick, &h, WAIT_MS));
		receiver_answer(&h, "204 No Content", "");
		driftd_wait_count(y, DELIVERED, i);
	}
	for (int i = 0; i < HANGING; i++)
		receiver_answer(&held[i], "204 No Content", "");
	driftd_wait_count(y, DELIVERED, 3 + HANGING);
	driftd_wait_count(y, "SELECT COUNT(*) FROM %s.deliveries WHERE outcome = 'failed'", 0);
	for (int i = 0; i < HANGING; i++)
		close(hang[i]);
	close(quick);
}

static void
term_lets_the_attempt_under_way_finish(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port), status;
	struct uuid          c = driftd_config(y, port);
	struct hit           h;
	int64_t              began;

	driftd_start(y);
	driftd_cause(y, &c);
	assert_true(receiver_take(fd, &h, WAIT_MS));
	kill(y->pid, SIGTERM);
	driftd_pause_ms(300);
	receiver_answer(&h, "204 No Content", "");
	began = driftd_now_ms();
	status = driftd_end(y, SIGTERM);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_true(driftd_now_ms() - began < 8000);
	assert_int_equal(drift_count(y->x, DELIVERED), 1);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM testbsx.daemons"), 0);
	close(fd);
}

static void
hup_replaces_the_senders_and_loses_nothing(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c = driftd_config(y, port);
	struct hit           h;

	driftd_start(y);
	for (int i = 0; i < 5; i++) {
		driftd_cause(y, &c);
		assert_true(receiver_take(fd, &h, WAIT_MS));
		kill(y->pid, SIGHUP);
		receiver_answer(&h, "204 No Content", "");
	}
	driftd_wait_count(y, DELIVERED, 5);
	assert_int_equal(kill(y->pid, 0), 0);
	close(fd);
}

static void
once_delivers_what_is_due_ends_old_history_and_ends(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port), status;
	struct uuid          c = driftd_config(y, port), other = driftd_config(y, port);
	struct uuid          old = drift_config(y->x, DRIFT_PUSH);
	struct hit           h;
	pid_t                pid;

	for (int i = 0; i < 3; i++)
		drift_push_values(y->x, &old, VALUES(i == 0 ? "0" : i == 1 ? "1" : "2"));
	drift_sql(
	    y->x, "UPDATE %s.config_snapshots SET collected_at = collected_at - INTERVAL 2 DAY");
	server_do(y->x->w->root,
	    "UPDATE testbsx.tenants SET settings = '{\"retention\":{\"snapshots_s\":86400}}'");
	driftd_cause(y, &c);
	driftd_cause(y, &other);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.config_snapshots"), 7);
	pid = driftd_run(y, "--once");
	for (int i = 0; i < 2; i++) {
		assert_true(receiver_take(fd, &h, WAIT_MS));
		receiver_answer(&h, "204 No Content", "");
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(drift_count(y->x, DELIVERED), 2);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.config_snapshots"), 6);
	close(fd);
}

/* The administrator's connection after the server was away. */
static void
root_again(struct daemon_world *y)
{
	y->x->w->root = server_db(y->x->w, NULL);
	server_do(y->x->w->root, "DO 1");
}

static void
it_waits_for_a_database_that_is_away(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c = driftd_config(y, port);
	struct hit           h;

	server_shell("kill");
	driftd_start(y);
	driftd_pause_ms(1000);
	assert_int_equal(kill(y->pid, 0), 0);
	server_shell("start");
	root_again(y);
	driftd_cause(y, &c);
	assert_true(receiver_take(fd, &h, WAIT_MS));
	receiver_answer(&h, "204 No Content", "");
	driftd_wait_count(y, DELIVERED, 1);
	/* And once more while it runs. */
	server_shell("kill");
	driftd_pause_ms(500);
	server_shell("start");
	root_again(y);
	driftd_cause(y, &c);
	assert_true(receiver_take(fd, &h, WAIT_MS));
	receiver_answer(&h, "204 No Content", "");
	driftd_wait_count(y, DELIVERED, 2);
	close(fd);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, driftd_set_up, driftd_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_alert_is_delivered_signed_and_recorded),
		TEST(killed_between_sending_and_recording_it_is_sent_again_with_the_same_id),
		TEST(a_sender_that_dies_is_replaced_and_its_message_sent_again),
		TEST(a_receiver_that_is_down_gets_it_when_it_is_up_again),
		TEST(each_answer_does_what_it_says),
		TEST(after_the_tenth_attempt_it_is_given_up),
		TEST(a_slow_receiver_holds_up_its_own_alert_only),
		TEST(receivers_that_hang_hold_up_nobody_however_many_they_are),
		TEST(term_lets_the_attempt_under_way_finish),
		TEST(hup_replaces_the_senders_and_loses_nothing),
		TEST(once_delivers_what_is_due_ends_old_history_and_ends),
		TEST(it_waits_for_a_database_that_is_away),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("driftd", tests, NULL, NULL);
}
