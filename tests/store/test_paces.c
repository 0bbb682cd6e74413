/* A channel is told no faster than its rate: what waits is told together, and nothing is lost,
 * doubled or out of order by it, whatever the receiver does and whoever is killed. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/store/alert/outbox.h"
#include "core/store/tx.h"
#include "drift/alert/alerting.h"
#include "tests/store/driftd_world.h"

#define STORM 300

static const char *const severities[] = { "critical", "low", "high", "medium", "info" };

/* ---- alerts, as reports tell them ---- */

struct raising {
	struct daemon_world *y;
	struct uuid          channel;
	struct alert        *alerts;
	size_t               n, next;
	const char          *event;
};

static bool
raise_some(struct db *db, void *arg, struct err *e)
{
	struct raising     *r = arg;
	struct alert_target target = { .channel_id = r->channel, .repeat_min_s = 300 };
	TALLOC_CTX         *mem = talloc_new(r->y);
	struct alert_scope  s = { .env = &r->y->x->env,
		 .t = r->y->x->t,
		 .mem = mem,
		 .targets = &target,
		 .targets_n = 1 };
	bool                ok = true;

	for (size_t i = r->next; ok && i < r->n && i < r->next + 50; i++) {
		struct alert     *a = &r->alerts[i];
		struct alert_news news = {
			.event = r->event,
			.alert = a,
			.is_new = strcmp(r->event, EVENT_OPENED) == 0,
		};

		ok = (news.is_new ? alert_add(db, a, e) : alert_write(db, a, e)) &&
		     alerting_tell(&s, &news, NULL, e);
	}
	talloc_free(mem);
	return ok;
}

static void
tell_all(struct raising *r)
{
	struct tx  tx = { "storm", raise_some, r, NULL, NULL };
	struct err e = { 0 };

	for (r->next = 0; r->next < r->n; r->next += 50)
		assert_ok(tx_run(r->y->x->t->db, &tx, &e));
}

static struct raising
raise_storm(struct daemon_world *y, const struct uuid *channel, size_t n)
{
	struct raising r = { .y = y, .channel = *channel, .n = n, .event = EVENT_OPENED };

	r.alerts = talloc_zero_array(y, struct alert, (unsigned)n);
	for (size_t i = 0; i < n; i++) {
		struct uuid id = uuid_make(y->x->env.clock, y->x->env.rand);
		char        text[UUID_TEXT_MAX];
		instant     now = { clock_ms(y->x->env.clock) };

		uuid_print(&id, text);
		r.alerts[i] = (struct alert) {
			.id = id,
			.kind = talloc_strdup(r.alerts, "drift"),
			.severity = talloc_strdup(r.alerts, severities[i % 5]),
			.title = talloc_asprintf(r.alerts, "storm %zu", i),
			.status = talloc_strdup(r.alerts, "open"),
			.opened_at = now,
			.updated_at = now,
			.open_key = talloc_asprintf(r.alerts, "storm:%s", text + 24),
			.version = 1,
		};
	}
	tell_all(&r);
	return r;
}

static struct uuid
make_channel(struct daemon_world *y, int port, const char *set)
{
	char        url[80];
	struct uuid c;

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", port);
	c = drift_channel(y->x, url);
	drift_sql(y->x, set);
	return c;
}

static void
due(struct daemon_world *y)
{
	server_do(y->x->w->root, "UPDATE testbsx.outbox_index SET next_due = NOW(3)");
}

/* ---- what arrives ---- */

struct arrived {
	char    ids[200][80];
	size_t  ids_n; /* messages, each once */
	int64_t alerts;
	size_t  summaries, hits;
	bool    killed; /* with answers that were not recorded yet */
};

static int64_t
number_in(const char *body, const char *member)
{
	const char *p = strstr(body, member);

	return p == NULL ? -1 : atoll(p + strlen(member));
}

static bool
is_summary(const struct hit *h)
{
	return strstr(h->body, "\"drift.alerts.summary\"") != NULL;
}

