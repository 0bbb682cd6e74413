#include "tests/store/server.h"

#include <mysqld_error.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/store/db_priv.h"

const char *
server_folder(void)
{
	const char *dir = getenv("BSX_TEST_DB");

	if (dir == NULL)
		fail_msg("BSX_TEST_DB is not set: run tests/store/run");
	return dir;
}

const char *
server_socket(void)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/mariadb.sock", server_folder());
	return path;
}

struct db *
server_db_as(TALLOC_CTX *mem, const char *schema, const char *user, const char *password)
{
	struct err        e = { 0 };
	struct db_options o = { .socket = server_socket(),
		.user = user,
		.password = password,
		.schema = schema,
		.keep = 8,
		.kind = "control",
		.clock = &clock_system };
	struct db        *db = db_make(mem, &o, &e);

	assert_non_null(db);
	return db;
}

struct db *
server_db(TALLOC_CTX *mem, const char *schema)
{
	return server_db_as(mem, schema, "root", NULL);
}

void
server_do(struct db *root, const char *fmt, ...)
{
	struct err e = { 0 };
	va_list    ap;
	char      *text;

	va_start(ap, fmt);
	text = talloc_vasprintf(root, fmt, ap);
	va_end(ap);
	assert_non_null(text);
	/* Who is tested may be at the same rows: one of two gives way, and repeats. */
	for (int i = 0; i < 20 && !db_exec(root, "test", text, &e) && e.sys == ER_LOCK_DEADLOCK;
	     i++)
		err_clear(&e);
	if (e.code != ERR_OK)
		fail_msg("%s: %d %s", text, e.sys, e.detail);
	talloc_free(text);
}

void
server_schema(struct db *root, const char *schema)
{
	server_do(root, "DROP DATABASE IF EXISTS `%s`", schema);
	server_do(
	    root, "CREATE DATABASE `%s` CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin", schema);
}

void
server_shell(const char *verb)
{
	char text[400];

	snprintf(text, sizeof(text), "tests/lib/mariadb.sh %s '%s'", verb, server_folder());
	assert_int_equal(system(text), 0);
}

uint64_t
server_connection_id(struct db *db)
{
	struct err e = { 0 };

	assert_ok(db_ready(db, &e));
	return mysql_thread_id(db->my);
}

long
server_rows_read(struct db *db)
{
	MYSQL_RES *r;
	MYSQL_ROW  row;
	long       n = 0;

	assert_int_equal(
	    mysql_query(db->my, "SHOW SESSION STATUS WHERE Variable_name LIKE 'Handler_read_%'"
				" OR Variable_name = 'Handler_icp_attempts'"),
	    0);
	r = mysql_store_result(db->my);
	while ((row = mysql_fetch_row(r)) != NULL)
		n += strtol(row[1], NULL, 10);
	mysql_free_result(r);
	return n;
}
