/*
 * drift.h - what the drift path works with, handed in by main, and its cache of
 * compiled configs.
 */
#ifndef BSX_DRIFT_CONFIG_DRIFT_H
#define BSX_DRIFT_CONFIG_DRIFT_H

#include "core/base/env.h"

struct database;
struct drift {
	const struct env  *env;
	struct spec_cache *specs;
	struct database   *database; /* for grants, set by who made it; NULL: nobody acts here from another tenant */
};

MUST_USE struct drift *drift_make(TALLOC_CTX *mem, const struct env *env, struct err *e);

#endif
