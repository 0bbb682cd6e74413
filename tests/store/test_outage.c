/* A database that is silent, slow, full, read-only, crowded or being migrated: what of it reaches
 * the caller. */
#include "tests/store/people.h"

#include <dirent.h>
#include <errmsg.h>
#include <mysqld_error.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/shm/circuit.h"
#include "core/store/db_priv.h"
#include "core/store/server/server.h"
#include "core/store/tx.h"

#define SCHEMA_NAME "testoutage"
#define IO_MS       (DB_TIMEOUT_S * 1000)
#define BUSY                                                                                       \
	"INSERT INTO t SELECT a.seq FROM seq_1_to_1000000000 a, seq_1_to_1000000000 b WHERE "      \
	"a.seq + b.seq < 0"

struct state {
	struct db      *root;
	struct db      *db; /* an account that may change rows only, with a segment */
	struct segment *segment;
	pid_t           server;
	uint64_t        n; /* of the last add() */
};

struct row {
	uint64_t id;
};
static const struct field row_fields[] = {
	FIELD(struct row, id, .doc = ""),
	FIELD_END,
};
static const struct schema row_schema = SCHEMA("Row", struct row, row_fields);
SQL(row_add, SQL_TENANT, &row_schema, NULL, "INSERT INTO t (id) VALUES (:id)");
SQL(row_mark, SQL_TENANT, &row_schema, &row_schema, "SELECT id FROM t WHERE id = :id");
SQL(row_count, SQL_TENANT, NULL, &row_schema, "SELECT COUNT(*) AS id FROM t");

static struct db *
open_db(struct state *s)
{
	struct err        e = { 0 };
	struct db_options o = { .socket = server_socket(),
		.user = SCHEMA_NAME,
		.schema = SCHEMA_NAME,
		.kind = "control",
		.clock = &clock_system,
		.segment = s->segment };
	struct db        *db = db_make(s, &o, &e);

	assert_non_null(db);
	return db;
}

static int
set_up(void **state)
{
	struct state *s = talloc_zero(NULL, struct state);
	char          path[300];
	FILE         *f;

	s->root = server_db(s, NULL);
	server_schema(s->root, SCHEMA_NAME);
	server_do(s->root, "CREATE TABLE " SCHEMA_NAME ".t (id BIGINT UNSIGNED PRIMARY KEY)");
	server_do(s->root, "CREATE OR REPLACE USER " SCHEMA_NAME "@localhost");
	server_do(s->root, "GRANT SELECT, INSERT, UPDATE, DELETE ON " SCHEMA_NAME
			   ".* TO " SCHEMA_NAME "@localhost");
	s->segment = people_segment(s, "outage-segment");
	s->db = open_db(s);
	snprintf(path, sizeof(path), "%s/mariadb.pid", server_folder());
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &s->server), 1);
	fclose(f);
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct state *s = *state;

	kill(s->server, SIGCONT);
	server_do(s->root, "SET GLOBAL read_only = 0");
	db_close(s->db);
	talloc_free(s);
	return 0;
}

static int64_t
now_ms(void)
{
	return clock_ns(&clock_system) / 1000000;
}

