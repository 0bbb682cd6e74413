/* Several statements in one round trip: what comes back, and what becomes of them when one fails or
 * the connection does. */
#include "tests/store/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/store/db_priv.h"
#include "core/store/trip.h"
#include "core/store/tx.h"
#include "tests/store/cut.h"

#define SCHEMA_NAME "testtrip"

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
static const struct schema row_schema = SCHEMA("TripRow", struct row, row_fields);
static const struct field  id_fields[] = {
	 COLUMN(struct row, id),
	 FIELD_END,
};
static const struct schema id_schema = SCHEMA("TripId", struct row, id_fields);
static const struct field  n_fields[] = {
	 COLUMN(struct row, n),
	 FIELD_END,
};
static const struct schema n_schema = SCHEMA("TripN", struct row, n_fields);

SQL(trip_insert, SQL_TENANT, &row_schema, NULL,
    "INSERT INTO t (id, n, note) VALUES (:id, :n, :note)");
SQL(trip_select, SQL_TENANT, &id_schema, &row_schema, "SELECT id, n, note FROM t WHERE id = :id");
SQL(trip_list, SQL_TENANT, NULL, &row_schema, "SELECT id, n, note FROM t ORDER BY id");
SQL(trip_twice, SQL_TENANT, &id_schema, &row_schema,
    "SELECT :id AS id, n + :id AS n, note FROM t WHERE id = :id");
SQL(trip_move, SQL_TENANT, &row_schema, NULL,
    "UPDATE t SET n = :n + 1, note = :note WHERE id = :id AND n = :n");
SQL(trip_cell, SQL_TENANT, &id_schema, NULL, "UPDATE cells SET n = n + 1 WHERE id = :id");
SQL(trip_count, SQL_TENANT, NULL, &n_schema, "SELECT COUNT(*) AS n FROM t");

struct state {
	struct db *root, *db;
	int        tries;
	int64_t    n; /* of the row that is moved, as it was read */
	pid_t      beside;
};

static struct db *
open_at(TALLOC_CTX *mem, const char *socket, unsigned keep)
{
	struct err        e = { 0 };
	struct db_options o = { .socket = socket,
		.user = "root",
		.schema = SCHEMA_NAME,
		.keep = keep,
		.clock = &clock_system };
	struct db        *db = db_make(mem, &o, &e);

	assert_non_null(db);
	return db;
}

#define TABLE                                                                                      \
	"CREATE TABLE " SCHEMA_NAME ".t (id BIGINT PRIMARY KEY, n BIGINT NOT NULL, note LONGTEXT " \
	"NULL)"

static int
set_up(void **state)
{
	struct state *s = talloc_zero(NULL, struct state);

	s->root = server_db(s, NULL);
	server_schema(s->root, SCHEMA_NAME);
	server_do(s->root, TABLE);
	server_do(s->root, "INSERT INTO " SCHEMA_NAME ".t VALUES (1, 10, 'one'), (2, 20, NULL)");
	server_do(
	    s->root, "CREATE TABLE " SCHEMA_NAME ".cells (id INT PRIMARY KEY, n BIGINT NOT NULL)");
	server_do(s->root,
	    "INSERT INTO " SCHEMA_NAME ".cells SELECT seq, 0 FROM " SCHEMA_NAME ".seq_1_to_100");
	s->db = open_at(s, server_socket(), 16);
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct state *s = *state;

	server_do(s->root, "SET GLOBAL max_prepared_stmt_count = DEFAULT");
	talloc_free(s);
	return 0;
}

static int64_t
count(struct state *s)
{
	struct err e = { 0 };
	struct row row;

	assert_ok(db_one(s->db, s, &trip_count, NULL, &row, &e));
	return row.n;
}

static int64_t
moved(struct state *s)
{
	struct err e = { 0 };
	struct row row;

	assert_ok(db_one(s->db, s, &trip_select, &(struct row) { .id = 1 }, &row, &e));
	return row.n;
}

/* Every statement is prepared on its first use: what is counted are those that are kept. */
static uint64_t
trips_of(struct db *db, void (*what)(struct state *), struct state *s)
{
	uint64_t before;

	what(s);
	before = db_stats(db).trips;
	what(s);
	return db_stats(db).trips - before;
}

/* ---- reading ---- */

