/*
 * alerting.h - from the changes of a report to an alert and its messages, in the
 * transaction of the report.
 *
 * A config has one open alert of kind "drift".  What becomes of it is decided by
 * alert_decide.h and carried out here; why something is not told goes into the report
 * (explain.h).  Its severity is that of its worst finding still open; where it rises
 * above what somebody works on already, the alert is open anew.
 * It says who has made its findings, those that are over too; where that becomes known
 * after it was told, that is told once, to who wants it.
 */
#ifndef BSX_DRIFT_ALERT_ALERTING_H
#define BSX_DRIFT_ALERT_ALERTING_H

#include "core/base/env.h"
#include "core/store/alert/alert.h"
#include "core/store/alert/channel.h"
#include "core/store/drift/report.h"
#include "drift/alert/alert_decide.h"
#include "drift/alert/events.h"
#include "drift/alert/title.h"
#include "drift/alert/work.h"

#define TITLE_NAME_MAX 300 /* bytes of a config's name in the title of a condition */

struct alert_route; /* alert_route.h */

/* A channel to tell of alerts from a severity on; that one has fallen below it is told once. */
struct alert_target {
	struct uuid   channel_id;
	enum severity min_severity;
	bool          tell_ends;    /* of the end of one finding among several, too */
	bool          tell_makers;  /* of EVENT_ATTRIBUTED too */
	enum tell_work tell_work;
	int64_t       repeat_min_s; /* least time between events that only count */
	struct uuid   route_id;     /* that leads there (alert_route.h); nil: the config names it */
	const struct alert_route *route; /* how that tells several together (holding.h); NULL: each alone */
};

/* Whose alerts these are, in a transaction of `t`; nobody changes it. */
struct alert_scope {
	const struct env          *env;
	struct tenant_db          *t;
	TALLOC_CTX                *mem; /* of the texts that are made */
	struct uuid                config_id;
	const char                *config_name;
	const struct alert_target *targets;
	size_t                     targets_n;
	const struct report       *report; /* NULL: none is at hand */
	const char                *quiet;  /* of a standing alert: suppressed_by of one that opens now; NULL: nothing covers it */
};

/* What the comparison has found, and what was known before it. */
struct alert_input {
	const struct limits      *limits;
	const struct change      *changes; /* of the report, in its order */
	const struct change_text *texts;   /* parallel */
	const enum hold_reason   *holds;   /* parallel */
	const int64_t            *runs;    /* parallel: reports in a row that had it */
	size_t                    n;
	const bool               *tolerated; /* parallel to limits->tolerance: it held something */
	const struct flaps       *flaps;     /* NULL: not looked at */
	bool                      complete, read, unread; /* see alert_decide.h */
	bool                      in_order;
	bool                      again;   /* between two snapshots: see alert_decide.h */
	const char               *let_go;  /* then: why what is over will not come again; NULL: it may */
	const char               *silence; /* that covers a finding: suppressed_by; NULL: none */
	int64_t                   clean_runs;      /* before this report */
	const struct clearing    *clearing;        /* see alert_decide.h */
	size_t                    clearing_n;
	int64_t                   incomplete_runs; /* with this report */
};

/* What became of the drift alert. */
struct alert_outcome {
	enum deed       deed;
	bool            go_on;       /* the next snapshot counts, changed or not */
	bool            waits;       /* what nothing holds is too little to be told yet */
	int64_t         clean_runs;  /* with this report */
	const int64_t  *cleared;     /* parallel to the input's clearing; NULL: as they were */
	struct raw_json not_alerted; /* for the report; no text: nothing to say */
};

/* Before the report is written; s->report is the one to come. */
MUST_USE bool alerting_apply(const struct alert_scope *s, const struct alert_input *in,
    struct alert_outcome *out, struct err *e);

struct alert_event; /* event.h */

/* The kinds of alerts; NULL ends them. */
extern const char *const alert_kinds[];

/* A step of a route that an alert has come to, since nobody acknowledges it (escalation.h). */
struct alert_escalated {
	const char *route; /* its name */
	int64_t     step, steps; /* from 1 */
	int64_t     again; /* how often it was told before */
	int64_t     waited_s;
};

/* An event of an alert, with the findings that it tells of. */
struct alert_news {
	const char               *event; /* EVENT_OPENED, ... */
	const struct alert       *alert; /* NULL: a test of a channel */
	const char               *severity_before; /* of the alert; NULL: it has not changed */
	const struct alert_work  *work;            /* what somebody has done with it; NULL: nobody has */
	const struct alert_escalated *escalation;  /* then its targets are those of the scope; NULL: none */
	const struct alert_event *former;          /* whose findings it tells again; NULL: those below */
	bool                      escalated;       /* somebody was at it; it is open anew: told of by EVENT_REOPENED where work is */
	bool                      is_new;          /* the alert is of this transaction */
	bool                      calm;            /* only a number has changed */
	bool                      ended_only;      /* findings have ended, others go on, and nothing else is new */
	int64_t                   ended;           /* how many have */
	const struct change      *changes;
	const struct change_text *texts; /* parallel */
	const size_t             *order; /* indexes of changes: the most severe first */
	size_t                    n;     /* of them */
	const struct alert_routing *routing; /* the tenant's, read in this transaction; NULL: not yet */
	const struct alert_routes  *routes;  /* of it, where many alerts are told; NULL: not yet */
};
/* What is so read once, where many are told: routes that this version does not understand lead nowhere, and the log has it. */
struct alert_routes; /* alert_route.h */
MUST_USE bool alerting_routes(const struct alert_scope *s, const struct alert_routing *routing,
    struct alert_routes *out, struct err *e);

/* Tells the targets, each down its lane (core/store/alert/lane.h): an event that waits takes in the next (fold.h).
 * *sent (may be NULL) is how many channels. */
MUST_USE bool alerting_tell(
    const struct alert_scope *s, const struct alert_news *news, size_t *sent, struct err *e);

/* Tells one channel a test, which says nothing; *message: its id. */
MUST_USE bool alerting_test(const struct alert_scope *s, const struct channel *c,
    struct uuid *message, struct err *e);

/* One line of the alert's history, by "system"; its new status is alert->status. */
MUST_USE bool alerting_event(const struct alert_scope *s, const struct alert *alert,
    const char *from, const char *note, struct err *e);

/* The same when what keeps it quiet begins, ends or is another than `before` (NULL: nothing). */
MUST_USE bool alerting_suppression(
    const struct alert_scope *s, const struct alert *alert, const char *before, struct err *e);

/* "drift:" and the config's id; ALERT_OPEN_KEY_MAX bytes with the NUL. */
#define ALERT_OPEN_KEY_MAX 48
void alerting_open_key(const struct uuid *config, char out[static ALERT_OPEN_KEY_MAX]);

#endif
