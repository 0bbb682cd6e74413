/*
 * parent.h - keeps N workers alive, and the fetcher by which they ask strangers (core/net/fetcher.h).
 *
 * The parent serves nothing: it forks, waits, and passes signals on.
 *
 *	TERM, INT, USR1  the workers finish their request and end; so do we, within 8 s
 *	HUP              reload; then the workers are replaced one after another
 *	a worker ends    it is replaced: at once when it ended well (its requests
 *	                 were done), else after 0.1 s, doubled up to 30 s while it
 *	                 keeps dying, from the start again when it lived for 60 s
 *
 * The fetcher is kept in the same way: HUP replaces it at once, it ends after the last worker.  While the next one is
 * more than a second away, the road to it is shut.
 *
 * A worker killed by a signal is reported with what its slot in the shared
 * segment says it was doing.  Workers get SIGTERM from the kernel when the
 * parent dies.
 */
#ifndef BSX_FCGI_PARENT_H
#define BSX_FCGI_PARENT_H

#include <sys/types.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/shm/slot.h"

struct parent_ops {
	/* The whole life of a worker, in its own process; the exit status. */
	int (*work)(void *arg, unsigned slot);
	/* Becomes the fetcher, in its own process. */
	void (*fetch)(void *arg, pid_t parent) __attribute__((noreturn));
	/* Again and again: shuts the road to the fetcher, or opens it. */
	void (*shut)(void *arg, bool shut);
	/* How many there are to be, 1..SLOTS_MAX; a reload may change it. */
	unsigned (*workers)(void *arg);
	/* HUP. Says for itself what went wrong; false: the workers stay as they are. */
	bool (*reload)(void *arg);
	/* The end has begun: nothing new should come in. */
	void (*ending)(void *arg);
	/* Where to write, which a reload may change. */
	struct log *(*log)(void *arg);
};

struct parent {
	const struct parent_ops *ops;
	void                    *arg;
	const struct clock      *clock;
	struct segment          *segment;
};

/* Returns the exit status when all workers are gone: 0, or 1 if some had to be killed. */
int parent_run(const struct parent *p);

#endif
