/*
 * door.h - takes requests off the road (core/net/fetcher.h) and has a process of its own make each.
 *
 * The door itself reads nothing of them and nothing of what is answered.  A process has one request under way, as
 * workers do: with the next one the one before ends.  It is known by the number that the kernel lets it state, which
 * is its own unless it is root's: who forks has as many as it makes processes, up to `transfers` of all.
 */
#ifndef BSX_FETCH_DOOR_H
#define BSX_FETCH_DOOR_H

#include "core/net/fetch.h"

struct door_options {
	struct fetch *fetch;
	int           road;
	unsigned      transfers; /* at the same time; who comes then is hung up on */
};

/*
 * Until FETCHER_END, until nobody is left on the road, or until one on it shuts it down for all.  TERM, INT, HUP and
 * USR1 are not heeded.  Requests under way go on: they end with their workers.
 */
MUST_USE bool door_run(const struct door_options *o, struct err *e);

#endif
