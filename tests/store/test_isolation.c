/* What the database gives a tenant's own connection of all that is not that tenant's: nothing,
 * whatever is asked. */
#include "tests/store/world.h"

#include <string.h>
#include <sys/stat.h>

#include "core/base/buf.h"
#include "core/store/db_priv.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Where a text has these letters stands: the table that is attacked, a column of it, the attacker's
 * schema, its neighbour's, a file that the server and this process can read. */
enum { TABLE, COLUMN_OF, MINE, THEIRS, A_FILE, PLACES };
static const char *const marks[PLACES] = { "TABLE_X", "COLUMN_X", "MINE_X", "THEIRS_X", "FILE_X" };

/* On each table that is not the attacker's. */
static const char *const on_tables[] = {
	"SELECT * FROM TABLE_X LIMIT 1",
	"SELECT COUNT(*) FROM TABLE_X",
	"SELECT 1 FROM MINE_X.users WHERE EXISTS (SELECT * FROM TABLE_X)",
	"WITH x AS (SELECT * FROM TABLE_X) SELECT * FROM x",
	"INSERT INTO TABLE_X () VALUES ()",
	"INSERT INTO TABLE_X SELECT * FROM TABLE_X",
	"REPLACE INTO TABLE_X SELECT * FROM TABLE_X",
	"UPDATE TABLE_X SET COLUMN_X = COLUMN_X",
	"UPDATE MINE_X.users, TABLE_X SET TABLE_X.COLUMN_X = NULL",
	"DELETE FROM TABLE_X",
	"DELETE TABLE_X FROM MINE_X.users, TABLE_X",
	"TRUNCATE TABLE TABLE_X",
	"DROP TABLE TABLE_X",
	"ALTER TABLE TABLE_X ADD COLUMN mine INT",
	"RENAME TABLE TABLE_X TO MINE_X.stolen",
	"CREATE TABLE MINE_X.copied LIKE TABLE_X",
	"CREATE TABLE MINE_X.copied AS SELECT * FROM TABLE_X",
	"CREATE TEMPORARY TABLE MINE_X.copied AS SELECT * FROM TABLE_X",
	"CREATE VIEW MINE_X.seen AS SELECT * FROM TABLE_X",
	"CREATE INDEX mine ON TABLE_X (COLUMN_X)",
	"CREATE TRIGGER MINE_X.mine BEFORE INSERT ON TABLE_X FOR EACH ROW SET @x = 1",
	"LOCK TABLES TABLE_X READ",
	"HANDLER TABLE_X OPEN AS x",
	"SHOW CREATE TABLE TABLE_X",
	"SHOW COLUMNS FROM TABLE_X",
	"SHOW INDEX FROM TABLE_X",
	"DESCRIBE TABLE_X",
	"EXPLAIN SELECT * FROM TABLE_X",
	"ANALYZE SELECT * FROM TABLE_X",
	"ANALYZE TABLE TABLE_X",
	"OPTIMIZE TABLE TABLE_X",
	"REPAIR TABLE TABLE_X",
	"CHECK TABLE TABLE_X",
	"CHECKSUM TABLE TABLE_X",
	"FLUSH TABLES TABLE_X FOR EXPORT",
	"LOAD DATA INFILE 'FILE_X' INTO TABLE TABLE_X",
};

