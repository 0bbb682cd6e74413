/*
 * pushers.h - those who push to a config, where something is wrong with them: clocks that were set back, and pushes that
 * are refused.  Each credential for itself, so that one that does well hides nothing of another.
 *
 * A clock that was set back: its pushes say that they were collected before what is known of their collections
 * (collections.h), and so they are history: nothing is watched any more.  Who hands in the past on purpose does that too,
 * but not with a clock that runs: there each push came by another time after it was collected.  So SETBACK_RUNS pushes in
 * a row, each collected by the same time (within PUSH_AHEAD_MS) before it came, are a clock that was set back.  The answer
 * says so from then on, and an alert, until a push of it is no history.
 *
 * Pushes that are refused (4xx, by one who may push there) leave nothing but a row here: when, with which code and why,
 * without a value of what was pushed, and how many in a row.  One in REFUSED_STEP_S seconds is counted and written, so
 * that who floods costs one row's read a push.  From blind_after on an alert of kind "blind" says it, until a push of that
 * credential is taken.  What is awaited meanwhile is late as if nothing had come.
 *
 * Of whom nothing was heard for PUSHER_SILENT_S nothing is wrong any more: it is gone.
 */
#ifndef BSX_DRIFT_RUN_PUSHERS_H
#define BSX_DRIFT_RUN_PUSHERS_H

#include "core/store/drift/pusher.h"
#include "drift/alert/alerting.h"
#include "drift/config/drift.h"

struct ingest;
struct plan;

#define SETBACK_RUNS    3
#define REFUSED_STEP_S  10
#define PUSHER_SILENT_S (7 * 86400)

/* What a push that is taken does to them. */
struct plan_pushers {
	struct pusher_row *rows; /* those of before */
	size_t             n;
	struct pusher_row  was, row; /* whoever pushes, before and after; was.name NULL: nothing was wrong */
	bool               held;     /* row is to be written */
};

MUST_USE bool pushers_plan(const struct ingest *in, struct plan *p, struct err *e);
/* By how many seconds its clock is behind; 0: it is not. */
int64_t pushers_setback(const struct plan *p);
/* In the ingest's transaction: opens and ends the alerts. */
MUST_USE bool pushers_write(const struct ingest *in, const struct plan *p,
    const struct alert_scope *a, struct err *e);

/* ---- pushers_refused.c ---- */

/* A push that was refused, for a config that is there. */
struct refusal {
	struct uuid       config_id, pusher;
	const char       *name;
	const struct err *why;
};
/* Is that an answer to what was pushed? */
bool refusal_counts(const struct err *why);
/* In a transaction of its own. */
MUST_USE bool pushers_refused(struct drift *d, struct tenant_db *t, TALLOC_CTX *mem,
    const struct refusal *r, struct err *e);
/* The last push that was refused to any of them; NULL: none was. */
const struct pusher_row *pushers_last_refused(const struct pusher_row *rows, size_t n);

#endif
