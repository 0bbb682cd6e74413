/*
 * whatif.h - another spec tried on a config's stored history, by who may.
 */
#ifndef BSX_DRIFT_SERVICE_WHATIF_H
#define BSX_DRIFT_SERVICE_WHATIF_H

#include "drift/run/whatif.h"
#include "drift/service/acting.h"

/*
 * With the members that the body names in place of the config's.  What looks at stored values, and tells by
 * numbers what it saw, needs read:snapshots: rules, compare, packs, tolerances, and a template for who may
 * write one.
 */
MUST_USE bool whatif_ask(const struct acting *a, const struct uuid *config, const struct json *body,
    int64_t days, struct whatif *out, struct err *e);

#endif
