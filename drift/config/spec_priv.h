/*
 * spec_priv.h - what the files that make a spec share.
 */
#ifndef BSX_DRIFT_CONFIG_SPEC_PRIV_H
#define BSX_DRIFT_CONFIG_SPEC_PRIV_H

#include "drift/config/spec.h"

/* thresholds.c: s->limits of s->body.thresholds. */
MUST_USE bool spec_limits(struct drift_spec *s, struct err *e);

/* unread.c: s->unread of s->body.unread. */
MUST_USE bool spec_unread_set(struct drift_spec *s, struct err *e);

#endif
