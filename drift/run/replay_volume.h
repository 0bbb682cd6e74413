/*
 * replay_volume.h - how many changes each collection has in a replay (drift/alert/volume.h).
 *
 * A collection is one from its first complete reading on, which is its baseline; a template has one of all.
 */
#ifndef BSX_DRIFT_RUN_REPLAY_VOLUME_H
#define BSX_DRIFT_RUN_REPLAY_VOLUME_H

#include "drift/run/replay.h"

/* What a snapshot shows that was held against a baseline; NULL: it was not. */
MUST_USE bool replay_volume(
    struct replay *r, const struct held_changes *found, const struct side *to, struct err *e);

#endif
