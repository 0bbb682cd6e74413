/*
 * oidc_ask.h - what one sign-in may cost at its provider.
 *
 * A provider that answers slowly holds a worker, and a tenant chooses its
 * providers, so whatever it chooses is paid by the tenant itself:
 *
 * - all requests of one sign-in together (description, keys, token, UserInfo, Graph)
 *   have OIDC_TIMEOUT_MS;
 * - they are made in LANE_PROVIDER, where a tenant has one place (permit_await_for);
 * - a provider that takes more than OIDC_SLOW_MS for a request gives its tenant a debt of
 *   four times what the sign-in took, so that it has a fifth of a worker at most in
 *   the long run.  While it answers within OIDC_LATE_MS the tenant may owe
 *   OIDC_BORROW_MS: the people of an office come to work at the same time.  Later, or not at all:
 *   the tenant waits at once.
 *
 * ERR_BUSY with retry_s: not now, and nothing was asked or used up.
 */
#ifndef BSX_AUTH_OIDC_OIDC_ASK_H
#define BSX_AUTH_OIDC_OIDC_ASK_H

#include "core/auth/auth.h"

#define OIDC_TIMEOUT_MS 5000 /* of one sign-in, or less by outbound.timeout_s */
#define OIDC_SLOW_MS    1000 /* of one request */
#define OIDC_LATE_MS    2000
#define OIDC_BORROW_MS  (4 * 60 * 1000) /* for a minute of a worker; nothing where the lane has one place */

/* One sign-in, or the beginning of one; zeroed but for the tenant. */
struct oidc_ask {
	const struct uuid *tenant;
	bool               admitted;
	bool               failed; /* a request was not answered */
	int64_t            took_ms, longest_ms;
};

/* The lane, and no pause; once for a sign-in.  Without a tenant (the admin tool, a test) always. */
MUST_USE bool oidc_ask_admit(struct auth *a, struct oidc_ask *ask, struct err *e);
/* One request, with the time that is left; admitted if it was not yet. */
MUST_USE bool oidc_ask_run(struct auth *a, TALLOC_CTX *mem, struct oidc_ask *ask, struct fetch_request *q,
    struct fetch_answer *answer, struct err *e);
/* What it cost; at its end, however it went. */
void oidc_ask_end(struct auth *a, const struct oidc_ask *ask);

#endif
