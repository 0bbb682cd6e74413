/*
 * alert_group.h - messages of several alerts that wait to be told together: what the alerts of a route have in common, or that
 * they came in its quiet hours (drift/alert/holding.h).
 *
 * A message of a lane that waits in a group (outbox.group_id) is told when the group is due: a row of the control schema
 * (SCHEDULE_GROUP) by the database's clock, which is claimed and ended in the transaction that makes the message of several
 * (gather.h) or lets the one that waits go.  It is in the index of due messages too, GROUP_LATE_S behind that: whatever
 * becomes of the group, and whatever program runs, it is told.
 *
 * A row is dropped GROUP_KEEP_DAYS after anybody spoke of it; one that is missing begins anew.
 *
 * Errors: ERR_MISSING, and those of db.h.
 */
#ifndef BSX_STORE_ALERT_ALERT_GROUP_H
#define BSX_STORE_ALERT_ALERT_GROUP_H

#include "core/store/alert/outbox.h"
#include "core/store/id_list.h"

#define GROUP_LATE_S    900
#define GROUP_KEEP_DAYS 90

struct alert_group {
	struct uuid id, route_id, channel_id;
	bool        quiet;      /* what came in quiet hours: it is told as one, be it one alone */
	int64_t     interval_s; /* between two messages of it */
	bool        told;       /* something was, since its row was made; no column */
};

/* A message comes to wait. */
struct group_join {
	struct alert_group group;
	int64_t            wait_s; /* for others, where nothing was told for interval_s */
	int64_t            rank;   /* what is worse than all that was told since waits for nothing; 0: it never is */
	bool               passes; /* nor does it */
};
/* *due_s: when the group is, by now. */
MUST_USE bool group_join(
    struct db *db, TALLOC_CTX *mem, const struct group_join *j, int64_t *due_s, struct err *e);
/* In the index of due messages, and its group in that of what is due: in so many seconds. */
MUST_USE bool group_await(struct db *db, const struct outbox *o, int64_t due_s, struct err *e);
/* What was behind another in its lane is the first by now: due in `due_s`, or with its group. */
MUST_USE bool group_let_follow(struct db *db, const struct outbox *next, int64_t due_s, struct err *e);

/* ---- it is due ---- */

/* Held until the transaction ends: nobody joins it meanwhile. */
MUST_USE bool group_hold(struct db *db, TALLOC_CTX *mem, const struct uuid *id,
    struct alert_group *out, struct err *e);
/* What waits in it, each the first of its lane and on its way nowhere, the oldest first: GATHER_MAX + 1 at most; *worst: the
 * rank of the worst. */
MUST_USE bool group_find(struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct id_list *out,
    int64_t *worst, struct err *e);
/* They go alone, now. */
MUST_USE bool group_release(struct db *db, TALLOC_CTX *mem, struct id_list ids, struct err *e);
/* Something of it was told, nothing worse than that; NULL: nothing was. */
MUST_USE bool group_told(struct db *db, const struct uuid *id, const int64_t *worst, struct err *e);

/* ---- what is still open ---- */

/* How many alerts of the group that were told are open, and quieted by nothing; *waits: a message that says so is on its way. */
MUST_USE bool group_count_open(struct db *db, TALLOC_CTX *mem, const struct uuid *id, int64_t *n,
    bool *waits, struct err *e);

#endif
