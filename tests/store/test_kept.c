/* Statements that stay prepared: how many, for how long, and what ends them. */
#include "tests/store/people.h"

#include <limits.h>
#include <mysqld_error.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/shm/circuit.h"
#include "core/store/db_priv.h"
#include "core/store/tx.h"

#define SCHEMA_NAME "testkept"
#define T           SCHEMA_NAME ".t"
#define KEEP        3

struct row {
	int64_t     id, n;
	const char *note;
};
static const struct field row_fields[] = {
	COLUMN(struct row, id),
	COLUMN(struct row, n),
	COLUMN_NULL(struct row, note),
	FIELD_END,
};
static const struct schema row_schema = SCHEMA("KeptRow", struct row, row_fields);
static const struct field  id_fields[] = {
	 COLUMN(struct row, id),
	 FIELD_END,
};
static const struct schema id_schema = SCHEMA("KeptId", struct row, id_fields);

SQL(kept_insert, SQL_TENANT, &row_schema, NULL,
    "INSERT INTO t (id, n, note) VALUES (:id, :n, :note)");
SQL(kept_select, SQL_TENANT, &id_schema, &row_schema, "SELECT id, n, note FROM t WHERE id = :id");
SQL(kept_list, SQL_TENANT, NULL, &row_schema, "SELECT id, n, note FROM t ORDER BY id");
SQL(kept_delete, SQL_TENANT, &id_schema, NULL, "DELETE FROM t WHERE id = :id");
SQL(kept_update, SQL_TENANT, &row_schema, NULL, "UPDATE t SET n = :n, note = :note WHERE id = :id");

struct state {
	struct db      *root, *db;
	struct segment *segment; /* of those that share one */
};

static struct db *
open_with(TALLOC_CTX *mem, unsigned keep, struct segment *segment)
{
	struct err        e = { 0 };
	struct db_options o = { .socket = server_socket(),
		.user = "root",
		.schema = SCHEMA_NAME,
		.keep = keep,
		.segment = segment,
		.clock = &clock_system };
	struct db        *db = db_make(mem, &o, &e);

	assert_non_null(db);
	return db;
}

static struct db *
open_keeping(TALLOC_CTX *mem, unsigned keep)
{
	return open_with(mem, keep, NULL);
}

static struct db *
open_sharing(struct state *s)
{
	return open_with(s, KEEP, s->segment);
}

#define TABLE                                                                                      \
	"CREATE TABLE " SCHEMA_NAME ".t (id BIGINT PRIMARY KEY, n BIGINT NOT NULL, note TEXT "     \
	"NULL)"

/* A number that the server counts, of one connection or (by root) of all. */
static long
status_of(struct db *db, const char *scope, const char *name)
{
	char       text[100];
	MYSQL_RES *r;
	long       n;

	snprintf(text, sizeof(text), "SHOW %s STATUS LIKE '%s'", scope, name);
	assert_int_equal(mysql_query(db->my, text), 0);
	r = mysql_store_result(db->my);
	n = strtol(mysql_fetch_row(r)[1], NULL, 10);
	mysql_free_result(r);
	return n;
}

static long
prepared(struct db *db)
{
	return status_of(db, "SESSION", "Com_stmt_prepare");
}

static long
kept_of_all(struct state *s)
{
	return status_of(s->root, "GLOBAL", "Prepared_stmt_count");
}

/* The server answers no request to close a statement, and no connection's end: both are seen when
 * its thread has come to them. */
static void
kept_of_all_within(struct state *s, long least, long most)
{
	long n;

	for (int ms = 0; (n = kept_of_all(s)) < least || n > most; ms++) {
		assert_in_range(ms, 0, 10000);
		usleep(1000);
	}
}

static void
kept_of_all_is(struct state *s, long want)
{
	kept_of_all_within(s, want, want);
}

