/*
 * deletion.h - a deletion is believed after a second reading.
 *
 * A source may answer from a replica that has not heard yet of what was made, so that one complete reading that lacks a
 * resource does not say that it is gone.  Of a config that is collected such a finding is held (HOLD_UNCONFIRMED) until
 * it stands in a complete reading that began DELETION_APART_MS after the first that lacked it, or later; readings in
 * between count for nothing, nor towards for_runs.  The run that first lacks something asks for that reading itself
 * (running_end).  What is there again by then was never told, and nothing has to be taken back.
 *
 * Only whole resources: an element that is read for another item is one (each-collections).  A replica may serve an older
 * state of a resource as well, which looks like any change of it; that is for for_runs.  Kinds of source that cannot be
 * behind say so (source_ops.current), and what is pushed is believed at once.
 *
 * Pure.
 */
#ifndef BSX_DRIFT_RUN_DELETION_H
#define BSX_DRIFT_RUN_DELETION_H

#include "core/store/drift/finding.h"
#include "drift/alert/limits.h"
#include "drift/engine/diff.h"

#define DELETION_APART_MS INT64_C(60000)
#define DELETION_AGAIN_MS INT64_C(61000) /* when the second reading is begun: clocks are not quite alike */

/* Does this change wait for a second reading, in a config of such limits? */
bool deletion_waits(const struct limits *l, const struct change *c);
/* A reading that began then: is it another one than that by which the finding was counted last? */
bool deletion_is_apart(const struct finding_row *r, instant began);

#endif