static void
read_five(struct state *s)
{
	TALLOC_CTX  *mem = talloc_new(s);
	struct trip *t = trip_make(mem, s->db);
	struct err   e = { 0 };
	struct row   one, two, none, twice, *rows, *first;
	bool         found[4];
	size_t       n, first_n;

	trip_one(t, &trip_select, &(struct row) { .id = 1 }, &one, &found[0]);
	trip_all(t, &trip_list, NULL, INTO(&rows, &n, 100));
	trip_one(t, &trip_twice, &(struct row) { .id = 2 }, &twice, &found[3]);
	assert_ok(trip_go(t, &e));
	assert_true(found[0] && found[3]);
	assert_int_equal(one.n, 10);
	assert_string_equal(one.note, "one");
	assert_int_equal(n, 2);
	assert_string_equal(rows[0].note, "one");
	assert_null(rows[1].note);
	assert_int_equal(twice.id, 2);
	assert_int_equal(twice.n, 22);
	/* One statement twice, one that finds nothing, one of which only a part is read. */
	t = trip_make(mem, s->db);
	trip_one(t, &trip_select, &(struct row) { .id = 2 }, &two, &found[1]);
	trip_one(t, &trip_select, &(struct row) { .id = 3 }, &none, &found[2]);
	trip_all_packed(t, &trip_list, NULL, INTO(&first, &first_n, 1));
	assert_ok(trip_go(t, &e));
	assert_true(found[1] && !found[2]);
	assert_int_equal(two.n, 20);
	assert_null(two.note);
	assert_int_equal(none.id, 0);
	assert_int_equal(first_n, 1);
	assert_string_equal(first[0].note, "one");
	talloc_free(mem);
}

static void
what_is_asked_together_comes_back_each_to_its_place(void **state)
{
	struct state *s = *state;

	/* The second group asks one statement twice, which has to wait for its first answer. */
	assert_int_equal(trips_of(s->db, read_five, s), 3);
}

static void
a_trip_over_a_closed_connection_goes_again(void **state)
{
	struct state *s = *state;

	read_five(s);
	server_do(s->root, "KILL CONNECTION %llu", (unsigned long long)server_connection_id(s->db));
	read_five(s);
}

static void
one_that_cannot_be_asked_gives_none_of_them(void **state)
{
	struct state *s = *state;
	struct trip  *t;
	struct err    e = { 0 };
	struct row    one, *rows;
	bool          found;
	size_t        n;

	read_five(s);
	server_do(s->root, "ALTER TABLE " SCHEMA_NAME ".t RENAME COLUMN n TO m");
	t = trip_make(s, s->db);
	trip_all(t, &trip_list, NULL, INTO(&rows, &n, 100));
	trip_one(t, &trip_select, &(struct row) { .id = 1 }, &one, &found);
	assert_fails(trip_go(t, &e), ERR_UNAVAILABLE);
	assert_false(found);
	assert_null(rows);
	assert_int_equal(n, 0);
	server_do(s->root, "ALTER TABLE " SCHEMA_NAME ".t RENAME COLUMN m TO n");
	read_five(s);
}

/* ---- writing ---- */

static bool
write_five(struct db *db, void *arg, struct err *e)
{
	struct state    *s = arg;
	const struct row many[] = { { 101, 1, "a" }, { 102, 2, NULL }, { 103, 3, "ccc" } };
	const struct row more[] = { { 106, 6, NULL }, { 107, 7, "b" } };
	char             note[8] = "before";
	struct row       row, move = { 1, 0, note };

	s->tries++;
	if (!db_one(db, s, &trip_select, &(struct row) { .id = 1 }, &row, e))
		return false;
	move.n = row.n;
	if (!tx_later(db, &trip_insert, &(struct row) { 100, row.n, NULL }, e) ||
	    !tx_later_must(db, &trip_move, &move, e) ||
	    !tx_later_many(db, &trip_insert, many, 3, e))
		return false;
	memset(note, 'x', sizeof(note) - 1); /* they were copied */
	/* What waits is done before what comes after it. */
	if (!db_one(db, s, &trip_select, &(struct row) { .id = 102 }, &row, e))
		return false;
	assert_int_equal(row.n, 2);
	assert_null(row.note);
	move.n = 20;
	move.id = 2;
	return tx_later(db, &trip_insert, &(struct row) { 105, 5, NULL }, e) &&
	       tx_later_many(db, &trip_insert, more, 2, e) &&
	       tx_later_must(db, &trip_move, &move, e) &&
	       tx_later(db, &trip_insert, &(struct row) { 104, 4, "last" }, e);
}

