/*
 * unsettled.h - resources whose baseline has not moved with that of their collection: which version each has as its own.
 *
 * A collection's row says how many it has (collection.h), so that nobody asks for them where there are none.  The rows
 * change with a snapshot, or with a deed that raises the config's life.
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_DRIFT_UNSETTLED_H
#define BSX_STORE_DRIFT_UNSETTLED_H

#include "core/store/drift/snapshot.h"

#define UNSETTLED_MAX 50000 /* of a config */

struct unsettled {
	struct uuid config_id, resource_id;
	char       *category, *key; /* read, not written */
	uint64_t    seq;            /* what was in force at this number is its baseline */
	struct uuid snapshot_id;    /* has that; it stays as long as this row */
	bool        told;           /* an alert has told all of it, and nobody has seen it */
	uint64_t    from_seq;       /* read: of that version; 0: it was not there then */
	struct blob address;        /* read: its content; p NULL: it was not there then */
};

/* By category and key (bytes). */
struct unsettled_list {
	struct unsettled *rows;
	size_t            n;
};

MUST_USE bool unsettled_read(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct unsettled_list *l, struct err *e);
/* New ones, or another word of those that are there. */
MUST_USE bool unsettled_put(
    struct db *db, const struct unsettled *rows, size_t n, struct err *e);
MUST_USE bool unsettled_drop(
    struct db *db, const struct unsettled *rows, size_t n, struct err *e);
/* Somebody has seen what was told: where a resource waits for that, the next snapshot is compared in any case. */
MUST_USE bool unsettled_seen(struct db *db, const struct uuid *config, struct err *e);
/* All of these collections. */
struct collection_row;
MUST_USE bool unsettled_drop_collections(
    struct db *db, const struct collection_row *rows, size_t n, struct err *e);

#endif