static void
sleep_ms(long ms)
{
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static uint64_t
count(struct state *s)
{
	struct err e = { 0 };
	struct row r;

	assert_ok(db_one(s->db, s, &row_count, NULL, &r, &e));
	return r.id;
}

/* Until it answers again, as every caller finds out: by trying. */
static void
until_it_answers(struct state *s)
{
	struct err e = { 0 };
	struct row r;

	for (int64_t end = now_ms() + 60000; !db_one(s->db, s, &row_count, NULL, &r, &e);) {
		assert_int_equal(e.code, ERR_UNAVAILABLE);
		assert_true(now_ms() < end);
		err_clear(&e);
		sleep_ms(20);
	}
}

/* Each of its threads: SIGSTOP reaches them one after the other. */
static bool
is_still(pid_t pid)
{
	char           path[300], line[300];
	DIR           *d;
	struct dirent *x;
	bool           still = true;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	d = opendir(path);
	assert_non_null(d);
	while ((x = readdir(d)) != NULL && still) {
		FILE *f;

		if (x->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%.20s/stat", (int)pid, x->d_name);
		f = fopen(path, "r");
		if (f == NULL)
			continue; /* it has ended */
		still = fgets(line, sizeof(line), f) != NULL && strstr(line, ") T ") != NULL;
		fclose(f);
	}
	closedir(d);
	return still;
}

static void
stop_server(const struct state *s)
{
	kill(s->server, SIGSTOP);
	while (!is_still(s->server))
		sleep_ms(1);
}

/* ---- every number ---- */

static bool
is_of_client(unsigned number)
{
	return (number >= CR_MIN_ERROR && number <= CR_MAX_ERROR) ||
	       (number >= CER_MIN_ERROR && number <= CER_MAX_ERROR);
}

/* The server sends any of its numbers when it is told to; those of the library come from the
 * library. */
static void
every_number_reaches_the_caller_as_its_kind_says(void **state)
{
	struct state *s = *state;
	int           n = 0;

	for (const struct db_number *x = db_numbers; x->number != 0; x++, n++) {
		const struct db_fault_row *row = db_fault_row(x->fault);
		struct err                 e = { 0 };
		char                       text[100];

		assert_ok(db_exec(s->db, "begin", "START TRANSACTION", &e));
		s->db->tx = DB_TX_OPEN;
		snprintf(
		    text, sizeof(text), "SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = %u", x->number);
		if (is_of_client(x->number))
			db_fail(s->db, "test", x->number, "of the library", &e);
		else
			assert_false(db_exec(s->db, "test", text, &e));
		print_message("%u %s\n", x->number, row->name);
		assert_int_equal(e.sys, x->number);
		assert_int_equal(e.code, row->answer);
		assert_string_equal(e.pub, row->sentence);
		assert_int_equal(e.retry_s, row->retry_s);
		assert_int_equal(e.retry_s > 0, row->answer == ERR_UNAVAILABLE);
		assert_int_equal(db_is_open(s->db), !row->drop);
		assert_int_equal(s->db->tx == DB_TX_LOST, row->drop || row->ended);
		tx_rollback(s->db);
		assert_int_equal(circuit_refusal(s->segment, s->db->server, now_ms()) == x->number,
		    x->fault == DB_READ_ONLY || x->fault == DB_FULL);
		assert_false(circuit_is_open(s->segment, s->db->server));
	}
	assert_true(n > 60);
}

static void
no_number_has_two_kinds(void **state)
{
	(void)state;
	for (const struct db_number *x = db_numbers; x->number != 0; x++)
		assert_int_equal(db_fault_of(x->number), x->fault);
	assert_int_equal(db_fault_of(ER_PARSE_ERROR), DB_OTHER);
	assert_int_equal(db_fault_of(CR_COMMANDS_OUT_OF_SYNC), DB_PROTOCOL);
}

/* ---- provoked ---- */

static void
a_read_only_server_is_unavailable_for_changes_until_it_takes_them(void **state)
{
	struct state     *s = *state;
	struct err        e = { 0 };
	struct row        r = { 1 };
	enum server_state st;

	assert_ok(server_check(s->db, s, &st, &e));
	server_do(s->root, "SET GLOBAL read_only = 1");
	assert_fails(db_run(s->db, &row_add, &r, NULL, &e), ERR_UNAVAILABLE);
	assert_int_equal(e.sys, ER_OPTION_PREVENTS_STATEMENT);
	assert_true(e.retry_s > 0);
	assert_false(db_is_open(s->db)); /* the address may lead to another one */
	assert_int_equal(count(s), 0);   /* reading goes on */
	assert_fails(server_check(s->db, s, &st, &e), ERR_UNAVAILABLE);
	assert_int_equal(st, SERVER_READ_ONLY);
	assert_true(e.retry_s > 0);
	assert_false(db_is_open(s->db));
	server_do(s->root, "SET GLOBAL read_only = 0");
	err_clear(&e);
	assert_ok(db_run(s->db, &row_add, &r, NULL, &e));
	assert_ok(server_check(s->db, s, &st, &e));
	assert_int_equal(st, SERVER_OK);
}

static bool
add_body(struct db *db, void *arg, struct err *e)
{
	struct row r = { ++*(uint64_t *)arg };

	return db_run(db, &row_add, &r, NULL, e);
}

static void
a_transaction_in_a_read_only_server_fails_as_unavailable(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };
	struct tx     t = { .name = "add", .body = add_body, .arg = &s->n };

	server_do(s->root, "SET GLOBAL read_only = 1");
	assert_fails(tx_run(s->db, &t, &e), ERR_UNAVAILABLE);
	assert_false(tx_open(s->db));
	server_do(s->root, "SET GLOBAL read_only = 0");
	err_clear(&e);
	assert_ok(tx_run(s->db, &t, &e));
	assert_int_equal(count(s), 1);
}

static void
a_full_table_is_unavailable_and_told_to_who_asks(void **state)
{
	struct state     *s = *state;
	struct err        e = { 0 };
	enum server_state st;

	server_do(s->root, "SET GLOBAL max_heap_table_size = 16384");
	server_do(
	    s->root, "CREATE TABLE " SCHEMA_NAME ".m (a CHAR(255)) ENGINE = MEMORY MAX_ROWS = 10");
	server_do(s->root, "SET GLOBAL max_heap_table_size = DEFAULT");
	for (int i = 0; i < 100000 && e.code == ERR_OK; i++)
		(void)!db_exec(s->db, "fill", "INSERT INTO m VALUES ('x')", &e);
	assert_int_equal(e.sys, ER_RECORD_FILE_FULL);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_true(e.retry_s > 0);
	assert_false(db_is_open(s->db));
	assert_fails(server_check(s->db, s, &st, &e), ERR_UNAVAILABLE);
	assert_int_equal(st, SERVER_FULL);
	assert_int_equal(count(s), 0);
}

static void PRINTF(1, 2) shell(const char *fmt, ...)
{
	char    text[1000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	assert_int_equal(system(text), 0);
}

/* A server of its own, whose files may grow to 20 MB together. */
static void
a_database_without_room_takes_no_changes_and_is_still_read(void **state)
{
	struct state     *s = *state;
	char             *dir = talloc_asprintf(s, "%s/small", server_folder());
	struct err        e = { 0 };
	struct db_options o = { .socket = talloc_asprintf(s, "%s/mariadb.sock", dir),
		.user = "root",
		.schema = "mysql",
		.kind = "control",
		.clock = &clock_system,
		.segment = s->segment };
	struct db        *db = db_make(s, &o, &e);
	enum server_state st;

	assert_non_null(db);
	shell(
	    "tests/lib/mariadb.sh start '%s' --innodb-data-file-path=ibdata1:12M:autoextend:max:20M"
	    " --innodb-file-per-table=0",
	    dir);
	assert_ok(db_exec(db, "make",
	    "CREATE TABLE test_room (id BIGINT AUTO_INCREMENT PRIMARY KEY,"
	    " b LONGBLOB) ENGINE = InnoDB",
	    &e));
	for (int i = 0; i < 1000 && e.code == ERR_OK; i++)
		(void)!db_exec(
		    db, "fill", "INSERT INTO test_room (b) VALUES (REPEAT('x', 100000))", &e);
	assert_int_equal(db_fault_of((unsigned)e.sys), DB_FULL);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_true(e.retry_s > 0);
	assert_false(db_is_open(db));
	assert_fails(server_check(db, s, &st, &e), ERR_UNAVAILABLE);
	assert_int_equal(st, SERVER_FULL);
	err_clear(&e);
	assert_ok(db_exec(db, "read", "DO (SELECT COUNT(*) FROM test_room)", &e));
	db_close(db);
	shell("tests/lib/mariadb.sh stop '%s'; rm -rf '%s'", dir, dir);
}

static void
a_statement_that_takes_too_long_is_ended_by_the_server(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };

	assert_ok(db_exec(s->db, "test", "SET SESSION max_statement_time = 0.1", &e));
	assert_false(db_exec(s->db, "test", BUSY, &e));
	assert_int_equal(e.sys, ER_STATEMENT_TIMEOUT);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_false(db_is_open(s->db));
	assert_int_equal(count(s), 0);
}

/* A child that runs one statement; its exit status: 0 it went well, else the error's code. */
static pid_t
child_runs(struct state *s, const char *text, int ms_max)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct err e = { 0 };
		struct db *db = open_db(s);
		int64_t    began;
		bool       ok;

		if (!db_exec(db, "test", "DO 1", &e))
			_exit(100);
		began = now_ms();
		ok = db_exec(db, "test", text, &e);
		if (now_ms() - began > ms_max)
			_exit(101);
		_exit(ok ? 0 : (int)e.code);
	}
	assert_true(pid > 0);
	return pid;
}

