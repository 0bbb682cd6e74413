/* Channels that are told the audit trail, against a receiver in this process: how much they are
 * told at once, since when they fail, and what is put back; and claims of every kind whose handling
 * fails. */
#include <string.h>

#include "core/auth/access.h"
#include "core/auth/audit.h"
#include "core/store/alert/audit_feed.h"
#include "core/store/alert/watch.h"
#include "drift/deliver/attempt.h"
#include "drift/deliver/feeding.h"
#include "drift/deliver/trail_batch.h"
#include "drift/run/deadline.h"
#include "drift/watch/watch.h"
#include "tests/store/drift_world.h"

/* ---- a clock, and a receiver that takes so many entries at once ---- */

static int64_t
wall(const struct clock *c)
{
	return c->set_ms;
}

static int64_t
mono(const struct clock *c)
{
	(void)c;
	return clock_ns(&clock_system);
}

static const struct clock_ops moved = { wall, mono };
static struct clock           now;

static struct {
	size_t   takes;
	size_t   refused, taken, largest; /* messages; entries of one that was taken */
	uint64_t seq;                     /* of the last entry that was taken */
} receiver;

static void
receive(const struct attempt *a, TALLOC_CTX *mem, struct verdict *out)
{
	const struct trail_batch *b = a->trail;

	(void)mem;
	*out = (struct verdict) { .fate = FATE_AGAIN, .retry_after_s = -1 };
	if (b->n > receiver.takes) {
		receiver.refused++;
		return;
	}
	out->fate = FATE_DELIVERED;
	receiver.taken++;
	if (b->n > receiver.largest)
		receiver.largest = b->n;
	for (size_t i = 0; i < b->n; i++) {
		assert_true(receiver.seq == 0 || b->entries[i].seq == receiver.seq + 1);
		receiver.seq = b->entries[i].seq;
	}
}

static bool
render(TALLOC_CTX *mem, const struct trail_batch *in, struct str *out, struct err *e)
{
	(void)mem;
	(void)in;
	(void)out;
	(void)e;
	return true;
}

static bool
never(void *arg)
{
	(void)arg;
	return false;
}

static const struct format_ops taken = {
	.has_channels = true,
	.action = "alert.deliver",
	.done = "alert delivered",
	.delays_s = delays_of_days,
	.send = receive,
	.render_trail = render,
};

static struct deliver sender;
static struct env     sender_env;
static struct auth    auth;

static void
look(struct drift_world *x)
{
	struct err e = { 0 };
	size_t     n;

	do
		assert_ok(watch_round(&auth, 50, &n, &e));
	while (n > 0);
	x->t = world_open(x->w, &x->w->a);
}

static int
set_up(void **state)
{
	static const struct format formats_here[] = { { "webhook", &taken, false },
		{ NULL, NULL, false } };
	struct drift_world        *x;
	struct err                 e = { 0 };

	if (drift_set_up(state) != 0)
		return 1;
	x = *state;
	now = (struct clock) { &moved, clock_ms(&clock_system) };
	x->env.keyring = x->w->env.keyring;
	x->env.clock = &now;
	auth = (struct auth) { .env = &x->env, .database = x->w->d };
	sender_env = x->w->env;
	sender_env.log = x->env.log;
	sender_env.clock = &now;
	sender = (struct deliver) { .env = &sender_env, .formats = formats_here, .self = 1 };
	sender.owner = uuid_make(&clock_system, &rand_system);
	sender.slots = channel_slots_make(&e);
	sender.database = database_make(NULL, &sender_env, &e);
	sender.auth = (struct auth) { .env = &sender_env, .database = sender.database };
	memset(&receiver, 0, sizeof(receiver));
	assert_ok(access_install_roles(x->t, x, x->env.rand, x->env.clock, &e));
	return sender.database == NULL || sender.slots == NULL;
}

static int
tear_down(void **state)
{
	database_close_all(sender.database);
	talloc_free(sender.database);
	return drift_tear_down(state);
}

static void
grow(struct drift_world *x, int n)
{
	const struct deed_by by = { .auth = &auth, .mem = x, .t = x->t };
	struct err           e = { 0 };

	for (int i = 0; i < n; i++) {
		struct audit_entry entry = { .action = AUDIT_CONFIG_UPDATE, .actor_name = "test" };

		assert_ok(audit_deed(&by, NULL, NULL, &entry, &e));
	}
}

