/*
 * ddl.h - statements that cannot have parameters: DDL, GRANT, accounts.
 *
 * Private to core/store.  The text is a constant with the marks {schema},
 * {control}, {user}, {host}, {password}, {routine} inside the quotes it needs;
 * each name is checked against its own narrow alphabet before it goes in, and
 * nothing else ever does.
 */
#ifndef BSX_STORE_DDL_H
#define BSX_STORE_DDL_H

#include "core/crypt/keyring.h"
#include "core/store/db.h"

#define DDL_SCHEMA_MAX 48
#define DDL_PLACE_MAX  63

struct ddl {
	const char *schema;   /* [a-z0-9]{1,48}: in a GRANT '_' is a wildcard */
	const char *control;  /* the same */
	const char *user;     /* [A-Za-z0-9_.-]{1,80} */
	const char *host;     /* [A-Za-z0-9_.:%/-]{1,255} */
	const char *password; /* [A-Za-z0-9_-]{1,255} */
	const char *routine;  /* [a-z0-9_]{1,64}; of a table too */
	bool        one_account; /* nothing is granted: schema and control may be any place (ddl_is_place) */
};

bool ddl_is_schema(const char *name);
/* [A-Za-z0-9_]{1,63}: a schema that somebody else has made. */
bool ddl_is_place(const char *name);

/* The text with its names in it, a child of mem; ERR_INTERNAL: an unknown mark, or a name that is refused. */
MUST_USE char *ddl_text(TALLOC_CTX *mem, const struct ddl *d, const char *text, struct err *e);
/* Runs it; when it holds a password a failure's detail is MariaDB's number only. */
MUST_USE bool ddl_run(struct db *db, const char *name, const struct ddl *d, const char *text, struct err *e);

/*
 * The passwords an account may have: derived from every keyring version, newest first (at most 8),
 * NULL-terminated, wiped when freed.
 */
MUST_USE const char **account_passwords(TALLOC_CTX *mem, const struct keyring *k, const char *account,
    struct err *e);

#endif
