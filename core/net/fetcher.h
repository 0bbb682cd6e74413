/*
 * fetcher.h - the process in which requests leave the house, and the way to it.
 *
 * Who answers people's requests has no business on the network: it describes a request, and bsx-fetch
 * (fcgi/fetch), where the outbound guard and libcurl are, asks and gives back bytes.  It is a program of
 * its own and not only a child, so that whoever starts it does not load libcurl and what hangs on that, and
 * nothing of its keys is in the memory of who speaks with strangers.
 *
 * One road leads there for all workers of a parent.  For each request a worker makes a pair of sockets and
 * sends one end along the road (SCM_RIGHTS): the request is written and the answer read on the other.  So
 * an answer can come to nobody else; a worker that ends, however, hangs up and its request ends; a fetcher
 * that is started anew finds on the road what waits there; and a place on the road is no worker's own, so
 * their number may change.
 *
 * Where the next fetcher is long in coming, the road is shut: who asks is told so at once, and who waits is
 * hung up on.
 */
#ifndef BSX_NET_FETCHER_H
#define BSX_NET_FETCHER_H

#include "core/net/fetch.h"

#define FETCHER_ROAD    3           /* the descriptor by which bsx-fetch gets its end */
#define FETCHER_PROGRAM "bsx-fetch" /* in the folder of blindspotx.fcgi */

/* Where this process's own program stands, with a last slash. */
MUST_USE char *fetcher_own_folder(TALLOC_CTX *mem, struct err *e);

/* What bsx-fetch is started with; whoever makes it keeps the texts. */
struct fetcher {
	const char    *program;
	unsigned       transfers;  /* at the same time; who comes then is refused */
	struct strings allow;      /* outbound.allow */
	bool           plain_http; /* outbound.http */
};

struct road {
	int           ours;   /* the workers'; -1: there is none */
	int           theirs; /* the fetcher's: no worker keeps it */
	_Atomic bool *shut;   /* shared by all */
};

MUST_USE bool road_make(struct road *r, struct err *e);
/* By whoever keeps the fetcher, while none stands there; false opens it again. */
void road_shut(const struct road *r, bool shut);
/* What this process has of it; the others keep theirs. */
void road_close(struct road *r);

/*
 * In a process that was forked for it: becomes the fetcher.  All descriptors but its end of the road and standard
 * error are closed, the environment is empty, and it gets TERM when `parent` ends.  Does not return.
 */
_Noreturn void fetcher_become(const struct fetcher *f, int theirs, pid_t parent);

/* The way to a fetcher that somebody else keeps; the road stays the caller's. */
MUST_USE struct fetch *fetcher_reach(TALLOC_CTX *mem, const struct road *road, struct err *e);
/* To one that is started when it is first asked, and again when it has ended; it ends with the result. */
MUST_USE struct fetch *fetcher_on_demand(TALLOC_CTX *mem, const struct fetcher *f, struct err *e);

#endif
