/*
 * rename.h - resources that are called otherwise than before, where they are known by their name: their rows, and
 * those of what they held; collections; how often each changed.
 *
 * Called in a transaction that holds the config's state row.  What was written about them stays (remask.h).
 *
 * Errors: those of db.h; ERR_CONFLICT: a new name is taken.
 */
#ifndef BSX_STORE_DRIFT_RENAME_H
#define BSX_STORE_DRIFT_RENAME_H

#include "core/store/drift/snapshot.h"

struct rename {
	struct uuid config_id;
	struct uuid was_id, is_id; /* held_id() */
	char       *was_category, *was_key;
	char       *category, *key;
	struct uuid was_name, is_name; /* daily_name() */
};

/* All resources of a config, by category and key, under their names of before (was_id, was_category, was_key). */
MUST_USE bool rename_read(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct rename **rows, size_t *n, struct err *e);
MUST_USE bool rename_resources(struct db *db, const struct rename *list, size_t n, struct err *e);

/* A collection; its names also as JSON strings. */
struct rename_collection {
	struct uuid config_id;
	char       *was, *is, *was_json, *is_json;
};
MUST_USE bool rename_collections(
    struct db *db, const struct rename_collection *list, size_t n, struct err *e);
/* All collections that a config has a row of. */
MUST_USE bool rename_collections_read(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct rename_collection **rows, size_t *n, struct err *e);

#endif