static int
set_up(void **state)
{
	struct state *s = talloc_zero(NULL, struct state);

	s->root = server_db(s, NULL);
	server_schema(s->root, SCHEMA_NAME);
	server_do(s->root, TABLE);
	server_do(s->root,
	    "INSERT INTO " SCHEMA_NAME ".t SELECT seq, seq, 'x' FROM " SCHEMA_NAME ".seq_1_to_100");
	kept_of_all_is(s, 0); /* those of the test before are gone */
	s->db = open_keeping(s, KEEP);
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct state *s = *state;

	/* What a test that failed has left would be met by the next one. */
	server_do(s->root, "SET GLOBAL max_prepared_stmt_count = DEFAULT");
	talloc_free(s);
	return 0;
}

static void
select_is(struct db *db, int64_t id, int64_t n)
{
	struct err e = { 0 };
	struct row row;

	assert_ok(db_one(db, db, &kept_select, &(struct row) { .id = id }, &row, &e));
	assert_int_equal(row.n, n);
}

static void
list_is(struct db *db, size_t max, size_t want)
{
	struct err  e = { 0 };
	struct row *rows;
	size_t      n;

	assert_ok(db_all(db, db, &kept_list, NULL, INTO(&rows, &n, max), &e));
	assert_int_equal(n, want);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(rows[i].id, i + 1);
	talloc_free(rows);
}

static void
a_statement_is_prepared_once_and_run_often(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };
	uint64_t      affected = 0;

	for (int64_t i = 1; i <= 50; i++) {
		select_is(s->db, i, i);
		list_is(
		    s->db, (size_t)i, (size_t)i); /* rows that nobody reads are in no one's way */
		assert_ok(db_run(s->db, &kept_update, &(struct row) { i, i, i % 2 ? "y" : NULL },
		    &affected, &e));
		assert_int_equal(affected, 1);
	}
	assert_int_equal(prepared(s->db), 3);
	assert_int_equal(status_of(s->db, "SESSION", "Com_stmt_execute"), 150);
	kept_of_all_is(s, 3);
}

static void
the_least_recently_used_goes_first(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };

	select_is(s->db, 1, 1);
	list_is(s->db, 1, 1);
	assert_ok(db_run(s->db, &kept_delete, &(struct row) { .id = 900 }, NULL, &e));
	select_is(s->db, 1, 1);
	assert_ok(db_run(s->db, &kept_insert, &(struct row) { 901, 1, NULL }, NULL, &e));
	assert_int_equal(prepared(s->db), 4);
	kept_of_all_is(s, KEEP);
	select_is(s->db, 1, 1); /* still there */
	assert_int_equal(prepared(s->db), 4);
	list_is(s->db, 1, 1); /* gone */
	assert_int_equal(prepared(s->db), 5);
}

static void
none_is_kept_where_none_shall_be(void **state)
{
	struct state *s = *state;
	struct db    *db = open_keeping(s, 0);

	for (int i = 0; i < 5; i++)
		select_is(db, 7, 7);
	assert_int_equal(prepared(db), 5);
	kept_of_all_is(s, 0);
}

static void
a_batch_and_a_single_row_share_a_statement(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };
	struct row    many[] = { { 200, 1, "a" }, { 201, 2, NULL }, { 202, 3, "ccc" } };
	uint64_t      affected;

	assert_ok(db_run(s->db, &kept_insert, &(struct row) { 203, 4, "d" }, NULL, &e));
	assert_ok(db_run_many(s->db, &kept_insert, many, 3, &e));
	assert_ok(db_run(s->db, &kept_insert, &(struct row) { 204, 5, NULL }, &affected, &e));
	assert_int_equal(affected, 1);
	for (int64_t i = 0; i < 3; i++)
		select_is(s->db, 200 + i, 1 + i);
	select_is(s->db, 204, 5);
	assert_int_equal(prepared(s->db), 2);
}

static void
one_that_failed_is_prepared_anew(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };

	for (int i = 0; i < 3; i++) {
		assert_fails(db_run(s->db, &kept_insert, &(struct row) { 1, 1, NULL }, NULL, &e),
		    ERR_CONFLICT);
		err_clear(&e);
		assert_ok(
		    db_run(s->db, &kept_insert, &(struct row) { 300 + i, 1, NULL }, NULL, &e));
	}
	list_is(s->db, 100, 100);
}

/* ---- what a migration does to it ---- */

