#include "tests/store/server.h"

#include <errmsg.h>
#include <mysqld_error.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/store/db_priv.h"
#include "core/store/tx.h"

#define SCHEMA_NAME "testtx"

struct row {
	struct uuid id;
	int64_t     n;
};
static const struct field row_fields[] = {
	FIELD(struct row, id, .doc = ""),
	FIELD(struct row, n, .doc = ""),
	FIELD_END,
};
static const struct schema row_schema = SCHEMA("Row", struct row, row_fields);

struct key {
	struct uuid id;
};
static const struct field key_fields[] = {
	FIELD(struct key, id, .doc = ""),
	FIELD_END,
};
static const struct schema key_schema = SCHEMA("Key", struct key, key_fields);

struct count {
	int64_t n;
};
static const struct field count_fields[] = {
	FIELD(struct count, n, .doc = ""),
	FIELD_END,
};
static const struct schema count_schema = SCHEMA("Count", struct count, count_fields);

SQL(row_add, SQL_TENANT, &row_schema, NULL, "INSERT INTO deeds (id, n) VALUES (:id, :n)");
SQL(row_mark, SQL_TENANT, &key_schema, &row_schema, "SELECT id, n FROM deeds WHERE id = :id");
SQL(row_count, SQL_TENANT, NULL, &count_schema, "SELECT COUNT(*) AS n FROM deeds");
SQL(cell_first, SQL_TENANT, NULL, NULL, "UPDATE cells SET n = n + 1 WHERE id = 1");
SQL(cell_second, SQL_TENANT, NULL, NULL, "UPDATE cells SET n = n + 1 WHERE id = 2");
SQL(cell_sum, SQL_TENANT, NULL, &count_schema, "SELECT CAST(SUM(n) AS SIGNED) AS n FROM cells");

struct state {
	struct db *root, *db;
	struct row row;
	int        tries;
	int        kill_at;  /* the connection is killed in the body of this try */
	bool       careless; /* the body goes on after a failure */
};

static int
set_up(void **state)
{
	struct state *s = talloc_zero(NULL, struct state);

	s->root = server_db(s, NULL);
	server_schema(s->root, SCHEMA_NAME);
	server_do(s->root,
	    "CREATE TABLE " SCHEMA_NAME ".deeds (id BINARY(16) PRIMARY KEY, n BIGINT NOT NULL)");
	server_do(
	    s->root, "CREATE TABLE " SCHEMA_NAME ".cells (id INT PRIMARY KEY, n BIGINT NOT NULL)");
	server_do(s->root, "INSERT INTO " SCHEMA_NAME ".cells VALUES (1, 0), (2, 0)");
	s->db = server_db(s, SCHEMA_NAME);
	s->row = (struct row) { uuid_make(&clock_system, &rand_system), 1 };
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	talloc_free(*state);
	return 0;
}

static int64_t
rows(struct state *s)
{
	struct err   e = { 0 };
	struct db   *db = server_db(s, SCHEMA_NAME);
	struct count c;

	assert_ok(db_one(db, s, &row_count, NULL, &c, &e));
	talloc_free(db);
	return c.n;
}

/* ---- bodies ---- */

static bool
add_two(struct db *db, void *arg, struct err *e)
{
	struct state *s = arg;
	struct row    second = { uuid_make(&clock_system, &rand_system), 2 };
	bool          ok;

	assert_true(tx_open(db));
	s->tries++;
	if (!db_run(db, &row_add, &s->row, NULL, e))
		return false;
	if (s->tries <= s->kill_at)
		server_do(s->root, "KILL %llu", (unsigned long long)server_connection_id(db));
	ok = db_run(db, &row_add, &second, NULL, e);
	if (!ok && s->careless) {
		struct err ignored = { 0 };

		assert_false(
		    db_run(db, &row_add, &second, NULL, &ignored)); /* must not commit by itself */
		return true;
	}
	return ok;
}

static bool
add_and_fail(struct db *db, void *arg, struct err *e)
{
	struct state *s = arg;

	s->tries++;
	return db_run(db, &row_add, &s->row, NULL, e) &&
	       err_set(e, ERR_INVALID, 0, "no", "the body does not want to");
}

static bool
add_and_again(struct db *db, void *arg, struct err *e)
{
	struct state *s = arg;

	return db_run(db, &row_add, &s->row, NULL, e) && (++s->tries > s->kill_at || tx_again(e));
}

static bool
fail_silently(struct db *db, void *arg, struct err *e)
{
	(void)db;
	(void)arg;
	(void)e;
	return false;
}

static struct tx
deed(struct state *s, tx_fn *body)
{
	return (struct tx) { "deed", body, s, &row_mark, &s->row.id };
}

/* ---- tests ---- */

