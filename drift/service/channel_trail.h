/*
 * channel_trail.h - what an audit entry says of a channel.
 *
 * The target is where values and alerts go, so old and new are named; but paths and queries of webhooks are
 * often secrets, and are shown as 16 hex digits of their SHA-256: https://host:port/#<16 hex>.  Nothing is
 * shown of a user part.
 */
#ifndef BSX_DRIFT_SERVICE_CHANNEL_TRAIL_H
#define BSX_DRIFT_SERVICE_CHANNEL_TRAIL_H

#include "core/base/buf.h"
#include "core/store/alert/channel.h"

/* Scheme and authority as they are, without a user part; what follows by its digest; NULL: out of memory.  Of
 * what it made before it makes the same. */
char *channel_target_shown(TALLOC_CTX *mem, const char *target, struct err *e);

/*
 * As a JSON object: {"name", "target", "values"} of a channel that is made (was == NULL) or dropped (now ==
 * NULL), else "name", and what differs as {"from","to"}; a new secret is only named.
 */
MUST_USE bool channel_details(TALLOC_CTX *mem, const struct channel *was, const struct channel *now,
    bool new_secret, const char **out, struct err *e);

#endif