static const struct {
	const char *change, *back;
	bool        fits; /* the statement still means something */
} changes[] = {
	{ "ALTER TABLE " T " ADD COLUMN more INT NULL FIRST", "ALTER TABLE " T " DROP COLUMN more",
	    true },
	{ "ALTER TABLE " T " MODIFY n INT UNSIGNED NOT NULL",
	    "ALTER TABLE " T " MODIFY n BIGINT NOT NULL", true },
	{ "ALTER TABLE " T " MODIFY note LONGTEXT NULL",
	    "ALTER TABLE " T " MODIFY note VARCHAR(9) NULL", true },
	{ "ALTER TABLE " T " ADD INDEX by_n (n)", "ALTER TABLE " T " DROP INDEX by_n", true },
	{ "ALTER TABLE " T " RENAME COLUMN n TO m", "ALTER TABLE " T " RENAME COLUMN m TO n",
	    false },
	{ "RENAME TABLE " T " TO " SCHEMA_NAME ".u", "RENAME TABLE " SCHEMA_NAME ".u TO " T,
	    false },
};

static void
a_table_that_changes_is_seen_at_once(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };
	struct row    row;

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		select_is(s->db, 7, 7);
		list_is(s->db, 100, 100);
		server_do(s->root, "%s", changes[i].change);
		if (changes[i].fits) {
			select_is(s->db, 7, 7);
			list_is(s->db, 100, 100);
		} else {
			assert_fails(
			    db_one(s->db, s, &kept_select, &(struct row) { .id = 7 }, &row, &e),
			    ERR_UNAVAILABLE);
			assert_string_equal(
			    e.pub, "The database does not have the schema of this program.");
		}
		server_do(s->root, "%s", changes[i].back);
		select_is(s->db, 7, 7);
		list_is(s->db, 100, 100);
	}
}

static void
a_table_that_was_made_anew_is_read(void **state)
{
	struct state *s = *state;

	select_is(s->db, 7, 7);
	list_is(s->db, 100, 100);
	server_do(s->root, "DROP TABLE " SCHEMA_NAME ".t");
	server_do(s->root, TABLE);
	server_do(s->root, "INSERT INTO " SCHEMA_NAME ".t VALUES (1, 70, 'new'), (2, 2, NULL)");
	select_is(s->db, 1, 70);
	list_is(s->db, 100, 2);
}

/* ---- connections ---- */

static void
with_a_connection_its_statements_are_gone(void **state)
{
	struct state *s = *state;

	for (int64_t i = 1; i <= 5; i++) {
		select_is(s->db, i, i);
		list_is(s->db, 3, 3);
		server_do(s->root, "KILL CONNECTION %llu",
		    (unsigned long long)server_connection_id(s->db));
	}
	select_is(s->db, 9, 9);
	db_close(s->db);
	select_is(s->db, 9, 9);
	assert_int_equal(prepared(s->db), 1);
}

static bool
killed_between(struct db *db, void *arg, struct err *e)
{
	struct state *s = arg;
	struct row    row;

	if (!db_one(db, s, &kept_select, &(struct row) { .id = 1 }, &row, e))
		return false;
	if (row.n == 1) {
		server_do(s->root, "UPDATE " SCHEMA_NAME ".t SET n = 2 WHERE id = 1");
		server_do(
		    s->root, "KILL CONNECTION %llu", (unsigned long long)server_connection_id(db));
	}
	return db_run(db, &kept_update, &(struct row) { 2, row.n, "done" }, NULL, e);
}

static void
in_a_transaction_a_lost_connection_repeats_it_as_a_whole(void **state)
{
	struct state   *s = *state;
	struct err      e = { 0 };
	const struct tx t = { "kept", killed_between, s, NULL, NULL };
	struct row      row;

	assert_ok(db_run(s->db, &kept_update, &(struct row) { 2, 2, NULL }, NULL, &e));
	select_is(s->db, 1, 1);
	assert_ok(tx_run(s->db, &t, &e));
	assert_ok(db_one(s->db, s, &kept_select, &(struct row) { .id = 2 }, &row, &e));
	assert_string_equal(row.note, "done");
	assert_int_equal(row.n, 2); /* by the second try: the first had read 1 */
}

