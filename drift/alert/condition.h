/*
 * condition.h - standing alerts of a config beside the one about findings: it is
 * blind, too much of a collection is gone at once, findings flap, a run had
 * unusually many changes, it cannot follow its template, its collector's clock
 * is wrong, or its source's credential is.  One of each at a time; what follows a colon tells those of one kind
 * apart.
 */
#ifndef BSX_DRIFT_ALERT_CONDITION_H
#define BSX_DRIFT_ALERT_CONDITION_H

#include "drift/alert/alerting.h"

#define CONDITION_BLIND      "blind"
#define CONDITION_REFUSED    "blind:refused" /* of kind "blind", beside the other: the pushes of one are refused */
#define CONDITION_SUSPICIOUS "suspicious_collection"
#define CONDITION_SYSTEM     "system" /* something of ours that somebody has to see to */
#define CONDITION_CLOCK      "system:clock" /* of kind "system", and one beside the others: a collector's clock */
#define CONDITION_REVIEW     "system:review" /* the same: nobody approves the baseline */
#define CONDITION_CREDENTIAL "system:credential" /* the same: what its source shows is refused */
#define CONDITION_CREDENTIAL_END "system:credential_end" /* the same: that will not be taken much longer */
#define CONDITION_FLAPPING   "flapping"
#define CONDITION_ANOMALY    "anomaly"

/* Opens one and tells of it; nothing when it is open.  `text` follows the config's name in its
 * title. */
MUST_USE bool condition_open(
    const struct alert_scope *s, const char *kind, const char *text, struct err *e);
/* The same; one that is open gets the new title and number of changes, and is told of again. */
MUST_USE bool condition_update(const struct alert_scope *s, const char *kind, const char *text,
    int64_t changes, struct err *e);
/* It is covered by s->quiet from now on, should it be suppressed, or told, where that is NULL. */
MUST_USE bool condition_quiet(const struct alert_scope *s, const char *kind, struct err *e);
/* Ends it and tells of it; nothing when none is open. */
MUST_USE bool condition_close(
    const struct alert_scope *s, const char *kind, const char *note, struct err *e);

#endif
