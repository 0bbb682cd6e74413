/*
 * alert_decide.h - what becomes of a config's drift alert: a function of what was known, of what a
 * comparison found, and of the thresholds.  No I/O, no clock: alerting.c carries out what it says,
 * whatif.c counts it.
 *
 * A finding is a change of at least min_severity that nothing holds.  Fewer than min_changes, or of
 * less than min_score together, open no alert; an open one goes on.  Each finding is told once, and
 * again with another value or when it had gone.  When all that is left is silenced or flapping, the
 * alert is suppressed: it is kept, and what it would tell is told when that ends.  It ends once
 * each collection that had findings has been read completely clear_runs times without any (clearing.h), and at once
 * where somebody has let go of what had them.
 *
 * Its severity is that of its worst finding, and told when it is another; what has been told and was not read
 * now may still be there, and keeps it from falling.  While it is suppressed it stays what was told.
 */
#ifndef BSX_DRIFT_ALERT_ALERT_DECIDE_H
#define BSX_DRIFT_ALERT_ALERT_DECIDE_H

#include "core/store/alert/alert.h"
#include "drift/alert/clearing.h"
#include "drift/alert/flap.h"

/* Why nothing is told, or not of everything. */
#define WHYS(X)                                                                                    \
	X(WHY_NONE, "")                                                                            \
	X(WHY_FIRST_SNAPSHOT, "first_snapshot")                                                    \
	X(WHY_OUT_OF_ORDER, "out_of_order")                                                        \
	X(WHY_INCOMPLETE, "incomplete")                                                            \
	X(WHY_CLEAR_RUNS, "clear_runs")                                                            \
	X(WHY_MIN_SEVERITY, "below_min_severity")                                                  \
	X(WHY_MIN_CHANGES, "below_min_changes")                                                    \
	X(WHY_MIN_SCORE, "below_min_score")                                                        \
	X(WHY_NOTHING_NEW, "nothing_new")                                                          \
	X(WHY_SILENCE, "silence")                                                                  \
	X(WHY_FLAPPING, "flapping")                                                                \
	X(WHY_NO_CHANNEL, "no_channel")                                                            \
	X(WHY_HELD_BACK, "held_back")
enum why {
#define X(id, code) id,
	WHYS(X)
#undef X
	    WHY__MAX
};
const char *why_code(enum why w);
const char *hold_code(enum hold_reason h);

enum deed { DEED_NONE, DEED_OPEN, DEED_UPDATE, DEED_RESOLVE };

struct decide_in {
	const struct limits    *limits;
	const struct change    *changes; /* of the report, in its order */
	const enum hold_reason *holds;   /* parallel */
	size_t                  n;
	const struct flaps     *flaps;    /* as of this comparison; NULL: not looked at */
	bool                    complete; /* what is not among the changes is over */
	bool                    read;     /* something was read: the run counts */
	bool                    unread;   /* something was not */
	bool                    again;    /* no new snapshot: the newest one is looked at again */
	bool                    let_go;   /* then: what is over will not come again, and is not waited for */
	struct uuid             alert;    /* the open one; nil: none */
	bool                    suppressed;
	enum severity           severity;    /* of the open one */
	bool                    maintenance; /* by a window, whose end tells what is there, told before or not */
	const struct told      *told; /* by the open alert, by fingerprint */
	size_t                  told_n;
	int64_t                 clean_runs; /* as decision.clean_runs was after the run before */
	const struct clearing  *clearing;   /* of each collection there is, by category */
	size_t                  clearing_n;
};

struct decision {
	enum deed     deed;
	enum why      why;
	bool          told;       /* the deed is told, as far as there are channels */
	size_t        ended;      /* findings that are over while others go on */
	bool          suppressed; /* the alert, after this */
	bool          silenced;   /* by a silence, at least in part */
	bool          forget;     /* what is gone is told anew when it comes back */
	bool          go_on;      /* the next snapshot counts, changed or not */
	int64_t       clean_runs; /* in a row without findings, of every collection that had some */
	int64_t      *cleared;    /* parallel to in->clearing: its runs after this */
	size_t       *order; /* findings, as indexes of changes: the most severe first */
	size_t        n;
	struct told  *now; /* by fingerprint, each once */
	size_t        now_n;
	struct told  *fresh; /* not told yet, or with another value */
	size_t        fresh_n;
	struct told  *gone; /* told, and no more */
	size_t        gone_n;
	enum severity max;      /* of the findings */
	enum severity severity; /* of the alert, after this */
	int64_t       score;
};

/* What is in `out` is a child of `mem` or of the input. */
MUST_USE bool decide(
    TALLOC_CTX *mem, const struct decide_in *in, struct decision *out, struct err *e);
/* What the alert has told of after the deed: *told is a child of `mem`. */
MUST_USE bool decide_told(TALLOC_CTX *mem, const struct decide_in *in, const struct decision *d,
    struct told **told, size_t *n, struct err *e);

/* How many changes that are severe enough are held so. */
size_t decide_held(const struct decide_in *in, enum hold_reason h);
/* How many are not. */
size_t decide_minor(const struct decide_in *in);

#endif
