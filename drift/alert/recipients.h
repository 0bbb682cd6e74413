/*
 * recipients.h - the channels that an alert's news is for: those of the routes that it takes (alert_route.h), or those that
 * its config names.
 *
 * Whoever was told of an alert hears how it goes on and ends, whatever it fits by now: a channel that has a lane is told by
 * the route of that lane, without its hours, or as the config names it.  Where the tenant has routes, the end of an alert and
 * the work on it are for these channels alone.
 */
#ifndef BSX_DRIFT_ALERT_RECIPIENTS_H
#define BSX_DRIFT_ALERT_RECIPIENTS_H

#include "core/store/alert/lane.h"
#include "drift/alert/alert_route.h"

struct recipients {
	const struct alert_target       *items;
	size_t                           n;
	const struct alert_route *const *routes; /* that the alert takes now */
	size_t                           routes_n;
	struct route_facts               facts; /* by which it takes them, where it was held against any: with kind */
};

struct recipients_in {
	const struct alert_scope  *scope;
	const struct alert_news   *news;
	const struct alert_routes *routes; /* at least one */
	const struct lane_row     *rows;   /* of the alert; a channel may come several times */
	size_t                     rows_n;
	instant                    now;
};
MUST_USE bool recipients_find(
    const struct recipients_in *in, struct recipients *out, struct err *e);

/* Who made an alert's changes, as routes are held against that: what is kept of it (NULL: nothing), as any channel is told. */
MUST_USE bool recipients_makers(
    TALLOC_CTX *mem, const char *kept, const struct attribution **out, struct err *e);

#endif
