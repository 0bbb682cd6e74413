/*
 * auth.h - how a source is told who asks: header fields that a credential makes, and tokens that are asked for.
 *
 * A credential is a config's source.credential: write-only, kept sealed, and here only while a run lives.
 *
 *	bearer                     {"token"}
 *	basic                      {"user", "password"}                      RFC 7617
 *	header                     {"name", "value"}; of a pack that names the field {"value"}
 *	oauth2_client_credentials  {"client_id", "client_secret"}, or with a certificate instead of the secret
 *	                           {"certificate", "private_key"} in PEM (private_key_jwt: core/crypt/assertion.h);
 *	                           where no pack says so, {"token_url", "scope"?, "alg"?} too
 *
 * Where the pack does not say which, "kind" does.
 */
#ifndef BSX_DRIFT_SOURCE_AUTH_H
#define BSX_DRIFT_SOURCE_AUTH_H

#include "core/base/env.h"
#include "core/json/schema.h"
#include "drift/source/source.h"

#define AUTH_KINDS(X)                                                                              \
	X(AUTH_NONE, "none")                                                                       \
	X(AUTH_BEARER, "bearer")                                                                   \
	X(AUTH_BASIC, "basic")                                                                     \
	X(AUTH_HEADER, "header")                                                                   \
	X(AUTH_CLIENT_CREDENTIALS, "oauth2_client_credentials")
enum auth_kind {
#define X(id, wire) id,
	AUTH_KINDS(X)
#undef X
	    AUTH__MAX
};

struct source_credential {
	const char *kind, *token, *user, *password, *name, *value;
	const char *token_url, *scope, *alg, *client_id, *client_secret, *certificate, *private_key;
	instant     expires_at; /* 0: nobody said */
};
extern const struct schema source_credential_schema;

struct source_pack;

/*
 * Is it what this pack needs, all of it and nothing else?  A certificate and its key are read.  `c` NULL: none was
 * given, which is all one here.  Faults stand below `at`.
 */
MUST_USE bool source_auth_check(TALLOC_CTX *mem, const struct source_pack *pack,
    const struct source_credential *c, const char *at, struct err *e);
/* Which it is; AUTH_NONE where there is none. */
enum auth_kind source_auth_kind_of(const struct source_pack *pack, const struct source_credential *c);

/* The header field of a request: *name is a constant or the credential's; `value` is made secret.  No name: none. */
MUST_USE bool source_auth_header(TALLOC_CTX *mem, const struct source_pack *pack,
    const struct source_credential *c, const char *token, const char **name, const char **value,
    struct err *e);

/* What a token is asked for with. */
struct auth_asking {
	const char                     *url, *scope, *alg; /* scope NULL: none */
	const struct source_credential *credential;
	const struct env               *env;
};
/*
 * The body of the request, application/x-www-form-urlencoded, and the assertion that is in it (NULL: it has none); they
 * wipe themselves.
 */
MUST_USE bool source_auth_ask(
    TALLOC_CTX *mem, const struct auth_asking *a, struct str *body, const char **proof, struct err *e);

/* What was answered with 200. */
struct auth_token {
	char   *token; /* wipes itself */
	int64_t lives_s;
};
/* ERR_INVALID with a sentence for people. */
MUST_USE bool source_auth_answer(TALLOC_CTX *mem, struct str body, struct auth_token *out, struct err *e);

/* What a run sends that an answer may send back. */
struct auth_sent {
	const struct source_credential *credential; /* NULL: none */
	const char                     *token; /* that is sent now; NULL: none */
	const char                     *proof; /* what this request had: a header field's value, an assertion; NULL: nothing */
	const struct source_header     *headers; /* of the config */
	size_t                          headers_n;
};
/*
 * May people be shown this text of an answer?  Those who read what came of a run may see neither what it was sent with
 * nor what it read, so only a code may be: 1 to 64 of A-Z a-z 0-9 _ . -, which is no sentence and holds nothing that is
 * escaped, and which neither as it stands nor as base64 or base64url, from any byte on, is, holds or is a part of
 * something that was sent.
 */
bool source_auth_may_quote(const struct auth_sent *s, struct str text);

#endif
