#include "core/auth/oidc/oidc_userinfo.h"

#include <string.h>

#include "core/crypt/numeric_date.h"

#define GRAPH_MEMBERS "/v1.0/me/getMemberObjects"
#define GRAPH_IDS_MAX 12000 /* its own limit is 11,000 */

static bool
bad(struct err *e, const char *why)
{
	err_clear(e);
	return err_set(
	    e, ERR_UNAVAILABLE, 0, "The identity provider's answer cannot be used.", "%s", why);
}

/* ---- UserInfo ---- */

static bool
is_plain(struct str text)
{
	text = str_trim(text);
	return text.n > 0 && text.p[0] == '{';
}

bool
oidc_userinfo_read(TALLOC_CTX *mem, struct str text, struct idtoken *out, struct err *e)
{
	*out = (struct idtoken) { .text = NULL };
	if (!json_decode(mem, text, &text, e))
		return e->code == ERR_INTERNAL ? false : bad(e, "UserInfo: in an unknown encoding");
	if (!is_plain(text))
		return idtoken_read(mem, str_trim(text), out, e) || e->code == ERR_INTERNAL ||
		       bad(e, "UserInfo: neither an object nor a signed one");
	out->claims = json_parse(mem, text, e);
	return out->claims != NULL || e->code == ERR_INTERNAL || bad(e, "UserInfo: no JSON");
}

static bool
names(const struct json *v, const char *want)
{
	if (v->type == JSON_STRING)
		return str_eqz(v->text, want);
	for (uint32_t i = 0; v->type == JSON_ARRAY && i < v->n; i++)
		if (v->items[i].type == JSON_STRING && str_eqz(v->items[i].text, want))
			return true;
	return false;
}

/* What is no instant is of the past. */
static bool
is_past(const struct json *exp, int64_t now_s)
{
	int64_t s;

	return !numeric_date(exp, &s) || now_s >= s + OIDC_SKEW_S;
}

/* Section 5.3.2: a signed one should say from whom and for whom it is; what it says must be so. */
bool
oidc_userinfo_check(
    const struct idtoken *info, const struct oidc_expect *x, const char *subject, struct err *e)
{
	const struct json *sub = json_get(info->claims, "sub"),
			  *iss = json_get(info->claims, "iss");
	const struct json *aud = json_get(info->claims, "aud"),
			  *exp = json_get(info->claims, "exp");

	if (sub == NULL || sub->type != JSON_STRING || !str_eqz(sub->text, subject))
		return bad(e, "UserInfo: of somebody else");
	if (info->text == NULL)
		return true;
	if (iss != NULL && !names(iss, x->place->issuer) &&
	    (x->place->issuer_too == NULL || !names(iss, x->place->issuer_too)))
		return bad(e, "UserInfo: signed by another issuer");
	if (aud != NULL && !names(aud, x->provider->client_id))
		return bad(e, "UserInfo: signed for somebody else");
	return exp == NULL || !is_past(exp, x->now_s) || bad(e, "UserInfo: has expired");
}

/* ---- Graph ---- */

char *
oidc_graph_url(TALLOC_CTX *mem, const char *userinfo_endpoint)
{
	const char *host = strstr(userinfo_endpoint, "://");
	size_t      n = host == NULL ? 0 : (size_t)(host - userinfo_endpoint) + 3;

	if (host == NULL)
		return NULL;
	n += strcspn(userinfo_endpoint + n, "/?#");
	return talloc_asprintf(mem, "%.*s" GRAPH_MEMBERS, (int)n, userinfo_endpoint);
}

static bool
is_identifier(const struct json *v)
{
	return v->type == JSON_STRING && v->text.n > 0 && memchr(v->text.p, 0, v->text.n) == NULL;
}

bool
oidc_graph_read(TALLOC_CTX *mem, struct str text, const struct json **ids, struct err *e)
{
	const struct json *v = oidc_json(mem, text, e);

	if (v == NULL)
		return e->code == ERR_INTERNAL ? false : bad(e, "Graph: no JSON");
	*ids = json_get(v, "value");
	if (*ids == NULL || (*ids)->type != JSON_ARRAY)
		return bad(e, "Graph: no list");
	if ((*ids)->n > GRAPH_IDS_MAX)
		return bad(e, "Graph: more identifiers than it ever tells");
	if (json_get(v, "@odata.nextLink") != NULL)
		return bad(e, "Graph: a part of the list only");
	for (uint32_t i = 0; i < (*ids)->n; i++)
		if (!is_identifier(&(*ids)->items[i]))
			return bad(e, "Graph: what is no identifier");
	return true;
}