static void
all_of_a_deed_or_nothing(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };
	struct tx     t = deed(s, add_two);

	assert_ok(tx_run(s->db, &t, &e));
	assert_false(tx_open(s->db));
	assert_int_equal(rows(s), 2);
	t.body = add_and_fail;
	s->row.id.b[15] ^= 1;
	assert_fails(tx_run(s->db, &t, &e), ERR_INVALID);
	assert_int_equal(s->tries, 2); /* a refusal is not repeated */
	assert_false(tx_open(s->db));
	assert_int_equal(rows(s), 2);
	t.body = fail_silently;
	assert_fails(tx_run(s->db, &t, &e), ERR_INTERNAL);
	t.body = add_two;
	s->row.id.b[15] ^= 1;
	assert_fails(tx_run(s->db, &t, &e), ERR_CONFLICT);
	assert_int_equal(rows(s), 2);
}

static void
an_outrun_update_is_repeated_with_a_bound(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };
	struct tx     t = deed(s, add_and_again);

	s->kill_at = 3;
	assert_ok(tx_run(s->db, &t, &e));
	assert_int_equal(s->tries, 4);
	assert_int_equal(rows(s), 1);
	s->row.id.b[15] ^= 1;
	s->tries = 0;
	s->kill_at = 1000;
	assert_fails(tx_run(s->db, &t, &e), ERR_UNAVAILABLE);
	assert_true(e.retry_s > 0);
	assert_int_equal(s->tries, TX_TRIES);
	assert_int_equal(rows(s), 1);
}

static void
a_connection_killed_inside_repeats_the_whole_deed(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };
	struct tx     t = deed(s, add_two);

	s->kill_at = 2;
	assert_ok(tx_run(s->db, &t, &e));
	assert_int_equal(s->tries, 3);
	assert_int_equal(rows(s), 2);
}

static void
a_careless_body_commits_no_half_deed(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };
	struct tx     t = deed(s, add_two);

	s->kill_at = TX_TRIES;
	s->careless = true;
	assert_fails(tx_run(s->db, &t, &e), ERR_UNAVAILABLE);
	assert_int_equal(rows(s), 0);
	assert_false(tx_open(s->db));
	err_clear(&e);
	s->kill_at = 0;
	assert_ok(tx_run(s->db, &t, &e));
	assert_int_equal(rows(s), 2);
}

static void
a_connection_killed_before_is_not_noticed(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };
	struct tx     t = deed(s, add_two);

	for (int i = 0; i < 10; i++) {
		server_do(s->root, "KILL %llu", (unsigned long long)server_connection_id(s->db));
		s->row.id = uuid_make(&clock_system, &rand_system);
		s->tries = 0;
		assert_ok(tx_run(s->db, &t, &e));
		assert_int_equal(s->tries, 1);
	}
	assert_int_equal(rows(s), 20);
}

static void
the_account_step_rolls_back_what_is_open(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };

	assert_ok(db_exec(s->db, "begin", "START TRANSACTION", &e));
	s->db->tx = DB_TX_OPEN; /* as a request that was cut short leaves it */
	assert_ok(db_run(s->db, &row_add, &s->row, NULL, &e));
	tx_rollback(s->db);
	assert_false(tx_open(s->db));
	assert_ok(db_run(s->db, &row_add, &s->row, NULL, &e));
	assert_int_equal(rows(s), 1);
	tx_rollback(s->db);
	assert_int_equal(rows(s), 1);
}

/* ---- a proxy that loses the answer of COMMIT ---- */

enum loss { LOSE_COMMIT, LOSE_ANSWER };

static int
listen_at(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int                fd = socket(AF_UNIX, SOCK_STREAM, 0);

	unlink(path);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 10), 0);
	return fd;
}

static int
connect_to(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int                fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		_exit(1);
	return fd;
}

/* Carries one connection; false: it was cut at its COMMIT. */
static bool
carry(int client, int server, enum loss loss, bool armed)
{
	struct pollfd p[2] = { { client, POLLIN, 0 }, { server, POLLIN, 0 } };
	char          b[65536];

	for (;;) {
		ssize_t n;
		bool    commit;

		if (poll(p, 2, -1) < 0)
			return true;
		if (p[0].revents != 0) {
			n = read(client, b, sizeof(b));
			if (n <= 0)
				return true;
			commit = armed && memmem(b, (size_t)n, "COMMIT", 6) != NULL;
			if (commit && loss == LOSE_COMMIT)
				return false;
			if (write(server, b, (size_t)n) != n)
				return true;
			if (commit) { /* the server's answer proves that it is done */
				n = read(server, b, sizeof(b));
				return n < 0;
			}
		}
		if (p[1].revents != 0) {
			n = read(server, b, sizeof(b));
			if (n <= 0 || write(client, b, (size_t)n) != n)
				return true;
		}
	}
}

static pid_t
proxy_start(const char *path, enum loss loss, int losses)
{
	int   fd = listen_at(path);
	pid_t pid = fork();

	if (pid != 0) {
		close(fd);
		return pid;
	}
	for (;;) {
		int client = accept(fd, NULL, NULL), server = connect_to(server_socket());

		if (!carry(client, server, loss, losses > 0))
			losses--;
		close(client);
		close(server);
	}
}

