/*
 * gather.h - messages of one channel that are told by one more message, a summary, in their place.
 *
 * They wait on, in their lanes, marked with the summary's id (outbox.told_in) as on their way: nothing is folded into them,
 * what follows them in their lanes follows when the summary is over, and nobody sends them by themselves.  So they end with
 * it, in one transaction, however often it is tried and whoever dies meanwhile.
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_ALERT_GATHER_H
#define BSX_STORE_ALERT_GATHER_H

#include "core/base/env.h"
#include "core/store/alert/outbox.h"
#include "core/store/id_list.h"

#define GATHER_MAX 1000 /* messages that one summary tells */

/* Messages that wait for the channel, each the first of its lane and on its way nowhere, the oldest first and `mine` before
 * all: GATHER_MAX + 1 at most, the last of which is one too many. */
MUST_USE bool gather_find(struct db *db, TALLOC_CTX *mem, const struct outbox *mine,
    struct uuid **ids, size_t *n, struct err *e);
/* Marks those of them that still wait; *n: how many. */
MUST_USE bool gather_mark(struct db *db, TALLOC_CTX *mem, const struct uuid *summary,
    struct id_list ids, size_t *n, struct err *e);

/* An alert that a summary tells, as it is by now; of one that is gone there is nothing but what the message says. */
struct gathered {
	struct uuid alert_id;
	const char *event, *severity; /* of the message */
	const char *kind, *status, *title; /* "": it is gone; the title is the one without values */
	struct uuid config_id;             /* nil: of none */
	const char *config_name;           /* NULL: of none, or it is gone */
	instant     opened_at;
	bool        never_sent; /* nothing of it was told before, and it is over */
};
/* How many there are of a severity, those that are over by themselves. */
struct gathered_count {
	const char *severity;
	bool        resolved;
	int64_t     n;
};
#define GATHERED_COUNTS 10 /* 5 severities, open and over */
/* The worst that is not over first; `group`: not what a summary tells, but what is open of a group (alert_group.h). */
struct gather_what {
	struct uuid id;
	bool        group;
};
MUST_USE bool gather_list(struct db *db, TALLOC_CTX *mem, const struct gather_what *of, size_t most,
    struct gathered **rows, size_t *n, struct err *e);
MUST_USE bool gather_count(struct db *db, TALLOC_CTX *mem, const struct gather_what *of,
    struct gathered_count **rows, size_t *n, struct err *e);

/* What the attempt at a summary that was its last has come to, for each message that it tells and its lane: their state, a
 * row of the log, which is like `row` but for the message, and what waits behind them is due. */
struct gather_end {
	const struct env      *env;
	struct uuid            summary;
	bool                   arrived;
	const struct delivery *row;
};
MUST_USE bool gather_finish(
    struct db *db, TALLOC_CTX *mem, const struct gather_end *g, struct err *e);

#endif
