/* request.h, pass.h: the client's address, and who stands behind it. */
#include <stdio.h>
#include <string.h>

#include "core/base/hash.h"
#include "core/base/log.h"
#include "core/base/unicode.h"
#include "core/shm/tally.h"
#include "core/web/forwarded.h"
#include "core/web/pass.h"

#define TOLD_ANEW_MS 3600000
#define VALUE_MAX    64 /* bytes of what cannot be read, in the log */

static const struct cidr_list *
trusted_of(const struct request *r)
{
	static const struct cidr_list none;

	return r->app->trusted_proxies != NULL ? r->app->trusted_proxies : &none;
}

static struct forwarded
walk(const struct request *r, const struct addr *peer)
{
	return forwarded_walk(trusted_of(r), peer, r->transport->params, r->app->forwarded_header);
}

/* ---- who stands behind that address ---- */

/* A proxy that we know has told for whom it asks: the address is the client's. */
static bool
is_told(const struct request *r)
{
	struct addr peer;

	return forwarded_node(request_param(r, "REMOTE_ADDR"), &peer) && walk(r, &peer).told;
}

static bool
real_ip_in(const struct request *r, const struct cidr_list *near)
{
	struct str  s = request_param(r, "HTTP_X_REAL_IP");
	struct addr a;

	return s.n == 0 || (forwarded_node(s, &a) && cidr_list_match(near, &a));
}

/* Web servers add X-Forwarded-For themselves: that names nobody else. */
static bool
is_behind_none(const struct request *r, const struct cidr_list *near)
{
	char *const *params = r->transport->params;

	return is_told(r) ||
	       (!forwarded_is_there(params, FORWARDED_RFC7239) &&
		   forwarded_all_in(near, params, FORWARDED_X_FOR) && real_ip_in(r, near));
}

enum nearness
request_nearness(const struct request *r, const struct cidr_list *near)
{
	struct addr a;

	if (near == NULL || !addr_parse(str_of(r->address), &a) || !cidr_list_match(near, &a))
		return NEARNESS_FAR;
	return is_behind_none(r, near) ? NEARNESS_NEAR : NEARNESS_PROXY;
}

/* ---- what the log is told of proxies ---- */

/*
 * Once an hour for a thing and an address: every request would bring it again.  The addresses are
 * of proxies that are named in the configuration; what they send is no part of the key.
 */
static bool
is_told_anew(struct request *r, struct str action)
{
	uint8_t  sum[HASH_LEN];
	uint64_t key;
	char     text[128];
	int      n = snprintf(text, sizeof(text), "%.*s %s", (int)action.n, action.p, r->address);

	if (r->app->env->log == NULL || r->app->env->segment == NULL)
		return r->app->env->log != NULL;
	hash_sha256(text, (size_t)n, sum);
	memcpy(&key, sum, sizeof(key));
	return tally_add(r->app->env->segment, key, (uint16_t)(r->began_ms / TOLD_ANEW_MS)).n == 1;
}

static void
warn(struct request *r, struct log_field action, const char *message, struct str value)
{
	char text[VALUE_MAX + 1];

	if (!is_told_anew(r, action.s))
		return;
	unicode_clean_into(value, text, sizeof(text));
	log_event(r->app->env->log, LOG_SECURITY, LOG_LEVEL_WARN, message, action,
	    LOGS("event.outcome", "failure"), LOGS("http.request.id", r->id),
	    LOGS("source.ip", r->address),
	    LOGSTR("bsx.value", value.p != NULL ? str_of(text) : value));
}

/* A trusted proxy that does not tell, as far as we can read: its clients all count as it. */
static void
warn_of_unread(struct request *r, const struct forwarded *f)
{
	enum forwarded_header own = r->app->forwarded_header,
			      other = own == FORWARDED_X_FOR ? FORWARDED_RFC7239 : FORWARDED_X_FOR;
	char *const *params = r->transport->params;

	if (f->unread)
		warn(r, (struct log_field)LOGS("event.action", "proxy.unread"),
		    "a trusted proxy has sent no address that can be read: its clients count as it",
		    f->what);
	else if (!forwarded_is_there(params, own) && forwarded_is_there(params, other))
		warn(r, (struct log_field)LOGS("event.action", "proxy.header"),
		    "a trusted proxy sends another header than forwarded_header names: its clients "
		    "count as it",
		    str_of(forwarded_header_name(other)));
}

static bool
is_trusted(const struct request *r, const struct addr *a)
{
	return cidr_list_match(trusted_of(r), a);
}

static void
warn_of_unknown(struct request *r)
{
	warn(r, (struct log_field)LOGS("event.action", "proxy.unknown"),
	    "requests come through a proxy that trusted_proxies does not name",
	    (struct str) { NULL, 0 });
}

bool
step_address(struct request *r, struct err *e)
{
	struct addr      peer;
	struct forwarded f;

	(void)e;
	if (!forwarded_node(request_param(r, "REMOTE_ADDR"), &peer))
		return true; /* a unix socket in front: no address, hence in no list */
	f = walk(r, &peer);
	addr_print(&f.client, r->address);
	r->untold = !f.told && is_trusted(r, &f.client);
	r->origin.untold = r->untold;
	if (r->untold)
		warn_of_unread(r, &f);
	else if (request_nearness(r, r->app->metrics_allow) == NEARNESS_PROXY)
		warn_of_unknown(r);
	return true;
}
