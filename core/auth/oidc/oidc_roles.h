/*
 * oidc_roles.h - what the files of oidc_user.h share: the roles that the role map gives to the person of a sign-in,
 * and a deed that is done by a provider's word.
 */
#ifndef BSX_AUTH_OIDC_OIDC_ROLES_H
#define BSX_AUTH_OIDC_OIDC_ROLES_H

#include "core/auth/oidc/oidc_reason.h"
#include "core/auth/oidc/oidc_user.h"

struct oidc_roles {
	struct mapped_role *all;
	size_t              n, max; /* room for those of the account and for what a map may give */
	size_t              kept;   /* the first of them: the account has them, whatever the provider says */
};

/* The provider's role map: fills w->map and w->maps. */
MUST_USE bool oidc_roles_read(struct oidc_who *w, struct err *e);
/* What it gives by what was told, behind those that the account keeps (w->kept). */
MUST_USE bool oidc_roles_map(struct oidc_who *w, struct oidc_roles *r, struct err *e);
/* In the transaction: the user has these from now on, those that are kept as they were, the others by the provider. */
MUST_USE bool oidc_roles_put(struct oidc_who *w, const struct oidc_roles *r, struct err *e);
/* Why it gives none. */
enum oidc_reason oidc_roles_why_none(const struct oidc_who *w);
/* When groups were told, as it will be written with the identity. */
void oidc_roles_note_told(struct oidc_who *w);
/* Of a known person: the account's roles as the map gives them now.  ERR_CREDENTIALS with *why: none is left. */
MUST_USE bool oidc_roles_sync(struct oidc_who *w, enum oidc_reason *why, struct err *e);

/* What the body of such a deed gets. */
struct oidc_writing {
	struct oidc_who    *w;
	tx_fn              *body;
	struct oidc_roles  *roles;
	struct audit_entry *entry;
};
/* Held first (oidc_user_hold), and with an entry in the provider's name; `roles` may be NULL. */
MUST_USE bool oidc_deed(struct oidc_who *w, tx_fn *body, struct oidc_roles *roles, enum audit_action action,
    struct err *e);

/* ERR_CREDENTIALS with *out = why; always false. */
MUST_USE bool oidc_user_refuse(enum oidc_reason why, enum oidc_reason *out, struct err *e);

#endif
