/*
 * multi.h - many outbound requests at once, through the guard (libcurl).
 *
 * As fetch.h, with these differences: nothing waits but multi_wait(); names are resolved beside the loop, and each
 * address is checked when it is connected to; connections are kept and used again; an answer may be compressed
 * (gzip), and its limit is that of what it unpacks to; its header fields are there.  A redirect is an answer.
 *
 * Who has one ignores SIGPIPE.  A process that is forked leaves its parent's alone.
 * Errors of an answer: those of fetch.h.
 */
#ifndef BSX_NET_MULTI_H
#define BSX_NET_MULTI_H

#include "core/net/exchange.h"

/*
 * How much may be held: the bodies of the answers that are on their way, `weight` times as much as they have, for that is
 * what becomes of them when they are taken, and what `beside` counts (NULL: nothing).  Above it a body that has more than
 * MULTI_FREE waits, and its deadline with it, until there is room again; what is little is never held up by what is much.
 * Unless something of `beside` is about to go by itself, one goes on all the same, of the least turn, as long as anything
 * comes of it: so there is a little more than `most`, but nothing waits for ever.  Of a compressed answer that
 * waits libcurl keeps what it has unpacked of its last read, at most 16 MiB.
 */
#define MULTI_FREE ((size_t)64 << 10)
struct multi_bound {
	size_t        most; /* bytes; 0: no bound */
	unsigned      weight;
	const size_t *beside;
	const unsigned *leaving; /* how much of that is about to go; NULL: nothing */
};

/* What has come of a request; all of it is gone after the call. */
struct multi_answer {
	uint64_t                     id;
	bool                         ok; /* else `why` */
	const struct fetch_answer   *answer;
	const struct exchange_field *fields;
	size_t                       fields_n;
	const struct err            *why;
	bool                         lasting; /* it would fail again (exchange_lasts) */
};
/* It may send and drop. */
typedef void multi_taken(void *owner, const struct multi_answer *a);

struct multi;
/* It takes `trust` over; NULL: whom libcurl believes. */
MUST_USE struct multi *multi_make(
    TALLOC_CTX *mem, const struct guard *g, struct trust *trust, struct err *e);
void   multi_bind(struct multi *m, const struct multi_bound *b);
/* Bytes of bodies on their way, and how many requests wait for room. */
size_t multi_held(const struct multi *m);
size_t multi_waiting(const struct multi *m);

/* On its way; the request is copied.  False: it cannot be sent at all, and taken() is not called for it. */
struct multi_from {
	multi_taken *taken;
	void        *owner;
	uint64_t     id;
	uint64_t     turn; /* where not all may go on, those of a lesser one come first */
};
MUST_USE bool multi_send(
    struct multi *m, const struct fetch_request *q, const struct multi_from *from, struct err *e);
/* Nothing of theirs comes any more. */
void   multi_drop(struct multi *m, const void *owner);
size_t multi_under_way(const struct multi *m);

/*
 * Until an answer has come, one of `fds` can be read, or `ms` are over; answers are handed over from within.
 * It never stays longer, but may return for nothing.
 */
MUST_USE bool multi_wait(struct multi *m, int64_t ms, const int fds[], size_t n, struct err *e);

#endif