/* One that is taken; a repeat is the same message, and there is none where nobody was killed. */
static void
note(struct arrived *a, const struct hit *h)
{
	for (size_t i = 0; i < a->ids_n; i++) {
		if (strcmp(a->ids[i], h->id) != 0)
			continue;
		assert_true(a->killed);
		return;
	}
	assert_true(a->ids_n < 200);
	memcpy(a->ids[a->ids_n++], h->id, sizeof(h->id));
	a->alerts += is_summary(h) ? number_in(h->body, "\"alerts_total\":") : 1;
	a->summaries += is_summary(h);
}

/* Each message of an alert has arrived once, in a message that the receiver took.  Where a daemon
 * was killed, it may have taken one whose alert was told by another then. */
static void
check_log(struct daemon_world *y, const struct arrived *a, int64_t messages)
{
	struct drift_world *x = y->x;
	int64_t             found = 0;

	driftd_wait_count(y, "SELECT COUNT(*) FROM %s.outbox WHERE state = 'pending'", 0);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.outbox WHERE alert_id IS NOT NULL"
					" AND state = 'delivered'"),
	    messages);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.deliveries d JOIN %s.outbox o"
					" ON o.id = d.outbox_id WHERE o.alert_id IS NOT NULL"
					" AND d.outcome = 'delivered'"),
	    messages);
	for (size_t i = 0; i < a->ids_n; i++) {
		char sql[300];

		snprintf(sql, sizeof(sql),
		    "SELECT COUNT(*) > 0 FROM %%s.deliveries WHERE outcome = 'delivered'"
		    " AND wire_id = UNHEX(REPLACE('%s', '-', ''))",
		    a->ids[i] + strlen("msg_"));
		found += drift_count(x, sql);
	}
	assert_int_equal(drift_count(x, "SELECT COUNT(DISTINCT wire_id) FROM %s.deliveries"
					" WHERE outcome = 'delivered'"),
	    found);
	assert_true(a->killed || found == (int64_t)a->ids_n);
	assert_int_equal(
	    drift_count(x, "SELECT COALESCE(SUM(sent), 0) FROM %s.alert_lanes"), messages);
	due(y);
	driftd_wait_count(y, "SELECT COUNT(*) FROM testbsx.outbox_index", 0);
}

static void
a_storm_is_told_by_a_handful_of_messages_that_say_so(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c =
	    make_channel(y, port, "UPDATE %s.channels SET rate_per_minute = 60, rate_burst = 3");
	struct arrived a = { 0 };
	struct hit     h;

	raise_storm(y, &c, STORM);
	driftd_start(y);
	while (a.alerts < STORM) {
		assert_true(receiver_take(fd, &h, WAIT_MS));
		assert_true(receiver_signature_holds(&h));
		receiver_answer(&h, "204 No Content", "");
		note(&a, &h);
		if (!is_summary(&h))
			continue;
		assert_int_equal(number_in(h.body, "\"resolved\":"), 0);
		assert_non_null(strstr(h.body, "\"by_severity\":{\"critical\":"));
		assert_non_null(strstr(h.body, "\"reason\":\"rate\",\"alerts\":[{\"id\":"));
		assert_non_null(strstr(h.body, "/api/drift/alerts\""));
	}
	assert_int_equal(a.alerts, STORM);
	assert_in_range(a.ids_n, 4, 10);
	assert_in_range(a.summaries, 1, 7);
	check_log(y, &a, STORM);
	close(fd);
}

