/*
 * listen.h - the socket the web server connects to: inherited, or made by ourselves.
 *
 * An inherited one (spawn-fcgi, lighttpd, mod_fcgid, systemd) outlives us, and
 * with it the queue of connections that nobody has accepted yet.  One of our
 * own dies with us.  Either way it is made non-blocking: several workers wait
 * on it, and those that come too late must get EAGAIN, not sleep in accept().
 */
#ifndef BSX_FCGI_LISTEN_H
#define BSX_FCGI_LISTEN_H

#include <sys/types.h>

#include "core/base/err.h"

/* "[address]:65535" and unix paths (sun_path). */
#define LISTEN_NAME_MAX 108

struct listener {
	int   fd;                    /* -1: none */
	bool  own;                   /* made by us: nobody takes it over */
	char  path[LISTEN_NAME_MAX]; /* of our own unix socket; "" otherwise */
	dev_t dev;                   /* of that path, so that we remove no one else's */
	ino_t ino;
};

/*
 * The socket we were started with: descriptor 0 (FCGI_LISTENSOCK_FILENO), or
 * the first one of LISTEN_FDS if LISTEN_PID names this process.  fd == -1:
 * there is none.  LISTEN_FDS > 1 is an error.
 */
MUST_USE bool listen_inherited(struct listener *l, struct err *e);

/*
 * Makes one at a unix path (anything with a '/') or at HOST:PORT ("127.0.0.1:9000",
 * "[::1]:9000"; numeric hosts only).  `mode` are the permissions of a unix
 * socket.  A dead socket in the way is replaced, one that answers is not, nor is
 * anything that is no socket.
 */
MUST_USE bool listen_make(struct listener *l, const char *where, mode_t mode, struct err *e);

/*
 * Nobody beyond this machine can reach it, or that is `allowed`: FastCGI has no password.
 * However it was made; an error names the address.
 */
MUST_USE bool listen_check(const struct listener *l, bool allowed, struct err *e);

/* Takes the name of our own unix socket away: no new connection comes in, those in the queue stay.
 */
void listen_unlink(struct listener *l);

#endif