/* ---- a server that has too many ---- */

static void
room_for(struct state *s, long n)
{
	server_do(s->root, "SET GLOBAL max_prepared_stmt_count = %ld", n);
}

static void
a_full_server_is_given_back_what_is_kept(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };

	select_is(s->db, 1, 1);
	list_is(s->db, 3, 3);
	room_for(s, 2);
	/* Who keeps some has room for one. */
	for (int64_t i = 0; i < 10; i++) {
		assert_ok(
		    db_run(s->db, &kept_insert, &(struct row) { 400 + i, 1, NULL }, NULL, &e));
		select_is(s->db, 400 + i, 1);
	}
	kept_of_all_is(s, 0);
	db_close(s->db); /* the server is as full for the next connection: it keeps none either */
	select_is(s->db, 1, 1);
	kept_of_all_is(s, 0);
	server_do(s->root, "SET GLOBAL max_prepared_stmt_count = DEFAULT");
	s->db->crowded_ms -= CIRCUIT_CROWD_MS;
	select_is(s->db, 1, 1);
	list_is(s->db, 3, 3);
	kept_of_all_is(s, 2);
}

/* Keeps three, and goes on asking until it is ended. */
static pid_t
asks_beside(struct state *s)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid != 0)
		return pid;
	struct db *db = open_sharing(s);
	struct err e = { 0 };
	struct row row, *rows;
	size_t     n;

	while (db_one(db, db, &kept_select, &(struct row) { .id = 1 }, &row, &e) &&
	       db_all(db, db, &kept_list, NULL, INTO(&rows, &n, 3), &e) &&
	       db_run(db, &kept_delete, &(struct row) { .id = 900 }, NULL, &e))
		usleep(2000);
	_exit(1);
}

static void
who_is_crowded_out_is_given_room_by_all_others(void **state)
{
	struct state *s = *state;
	struct db    *db;
	pid_t         pid;
	int           status;

	s->segment = people_segment(s, "kept-segment");
	db = open_sharing(s);
	pid = asks_beside(s);
	kept_of_all_within(s, 3, LONG_MAX);
	room_for(s, 3);
	for (int64_t i = 1; i <= 50; i++) {
		select_is(db, i, i);
		list_is(db, 3, 3);
	}
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0); /* nor was the other refused */
	kept_of_all_within(s, 0, 1);                         /* what it runs just now */
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	server_do(s->root, "SET GLOBAL max_prepared_stmt_count = DEFAULT");
	db_close(db);
}

static void
a_server_that_strangers_fill_is_asked_again_when_they_leave(void **state)
{
	struct state *s = *state;
	struct db    *stranger = open_keeping(s, KEEP);
	struct err    e = { 0 };
	struct row    row;

	select_is(stranger, 1, 1);
	room_for(s, 1);
	assert_fails(
	    db_one(s->db, s, &kept_select, &(struct row) { .id = 1 }, &row, &e), ERR_UNAVAILABLE);
	assert_int_equal(e.sys, ER_MAX_PREPARED_STMT_COUNT_REACHED);
	db_close(stranger);
	kept_of_all_is(s, 0);
	select_is(s->db, 1, 1);
	server_do(s->root, "SET GLOBAL max_prepared_stmt_count = DEFAULT");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_statement_is_prepared_once_and_run_often),
		TEST(the_least_recently_used_goes_first),
		TEST(none_is_kept_where_none_shall_be),
		TEST(a_batch_and_a_single_row_share_a_statement),
		TEST(one_that_failed_is_prepared_anew),
		TEST(a_table_that_changes_is_seen_at_once),
		TEST(a_table_that_was_made_anew_is_read),
		TEST(with_a_connection_its_statements_are_gone),
		TEST(in_a_transaction_a_lost_connection_repeats_it_as_a_whole),
		TEST(a_full_server_is_given_back_what_is_kept),
		TEST(who_is_crowded_out_is_given_room_by_all_others),
		TEST(a_server_that_strangers_fill_is_asked_again_when_they_leave),
	};

	return cmocka_run_group_tests_name("kept", tests, NULL, NULL);
}
