/*
 * drift.h - what the drift path works with, handed in by main, and its cache of
 * compiled configs.
 */
#ifndef BSX_DRIFT_CONFIG_DRIFT_H
#define BSX_DRIFT_CONFIG_DRIFT_H

#include "drift/alert/deps.h"

struct drift {
	struct drift_deps  deps;
	struct spec_cache *specs;
};

MUST_USE struct drift *drift_make(TALLOC_CTX *mem, const struct drift_deps *deps, struct err *e);

#endif
