/*
 * event.h - what happened to an alert, as the outbox keeps it: complete, of no format, and never changed.
 *
 * It is made in the transaction of the deed, and rendered at each attempt to deliver it by the kind of its channel
 * (drift/deliver/format.h).  All that a format may tell stands in it, names, times and links as they were then: a
 * rendering asks nobody, so that one made again later is the same, whatever was renamed meanwhile.
 *
 * It holds the values of its changes.  What a channel gets of them is decided at each attempt by what the channel is then:
 * event_view() comes before every rendering, and takes out what the channel is not told.
 *
 * Texts from outside (names, keys, paths) may hold anything, U+0000 too: they are JSON strings, in `text` of a raw_json, as
 * values are JSON texts.  event_text() is the plain text of one.
 *
 * Bounded: at most EVENT_CHANGES changes, and as many as leave the open form below EVENT_MAX bytes; a long value is left out
 * with a mark.
 */
#ifndef BSX_DRIFT_ALERT_EVENT_H
#define BSX_DRIFT_ALERT_EVENT_H

#include "drift/alert/alerting.h"
#include "drift/engine/view.h"

#define EVENT_TEMPLATE 7 /* the newest of the renderings that an event is for: a number kept beside it (event_template()) */
#define EVENT_MAX      20000
#define EVENT_CHANGES  20
#define EVENT_LINES    8000 /* bytes of all text_diff: those of the first changes for which there is room */

struct event_tenant {
	struct uuid     id;
	const char     *slug;
	struct raw_json name;
};
struct event_config {
	struct uuid     id;
	struct raw_json name;
};
struct event_alert {
	struct uuid     id; /* the same in all events of the alert: what a receiver groups them by */
	const char     *kind, *severity, *status;
	struct raw_json title, plain_title; /* the second without values; no text: it is the same */
	const char     *severity_before; /* NULL: it has not changed */
	bool            escalated;       /* a worse finding: who was at it is to look again */
	instant         opened_at, updated_at, resolved_at; /* 0: not yet */
	struct raw_json resolved_by;                        /* no text: nobody */
	struct raw_json attribution; /* who made its changes, as it is kept; no text: nobody was asked */
};
struct event_summary {
	int64_t         created, modified, deleted, moved;
	struct raw_json by_severity;
};
struct event_report {
	struct uuid           id;
	struct event_summary *summary;
	int64_t               score;
	const char           *max_severity; /* NULL: no change */
};
struct event_change {
	struct raw_json category, key, path, rule, reason;
	struct raw_json controls; /* list of what the rule names; no text: nothing */
	struct raw_json renamed_from; /* created: key of the deleted resource that it is like; no text: none */
	const char     *op, *severity;
	const char     *renamed_severity; /* NULL: none */
	struct raw_json old_value, new_value;                     /* no text: there is none, or it is long */
	bool            old_value_truncated, new_value_truncated; /* it is long */
	struct raw_json attribution; /* who made it, as it is kept (drift/attribution); no text: nobody was asked */
	struct raw_json announced; /* what was announced of its object, as it is kept (announced.h); no text: nothing */
	struct raw_json text_diff; /* the lines by which they differ (text_diff.h); no text: none */
};
/* What somebody has done with the alert; no text: nothing of it. */
struct event_work {
	struct raw_json by;
	const char     *via, *status_before;
	struct raw_json note;
	struct raw_json assigned_to; /* an address; "": nobody any more */
};
struct event_escalation {
	struct raw_json route; /* its name */
	int64_t         step, steps, again, waited_s; /* as of struct alert_escalated */
};
struct event_links {
	const char *alert, *report, *alerts; /* URLs; NULL: none */
};
/* Links by which it is answered: URLs; NULL: none. */
struct event_answers {
	const char *acknowledge, *resolve, *accept;
	instant     expires_at;
};

/* One alert among several that are told together: without values, whatever the channel is told. */
struct event_listed {
	struct uuid     id;
	const char     *event, *severity; /* what the channel is told of it */
	const char     *kind, *status;    /* as it is by now; "": it is gone */
	struct raw_json title;
	struct event_config *config; /* NULL: of none */
	instant         opened_at;
	bool            never_sent; /* it is over, and nothing of it was told before; not where the reason is SUMMARY_RATE */
};
/* Only `reason` and `route` are kept: the rest is read at each attempt (drift/deliver/summary.h), so that nothing stands in it that was
 * masked since. */