/* Beside tables: of the server, of others, and of one's own schema what is no row of it. */
static const char *const elsewhere[] = {
	"USE THEIRS_X",
	"SHOW TABLES FROM THEIRS_X",
	"SHOW TABLE STATUS FROM THEIRS_X",
	"SHOW TRIGGERS FROM THEIRS_X",
	"SHOW EVENTS FROM THEIRS_X",
	"SHOW CREATE DATABASE THEIRS_X",
	"SHOW GRANTS FOR THEIRS_X@localhost",
	"CREATE TABLE THEIRS_X.mine (id INT)",
	"CREATE TEMPORARY TABLE THEIRS_X.mine (id INT)",
	"CREATE PROCEDURE THEIRS_X.mine() SET @x = 1",
	"CREATE EVENT THEIRS_X.mine ON SCHEDULE EVERY 1 SECOND DO SET @x = 1",
	"DROP DATABASE THEIRS_X",
	"ALTER DATABASE THEIRS_X CHARACTER SET latin1",
	"CREATE DATABASE mine",
	"DROP DATABASE testbsx",
	"SET PASSWORD FOR THEIRS_X@localhost = PASSWORD('x')",
	"ALTER USER THEIRS_X@localhost IDENTIFIED BY 'x'",
	"DROP USER THEIRS_X@localhost",
	"CREATE USER mine",
	"CREATE ROLE mine",
	"GRANT SELECT ON THEIRS_X.* TO MINE_X@localhost",
	"GRANT SELECT ON MINE_X.users TO THEIRS_X@localhost",
	"GRANT PROXY ON THEIRS_X@localhost TO MINE_X@localhost",
	"SET ROLE testbsx",
	"SET DEFAULT ROLE testbsx FOR MINE_X@localhost",
	"SELECT 1 INTO OUTFILE 'FILE_X.out'",
	"SELECT 1 INTO DUMPFILE 'FILE_X.out'",
	"LOAD DATA INFILE 'FILE_X' INTO TABLE MINE_X.outbox",
	"LOAD DATA LOCAL INFILE 'FILE_X' INTO TABLE MINE_X.outbox",
	"LOAD XML INFILE 'FILE_X' INTO TABLE MINE_X.outbox",
	"CREATE EVENT MINE_X.mine ON SCHEDULE EVERY 1 SECOND DO SET @x = 1",
	"CREATE TRIGGER MINE_X.mine BEFORE INSERT ON MINE_X.users FOR EACH ROW SET @x = 1",
	"CREATE TEMPORARY TABLE MINE_X.mine (id INT)",
	"CREATE TABLE MINE_X.mine (id INT)",
	"CREATE SEQUENCE MINE_X.mine",
	"CREATE VIEW MINE_X.mine AS SELECT 1",
	"CREATE PROCEDURE MINE_X.mine() SET @x = 1",
	"CREATE FUNCTION MINE_X.mine() RETURNS INT RETURN 1",
	"CREATE FUNCTION mine RETURNS STRING SONAME 'mine.so'",
	"CREATE SERVER mine FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'localhost')",
	"DROP TABLE MINE_X.audit",
	"ALTER TABLE MINE_X.audit ENGINE = MEMORY",
	"TRUNCATE TABLE MINE_X.audit",
	"RENAME TABLE MINE_X.audit TO MINE_X.gone",
	"DROP TRIGGER MINE_X.audit_no_delete",
	"DROP DATABASE MINE_X",
	"INSTALL SONAME 'ha_connect'",
	"INSTALL PLUGIN connect SONAME 'ha_connect.so'",
	"SET GLOBAL general_log_file = 'FILE_X.log'",
	"SET GLOBAL general_log = 1",
	"SET GLOBAL init_connect = 'DROP TABLE x'",
	"SET GLOBAL local_infile = 1",
	"SET SESSION sql_log_bin = 0",
	"FLUSH PRIVILEGES",
	"FLUSH TABLES",
	"BACKUP STAGE START",
	"SHUTDOWN",
	"KILL ALL_X",
	"SHOW ENGINE INNODB STATUS",
	"SHOW BINARY LOGS",
	"SHOW REPLICA STATUS",
	"CHANGE MASTER TO MASTER_HOST = 'x'",
	"PURGE BINARY LOGS BEFORE NOW()",
};

/* "Access denied", in the words of the server: of a schema, a table, a column, for want of a right,
 * a routine, a role, an account, somebody else's connection; and a client that gives no file away.
 */
static bool
is_denied(unsigned code)
{
	static const unsigned all[] = { 1044, 1045, 1095, 1142, 1143, 1227, 1370, 1410, 1465, 1698,
		1959, 4166 };

	for (size_t i = 0; i < COUNT(all); i++)
		if (all[i] == code)
			return true;
	return false;
}

static char *
filled(TALLOC_CTX *mem, const char *text, const char *const places[PLACES])
{
	char *out = talloc_strdup(mem, text);

	for (size_t i = 0; i < PLACES; i++) {
		char *at;

		while ((at = strstr(out, marks[i])) != NULL)
			out = talloc_asprintf(mem, "%.*s%s%s", (int)(at - out), out, places[i],
			    at + strlen(marks[i]));
	}
	return out;
}

/*
 * The number of the error that it comes to; some say so only in what they answer, a row for each
 * table: "Error", or nothing but a warning.
 */
