/*
 * guard.h - which addresses we may connect to (pure; no resolving).
 *
 * The deny list is that of the reference (loopback, private, link-local, CGNAT,
 * documentation, multicast, reserved, NAT64, 6to4, ISATAP with their embedded
 * IPv4 re-checked, IPv4-mapped); `allow` opens named ranges of this installation.
 */
#ifndef BSX_NET_GUARD_H
#define BSX_NET_GUARD_H

#include "core/base/cidr.h"
#include "core/base/err.h"

#define GUARD_URL_MAX 2048 /* bytes */

struct guard {
	const struct cidr_list *allow;      /* outbound.allow */
	bool                    plain_http; /* outbound.http */
	uint16_t                also;       /* a port beside 443 and 8443, of a protocol that is no HTTP; 0: none */
};

/* Of the configuration's outbound.allow and outbound.http; a child of `mem`.  NULL: a range is none. */
MUST_USE struct guard *guard_make(
    TALLOC_CTX *mem, struct strings allow, bool plain_http, struct err *e);

bool guard_address(const struct guard *g, const struct addr *a); /* may be connected to */

/* The parts of a URL that passed; `host` points into it (without brackets). */
struct guard_target {
	struct str  host;
	uint16_t    port;
	bool        secure;  /* https */
	bool        literal; /* the host is an address: `addr` */
	struct addr addr;
};

/*
 * Checks a URL's form: https (or http when allowed), host present, no userinfo,
 * no fragment, <= GUARD_URL_MAX, port 443 or 8443 unless a literal address of the
 * host lies in `allow` or http is allowed.  A host made of numbers must be a
 * dotted quad, a name ASCII (xn-- for others) without a trailing dot; a literal
 * address must pass guard_address().  ERR_INVALID says what is wrong.
 */
MUST_USE bool guard_url(const struct guard *g, const char *url, struct err *e);

/* The same, and says where it leads. */
MUST_USE bool guard_target(const struct guard *g, const char *url, struct guard_target *t, struct err *e);

#endif
