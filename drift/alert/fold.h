/*
 * fold.h - an event of an alert that waits for its channel takes in the next.
 *
 * The receiver gets the newest state, and how many events that stands for (`folded`).  As long as it has not heard of the
 * alert, that is an opening, whatever has changed since; an alert that was over before is told once, as resolved and never
 * sent, where it was high or worse, else not at all.  Work on an alert (events.h) takes in only work: it tells of no finding.
 *
 * Pure.
 */
#ifndef BSX_DRIFT_ALERT_FOLD_H
#define BSX_DRIFT_ALERT_FOLD_H

#include "core/store/alert/outbox.h"
#include "drift/engine/rules.h"

#define FOLD_WAITING_MAX 8 /* messages of a lane that wait, from which on the newest takes in whatever it finds */

/* Whether `newer` may stand for `older`. */
bool fold_allowed(bool keeps_ends, const struct outbox *older, const struct outbox *newer);
/* It does: event, worst, folded, opens and wait_s of `newer`. */
void fold_into(struct outbox *newer, const struct outbox *older);
/* Its event tells of what is open already. */
bool fold_goes_on(const struct outbox *o);
/* It was over before anything was sent. */
bool fold_never_sent(const struct outbox *o);
/* And is not worth a message. */
bool fold_needless(const struct outbox *o);

/* Of a kind of channel: see kinds.h. */
bool fold_keeps_ends(const char *kind);

#endif
