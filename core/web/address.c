#include "core/base/log.h"
#include "core/web/pass.h"

#define HOPS_MAX 32

/* Cuts the last element off a comma-separated list. */
static struct str
last_of(struct str *list)
{
	struct str last = *list;

	for (size_t i = list->n; i > 0; i--) {
		if (list->p[i - 1] != ',')
			continue;
		last = (struct str) { list->p + i, list->n - i };
		list->n = i - 1;
		return str_trim(last);
	}
	*list = (struct str) { NULL, 0 };
	return str_trim(last);
}

/*
 * Right to left: each trusted hop vouches for the one before it, the first that
 * is not trusted is the client.  A word that is no address ends the walk, and
 * the hop that sent it stands for the client.  *told: it has named one.
 */
static struct addr
walk(const struct cidr_list *trusted, struct addr peer, struct str forwarded, bool *told)
{
	*told = false;
	for (int i = 0; i < HOPS_MAX && forwarded.n > 0 && cidr_list_match(trusted, &peer); i++) {
		*told = addr_parse(last_of(&forwarded), &peer);
		if (!*told)
			break;
	}
	if (forwarded.n > 0 && cidr_list_match(trusted, &peer))
		*told = false;
	return peer;
}

/* ---- who stands behind that address ---- */

static const struct cidr_list *
trusted_of(const struct request *r)
{
	static const struct cidr_list none;

	return r->app->trusted_proxies != NULL ? r->app->trusted_proxies : &none;
}

static bool
all_in(const struct cidr_list *list, struct str addresses)
{
	struct addr a;

	for (int i = 0; addresses.n > 0; i++)
		if (i == HOPS_MAX || !addr_parse(last_of(&addresses), &a) ||
		    !cidr_list_match(list, &a))
			return false;
	return true;
}

/* A proxy that we know has told for whom it asks: the address is the client's. */
static bool
is_told(const struct request *r)
{
	struct addr peer;
	bool        told;

	if (!addr_parse(request_param(r, "REMOTE_ADDR"), &peer))
		return false;
	walk(trusted_of(r), peer, request_param(r, "HTTP_X_FORWARDED_FOR"), &told);
	return told;
}

/* Web servers add X-Forwarded-For themselves: that names nobody else. */
static bool
is_behind_none(const struct request *r, const struct cidr_list *near)
{
	return is_told(r) || (request_param(r, "HTTP_FORWARDED").n == 0 &&
				 all_in(near, request_param(r, "HTTP_X_FORWARDED_FOR")) &&
				 all_in(near, request_param(r, "HTTP_X_REAL_IP")));
}

enum nearness
request_nearness(const struct request *r, const struct cidr_list *near)
{
	struct addr a;

	if (near == NULL || !addr_parse(str_of(r->address), &a) || !cidr_list_match(near, &a))
		return NEARNESS_FAR;
	return is_behind_none(r, near) ? NEARNESS_NEAR : NEARNESS_PROXY;
}

/* Once a process: every client counts as the proxy, also where budgets and failed sign-ins are
 * counted. */
static void
warn_of_proxy(struct request *r)
{
	if (r->app->proxy_told || r->app->log == NULL)
		return;
	r->app->proxy_told = true;
	log_event(r->app->log, LOG_SECURITY, LOG_LEVEL_WARN,
	    "requests come through a proxy that trusted_proxies does not name",
	    LOGS("event.action", "proxy.unknown"), LOGS("event.outcome", "failure"),
	    LOGS("http.request.id", r->id), LOGS("source.ip", r->address));
}

bool
step_address(struct request *r, struct err *e)
{
	struct addr peer;
	bool        told;

	(void)e;
	if (!addr_parse(request_param(r, "REMOTE_ADDR"), &peer))
		return true; /* a unix socket in front: no address, hence in no list */
	peer = walk(trusted_of(r), peer, request_param(r, "HTTP_X_FORWARDED_FOR"), &told);
	addr_print(&peer, r->address);
	if (request_nearness(r, r->app->metrics_allow) == NEARNESS_PROXY)
		warn_of_proxy(r);
	return true;
}
