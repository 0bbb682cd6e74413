/* config.h: where a source leads, held against what the installation may ask. */
#include <stdio.h>

#include "core/conf/conf.h"
#include "core/net/guard.h"
#include "drift/service/config.h"
#include "drift/source/rest.h"

#define POINTER_MAX 120

static bool
check(const struct acting *a, const struct guard *g, const char *url, const char *at, struct err *e)
{
	struct guard_target t;
	struct err          why = { 0 };

	if (guard_target(g, url, &t, &why))
		return true;
	return err_fault(e, a->by.mem, at,
	    "%.*s: %s (outbound.allow and outbound.http of this installation say what may be "
	    "asked)",
	    (int)str_head(t.host, 100).n, t.host.n > 0 ? t.host.p : "", why.pub);
}

static bool
check_host(
    const struct acting *a, const struct guard *g, const struct rest *r, size_t i, struct err *e)
{
	const struct source_host *h = &r->pack->hosts[i];
	const char               *url = str_dup(a->by.mem, r->hosts[i]);
	char                      at[POINTER_MAX] = "/source/kind";

	if (h->parameter != NULL)
		snprintf(at, sizeof(at), "/source/parameters/%.80s", h->parameter);
	return url == NULL ? err_memory(e) : check(a, g, url, at, e);
}

/* Where a token is asked for, where the credential says so. */
static bool
check_token(const struct acting *a, const struct guard *g, const char *text, struct err *e)
{
	const struct json *spec = json_parse(a->by.mem, str_of(text), e);
	const struct json *url;
	const char        *copy;

	if (spec == NULL)
		return false;
	url = json_get(json_get(json_get(spec, "source"), "credential"), "token_url");
	if (url == NULL || url->type != JSON_STRING)
		return true;
	copy = str_dup(a->by.mem, url->text);
	return copy == NULL ? err_memory(e) : check(a, g, copy, "/source/credential/token_url", e);
}

bool
config_hosts_check(
    const struct acting *a, const struct drift_spec *spec, const char *text, struct err *e)
{
	const struct conf *conf = a->drift->env->conf;
	const struct rest *r = spec->source.rest;
	struct guard      *g;

	if (r == NULL)
		return true;
	g = guard_make(a->by.mem, conf->outbound_allow, conf->outbound_http, e);
	if (g == NULL)
		return false;
	for (size_t i = 0; i < r->pack->hosts_n; i++)
		if (!check_host(a, g, r, i, e))
			return false;
	return check_token(a, g, text, e);
}
