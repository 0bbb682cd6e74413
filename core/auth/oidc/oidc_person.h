/*
 * oidc_person.h - what a provider says of a person, and what of it may be
 * believed: address, name, groups and roles.  Pure.
 *
 * The ID token speaks first, the UserInfo answer (OpenID Connect Core section
 * 5.3) where the token says nothing.  email and email_verified belong together:
 * both are of one document, or both documents name the same address; a document
 * that says "not verified" is believed of either.  Groups and roles are of one
 * document too: of the token, if it tells any or that there are more, else of
 * UserInfo; so whether that was asked for something else changes no role.
 */
#ifndef BSX_AUTH_OIDC_OIDC_PERSON_H
#define BSX_AUTH_OIDC_OIDC_PERSON_H

#include "core/auth/oidc/oidc_claims.h"

/*
 * Fills the members from `email` on that are no times; out->claims is the ID token's.  `info`: the claims of UserInfo;
 * NULL: none.  False with *why: refused; or out of memory.
 */
MUST_USE bool oidc_person_take(TALLOC_CTX *mem, const struct oidc_expect *x, const struct json *info,
    struct oidc_person *out, enum oidc_reason *why, struct err *e);
/* The provider could not be asked for what is missing: then nothing of that is assumed. */
void oidc_person_doubt(struct oidc_person *p);
/* Groups that Graph tells, to those of the token: then all are told. */
MUST_USE bool oidc_person_add_groups(TALLOC_CTX *mem, const struct json *list, struct oidc_person *p, struct err *e);

#endif