static void
commits_lost(struct state *s, enum loss loss, int losses, int tries)
{
	struct err e = { 0 };
	struct tx  t = deed(s, add_two);
	char      *path = talloc_asprintf(s, "%s/proxy.sock", server_folder());
	pid_t      pid = proxy_start(path, loss, losses);
	struct db *db = db_make(s,
	    &(struct db_options) {
		.socket = path, .user = "root", .schema = SCHEMA_NAME, .clock = &clock_system },
	    &e);
	bool       ok = tx_run(db, &t, &e);

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unlink(path);
	talloc_free(db);
	if (!ok)
		fail_msg("%s", e.detail);
	assert_int_equal(s->tries, tries);
	assert_int_equal(rows(s), 2);
}

static void
a_commit_whose_answer_was_lost_is_not_done_twice(void **state)
{
	commits_lost(*state, LOSE_ANSWER, 1, 1);
}

static void
a_commit_that_never_arrived_is_done_again(void **state)
{
	commits_lost(*state, LOSE_COMMIT, 3, 4);
}

static bool
add_and_crash(struct db *db, void *arg, struct err *e)
{
	struct state *s = arg;

	s->tries++;
	if (!db_run(db, &row_add, &s->row, NULL, e))
		return false;
	server_shell("kill");
	return true; /* the COMMIT finds nobody */
}

static void
a_server_that_dies_between_body_and_commit_keeps_nothing(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };
	struct tx     t = deed(s, add_and_crash);

	assert_fails(tx_run(s->db, &t, &e), ERR_UNAVAILABLE);
	assert_int_equal(s->tries, 1);
	assert_false(tx_open(s->db));
	server_shell("start");
	assert_int_equal(rows(s), 0);
	err_clear(&e);
	t.body = add_two;
	assert_ok(tx_run(s->db, &t, &e));
	assert_int_equal(rows(s), 2);
}

/* ---- two processes ---- */

static bool
both_cells(struct db *db, void *arg, struct err *e)
{
	bool forwards = *(bool *)arg;

	if (!db_run(db, forwards ? &cell_first : &cell_second, NULL, NULL, e))
		return false;
	usleep(300);
	return db_run(db, forwards ? &cell_second : &cell_first, NULL, NULL, e);
}

static int
many_deeds(bool forwards)
{
	struct db *db = server_db(NULL, SCHEMA_NAME);
	struct tx  t = { "cells", both_cells, &forwards, NULL, NULL };
	int        bad = 0;

	for (int i = 0; i < 200; i++) {
		struct err e = { 0 };

		while (!tx_run(db, &t, &e)) {
			if (e.code != ERR_UNAVAILABLE || ++bad > 20) {
				print_error("deed failed: %s\n", e.detail);
				return 1;
			}
			err_clear(&e);
		}
	}
	talloc_free(db);
	return 0;
}

static void
deadlocks_are_repeated_until_both_are_done(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };
	struct count  c;
	int           status;
	pid_t         pid = fork();

	if (pid == 0)
		_exit(many_deeds(false));
	assert_int_equal(many_deeds(true), 0);
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	assert_ok(db_one(s->db, s, &cell_sum, NULL, &c, &e));
	assert_int_equal(c.n, 800);
}

static bool
wait_for_lock(struct db *db, void *arg, struct err *e)
{
	struct state *s = arg;

	if (s->tries++ > 0)
		server_do(s->root, "COMMIT");
	return db_exec(db, "set", "SET innodb_lock_wait_timeout = 1", e) &&
	       db_run(db, &cell_first, NULL, NULL, e);
}

static void
a_lock_held_too_long_is_waited_for_again(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };
	struct tx     t = { "wait", wait_for_lock, s, NULL, NULL };

	server_do(s->root, "BEGIN");
	server_do(s->root, "UPDATE " SCHEMA_NAME ".cells SET n = 5 WHERE id = 1");
	assert_ok(tx_run(s->db, &t, &e));
	assert_int_equal(s->tries, 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_of_a_deed_or_nothing),
		TEST(an_outrun_update_is_repeated_with_a_bound),
		TEST(a_connection_killed_inside_repeats_the_whole_deed),
		TEST(a_careless_body_commits_no_half_deed),
		TEST(a_connection_killed_before_is_not_noticed),
		TEST(the_account_step_rolls_back_what_is_open),
		TEST(a_commit_whose_answer_was_lost_is_not_done_twice),
		TEST(a_commit_that_never_arrived_is_done_again),
		TEST(a_server_that_dies_between_body_and_commit_keeps_nothing),
		TEST(deadlocks_are_repeated_until_both_are_done),
		TEST(a_lock_held_too_long_is_waited_for_again),
	};

	return cmocka_run_group_tests_name("tx", tests, NULL, NULL);
}
