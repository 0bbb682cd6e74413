/*
 * routing_priv.h - a change of a tenant's routes on its way, and what of it is refused.
 */
#ifndef BSX_DRIFT_SERVICE_ROUTING_PRIV_H
#define BSX_DRIFT_SERVICE_ROUTING_PRIV_H

#include "drift/service/routing.h"

struct routing_deed {
	const struct acting     *a;
	const struct route_wish *in;  /* NULL: none is made or changed */
	struct uuid              id;  /* of the one that is */
	const struct uuid       *ids; /* the order that is wanted; NULL: none is */
	size_t                   ids_n;
	bool                     makes;
	struct alert_routing     kept;
	struct alert_routes      now;
	struct route_seen        seen;
	struct audit_entry       entry;
};

/* Inside the transaction, of all routes as they are to be; `changed` (NULL: none) is the one at hand.  What is not permitted is
 * said before what is wrong. */
MUST_USE bool routing_check_list(
    struct routing_deed *d, const struct alert_route *changed, struct err *e);
/* What each alert that is told costs: hours, and bytes of d->kept. */
MUST_USE bool routing_check_size(const struct routing_deed *d, struct err *e);
/* Nobody decides who is told what they may not read. */
MUST_USE bool routing_demand_trail(
    const struct acting *a, const struct alert_route *r, struct err *e);

#endif
