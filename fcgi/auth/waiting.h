/*
 * waiting.h - the sign-ins of one browser that wait for their second factor.
 *
 * The cookie bsx_mfa has the token of the latest.  A page that was given the
 * token itself shows it; one that a provider's sign-in leads to is told the
 * digits of a cookie of its own, so that two tabs do not end each other's.
 */
#ifndef BSX_FCGI_AUTH_WAITING_H
#define BSX_FCGI_AUTH_WAITING_H

#include "core/web/route.h"

#define WAITING_S   600
#define WAITING_MAX 8 /* cookies with digits; the oldest goes */

/* Which sign-in it is, as a body says it. */
struct waiting {
	const char *token;  /* NULL: it comes as a cookie */
	const char *digits; /* of the cookie; NULL: the latest's */
};

MUST_USE bool waiting_put(struct request *r, const char *token, struct err *e);
/* The same for a tab that will know nothing but its address, by which it gets the digits (a child of r->mem). */
MUST_USE bool waiting_put_tab(
    struct request *r, const char *token, const char **digits, struct err *e);
/* ERR_UNAUTHENTICATED: there is none; ERR_CSRF: a cookie, and not from a page of ours. */
MUST_USE bool waiting_token(
    struct request *r, const struct waiting *w, struct str *token, struct err *e);
/* It has ended: its cookies go, those of others stay. */
MUST_USE bool waiting_drop(struct request *r, struct str token, struct err *e);

#endif