static int
child_end(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int64_t
running(struct state *s)
{
	struct sql q = { "running", SQL_TENANT,
		"SELECT COUNT(*) AS id FROM information_schema.PROCESSLIST"
		" WHERE USER = '" SCHEMA_NAME
		"' AND (INFO LIKE 'DO SLEEP%' OR INFO LIKE 'INSERT%')",
		NULL, &row_schema, NULL };
	struct err e = { 0 };
	struct row r;

	assert_ok(db_one(s->root, s, &q, NULL, &r, &e));
	return (int64_t)r.id;
}

static void
a_statement_killed_by_the_administrator_is_unavailable(void **state)
{
	struct state *s = *state;
	pid_t         pid = child_runs(s, BUSY, 60000);

	while (running(s) == 0)
		sleep_ms(10);
	server_do(s->root, "KILL QUERY USER " SCHEMA_NAME);
	assert_int_equal(child_end(pid), ERR_UNAVAILABLE);
}

/* ---- silent ---- */

static void
a_server_that_stands_still_is_found_out_once_and_everybody_else_is_refused_at_once(void **state)
{
	struct state *s = *state;
	struct db    *other = open_db(s);
	struct err    e = { 0 };
	struct row    r;
	int64_t       began;

	assert_int_equal(count(s), 0);
	assert_ok(db_one(other, s, &row_count, NULL, &r, &e));
	stop_server(s);
	began = now_ms();
	assert_fails(db_one(s->db, s, &row_count, NULL, &r, &e), ERR_UNAVAILABLE);
	print_message("found out after %lld ms\n", (long long)(now_ms() - began));
	assert_true(now_ms() - began < IO_MS / 2);
	assert_true(circuit_is_open(s->segment, s->db->server));
	/* Within a pause, begun anew: neither a connection that was open nor a new one is tried. */
	(void)circuit_silent(s->segment, s->db->server, now_ms(), CIRCUIT_PAUSE_MAX_MS);
	assert_fails(db_one(other, s, &row_count, NULL, &r, &e), ERR_UNAVAILABLE);
	assert_int_equal(e.sys, DB_CIRCUIT_OPEN);
	assert_true(e.retry_s > 0);
	assert_true(db_is_open(other));
	assert_fails(db_one(open_db(s), s, &row_count, NULL, &r, &e), ERR_UNAVAILABLE);
	kill(s->server, SIGCONT);
	until_it_answers(s);
	assert_false(circuit_is_open(s->segment, s->db->server));
	err_clear(&e);
	assert_ok(db_one(other, s, &row_count, NULL, &r, &e));
	db_close(other);
}

static void
all_who_wait_when_it_stops_give_up_together(void **state)
{
	struct state *s = *state;
	pid_t         pids[8];

	for (size_t i = 0; i < 8; i++)
		pids[i] = child_runs(s, "DO SLEEP(60)", IO_MS / 2 + 2000);
	while (running(s) < 8)
		sleep_ms(10);
	stop_server(s);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(child_end(pids[i]), ERR_UNAVAILABLE);
	kill(s->server, SIGCONT);
	until_it_answers(s);
}

static void
a_slow_statement_of_a_server_that_answers_goes_on_and_opens_nothing(void **state)
{
	struct state *s = *state;
	pid_t         pids[4];

	for (size_t i = 0; i < 4; i++)
		pids[i] = child_runs(s, "DO SLEEP(3)", IO_MS);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(count(s), 0);
		assert_false(circuit_is_open(s->segment, s->db->server));
		sleep_ms(100);
	}
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(child_end(pids[i]), 0);
}

