#include "core/auth/oidc/oidc_metadata.h"

#include <string.h>

#include "core/shm/issuer.h"

#define URL_MAX  1024
#define SHOW_MAX 200 /* bytes of a provider's text in a line of the log */

static bool
bad(struct err *e, const char *why)
{
	return err_set(e, ERR_UNAVAILABLE, 0, "The identity provider's description cannot be used.",
	    "discovery: %s", why);
}

/* ---- what is expected ---- */

/* Without the slashes at its end. */
static char *
base_of(TALLOC_CTX *mem, const char *url)
{
	struct str s = str_of(url);

	while (s.n > 0 && s.p[s.n - 1] == '/')
		s.n--;
	return str_dup(mem, s);
}

static bool
place_entra(TALLOC_CTX *mem, const struct provider *p, struct oidc_place *out)
{
	char *base = base_of(mem, p->issuer != NULL ? p->issuer : ENTRA_AUTHORITY);

	out->issuer = base == NULL || p->entra_tenant_id == NULL
			  ? NULL
			  : talloc_asprintf(mem, "%s/%s/v2.0", base, p->entra_tenant_id);
	out->wildcard =
	    base == NULL ? NULL : talloc_asprintf(mem, "%s/%s/v2.0", base, ENTRA_TEMPLATE);
	return out->wildcard != NULL;
}

bool
oidc_place_make(TALLOC_CTX *mem, const struct provider *p, struct oidc_place *out, struct err *e)
{
	bool  google = strcmp(p->kind, "google") == 0;
	char *base;

	*out = (struct oidc_place) { .issuer = p->issuer };
	if (google && p->issuer == NULL)
		out->issuer = GOOGLE_ISSUER;
	if (google && out->issuer != NULL && strstr(out->issuer, "://") != NULL)
		out->issuer_too = strstr(out->issuer, "://") + 3;
	if (strcmp(p->kind, "entra") == 0 && !place_entra(mem, p, out))
		return err_memory(e);
	if (out->issuer == NULL)
		return err_set(
		    e, ERR_INTERNAL, 0, "internal error", "a provider without an issuer");
	base = base_of(mem, out->issuer);
	out->discovery =
	    base == NULL ? NULL : talloc_asprintf(mem, "%s/.well-known/openid-configuration", base);
	return out->discovery != NULL || err_memory(e);
}

bool
oidc_place_names(const struct oidc_place *place, struct str issuer)
{
	return issuer.n > 0 && (str_eqz(issuer, place->issuer) ||
				   (place->wildcard != NULL && str_eqz(issuer, place->wildcard)));
}

/* ---- documents ---- */

static struct str
text_of(const struct json *v, const char *name)
{
	const struct json *m = json_get(v, name);

	return m != NULL && m->type == JSON_STRING ? m->text : (struct str) { NULL, 0 };
}

/* It goes into a header of ours: nothing but visible ASCII, no fragment. */
static bool
is_url(struct str s)
{
	if (s.n > URL_MAX || !(str_starts(s, "https://") || str_starts(s, "http://")))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || strchr("\"#<>\\^`{|}", s.p[i]) != NULL)
			return false;
	return true;
}

static bool
take_url(TALLOC_CTX *mem, const struct json *v, const char *name, const char **out, struct err *e)
{
	struct str text = text_of(v, name);

	*out = NULL;
	if (!is_url(text))
		return bad(e, name);
	*out = str_dup(mem, text);
	return *out != NULL || err_memory(e);
}

/* A text where a list is meant is a list of one. */
static const struct json *
item_of(const struct json *list, uint32_t i)
{
	if (list != NULL && list->type == JSON_ARRAY && i < list->n)
		return &list->items[i];
	return list != NULL && list->type == JSON_STRING && i == 0 ? list : NULL;
}

/* One that may be left out (Discovery section 3), or is of no use to us, is none. */
static bool
take_userinfo(TALLOC_CTX *mem, const struct json *v, struct oidc_metadata *out, struct err *e)
{
	struct str text = text_of(v, "userinfo_endpoint");

	if (!is_url(text))
		return true;
	out->userinfo_endpoint = str_dup(mem, text);
	return out->userinfo_endpoint != NULL || err_memory(e);
}

static bool
list_has(const struct json *list, const char *word)
{
	const struct json *item;

	for (uint32_t i = 0; (item = item_of(list, i)) != NULL; i++)
		if (item->type == JSON_STRING && str_eqz(item->text, word))
			return true;
	return false;
}

/* Those that are taken here. */
static uint32_t
algs_of(const struct json *list)
{
	const struct jws_alg *a;
	uint32_t              set = 0;

	for (size_t i = 0; (a = jws_at(i)) != NULL; i++)
		if (list_has(list, a->name))
			set |= jws_bit(a);
	return set;
}

/*
 * Left out means client_secret_basic (Discovery section 3), which every provider
 * of clients with a password must take (RFC 6749 section 2.3.1): the body is for one that lists
 * only it.
 */
