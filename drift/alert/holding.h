/*
 * holding.h - what a channel is told of an alert waits to be told with others, where its route says so (route_group.h, route_quiet.h).
 *
 * Pure.  Who waits how long is route_group.h's; what waits is core/store/alert/alert_group.h's, and told by drift/run/grouping.h.
 */
#ifndef BSX_DRIFT_ALERT_HOLDING_H
#define BSX_DRIFT_ALERT_HOLDING_H

#include "core/store/alert/alert_group.h"
#include "core/store/alert/lane.h"
#include "drift/alert/alert_route.h"

struct hold {
	bool              held;
	struct group_join join; /* which group, and when it is due by this */
};

struct hold_in {
	const struct alert_route *route;    /* NULL: none, or whoever is told is called for */
	const struct alert_lane  *lane;     /* with its group, as the alert came into it */
	const char               *event;
	enum severity             severity; /* of the alert */
	bool                      rises;    /* it has become worse */
	int64_t                   wait_s;   /* it waits so long anyhow */
	instant                   now;
};
void hold_decide(const struct hold_in *in, struct hold *out);

/* The group that an alert comes into, by what is known of it, on a channel of that kind; nil: it is told alone. */
MUST_USE bool hold_group(TALLOC_CTX *mem, const struct alert_target *t, const char *kind,
    const struct route_facts *f, struct uuid *out, struct err *e);

/* Of a kind of channel: see kinds.h. */
bool hold_tells_many(const char *kind);

#endif
