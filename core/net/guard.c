#include "core/net/guard.h"

#include <string.h>

#define NAME_BYTES 253 /* RFC 1035: 255 with lengths */
#define LABEL_MAX  63

/* IPv4 ranges stand as their IPv4-mapped form, as struct addr holds them. */
#define V4(a, b, c, d, bits)                                                                       \
	{                                                                                          \
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, (a), (b), (c), (d) } }, 96 + (bits)  \
	}
#define V6(bits, ...)                                                                              \
	{                                                                                          \
		{ { __VA_ARGS__ } }, (bits)                                                        \
	}

/* What is not the public internet (IANA special-purpose registries, RFC 6890 and later). */
static const struct cidr denied[] = {
	V4(0, 0, 0, 0, 8),              /* this network */
	V4(10, 0, 0, 0, 8),             /* private */
	V4(100, 64, 0, 0, 10),          /* carrier-grade NAT */
	V4(127, 0, 0, 0, 8),            /* loopback */
	V4(169, 254, 0, 0, 16),         /* link-local; clouds' metadata */
	V4(172, 16, 0, 0, 12),          /* private */
	V4(192, 0, 0, 0, 24),           /* protocol assignments */
	V4(192, 0, 2, 0, 24),           /* documentation */
	V4(192, 88, 99, 0, 24),         /* 6to4 relays */
	V4(192, 168, 0, 0, 16),         /* private */
	V4(198, 18, 0, 0, 15),          /* benchmarks */
	V4(198, 51, 100, 0, 24),        /* documentation */
	V4(203, 0, 113, 0, 24),         /* documentation */
	V4(224, 0, 0, 0, 4),            /* multicast */
	V4(240, 0, 0, 0, 4),            /* reserved, broadcast */
	V6(23, 0x20, 0x01),             /* protocol assignments, with Teredo 2001::/32 */
	V6(32, 0x20, 0x01, 0x0D, 0xB8), /* documentation */
	V6(20, 0x3F, 0xFF),             /* documentation */
};

/* Ranges that carry an IPv4 address inside, `at` bytes from the start. */
static const struct {
	struct cidr range;
	unsigned    at;
} carriers[] = {
	{ V6(96, 0, 0x64, 0xFF, 0x9B), 12 }, /* NAT64 */
	{ V6(16, 0x20, 0x02), 2 },           /* 6to4 */
};

/*
 * Of IPv6 only this is in use as global unicast.  What is outside is refused
 * unread: ::1, ::/96, fc00::/7, fe80::/10, ff00::/8, 100::/64, 64:ff9b:1::/48, ...
 */
static const struct cidr global = V6(3, 0x20);

static bool
is_denied(const struct addr *a)
{
	if (!addr_is_ipv4(a) && !cidr_match(&global, a))
		return true;
	for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++)
		if (cidr_match(&denied[i], a))
			return true;
	return false;
}

static struct addr
ipv4_at(const struct addr *a, unsigned at)
{
	struct addr inner = { 0 };

	inner.b[10] = inner.b[11] = 0xFF;
	memcpy(inner.b + 12, a->b + at, 4);
	return inner;
}

/* The IPv4 address inside, as an address of its own. */
static bool
embedded(const struct addr *a, struct addr *inner)
{
	for (size_t i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++) {
		if (!cidr_match(&carriers[i].range, a))
			continue;
		*inner = ipv4_at(a, carriers[i].at);
		return true;
	}
	return false;
}

/*
 * ISATAP (RFC 5214 section 6.1): under any prefix an interface identifier
 * [02]00:5efe and an IPv4 address, to which the site's router sends it on.
 */
static bool
is_tunnelled_inside(const struct addr *a)
{
	static const uint8_t id[3] = { 0x00, 0x5E, 0xFE };
	struct addr          inner = ipv4_at(a, 12);

	return !addr_is_ipv4(a) && (a->b[8] & 0xFC) == 0 && memcmp(a->b + 9, id, sizeof(id)) == 0 &&
	       is_denied(&inner);
}

bool
guard_address(const struct guard *g, const struct addr *a)
{
	struct addr inner;

	if (g->allow != NULL && cidr_list_match(g->allow, a))
		return true;
	if (is_tunnelled_inside(a))
		return false;
	if (embedded(a, &inner))
		return !is_denied(&inner);
	return !is_denied(a);
}

static bool
invalid(struct err *e, const char *pub)
{
	return err_set(e, ERR_INVALID, 0, pub, "guard: %s", pub);
}

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* RFC 3986 characters only, so that no two parsers read it differently. */
static bool
is_plain(struct str url)
{
	for (size_t i = 0; i < url.n; i++)
		if (!is_alnum(url.p[i]) && strchr("-._~:/?[]@!$&'()*+,;=%", url.p[i]) == NULL)
			return false;
	return true;
}

