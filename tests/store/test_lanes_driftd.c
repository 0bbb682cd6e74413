/* One lane for each channel and alert, by real daemons and receivers: what follows what is on its
 * way, and what is left when a daemon is killed. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/store/driftd_world.h"

/* ---- real receivers, real daemons ---- */

static void
due(struct daemon_world *y)
{
	server_do(y->x->w->root, "UPDATE testbsx.outbox_index SET next_due = NOW(3)");
}

static bool
has(const struct hit *h, const char *text)
{
	return strstr(h->body, text) != NULL;
}

/* What comes while one is on its way follows it, or takes it in when it did not arrive. */
static void
what_comes_while_one_is_on_its_way_follows_it(void **state)
{
	for (int arrives = 0; arrives < 2; arrives++) {
		struct daemon_world *y = *state;
		int                  port = 0, fd = receiver_listen(&port);
		struct uuid          c = driftd_config(y, port);
		struct hit           first, next;

		if (y->pid == 0)
			driftd_start(y);
		driftd_cause(y, &c);
		assert_true(receiver_take(fd, &first, WAIT_MS));
		driftd_cause(y, &c);
		driftd_cause(y, &c);
		assert_false(receiver_take(fd, &next, 300)); /* not before the first is over */
		drift_check(y->x);
		receiver_answer(&first, arrives == 1 ? "204 No Content" : "500 No", "");
		if (arrives == 0) {
			driftd_wait_count(y, "SELECT COUNT(*) FROM %s.deliveries", 1);
			due(y);
		}
		assert_true(receiver_take(fd, &next, WAIT_MS));
		assert_string_not_equal(first.id, next.id);
		assert_true(has(
		    &next, arrives == 1 ? "\"drift.alert.updated\"" : "\"drift.alert.opened\""));
		assert_true(has(&next, arrives == 1 ? "\"folded\":1" : "\"folded\":2"));
		assert_true(receiver_signature_holds(&next));
		receiver_answer(&next, "204 No Content", "");
		driftd_wait_count(y, "SELECT COUNT(*) FROM %s.outbox WHERE state = 'pending'", 0);
		assert_false(receiver_take(fd, &next, 300));
		close(fd);
	}
}

static void
killed_on_its_way_it_goes_again_before_what_follows(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c = driftd_config(y, port);
	struct hit           first, again, next;

	driftd_start(y);
	driftd_cause(y, &c);
	assert_true(receiver_take(fd, &first, WAIT_MS));
	driftd_end(y, SIGKILL);
	receiver_answer(&first, "204 No Content", "");
	driftd_cause(y, &c);
	driftd_cause(y, &c);
	server_do(y->x->w->root,
	    "UPDATE testbsx.outbox_index SET lease_until = lease_until - INTERVAL 1 MINUTE");
	driftd_start(y);
	assert_true(receiver_take(fd, &again, WAIT_MS));
	assert_string_equal(first.id, again.id);
	assert_string_equal(first.body, again.body);
	receiver_answer(&again, "204 No Content", "");
	assert_true(receiver_take(fd, &next, WAIT_MS));
	assert_true(has(&next, "\"drift.alert.updated\"") && has(&next, "\"folded\":1"));
	receiver_answer(&next, "204 No Content", "");
	driftd_wait_count(y, "SELECT COUNT(*) FROM testbsx.outbox_index", 0);
	close(fd);
}

/* The value that a message says is there now. */
static int
value_in(const struct hit *h)
{
	const char *p = strstr(h->body, "\"new_value\":");

	return p == NULL ? -1 : atoi(p + strlen("\"new_value\":"));
}

static void
two_daemons_that_are_killed_lose_double_and_mix_up_nothing(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port), last = 0, taken_n = 0;
	struct uuid          c = driftd_config(y, port);
	char                 done_id[80] = "";
	pid_t                other;
	struct hit           h;

	driftd_start(y);
	other = driftd_run(y, NULL);
	for (int i = 0; i < 40; i++) {
		driftd_cause(y, &c);
		if (i % 8 == 7) {
			driftd_end(y, SIGKILL);
			server_do(
			    y->x->w->root, "UPDATE testbsx.outbox_index SET lease_until = NOW(3)");
			driftd_start(y);
		}
		due(y);
		if (!receiver_take(fd, &h, 1000))
			continue;
		assert_true(receiver_signature_holds(&h));
		if (i % 3 == 0) {
			receiver_answer(&h, "500 No", "");
			continue;
		}
		/* Nothing older comes after what is newer; a repeat has the same id. */
		if (value_in(&h) == last)
			assert_string_equal(h.id, done_id);
		assert_true(value_in(&h) >= last);
		last = value_in(&h);
		memcpy(done_id, h.id, sizeof(done_id));
		receiver_answer(&h, "204 No Content", "");
		taken_n++;
	}
	for (int i = 0; i < 20 && last != y->value; i++) {
		due(y);
		if (!receiver_take(fd, &h, 2000))
			continue;
		assert_true(value_in(&h) >= last);
		last = value_in(&h);
		receiver_answer(&h, "204 No Content", "");
	}
	assert_int_equal(last, y->value);
	assert_true(taken_n > 5);
	driftd_wait_count(y, "SELECT COUNT(*) FROM %s.outbox WHERE state = 'pending'", 0);
	kill(-other, SIGKILL);
	drift_check(y->x);
	close(fd);
}

#define DAEMON(f) cmocka_unit_test_setup_teardown(f, driftd_set_up, driftd_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		DAEMON(what_comes_while_one_is_on_its_way_follows_it),
		DAEMON(killed_on_its_way_it_goes_again_before_what_follows),
		DAEMON(two_daemons_that_are_killed_lose_double_and_mix_up_nothing),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("lanes of daemons", tests, NULL, NULL);
}
