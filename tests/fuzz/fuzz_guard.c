/*
 * Properties of the outbound guard: what it lets pass has one reading.  libcurl,
 * which connects, reads the same host and port and no user name; the system's
 * resolver takes the host for an address only where the guard did; and no
 * address that passes is one of the inside, also not wrapped in another.
 *
 * Input: a byte that chooses, then a URL, what stands between https:// and the
 * path, or the 16 bytes of an address.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

#include <curl/curl.h>

#include "core/net/guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* ---- what is inside, told in another way than the guard's table ---- */

static bool
is_inner_ipv4(uint32_t a)
{
	uint32_t net = a >> 24, two = a >> 16, three = a >> 8;

	return net == 0 || net == 10 || net == 127 || net >= 224 || (a >> 22) == (100 << 2 | 1) ||
	       two == (169 << 8 | 254) || (a >> 20) == (172 << 4 | 1) || two == (192 << 8 | 168) ||
	       (a >> 17) == ((198 << 8 | 18) >> 1) || three == (192 << 16) ||
	       three == (192 << 16 | 2) || three == (198 << 16 | 51 << 8 | 100) ||
	       three == (203 << 16 | 113);
}

static uint32_t
ipv4_at(const struct in6_addr *a, size_t at)
{
	uint32_t v;

	memcpy(&v, a->s6_addr + at, sizeof(v));
	return ntohl(v);
}

static bool
begins(const struct in6_addr *a, const char *text, size_t bytes)
{
	struct in6_addr p;

	assert(inet_pton(AF_INET6, text, &p) == 1);
	return memcmp(a, &p, bytes) == 0;
}

static bool
is_inner(const struct addr *addr)
{
	struct in6_addr a;

	memcpy(&a, addr->b, sizeof(a));
	if (IN6_IS_ADDR_V4MAPPED(&a) || begins(&a, "64:ff9b::", 12))
		return is_inner_ipv4(ipv4_at(&a, 12));
	if (begins(&a, "2002::", 2))
		return is_inner_ipv4(ipv4_at(&a, 2));
	/* ISATAP (RFC 5214): the router of the site sends it on to the address inside. */
	if ((a.s6_addr[8] & 0xFC) == 0 && a.s6_addr[9] == 0 && a.s6_addr[10] == 0x5E &&
	    a.s6_addr[11] == 0xFE && is_inner_ipv4(ipv4_at(&a, 12)))
		return true;
	return IN6_IS_ADDR_UNSPECIFIED(&a) || IN6_IS_ADDR_LOOPBACK(&a) ||
	       IN6_IS_ADDR_V4COMPAT(&a) || IN6_IS_ADDR_LINKLOCAL(&a) || IN6_IS_ADDR_SITELOCAL(&a) ||
	       IN6_IS_ADDR_MULTICAST(&a) || (a.s6_addr[0] & 0xFE) == 0xFC ||
	       begins(&a, "2001::", 4) || begins(&a, "2001:db8::", 4) ||
	       begins(&a, "64:ff9b:1::", 6) || begins(&a, "100::", 8);
}

/* ---- how others read it ---- */

static char *
part(CURLU *u, CURLUPart which, unsigned flags)
{
	char *text = NULL;

	return curl_url_get(u, which, &text, flags) == CURLUE_OK ? text : NULL;
}

static void
check_host(const struct guard_target *t, const char *host)
{
	struct str  s = str_of(host);
	struct addr a;

	if (s.n > 1 && s.p[0] == '[')
		s = (struct str) { s.p + 1, s.n - 2 };
	if (t->literal)
		assert(addr_parse(s, &a) && addr_eq(&a, &t->addr));
	else
		assert(s.n == t->host.n && strncasecmp(s.p, t->host.p, s.n) == 0);
}

static void
check_curl(const char *url, const struct guard_target *t, bool plain_http)
{
	CURLU *u = curl_url();
	char  *scheme, *host, *port;

	assert(u != NULL);
	assert(curl_url_set(u, CURLUPART_URL, url, CURLU_PATH_AS_IS | CURLU_DISALLOW_USER) ==
	       CURLUE_OK);
	scheme = part(u, CURLUPART_SCHEME, 0);
	host = part(u, CURLUPART_HOST, 0);
	port = part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	assert(scheme != NULL && host != NULL && port != NULL);
	assert(strcmp(scheme, "https") == 0 || (plain_http && strcmp(scheme, "http") == 0));
	check_host(t, host);
	assert(strtoul(port, NULL, 10) == t->port && t->port != 0);
	assert(part(u, CURLUPART_USER, 0) == NULL && part(u, CURLUPART_PASSWORD, 0) == NULL &&
	       part(u, CURLUPART_FRAGMENT, 0) == NULL && part(u, CURLUPART_ZONEID, 0) == NULL);
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
}

static void
check_resolver(const struct guard_target *t)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST };
	struct addrinfo      *list = NULL;
	char                  host[256];
	struct addr           a;

	assert(t->host.n < sizeof(host));
	memcpy(host, t->host.p, t->host.n);
	host[t->host.n] = '\0';
	if (getaddrinfo(host, NULL, &hints, &list) != 0) {
		assert(!t->literal);
		return;
	}
	assert(t->literal && addr_of(list->ai_addr, &a) && addr_eq(&a, &t->addr));
	freeaddrinfo(list);
}

static void
check_url(const char *url)
{
	for (int http = 0; http < 2; http++) {
		const struct guard  g = { NULL, http != 0 };
		struct guard_target t;
		struct err          e = { 0 };

		if (!guard_target(&g, url, &t, &e)) {
			assert(e.code == ERR_INVALID && strncmp(e.pub, "The URL", 7) == 0);
			continue;
		}
		assert(t.host.p >= url && t.host.p + t.host.n <= url + strlen(url));
		assert(!t.literal || (!is_inner(&t.addr) && guard_address(&g, &t.addr)));
		assert(http || t.port == 443 || t.port == 8443);
		check_curl(url, &t, http != 0);
		check_resolver(&t);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct guard g = { NULL, false };
	char              *text, *url;
	struct addr        a;

	if (n == 0)
		return 0;
	text = talloc_strndup(NULL, (const char *)data + 1, n - 1);
	switch (data[0] % 3) {
	case 0:
		check_url(text);
		break;
	case 1:
		url = talloc_asprintf(text, "https://%s/x?y=z", text);
		check_url(url);
		break;
	default:
		if (n != 1 + sizeof(a.b))
			break;
		memcpy(a.b, data + 1, sizeof(a.b));
		assert(!guard_address(&g, &a) || !is_inner(&a));
		break;
	}
	talloc_free(text);
	return 0;
}
