/*
 * cidr.h - IP addresses and ranges of them, one family for both.
 *
 * IPv4 is held as IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2), so that
 * 10.0.0.1 and ::ffff:10.0.0.1 are one address and no rule is passed by
 * writing the other form.
 */
#ifndef BSX_BASE_CIDR_H
#define BSX_BASE_CIDR_H

#include "core/base/err.h"
#include "core/base/str.h"

struct sockaddr;

struct addr {
	uint8_t b[16]; /* network order */
};

#define ADDR_TEXT_MAX 46

MUST_USE bool addr_parse(struct str s, struct addr *a); /* no zone, no port, no brackets */
MUST_USE bool addr_of(const struct sockaddr *sa, struct addr *a); /* false: neither AF_INET nor AF_INET6 */
void          addr_print(const struct addr *a, char out[static ADDR_TEXT_MAX]); /* IPv4 as dotted quad */
bool          addr_eq(const struct addr *a, const struct addr *b);
bool          addr_is_ipv4(const struct addr *a);

struct cidr {
	struct addr addr;   /* bits beyond the prefix are zero */
	unsigned    prefix; /* 0..128; of an IPv4 range 96 more than written */
};

/* An address, or "10.0.0.0/8", "fd00::/8"; bits set beyond the prefix are refused. ::/0 holds IPv4 too. */
MUST_USE bool cidr_parse(struct str s, struct cidr *c);
/* The same; bits beyond the prefix are cleared. */
MUST_USE bool cidr_parse_around(struct str s, struct cidr *c);
/* "10.0.0.0/8"; the prefix stands there always. */
#define CIDR_TEXT_MAX (ADDR_TEXT_MAX + 4)
void          cidr_print(const struct cidr *c, char out[static CIDR_TEXT_MAX]);
bool          cidr_match(const struct cidr *c, const struct addr *a);
/* The range of `prefix` bits (0..128) around an address, e.g. 64 for an IPv6 subscriber. */
struct cidr   cidr_around(const struct addr *a, unsigned prefix);

struct cidr_list {
	struct cidr *items;
	size_t       n;
};

/* ERR_INVALID names the text that is no address or range. */
MUST_USE bool cidr_list_parse(TALLOC_CTX *mem, struct strings texts, struct cidr_list *out,
    struct err *e);
bool          cidr_list_match(const struct cidr_list *l, const struct addr *a);

#endif
