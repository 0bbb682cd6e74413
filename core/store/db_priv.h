/*
 * db_priv.h - inside of a connection, for db.c, tx.c, migrate.c and provision.c.
 */
#ifndef BSX_STORE_DB_PRIV_H
#define BSX_STORE_DB_PRIV_H

#include <mysql.h>

#include "core/store/db.h"

enum db_tx {
	DB_TX_NONE,
	DB_TX_OPEN,
	DB_TX_LOST, /* it ended by itself (lost connection, deadlock): nothing runs until tx_rollback() */
};

struct db {
	struct db_options o;
	MYSQL            *my; /* NULL: closed */
	enum db_tx        tx;
	int64_t           used_ms;
	struct db_stats   stats;
};

/* Connected, and no transaction is broken. */
MUST_USE bool db_ready(struct db *db, struct err *e);

/* Counts one statement that began at start_ns. */
void db_timed(struct db *db, const char *name, int64_t start_ns);

/* Text protocol: DDL, BEGIN, COMMIT, SET.  `text` is a constant or made of checked identifiers. */
MUST_USE bool db_exec(struct db *db, const char *name, const char *text, struct err *e);

/* The text as it is sent: "CALL bsx." names the control schema. A child of mem, or q->text itself. */
MUST_USE const char *db_text(TALLOC_CTX *mem, const struct db *db, const struct sql *q, struct err *e);

/* Fills *e from MariaDB's number and text, and closes the connection when it is in doubt. Always false. */
bool db_fail(struct db *db, const char *name, unsigned number, const char *text, struct err *e);

/* The connection is gone, or its state is not known. */
bool db_is_lost(int number);

#endif
