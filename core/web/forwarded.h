/*
 * forwarded.h - for whom a proxy asks: X-Forwarded-For, and Forwarded (RFC 7239).
 *
 * Both are lists to which each hop adds at the right.  They are read from the right: a trusted hop
 * vouches for what it added, the first address that is not trusted is the client's, and nothing
 * that stands left of it is looked at, for the client may have written it.  An element is found by
 * its end, so that a quote somebody else left open does not swallow it; empty ones are none.
 *
 * One of the two counts, that which the proxies write (forwarded_header of the configuration).  A
 * proxy that writes the one passes the other on as the client sent it, and nothing in a request
 * tells which is which (RFC 7239 section 7.4 knows no order between them).
 */
#ifndef BSX_WEB_FORWARDED_H
#define BSX_WEB_FORWARDED_H

#include "core/base/cidr.h"

enum forwarded_header {
	FORWARDED_X_FOR,   /* X-Forwarded-For, as it has become usual */
	FORWARDED_RFC7239, /* Forwarded; field lines of it may come apart, in their order */
};
const char *forwarded_header_name(enum forwarded_header h);

/*
 * An address as proxies write one: with or without a port (of digits, or obfuscated: "_x"), IPv6
 * with or without brackets, all of it in quotes or not (RFC 7239 section 6); a zone (RFC 6874) is
 * left out. False: "unknown", an obfuscated name, or nothing that can be read.
 */
MUST_USE bool forwarded_node(struct str s, struct addr *out);

struct forwarded {
	struct addr client; /* the peer, or what the header names */
	bool        told;   /* the header has named it, and whoever named it is trusted */
	bool unread; /* the walk ended at what is no address: the hop that sent it stands for the
			client */
	struct str what; /* unread: that element, of the params; never empty */
};
/* `params` are those of a request, "NAME=value", ended by NULL. */
struct forwarded forwarded_walk(const struct cidr_list *trusted, const struct addr *peer,
    char *const *params, enum forwarded_header h);
/* Each address that is told is in the list. */
bool forwarded_all_in(const struct cidr_list *list, char *const *params, enum forwarded_header h);
/* There is such a header, and it says something. */
bool forwarded_is_there(char *const *params, enum forwarded_header h);

#endif