static bool
is_post_only(const struct json *methods)
{
	return list_has(methods, "client_secret_post") && !list_has(methods, "client_secret_basic");
}

static bool
take_description(TALLOC_CTX *mem, const struct json *v, struct oidc_metadata *out, struct err *e)
{
	const struct json *iss = json_get(v, "authorization_response_iss_parameter_supported");

	memset(out, 0, sizeof(*out));
	out->iss_parameter = iss != NULL && iss->type == JSON_TRUE;
	out->secret_post = is_post_only(json_get(v, "token_endpoint_auth_methods_supported"));
	out->groups_scope = list_has(json_get(v, "scopes_supported"), "groups");
	out->says_verified = list_has(json_get(v, "claims_supported"), "email_verified");
	out->algs = algs_of(json_get(v, "id_token_signing_alg_values_supported"));
	return take_url(mem, v, "authorization_endpoint", &out->authorization_endpoint, e) &&
	       take_url(mem, v, "token_endpoint", &out->token_endpoint, e) &&
	       take_url(mem, v, "jwks_uri", &out->jwks_uri, e) && take_userinfo(mem, v, out, e);
}

const struct json *
oidc_json(TALLOC_CTX *mem, struct str text, struct err *e)
{
	return json_decode(mem, text, &text, e) ? json_parse(mem, text, e) : NULL;
}

static const struct json *
parse(TALLOC_CTX *mem, struct str text, struct err *e)
{
	struct err         why = { 0 };
	const struct json *v = oidc_json(mem, text, &why);

	if (v != NULL && v->type == JSON_OBJECT)
		return v;
	bad(e, why.code == ERR_OK ? "not an object" : why.pub);
	return NULL;
}

bool
oidc_metadata_read(TALLOC_CTX *mem, struct str text, const struct oidc_place *place,
    struct oidc_metadata *out, struct err *e)
{
	const struct json *v = parse(mem, text, e);
	struct str         issuer;

	if (v == NULL)
		return false;
	issuer = text_of(v, "issuer");
	if (!oidc_place_names(place, issuer))
		return err_set(e, ERR_UNAVAILABLE, 0,
		    "The identity provider's description cannot be used.",
		    "discovery: the document is of another issuer: %.*s",
		    (int)(issuer.n < SHOW_MAX ? issuer.n : SHOW_MAX), issuer.n > 0 ? issuer.p : "");
	return take_description(mem, v, out, e);
}

bool
oidc_metadata_read_keys(TALLOC_CTX *mem, struct str text, struct oidc_metadata *out, struct err *e)
{
	const struct json *v = parse(mem, text, e);

	return v != NULL && jwks_read(v, &out->keys, e);
}

static void
put(struct buf *b, const char *name, const char *text)
{
	buf_printf(b, "\"%s\":", name);
	buf_json(b, str_of(text));
	buf_putc(b, ',');
}

static void
put_algs(struct buf *b, uint32_t set)
{
	const struct jws_alg *a;
	bool                  first = true;

	buf_puts(b, "\"id_token_signing_alg_values_supported\":[");
	for (size_t i = 0; (a = jws_at(i)) != NULL; i++) {
		if ((set & jws_bit(a)) == 0)
			continue;
		buf_printf(b, first ? "\"%s\"" : ",\"%s\"", a->name);
		first = false;
	}
	buf_puts(b, "],");
}

bool
oidc_metadata_print(TALLOC_CTX *mem, struct oidc_metadata *m, struct str *text, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	buf_putc(&b, '{');
	put(&b, "authorization_endpoint", m->authorization_endpoint);
	put(&b, "token_endpoint", m->token_endpoint);
	put(&b, "jwks_uri", m->jwks_uri);
	if (m->userinfo_endpoint != NULL)
		put(&b, "userinfo_endpoint", m->userinfo_endpoint);
	if (m->iss_parameter)
		buf_puts(&b, "\"authorization_response_iss_parameter_supported\":true,");
	if (m->secret_post)
		buf_puts(&b, "\"token_endpoint_auth_methods_supported\":[\"client_secret_post\"],");
	if (m->groups_scope)
		buf_puts(&b, "\"scopes_supported\":[\"groups\"],");
	if (m->says_verified)
		buf_puts(&b, "\"claims_supported\":[\"email_verified\"],");
	put_algs(&b, m->algs);
	buf_puts(&b, "\"jwks\":");
	jwks_print(&b, &m->keys, ISSUER_TEXT_MAX - 1);
	buf_putc(&b, '}');
	*text = buf_str(&b);
	return buf_ok(&b) || err_memory(e);
}

bool
oidc_metadata_load(TALLOC_CTX *mem, struct str text, struct oidc_metadata *out, struct err *e)
{
	const struct json *v = parse(mem, text, e), *keys;

	if (v == NULL || !take_description(mem, v, out, e))
		return false;
	keys = json_get(v, "jwks");
	return keys != NULL ? jwks_load(keys, &out->keys, e) : bad(e, "no keys");
}
