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
 * the hop that sent it stands for the client.
 */
static struct addr
walk(const struct cidr_list *trusted, struct addr peer, struct str forwarded)
{
	for (int i = 0; i < HOPS_MAX && forwarded.n > 0; i++) {
		struct addr hop;

		if (!cidr_list_match(trusted, &peer) || !addr_parse(last_of(&forwarded), &hop))
			break;
		peer = hop;
	}
	return peer;
}

bool
step_address(struct request *r, struct err *e)
{
	static const struct cidr_list none;
	const struct cidr_list       *trusted = r->app->trusted_proxies;
	struct addr                   peer;

	(void)e;
	if (!addr_parse(request_param(r, "REMOTE_ADDR"), &peer))
		return true; /* a unix socket in front: no address, hence in no list */
	peer =
	    walk(trusted != NULL ? trusted : &none, peer, request_param(r, "HTTP_X_FORWARDED_FOR"));
	addr_print(&peer, r->address);
	return true;
}