/* Letters, digits and hyphens in labels of 1..63, as a resolver takes them. */
static bool
is_name(struct str host)
{
	struct str label;

	if (host.n > NAME_BYTES)
		return false;
	while (host.p != NULL) {
		host = str_cut(host, '.', &label);
		if (label.n == 0 || label.n > LABEL_MAX || label.p[0] == '-' ||
		    label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (!is_alnum(label.p[i]) && label.p[i] != '-')
				return false;
	}
	return true;
}

/*
 * Resolvers read "127.1", "0x7f000001" or "017700000001" as addresses: a host
 * whose last label is a number is one (the WHATWG rule) and must say so plainly.
 */
static bool
ends_in_number(struct str host)
{
	size_t start = host.n;

	while (start > 0 && host.p[start - 1] != '.')
		start--;
	if (start == host.n)
		return false;
	if (host.n - start >= 2 && host.p[start] == '0' && (host.p[start + 1] | 0x20) == 'x')
		return true;
	for (size_t i = start; i < host.n; i++)
		if (host.p[i] < '0' || host.p[i] > '9')
			return false;
	return true;
}

static bool
take_host(struct str host, struct guard_target *t, struct err *e)
{
	t->host = host;
	t->literal = ends_in_number(host);
	if (host.n == 0)
		return invalid(e, "The URL has no host.");
	if (t->literal && !addr_parse(host, &t->addr))
		return invalid(e, "The URL's host is a number, but no address in dotted form.");
	if (!t->literal && !is_name(host))
		return invalid(e, "The URL's host is not a host name.");
	return true;
}

/* "[" address "]"; the rest is what follows the bracket. */
static bool
take_brackets(struct str authority, struct guard_target *t, struct str *rest, struct err *e)
{
	*rest = str_cut(authority, ']', &t->host);
	t->host = (struct str) { t->host.p + 1, t->host.n - 1 };
	t->literal = true;
	if (rest->p == NULL || memchr(t->host.p, ':', t->host.n) == NULL ||
	    !addr_parse(t->host, &t->addr))
		return invalid(e, "The URL's host is not an IPv6 address.");
	if (rest->n > 0 && rest->p[0] != ':')
		return invalid(e, "The URL's port is malformed.");
	*rest = rest->n > 0 ? (struct str) { rest->p + 1, rest->n - 1 } : (struct str) { NULL, 0 };
	return true;
}

static bool
take_authority(struct str authority, struct guard_target *t, struct err *e)
{
	struct str host, port;
	uint64_t   n;

	if (authority.n > 0 && memchr(authority.p, '@', authority.n) != NULL)
		return invalid(e, "The URL must not hold a user name or password.");
	if (authority.n > 0 && authority.p[0] == '[') {
		if (!take_brackets(authority, t, &port, e))
			return false;
	} else {
		port = str_cut(authority, ':', &host);
		if (!take_host(host, t, e))
			return false;
	}
	if (port.p == NULL)
		return true;
	if (port.n > 5 || !str_to_u64(port, &n) || n == 0 || n > UINT16_MAX)
		return invalid(e, "The URL's port is malformed.");
	t->port = (uint16_t)n;
	return true;
}

static bool
take_scheme(const struct guard *g, struct str *url, struct guard_target *t, struct err *e)
{
	struct str scheme, rest = str_cut(*url, ':', &scheme);
	bool       http = str_caseeqz(scheme, "http");

	if (!http && !str_caseeqz(scheme, "https"))
		return invalid(e, "The URL must begin with https://.");
	if (http && !g->plain_http)
		return invalid(
		    e, "The URL must begin with https://: plain http is not allowed here.");
	if (!str_starts(rest, "//"))
		return invalid(e, "The URL must begin with https://.");
	t->secure = !http;
	t->port = http ? 80 : 443;
	*url = (struct str) { rest.p + 2, rest.n - 2 };
	return true;
}

static bool
check_port(const struct guard *g, const struct guard_target *t, struct err *e)
{
	bool opened = t->literal && g->allow != NULL && cidr_list_match(g->allow, &t->addr);

	if (t->port == 443 || t->port == 8443 || g->plain_http || opened)
		return true;
	if (g->also != 0)
		return t->port == g->also ||
		       invalid(e, "The URL's port must be that of the protocol, 443 or 8443.");
	return invalid(e, "The URL's port must be 443 or 8443.");
}

bool
guard_target(const struct guard *g, const char *url, struct guard_target *t, struct err *e)
{
	struct str s = str_of(url);
	size_t     n;

	memset(t, 0, sizeof(*t));
	if (s.n > GUARD_URL_MAX)
		return invalid(e, "The URL is longer than 2048 bytes.");
	if (s.n > 0 && memchr(s.p, '#', s.n) != NULL)
		return invalid(e, "The URL must not have a fragment.");
	if (!is_plain(s))
		return invalid(e, "The URL holds a character that must be percent-encoded.");
	if (!take_scheme(g, &s, t, e))
		return false;
	n = strcspn(s.p, "/?");
	if (!take_authority((struct str) { s.p, n }, t, e) || !check_port(g, t, e))
		return false;
	if (t->literal && !guard_address(g, &t->addr))
		return invalid(e, "The URL leads to an address that must not be connected to.");
	return true;
}

bool
guard_url(const struct guard *g, const char *url, struct err *e)
{
	struct guard_target t;

	return guard_target(g, url, &t, e);
}

struct guard *
guard_make(TALLOC_CTX *mem, struct strings allow, bool plain_http, struct err *e)
{
	struct guard     *g = talloc_zero(mem, struct guard);
	struct cidr_list *ranges = talloc_zero(g, struct cidr_list);

	if (ranges == NULL) {
		talloc_free(g);
		err_memory(e);
		return NULL;
	}
	if (!cidr_list_parse(g, allow, ranges, e)) {
		talloc_free(g);
		return NULL;
	}
	*g = (struct guard) { .allow = ranges, .plain_http = plain_http };
	return g;
}