#define ALL 10 /* rows after it */

static const struct sql *const mark = &trip_select;
static const struct row        mark_in = { .id = 104 };

static void
do_five(struct state *s)
{
	const struct tx t = { "five", write_five, s, mark, &mark_in };
	struct err      e = { 0 };

	server_do(s->root, "DELETE FROM " SCHEMA_NAME ".t WHERE id > 2");
	server_do(s->root, "UPDATE " SCHEMA_NAME ".t SET n = 20 WHERE id = 2");
	assert_ok(tx_run(s->db, &t, &e));
}

static void
what_waits_is_done_before_what_comes_after_it(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };
	struct row    row;

	/* Begin and the first read; four writes and the second; the rest, and COMMIT. */
	assert_int_equal(trips_of(s->db, do_five, s), 3);
	assert_int_equal(count(s), ALL);
	assert_int_equal(moved(s), 12);
	assert_ok(db_one(s->db, s, &trip_select, &(struct row) { .id = 1 }, &row, &e));
	assert_string_equal(row.note, "before");
	assert_int_equal(s->tries, 2);
}

#define LONG_BYTES (15u * 1024 * 1024) /* the server's packets have 16 MiB */

static bool
write_long(struct db *db, void *arg, struct err *e)
{
	char *text = arg;

	return tx_later(db, &trip_insert, &(struct row) { 200, 1, "before" }, e) &&
	       tx_later(db, &trip_insert, &(struct row) { 201, 2, text }, e) &&
	       tx_later(db, &trip_insert, &(struct row) { 202, 3, "after" }, e);
}

static void
a_long_value_does_not_wait_and_keeps_its_place(void **state)
{
	struct state *s = *state;
	char         *text = talloc_size(s, LONG_BYTES + 1);
	struct err    e = { 0 };
	struct row    row;

	memset(text, 'x', LONG_BYTES);
	text[LONG_BYTES] = '\0';
	for (int i = 0; i < 2; i++) {
		server_do(s->root, "DELETE FROM " SCHEMA_NAME ".t WHERE id > 2");
		assert_ok(tx_run(s->db, &(struct tx) { "long", write_long, text, NULL, NULL }, &e));
		assert_int_equal(count(s), 5);
		assert_ok(db_one(s->db, s, &trip_select, &(struct row) { .id = 201 }, &row, &e));
		assert_int_equal(strlen(row.note), LONG_BYTES);
	}
}

/* ---- one that fails ---- */

static bool
write_twice(struct db *db, void *arg, struct err *e)
{
	struct state *s = arg;
	struct row    row;

	s->tries++;
	if (!tx_later(db, &trip_insert, &(struct row) { 300, 1, NULL }, e) ||
	    !tx_later(db, &trip_insert, &(struct row) { 1, 1, "is there" }, e) ||
	    !tx_later(db, &trip_insert, &(struct row) { 301, 1, NULL }, e))
		return false;
	assert_false(db_one(db, s, &trip_select, &(struct row) { .id = 1 }, &row, e));
	assert_int_equal(e->code, ERR_CONFLICT);
	/* A careless one goes on. */
	err_clear(e);
	assert_false(db_run(db, &trip_insert, &(struct row) { 302, 1, NULL }, NULL, e));
	err_clear(e);
	return true;
}

static void
after_one_that_failed_nothing_is_done(void **state)
{
	struct state   *s = *state;
	const struct tx t = { "twice", write_twice, s, NULL, NULL };
	struct err      e = { 0 };

	for (int i = 0; i < 2; i++) {
		assert_false(tx_run(s->db, &t, &e));
		assert_false(tx_open(s->db));
		err_clear(&e);
		assert_int_equal(count(s), 2);
	}
	do_five(s); /* and the connection goes on */
	assert_int_equal(count(s), ALL);
	/* also outside of a transaction each statement is committed by itself again */
	assert_ok(db_run(s->db, &trip_insert, &(struct row) { 400, 1, NULL }, NULL, &e));
	db_close(s->db);
	assert_int_equal(count(s), ALL + 1);
}

/* ---- the end of a transaction, which goes with its COMMIT ---- */

/* What waits until then, in this order. */
enum step {
	STEP_ONE = 1,
	STEP_ROWS,
	STEP_MOVE,
	STEP_TWICE,      /* a duplicate key */
	STEP_ROWS_TWICE, /* in the last row */
	STEP_OUTRUN,     /* finds no row, at the first try */
};
#define STEPS_MAX 40

