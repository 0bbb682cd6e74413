/*
 * conn.h - one accepted connection with its request.  The only user of libfcgi.
 *
 * A connection carries one request and is then closed, whatever FCGI_KEEP_CONN
 * says: an idle kept connection would hold a worker that others need.
 */
#ifndef BSX_FCGI_CONN_H
#define BSX_FCGI_CONN_H

#include "core/web/route.h"

struct conns; /* made once per process, before the first; a talloc child of the app */
struct conn;  /* a talloc child of them; freeing it closes the connection */

struct conns *conns_make(struct app *app, struct err *e);

/*
 * Takes the descriptor and reads the request's parameters, which must come within
 * 5 s.  NULL: it was silent, left, or said what no web server says; it is closed.
 */
struct conn *conn_open(struct conns *all, int fd);
/* Answers the request, and frees it. */
void conn_serve(struct conn *c);

/* Its request will hash a password, as far as the parameters tell. */
bool conn_hashes(const struct conn *c);
bool conn_is_gone(const struct conn *c);
/* Since its parameters were complete. */
int64_t conn_age_ms(const struct conn *c);

#endif