static void
a_probe_killed_on_its_way_does_not_keep_the_circuit_open(void **state)
{
	struct state *s = *state;
	pid_t         pid;
	int           status;

	assert_int_equal(count(s), 0);
	(void)circuit_silent(s->segment, s->db->server, now_ms(), 0);
	sleep_ms(CIRCUIT_PAUSE_MIN_MS);
	pid = fork();
	if (pid == 0) {
		if (circuit_pass(s->segment, s->db->server, now_ms()) != CIRCUIT_PROBE)
			_exit(1);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	until_it_answers(s);
	assert_false(circuit_is_open(s->segment, s->db->server));
}

static void
a_server_that_is_down_is_asked_again_soon_and_found_when_it_is_back(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };
	struct row    r;

	assert_int_equal(count(s), 0);
	server_shell("kill");
	do /* the first may be lost with the connection that was there */
		assert_fails(db_one(s->db, s, &row_count, NULL, &r, &e), ERR_UNAVAILABLE);
	while (!circuit_is_open(s->segment, s->db->server));
	server_shell("start");
	until_it_answers(s);
}

/* Stops the server when everything but COMMIT is done. */
struct stopping {
	struct state *s;
	uint64_t      id;
	int           runs;
};

static bool
stop_body(struct db *db, void *arg, struct err *e)
{
	struct stopping *x = arg;
	struct row       r = { x->id };

	x->runs++;
	if (!db_run(db, &row_add, &r, NULL, e))
		return false;
	stop_server(x->s);
	return true;
}