struct ending {
	struct state    *s;
	const enum step *steps;
	int              tries, id;
};

static bool
take_step(struct db *db, struct ending *x, enum step step, struct err *e)
{
	const struct row one = { x->id++, 1, NULL };
	const struct row rows[] = { { x->id++, 1, "a" }, { x->id++, 1, NULL } };
	const struct row twice[] = { { x->id++, 1, "a" }, { 1, 1, NULL } };

	switch (step) {
	case STEP_ONE:
		return tx_later(db, &trip_insert, &one, e);
	case STEP_ROWS:
		return tx_later_many(db, &trip_insert, rows, 2, e);
	case STEP_MOVE:
		return tx_later_must(db, &trip_move, &(struct row) { 1, 10, NULL }, e);
	case STEP_TWICE:
		return tx_later(db, &trip_insert, &(struct row) { 1, 1, NULL }, e);
	case STEP_ROWS_TWICE:
		return tx_later_many(db, &trip_insert, twice, 2, e);
	case STEP_OUTRUN:
		return tx_later_must(
		    db, &trip_move, &(struct row) { 1, x->tries == 1 ? 99 : 10, NULL }, e);
	}
	return false;
}

static bool
write_end(struct db *db, void *arg, struct err *e)
{
	struct ending *x = arg;

	x->tries++;
	x->id = 800;
	for (int i = 0; i < STEPS_MAX && x->steps[i] != 0; i++)
		if (!take_step(db, x, x->steps[i], e))
			return false;
	return true;
}

#define ONES STEP_ONE, STEP_ONE, STEP_ONE, STEP_ONE, STEP_ONE, STEP_ONE
#define MOST                                                                                       \
	ONES, ONES, ONES, STEP_ONE, STEP_ONE, STEP_ONE, STEP_ONE, STEP_ONE /* and what begins it   \
									    */

static const struct {
	enum step steps[STEPS_MAX];
	unsigned  trips; /* where all is kept; 0: whatever a repeat costs */
	int       rows, tries;
	bool      fails;
} endings[] = {
	{ { STEP_ONE }, 1, 3, 1, false },
	{ { STEP_ROWS }, 1, 4, 1, false },
	{ { STEP_ONE, STEP_MOVE, STEP_ONE }, 1, 4, 1, false },
	{ { STEP_ONE, STEP_ROWS, STEP_MOVE, STEP_ROWS, STEP_ONE, STEP_ONE }, 1, 9, 1, false },
	{ { STEP_MOVE, STEP_ROWS }, 1, 4, 1, false },
	{ { STEP_TWICE }, 0, 2, 1, true },
	{ { STEP_ONE, STEP_TWICE, STEP_ONE }, 0, 2, 1, true },
	{ { STEP_ROWS, STEP_ONE, STEP_TWICE }, 0, 2, 1, true },
	{ { STEP_ROWS_TWICE }, 0, 2, 1, true },
	{ { STEP_ROWS_TWICE, STEP_ONE }, 0, 2, 1, true },
	{ { STEP_TWICE, STEP_ROWS, STEP_ROWS, STEP_ONE }, 0, 2, 1, true },
	{ { STEP_ONE, STEP_OUTRUN, STEP_ONE }, 0, 4, 2, false },
	{ { STEP_OUTRUN, STEP_ROWS, STEP_ONE }, 0, 5, 2, false },
	{ { STEP_ROWS, STEP_OUTRUN }, 0, 4, 2, false },
	{ { MOST }, 1, 25, 1, false },
	/* More than go into one: COMMIT has its own. */
	{ { MOST, STEP_ONE }, 2, 26, 1, false },
	{ { MOST, STEP_TWICE }, 0, 2, 1, true },
	{ { ONES, STEP_ROWS, MOST }, 1, 33, 1, false },
};

