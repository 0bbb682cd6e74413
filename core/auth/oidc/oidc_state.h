/*
 * oidc_state.h - a sign-in under way at a provider: what must come back.
 *
 * It is kept by the browser that began it, in a cookie of its own (one for each
 * tab), sealed with a key of the installation, so that no other browser can end it and no other tenant
 * or provider can be put in its place.  Where to ask, and whom to believe, is
 * taken from here and never from what comes back.  It counts once: ending it
 * takes a mark in the tenant.  After that, and when it is too old, it still says
 * where the browser wanted to go.
 */
#ifndef BSX_AUTH_OIDC_OIDC_STATE_H
#define BSX_AUTH_OIDC_OIDC_STATE_H

#include "core/auth/auth.h"

#define OIDC_STATE_S    600
#define OIDC_RETURN_MAX 1024 /* bytes of return_to */
#define OIDC_RANDOM_LEN 32

struct oidc_state {
	struct uuid tenant, provider;
	int64_t     begun_ms;
	uint8_t     state[OIDC_RANDOM_LEN], nonce[OIDC_RANDOM_LEN], verifier[OIDC_RANDOM_LEN];
	bool        login;     /* the person was to sign in there anew */
	const char *return_to; /* path of this installation */
};

/* A path of this installation: begins with one '/', no '\', visible ASCII only. */
bool oidc_return_ok(const char *path);

/* The cookie's value. */
MUST_USE char *oidc_state_close(const struct auth *a, TALLOC_CTX *mem, const struct oidc_state *s, struct err *e);
/* False: not one of ours. */
MUST_USE bool oidc_state_open(const struct auth *a, TALLOC_CTX *mem, struct str cookie, struct oidc_state *out);
/* It is not too old to be ended. */
bool oidc_state_counts(const struct auth *a, const struct oidc_state *s);

#endif