/* A channel that is told the trail from its beginning. */
static void
told(struct drift_world *x)
{
	drift_channel(x, "https://127.0.0.1:1/x");
	drift_sql(x,
	    "INSERT INTO %s.audit_feeds (channel_id, chain, seq, made_at) SELECT id, 1, 0, "
	    "NOW(3) FROM %s.channels");
	drift_sql(x,
	    "INSERT INTO testbsx.audit_feeds (schema_name, channel_id, seq, due_at) SELECT "
	    "'%s', id, 0, NOW(3) FROM %s.channels");
}

static void
tell(struct drift_world *x)
{
	struct err e = { 0 };
	size_t     done;

	drift_sql(x, "UPDATE testbsx.audit_feeds SET due_at = NOW(3)");
	assert_ok(feeds_tell(&sender, never, NULL, &done, &e));
}

static void
tell_all(struct drift_world *x)
{
	const uint64_t head = (uint64_t)drift_count(x, "SELECT MAX(seq) FROM %s.audit");

	for (int i = 0; receiver.seq < head; i++) {
		assert_true(i < 50);
		tell(x);
	}
}

/* ---- how much at once ---- */

static void
a_receiver_of_few_entries_is_sent_more_once_an_hour_and_not_with_each_that_passes(void **state)
{
	struct drift_world *x = *state;

	told(x);
	grow(x, 500);
	receiver.takes = 60;
	tell_all(x);
	assert_true(receiver.taken >= 10);
	assert_int_equal(receiver.refused, 3); /* 200, 100, and 100 again behind the 50 that came */
	assert_int_equal(receiver.largest, 50);
	now.set_ms += 3599 * INT64_C(1000);
	grow(x, 60);
	tell_all(x);
	assert_int_equal(receiver.refused, 3);
	now.set_ms += 2000;
	grow(x, 260);
	tell_all(x);
	assert_int_equal(receiver.refused, 4);
	/* it takes more by now */
	receiver.takes = 1000;
	now.set_ms += 3601 * INT64_C(1000);
	grow(x, 400);
	tell_all(x);
	assert_int_equal(receiver.refused, 4);
	assert_int_equal(receiver.largest, 200);
}

static void
what_was_down_is_told_as_much_as_before_after_a_few_messages(void **state)
{
	struct drift_world *x = *state;

	told(x);
	grow(x, 500);
	for (int i = 0; i < 12; i++)
		tell(x);
	assert_int_equal(receiver.refused, 12);
	receiver.takes = 1000;
	tell_all(x);
	assert_int_equal(receiver.refused, 12);
	assert_true(receiver.taken <= 11); /* 1, 2, 4, ... 128, 200 and what is left */
}

/* ---- since when ---- */

#define OF_FEEDS "SELECT COUNT(*) FROM %s.alerts WHERE open_key LIKE 'own:feed:%%'"

static void
a_channel_that_fails_for_a_quarter_of_an_hour_is_told_of_however_seldom_it_is_tried(void **state)
{
	struct drift_world *x = *state;

	told(x);
	grow(x, 3);
	tell(x);
	look(x);
	now.set_ms += 898 * INT64_C(1000);
	tell(x);
	look(x);
	assert_int_equal(drift_count(x, OF_FEEDS), 0);
	now.set_ms += 2000;
	tell(x);
	look(x); /* what failed has marked it */
	assert_int_equal(drift_count(x, OF_FEEDS), 1);
	assert_int_equal(drift_count(x, "SELECT tries FROM %s.audit_feeds"), 3);
	receiver.takes = 1000;
	tell(x);
	look(x); /* and what came has */
	assert_int_equal(drift_count(x, OF_FEEDS " AND status = 'open'"), 0);
}

static void
one_that_was_idle_for_long_and_then_fails_once_or_is_paused_is_not_told_of(void **state)
{
	struct drift_world *x = *state;

	told(x);
	grow(x, 1);
	receiver.takes = 1000;
	tell(x);
	now.set_ms += 86400 * INT64_C(1000);
	receiver.takes = 0;
	grow(x, 1);
	tell(x);
	look(x);
	assert_int_equal(drift_count(x, OF_FEEDS), 0);
	drift_sql(x, "UPDATE %s.channels SET paused_at = NOW(3)");
	now.set_ms += 3600 * INT64_C(1000);
	grow(x, 1);
	look(x);
	assert_int_equal(drift_count(x, OF_FEEDS), 0);
}

/* ---- a row that is lost ---- */

#define KNOWN "SELECT COUNT(*) FROM testbsx.audit_feeds WHERE schema_name = '%s'"

