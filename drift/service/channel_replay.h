/*
 * channel_replay.h - messages to a channel that go out again, under the ids that they had.
 *
 * They are rendered when they are sent, as whatever is sent: what the channel may be told then is what it gets.  Values
 * are those of the report: a mask that was added since does not reach back, there and here.  Whoever asks
 * for it decides who reads alerts of the past: that needs read:alerts.
 */
#ifndef BSX_DRIFT_SERVICE_CHANNEL_REPLAY_H
#define BSX_DRIFT_SERVICE_CHANNEL_REPLAY_H

#include "drift/service/acting.h"

struct replay_wish {
	bool        delivered;    /* not only what was given up */
	instant     since, until; /* of attempts; 0: open */
	struct uuid from;         /* an attempt to begin with; nil: none */
};
struct replayed {
	int64_t     messages; /* that go out again */
	struct uuid next;     /* the attempt to go on with; nil: that was all */
};
/* ERR_CONFLICT: the channel is disabled. */
MUST_USE bool channel_replay(const struct acting *a, const struct uuid *channel,
    const struct replay_wish *in, struct replayed *out, struct err *e);
/* The message of one attempt; ERR_CONFLICT too where a newer one has told it. */
MUST_USE bool delivery_replay(
    const struct acting *a, const struct uuid *delivery, struct replayed *out, struct err *e);

#endif
