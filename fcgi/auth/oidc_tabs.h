/*
 * oidc_tabs.h - the sign-ins at providers that one browser has under way, a
 * cookie each, so that two tabs do not take each other's.
 *
 * They are bounded in number and in bytes: web servers refuse a request whose
 * header is longer than 8 KiB.  A new one makes the oldest go.
 */
#ifndef BSX_FCGI_AUTH_OIDC_TABS_H
#define BSX_FCGI_AUTH_OIDC_TABS_H

#include "core/auth/oidc/oidc.h"
#include "core/web/route.h"

#define OIDC_TABS_MAX   8
#define OIDC_TABS_BYTES 4096 /* of the Cookie header */

/* Sets the cookie of a sign-in that begins, and clears those that it leaves no room for. */
MUST_USE bool oidc_tabs_put(struct request *r, const struct oidc_begun *begun, struct err *e);
/* The cookie of a state that came back (value->n == 0: there is none), and its name, a child of r->mem. */
const char *oidc_tabs_find(struct request *r, struct str state, struct str *value);
/* The browser has a session, by its cookies; whose tenant it is.  False also when that cannot be told now. */
bool oidc_tabs_signed_in(struct request *r, struct uuid *tenant);

#endif
