/*
 * multi.h - many outbound requests at once, through the guard (libcurl).
 *
 * As fetch.h, with these differences: nothing waits but multi_wait(); names are resolved beside the loop, and each
 * address is checked when it is connected to; connections are kept and used again; an answer may be compressed
 * (gzip), and its limit is that of what it unpacks to; its header fields are there.  A redirect is an answer.
 *
 * Where it is bound, bodies may have to wait for room (multi_room.h), and their deadlines with them: by as much again as
 * each has been given, and no longer; the time that what was read takes to be written does not count.
 *
 * Who has one ignores SIGPIPE.  A process that is forked leaves its parent's alone.
 * Errors of an answer: those of fetch.h.
 */
#ifndef BSX_NET_MULTI_H
#define BSX_NET_MULTI_H

#include "core/net/exchange.h"
#include "core/net/multi_room.h"

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
/* For who tells, and does other things meanwhile: answers come as they are (no gzip), without their fields; fewer connections
 * are kept; and what is there when multi_wait() is called counts, however late that is. */
void   multi_tell(struct multi *m);
/* Bytes of bodies on their way, and how many requests wait for room. */
size_t multi_held(const struct multi *m);
size_t multi_waiting(const struct multi *m);

/* On its way; the request is copied.  False: it cannot be sent at all, and taken() is not called for it. */
struct multi_from {
	multi_taken *taken;
	void        *owner;
	uint64_t     id;
	struct uuid  party; /* who is answered for by it: these share the room (multi_room.h) */
	uint64_t     turn; /* where not all of one party may go on, those of a lesser one come first */
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
