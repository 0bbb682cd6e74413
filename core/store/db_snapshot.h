/*
 * db_snapshot.h - all rows of tables as they were at one instant, one by one and however many: for archives.
 *
 * A snapshot is a connection of its own, under the account and with the rights of the one that it is taken from, in one
 * transaction that only reads (REPEATABLE READ, WITH CONSISTENT SNAPSHOT).  Others go on writing.  Where its connection is
 * lost it is lost: ERR_UNAVAILABLE, and nothing goes on at another instant.
 *
 * Values are the bytes of the text protocol: numbers and times as text, binary as it is.
 */
#ifndef BSX_STORE_DB_SNAPSHOT_H
#define BSX_STORE_DB_SNAPSHOT_H

#include "core/store/db.h"

/* A child of `mem`; freed, the transaction ends.  Statements of db.h may be asked of it between two tables. */
MUST_USE struct db *db_snapshot(TALLOC_CTX *mem, const struct db *like, struct err *e);

/* The rows of one statement, which is a constant or made of names that are constants; nothing else may be asked until they end. */
struct db_rows;
MUST_USE struct db_rows *db_rows(TALLOC_CTX *mem, struct db *snapshot, const char *text, struct err *e);
/*
 * The next row: *values, as many as the statement has columns, valid until the next call; p NULL: NULL.  *values NULL: those
 * were all.
 */
MUST_USE bool db_rows_next(struct db_rows *r, const struct blob **values, struct err *e);

#endif
