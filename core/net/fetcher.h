/*
 * fetcher.h - the process in which requests leave the house, and the way to it.
 *
 * Who answers people's requests has no business on the network: it describes a request, and bsx-fetch
 * (fcgi/fetch), where the outbound guard and libcurl are, asks and gives back bytes.  It is a program of
 * its own and not only a child, so that whoever starts it does not load libcurl and what hangs on that, and
 * nothing of its keys is in the memory of who speaks with strangers.  That is all the border there is: it runs as
 * the same account, so that who has taken it over may open what that account may, the keyring too, and signal its
 * processes.
 *
 * One road leads there for all workers of a parent.  For each request a worker makes a pair of sockets and
 * sends one end along the road (SCM_RIGHTS): the request is written and the answer read on the other.  So
 * an answer can come to nobody else; a worker that ends, however, hangs up and its request ends; a fetcher
 * that is started anew finds on the road what waits there; and a place on the road is no worker's own, so
 * their number may change.
 *
 * All workers have the same end of it: one that is taken over can shut it down for all (shutdown(2)).  The fetcher
 * then ends without having been told, is started again later and later, and each time the log says so; people sign
 * in by a provider again when the parent is started anew.
 *
 * Where the next fetcher is long in coming, the road is shut: who asks is told so at once, and who waits is
 * hung up on.
 */
#ifndef BSX_NET_FETCHER_H
#define BSX_NET_FETCHER_H

#include <signal.h>

#include "core/net/fetch.h"

#define FETCHER_ROAD    3           /* the descriptor by which bsx-fetch gets its end */
#define FETCHER_PROGRAM "bsx-fetch" /* in the folder of blindspotx.fcgi */

#define FETCHER_END     SIGUSR2     /* tells it to end: no signal that a terminal or an init sends to a whole group */

#define FETCHER_SPEAKS  "1"         /* raised with its arguments, and with what is said on the road */
#define FETCHER_OTHER   3           /* the exit status of one that speaks another version */

/* Where this process's own program stands, with a last slash. */
MUST_USE char *fetcher_own_folder(TALLOC_CTX *mem, struct err *e);

/* The path of FETCHER_PROGRAM in it. */
MUST_USE char *fetcher_beside(TALLOC_CTX *mem, struct err *e);

/* What bsx-fetch is started with; whoever makes it keeps the texts. */
struct fetcher {
	const char    *program;    /* NULL, on demand: FETCHER_PROGRAM beside this one, looked for when it is needed */
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
 * error are closed, the environment is empty, and it gets FETCHER_END when `parent` ends.  Does not return.
 */
_Noreturn void fetcher_become(const struct fetcher *f, int theirs, pid_t parent);

/* The way to a fetcher that somebody else keeps; the road stays the caller's. */
MUST_USE struct fetch *fetcher_reach(TALLOC_CTX *mem, const struct road *road, struct err *e);
/* To one that is started when it is first asked, and again when it has ended; it ends with the result, by force after 2 s. */
MUST_USE struct fetch *fetcher_on_demand(TALLOC_CTX *mem, const struct fetcher *f, struct err *e);

#endif
