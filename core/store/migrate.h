/*
 * migrate.h - forward-only, numbered migrations with checksums.
 *
 * The SQL of db/control and db/tenant is embedded at build.  Applied ones are
 * recorded in schema_migrations (version, name, sha256, applied_at) of the same
 * schema.  A recorded migration whose text changed or is missing from the
 * program is refused with its name; a newer schema than the program is refused
 * too.  Statements are separated by a line holding only "--;;".  DDL is not
 * transactional: a migration interrupted half-way is repeated, and so its
 * statements are written to be repeatable (IF NOT EXISTS).  Of several processes
 * that migrate one schema one works, and the others wait for it (schema_lock).
 *
 * A migration that has landed never changes (db/released, held by lint).  What
 * was landed otherwise before that rule is in db/former: other texts or numbers
 * that were recorded count as the migration they are now, and what was landed
 * out of order may be applied late.
 */
#ifndef BSX_STORE_MIGRATE_H
#define BSX_STORE_MIGRATE_H

#include "core/store/db.h"

/* What was recorded for a migration before db/released froze it. */
struct migration_former {
	int64_t     version;
	const char *sha256; /* hexadecimal; NULL ends the list */
};
#define MIGRATION_FORMER_MAX 4

struct migration {
	enum sql_scope scope;
	int64_t        version; /* number in the file's name */
	const char    *name;    /* "control/" or "tenant/" and the file's name */
	const char    *text;
	bool           late;    /* may be applied after a later one */
	struct migration_former former[MIGRATION_FORMER_MAX];
};
extern const struct migration migrations[]; /* generated; ordered; ended by name == NULL */
/*
 * What those of tenants up to its version make, as one text (db/flat.sql): with it a schema that has nothing yet
 * begins, and is recorded as if each had been applied.  While that is under way the record is of version 0, so that
 * one that was interrupted goes on with the same text, or is refused.
 */
extern const struct migration migration_flat;

/* For who wants to know what is done. */
struct migrate_watch {
	void (*before)(void *arg, const struct migration *m); /* each one that is applied; NULL: nobody is told */
	void *arg;
	int   applied; /* how many were */
};
/* Applies what is missing; `w` may be NULL. */
MUST_USE bool migrate_run(struct db *db, enum sql_scope scope, const struct migration *list,
    struct migrate_watch *w, struct err *e);
/* Those of `migrations` up to that version of the scope, as a list that ends as that does; a child of mem, or `migrations`. */
MUST_USE const struct migration *migrate_list(
    TALLOC_CTX *mem, enum sql_scope scope, int64_t version, struct err *e);
/* Compares only: ERR_UNAVAILABLE "schema not migrated", ERR_INTERNAL for a changed or missing one. */
MUST_USE bool migrate_check(struct db *db, enum sql_scope scope, const struct migration *list, struct err *e);
/* The statements of one of `migrations` once more, for what somebody has taken away since. */
MUST_USE bool migrate_repeat(struct db *db, enum sql_scope scope, int64_t version, struct err *e);
int64_t migrate_newest(enum sql_scope scope);

#endif
