/*
 * cors.h - pages of other origins (Fetch standard, section 3.2).
 *
 * A preflight names no tenant: it is answered from the union of what all active
 * tenants allow, which each process reads again after CORS_LIFE_MS.  The request
 * itself is held against the tenant of its caller, or that its body names where
 * the route is open; one that names none (a credential or a body that is refused)
 * against the union, so that a page can read why.  There is no "*", no "null" and
 * no Allow-Credentials: such pages bring a bearer token, and get theirs in bodies.
 */
#ifndef BSX_WEB_CORS_H
#define BSX_WEB_CORS_H

#include "core/web/route.h"

#define CORS_LIFE_MS     20000
#define CORS_ORIGINS_MAX 4096 /* of all tenants together; what is more is not allowed */

/* The page that made the request is of public_url. */
bool cors_is_own(const struct request *r);

/* OPTIONS of another origin's page that asks what it may send. */
bool cors_is_preflight(const struct request *r);
/* Answers it, with the methods of the path: always false, as there is no handler to go on to. */
bool cors_preflight(struct request *r, const char *methods, struct err *e);
/*
 * Holds the page against the tenant that its body names: ERR_CSRF where that one does not allow it, as
 * where there is none of that name.  A token that names no tenant is left to what it is for.
 */
MUST_USE bool cors_hold(struct request *r, const struct page_body *body, struct err *e);
/* The header lines that every answer has. */
void cors_headers(const struct request *r, struct buf *b);

/* settings.cors.allowed_origins as somebody wants to set it (NULL or JSON null: nothing): one fault for each that is no origin. */
MUST_USE bool cors_origins_check(TALLOC_CTX *mem, const struct json *list, struct err *e);

#endif
