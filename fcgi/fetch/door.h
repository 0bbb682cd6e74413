/*
 * door.h - takes requests off the road (core/net/fetcher.h) and has a process of its own make each.
 *
 * The door itself reads nothing of them and nothing of what is answered.  A worker, known by the process number that
 * the kernel vouches for, has one request under way: with the next one the one before ends.
 */
#ifndef BSX_FETCH_DOOR_H
#define BSX_FETCH_DOOR_H

#include "core/net/fetch.h"

struct door_options {
	struct fetch *fetch;
	int           road;
	unsigned      transfers; /* at the same time; who comes then is hung up on */
};

/* Until TERM, or until nobody is left on the road.  Requests under way go on: they end with their workers. */
MUST_USE bool door_run(const struct door_options *o, struct err *e);

#endif
