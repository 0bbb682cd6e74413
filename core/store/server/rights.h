/*
 * rights.h - what a database account may do, held against what it should.
 *
 * Too much is wrong like too little: an account that may make accounts undoes the isolation of tenants.  What
 * is looked at is information_schema: rights on everything, on schemas, tables and columns, roles, and the
 * schemas that an account sees (by PUBLIC, say); the right to execute single procedures is not in it.  An account
 * sees its own rights there, one that may read the schema `mysql` everybody's.
 */
#ifndef BSX_STORE_SERVER_RIGHTS_H
#define BSX_STORE_SERVER_RIGHTS_H

#include "core/store/db.h"

/* DML on one schema, as service and tenant accounts have it; `execute`: its procedures too. */
struct rights_due {
	const char *schema;
	bool        execute;
};

struct rights {
	char       *account; /* "bsx@localhost": who the server takes us for */
	const char *missing; /* "INSERT ON bsx.*, ..."; "": nothing */
	const char *excess;
};

/* The failure of a connection was that the server does not let the account in. */
bool rights_refused(const struct err *e);
/* Of the account of this connection; strings are children of mem. */
MUST_USE bool rights_look(
    struct db *db, TALLOC_CTX *mem, const struct rights_due *due, struct rights *r, struct err *e);
/* Of another account, as far as this connection may see it; r->account is not set. */
MUST_USE bool rights_look_at(struct db *db, TALLOC_CTX *mem, const char *user, const char *host,
    const struct rights_due *due, struct rights *r, struct err *e);
/* Whether the account of this connection may make accounts (it has CREATE USER, or a role that may grant it). */
MUST_USE bool rights_to_provision(struct db *db, TALLOC_CTX *mem, bool *yes, char **account, struct err *e);

#endif