static unsigned
fate(MYSQL *my, const char *text)
{
	MYSQL_RES *r;
	MYSQL_ROW  row;
	unsigned   code = 0;

	if (mysql_query(my, text) != 0 || (r = mysql_use_result(my)) == NULL)
		return mysql_errno(my);
	while ((row = mysql_fetch_row(r)) != NULL)
		if (mysql_num_fields(r) == 4 && row[2] != NULL && strcmp(row[2], "Error") == 0 &&
		    strstr(row[3], "denied") != NULL)
			code = 1142;
	code = mysql_errno(my) != 0 ? mysql_errno(my) : code;
	mysql_free_result(r);
	return code;
}

static void
refuses(MYSQL *my, const char *text)
{
	unsigned code = fate(my, text);

	if (!is_denied(code))
		fail_msg("%s: %u %s", text, code, mysql_error(my));
}

/* The first column of the first row, "" for NULL and none. */
static const char *
text_of(TALLOC_CTX *mem, MYSQL *my, const char *query)
{
	MYSQL_RES  *r;
	MYSQL_ROW   row;
	const char *text;

	if (mysql_query(my, query) != 0)
		fail_msg("%s: %s", query, mysql_error(my));
	r = mysql_store_result(my);
	row = mysql_fetch_row(r);
	text = talloc_strdup(mem, row != NULL && row[0] != NULL ? row[0] : "");
	mysql_free_result(r);
	return text;
}

static const char *
root_text(struct world *w, const char *query)
{
	server_do(w->root, "SET SESSION group_concat_max_len = 1000000");
	return text_of(w, w->root->my, query);
}

/* Tables of a schema with their first columns: "`schema`.`table` `column`", LF between. */
static const char *
tables_of(struct world *w, const char *schema)
{
	return root_text(
	    w, talloc_asprintf(w,
		   "SELECT GROUP_CONCAT(CONCAT('`', table_schema, '`.`', table_name, '` `', "
		   "column_name,"
		   " '`') ORDER BY table_name SEPARATOR '\n') FROM information_schema.columns"
		   " WHERE table_schema = '%s' AND ordinal_position = 1",
		   schema));
}

/* What a schema holds, rows and all. */
static const char *
state_of(struct world *w, const char *schema)
{
	MYSQL_RES  *r;
	MYSQL_ROW   row;
	struct buf  b;
	const char *all = root_text(
	    w, talloc_asprintf(w,
		   "SELECT GROUP_CONCAT(CONCAT('`', table_schema, '`.`', table_name, '`'))"
		   " FROM information_schema.tables WHERE table_schema = '%s'",
		   schema));

	buf_make(&b, w);
	assert_int_equal(mysql_query(w->root->my, talloc_asprintf(w, "CHECKSUM TABLE %s", all)), 0);
	r = mysql_store_result(w->root->my);
	while ((row = mysql_fetch_row(r)) != NULL)
		buf_printf(&b, "%s %s\n", row[0], row[1] != NULL ? row[1] : "-");
	mysql_free_result(r);
	assert_true(buf_ok(&b));
	return b.p;
}

static const char *
readable_file(struct world *w)
{
	char *path = talloc_asprintf(w, "%s/isolation.txt", server_folder());
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs("from a file\n", f);
	fclose(f);
	chmod(path, 0644);
	return path;
}

/* The connection that a worker has for the tenant. */
static MYSQL *
enter(struct world *w, const struct tenant *t)
{
	struct db *db = world_open(w, t)->db;
	struct err e = { 0 };

	assert_ok(db_ready(db, &e));
	return db->my;
}

/* ---- tables ---- */

