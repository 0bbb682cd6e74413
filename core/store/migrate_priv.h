/*
 * migrate_priv.h - inside of migrations, for migrate*.c.
 */
#ifndef BSX_STORE_MIGRATE_PRIV_H
#define BSX_STORE_MIGRATE_PRIV_H

#include "core/store/migrate.h"

struct record {
	int64_t     version;
	char       *name;
	struct blob sha256;
};
struct records {
	struct record *p;
	size_t         n;
};
extern const struct schema migration_record_schema;

/* What is recorded in the schema. */
MUST_USE bool migrate_records(struct db *db, TALLOC_CTX *mem, struct records *had, struct err *e);
/*
 * What a migration's statement is where all connections are of one account: who calls is not the account, triggers and
 * procedures have no account of their own, and a schema is not where its name says.  A child of mem.
 */
MUST_USE char *migrate_single(TALLOC_CTX *mem, const char *text, struct err *e);
/* Its statements, one after the other. */
MUST_USE bool migrate_text(struct db *db, TALLOC_CTX *tmp, const struct migration *m, struct err *e);
/*
 * Of our own list only, in a schema of a tenant: all at once with migration_flat, where nothing was there; else
 * nothing.
 */
MUST_USE bool migrate_flat(struct db *db, TALLOC_CTX *tmp, const struct migration *list,
    struct migrate_watch *w, struct err *e);

#endif
