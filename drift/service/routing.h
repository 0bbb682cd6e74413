/*
 * routing.h - the tenant's routes of alerts (drift/alert/alert_route.h): listed, made, changed, put in order, dropped and tried.
 *
 * Whoever changes them decides who is told what: that needs update:drift, as changing what a config names does, and where one
 * of them leads to a channel that is told values, read:snapshots; one that names the kind "security", read:audit.
 */
#ifndef BSX_DRIFT_SERVICE_ROUTING_H
#define BSX_DRIFT_SERVICE_ROUTING_H

#include "core/store/alert/routing.h"
#include "drift/alert/alert_route.h"
#include "drift/service/acting.h"

/* One where it stands. */
struct route_seen {
	struct alert_route row;
	int64_t            position; /* from 0 */
	const char        *doubt;    /* what is odd about it; NULL: nothing */
};

/* All of them, as they are kept. */
MUST_USE bool routing_list(
    const struct acting *a, struct alert_routing *kept, struct alert_routes *out, struct err *e);
/* In their order, a page of them behind p->after. */
MUST_USE bool routing_page(const struct acting *a, struct page *p, struct err *e);

struct route_wish {
	struct alert_route says;   /* but id and times */
	struct uuid        before; /* it goes in front of that one; nil: behind all, or it stays */
	bool               has_name, has_match, has_channels, has_continue, has_ends, has_makers, has_work, has_repeat, has_escalate,
	    has_group_by, has_wait, has_interval, has_repeat_interval, has_quiet; /* named */
};
/* ERR_CONFLICT: there are ROUTES_MAX. */
MUST_USE bool routing_make(
    const struct acting *a, const struct route_wish *in, struct route_seen *out, struct err *e);
/* The members that are named. */
MUST_USE bool routing_alter(const struct acting *a, const struct uuid *id,
    const struct route_wish *in, struct route_seen *out, struct err *e);
MUST_USE bool routing_erase(const struct acting *a, const struct uuid *id, struct err *e);
/* All of them, each once: else faults. */
MUST_USE bool routing_order(const struct acting *a, const struct uuid *ids, size_t n, struct err *e);
/* Whether one leads alerts of kind "security" to the channel. */
MUST_USE bool routing_tells_trail(
    const struct acting *a, const struct uuid *channel, bool *yes, struct err *e);
/* Whether one names the channel, in the transaction that has dropped it: who names one holds it first, and the list then. */
MUST_USE bool routing_names(
    struct db *db, TALLOC_CTX *mem, const struct uuid *channel, bool *yes, struct err *e);

#endif