static void
end_so(struct state *s, struct db *db, size_t i, uint64_t *trips)
{
	struct ending x = { s, endings[i].steps, 0, 0 };
	struct err    e = { 0 };
	uint64_t      before = db_stats(db).trips;
	bool          ok;

	server_do(s->root, "DELETE FROM " SCHEMA_NAME ".t WHERE id > 2");
	server_do(s->root, "UPDATE " SCHEMA_NAME ".t SET n = 10 WHERE id = 1");
	ok = tx_run(db, &(struct tx) { "end", write_end, &x, NULL, NULL }, &e);
	*trips = db_stats(db).trips - before;
	if (ok == endings[i].fails || x.tries != endings[i].tries || count(s) != endings[i].rows)
		fail_msg("ending %zu: %d tries, %d rows, %s", i, x.tries, (int)count(s), e.detail);
	if (!ok)
		assert_int_equal(e.code, ERR_CONFLICT);
	assert_false(tx_open(db));
}

static void
what_is_left_goes_with_commit_or_nothing_of_it_is_done(void **state)
{
	struct state *s = *state;
	struct db    *none = open_at(s, server_socket(), 0);
	uint64_t      trips;

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		for (int k = 0; k < 3; k++)
			end_so(s, s->db, i, &trips);
		if (endings[i].trips != 0 && trips != endings[i].trips)
			fail_msg("ending %zu: %llu round trips", i, (unsigned long long)trips);
		end_so(s, none, i, &trips);
	}
	/* Each shape is there again after others. */
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		end_so(s, s->db, i, &trips);
}

/* ---- outrun ---- */

static bool
move_outrun(struct db *db, void *arg, struct err *e)
{
	struct state *s = arg;

	if (++s->tries == 2)
		s->n = 10;
	return tx_later(db, &trip_insert, &(struct row) { 500 + s->tries, 1, NULL }, e) &&
	       tx_later_must(db, &trip_move, &(struct row) { 1, s->n, NULL }, e) &&
	       tx_later(db, &trip_cell, &(struct row) { .id = 1 }, e);
}

static void
an_update_that_was_outrun_repeats_all(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };

	for (int i = 0; i < 2; i++) {
		server_do(s->root, "DELETE FROM " SCHEMA_NAME ".t WHERE id > 2");
		server_do(s->root, "UPDATE " SCHEMA_NAME ".t SET n = 10 WHERE id = 1");
		s->tries = 0;
		s->n = 99;
		assert_ok(tx_run(s->db, &(struct tx) { "moved", move_outrun, s, NULL, NULL }, &e));
		assert_int_equal(s->tries, 2);
		assert_int_equal(count(s), 3);
		assert_int_equal(moved(s), 11);
	}
}

static void
a_table_that_changes_between_two_deeds_repeats_the_second(void **state)
{
	struct state *s = *state;

	do_five(s);
	server_do(s->root, "DROP TABLE " SCHEMA_NAME ".t");
	server_do(s->root, TABLE);
	server_do(s->root, "INSERT INTO " SCHEMA_NAME ".t VALUES (1, 10, 'one'), (2, 20, NULL)");
	do_five(s);
	assert_int_equal(count(s), ALL);
	assert_int_equal(moved(s), 11);
}

static void
a_full_server_takes_them_one_by_one(void **state)
{
	struct state *s = *state;

	do_five(s);
	server_do(s->root, "SET GLOBAL max_prepared_stmt_count = 1");
	for (int i = 0; i < 3; i++) {
		do_five(s);
		assert_int_equal(count(s), ALL);
	}
	assert_int_equal(moved(s), 14);
}

/* ---- a deadlock: the server ends the transaction, and takes what was sent behind ---- */

/* Until the server counts one. */
static void
wait_for(struct state *s, const char *sql)
{
	const struct timespec pause = { 0,
		150000000 }; /* what it says of locks is as old as 0.1 s */
	MYSQL_RES            *r;
	long                  n = 0;

	for (int left = 100; n == 0 && left > 0; left--) {
		assert_int_equal(mysql_query(s->root->my, sql), 0);
		r = mysql_store_result(s->root->my);
		n = strtol(mysql_fetch_row(r)[0], NULL, 10);
		mysql_free_result(r);
		nanosleep(&pause, NULL);
	}
	assert_true(n > 0);
}

static pid_t
locks_beside(struct state *s)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid != 0)
		return pid;
	struct db *db = server_db(s, SCHEMA_NAME);

	/* More rows than the other one has: it is not the one that is sacrificed. */
	server_do(db, "START TRANSACTION");
	server_do(db, "UPDATE cells SET n = n + 100 WHERE id > 1");
	server_do(db, "UPDATE cells SET n = n + 100 WHERE id = 1");
	server_do(db, "COMMIT");
	_exit(0);
}

