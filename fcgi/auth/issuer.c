/* routes.h: what others need to check our tokens (/.well-known). */
#include "fcgi/routes.h"

/* ---- GET /.well-known/jwks.json (RFC 7517) ---- */

struct jwk {
	const char *kty, *crv, *x, *y, *use, *alg, *kid;
};
static const struct field jwk_fields[] = {
	FIELD(struct jwk, kty, .doc = "Key type: EC."),
	FIELD(struct jwk, crv, .doc = "Curve: P-256."),
	FIELD(struct jwk, x, .doc = "Coordinate of the public point, base64url."),
	FIELD(struct jwk, y, .doc = "Coordinate of the public point, base64url."),
	FIELD(struct jwk, use, .doc = "What it is for: sig."),
	FIELD(struct jwk, alg, .doc = "The only algorithm it is used with: ES256."),
	FIELD(struct jwk, kid, .doc = "Its name in a token's header: the RFC 7638 thumbprint."),
	FIELD_END,
};
static const struct schema jwk_schema = SCHEMA("Jwk", struct jwk, jwk_fields);

struct jwk_set {
	struct items keys;
};
static const struct field jwk_set_fields[] = {
	FIELD(struct jwk_set, keys, .item = &jwk_schema,
	    .doc =
		"The next key too, long before it signs, and the last as long as its tokens live."),
	FIELD_END,
};
static const struct schema jwk_set_schema = SCHEMA("JwkSet", struct jwk_set, jwk_set_fields);

static bool
read_jwk(TALLOC_CTX *mem, const struct token_key *k, struct jwk *out, struct err *e)
{
	const char  *text = token_key_jwk(mem, k);
	struct json *tree;

	if (text == NULL)
		return err_memory(e);
	tree = json_parse(mem, str_of(text), e);
	return tree != NULL && schema_decode(mem, &jwk_schema, tree, out, e);
}

static bool
get_jwks(struct request *r, const void *body, void *answer, struct err *e)
{
	struct auth    *a = r->app->auth;
	struct jwk_set *out = answer;
	struct jwk     *list;
	size_t          n;

	(void)body;
	if (!auth_keys(a, false, e))
		return false;
	n = token_keys_count(a->keys);
	list = talloc_zero_array(r->mem, struct jwk, (unsigned)n);
	if (list == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		if (!read_jwk(r->mem, token_keys_at(a->keys, i), &list[i], e))
			return false;
	out->keys = (struct items) { list, n };
	return true;
}

/* ---- GET /.well-known/openid-configuration (OpenID Connect Discovery 1.0, RFC 8414) ---- */

struct issuer_metadata {
	const char    *issuer, *jwks_uri;
	struct strings response_types_supported, grant_types_supported;
	struct strings subject_types_supported, id_token_signing_alg_values_supported;
	struct strings claims_supported;
	const char    *service_documentation;
};
static const struct field issuer_metadata_fields[] = {
	FIELD(struct issuer_metadata, issuer, .doc = "The iss, and the aud, of our access tokens."),
	FIELD(struct issuer_metadata, jwks_uri, .doc = "Where the public keys are."),
	FIELD(struct issuer_metadata, response_types_supported,
	    .doc = "None: there is no authorization endpoint, people sign in by /api/auth/login."),
	FIELD(struct issuer_metadata, grant_types_supported,
	    .doc = "None: there is no token endpoint."),
	FIELD(struct issuer_metadata, subject_types_supported,
	    .doc = "public: sub is the same for everybody who reads it."),
	FIELD(struct issuer_metadata, id_token_signing_alg_values_supported,
	    .doc = "How access tokens are signed; there are no ID tokens."),
	FIELD(struct issuer_metadata, claims_supported, .doc = "What an access token says."),
	FIELD(struct issuer_metadata, service_documentation, .doc = "This interface, to be read."),
	FIELD_END,
};
static const struct schema issuer_metadata_schema =
    SCHEMA("IssuerMetadata", struct issuer_metadata, issuer_metadata_fields);

#define LIST(...)                                                                                  \
	{                                                                                          \
		(const char *[]) { __VA_ARGS__ },                                                  \
		    sizeof((const char *[]) { __VA_ARGS__ }) / sizeof(const char *)                \
	}

static const struct strings algorithms = LIST("ES256");
static const struct strings subjects = LIST("public");
static const struct strings claims =
    LIST("iss", "aud", "sub", "tid", "sid", "jti", "iat", "exp", "auth_time", "aal");

static const char *
url_of(const struct request *r, const char *path)
{
	const struct conf *c = r->app->env->conf;

	return talloc_asprintf(r->mem, "%s%s%s", c->public_url, c->base_path, path);
}

static bool
get_metadata(struct request *r, const void *body, void *answer, struct err *e)
{
	struct issuer_metadata *out = answer;

	(void)body;
	out->issuer = r->app->env->conf->public_url;
	out->jwks_uri = url_of(r, "/.well-known/jwks.json");
	out->service_documentation = url_of(r, "/api/docs");
	out->subject_types_supported = subjects;
	out->id_token_signing_alg_values_supported = algorithms;
	out->claims_supported = claims;
	return (out->jwks_uri != NULL && out->service_documentation != NULL) || err_memory(e);
}

const struct route issuer_routes[] = {
	ROUTE(GET, "/.well-known/jwks.json", ANYONE, RATE_OPEN, 200, get_jwks, IN_NONE,
	    OUT(jwk_set), "The public keys that our access tokens are verified with."),
	ROUTE(GET, "/.well-known/openid-configuration", ANYONE, RATE_OPEN, 200, get_metadata,
	    IN_NONE, OUT(issuer_metadata),
	    "What a service that verifies our access tokens needs to know."),
	ROUTE_END,
};