static size_t
attack_tables(struct world *w, MYSQL *my, const char *tables, const char *places[PLACES])
{
	size_t n = 0;
	char  *list = talloc_strdup(w, tables), *rest = NULL;

	for (char *line = strtok_r(list, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		TALLOC_CTX *tmp = talloc_new(w);
		char       *space = strstr(line, "` `") + 1;

		*space = '\0';
		places[TABLE] = line;
		places[COLUMN_OF] = space + 1;
		for (size_t i = 0; i < COUNT(on_tables); i++, n++)
			refuses(my, filled(tmp, on_tables[i], places));
		talloc_free(tmp);
	}
	return n;
}

static void
no_table_of_others_is_read_written_or_changed(void **state)
{
	struct world *w = *state;
	const char   *places[PLACES] = { 0 }, *theirs, *control;
	size_t        n = 0;
	MYSQL        *my;

	world_tenants(w);
	places[MINE] = w->a.schema_name;
	places[THEIRS] = w->b.schema_name;
	places[A_FILE] = readable_file(w);
	theirs = state_of(w, w->b.schema_name);
	control = state_of(w, "testbsx");
	my = enter(w, &w->a);
	/* its own are its own */
	assert_int_equal(fate(my, filled(w, "UPDATE MINE_X.users SET email = email", places)), 0);
	n += attack_tables(w, my, tables_of(w, w->b.schema_name), places);
	n += attack_tables(w, my, tables_of(w, "testbsx"), places);
	n += attack_tables(w, my, tables_of(w, "mysql"), places);
	assert_true(n > 100 * COUNT(on_tables));
	assert_string_equal(state_of(w, w->b.schema_name), theirs);
	assert_string_equal(state_of(w, "testbsx"), control);
}

/* ---- all else ---- */

static void
nothing_of_the_server_is_the_tenants(void **state)
{
	struct world *w = *state;
	const char   *places[PLACES] = { "", "" };
	char         *kill, *load;
	MYSQL        *my;

	world_tenants(w);
	places[MINE] = w->a.schema_name;
	places[THEIRS] = w->b.schema_name;
	places[A_FILE] = readable_file(w);
	kill = talloc_asprintf(w, "KILL %llu", (unsigned long long)server_connection_id(w->root));
	my = enter(w, &w->a);
	for (size_t i = 0; i < COUNT(elsewhere); i++)
		refuses(my, strcmp(elsewhere[i], "KILL ALL_X") == 0
				? kill
				: filled(w, elsewhere[i], places));
	/* NULL is how the server refuses it */
	load = filled(w, "SELECT LOAD_FILE('FILE_X')", places);
	assert_string_equal(root_text(w, load), "from a file\n");
	assert_string_equal(text_of(w, my, load), "");
}

/* ---- information_schema ---- */

/* All columns of each of its tables as one text. */
static const char *
information(struct world *w)
{
	return root_text(w,
	    "SELECT GROUP_CONCAT(t SEPARATOR '\n') FROM (SELECT CONCAT('information_schema.', "
	    "table_name,"
	    " ' WHERE INSTR(CONCAT_WS(CHAR(32), ', GROUP_CONCAT(CONCAT('`', column_name, '`')), "
	    "'), ')"
	    " AS t FROM information_schema.columns WHERE table_schema = 'information_schema'"
	    " GROUP BY table_name) x");
}

/* Rows of one of its tables that have a name, which the question does not; -1: denied. */
static long
mentions(struct world *w, MYSQL *my, const char *table, const char *name)
{
	TALLOC_CTX *tmp = talloc_new(w);
	struct buf  b;
	MYSQL_RES  *r;
	MYSQL_ROW   row;
	long        n = -1;

	buf_make(&b, tmp);
	buf_printf(&b, "SELECT COUNT(*) FROM %s REVERSE('", table);
	for (size_t i = strlen(name); i > 0; i--)
		buf_putc(&b, name[i - 1]);
	buf_puts(&b, "'))");
	if (mysql_query(my, b.p) == 0 && (r = mysql_store_result(my)) != NULL) {
		row = mysql_fetch_row(r);
		n = row != NULL ? strtol(row[0], NULL, 10) : -1;
		mysql_free_result(r);
	}
	if (n < 0 && !is_denied(mysql_errno(my)))
		fail_msg("%s: %u %s", b.p, mysql_errno(my), mysql_error(my));
	talloc_free(tmp);
	return n;
}

static void
information_schema_knows_nothing_of_others(void **state)
{
	struct world *w = *state;
	size_t        tables = 0, root = 0, mine = 0;
	char         *list, *rest = NULL;
	MYSQL        *my;

	world_tenants(w);
	list = talloc_strdup(w, information(w));
	my = enter(w, &w->a);
	(void)enter(w, &w->b); /* which is on the list of who is connected */
	for (char *line = strtok_r(list, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest), tables++) {
		long theirs = mentions(w, my, line, w->b.schema_name);

		if (theirs > 0)
			fail_msg("%s has %ld rows of the neighbour", line, theirs);
		root += mentions(w, w->root->my, line, w->b.schema_name) > 0;
		mine += mentions(w, my, line, w->a.schema_name) > 0;
	}
	/* the question finds what is to be seen */
	print_message(
	    "%zu tables; the neighbour is in %zu, the asker in %zu\n", tables, root, mine);
	assert_true(tables > 60 && root >= 10 && mine >= 5);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_table_of_others_is_read_written_or_changed),
		TEST(nothing_of_the_server_is_the_tenants),
		TEST(information_schema_knows_nothing_of_others),
	};

	return cmocka_run_group_tests_name("isolation", tests, NULL, NULL);
}
