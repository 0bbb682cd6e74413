/*
 * responder.h - what the responder consists of, put together in one place.
 *
 * The parent opens what all its workers share (configuration, log, keyring,
 * segment, permits) before the first fork; each worker then makes what must be
 * its own (database connections, the parsed lists, struct app).
 */
#ifndef BSX_FCGI_RESPONDER_H
#define BSX_FCGI_RESPONDER_H

#include "core/net/fetcher.h"
#include "core/web/app.h"

struct responder {
	const char     *conf_path;
	struct conf    *conf;
	struct log     *log;
	struct keyring *keyring;
	struct segment *segment;
	struct permits *permits;
	int64_t         workers_asked; /* on the command line; < 0: as configured */
	unsigned        workers;       /* 0: this process serves by itself */
	struct road     road;          /* to the fetcher that the parent keeps */
	struct fetcher  fetcher;       /* how one is started */
};

/* Everything that is shared; `workers` < 0: as configured. */
MUST_USE bool responder_open(
    TALLOC_CTX *mem, struct responder *r, const char *conf_path, int64_t workers, struct err *e);

/* The way to the fetcher, before the first worker; without it one is started when it is first needed. */
MUST_USE bool responder_open_road(TALLOC_CTX *mem, struct responder *r, struct err *e);

/*
 * HUP: reads the configuration and the keyring again and opens the log again.
 * Settings that need a restart keep their value, and the log says so.  On failure all stays
 * as it was, but a log file is opened again all the same.
 */
MUST_USE bool responder_reload(TALLOC_CTX *mem, struct responder *r, struct err *e);

/* A worker's struct app; slot -1: no parent looks at it. */
MUST_USE struct app *responder_app(
    TALLOC_CTX *mem, const struct responder *r, int slot, struct err *e);

/*
 * All connections that this host's responder and driftd may open, held against
 * the server's max_connections: too many is an error with both numbers.  A
 * database that cannot be asked is no error, but a line in the log.
 */
MUST_USE bool responder_check_connections(const struct responder *r, struct err *e);

/* Between requests. */
void responder_tidy(struct app *app);
/* A worker that has served: what it says of itself, and its connections. */
void responder_ends(struct app *app);

#endif
