/* Entries of the audit trail that end by age, with the clock moved: what is left is verified as
 * before, and what a channel has not been told waits for it. */
#include <string.h>

#include "core/auth/audit.h"
#include "core/auth/audit_read.h"
#include "core/auth/audit_tree.h"
#include "core/auth/audit_verify.h"
#include "core/proof/check.h"
#include "core/store/identity/audit_end.h"
#include "drift/deliver/trail_end.h"
#include "tests/store/drift_world.h"

#define DAY     INT64_C(86400000)
#define KEEP    "{\"retention\":{\"audit_s\":7776000}}"
#define CHANNEL "REPEAT(CHAR(7), 16)"

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

struct trail {
	struct drift_world *x;
	struct clock        clock;
	struct auth         auth;
	struct deed_by      by;
};

static void
open_trail(struct drift_world *x, struct trail *y)
{
	y->x = x;
	y->clock = (struct clock) { &moved, clock_ms(&clock_system) };
	x->env.keyring = x->w->env.keyring;
	x->env.clock = &y->clock;
	y->auth = (struct auth) { .env = &x->env, .database = x->w->d };
	y->by = (struct deed_by) { .auth = &y->auth, .mem = x, .t = x->t };
}

static void
grow(struct trail *y, int n)
{
	struct err e = { 0 };

	for (int i = 0; i < n; i++) {
		struct audit_entry entry = { .action = AUDIT_CONFIG_UPDATE, .actor_name = "test" };

		assert_ok(audit_deed(&y->by, NULL, NULL, &entry, &e));
	}
}

static void
sign(struct trail *y)
{
	struct audit_point point;
	struct err         e = { 0 };

	assert_ok(audit_checkpoint_make(&y->by, AUDIT_TREE_STEP, &point, &e));
	assert_ok(
	    audit_due_done(y->x->w->d, y->by.t->tenant->schema_name, point.row.size, false, &e));
}

static void
settle(struct trail *y, const char *settings)
{
	drift_sql(
	    y->x, talloc_asprintf(y->x, "UPDATE testbsx.tenants SET settings = '%s'", settings));
	tenant_forget(y->x->w->d);
	y->x->t = y->by.t = world_open(y->x->w, &y->x->w->a);
}

static void
end(struct trail *y)
{
	struct err e = { 0 };

	assert_ok(trail_end(&y->auth, y->by.t, y->x, NULL, &e));
}

static int64_t
first(struct trail *y)
{
	return drift_count(y->x, "SELECT MIN(seq) FROM %s.audit");
}

static struct audit_verdict
verify(struct trail *y)
{
	const struct audit_part whole = { 0 };
	struct audit_verdict    v;
	struct err              e = { 0 };

	assert_ok(audit_verify(&y->by, &whole, NULL, &v, &e));
	assert_int_equal(v.fault, AUDIT_FITS);
	return v;
}

/* Ten entries, ten a hundred days later, all signed; *old: the last of the first ten. */
static void
two_ages(struct trail *y, int64_t *old)
{
	grow(y, 10);
	*old = drift_count(y->x, "SELECT MAX(seq) FROM %s.audit");
	y->clock.set_ms += 100 * DAY;
	grow(y, 10);
	sign(y);
}

static void
what_is_older_ends_behind_a_checkpoint_and_the_rest_is_verified(void **state)
{
	struct trail         y;
	struct audit_verdict v;
	int64_t              old, leaves;

	open_trail(*state, &y);
	grow(&y, 10);
	old = drift_count(y.x, "SELECT MAX(seq) FROM %s.audit");
	y.clock.set_ms += 100 * DAY;
	end(&y);
	assert_int_equal(first(&y), 1); /* nobody has said so */
	settle(&y, KEEP);
	end(&y);
	assert_int_equal(first(&y), 1); /* nothing is signed */
	grow(&y, 10);
	sign(&y);
	leaves = drift_count(y.x, "SELECT COUNT(*) FROM %s.audit_tree");
	end(&y);
	assert_int_equal(first(&y), old + 1);
	assert_int_equal(drift_count(y.x, "SELECT COUNT(*) FROM %s.audit_tree"), leaves);
	assert_int_equal(
	    drift_count(y.x, "SELECT JSON_VALUE(details, '$.upto') FROM %s.audit WHERE action = "
			     "'audit.end'"),
	    old);
	v = verify(&y);
	assert_int_equal(v.head.floor, old);
	assert_int_equal(v.kept_s, 7776000);
	sign(&y); /* the tree goes on */
	assert_int_equal(verify(&y).proven, v.head.seq);
	/* once a day, however often it is looked */
	y.clock.set_ms += DAY / 2;
	end(&y);
	assert_int_equal(
	    drift_count(y.x, "SELECT COUNT(*) FROM %s.audit WHERE action = 'audit.end'"), 1);
	y.clock.set_ms += 100 * DAY;
	end(&y);
	assert_true(first(&y) > old + 10);
	verify(&y);
}

