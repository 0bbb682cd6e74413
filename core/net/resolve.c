#include "core/net/resolve.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

/* Of this host's interfaces, read anew for each request. */
struct own {
	struct addr *items;
	size_t       n;
};

static bool
is_own(const struct own *own, const struct addr *a)
{
	for (size_t i = 0; i < own->n; i++)
		if (addr_eq(&own->items[i], a))
			return true;
	return false;
}

static bool
read_own(TALLOC_CTX *mem, struct own *own, struct err *e)
{
	struct ifaddrs *list, *i;
	unsigned        n = 1;

	if (getifaddrs(&list) != 0)
		return err_set(e, ERR_UNAVAILABLE, errno, "The request could not be sent.",
		    "fetch: getifaddrs: %s", strerror(errno));
	for (i = list; i != NULL; i = i->ifa_next)
		n++;
	own->n = 0;
	own->items = talloc_array(mem, struct addr, n);
	for (i = list; i != NULL && own->items != NULL; i = i->ifa_next)
		if (i->ifa_addr != NULL && addr_of(i->ifa_addr, &own->items[own->n]))
			own->n++;
	freeifaddrs(list);
	return own->items != NULL || err_memory(e);
}

/* The guard's word, and never this host itself by one of its public addresses, unless it is opened.
 */
static bool
may_connect(const struct guard *g, const struct own *own, const struct addr *a)
{
	if (!guard_address(g, a))
		return false;
	return !is_own(own, a) || (g->allow != NULL && cidr_list_match(g->allow, a));
}

static bool
take_address(struct resolved *r, const struct guard *g, const struct own *own, const struct addr *a,
    struct err *e)
{
	if (!may_connect(g, own, a))
		return err_set(e, ERR_INVALID, 0,
		    "The URL leads to an address that must not be connected to.",
		    "fetch: an address that must not be connected to");
	if (r->n < RESOLVED_MAX)
		r->items[r->n++] = *a;
	return true;
}

/* getaddrinfo() knows no deadline: the resolver's own (resolv.conf: timeout, attempts) bounds it.
 */
static bool
look_up(const char *host, struct addrinfo **list, struct err *e)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	int                   rc = getaddrinfo(host, NULL, &hints, list);

	return rc == 0 || err_set(e, ERR_UNAVAILABLE, 0, "The host's name could not be resolved.",
			      "fetch %s: %s", host, gai_strerror(rc));
}

bool
resolve(TALLOC_CTX *mem, const struct guard *g, const struct guard_target *t, struct resolved *r,
    struct err *e)
{
	struct addrinfo *list = NULL;
	char            *host = str_dup(mem, t->host);
	struct own       own;
	struct addr      a;
	bool             ok = true;

	r->n = 0;
	if (host == NULL)
		return err_memory(e);
	if (!read_own(mem, &own, e))
		return false;
	if (t->literal)
		return take_address(r, g, &own, &t->addr, e);
	if (!look_up(host, &list, e))
		return false;
	for (struct addrinfo *i = list; i != NULL && ok; i = i->ai_next)
		if (addr_of(i->ai_addr, &a))
			ok = take_address(r, g, &own, &a, e);
	freeaddrinfo(list);
	if (ok && r->n == 0)
		return err_set(e, ERR_UNAVAILABLE, 0, "The host's name could not be resolved.",
		    "fetch %s: no address", host);
	return ok;
}

bool
resolved_may(TALLOC_CTX *mem, const struct guard *g, const struct addr *a)
{
	struct own own = { 0 };
	struct err e = { 0 };
	bool       may = read_own(mem, &own, &e) && may_connect(g, &own, a);

	talloc_free(own.items);
	return may;
}