/* Refused, broken off, told to wait: all of it takes turns, and ends with everything told once. */
static void
answer_badly(struct hit *h, size_t i)
{
	static const struct linger reset = { 1, 0 };

	if (i % 3 == 0) {
		receiver_answer(h, "429 Too Many Requests", "Retry-After: 1\r\n");
	} else if (i % 3 == 1) {
		receiver_answer(h, "500 No", "");
	} else {
		setsockopt(h->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(h->fd);
	}
}

/* What was taken, and not yet recorded when the daemon was killed, comes once more. */
static void
take_repeats(struct daemon_world *y, int fd, struct arrived *a)
{
	struct hit h;

	while (drift_count(y->x, "SELECT COUNT(*) FROM %s.outbox WHERE state = 'pending'") > 0) {
		due(y);
		if (!receiver_take(fd, &h, 500))
			continue;
		receiver_answer(&h, "204 No Content", "");
		note(a, &h);
	}
}

static void
a_receiver_in_trouble_and_a_killed_daemon_lose_nothing(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c =
	    make_channel(y, port, "UPDATE %s.channels SET rate_per_minute = 120, rate_burst = 4");
	struct arrived a = { 0 };
	struct hit     h;
	int64_t        began = driftd_now_ms();

	raise_storm(y, &c, STORM);
	driftd_start(y);
	while (a.alerts < STORM) {
		if (!receiver_take(fd, &h, 500)) {
			due(y);
			continue;
		}
		a.hits++;
		if (a.hits % 5 == 4) { /* with one on its way */
			driftd_end(y, SIGKILL);
			close(h.fd);
			a.killed = true;
			server_do(
			    y->x->w->root, "UPDATE testbsx.outbox_index SET lease_until = NOW(3)");
			driftd_start(y);
		} else if (a.hits % 2 == 1) {
			answer_badly(&h, a.hits / 2);
		} else {
			receiver_answer(&h, "204 No Content", "");
			note(&a, &h);
		}
		due(y);
	}
	assert_true((int64_t)a.hits <= 4 + 1 + (driftd_now_ms() - began) / 500);
	assert_true(a.summaries > 0);
	take_repeats(y, fd, &a);
	assert_true(a.alerts >= STORM);
	check_log(y, &a, STORM);
	close(fd);
}

/* As if a minute had gone by since somebody has come to wait. */
static void
pass_a_minute(struct daemon_world *y)
{
	driftd_wait_count(y, "SELECT COUNT(*) FROM %s.channel_paces WHERE held_until > NOW(3)", 1);
	drift_sql(y->x, "UPDATE %s.channel_paces SET next_at = NOW(3), held_until = NOW(3)");
	due(y);
}

static void
what_comes_of_an_alert_follows_the_message_that_tells_it(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c =
	    make_channel(y, port, "UPDATE %s.channels SET rate_per_minute = 1, rate_burst = 1");
	struct raising r = raise_storm(y, &c, 20);
	struct arrived a = { 0 };
	struct hit     single, told, ends;

	driftd_start(y);
	assert_true(receiver_take(fd, &single, WAIT_MS));
	receiver_answer(&single, "204 No Content", "");
	note(&a, &single);
	pass_a_minute(y);
	assert_true(receiver_take(fd, &told, WAIT_MS));
	note(&a, &told);
	assert_int_equal(number_in(told.body, "\"alerts_total\":"), 19);

	/* All are over while that is on its way: nobody hears it before. */
	r.event = EVENT_RESOLVED;
	for (size_t i = 0; i < r.n; i++) {
		r.alerts[i].status = talloc_strdup(r.alerts, "resolved");
		r.alerts[i].open_key = NULL;
	}
	tell_all(&r);
	due(y);
	assert_false(receiver_take(fd, &ends, 300));
	receiver_answer(&told, "204 No Content", "");
	driftd_wait_count(y, "SELECT COUNT(*) FROM %s.deliveries", 1 + 1 + 19);
	due(y);
	pass_a_minute(y);
	assert_true(receiver_take(fd, &ends, WAIT_MS));
	receiver_answer(&ends, "204 No Content", "");
	note(&a, &ends);
	assert_int_equal(number_in(ends.body, "\"resolved\":"), 20);
	assert_non_null(strstr(ends.body, "\"by_severity\":{}"));
	check_log(y, &a, 40);
	close(fd);
}

static void
a_kind_that_tells_each_only_waits(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c = make_channel(y, port,
		     "UPDATE %s.channels SET kind = 'template', secret = NULL,"
			      " template = '{\"t\":\"%alert.title%\"}',"
			      " rate_per_minute = 1200, rate_burst = 2");
	int64_t              began = driftd_now_ms();
	struct hit           h;

	raise_storm(y, &c, 12);
	driftd_start(y);
	for (int i = 0; i < 12; i++) {
		assert_true(receiver_take(fd, &h, WAIT_MS));
		assert_non_null(strstr(h.body, "{\"t\":\"storm "));
		receiver_answer(&h, "204 No Content", "");
	}
	assert_true(driftd_now_ms() - began >= 10 * 50);
	driftd_wait_count(y, "SELECT COUNT(*) FROM testbsx.outbox_index", 0);
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.outbox WHERE told_in IS NOT NULL"), 0);
	close(fd);
}

/* Its other alerts wait as well, and nobody's clock but the database's says for how long. */
static void
a_receiver_that_wants_to_be_left_alone_is_without_a_rate_too(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c = make_channel(
		     y, port, "UPDATE %s.channels SET rate_per_minute = NULL, rate_burst = NULL");
	struct hit h;

	raise_storm(y, &c, 1);
	driftd_start(y);
	assert_true(receiver_take(fd, &h, WAIT_MS));
	receiver_answer(&h, "429 Too Many Requests", "Retry-After: 60\r\n");
	driftd_wait_count(y, "SELECT COUNT(*) FROM %s.channel_paces WHERE next_at > NOW(3)", 1);
	raise_storm(y, &c, 2);
	due(y);
	driftd_wait_count(y,
	    "SELECT COUNT(*) FROM testbsx.outbox_index WHERE next_due > NOW(3) + INTERVAL 30 "
	    "SECOND",
	    3);
	assert_false(receiver_take(fd, &h, 200));
	drift_sql(y->x, "UPDATE %s.channel_paces SET next_at = NOW(3)");
	due(y);
	for (int i = 0; i < 3; i++) {
		assert_true(receiver_take(fd, &h, WAIT_MS));
		receiver_answer(&h, "204 No Content", "");
	}
	driftd_wait_count(y, "SELECT COUNT(*) FROM testbsx.outbox_index", 0);
	close(fd);
}

/* ---- groups of a route ---- */

#define ROUTE "019ace5f-4c7b-7000-8000-0000000000aa"

/* To the one channel, all alerts as one group. */
static void
make_route(struct daemon_world *y)
{
	drift_sql(y->x,
	    "UPDATE %s.alert_routing SET version = version + 1, routes = (SELECT CONCAT("
	    "'{\"routes\":[{\"id\":\"" ROUTE "\",\"name\":\"all\",\"channels\":[\"', c.id,"
	    " '\"],\"group_by\":[\"all\"],\"group_wait_s\":3600,"
	    "\"created_at\":\"2026-11-30T00:00:00.000Z\","
	    "\"updated_at\":\"2026-11-30T00:00:00.000Z\"}]}') FROM (SELECT LOWER(CONCAT_WS('-',"
	    " SUBSTR(HEX(id), 1, 8), SUBSTR(HEX(id), 9, 4), SUBSTR(HEX(id), 13, 4),"
	    " SUBSTR(HEX(id), 17, 4), SUBSTR(HEX(id), 21))) AS id FROM %s.channels) c)");
}

static int64_t
waiting(struct daemon_world *y)
{
	return drift_count(y->x,
	    "SELECT COUNT(*) FROM %s.outbox WHERE group_id IS NOT NULL AND lane_id IS NOT NULL");
}

static int64_t
pending(struct daemon_world *y)
{
	return drift_count(y->x, "SELECT COUNT(*) FROM %s.outbox WHERE state = 'pending'");
}

/* Its daemon is killed as it makes the message of them, and as that is on its way. */
static void
a_group_is_told_once_by_one_message_whoever_is_killed(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c = make_channel(
		     y, port, "UPDATE %s.channels SET rate_per_minute = 6000, rate_burst = 100");
	struct arrived a = { 0 };
	struct hit     h;

	make_route(y);
	for (int round = 0; round < 4; round++) {
		raise_storm(y, &c, 40);
		assert_int_equal(waiting(y), 40);
		driftd_start(y); /* a critical one is among them: they are due */
		driftd_pause_ms(40 + round * 120);
		driftd_end(y, SIGKILL);
		server_do(y->x->w->root,
		    "UPDATE testbsx.schedules SET lease_until = NULL, lease_owner = NULL");
		server_do(y->x->w->root,
		    "UPDATE testbsx.outbox_index SET lease_until = NULL,"
		    " next_due = NOW(3) WHERE next_due < NOW(3) + INTERVAL 5 SECOND");
		driftd_start(y);
		for (int tries = 0; a.alerts < 40 * (round + 1) || pending(y) > 0; tries++) {
			assert_true(tries < 60);
			if (!receiver_take(fd, &h, 300))
				continue;
			assert_true(is_summary(&h));
			assert_non_null(strstr(h.body, "\"reason\":\"group\",\"route\":\"all\""));
			assert_int_equal(number_in(h.body, "\"alerts_total\":"), 40);
			receiver_answer(&h, "204 No Content", "");
			if (a.ids_n == 0 || strcmp(a.ids[a.ids_n - 1], h.id) != 0)
				note(&a, &h); /* else it was on its way already */
		}
		driftd_end(y, SIGKILL);
		drift_sql(y->x, "UPDATE %s.alert_groups SET told_at = NOW(3) - INTERVAL 1 HOUR");
	}
	assert_int_equal(a.summaries, 4);
	driftd_start(y);
	check_log(y, &a, 160);
	close(fd);
}

/* A program that knows no groups, or a row that was lost. */
static void
what_waits_for_a_group_that_is_lost_goes_alone(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c = make_channel(
		     y, port, "UPDATE %s.channels SET rate_per_minute = 6000, rate_burst = 100");
	struct hit h;

	make_route(y);
	raise_storm(y, &c, 3);
	server_do(y->x->w->root, "DELETE FROM testbsx.schedules WHERE kind = 'group'");
	driftd_start(y);
	assert_false(receiver_take(fd, &h, 200));
	due(y);
	for (int i = 0; i < 3; i++) {
		assert_true(receiver_take(fd, &h, WAIT_MS));
		assert_false(is_summary(&h));
		receiver_answer(&h, "204 No Content", "");
	}
	driftd_wait_count(y, "SELECT COUNT(*) FROM %s.outbox WHERE state = 'pending'", 0);
	close(fd);
}

/* ---- tenants take turns ---- */

static void
what_one_tenant_has_very_much_of_keeps_no_other_waiting(void **state)
{
	struct daemon_world *y = *state;
	struct db           *control = database_control(y->x->w->d);
	struct claim_turn    turn = { 0 };
	struct claim        *rows;
	size_t               n = 1, seen = 0;
	struct err           e = { 0 };

	server_do(y->x->w->root,
	    "INSERT INTO testbsx.outbox_index (id, schema_name, next_due, created_at)"
	    " SELECT UNHEX(MD5(seq)), IF(seq <= 28800, 'storm', CONCAT('tenant', seq)),"
	    " NOW(3) - INTERVAL IF(seq <= 28800, 3600, 1) SECOND, NOW(3) FROM "
	    "testbsx.seq_1_to_28820");
	for (int round = 0; round < 3; round++) {
		assert_ok(claim_due(control, y, &turn, 16, &rows, &n, &e));
		assert_in_range(n, 1, 16 + CLAIM_TENANTS);
		for (size_t i = 0; i < n; i++)
			seen += strcmp(rows[i].schema_name, "storm") != 0;
	}
	assert_int_equal(seen, 20); /* each once: all twenty-one have had their turn */

	/* all that is left is on its way: it is looked for once */
	server_do(y->x->w->root,
	    "UPDATE testbsx.outbox_index SET lease_until = NOW(3) + INTERVAL 1 HOUR");
	assert_ok(claim_due(control, y, &turn, 16, &rows, &n, &e));
	assert_int_equal(n, 0);
	server_do(y->x->w->root, "DELETE FROM testbsx.outbox_index");
}

int
main(void)
{
#define ONE(f) cmocka_unit_test_setup_teardown(f, driftd_set_up, driftd_tear_down)
	const struct CMUnitTest tests[] = {
		ONE(a_storm_is_told_by_a_handful_of_messages_that_say_so),
		ONE(a_receiver_in_trouble_and_a_killed_daemon_lose_nothing),
		ONE(what_comes_of_an_alert_follows_the_message_that_tells_it),
		ONE(a_kind_that_tells_each_only_waits),
		ONE(a_receiver_that_wants_to_be_left_alone_is_without_a_rate_too),
		ONE(a_group_is_told_once_by_one_message_whoever_is_killed),
		ONE(what_waits_for_a_group_that_is_lost_goes_alone),
		ONE(what_one_tenant_has_very_much_of_keeps_no_other_waiting),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("paces", tests, NULL, NULL);
}
