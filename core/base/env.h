/*
 * env.h - what a process works with, opened once by its main() and handed down by pointer to every part.
 *
 * Whoever keeps the pointer lives no longer than the one that made it.
 */
#ifndef BSX_BASE_ENV_H
#define BSX_BASE_ENV_H

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/rand.h"

struct conf;
struct keyring;
struct segment;

struct env {
	const struct conf    *conf;
	const struct clock   *clock;
	struct rand          *rand;
	struct log           *log;
	const struct keyring *keyring;
	struct segment       *segment; /* NULL: no metrics, nothing shared with other processes */
};

#endif
