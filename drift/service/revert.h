/*
 * revert.h - the request that would set a changed value back to what was approved.  It is never
 * sent: a person looks at it and sends it, and what it was about ends with the next reading.
 *
 * Made of values: needs read:snapshots.  What is masked is in none.  What is no more in a list has one where the list is
 * otherwise as it was in the baseline: it is then written as it was there, whole.
 */
#ifndef BSX_DRIFT_SERVICE_REVERT_H
#define BSX_DRIFT_SERVICE_REVERT_H

#include "drift/service/acting.h"

struct revert {
	const char *why; /* none is offered: a sentence; NULL: this one is */
	const char *method, *url;
	const char *body;       /* JSON merge patch (RFC 7396) */
	const char *place;      /* JSON Pointer in the resource: all that it writes */
	const char *overwrites; /* JSON: what was read there last, and must be there still */
};
MUST_USE bool revert_of(
    const struct acting *a, const struct uuid *change, struct revert *out, struct err *e);

#endif
