/*
 * masked_changes.h - how many values of a masked place one credential has set in a day.
 *
 * Written in the transaction of the snapshot that set them.  A day is UTC: days since 1970-01-01.
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_DRIFT_MASKED_CHANGES_H
#define BSX_STORE_DRIFT_MASKED_CHANGES_H

#include "core/base/hash.h"
#include "core/store/tenant/tenant_db.h"

#define MASKED_CHANGES_TOLD 20 /* more of them in a day are told of */

struct masked_change {
	struct uuid actor;
	struct blob place; /* HASH_LEN bytes */
	struct uuid config_id;
	int64_t     day;
	int64_t     changes;
	struct blob last; /* HASH_LEN bytes: of the values that were set */
};

/* Adds to what the day has, unless the same values were set the last time.  Rows by place. */
MUST_USE bool masked_changes_add(
    struct db *db, const struct masked_change *rows, size_t n, struct err *e);

/* Those of a credential that are to be told of, at most 10. */
#define MASKED_TOLD_AT_ONCE 10
MUST_USE bool masked_changes_due(struct db *db, TALLOC_CTX *mem, const struct uuid *actor,
    int64_t day, struct masked_change **rows, size_t *n, struct err *e);
/* *first false: it was told before. */
MUST_USE bool masked_changes_told(
    struct db *db, const struct masked_change *row, bool *first, struct err *e);

#endif
