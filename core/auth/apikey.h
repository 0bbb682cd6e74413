/*
 * apikey.h - API keys: made by a user with at most the user's own permissions,
 * shown once, checked by a keyed hash.
 */
#ifndef BSX_AUTH_APIKEY_H
#define BSX_AUTH_APIKEY_H

#include "core/auth/audit.h"
#include "core/auth/key_text.h"
#include "core/store/apikey.h"

#define API_KEY_PREFIX_LEN 24    /* tenant and the time of making: nothing of the secret */
#define API_KEY_TOUCH_MS   60000 /* last use is noted no more often */

/* What is asked for; the lists may be empty only for addresses. */
struct api_key_new {
	const char    *name;
	struct strings scopes;
	instant        expires_at; /* 0: never */
	struct strings allowed_addresses;
};

/*
 * ERR_INVALID with faults; ERR_ESCALATION: a scope the caller does not hold;
 * ERR_FORBIDDEN: the caller is an API key.  out->key is the whole key.
 */
MUST_USE bool api_key_make(struct auth *a, TALLOC_CTX *mem, struct tenant_db *t, const struct caller *caller,
    const struct origin *origin, const struct api_key_new *in, struct api_key *out, struct err *e);
/* Over for every process of this host when it returns. ERR_MISSING; ERR_FORBIDDEN: the caller is an API key. */
MUST_USE bool api_key_drop(struct auth *a, TALLOC_CTX *mem, struct tenant_db *t, const struct caller *caller,
    const struct origin *origin, const struct uuid *id, struct err *e);

/* For caller_resolve: the caller that a well-formed key makes, or ERR_UNAUTHENTICATED. */
MUST_USE bool api_key_check(struct auth *a, TALLOC_CTX *mem, struct tenant_db *t, const struct key_text *text,
    const char *address, struct caller *out, struct err *e);

#endif