static void
a_commit_without_an_answer_is_not_done_twice(void **state)
{
	struct state   *s = *state;
	struct stopping x = { s, 7, 0 };
	struct row      mark = { 7 };
	struct err      e = { 0 };
	struct tx       t = { "stop", stop_body, &x, &row_mark, &mark };

	assert_fails(tx_run(s->db, &t, &e), ERR_UNAVAILABLE);
	assert_int_equal(x.runs, 1);
	kill(s->server, SIGCONT);
	until_it_answers(s);
	/* It was sent, so it is done; the deed again finds its own row. */
	while (count(s) == 0)
		sleep_ms(10);
	assert_int_equal(count(s), 1);
	err_clear(&e);
	assert_fails(db_run(s->db, &row_add, &mark, NULL, &e), ERR_CONFLICT);
}

/* As a backup does; a worker must not wait for its end. */
static void
a_lock_on_the_whole_server_is_not_waited_for_until_the_time_out(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };
	struct row    r = { 1 };
	int64_t       began = now_ms();

	server_do(s->root, "FLUSH TABLES WITH READ LOCK");
	assert_fails(db_run(s->db, &row_add, &r, NULL, &e), ERR_UNAVAILABLE);
	assert_int_equal(e.sys, ER_LOCK_WAIT_TIMEOUT);
	assert_true(now_ms() - began < IO_MS);
	assert_true(db_is_open(s->db));
	assert_false(circuit_is_open(s->segment, s->db->server));
	server_do(s->root, "UNLOCK TABLES");
	err_clear(&e);
	assert_ok(db_run(s->db, &row_add, &r, NULL, &e));
}

static void
a_schema_that_is_not_that_of_the_program_says_so(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };

	server_do(s->root, "ALTER TABLE " SCHEMA_NAME ".t CHANGE id other BIGINT UNSIGNED");
	assert_fails(db_run(s->db, &row_add, &(struct row) { 1 }, NULL, &e), ERR_UNAVAILABLE);
	assert_non_null(strstr(e.pub, "schema of this program"));
	assert_true(db_is_open(s->db));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_number_reaches_the_caller_as_its_kind_says),
		TEST(no_number_has_two_kinds),
		TEST(a_read_only_server_is_unavailable_for_changes_until_it_takes_them),
		TEST(a_transaction_in_a_read_only_server_fails_as_unavailable),
		TEST(a_full_table_is_unavailable_and_told_to_who_asks),
		TEST(a_database_without_room_takes_no_changes_and_is_still_read),
		TEST(a_statement_that_takes_too_long_is_ended_by_the_server),
		TEST(a_statement_killed_by_the_administrator_is_unavailable),
		TEST(
		    a_server_that_stands_still_is_found_out_once_and_everybody_else_is_refused_at_once),
		TEST(all_who_wait_when_it_stops_give_up_together),
		TEST(a_slow_statement_of_a_server_that_answers_goes_on_and_opens_nothing),
		TEST(a_probe_killed_on_its_way_does_not_keep_the_circuit_open),
		TEST(a_server_that_is_down_is_asked_again_soon_and_found_when_it_is_back),
		TEST(a_commit_without_an_answer_is_not_done_twice),
		TEST(a_lock_on_the_whole_server_is_not_waited_for_until_the_time_out),
		TEST(a_schema_that_is_not_that_of_the_program_says_so),
	};

	return cmocka_run_group_tests_name("outage", tests, NULL, NULL);
}
