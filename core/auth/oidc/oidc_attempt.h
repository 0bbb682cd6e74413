/*
 * oidc_attempt.h - one sign-in by an identity provider, from either road: what
 * the code flow (oidc.c) and google-login (oidc_google.c) do alike.  In order:
 * the token is checked, the person is looked up and found, a session begins;
 * oidc_end() counts and writes the refusal.
 */
#ifndef BSX_AUTH_OIDC_OIDC_ATTEMPT_H
#define BSX_AUTH_OIDC_OIDC_ATTEMPT_H

#include "core/auth/oidc/oidc.h"
#include "core/auth/oidc/oidc_further.h"
#include "core/base/hash.h"

struct oidc_attempt {
	struct deed_by       by;  /* in the tenant, once that is known */
	struct oidc_result  *out;
	struct provider      provider;
	bool                 found; /* the provider */
	struct oidc_place    place;
	struct oidc_state    state; /* of the code flow */
	struct idtoken       token; /* alg.n == 0: none has come */
	struct oidc_person   person;
	struct oidc_who      who;
	struct oidc_ask      ask;
	const char          *unasked;        /* whom we could not ask for more */
	uint8_t              mark[HASH_LEN]; /* of google-login */
	bool                 no_assuming; /* of struct oidc_expect */
	bool                 google;
	bool                 in_body;
};

/* ERR_CREDENTIALS, with s->out->why; always false. */
MUST_USE bool oidc_refuse(struct oidc_attempt *s, enum oidc_reason why, struct err *e);
/* ERR_MISSING: no such tenant, or it is not active. */
MUST_USE bool oidc_open_tenant(struct auth *a, const char *slug, struct tenant_db **t, struct err *e);
/* Before anything is asked: whose sign-in it is. */
void oidc_will_ask(struct oidc_attempt *s);
/* Fills s->token and s->person.  `nonce` NULL: none was asked for. */
MUST_USE bool oidc_check_token(struct oidc_attempt *s, struct str text, const char *nonce, struct err *e);
/* Fills s->who, as far as oidc_user_look() does. */
MUST_USE bool oidc_look(struct oidc_attempt *s, struct err *e);
MUST_USE bool oidc_begin_session(struct oidc_attempt *s, struct err *e);
/* `ok`: how it went; its answer is that of the whole.  What is busy has not been an attempt. */
MUST_USE bool oidc_end(struct oidc_attempt *s, bool ok, struct err *e);

#endif