/* Killed behind the floor: the next takes away what is left. */
static void
what_a_daemon_that_was_killed_has_left_is_taken_by_the_next(void **state)
{
	struct trail y;
	int64_t      old;

	open_trail(*state, &y);
	two_ages(&y, &old);
	settle(&y, KEEP);
	drift_sql(y.x,
	    talloc_asprintf(y.x, "UPDATE testbsx.audit_heads SET floor = %lld", (long long)old));
	verify(&y);
	end(&y);
	assert_int_equal(first(&y), old + 1);
	verify(&y);
}

/* The first of a trail is from a clock ten years ahead; so is the last, which is new. */
static void
an_entry_from_a_clock_far_ahead_ends_with_the_older_ones_behind_it_and_not_before(void **state)
{
	struct trail y;
	int64_t      old, new;

	open_trail(*state, &y);
	y.clock.set_ms += 3650 * DAY;
	grow(&y, 1);
	y.clock.set_ms -= 3650 * DAY;
	grow(&y, 9);
	old = drift_count(y.x, "SELECT MAX(seq) FROM %s.audit");
	y.clock.set_ms += 100 * DAY;
	settle(&y, KEEP);
	y.clock.set_ms += 3650 * DAY;
	grow(&y, 3);
	y.clock.set_ms -= 3650 * DAY;
	new = drift_count(y.x, "SELECT MAX(seq) FROM %s.audit");
	sign(&y);
	end(&y);
	assert_int_equal(first(&y), old + 1);
	assert_int_equal(
	    drift_count(y.x, "SELECT COUNT(*) FROM %s.audit WHERE action <> 'audit.end'"),
	    new - old);
	assert_int_equal(verify(&y).head.floor, old);
	/* one that was behind ends nothing that is before it */
	y.clock.set_ms -= 200 * DAY;
	grow(&y, 1);
	y.clock.set_ms += 200 * DAY;
	grow(&y, 1);
	sign(&y);
	end(&y);
	assert_int_equal(first(&y), old + 1);
}

static void
a_channel_that_has_not_had_it_holds_it_for_thirty_days_and_a_disabled_one_not(void **state)
{
	struct trail y;
	int64_t      old;

	open_trail(*state, &y);
	drift_sql(y.x,
	    "INSERT INTO %s.channels (id, name, kind, target, with_values, status, status_reason,"
	    " created_at, updated_at) VALUES (" CHANNEL ", 'siem', 'webhook', 'http://x', FALSE,"
	    " 'active', '', NOW(3), NOW(3))");
	drift_sql(y.x,
	    "INSERT INTO %s.audit_feeds (channel_id, chain, seq, made_at) VALUES (" CHANNEL
	    ", 1, 4, NOW(3))");
	two_ages(&y, &old);
	settle(&y, KEEP);
	end(&y);
	assert_int_equal(first(&y), 5);
	drift_sql(y.x, "UPDATE %s.audit_feeds SET seq = 7");
	end(&y);
	assert_int_equal(first(&y), 8);
	y.clock.set_ms += 21 * DAY; /* the first ten are 121 days old */
	end(&y);
	assert_int_equal(first(&y), old + 1);
	y.clock.set_ms += 80 * DAY;
	grow(&y, 1);
	sign(&y);
	drift_sql(y.x, "UPDATE %s.audit_feeds SET seq = 10");
	drift_sql(y.x, "UPDATE %s.channels SET status = 'disabled'");
	end(&y);
	assert_true(first(&y) > old + 10);
}

/* ---- the export ---- */

