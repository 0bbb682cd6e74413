/*
 * channel_template.h - the body that a channel is told in, and the headers that let us in there.
 */
#ifndef BSX_DRIFT_SERVICE_CHANNEL_TEMPLATE_H
#define BSX_DRIFT_SERVICE_CHANNEL_TEMPLATE_H

#include "drift/service/channel.h"

/* What the wish names of it; faults at /template and /headers, where the kind has none, or needs one that is not there. */
MUST_USE bool channel_template_set(
    const struct acting *a, struct channel *c, const struct channel_wish *in, struct err *e);

#endif
