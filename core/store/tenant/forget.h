/*
 * forget.h - rows of a tenant that are over by themselves, and how long they stay after that.
 *
 * Each kind is a row of the table in forget.c.  driftd takes them away; who writes such rows does not, and no row
 * that is over counts because it is still there.
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_TENANT_FORGET_H
#define BSX_STORE_TENANT_FORGET_H

#include "core/store/tenant/tenant_db.h"

#define FORGET_ROWS 500 /* taken away in one transaction */
#define FORGET_MOST 100 /* transactions for one kind in one call; what is left waits for the next */

/* Asked between two transactions: true ends the call.  NULL: nobody asks. */
struct forget_stop {
	bool (*fn)(void *arg);
	void *arg;
};

/*
 * Takes away what has been over for long enough at `now`, outside a transaction.  Any number of processes may do so
 * at the same time, and any may be killed in between: each transaction stands for itself.
 */
MUST_USE bool forget_old(
    struct tenant_db *t, instant now, const struct forget_stop *stop, struct err *e);

#endif
