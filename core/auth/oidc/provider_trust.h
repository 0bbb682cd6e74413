/*
 * provider_trust.h - whose word counts, as a provider's members say it together, and who may let more count.
 *
 * A row per member says when a change of it widens that.  Whoever widens it may sign in as anybody whom the provider
 * speaks for, so this needs what an admin holds: when the provider is trusted for domains, before or after; and when
 * it knows anybody already, for those go on signing in by it without any domain.  What its role map gives, the caller
 * holds, with assign:roles; auto_provision needs create:users.  Taking trust away asks for nothing more.
 */
#ifndef BSX_AUTH_OIDC_PROVIDER_TRUST_H
#define BSX_AUTH_OIDC_PROVIDER_TRUST_H

#include "core/auth/oidc/provider_work.h"

struct provider_trust {
	const char *member;
	size_t      at; /* in struct provider */
	bool (*widens)(const struct provider *was, const struct provider *is, size_t at);
};
/* Every member that a client can set; ended by member == NULL. */
extern const struct provider_trust provider_trust[];
/* The first member by whose change more is believed; NULL: nothing is. */
const char *provider_widens(const struct provider *was, const struct provider *is);

/* Inside the transaction that makes it.  ERR_ESCALATION; ERR_FORBIDDEN; ERR_INVALID: the role map names no role. */
MUST_USE bool provider_may_make(const struct provider_work *w, struct err *e);
/* The same inside the transaction of a change, which holds the row: nobody is linked meanwhile. */
MUST_USE bool provider_may_change(const struct provider_work *w, const struct provider *was, struct err *e);

/* Two texts of a row; NULL is none. */
bool provider_text_differs(const char *a, const char *b);

#endif
