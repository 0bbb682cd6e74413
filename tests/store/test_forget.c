/*
 * What is over goes, by the real driftd: all of it, nothing else, whoever does the same at the same
 * time or is killed.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "tests/store/driftd_world.h"

#define OLD    1203 /* of each kind: more than one statement takes */
#define YOUNG  3
#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* The first OLD of seq_1_to_N are an hour or a day beyond their time, the others have as much left.
 */
#define ROWS              " FROM %s.seq_1_to_1206"
#define ENDED(left, unit) "NOW(3) - INTERVAL IF(seq <= 1203, " left " + 1, " left " - 1) " unit
#define DAY(left)         "DATEDIFF(UTC_DATE(), '1970-01-01') - IF(seq <= 1203, " left " + 1, " left " - 1)"
#define ID                "UNHEX(MD5(seq))"
#define HASH              "UNHEX(SHA2(seq, 256))"

static const struct {
	const char *table, *fill;
} kinds[] = {
	{ "user_sessions",
	    "INSERT INTO %s.user_sessions (id, user_id, auth_time, aal, provider, idle_end,"
	    " absolute_end, address, user_agent, last_seen, created_at) SELECT " ID ", " ID
	    ", NOW(3), 1, 'password', NOW(3), " ENDED(
		"30", "DAY") ", '', '', NOW(3), NOW(3)" ROWS },
	{ "login_transactions",
	    "INSERT INTO %s.login_transactions (id, token_hash, user_id, user_epoch, provider,"
	    " in_body, created_at, expires_at) SELECT " ID ", " HASH ", " ID
	    ", 0, 'password', 0, NOW(3), " ENDED("24", "HOUR") ROWS },
	{ "mail_tokens",
	    "INSERT INTO %s.mail_tokens (id, user_id, purpose, email, token_hash, created_at,"
	    " expires_at) SELECT " ID ", " ID ", 'invite', '', " HASH
	    ", NOW(3), " ENDED("72", "HOUR") ROWS },
	{ "oidc_marks", "INSERT INTO %s.oidc_marks (id, expires_at) SELECT " HASH
			", " ENDED("0", "HOUR") ROWS },
	{ "alert_answers",
	    "INSERT INTO %s.alert_answers (id, alert_id, deed, name, used_at, expires_at) "
	    "SELECT " ID ", " ID ", 'resolve', '', NOW(3), " ENDED("1", "HOUR") ROWS },
	{ "idempotency",
	    "INSERT INTO %s.idempotency (actor_id, kind, `key`, body_mac, made_id, created_at)"
	    " SELECT " ID ", 'user', seq, " HASH ", " ID ", " ENDED("24", "HOUR") ROWS },
	{ "masked_changes",
	    "INSERT INTO %s.masked_changes (actor, place, config_id, day, changes, last) SELECT " ID
	    ", " HASH ", " ID ", " DAY("7") ", 1, " HASH ROWS },
	{ "drift_daily",
	    "INSERT INTO %s.drift_daily (kind, day, config_id, name, category, label, changes,"
	    " findings) SELECT ELT(1 + seq MOD 3, 'severity', 'rule', 'resource'), " DAY(
		"400") ", " ID ", " ID ", '', '', 1, 1" ROWS },
};

static int64_t
rows_of(struct daemon_world *y, const char *table)
{
	char sql[100];

	snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM %%s.%s", table);
	return drift_count(y->x, sql);
}

static void
fill(struct daemon_world *y)
{
	for (size_t i = 0; i < LEN(kinds); i++) {
		drift_sql(y->x, kinds[i].fill);
		assert_int_equal(rows_of(y, kinds[i].table), OLD + YOUNG);
	}
}

static void
only_young_ones_are_left(struct daemon_world *y)
{
	for (size_t i = 0; i < LEN(kinds); i++)
		if (rows_of(y, kinds[i].table) != YOUNG)
			fail_msg("%s has %lld rows", kinds[i].table,
			    (long long)rows_of(y, kinds[i].table));
}

