/*
 * server.h - what the store tests share: the private server of tests/store/run.
 *
 * BSX_TEST_DB names the folder that tests/lib/mariadb.sh made; the tests have the
 * server's root account.  Each program works in schemas of its own name.
 */
#ifndef BSX_TESTS_STORE_SERVER_H
#define BSX_TESTS_STORE_SERVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/store/db.h"

const char *server_folder(void);
const char *server_socket(void);

/* A connection as root; schema may be NULL. */
struct db *server_db(TALLOC_CTX *mem, const char *schema);
/* As another account. */
struct db *server_db_as(TALLOC_CTX *mem, const char *schema, const char *user, const char *password);
/* Drops and makes an empty schema. */
void server_schema(struct db *root, const char *schema);
/* Any statement in the text protocol, as root; fails the test when it fails. */
void server_do(struct db *root, const char *fmt, ...) PRINTF(2, 3);
/* `mariadb.sh VERB`. */
void server_shell(const char *verb);
/* Ends a connection of another one: as the administrator does, or as a firewall would. */
uint64_t server_connection_id(struct db *db);
/* Rows that a connection has read, and entries of an index that it has only looked at. */
long server_rows_read(struct db *db);

#define assert_ok(call) \
	do { \
		if (!(call)) \
			fail_msg("%s: %d %d %s | %s (%s:%d)", #call, (int)e.code, e.sys, e.pub, e.detail, \
			    e.file, e.line); \
	} while (0)
#define assert_fails(call, want) \
	do { \
		err_clear(&e); \
		assert_false(call); \
		if (e.code != (want)) \
			fail_msg("%s: code %d instead of %d: %s", #call, (int)e.code, (int)(want), e.detail); \
	} while (0)

#endif
