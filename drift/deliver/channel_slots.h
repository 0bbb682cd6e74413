/*
 * channel_slots.h - how many deliveries to a channel are under way at a time, among all senders of one daemon, so that a slow
 * receiver holds up little of it.
 *
 * SLOTS_QUICK at most; where one of them has taken longer than SLOT_SLOW_MS, no more than SLOTS_SLOW.
 *
 * The table is shared memory made before the senders are forked.  A channel's
 * lane is chosen by its id; two channels may share one, which costs a wait.
 */
#ifndef BSX_DRIFT_DELIVER_CHANNEL_SLOTS_H
#define BSX_DRIFT_DELIVER_CHANNEL_SLOTS_H

#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/uuid.h"

#define SLOTS_QUICK  16
#define SLOTS_SLOW   4
#define SLOT_SLOW_MS 300

struct channel_slots;

MUST_USE struct channel_slots *channel_slots_make(struct err *e); /* for the life of the process */
/* Its place, for channel_slot_leave(), where there are fewer than `most`; -1: none, and *slow: it is not worth waiting for
 * one.  `self` is 1.. */
int  channel_slot_take(struct channel_slots *l, unsigned self, const struct uuid *channel, int most,
     const struct clock *c, bool *slow);
void channel_slot_leave(struct channel_slots *l, const struct uuid *channel, int place);
/* What a sender that died held. */
void channel_slots_clear(struct channel_slots *l, unsigned self);

#endif
