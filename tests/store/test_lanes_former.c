/* Messages from before there were lanes, as the program of then left them, and what waits without a
 * row in the index of due ones. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/store/alert/due.h"
#include "core/store/alert/outbox.h"
#include "core/store/tx.h"
#include "tests/store/driftd_world.h"

#define INDEXED "SELECT COUNT(*) FROM testbsx.outbox_index"
#define PENDING "SELECT COUNT(*) FROM %s.outbox WHERE state = 'pending'"
#define TRIED   "SELECT COUNT(*) FROM %s.deliveries"

/* ---- as the program of then left them ---- */

static struct uuid
one_id(struct daemon_world *y, const char *sql)
{
	char       *hex = drift_text(y->x, y, sql);
	struct uuid id;

	assert_true(hex_parse(str_of(hex), id.b, sizeof(id.b)));
	return id;
}

/* Of the alert: its body was finished when it was made, and each has its row in the index. */
static struct outbox
add_former(struct daemon_world *y, const struct outbox *like, int number)
{
	struct err    e = { 0 };
	struct outbox o = { .id = uuid_make(&clock_system, &rand_system),
		.channel_id = like->channel_id,
		.alert_id = like->alert_id,
		.kind = "webhook",
		.event = number == 1 ? "drift.alert.opened" : "drift.alert.updated",
		.state = "pending",
		.created_at = { clock_ms(&clock_system) } };
	char         *body =
	    talloc_asprintf(y, "{\"type\":\"%s\",\"former\":%d,\"data\":{}}", o.event, number);

	assert_ok(tenant_seal(y->x->t, y, OUTBOX_BODY_PLACE(&o.id), str_of(body), &o.body, &e));
	assert_ok(outbox_add(y->x->t->db, &o, &e));
	return o;
}

/* An open alert with n messages that wait in no lane; the ids of its last one. */
static struct outbox
alert_of_then(struct daemon_world *y, const struct uuid *config, int n)
{
	struct outbox like = { 0 }, last = { 0 };

	driftd_cause(y, config);
	like.alert_id = one_id(y, "SELECT HEX(alert_id) FROM %s.outbox WHERE state = 'pending'");
	like.channel_id =
	    one_id(y, "SELECT HEX(channel_id) FROM %s.outbox WHERE state = 'pending'");
	drift_sql(y->x, "DELETE FROM %s.outbox");
	drift_sql(y->x, "DELETE FROM %s.alert_lanes");
	server_do(y->x->w->root, "DELETE FROM testbsx.outbox_index");
	for (int i = 1; i <= n; i++)
		last = add_former(y, &like, i);
	drift_sql(y->x, "UPDATE %s.outbox SET kind = NULL");
	assert_int_equal(drift_count(y->x, INDEXED), n);
	return last;
}

static void
due(struct daemon_world *y)
{
	server_do(y->x->w->root, "UPDATE testbsx.outbox_index SET next_due = NOW(3)");
}

/* Takes one and answers it; it is the former one of this number, 0: what came later. */
static void
take(int fd, int number, const char *answer)
{
	char       want[40];
	struct hit h;

	snprintf(want, sizeof(want), number > 0 ? "\"former\":%d" : "\"new_value\":", number);
	assert_true(receiver_take(fd, &h, WAIT_MS));
	if (strstr(h.body, want) == NULL)
		fail_msg("%s is not in %s", want, h.body);
	assert_true(receiver_signature_holds(&h));
	receiver_answer(&h, answer, "");
}

static void
nothing_is_left(struct daemon_world *y, int64_t tried)
{
	driftd_wait_count(y, PENDING, 0);
	driftd_wait_count(y, INDEXED, 0);
	assert_int_equal(drift_count(y->x, TRIED), tried);
	drift_check(y->x);
}

#define YES "204 No Content"
#define NO  "500 No"

/* ---- their order ---- */

