/*
 * loop.h - one worker: takes connections from the listening socket and answers
 * one request at a time, until it is told to stop.
 *
 * Signals are blocked throughout and arrive by a descriptor that is looked at
 * only between requests, so no request and no body is ever cut short by one.
 * TERM, INT and USR1 end the loop after the present request; so does HUP, unless
 * the process ignores it.
 *
 * Requests that hash a password wait for a place in their lane (core/shm/permit.h)
 * without holding the worker: at most 256 of them, each for 10 s.  Who comes while
 * there are so many is answered 503 at once.
 */
#ifndef BSX_FCGI_LOOP_H
#define BSX_FCGI_LOOP_H

#include "core/web/request.h"
#include "fcgi/listen.h"

struct loop {
	const struct listener *listener;
	int64_t                max_requests; /* end after this many; 0: never */
	void (*tidy)(struct app *app);       /* between requests, and once a second when idle */
};

/* Blocks the signals a worker waits for, and ignores PIPE; before the first fork, so that none is
 * lost. */
void loop_block_signals(void);

/*
 * True when told to stop, when max_requests are done, or (unless that is 0) when the worker holds too much
 * memory that it cannot give back (memory.h); false: it cannot go on.
 */
MUST_USE bool loop_run(struct app *app, const struct loop *l, struct err *e);

#endif
