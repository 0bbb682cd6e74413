/*
 * caller.h - who is calling: built once per request, from the shared cache or
 * by one SQL.
 *
 * The struct is plain bytes: it is the value in the caller cache.
 */
#ifndef BSX_AUTH_CALLER_H
#define BSX_AUTH_CALLER_H

#include "core/auth/access.h"
#include "core/auth/auth.h"
#include "core/store/identity/apikey.h"

#define CSRF_TOKEN_MAX 48

/* How the name of a key begins wherever a name alone says who did something: no address of a person begins so, and
 * neither does what the program calls itself there ("system"). */
#define CALLER_KEY_PREFIX "key:"

enum caller_kind { CALLER_NONE, CALLER_SESSION, CALLER_API_KEY };

struct caller {
	enum caller_kind   kind;
	bool               by_cookie;       /* set per request: CSRF applies */
	bool               acting;          /* set per request: in another tenant than its own, by a grant (grant.h) */
	bool               mfa_enrollment;  /* may only enrol */
	bool               platform;        /* of the tenant `platform`, and not acting: *:tenants counts beyond its own */
	bool               whole;           /* display_name and roles below are complete (else: read the user) */
	bool               two_factor;
	bool               has_password;    /* else: signs in by an identity provider only */
	struct uuid        tenant;
	struct uuid        user;            /* or the API key's id */
	struct uuid        session;         /* nil for API keys */
	struct uuid        maker;           /* of an API key: the user who made it; nil: none, or no key */
	struct uuid        configs[KEY_CONFIGS_MAX]; /* of a key: pushes to these and does nothing else */
	size_t             configs_n;       /* 0: not bound */
	struct permissions permissions;
	int64_t            aal;
	int64_t            auth_time_ms;
	int64_t            expires_ms;      /* of the credential */
	int64_t            roles_end_ms;    /* when the first of the roles behind it ends: to be read again then; 0: none does */
	uint64_t           db_epoch;        /* epoch columns' sum when it was read */
	char               name[256];       /* e-mail, or key:NAME of a key; NUL-terminated */
	/* of a session: what /me tells, so that a hit answers it without SQL */
	int64_t            idle_ms, absolute_ms; /* ends of the session */
	int64_t            last_login_ms, created_ms; /* of the user; last_login 0: never */
	char               display_name[256];
	char               roles[384];      /* LF between */
	char               csrf[CSRF_TOKEN_MAX]; /* caller_csrf() of the session */
	bool               service;         /* a key of the tenant's: whoever has it uses it */
};

_Static_assert(sizeof(struct caller) <= CACHE_VALUE_MAX, "a caller is a value of the cache");

/* A presented credential: exactly one kind. */
enum credential_kind { CREDENTIAL_NONE, CREDENTIAL_ACCESS_TOKEN, CREDENTIAL_API_KEY };
struct credential {
	enum credential_kind kind;
	struct str           text;
	bool                 by_cookie;
	bool                 untold; /* whose it is nobody has told: a key for some addresses is refused */
};

/*
 * Resolves a credential.  Any fault of it is ERR_UNAUTHENTICATED with one
 * public text (never a fall-through); ERR_UNAVAILABLE when the database is
 * needed and away.  Hits touch no SQL until older than revocation_lag, then one
 * confirming SELECT.
 */
MUST_USE bool caller_resolve(struct auth *a, TALLOC_CTX *mem, const struct credential *c,
    const char *address, struct caller *out, struct err *e);

/* The e-mail, or the name that the key was given: for where the kind stands beside it. */
const char *caller_own_name(const struct caller *c);

/* The caller is that user, or a key that this user made: what nobody may do to themselves.  NULL is nobody. */
bool caller_is(const struct caller *c, const struct uuid *user);

/* For CSRF: HMAC of the session under KEY_CSRF of the version that seals, base64url; 43 bytes + NUL. */
MUST_USE bool caller_csrf(const struct auth *a, const struct uuid *session, char out[static CSRF_TOKEN_MAX], struct err *e);
/* It is that of any version: a page has one from before a rotation, or of another host. */
bool caller_csrf_fits(const struct auth *a, const struct uuid *session, struct str have);

#endif