static void
ends_well(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
what_is_over_goes_and_what_is_not_stays(void **state)
{
	struct daemon_world *y = *state;

	fill(y);
	ends_well(driftd_run(y, "--once"));
	only_young_ones_are_left(y);
	ends_well(driftd_run(y, "--once"));
	only_young_ones_are_left(y);
}

static void
daemons_that_do_so_at_the_same_time_are_not_in_each_others_way(void **state)
{
	struct daemon_world *y = *state;
	pid_t                pids[3];

	fill(y);
	for (size_t i = 0; i < LEN(pids); i++)
		pids[i] = driftd_run(y, "--once");
	for (size_t i = 0; i < LEN(pids); i++)
		ends_well(pids[i]);
	only_young_ones_are_left(y);
}

static void
one_that_is_killed_in_between_leaves_the_rest_to_the_next(void **state)
{
	struct daemon_world *y = *state;
	const char          *last = kinds[LEN(kinds) - 1].table;
	int64_t              left;

	fill(y);
	driftd_start(y);
	do
		left = rows_of(y, kinds[0].table);
	while (left == OLD + YOUNG);
	driftd_end(y, SIGKILL);
	print_message("killed with %lld of the first kind and %lld of the last there\n",
	    (long long)left, (long long)rows_of(y, last));
	assert_true((OLD + YOUNG - left) % 500 == 0 || left == YOUNG);
	ends_well(driftd_run(y, "--once"));
	only_young_ones_are_left(y);
}

static void
a_tenant_that_is_suspended_is_not_left_out(void **state)
{
	struct daemon_world *y = *state;

	fill(y);
	server_do(y->x->w->root, "UPDATE testbsx.tenants SET status = 'suspended'");
	ends_well(driftd_run(y, "--once"));
	only_young_ones_are_left(y);
}

/* Not of forgetting alone: what went is no longer counted as stored. */
static void
what_is_stored_is_counted_anew_in_pages(void **state)
{
	struct daemon_world *y = *state;

	drift_sql(y->x, "INSERT INTO %s.contents (address, chunk, size, body) SELECT " HASH
			", 0, 1000, REPEAT('x', 100 + seq MOD 7) FROM %s.seq_1_to_4500");
	drift_sql(y->x, "INSERT INTO %s.contents (address, chunk, size, body) SELECT " HASH
			", 1, 1000, REPEAT('y', 50) FROM %s.seq_1_to_4500 WHERE seq MOD 10 = 0");
	drift_sql(y->x, "UPDATE %s.tenant_usage SET used = 123456789 WHERE name = 'storage_bytes'");
	ends_well(driftd_run(y, "--once"));
	assert_int_equal(
	    drift_count(y->x, "SELECT used - (SELECT SUM(LENGTH(body)) FROM %s.contents)"
			      " - (SELECT IFNULL(SUM(LENGTH(path) + LENGTH(canonical_path)"
			      " + IFNULL(LENGTH(old_value), 0) + IFNULL(LENGTH(new_value), 0)), 0)"
			      " FROM %s.drift_changes) FROM %s.tenant_usage"
			      " WHERE name = 'storage_bytes' AND counted_at IS NOT NULL"),
	    drift_count(y->x, "SELECT IFNULL(SUM(LENGTH(details)), 0) FROM %s.audit"));
	drift_sql(y->x, "DELETE FROM %s.contents");
	ends_well(driftd_run(y, "--once")); /* it was counted a moment ago */
	assert_true(drift_count(y->x, "SELECT used FROM %s.tenant_usage"
				      " WHERE name = 'storage_bytes'") > 450000);
	drift_sql(y->x, "UPDATE %s.tenant_usage SET counted_at = NOW(3) - INTERVAL 25 HOUR");
	ends_well(driftd_run(y, "--once"));
	assert_true(drift_count(y->x, "SELECT used FROM %s.tenant_usage"
				      " WHERE name = 'storage_bytes'") < 450000);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, driftd_set_up, driftd_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_over_goes_and_what_is_not_stays),
		TEST(daemons_that_do_so_at_the_same_time_are_not_in_each_others_way),
		TEST(one_that_is_killed_in_between_leaves_the_rest_to_the_next),
		TEST(a_tenant_that_is_suspended_is_not_left_out),
		TEST(what_is_stored_is_counted_anew_in_pages),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("forget", tests, NULL, NULL);
}
