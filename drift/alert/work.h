/*
 * work.h - what somebody does with an alert, as channels are told of it: that it was acknowledged, begun, given to somebody.
 *
 * What was not told of an alert hears nothing of the work on it.  Kinds of channels that people read, and those that have a
 * word for it, are told where nobody says otherwise; a program that is told by its kind of what it did not ask for might take
 * it for something else, so it is told where somebody asks.
 */
#ifndef BSX_DRIFT_ALERT_WORK_H
#define BSX_DRIFT_ALERT_WORK_H

#include "core/store/alert/alert.h"

/* Of a channel, as the config or the route says. */
enum tell_work { TELL_BY_KIND, TELL_ALWAYS, TELL_NEVER };
extern const char *const work_choices[]; /* "always", "never"; NULL ends them */
#define WORK_DOC \
	"Whether it is told of the work on an alert that it was told of: drift.alert.acknowledged, " \
	"drift.alert.in_progress, drift.alert.assigned, and drift.alert.reopened instead of " \
	"drift.alert.updated. When absent slack, teams and email are told of all, pagerduty that it " \
	"was taken on or is open again, the others of none."
enum tell_work           work_choice(const char *text); /* NULL: TELL_BY_KIND */

/* Of a kind of channel (kinds.h), where nobody says otherwise. */
enum kind_work {
	WORK_ASKED, /* nothing */
	WORK_TAKEN, /* that somebody has taken it on, or that it is open again: it knows no more */
	WORK_ALL,
};

/* Whether a channel of that kind is told of that event as such. */
bool work_is_told(const char *kind, const char *event, enum tell_work tell);

/* One deed. */
struct alert_work {
	const char *by;          /* as the alert's history has it */
	const char *via;         /* "session", "key", "tenant" (another, by a grant), "link" (of a message) */
	const char *from;        /* the status before */
	const char *note;        /* NULL: none */
	const char *assigned_to; /* an address; NULL: that has not changed; "": nobody any more */
};

/* Which event it is; NULL: none, as a note alone. */
const char *work_event(const char *from, const char *to, bool assigned);

#endif
