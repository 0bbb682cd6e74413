/*
 * ocsf.h - an event as a Detection Finding (class 2004) of the Open Cybersecurity Schema Framework, in JSON of one line.
 *
 * The finding is the alert: it is created, updated and closed by messages with its number as finding_info.uid.  What the
 * schema has no place for stands in `unmapped`.
 */
#ifndef BSX_DRIFT_DELIVER_OCSF_H
#define BSX_DRIFT_DELIVER_OCSF_H

#include "drift/deliver/words.h"

/*
 * At most `most` bytes: as many changes as fit, the worst first, and unmapped.changes_total counts all; then shorter texts.
 * `most` is 1,000 or more.  `id` is that of the message.
 */
MUST_USE bool ocsf_print(TALLOC_CTX *mem, const struct alert_event *shown, const char *id, size_t most, struct str *out,
    struct err *e);

#endif
