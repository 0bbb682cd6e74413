/*
 * apikey.h - API keys: made by a user with at most the user's own permissions,
 * shown once, checked by a keyed hash.
 *
 * A personal key may do what its scopes say and its maker may do now, and ends
 * when the maker is disabled or deleted.  A service key belongs to the tenant:
 * its scopes were within its maker's permissions when it was made, it ends on
 * its day, and goes on without its maker.  What gives power (users, roles, keys,
 * tenants, settings) only an administrative service key changes.  A key that is
 * bound to drift configs pushes there and does nothing else.
 */
#ifndef BSX_AUTH_APIKEY_H
#define BSX_AUTH_APIKEY_H

#include "core/auth/audit.h"
#include "core/auth/key_text.h"
#include "core/store/identity/apikey.h"

#define API_KEY_PREFIX_LEN 24    /* tenant and the time of making: nothing of the secret */
#define API_KEY_TOUCH_MS   60000 /* last use is noted no more often */
#define KEY_TOLD_FIRST     30    /* days before a service key's end that it is told of */
#define KEY_TOLD_LAST      7

/* Newest first. */
MUST_USE bool api_key_page(const struct deed_by *by, const struct api_key_filter *f, struct page *p,
    struct err *e);

/* What is asked for; scopes are never empty. */
struct api_key_new {
	const char    *name;
	const char    *kind;       /* NULL: personal */
	bool           administrative;
	struct strings scopes;
	struct strings config_ids; /* empty: not bound */
	instant        expires_at; /* 0: never; a service key has an end */
	struct strings allowed_addresses;
};

/*
 * ERR_INVALID with faults; ERR_ESCALATION: a scope the caller does not hold by
 * the database's word in that moment; ERR_FORBIDDEN: the caller is an API key.
 * out->key is the whole key.
 */
MUST_USE bool api_key_make(const struct deed_by *by, const struct api_key_new *in, struct api_key *out,
    struct err *e);
/* Over for every process of this host when it returns. ERR_MISSING. */
MUST_USE bool api_key_drop(const struct deed_by *by, const struct uuid *id, struct err *e);

/*
 * What a key may do of its scopes while its maker may do `granted` (LF between; NULL: nothing), in that tenant.
 * False: out of memory.
 */
MUST_USE bool api_key_permissions(TALLOC_CTX *mem, const struct tenant *t, const struct api_key *k,
    const char *granted, struct permissions *out, struct err *e);

/* For caller_resolve: the caller that a well-formed key of by->t makes, or ERR_UNAUTHENTICATED. */
MUST_USE bool api_key_check(const struct deed_by *by, const struct key_text *text, const char *address,
    struct caller *out, struct err *e);
/* The same of a key that was checked when it asked for what is done now. */
MUST_USE bool api_key_again(const struct deed_by *by, const struct uuid *id, struct caller *out, struct err *e);

#endif
