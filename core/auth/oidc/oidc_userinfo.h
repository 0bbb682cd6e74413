/*
 * oidc_userinfo.h - reading what a provider answers to an access token: the
 * claims of UserInfo (OpenID Connect Core section 5.3), and the groups that
 * Microsoft Graph tells (directoryObject: getMemberObjects).  Pure.
 *
 * Errors: ERR_UNAVAILABLE: the answer cannot be used, and the detail says why.
 */
#ifndef BSX_AUTH_OIDC_OIDC_USERINFO_H
#define BSX_AUTH_OIDC_OIDC_USERINFO_H

#include "core/auth/oidc/oidc_claims.h"
#include "core/crypt/idtoken.h"

#define OIDC_USERINFO_MAX (64 * 1024)  /* bytes of an answer */
#define OIDC_GRAPH_MAX    (512 * 1024) /* 11,000 identifiers of 36 bytes, by its description */

/* Plain or signed: out->text is NULL when it is plain.  What is signed is to be verified before it is checked. */
MUST_USE bool oidc_userinfo_read(TALLOC_CTX *mem, struct str text, struct idtoken *out, struct err *e);
/* Of the person whom the ID token is of, and, where it says so, from the provider, for us, and not of the past. */
MUST_USE bool oidc_userinfo_check(const struct idtoken *info, const struct oidc_expect *x, const char *subject,
    struct err *e);

/* Where Graph is asked: it is the host of Entra's UserInfo.  NULL: no memory, or that is no URL. */
char *oidc_graph_url(TALLOC_CTX *mem, const char *userinfo_endpoint);
/* The identifiers, all of them texts. */
MUST_USE bool oidc_graph_read(TALLOC_CTX *mem, struct str text, const struct json **ids, struct err *e);

#endif
