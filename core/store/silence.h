/*
 * silence.h - silences: findings that do not alert for a time.
 *
 * Errors: ERR_MISSING, and those of db.h.
 */
#ifndef BSX_STORE_SILENCE_H
#define BSX_STORE_SILENCE_H

#include "core/store/tenant_db.h"

struct silence {
	struct uuid     id;
	struct raw_json matcher; /* object as the API took it */
	char           *reason, *owner;
	instant         starts_at, expires_at, created_at;
};
#define SILENCES_MAX 1000 /* in force at a time; those made first hold */

MUST_USE bool silence_add(struct db *db, const struct silence *s, struct err *e);
MUST_USE bool silence_by_id(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct silence *s, struct err *e);
/* Newest first, those made before `after` (nil: all). */
MUST_USE bool silence_list(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *after,
    size_t limit, struct silence **rows, size_t *n, struct err *e);
MUST_USE bool silence_in_force(
    struct db *db, TALLOC_CTX *mem, instant now, struct silence **rows, size_t *n, struct err *e);
MUST_USE bool silence_drop(struct db *db, const struct uuid *id, bool *done, struct err *e);

#endif
