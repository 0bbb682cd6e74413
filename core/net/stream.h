/*
 * stream.h - messages to whoever answers nothing: over TLS, on a connection that is kept (libcurl connects, through the
 * guard), or one by one over UDP (datagram.h).
 *
 * What goes through it is believed to have arrived when the other host has acknowledged every byte and has not closed the
 * connection: that it was read there, nobody says.  What is sent just before the receiver dies may be lost, and what is sent
 * again after a failure may come twice.
 *
 * A connection that the other side has closed meanwhile is noticed before it is used, and made anew.  SIGPIPE must be
 * ignored in the process.  Errors: those of fetch.h.
 */
#ifndef BSX_NET_STREAM_H
#define BSX_NET_STREAM_H

#include "core/net/guard.h"

struct stream_to {
	bool        datagram; /* over UDP */
	const char *url;  /* https://HOST:PORT/, of a datagram http: as the guard is asked; what is there need not be HTTP */
	uint16_t    port; /* that of the protocol, which is allowed beside those of HTTPS */
	const char *ca;  /* certificates in PEM that are believed, and no others; NULL: those of the system */
};

#define STREAMS_MAX 8 /* of one process: the one that was used longest ago is closed for another */

struct streams;
struct streams_ops {
	bool (*send)(struct streams *p, TALLOC_CTX *mem, const struct stream_to *to, struct str text,
	    int64_t timeout_ms, struct err *e);
	void (*tidy)(struct streams *p);
};
struct streams {
	const struct streams_ops *ops;
};
/* NULL: out of memory, or no libcurl. */
MUST_USE struct streams *streams_make(TALLOC_CTX *mem, const struct guard *g, struct err *e);
/* All of it, in `timeout_ms` at most. */
static inline bool MUST_USE
streams_send(struct streams *p, TALLOC_CTX *mem, const struct stream_to *to, struct str text,
    int64_t timeout_ms, struct err *e)
{
	return p->ops->send(p, mem, to, text, timeout_ms, e);
}
/* Closes what was not used for minutes; NULL: there is nothing. */
static inline void
streams_tidy(struct streams *p)
{
	if (p != NULL)
		p->ops->tidy(p);
}

#endif
