/*
 * attempt.h - one message on its way, once.
 */
#ifndef BSX_DRIFT_DELIVER_ATTEMPT_H
#define BSX_DRIFT_DELIVER_ATTEMPT_H

#include "core/store/alert/channel.h"
#include "drift/deliver/deliver.h"

struct attempt {
	struct deliver      *d;
	const struct claim  *claim;
	struct tenant_db    *t;
	const struct format *format; /* NULL: none that this version has, of a message that is given up */
	struct outbox        message;
	struct channel       channel; /* of a message that has one */
	struct delivery      row;     /* what is recorded: its number, when, how long it took */
	int64_t              rest_ms; /* so long its channel was to be left alone, as it was read */
	struct verdict       verdict; /* no outcome: it has not been tried */
	const struct trail_batch *trail; /* it is of no message, but tells these entries (feeding.h); NULL: it is not */
};

/* What its channel gets to see of its event. */
MUST_USE bool attempt_event(
    const struct attempt *a, TALLOC_CTX *mem, struct alert_event *shown, struct err *e);

/*
 * In one transaction: the attempt, the message's new state, and its claim, which ends or is due again.  Until then: 5 s and
 * more, by the format, with up to a tenth more at random; longer, and at most a day, when the receiver wants that.
 * ERR_CONFLICT with OUTBOX_FENCE_LOST: another sender has the message now, and nothing was written.
 */
MUST_USE bool attempt_record(struct attempt *a, TALLOC_CTX *mem, struct err *e);

/* The same of several of one tenant in one transaction, all or none: who has lost a fence keeps the others from it. */
MUST_USE bool attempt_record_many(struct attempt *const *a, size_t n, TALLOC_CTX *mem, struct err *e);
/* Its parts: what is to be written, and what writes it in a transaction. */
MUST_USE bool attempt_settle(struct attempt *a, TALLOC_CTX *mem, struct err *e);
MUST_USE bool attempt_write(struct db *db, const struct attempt *a, struct err *e);

/* What was recorded: one log line, and the metric. */
void attempt_tell(const struct attempt *a);

#endif
