/*
 * channel_secret.h - what a channel and its receiver both know: given or made, sealed, replaced.
 */
#ifndef BSX_DRIFT_SERVICE_CHANNEL_SECRET_H
#define BSX_DRIFT_SERVICE_CHANNEL_SECRET_H

#include "core/store/alert/channel.h"
#include "drift/deliver/format.h"
#include "drift/service/acting.h"

/* NULL, and it says so: no kind of channels that this version has. */
MUST_USE const struct format_ops *channel_format(const struct channel *c, struct err *e);

MUST_USE bool channel_secret_seal(
    const struct acting *a, struct channel *c, struct str plain, struct err *e);
/* What is given, or a new one where it is ours to make: *text is what the receiver keeps of that. */
MUST_USE bool channel_secret_set(
    const struct acting *a, struct channel *c, const char *given, char **text, struct err *e);

/* The one that `was` has signs too, for so many seconds; or none does. */
MUST_USE bool channel_secret_keep(const struct acting *a, const struct channel *was,
    struct channel *c, int64_t seconds, struct err *e);
void channel_secret_forget(struct channel *c);

#endif
