/*
 * alert_route.h - routes: which alerts go to which channels, whatever their configs name.
 *
 * A tenant's routes are one list.  An alert takes the first that it fits, and goes on behind it only where that one says so
 * (`continue`).  Behind the last one are the channels that the alert's config names, as if there were no routes: an alert
 * comes there that fits no route, or by the last that it fits saying so.
 *
 * An alert fits where all that the route names fits; of a list one is enough.  One of kind "security" fits only where that
 * kind is named.  Categories and controls are those of its
 * findings, so that alerts of other kinds than "drift" have none.  Who made the changes is what every channel is told of
 * that: nobody who is known by a value of theirs, or from the tenant's own audit trail.  An actor is known by id, in any
 * case: names are what anybody calls himself.
 *
 * Routes are JSON as the API takes them, {"routes": [...]}, checked when they are saved.
 */
#ifndef BSX_DRIFT_ALERT_ALERT_ROUTE_H
#define BSX_DRIFT_ALERT_ALERT_ROUTE_H

#include "core/json/schema.h"
#include "drift/alert/alerting.h"
#include "drift/alert/route_group.h"
#include "drift/alert/route_quiet.h"
#include "drift/alert/route_step.h"
#include "drift/attribution/attribution.h"

#define ROUTES_MAX          50
#define ROUTE_CHANNELS_MAX  ROUTE_STEP_CHANNELS
#define ROUTES_CHANNELS_MAX 100 /* that all routes name together, their steps too: as many messages as an event may make */
#define ROUTE_MATCH_MAX     50  /* of a list in what is matched */
#define ROUTE_ACTOR_MAX     200 /* bytes of an id */
#define ROUTES_HOURS_MAX    200        /* windows that all routes name together, `outside` too */
#define ROUTES_BYTES_MAX    (256 << 10) /* of all as they are kept: they are read with each alert that is told */

struct route_match {
	const char    *min_severity, *max_severity; /* NULL: any */
	struct strings kinds, configs, categories, controls, actors;
	const char    *confidence; /* at least; NULL: any */
	struct strings hours, outside; /* core/base/hours.h: in one of these, in none of those */
};
struct alert_route {
	struct uuid         id;
	const char         *name;
	struct route_match *match; /* NULL: every alert fits */
	struct strings      channels;
	bool                go_on; /* "continue" */
	bool                tell_ends, tell_makers; /* as of struct alert_target */
	const char         *tell_work;              /* work_choice(); NULL: not given */
	int64_t             repeat_min_s;           /* 0: REPEAT_MIN_S */
	struct items        escalate;               /* struct route_step */
	struct route_group  group;
	struct route_quiet *quiet; /* NULL: none */
	instant             created_at, updated_at;
};
struct alert_routes {
	struct items list; /* struct alert_route */
};
extern const struct schema route_match_schema;

/* ERR_INVALID: they are none that this version knows. */
MUST_USE bool routes_read(
    TALLOC_CTX *mem, const char *text, struct alert_routes *out, struct err *e);
MUST_USE bool routes_print(
    TALLOC_CTX *mem, const struct alert_routes *routes, char **out, struct err *e);
/* NULL: there is no such. */
struct alert_route *routes_find(const struct alert_routes *routes, const struct uuid *id);

/* What is wrong with one by itself; faults point into the body. */
MUST_USE bool route_check(TALLOC_CTX *mem, const struct alert_route *r, struct err *e);
/* What is odd about one where it stands: that no alert fits it, or that a route before it takes all that do.  A sentence of
 * `mem`, or NULL. */
MUST_USE bool route_doubt(TALLOC_CTX *mem, const struct alert_routes *routes, size_t at,
    const char **out, struct err *e);

/* What is known of an alert. */
struct route_facts {
	enum severity             severity;
	const char               *kind;
	struct uuid               config_id;
	struct str               *categories; /* by their bytes: route_facts_order() */
	size_t                    categories_n;
	struct strings            controls; /* the same */
	const struct attribution *makers;   /* NULL: nothing is known of that */
	instant                   at;
	bool                      any_time; /* it was told by this route: the hours are over */
};
/* Puts the lists in their order. */
void route_facts_order(struct route_facts *f);
/* Which member of `match` it does not fit; NULL: it fits. */
const char *route_misfit(TALLOC_CTX *mem, const struct alert_route *r, const struct route_facts *f);

/* Alerts of kind "security" may take it: it names them. */
bool route_tells_trail(const struct alert_route *r);

/* How its channels are told: all but which one it is. */
void route_options(const struct alert_route *r, struct alert_target *out);
/* Its channels, behind those in `out`, which has room. */
void route_add_targets(const struct alert_route *r, struct alert_target *out, size_t *n);

#endif