static void
a_lost_row_of_the_control_schema_is_put_back_when_the_trail_grows(void **state)
{
	struct drift_world *x = *state;

	told(x);
	receiver.takes = 1000;
	grow(x, 3);
	tell_all(x);
	look(x);
	drift_sql(x, "DELETE FROM testbsx.audit_feeds");
	drift_sql(x, "UPDATE %s.channels SET paused_at = NOW(3)");
	grow(x, 1);
	look(x);
	assert_int_equal(drift_count(x, KNOWN), 0); /* it has its row when it goes on */
	drift_sql(x, "UPDATE %s.channels SET paused_at = NULL");
	grow(x, 1);
	look(x);
	assert_int_equal(drift_count(x, KNOWN), 1);
	tell_all(x);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM testbsx.audit_feeds f JOIN %s.audit_feeds t"
			   " ON t.channel_id = f.channel_id AND t.seq = f.seq"),
	    1);
}

/* ---- claims whose handling fails ---- */

static bool
handle_feeds(struct drift_world *x, struct err *e)
{
	size_t done;

	(void)x;
	return feeds_tell(&sender, never, NULL, &done, e);
}

static bool
handle_messages(struct drift_world *x, struct err *e)
{
	size_t done;

	(void)x;
	return deliver_due(&sender, never, NULL, &done, e);
}

static bool
handle_deadlines(struct drift_world *x, struct err *e)
{
	size_t done;

	return deadlines_due(x->d, sender.database, NULL, &sender.owner, &done, e);
}

static const struct {
	const char *table, *since, *made, *broken;
	bool (*handle)(struct drift_world *x, struct err *e);
} claims[] = {
	{ "audit_feeds", "behind_since", NULL, "RENAME TABLE %s.audit_feeds TO %s.audit_feeds_gone",
	    handle_feeds },
	{ "outbox_index", "next_due",
	    "INSERT INTO testbsx.outbox_index (id, schema_name, next_due, created_at)"
	    " VALUES (REPEAT('1', 16), '%s', NOW(3), NOW(3))",
	    "RENAME TABLE %s.outbox TO %s.outbox_gone", handle_messages },
	{ "schedules", "next_due",
	    "INSERT INTO testbsx.schedules (kind, ref, schema_name, next_due)"
	    " VALUES ('nonesuch', REPEAT('1', 16), '%s', NOW(3))",
	    NULL, handle_deadlines },
};

/* By the database's clock, whatever time it took. */
static void
assert_given_back(struct drift_world *x, const char *table, const char *since)
{
	const char *sql = talloc_asprintf(x,
	    "SELECT COUNT(*) FROM testbsx.%s WHERE lease_owner IS NULL AND lease_until IS NOT NULL"
	    " AND lease_until <= NOW(3) + INTERVAL LEAST(60, GREATEST(5, 1 + TIMESTAMPDIFF(SECOND,"
	    " %s, NOW(3)))) SECOND AND lease_until >= %s + INTERVAL 5 SECOND AND fence > 0",
	    table, since, since);

	if (drift_count(x, sql) != 1)
		fail_msg("%s", table);
}

static void
a_claim_whose_handling_fails_is_given_back_for_as_long_as_it_has_been_due(void **state)
{
	struct drift_world *x = *state;
	struct err          e = { 0 };

	told(x);
	grow(x, 1);
	drift_sql(x, "DELETE FROM testbsx.schedules");
	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		if (claims[i].made != NULL)
			drift_sql(x, claims[i].made);
		if (claims[i].broken != NULL)
			drift_sql(x, claims[i].broken);
		assert_ok(claims[i].handle(x, &e));
		assert_given_back(x, claims[i].table, claims[i].since);
		drift_sql(x,
		    talloc_asprintf(x,
			"UPDATE testbsx.%s SET %s = NOW(3) - INTERVAL 1 HOUR, lease_until = NULL",
			claims[i].table, claims[i].since));
		assert_ok(claims[i].handle(x, &e));
		assert_given_back(x, claims[i].table, claims[i].since);
		/* nobody has it until then */
		assert_ok(claims[i].handle(x, &e));
		assert_int_equal(drift_count(x, talloc_asprintf(x, "SELECT fence FROM testbsx.%s",
						    claims[i].table)),
		    2);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_receiver_of_few_entries_is_sent_more_once_an_hour_and_not_with_each_that_passes),
		T(what_was_down_is_told_as_much_as_before_after_a_few_messages),
		T(a_channel_that_fails_for_a_quarter_of_an_hour_is_told_of_however_seldom_it_is_tried),
		T(one_that_was_idle_for_long_and_then_fails_once_or_is_paused_is_not_told_of),
		T(a_lost_row_of_the_control_schema_is_put_back_when_the_trail_grows),
		T(a_claim_whose_handling_fails_is_given_back_for_as_long_as_it_has_been_due),
	};

	return cmocka_run_group_tests_name("feeds", tests, NULL, NULL);
}