static void
what_waited_before_lanes_goes_first_and_in_its_order(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c = driftd_config(y, port);

	alert_of_then(y, &c, 3);
	driftd_cause(y, &c);
	driftd_cause(y, &c);
	assert_int_equal(
	    drift_count(y->x, PENDING " AND lane_id = (SELECT id FROM %s.alert_lanes)"), 4);
	assert_int_equal(drift_count(y->x, INDEXED), 3);
	driftd_start(y);
	for (int i = 1; i <= 3; i++)
		take(fd, i, YES);
	take(fd, 0, YES);
	nothing_is_left(y, 4);
	close(fd);
}

/* What was finished then is never passed over for another that was; what came later may stand for
 * it.
 */
static void
a_receiver_that_is_down_gets_them_in_order_too(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c = driftd_config(y, port);

	alert_of_then(y, &c, 3);
	driftd_cause(y, &c);
	driftd_start(y);
	for (int i = 1; i <= 3; i++) {
		take(fd, i, NO);
		driftd_wait_count(y, TRIED, 2 * i - 1);
		/* the rows of those behind it are gone, and nothing goes out before it */
		driftd_wait_count(y, INDEXED, 1);
		due(y);
		take(fd, i == 3 ? 0 : i, YES);
		driftd_wait_count(y, TRIED, 2 * i);
	}
	nothing_is_left(y, 6);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.outbox WHERE state = "
					   "'superseded' OR folded = 1"),
	    2);
	close(fd);
}

static void
what_is_taken_into_a_lane_on_its_way_is_followed(void **state)
{
	for (int arrives = 0; arrives < 2; arrives++) {
		struct daemon_world *y = *state;
		int                  port = 0, fd = receiver_listen(&port);
		struct uuid          c = driftd_config(y, port);
		int64_t              tried = drift_count(y->x, TRIED);
		struct hit           h;

		alert_of_then(y, &c, 1);
		driftd_start(y);
		assert_true(receiver_take(fd, &h, WAIT_MS));
		driftd_cause(y, &c);
		receiver_answer(&h, arrives == 1 ? YES : NO, "");
		driftd_wait_count(y, TRIED, tried + 1);
		due(y);
		assert_true(receiver_take(fd, &h, WAIT_MS));
		assert_non_null(strstr(
		    h.body, arrives == 1 ? "\"drift.alert.updated\"" : "\"drift.alert.opened\""));
		receiver_answer(&h, YES, "");
		nothing_is_left(y, tried + 2);
		driftd_end(y, SIGTERM);
		close(fd);
	}
}

/* ---- beside a daemon of then ---- */

struct ended {
	char         *outcome, *detail;
	struct claim  claim;
	struct outbox message;
};

/* As it recorded what arrived: it knows the message and its own row in the index. */
static bool
end_body(struct db *db, void *arg, struct err *e)
{
	struct ended   *x = arg;
	struct delivery d = { .id = uuid_make(&clock_system, &rand_system),
		.outbox_id = x->message.id,
		.channel_id = x->message.channel_id,
		.attempt = 1,
		.at = x->message.done_at,
		.outcome = x->outcome,
		.detail = x->detail };

	return outbox_set(db, &x->message, e) && delivery_add(db, &d, e) &&
	       outbox_index_end(db, &x->message.id, x->claim.fence, e);
}

static void
claim_of_then(struct daemon_world *y, const struct outbox *m, struct ended *x)
{
	struct db            *control = database_control(y->x->w->d);
	const struct claim_by by = { uuid_make(&clock_system, &rand_system), OUTBOX_LEASE_S };
	struct claim         *rows;
	struct claim_turn     turn = { 0 };
	size_t                n, won;
	struct err            e = { 0 };

	assert_ok(claim_due(control, y, &turn, 10, &rows, &n, &e));
	for (size_t i = 0; i < n; i++)
		if (uuid_eq(&rows[i].id, &m->id))
			x->claim = rows[i];
	assert_ok(claim_take_many(control, y, &by, &x->claim, 1, &won, &e));
	assert_int_equal(won, 1);
	x->outcome = talloc_strdup(y, "delivered");
	x->detail = talloc_strdup(y, "");
	x->message = *m;
	x->message.attempts = 1;
	x->message.state = "delivered";
	x->message.done_at.ms = clock_ms(&clock_system);
}