struct event_many {
	const char     *reason; /* why they are told together: SUMMARY_RATE, ... */
	struct raw_json route;  /* name of the route that says so; no text: none does */
	struct items    alerts; /* struct event_listed, the worst first, those that are over last */
	int64_t         alerts_total, resolved; /* listed or not */
	const char     *worst;       /* of those that are not over; NULL: all are */
	struct raw_json by_severity; /* of those that are not over: {"critical": 3} */
};
#define EVENT_SUMMARY "drift.alerts.summary" /* of no alert by itself: no row of events.h */
#define SUMMARY_RATE   "rate"   /* they came faster than the channel is told */
#define SUMMARY_GROUP  "group"  /* they are of one group of a route (route_group.h) */
#define SUMMARY_QUIET  "quiet"  /* they came in the quiet hours of a route (route_quiet.h) */
#define SUMMARY_REPEAT "repeat" /* they were told, and are still open */
#define EVENT_LISTED 20

struct alert_event {
	const char          *type; /* EVENT_OPENED, ... */
	instant              at;
	struct event_tenant *tenant;
	struct event_config *config;        /* NULL: of none */
	struct event_alert  *alert;         /* NULL: of several; or a test of a channel, with nothing but its tenant */
	struct event_report *report;        /* NULL: of none */
	struct items         changes;       /* struct event_change, the most severe first */
	int64_t              changes_total; /* told or not */
	struct event_links  *links;
	struct event_many   *many; /* NULL: of one alert, or a test */
	int64_t              ended; /* findings that are over since the last event, while others go on */
	struct event_work   *work;  /* NULL: nobody has done anything */
	struct event_escalation *escalation; /* NULL: it is told for another reason than that nobody has */

	/* Set when it is sent, and not kept: how it is answered (drift/deliver/answers.h; NULL: not by a link), and what the
	 * channel has heard before. */
	struct event_answers *answers;
	int64_t folded;             /* older events that this one tells in their place */
	bool    never_sent;         /* resolved, and nothing of it was sent before */
	bool    below_min_severity; /* the last the channel hears, unless it gets worse again */
};

/* Of an alert's news, at this instant; what is in it lives as long as s->mem, and the news. */
MUST_USE bool event_make(const struct alert_scope *s, const struct alert_news *news,
    struct alert_event *out, struct err *e);

/* From this template on an alert that is not over is told with links by which it is answered. */
#define EVENT_ANSWERED 6
/* And from this one on, that a change was announced otherwise. */
#define EVENT_ANNOUNCED 7
/* For which templates it is, told as `type`: a program from before leaves what it does not know to one that does. */
int64_t event_template(const struct alert_event *ev, const char *type);

/* Of several alerts, at this instant: as it is kept.  `route`: its name; NULL: none. */
MUST_USE bool event_make_summary(const struct alert_scope *s, const char *reason, const char *route,
    struct alert_event *out, struct err *e);
/* It is a test of a channel. */
bool event_is_test(const struct alert_event *ev);

/* As it is kept, and back: what is read has all its texts, children of `mem`, and is the same in every rendering.  Of a summary it
 * is the reason. */
MUST_USE bool event_keep(struct buf *b, const struct alert_event *ev, struct err *e);
MUST_USE bool event_read(TALLOC_CTX *mem, struct str kept, struct alert_event *out, struct err *e);

/* What whoever has that view gets to see of it; `ev` itself stays. */
MUST_USE bool event_view(TALLOC_CTX *mem, struct view v, const struct alert_event *ev,
    struct alert_event *out, struct err *e);

/* The open form, {type, timestamp, data}, for whoever reads it by program. */
MUST_USE bool event_print(struct buf *b, const struct alert_event *ev, struct err *e);
/* Its data alone. */
MUST_USE bool event_print_data(struct buf *b, const struct alert_event *ev, struct err *e);
/* Its beginning, without changes and what follows them, closed; and one change. */
MUST_USE bool event_print_head(struct buf *b, const struct alert_event *ev, struct err *e);
MUST_USE bool event_print_change(struct buf *b, const struct event_change *c, struct err *e);

/* The plain text of a JSON string: *out is n bytes of `mem`. */
MUST_USE bool event_text(
    TALLOC_CTX *mem, const struct raw_json *string, struct str *out, struct err *e);

#endif
