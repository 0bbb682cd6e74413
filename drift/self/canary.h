/*
 * canary.h - the source `canary`: one harmless object that is another at each reading.
 *
 *	canary     {state: "calm"} at the first reading, which becomes the baseline, and "changed" at the next, in turns
 *
 * So each second reading opens an alert by the way that every change goes, to whom the config tells, and the one behind it
 * resolves that: what arrived, and how soon, says that nothing is kept back where nothing is told.
 * core/store/alert/canary.h reads it again.
 */
#ifndef BSX_DRIFT_SELF_CANARY_H
#define BSX_DRIFT_SELF_CANARY_H

#include "core/store/tenant/tenant_db.h"
#include "drift/source/collected.h"

struct canary {
	struct tenant_db  *t;
	const struct uuid *config;
};
/* `c` is a struct canary: as a run of the kind wants it (struct source_own). */
MUST_USE bool canary_read(void *c, TALLOC_CTX *mem, struct collected *out, struct err *e);

#endif
