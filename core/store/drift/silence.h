/*
 * silence.h - silences and maintenance windows: findings that do not alert for a time.
 *
 * One that was ended by hand stays as a row: who looks back sees what was covered, and until when.
 *
 * Errors: ERR_MISSING, and those of db.h.
 */
#ifndef BSX_STORE_DRIFT_SILENCE_H
#define BSX_STORE_DRIFT_SILENCE_H

#include "core/store/tenant/tenant_db.h"
#include "core/store/trip.h"

struct silence {
	struct uuid     id;
	char           *kind;    /* SILENCE_PLAIN, SILENCE_MAINTENANCE */
	struct raw_json matcher; /* object as the API took it */
	char           *reason, *owner;
	instant         starts_at, expires_at, created_at;
	instant         ended_at; /* by hand; 0: not */
	char           *ended_by;
	struct uuid     series_id; /* that it is one of (silence_series.h); nil: it was made by itself */
};
#define SILENCE_PLAIN       "silence"
#define SILENCE_MAINTENANCE "maintenance"
#define SILENCES_MAX        1000 /* in force or to come at a time; those made first hold */

MUST_USE bool silence_add(struct db *db, const struct silence *s, struct err *e);
MUST_USE bool silence_by_id(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct silence *s, struct err *e);
struct silence_filter {
	const char *kind;  /* NULL: any */
	const char *state; /* "active", "scheduled", "expired" (ended by hand too); NULL: any */
	instant     now;
};
const char *silence_state(const struct silence *s, instant now);
/* Newest first. */
MUST_USE bool silence_list(struct tenant_db *t, TALLOC_CTX *mem, const struct silence_filter *f,
    struct page *p, struct err *e);
/* In force or still to come, with what else is read in that round trip (trip.h). */
void silence_ahead_ask(struct trip *trip, instant now, struct silence **rows, size_t *n);
/* Ends what is in force or to come; *done false: there is no such. */
MUST_USE bool silence_end(
    struct db *db, const struct uuid *id, instant now, const char *by, bool *done, struct err *e);

/* How many findings of the configs' newest reports each covers: those that cover any. */
struct silence_cover {
	char   *by; /* kind:id, as drift_changes.suppressed_by has it */
	int64_t changes;
};
MUST_USE bool silence_covers(
    struct tenant_db *t, TALLOC_CTX *mem, struct silence_cover **rows, size_t *n, struct err *e);

#endif
