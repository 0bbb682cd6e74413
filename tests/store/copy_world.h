/*
 * copy_world.h - a drift world whose tenant is exported into an archive, and archives that are taken in beside it.
 */
#ifndef BSX_TESTS_STORE_COPY_WORLD_H
#define BSX_TESTS_STORE_COPY_WORLD_H

#include "core/auth/tenant/tenant_export.h"
#include "core/auth/tenant/tenant_import.h"
#include "tests/store/drift_world.h"

#define COPY_PASSPHRASE "correct horse battery staple"
extern const struct lock copy_lock; /* of that */

struct copying {
	struct drift_world    *x;
	struct auth            auth;
	struct deed_by         by;
	struct provision       p;
	char                  *path;           /* the archive */
	int                    asked, stop_at; /* how often it may go on; 0: always */
	struct tenant_imported out;
	struct err             e;
};

struct copying *copying(struct drift_world *x);
/* A config with an accepted change, an open one, a masked value, and a channel that is told; entries, with leaves and without. */
struct uuid copy_live(struct copying *y);
void copy_entries(struct copying *y, int n);
void copy_export(struct copying *y);
bool copy_import(struct copying *y, const char *slug);
/* The same, as "copy", which must succeed. */
void copy_must(struct copying *y);
/* A drift world in the tenant that was made. */
struct drift_world *copy_there(struct copying *y);

/* The archive with its head altered by `alter`, and the rows that it had, signed by `seed`. */
void copy_forge(struct copying *y, void (*alter)(struct archive_head *h), const uint8_t *seed);
/* The archive as one of that version of the schema, with the columns and tables that there were then. */
void copy_as_of(struct copying *y, int64_t version, const uint8_t *seed);
extern const uint8_t copy_seed[]; /* of nobody's key */

#endif
