/*
 * escalation.h - an alert that nobody acknowledges goes on to others: the steps of a route, and what they come to.
 *
 * It begins when an alert that is told takes a route with steps, and anew when the alert opens again; a step is due so long
 * after that, by the database's clock, and is told in the transaction that ends its claim (core/store/drift/schedule.h), so
 * once, by whichever daemon.  What is told is what was last told of the findings, with how long nobody has acknowledged; to
 * whom has not heard of the alert it is its opening, and how the alert goes on and ends is told as by that route.  It stops
 * when somebody takes the alert on or it ends, is silenced, or its route has no such step any more.
 */
#ifndef BSX_DRIFT_ALERT_ESCALATION_H
#define BSX_DRIFT_ALERT_ESCALATION_H

#include "core/store/alert/escalation.h"
#include "drift/alert/alert_route.h"

/* What is due, and in which transaction: of s the database, the clock and the config are read.  `s->targets` are none. */
struct escalation_turn {
	const struct alert_scope *scope;
	struct alert_escalation   row;   /* held */
	struct alert              alert; /* as it is: with its title */
	int64_t                   due_s; /* set: when it is due next; below 0: not again */
};
/* Tells the step, and writes the row and the alert. */
MUST_USE bool escalation_go_on(struct escalation_turn *w, struct err *e);

/* With the news of an alert: the steps of the routes that it takes begin. */
MUST_USE bool escalation_begin(const struct alert_scope *s, const struct alert_news *news,
    const struct alert_route *const *taken, size_t n, struct err *e);

/* The channels of a step as the route tells them, behind those in `out`, which has room. */
void escalation_add_targets(const struct alert_route *r, const struct route_step *step,
    struct alert_target *out, size_t *n);
/* Whether an alert of that severity is told by it. */
bool escalation_concerns(const struct route_step *step, enum severity severity);

#endif
