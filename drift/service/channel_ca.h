/*
 * channel_ca.h - the authorities that a channel believes: of a kind that is spoken to over TLS by another port.
 */
#ifndef BSX_DRIFT_SERVICE_CHANNEL_CA_H
#define BSX_DRIFT_SERVICE_CHANNEL_CA_H

#include "drift/service/channel.h"

/* Where it is named.  Whoever names others says who may read there: that counts as another target. */
MUST_USE bool channel_ca_set(const struct acting *a, struct channel *c, const struct channel_wish *in, struct err *e);

#endif
