/*
 * datagram.h - one message over UDP, through the guard.
 *
 * Nobody says that it has arrived; a host that says at once that nobody listens there is believed.
 * Errors: those of fetch.h.
 */
#ifndef BSX_NET_DATAGRAM_H
#define BSX_NET_DATAGRAM_H

#include "core/net/guard.h"

/* `url` is http://HOST:PORT/, which only an installation that allows plain http lets pass. */
MUST_USE bool datagram_send(
    TALLOC_CTX *mem, const struct guard *g, const char *url, struct str text, struct err *e);

#endif
