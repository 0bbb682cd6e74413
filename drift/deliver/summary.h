/*
 * summary.h - one message that tells of several alerts, in the place of a message for each (core/store/alert/gather.h).
 *
 * It is a row of the outbox like any other, with its own attempts and its own id, which is what the rows of the log say that
 * the others were told in.  What it lists is read at each attempt: the newest that there is to say, and nothing that was
 * masked since; there are no values in it.  Another attempt may so be other bytes under the same id.
 */
#ifndef BSX_DRIFT_DELIVER_SUMMARY_H
#define BSX_DRIFT_DELIVER_SUMMARY_H

#include "drift/deliver/attempt.h"

/* A message is one. */
bool summary_is(const struct outbox *m);
/* In the transaction that marks what it tells: a summary to the channel of this attempt, due at once. */
MUST_USE bool summary_post(const struct attempt *a, TALLOC_CTX *mem, const struct uuid *id,
    const char *reason, struct err *e);

/* What it lists: all but the reason and the route. */
MUST_USE bool summary_fill(struct tenant_db *t, TALLOC_CTX *mem, const struct outbox *m,
    struct event_many *out, struct err *e);

/* With the record of its last attempt: what it tells has arrived, or is given up with it. */
MUST_USE bool summary_end(
    struct db *db, const struct attempt *a, bool arrived, struct err *e);

#endif