static void
a_daemon_of_then_doubles_nothing_and_what_it_leaves_is_sent(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c = driftd_config(y, port);
	struct ended         x = { 0 };
	const struct tx      end = { "end", end_body, &x, NULL, NULL };
	struct outbox        only = alert_of_then(y, &c, 1);
	struct err           e = { 0 };
	struct hit           h;

	claim_of_then(y, &only, &x);
	driftd_cause(y, &c); /* while it is on its way there */
	assert_ok(tx_run(y->x->t->db, &end, &e));
	assert_int_equal(drift_count(y->x, INDEXED), 0);
	assert_int_equal(drift_count(y->x, PENDING), 1);
	driftd_start(y);
	take(fd, 0, YES);
	nothing_is_left(y, 2);
	assert_false(receiver_take(fd, &h, 300));
	close(fd);
}

/* ---- what is not in the index ---- */

#define MANY 450 /* of each third the row is lost: no page of DUE_ROWS ends where it begins */

static void
what_the_index_has_lost_is_put_back_and_nothing_else(void **state)
{
	struct daemon_world *y = *state;
	struct due           d = { database_control(y->x->w->d), y->x->t->db };
	struct uuid          c = driftd_config(y, 9), after = { 0 };
	struct outbox        like = alert_of_then(y, &c, 3);
	size_t               back = 0, pages = 0;
	struct err           e = { 0 };

	driftd_cause(y, &c); /* one behind them, which is none of its business */
	like.alert_id = (struct uuid) { 0 };
	for (int i = 4; i <= MANY; i++)
		add_former(y, &like, i);
	server_do(y->x->w->root, "UPDATE testbsx.outbox_index SET next_due = NOW(3) + INTERVAL 1 "
				 "DAY, fence = 7");
	drift_sql(y->x, "DELETE FROM testbsx.outbox_index WHERE id = (SELECT MIN(id) FROM"
			" %s.outbox)");
	drift_sql(y->x,
	    "DELETE FROM testbsx.outbox_index WHERE id IN (SELECT id FROM (SELECT id,"
	    " ROW_NUMBER() OVER (ORDER BY id) AS n FROM %s.outbox WHERE lane_id IS NULL)"
	    " r WHERE n % 3 = 1)");
	do {
		assert_ok(due_check_page(&d, y, &after, &back, &e));
		pages++;
	} while (after.b[0] != 0);
	assert_int_equal(pages, (MANY + 1) / DUE_ROWS + 1);
	assert_int_equal(back, 1 + (MANY - 3) / 3);
	assert_int_equal(drift_count(y->x, INDEXED " WHERE fence = 0 AND next_due <= NOW(3)"),
	    1 + (MANY - 3) / 3);
	assert_int_equal(drift_count(y->x, INDEXED " WHERE fence = 7 AND next_due > NOW(3)"),
	    MANY - 1 - (MANY - 3) / 3);
	back = 0;
	do {
		assert_ok(due_check_page(&d, y, &after, &back, &e));
	} while (after.b[0] != 0);
	assert_int_equal(back, 0);
}

#define DAEMON(f) cmocka_unit_test_setup_teardown(f, driftd_set_up, driftd_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		DAEMON(what_waited_before_lanes_goes_first_and_in_its_order),
		DAEMON(a_receiver_that_is_down_gets_them_in_order_too),
		DAEMON(what_is_taken_into_a_lane_on_its_way_is_followed),
		DAEMON(a_daemon_of_then_doubles_nothing_and_what_it_leaves_is_sent),
		DAEMON(what_the_index_has_lost_is_put_back_and_nothing_else),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("lanes of former messages", tests, NULL, NULL);
}
