/*
 * routing_try.h - where alerts would go by the routes as they are, and why: alerts of the past, or one that is imagined.
 *
 * Of the past needs read:alerts and read:drift.  Each is looked at as if it opened with what is known of it by now: at the time at
 * which it did, with the categories of the first ROUTING_FINDINGS findings.
 */
#ifndef BSX_DRIFT_SERVICE_ROUTING_TRY_H
#define BSX_DRIFT_SERVICE_ROUTING_TRY_H

#include "core/store/alert/channel.h"
#include "drift/alert/alert_route.h"
#include "drift/service/acting.h"

#define ROUTING_TRY_MAX 50

struct routing_case {
	struct uuid    alert_id; /* nil: imagined */
	const char    *title;    /* without values; NULL: imagined */
	const char    *severity, *kind;
	struct uuid    config_id; /* nil: of none */
	struct strings categories, controls, actors; /* of an imagined one */
	const char    *confidence;                   /* the same; NULL: nobody is known */
	instant        at;
};

/* What it is asked, in their order, as far as it comes. */
struct routing_step {
	struct uuid route_id;
	const char *name;
	bool        fits, stops;
	const char *misfit; /* the first member of `match` that it does not fit; NULL: it fits */
};
struct routing_hit {
	struct uuid channel_id;
	struct uuid route_id; /* nil: the config names it */
	const char *name, *status; /* NULL: the channel is no more */
	bool        told;
	const char *why; /* it is not; NULL: it is */
	struct strings group_by; /* it is told with others that are alike in that; none: alone */
	int64_t     wait_s; /* then: so long it would wait for others, if none was told for group_interval_s; else 0 */
	struct channel_rate rate; /* of the channel; 0: none */
	instant     quiet_until; /* it would be held so long; 0: not */
};
/* A step that follows where nobody acknowledges. */
struct routing_later {
	struct uuid  route_id;
	int64_t      after_s, repeat_s, repeats; /* as of struct route_step */
	struct items channels;                   /* struct routing_hit */
};
struct routing_trial {
	struct routing_case alert;
	struct items        routes;   /* struct routing_step */
	struct items        channels; /* struct routing_hit */
	struct items        later;    /* struct routing_later */
	bool                unrouted; /* it comes to the channels that its config names */
};

/* One of the three. */
struct routing_question {
	struct uuid                alert_id;
	int64_t                    last; /* so many, the newest first */
	const struct routing_case *imagined;
};
MUST_USE bool routing_try(const struct acting *a, const struct routing_question *q,
    struct routing_trial **out, size_t *n, struct err *e);

#endif
