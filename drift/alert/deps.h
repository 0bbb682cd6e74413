/*
 * deps.h - what the drift path works with, handed in by main.
 */
#ifndef BSX_DRIFT_ALERT_DEPS_H
#define BSX_DRIFT_ALERT_DEPS_H

#include "core/conf/conf.h"
#include "core/base/log.h"
#include "core/base/rand.h"
#include "core/shm/segment.h"

struct drift_deps {
	const struct conf  *conf;
	const struct clock *clock;
	struct rand        *rand;
	struct log         *log;
	struct segment     *segment; /* NULL: no metrics */
};

#endif
