/*
 * auth.h - the answer to a sign-in, whichever way it went.
 */
#ifndef BSX_FCGI_AUTH_H
#define BSX_FCGI_AUTH_H

#include "core/auth/session.h"
#include "core/web/route.h"

/* A struct of fcgi/auth.c: what POST /api/auth/login answers. */
extern const struct schema session_schema;

/* Sets the access and refresh cookies. */
MUST_USE bool put_cookies(struct request *r, const struct session_grant *g, struct err *e);
/* Fills `out` (of session_schema); the tokens go into it when `in_body`, else into cookies. */
MUST_USE bool answer_session(struct request *r, const struct session_grant *g, bool in_body, void *out,
    struct err *e);

#endif
