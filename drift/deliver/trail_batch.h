/*
 * trail_batch.h - entries of the audit trail as they are told to a channel: many in one message, in their order.
 *
 * A rendering is a pure function of what is here, so that a repeat is the same bytes, under the same id.  Every entry is
 * as GET /api/audit shows it, and can be checked as an exported one is.
 */
#ifndef BSX_DRIFT_DELIVER_TRAIL_BATCH_H
#define BSX_DRIFT_DELIVER_TRAIL_BATCH_H

#include "core/auth/audit_show.h"

#define TRAIL_EVENT "audit.entries"

struct trail_tenant {
	struct uuid id;
	const char *slug, *name;
};
struct trail_batch {
	const char             *id; /* of the message: "msg_" and a uuid */
	struct trail_tenant     tenant;
	uint64_t                chain;
	uint64_t                lost_first, lost_last; /* deleted by age before they could be told; 0: none */
	const struct audit_out *entries; /* one at least */
	size_t                  n;
	const char             *body; /* the channel's template; NULL: it has none */
};

/* Which it is, the same for the same entries. */
struct uuid trail_id(const struct uuid *channel, uint64_t chain, uint64_t first, uint64_t last);
/* {type, timestamp, data}, as events of alerts are told; the time is that of the last entry. */
MUST_USE bool trail_print(struct buf *b, const struct trail_batch *in, struct err *e);
/* Its data alone. */
MUST_USE bool trail_print_data(struct buf *b, const struct trail_batch *in, struct err *e);

#endif
