/*
 * meet.h - a mask and a clear value that is the one it is of: for the files of this room only.
 *
 * When what is masked changes (a config, a pack, an edition), what was stored before is masked where
 * the new reading is not, or otherwise.  That is no change: a mask equals the clear value whose HMAC it
 * is, and another mask of the same value, of whatever parts.
 */
#ifndef BSX_DRIFT_ENGINE_MEET_H
#define BSX_DRIFT_ENGINE_MEET_H

#include "drift/engine/walk.h"

/* Of two values of normal forms at one place that are not the same text; *yes: they are one value. */
MUST_USE bool meet_scalars(
    struct walk *w, const struct json *a, const struct json *b, bool *yes);

/* A clear scalar as it would be masked; *out is of w->tmp. */
MUST_USE bool meet_as_mask(struct walk *w, const struct json *clear, struct json *out);

/*
 * The same before arrays are matched, where no place is known but its pattern: in `out`, which is
 * `from` otherwise, what is masked otherwise in `to` is as it is there.  Nobody tries many values of
 * his own against a mask by that: beyond MEET_TRIES_MAX clear texts more than there are masks nothing is
 * tried, nor where a side has more than MEET_MASKS_MAX masks: what is masked otherwise there is told.
 */
#define MEET_TRIES_MAX 16
#define MEET_MASKS_MAX 20000
MUST_USE bool meet_resources(struct walk *w, const struct resource *from, const struct resource *to,
    struct resource *out);

#endif
