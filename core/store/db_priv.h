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

/* Statements that go to the server together (db_batch.c). */
struct batch {
	TALLOC_CTX     *mem; /* of what they carry; NULL: none yet */
	struct waiting *all;
	unsigned        n, room;
	size_t          bytes;
};

struct db {
	struct db_options o;
	TALLOC_CTX       *passwords; /* of `o` */
	MYSQL            *my; /* NULL: closed */
	enum db_tx        tx;
	uint64_t          server;     /* hash of its address, for circuit.h */
	bool              connecting;
	int64_t           used_ms;
	struct kept      *kept; /* statements that are prepared and do not run; o.keep at most */
	unsigned          kept_n;
	uint64_t          kept_turn;
	int64_t           crowded_ms; /* when the server last took no more from us; 0: never */
	struct batch      later;      /* of the transaction: sent with its next statement (tx_later) */
	struct batch      last;       /* of the transaction: sent with its end (tx_last) */
	struct groups    *groups;     /* ends of transactions that were here before (db_group.c); NULL: none */
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

/* No row where one was asked for: ERR_MISSING. */
bool db_missing(const struct sql *q, struct err *e);

/* ---- parameters (db_params.c) ---- */

/* The parameters of one execution: one struct, or a batch by columns.  What they point at is in `mem` or the caller's. */
struct params {
	const struct marks *marks;
	MYSQL_BIND         *b;     /* by mark */
	unsigned            rows;  /* 0: no batch */
	size_t              bytes; /* of all values, about */
};
struct param_rows {
	const void *at; /* structs of q->in */
	size_t      n;
};
MUST_USE bool params_of(struct params *p, TALLOC_CTX *mem, const struct sql *q, const void *in, struct err *e);
/* As many of them as fit one batch; p->rows says how many. */
MUST_USE bool params_of_rows(struct params *p, TALLOC_CTX *mem, const struct sql *q, struct param_rows in,
    struct err *e);
/*
 * Of all of them, and by copies of what they point at.  Where they have more than bytes_max, or are more than one
 * batch, p->b is NULL: they are to be run at once.
 */
MUST_USE bool params_kept(struct params *p, TALLOC_CTX *mem, const struct sql *q, struct param_rows in,
    size_t bytes_max, struct err *e);

/* ---- running (db_stmt.c), and the answer (db_answer.c) ---- */

struct ran {
	struct db        *db;
	const struct sql *q;
	MYSQL_STMT       *st;
};

bool        db_stmt_bind(MYSQL_STMT *st, const struct params *p);
/* In a round trip of its own; NULL: it failed. */
MYSQL_STMT *db_execute_alone(struct db *db, const struct sql *q, const struct params *p, struct err *e);

MUST_USE bool answer_one(const struct ran *r, TALLOC_CTX *mem, void *out, bool *found, struct err *e);
MUST_USE bool answer_all(const struct ran *r, TALLOC_CTX *mem, const struct into *into, bool packed, struct err *e);
/* Further results, as a CALL has, and rows that nobody has read: the connection is free for the next answer. */
MUST_USE bool answer_end(const struct ran *r, struct err *e);

/* ---- several in one round trip (db_batch.c) ---- */

/* What has to become of one, or the deed was outrun: tx_again(). */
enum waiting_for {
	WAITING_ANY,
	WAITING_ROW,    /* it finds a row */
	WAITING_ASSENT, /* its procedure does not refuse by SIGNAL */
};

/* One of them, and where its answer goes. */
struct waiting {
	const struct sql *q;    /* NULL: `text` is sent as it is */
	const char       *name, *text; /* constants */
	struct params     p;
	enum waiting_for  needs;
	bool              open; /* the last: its answer is left to the caller */
	bool              packed;
	bool              checks; /* the one before it, for one that comes behind */
	TALLOC_CTX       *mem;
	void             *out; /* of db_one; NULL: no row */
	bool             *found;
	struct into       into; /* of db_all */
	/* while it runs */
	MYSQL_STMT *st;
	bool        shared, /* with one before it */
	    broken;         /* the server or the connection refused it */
};

/* Its memory may be filled at once; NULL: no memory. */
struct waiting *batch_add(struct batch *b, TALLOC_CTX *mem, const struct waiting *w, struct err *e);
MUST_USE bool   batch_run(struct db *db, struct batch *b, struct err *e);
void            batch_clear(struct batch *b);
bool            batch_waits(const struct db *db);
/* What waits, and `q` behind it, whose answer is left to be read; NULL: one of them failed. */
MYSQL_STMT     *batch_run_with(struct db *db, const struct sql *q, const struct params *p, struct err *e);
/* COMMIT or ROLLBACK, and back to a connection that commits by itself. */
MUST_USE bool   batch_end(struct db *db, const char *name, const char *text, struct err *e);

/* ---- the end of a transaction (db_group.c) ---- */

/* What waits, COMMIT, and back to a connection that commits by itself.  Where it failed the transaction is open. */
MUST_USE bool group_commit(struct db *db, struct batch *b, struct err *e);

/* ---- statements that stay prepared (db_kept.c) ---- */

/* Whether kept_take() would find it. */
bool kept_has(const struct db *db, const struct sql *q);

/* The statement as it was left, for one use; NULL: it is not kept.  To a crowded server all are given back. */
MYSQL_STMT *kept_take(struct db *db, const struct sql *q);
/* After its use: it stays prepared where that is worth it and there is room, else it is closed. */
void kept_give(struct db *db, const struct sql *q, MYSQL_STMT *st);
/* Closes that one, where it is kept: its text is about to go. */
void kept_forget(struct db *db, const struct sql *q);
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