static struct proof_verdict
check_export(struct trail *y, const char *change)
{
	const struct audit_filter all = { 0 };
	struct audit_export       x = { .actor_name = "test" };
	struct proof_verdict      v;
	struct proof_check       *c;
	struct note_key          *keys;
	struct err                e = { 0 };
	struct buf                b;
	size_t                    n, before = 1;

	assert_ok(audit_keys(&y->by, 1, &keys, &n, &e));
	c = proof_check_make(y->x, keys, n);
	assert_ok(proof_check_note(c,
	    str_of(drift_text(
		y->x, y->x, "SELECT note FROM %s.audit_checkpoints ORDER BY size DESC LIMIT 1")),
	    &e));
	buf_make(&b, y->x);
	assert_ok(audit_export_begin(&y->by, &all, &x, &e));
	for (before = 1, b.n = 0; before != b.n;) {
		before = b.n;
		assert_ok(audit_export_lines(&y->by, &x, &b, &e));
	}
	for (struct str rest = buf_str(&b), line; rest.n > 0;) {
		const char *lf = memchr(rest.p, '\n', rest.n);

		line = (struct str) { rest.p, (size_t)(lf - rest.p) };
		rest = (struct str) { lf + 1, rest.n - line.n - 1 };
		if (change != NULL && memmem(line.p, line.n, change, strlen(change)) != NULL)
			continue;
		if (!proof_check_line(c, line, &e))
			break;
	}
	proof_check_end(c, &v);
	return v;
}

static bool
once_asked(void *arg)
{
	int *asked = arg;

	return ++*asked > 1;
}

/* The floor is above 500 rows that are deleted and more that are not: what is given out begins
 * behind it. */
static void
what_is_read_begins_behind_the_floor_also_before_all_of_it_is_deleted(void **state)
{
	const struct audit_filter all = { 0 };
	struct trail              y;
	struct proof_verdict      v;
	struct page               p = { .want = 5 };
	int                       asked = 0;
	const struct forget_stop  stop = { once_asked, &asked };
	struct audit_filter       oldest = { .oldest = true };
	struct audit_export       x = { .actor_name = "test" };
	struct err                e = { 0 };
	struct buf                b;
	int64_t                   old;

	open_trail(*state, &y);
	grow(&y, AUDIT_END_ROWS + 100);
	two_ages(&y, &old);
	assert_ok(audit_export_begin(&y.by, &all, &x, &e)); /* begun before anything ends */
	settle(&y, KEEP);
	assert_ok(trail_end(&y.auth, y.by.t, y.x, &stop, &e));
	assert_int_equal(first(&y), AUDIT_END_ROWS + 1); /* killed between */
	sign(&y);
	v = check_export(&y, NULL);
	assert_int_equal(v.fault, PROOF_FITS);
	assert_int_equal(v.after, old);
	assert_ok(audit_page(&y.by, &oldest, &p, &e));
	assert_int_equal(((const struct audit_row *)p.rows)->seq, old + 1);
	buf_make(&b, y.x);
	assert_ok(audit_export_lines(&y.by, &x, &b, &e));
	assert_true(strstr(b.p, "{\"error\":") == b.p && x.ended);
	/* nothing more ends before they are gone */
	y.clock.set_ms += 100 * DAY;
	sign(&y);
	asked = 1;
	assert_ok(trail_end(&y.auth, y.by.t, y.x, &stop, &e));
	assert_int_equal(first(&y), AUDIT_END_ROWS + 1);
	end(&y);
	assert_true(first(&y) > old + 10);
	verify(&y);
}

static void
an_export_of_what_is_left_proves_itself(void **state)
{
	struct trail         y;
	struct proof_verdict v;
	int64_t              old;

	open_trail(*state, &y);
	two_ages(&y, &old);
	settle(&y, KEEP);
	end(&y);
	sign(&y);
	v = check_export(&y, NULL);
	assert_int_equal(v.fault, PROOF_FITS);
	assert_int_equal(v.after, old);
	assert_true(v.proven > v.after);
	assert_int_not_equal(check_export(&y, "blindspotx-audit/1").fault, PROOF_FITS);
	assert_int_not_equal(check_export(&y, "audit.end").fault, PROOF_FITS);
}

#define T(f) cmocka_unit_test_setup_teardown(f, drift_set_up, drift_tear_down)
int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_older_ends_behind_a_checkpoint_and_the_rest_is_verified),
		T(what_a_daemon_that_was_killed_has_left_is_taken_by_the_next),
		T(an_entry_from_a_clock_far_ahead_ends_with_the_older_ones_behind_it_and_not_before),
		T(a_channel_that_has_not_had_it_holds_it_for_thirty_days_and_a_disabled_one_not),
		T(an_export_of_what_is_left_proves_itself),
		T(what_is_read_begins_behind_the_floor_also_before_all_of_it_is_deleted),
	};

	return cmocka_run_group_tests_name("trail_end", tests, NULL, NULL);
}
