/*
 * consent.h - the state of a link to a directory's administrator: what it is for, sealed with a key of the installation.
 *
 * Whoever has the link has it, and gives it back with the answer.  It says which onboarding is answered and nothing else; what
 * that is about, whether it still counts and what may become of it stands in its row (core/store/drift/onboarding.h).
 *
 * "OAuth 2.0 client credentials flow on the Microsoft identity platform", Request admin consent: GET
 * /{tenant}/adminconsent?client_id=&state=&redirect_uri=, answered by ?tenant=&state=&admin_consent=True or
 * ?error=&error_description=&state=.
 */
#ifndef BSX_DRIFT_TEMPLATE_CONSENT_H
#define BSX_DRIFT_TEMPLATE_CONSENT_H

#include "core/auth/auth.h"

struct consent_state {
	struct uuid owner, id; /* the tenant that asked, its onboarding */
	int64_t     ends_ms;
};
#define CONSENT_STATE_MAX 200 /* bytes of the text */
MUST_USE char *consent_state_close(
    const struct auth *a, TALLOC_CTX *mem, const struct consent_state *s, struct err *e);
/* False: not one of ours. */
MUST_USE bool consent_state_open(
    const struct auth *a, TALLOC_CTX *mem, struct str text, struct consent_state *out);

/*
 * The administrator is sent back to PUBLIC_URL/api/drift/onboarding/callback, which the app registration must name.
 * `login`: base URL of the sign-in host.
 */
struct consent_link {
	struct str  login;
	const char *directory, *client_id, *state;
};
MUST_USE char *consent_url(
    TALLOC_CTX *mem, const struct conf *conf, const struct consent_link *l, struct err *e);

/* An id of a directory, and an id or a domain of one: what a link may be for. */
bool directory_is_id(const char *text);
bool directory_is(const char *text);

/* What an error that the sign-in page answers with means, in a sentence; `description` may have an AADSTS number. */
MUST_USE char *consent_refusal(
    TALLOC_CTX *mem, const char *error, const char *description, struct err *e);

#endif
