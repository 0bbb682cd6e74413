/*
 * words.h - an event in words: what every format for people says of it, and says alike.
 *
 * All texts are one line each of printable plain text, whatever the event holds: whoever puts one into a sink still
 * escapes it for that.  They are bounded, so that a format that takes all of them knows how much it takes.
 *
 *	Critical · Example Ltd · sshd_config: PermitRootLogin no -> yes and 2 more
 *
 * What tells of several alerts has them in the place of changes:
 *
 *	Critical · Example Ltd · 412 alerts: 3 critical, 40 high, 257 medium, 112 resolved
 */
#ifndef BSX_DRIFT_DELIVER_WORDS_H
#define BSX_DRIFT_DELIVER_WORDS_H

#include "drift/alert/event.h"

#define WORDS_HEADLINE_MAX 110 /* characters: what a lock screen shows */
#define WORDS_LINE_MAX     500 /* bytes of any other text here */
#define WORDS_FACTS_MAX    10
#define WORDS_ANSWERS_MAX  3

struct words_named {
	const char *name; /* "Config" */
	const char *text;
};
struct words_change {
	const char *severity;
	const char *where; /* category, key and path */
	const char *what;  /* "no -> yes"; with "[withheld]" in place of values that are not told */
	const char *why;   /* the rule's reason; "": none */
};

struct words {
	const char          *headline;
	const char          *state; /* "Opened", "Changed", ..., "Summary" (drift/alert/events.h) */
	const char          *title;
	struct words_named   facts[WORDS_FACTS_MAX];
	size_t               facts_n;
	struct words_change *changes; /* the most severe first */
	size_t               changes_n;
	int64_t              total; /* changes that there are; the rest is behind the link */
	const char          *link;  /* URL of the page that shows it, in its tenant; NULL: none */
	struct words_named   answers[WORDS_ANSWERS_MAX]; /* "Acknowledge" and a URL: each counts once */
	size_t               answers_n;
	const char          *open;  /* what the link is called: "Open the alert" */
};

/* *out and its texts are children of `mem`, or the event's. */
MUST_USE bool words_make(
    TALLOC_CTX *mem, const struct alert_event *shown, struct words *out, struct err *e);

/* "and 41 more", where `told` of w->changes were told before; *out NULL: that is all. */
MUST_USE bool words_rest(
    TALLOC_CTX *mem, const struct words *w, size_t told, const char **out, struct err *e);

/* Of that name; NULL: none. */
const char *words_fact(const struct words *w, const char *name);

/* The alert is over for the receiver: resolved, or below what its channel is told of. */
bool words_over(const struct alert_event *shown);

#endif
