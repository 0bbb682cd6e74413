/*
 * db_priv.h - inside of a connection, for db*.c, tx.c, migrate.c, provision.c and server.c.
 */
#ifndef BSX_STORE_DB_PRIV_H
#define BSX_STORE_DB_PRIV_H

#include <mysql.h>

#include "core/store/db.h"
#include "core/store/db_error.h"

enum db_tx {
	DB_TX_NONE,
	DB_TX_OPEN,
	DB_TX_LOST, /* it ended by itself (lost connection, deadlock): nothing runs until tx_rollback() */
};

struct db {
	struct db_options o;
	MYSQL            *my; /* NULL: closed */
	enum db_tx        tx;
	uint64_t          server;     /* hash of its address, for circuit.h */
	bool              connecting;
	int64_t           used_ms;
	struct kept      *kept; /* statements that are prepared and do not run; o.keep at most */
	unsigned          kept_n;
	uint64_t          kept_turn;
	int64_t           crowded_ms; /* when the server last took no more from us; 0: never */
	struct db_stats   stats;
};

/* Connected, and no transaction is broken. */
MUST_USE bool db_ready(struct db *db, struct err *e);

/* Counts one statement that began at start_ns. */
void db_timed(struct db *db, const char *name, int64_t start_ns);

/* Text protocol: DDL, BEGIN, COMMIT, SET.  `text` is a constant or made of checked identifiers. */
MUST_USE bool db_exec(struct db *db, const char *name, const char *text, struct err *e);

/* The text as it is sent: "CALL bsx." names the control schema. A child of mem, or `text` itself. */
MUST_USE const char *db_text(TALLOC_CTX *mem, const struct db *db, const char *text, struct err *e);

/* Fills *e from MariaDB's number and text, and closes the connection where db_error.h says so. Always false. */
bool db_fail(struct db *db, const char *name, unsigned number, const char *text, struct err *e);

/* ---- statements that stay prepared (db_kept.c) ---- */

/* The statement as it was left, for one use; NULL: it is not kept.  To a crowded server all are given back. */
MYSQL_STMT *kept_take(struct db *db, const struct sql *q);
/* After its use: it stays prepared where that is worth it and there is room, else it is closed. */
void kept_give(struct db *db, const struct sql *q, MYSQL_STMT *st);
/* Closes all; also after their connection. */
void kept_drop(struct db *db);
/*
 * The server took no more of them: ours are given back, those of the host's other connections at their next
 * statement, and for CIRCUIT_CROWD_MS nobody keeps any.  True, after a while: it is worth another try, of which
 * this was the `tries`-th.
 */
MUST_USE bool kept_made_room(struct db *db, unsigned tries);
/* Whether one that was kept may fail by this number where the same text, prepared anew, does not. */
bool kept_is_stale(unsigned number);

/* ---- connecting and waiting (db.c, db_wait.c) ---- */

/*
 * One attempt under `password`, each step at most timeout_s; NULL: *number and *text say why (text is
 * valid until the next call).  DB_PROBE_S: nobody is asked whether it is slow.
 */
MUST_USE MYSQL *db_open_once(struct db *db, const char *password, unsigned timeout_s, unsigned *number,
    const char **text);

uint64_t db_server_of(const struct db_options *o);
int64_t  db_now_ms(void); /* monotonic */
/* Statements of this connection follow: db_wait_io() is called for it.  NULL: nothing that is worth waiting for. */
void db_awaits(struct db *db);
int  db_wait_io(int socket, my_bool is_read, int timeout_ms);
/* Whether the circuit lets it connect; *probe: shortly, and for all. */
MUST_USE bool db_admitted(struct db *db, bool *probe, struct err *e);
void db_connected(struct db *db);
void db_unconnected(struct db *db, unsigned number, const char *text, int64_t began_ms);

#endif
