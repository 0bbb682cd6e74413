/*
 * provision_priv.h - steps of making a schema, for the files of core/store/server that share them.
 */
#ifndef BSX_STORE_SERVER_PROVISION_PRIV_H
#define BSX_STORE_SERVER_PROVISION_PRIV_H

#include "core/store/server/provision.h"

/* A name that nobody has: "bsxt" and 16 hex digits. */
MUST_USE char *provision_schema_name(TALLOC_CTX *mem, struct rand *r, struct err *e);
/* The provisioning account in one schema: the control schema, or a tenant's, wherever it stands. */
struct db *provision_schema_db(const struct provision *p, const char *schema, struct err *e);
/* The same, by the name that the server has for it. */
struct db *provision_place_db(struct db *prov, const char *place, struct err *e);
/* The procedures of the control schema that this connection's account knows of; `list` may be NULL. */
struct routine {
	char *name;
};
MUST_USE bool provision_routines(struct db *db, TALLOC_CTX *mem, const char *control,
    struct routine **list, size_t *n, struct err *e);
/* Its row is of today's version, and so are its schema, account, password, rights and guards.  What cannot be looked at lacks something. */
bool provision_lacks_nothing(const struct provision *p, const struct tenant *t);
/* A connection to a schema as its tenant has it, by the password of the newest version of the keyring only. */
struct db *provision_sign_in(const struct provision *p, TALLOC_CTX *mem, const char *schema_name, struct err *e);
/* The schema, and its account with that password and those rights that it should have.  Repeatable. */
MUST_USE bool provision_account(const struct provision *p, const char *schema_name, struct err *e);
/* Migrations that it lacks up to that version; *applied: so many. */
MUST_USE bool provision_migrate(
    const struct provision *p, const char *schema_name, int64_t version, int *applied, struct err *e);

#endif
