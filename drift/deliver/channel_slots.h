/*
 * channel_slots.h - one delivery to a channel at a time among the senders of one daemon,
 * so that a slow receiver holds up one of them only.
 *
 * The table is shared memory made before the senders are forked.  A channel's
 * lane is chosen by its id; two channels may share one, which costs a wait.
 */
#ifndef BSX_DRIFT_DELIVER_CHANNEL_SLOTS_H
#define BSX_DRIFT_DELIVER_CHANNEL_SLOTS_H

#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/uuid.h"

struct channel_slots;

MUST_USE struct channel_slots *channel_slots_make(struct err *e); /* for the life of the process */
/* False: another sender is on it, *since_ms its start (monotonic). `self` is 1.. */
MUST_USE bool channel_slot_take(struct channel_slots *l, unsigned self, const struct uuid *channel,
    const struct clock *c, int64_t *since_ms);
void          channel_slot_leave(struct channel_slots *l, unsigned self, const struct uuid *channel);
/* What a sender that died held. */
void channel_slots_clear(struct channel_slots *l, unsigned self);

#endif
