/*
 * silence_series.h - maintenance windows that come again: what they are made by.
 *
 * A window of a series is a row of silences that is made ahead (drift/run/series.h).  A series that has ended stays as a
 * row, 400 days after its last window; its windows that were stay as long.
 *
 * Errors: ERR_MISSING, and those of db.h.
 */
#ifndef BSX_STORE_DRIFT_SILENCE_SERIES_H
#define BSX_STORE_DRIFT_SILENCE_SERIES_H

#include "core/store/tenant/tenant_db.h"

struct silence_series {
	struct uuid     id;
	struct raw_json matcher; /* object as the API took it */
	char           *reason, *owner, *rule, *timezone;
	instant         starts_at;
	int64_t         duration_s;
	instant         made_until; /* windows that begin up to then are made */
	instant         ends_at;    /* of its last window */
	instant         created_at, updated_at;
	instant         ended_at; /* by hand; 0: not */
	char           *ended_by;
};
#define SERIES_MAX 50 /* of a tenant, that have windows to come: so their windows ahead find room in SILENCES_MAX */

MUST_USE bool series_add(struct db *db, const struct silence_series *s, struct err *e);
MUST_USE bool series_by_id(struct db *db, TALLOC_CTX *mem, const struct uuid *id,
    struct silence_series *s, struct err *e);
/* Held until the transaction ends. */
MUST_USE bool series_hold(struct db *db, TALLOC_CTX *mem, const struct uuid *id,
    struct silence_series *s, struct err *e);
/* Writes all that can change. */
MUST_USE bool series_set(struct db *db, const struct silence_series *s, struct err *e);
struct series_filter {
	const char *state; /* "active", "over"; NULL: any */
	instant     now;
};
const char *series_state(const struct silence_series *s, instant now);
/* Newest first. */
MUST_USE bool series_list(struct tenant_db *t, TALLOC_CTX *mem, const struct series_filter *f,
    struct page *p, struct err *e);
/* Those that have windows to come. */
MUST_USE bool series_count(
    struct db *db, TALLOC_CTX *mem, instant now, int64_t *n, struct err *e);
/* Its windows that begin after that are no more. */
MUST_USE bool series_drop_ahead(struct db *db, const struct uuid *id, instant now, struct err *e);

#endif