static bool
lock_and_write(struct db *db, void *arg, struct err *e)
{
	struct state *s = arg;
	struct row    row;

	if (!tx_later(db, &trip_cell, &(struct row) { .id = 1 }, e) ||
	    !db_one(db, s, &trip_select, &(struct row) { .id = 1 }, &row, e))
		return false;
	if (s->tries++ == 0) {
		s->beside = locks_beside(s);
		wait_for(s, "SELECT COUNT(*) FROM information_schema.INNODB_TRX"
			    " WHERE trx_state = 'LOCK WAIT'");
	}
	return tx_later(db, &trip_cell, &(struct row) { .id = 2 }, e) &&
	       tx_later(db, &trip_insert, &(struct row) { 600 + s->tries, 1, NULL }, e) &&
	       tx_later(db, &trip_insert, &(struct row) { 700 + s->tries, 1, NULL }, e);
}

static void
what_was_sent_behind_a_deadlock_is_not_there(void **state)
{
	struct state   *s = *state;
	const struct tx t = { "locked", lock_and_write, s, NULL, NULL };
	struct err      e = { 0 };
	int             status;

	do_five(s); /* prepares what it can */
	s->tries = 1;
	assert_ok(tx_run(s->db, &t, &e));
	server_do(s->root, "DELETE FROM " SCHEMA_NAME ".t WHERE id > 2");
	s->tries = 0;
	assert_ok(tx_run(s->db, &t, &e));
	assert_int_equal(waitpid(s->beside, &status, 0), s->beside);
	assert_int_equal(status, 0);
	assert_in_range(s->tries, 2, TX_TRIES);
	assert_int_equal(count(s), 4);
}

/* ---- a connection that is lost at each packet ---- */

#define PACKETS_MAX 200

static void
lost_at_each_packet(struct state *s, enum cut_side side)
{
	char       *path = talloc_asprintf(s, "%s/cut.sock", server_folder());
	const char *cut = path;
	int         at;

	for (at = 1; at < PACKETS_MAX; at++) {
		const struct tx t = { "five", write_five, s, mark, &mark_in };
		struct cutter   c = cutter_start(cut, server_socket());
		struct db      *db = open_at(s, cut, 16);
		struct err      e = { 0 };

		server_do(s->root, "UPDATE " SCHEMA_NAME ".t SET n = 10 WHERE id = 1");
		for (int i = 0; i < 2; i++) { /* the second time all is kept, and goes together */
			server_do(s->root, "DELETE FROM " SCHEMA_NAME ".t WHERE id > 2");
			server_do(s->root, "UPDATE " SCHEMA_NAME ".t SET n = 20 WHERE id = 2");
			if (i == 1)
				cutter_arm(&c, side, at);
			assert_ok(tx_run(db, &t, &e));
		}
		assert_int_equal(count(s), ALL); /* nothing lost, nothing doubled */
		assert_int_equal(moved(s), 12);
		talloc_free(db);
		if (!cutter_end(&c))
			break;
	}
	/* Until there were no more of them. */
	assert_in_range(at, 10, PACKETS_MAX - 1);
}

static void
a_deed_whose_question_is_lost_at_any_packet_is_done_once(void **state)
{
	lost_at_each_packet(*state, CUT_QUESTION);
}

static void
a_deed_whose_answer_is_lost_at_any_packet_is_done_once(void **state)
{
	lost_at_each_packet(*state, CUT_ANSWER);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_asked_together_comes_back_each_to_its_place),
		TEST(a_trip_over_a_closed_connection_goes_again),
		TEST(one_that_cannot_be_asked_gives_none_of_them),
		TEST(what_waits_is_done_before_what_comes_after_it),
		TEST(a_long_value_does_not_wait_and_keeps_its_place),
		TEST(after_one_that_failed_nothing_is_done),
		TEST(what_is_left_goes_with_commit_or_nothing_of_it_is_done),
		TEST(an_update_that_was_outrun_repeats_all),
		TEST(a_table_that_changes_between_two_deeds_repeats_the_second),
		TEST(a_full_server_takes_them_one_by_one),
		TEST(what_was_sent_behind_a_deadlock_is_not_there),
		TEST(a_deed_whose_question_is_lost_at_any_packet_is_done_once),
		TEST(a_deed_whose_answer_is_lost_at_any_packet_is_done_once),
	};

	return cmocka_run_group_tests_name("trip", tests, NULL, NULL);
}
