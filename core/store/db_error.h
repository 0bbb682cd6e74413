/*
 * db_error.h - what MariaDB's error numbers mean to us, in one table.
 *
 * Of each kind: what the client is told and after how many seconds it may come
 * again, whether the connection is dropped (it is in doubt, or another address may
 * lead to a better server), whether the transaction is repeated, and whether the
 * server ended the transaction by itself.
 *
 * Of connecting, only DB_SILENT opens the circuit (circuit.h): a server that refuses is there.
 */
#ifndef BSX_STORE_DB_ERROR_H
#define BSX_STORE_DB_ERROR_H

#include "core/base/err.h"

/*      kind             answer           seconds drop   again  ended  sentence */
#define DB_FAULTS(X) \
	X(DB_OTHER,      ERR_INTERNAL,    0,  false, false, false, "internal error") \
	X(DB_PROTOCOL,   ERR_INTERNAL,    0,  true,  false, false, "internal error") \
	X(DB_DUPLICATE,  ERR_CONFLICT,    0,  false, false, false, "It exists already, or was changed meanwhile.") \
	X(DB_LOCKED,     ERR_UNAVAILABLE, 2,  false, true,  false, "The database cannot answer now.") \
	X(DB_OUTRUN,     ERR_UNAVAILABLE, 2,  false, true,  true,  "The database cannot answer now.") \
	X(DB_SILENT,     ERR_UNAVAILABLE, 2,  true,  true,  false, "The database cannot answer now.") \
	X(DB_LOST,       ERR_UNAVAILABLE, 2,  true,  true,  false, "The database cannot answer now.") \
	X(DB_CROWDED,    ERR_UNAVAILABLE, 2,  true,  true,  false, "The database cannot answer now.") \
	X(DB_TOO_LONG,   ERR_UNAVAILABLE, 2,  true,  false, false, "The database took too long.") \
	X(DB_READ_ONLY,  ERR_UNAVAILABLE, 5,  true,  true,  false, "The database takes no changes now.") \
	X(DB_FULL,       ERR_UNAVAILABLE, 10, true,  false, false, "The database has no room for changes now.") \
	X(DB_BARRED,     ERR_UNAVAILABLE, 2,  true,  false, false, "This is being changed over: try again in a moment.") \
	X(DB_REFUSED,    ERR_INTERNAL,    0,  true,  false, false, "internal error") \
	X(DB_UNMIGRATED, ERR_UNAVAILABLE, 10, false, false, false, "The database does not have the schema of this program.")

enum db_fault {
#define X(kind, answer, seconds, drop, again, ended, sentence) kind,
	DB_FAULTS(X)
#undef X
};

struct db_fault_row {
	const char   *name;
	enum err_code answer;
	int           retry_s;
	bool          drop, again, ended;
	const char   *sentence;
};

#define DB_CIRCUIT_OPEN (-2) /* e->sys: the server was not asked */

/* The kind of a number of the server or the client library. */
enum db_fault              db_fault_of(unsigned number);
const struct db_fault_row *db_fault_row(enum db_fault f);

/* One number of the table; number 0 ends it.  For the test that walks it. */
struct db_number {
	unsigned      number;
	enum db_fault fault;
};
extern const struct db_number db_numbers[];

/* Fills *e; always false. */
bool db_fault_set(struct err *e, const char *name, unsigned number, const char *text);

#endif
