/*
 * oidc_metadata.h - where a provider is, and what it says of itself (OpenID
 * Connect Discovery 1.0, RFC 8414) with its keys.  Pure: no network.
 */
#ifndef BSX_AUTH_OIDC_OIDC_METADATA_H
#define BSX_AUTH_OIDC_OIDC_METADATA_H

#include "core/crypt/jwks.h"
#include "core/store/identity/identity.h"

#define GOOGLE_ISSUER   "https://accounts.google.com"
#define ENTRA_AUTHORITY "https://login.microsoftonline.com"
#define ENTRA_TEMPLATE  "{tenantid}" /* in the issuer of documents that serve many directories */
#define ENTRA_PERSONAL  "9188040d-6c67-4c5b-b112-36a304b66dad" /* the directory of personal accounts */

struct oidc_ask;

/* What is expected, from the provider's row and the kind's preset: never from what a provider answers. */
struct oidc_place {
	const char *issuer;    /* the only one: of Entra with the expected directory in it */
	const char *issuer_too; /* another spelling of the same (Google without scheme); NULL: none */
	const char *wildcard;  /* of Entra: the issuer with ENTRA_TEMPLATE, as its documents may spell it; NULL: none */
	const char *discovery; /* address of the document */
	struct oidc_ask *ask;   /* of whose sign-in, set by the caller before anything is asked */
};

struct oidc_metadata {
	const char *authorization_endpoint, *token_endpoint, *jwks_uri;
	const char *userinfo_endpoint; /* NULL: there is none */
	bool        iss_parameter; /* its answers carry `iss` (RFC 9207) */
	bool        secret_post;   /* the secret is taken in the body only */
	bool        groups_scope;  /* it offers the scope `groups` */
	bool        says_verified; /* it says that it tells email_verified */
	uint32_t    algs;          /* that it says it signs ID tokens with, of those taken here (jws_bit) */
	int64_t     fetched_ms;    /* 0: not known */
	struct jwks keys;
};

MUST_USE bool oidc_place_make(TALLOC_CTX *mem, const struct provider *p, struct oidc_place *out, struct err *e);
/* `issuer` is one that may speak for the place: as a document or a key names it. */
bool oidc_place_names(const struct oidc_place *place, struct str issuer);

/* What a provider answered, as JSON: a byte order mark is no fault (RFC 8259 section 8.1).  NULL: *e says why. */
MUST_USE const struct json *oidc_json(TALLOC_CTX *mem, struct str text, struct err *e);

/* Reads a discovery document, in any encoding of json_decode(); keys stay empty.  ERR_UNAVAILABLE: of another issuer, or malformed. */
MUST_USE bool oidc_metadata_read(TALLOC_CTX *mem, struct str text, const struct oidc_place *place,
    struct oidc_metadata *out, struct err *e);
/* Reads a set of keys into out->keys, whose texts are children of `mem`. */
MUST_USE bool oidc_metadata_read_keys(TALLOC_CTX *mem, struct str text, struct oidc_metadata *out, struct err *e);
/*
 * One text of both, as the cache keeps it (at most ISSUER_TEXT_MAX bytes: keys that do not fit are left out of
 * *m too), and back.
 */
MUST_USE bool oidc_metadata_print(TALLOC_CTX *mem, struct oidc_metadata *m, struct str *text, struct err *e);
MUST_USE bool oidc_metadata_load(TALLOC_CTX *mem, struct str text, struct oidc_metadata *out, struct err *e);

#endif
