/*
 * tx.h - a deed: one transaction on one connection, retried as a whole.
 *
 * Deadlock (1213), lock timeout (1205), Galera's 1047, a lost connection (COMMIT
 * included) and what else db_error.h says repeat the body up to TX_TRIES times with
 * jitter; a database that is known not to answer does not.  A COMMIT
 * whose answer was lost may have happened: `mark` is a statement that finds the
 * deed's own row (its audit entry's, snapshot's or run's UUID, made before the
 * first try); a retry after a lost COMMIT looks for it first and, when it is
 * there, the deed is done.
 *
 * The body must have no effect outside the database and be repeatable.
 */
#ifndef BSX_STORE_TX_H
#define BSX_STORE_TX_H

#include "core/store/db.h"

#define TX_TRIES 5

typedef bool tx_fn(struct db *db, void *arg, struct err *e);

struct tx {
	const char       *name;
	tx_fn            *body;
	void             *arg;
	const struct sql *mark;    /* NULL: the body is idempotent by itself */
	const void       *mark_in;
};

/*
 * Statements whose answer nobody needs wait, and go to the server in one round trip with the next that is waited
 * for, or with COMMIT; so does what begins the transaction.  Their parameters are copied: up to
 * TX_LATER_BYTES wait, what is longer is run at once, as everything is outside of a transaction.
 *
 * A failure is told by whatever sends them; then nothing more runs in this transaction.  A body that wants to know
 * of a duplicate key, or how many rows there were, uses db_run().
 */
#define TX_LATER_BYTES (64 * 1024)
MUST_USE bool tx_later(struct db *db, const struct sql *q, const void *in, struct err *e);
/* As db_run_many(). */
MUST_USE bool tx_later_many(struct db *db, const struct sql *q, const void *in, size_t n, struct err *e);
/* It finds a row, or was outrun: tx_again(). */
MUST_USE bool tx_later_must(struct db *db, const struct sql *q, const void *in, struct err *e);
/* CALL of a procedure that refuses (SIGNAL) what was outrun. */
MUST_USE bool tx_later_call(struct db *db, const struct sql *q, const void *in, struct err *e);

/*
 * Behind all else that is written, once however often it is asked for, with what was said last: for a row that all
 * deeds of a tenant share.  So it is held for the shortest time, and who holds it waits for nobody.
 */
MUST_USE bool tx_last(struct db *db, const struct sql *q, const void *in, struct err *e);

MUST_USE bool tx_run(struct db *db, const struct tx *t, struct err *e);
bool tx_open(const struct db *db); /* inside a body */
/* A body that found its conditional UPDATE outrun (0 rows) calls this: the transaction is rolled back and repeated. */
bool tx_again(struct err *e); /* always returns false */
void tx_rollback(struct db *db); /* the pass's account step: whatever is open */

#endif
