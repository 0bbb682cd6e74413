/*
 * schedule.h - what is due at an instant: rows of the control schema, set in the
 * tenant's transaction and claimed by driftd on the database's clock, as
 * outbox_index is.
 *
 * Errors: OUTBOX_FENCE_LOST (outbox.h) in e->sys: the row was set anew or taken
 * over; roll back and forget it; and those of db.h.
 */
#ifndef BSX_STORE_DRIFT_SCHEDULE_H
#define BSX_STORE_DRIFT_SCHEDULE_H

#include "core/store/drift/config.h"

/*
 * id, kind, and who sees to it: RUN (a row of drift/run/deadline.c) or DRIFTD (one of drift/driftd/jobs.c); both count
 * their rows.  Each id is its kind's text.
 */
#define SCHEDULE_KINDS(X) \
	X(SCHEDULE_BEAT,        "beat",        RUN)    /* a complete snapshot of config `ref` is awaited until then */ \
	X(SCHEDULE_RECHECK,     "recheck",     RUN)    /* something about config `ref` ends by the clock */ \
	X(SCHEDULE_REVIEW,      "review",      RUN)    /* the baseline of config `ref` should have been approved by then */ \
	X(SCHEDULE_ATTRIBUTION, "attribution", RUN)    /* who made changes of config `ref` is to be looked for */ \
	X(SCHEDULE_WATCH,       "watch",       RUN)    /* the log of the source of config `ref` is to be read on */ \
	X(SCHEDULE_ESCALATION,  "escalation",  RUN)    /* a step of row `ref` of alert_escalations: nobody has acknowledged */ \
	X(SCHEDULE_HUSH,        "hush",        RUN)    /* a window that keeps the blind alert of config `ref` quiet is over */ \
	X(SCHEDULE_GROUP,       "group",       RUN)    /* what waits in group `ref` of alerts is to be told */ \
	X(SCHEDULE_REPEAT,      "repeat",      RUN)    /* the same of what was told of it and is still open */ \
	X(SCHEDULE_WINDOW,      "window",      RUN)    /* maintenance windows of series `ref` are to be made ahead */ \
	X(SCHEDULE_ACCEPTANCE,  "acceptance",  DRIFTD) /* whether row `ref` of drift_acceptances still waits */ \
	X(SCHEDULE_INTENT,      "intent",      DRIFTD) /* whether something came as row `ref` of drift_intents says */ \
	X(SCHEDULE_DIGEST,      "digest",      DRIFTD) /* the digest of channel `ref` is to be sent */ \
	X(SCHEDULE_STORAGE,     "storage",     RUN)    /* what the tenant stores is to be counted; `ref` is nil */ \
	X(SCHEDULE_LINES,       "lines",       RUN)    /* lines of history of config `ref` are to be written (promotion.h) */
#define X(id, kind, by) extern const char id[sizeof(kind)];
SCHEDULE_KINDS(X)
#undef X
enum schedule_by { SCHEDULE_BY_RUN, SCHEDULE_BY_DRIFTD };
#define X(id, kind, by) +(SCHEDULE_BY_##by == SCHEDULE_BY_RUN)
enum { SCHEDULE_RUN_KINDS = 0 SCHEDULE_KINDS(X) };
#undef X
#define X(id, kind, by) +(SCHEDULE_BY_##by == SCHEDULE_BY_DRIFTD)
enum { SCHEDULE_DRIFTD_KINDS = 0 SCHEDULE_KINDS(X) };
#undef X
/* The one of that text, which lasts; NULL: there is none. */
const char *schedule_kind(struct str text);
#define SCHEDULE_LEASE_S 60

struct schedule {
	char       *kind;
	struct uuid ref;
	char       *schema_name;
	uint64_t    fence;
	instant     next_due; /* for when it was set */
};

/* The tenant's side: due in `due_s` from now, below 0 not at all; and the end of a claim. */
MUST_USE bool schedule_set(
    struct db *db, const char *kind, const struct uuid *ref, int64_t due_s, struct err *e);
/* In the transaction that decides: look at the config again at that instant.  It takes the place of another. */
MUST_USE bool schedule_recheck_at(
    struct db *db, const struct uuid *config, instant at, instant now, struct err *e);
/* The same, unless the state row says something earlier; at == 0: no. */
MUST_USE bool schedule_recheck_by(
    struct db *db, const struct config_state *s, instant at, instant now, struct err *e);
/* The same of what is asked for again and again: once for all that come until then. */
MUST_USE bool schedule_by(struct db *db, const char *kind, const struct uuid *ref, int64_t due_s, struct err *e);
MUST_USE bool schedule_done(struct db *db, const struct schedule *s, struct err *e);

/* The control side.  What takes long and may wait (SCHEDULE_DIGEST) is asked for by itself. */
MUST_USE bool schedule_due(struct db *control, TALLOC_CTX *mem, bool long_ones, size_t limit,
    struct schedule **rows, size_t *n, struct err *e);
/* *won false: somebody else was first.  Raises s->fence. */
MUST_USE bool schedule_take(
    struct db *control, const struct uuid *owner, struct schedule *s, bool *won, struct err *e);
/* Its handling failed (core/store/claim_again.h). */
MUST_USE bool schedule_again(struct db *control, const struct schedule *s, struct err *e);
/* All that a tenant has due. */
#define SCHEDULES_MAX 1000000
struct schedule_row {
	char       *kind;
	struct uuid ref;
	instant     next_due;
};
MUST_USE bool schedule_all(struct db *control, TALLOC_CTX *mem, const char *schema_name, struct schedule_row **rows, size_t *n,
    struct err *e);
/* Inside a transaction of the control schema: these, of a schema that has none. */
MUST_USE bool schedules_put(struct db *control, const char *schema_name, const struct schedule_row *rows, size_t n,
    struct err *e);
/* Removes a row whose tenant is no more. */
MUST_USE bool schedule_forget(struct db *control, const struct schedule *s, struct err *e);

#endif
