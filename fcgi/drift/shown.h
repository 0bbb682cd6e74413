/*
 * shown.h - what other routes answer with, appended as JSON to evidence: whole, as one alone is answered.
 */
#ifndef BSX_FCGI_DRIFT_SHOWN_H
#define BSX_FCGI_DRIFT_SHOWN_H

#include "drift/service/alert.h"
#include "drift/service/channel.h"
#include "drift/service/finding.h"
#include "drift/service/snapshot.h"
#include "fcgi/drift/drift.h"

MUST_USE bool alert_shown(
    struct request *r, const struct acting *a, const struct alert *row, struct buf *out, struct err *e);
MUST_USE bool change_shown(
    const struct acting *a, const struct change_seen *seen, struct buf *out, struct err *e);
MUST_USE bool snapshot_shown(
    struct request *r, const struct snapshot *row, struct buf *out, struct err *e);
MUST_USE bool delivery_shown(const struct delivery_row *row, struct buf *out, struct err *e);

#endif
