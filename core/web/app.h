/*
 * app.h - everything a request may use, built once by main and handed in.
 */
#ifndef BSX_WEB_APP_H
#define BSX_WEB_APP_H

#include "core/auth/auth.h"
#include "core/net/fetch.h"
#include "core/web/forwarded.h"

struct route;
struct rates;

struct app {
	const struct env          *env;
	struct memory             *memory;  /* what this process holds; NULL: nobody looks */
	struct permits            *permits;
	struct database           *database;
	struct auth               *auth;
	struct guard              *guard;   /* for checking webhook URLs at the door */
	const struct route *const *routes;  /* NULL-terminated list of tables, each ended by path == NULL */
	const struct cidr_list    *trusted_proxies;
	enum forwarded_header      forwarded_header; /* which one trusted_proxies write */
	const struct cidr_list    *metrics_allow;
	struct rates              *rates;   /* NULL: nothing is limited (rate.h) */
	struct pages              *pages;   /* this worker's generated pages, made on first use (fcgi/ops/docs.c) */
	struct drift              *drift;   /* the drift path, made on first use (fcgi/drift/drift.c) */
	struct cors               *cors;    /* origins of other pages, read on first use (web/cors.c) */
	struct program            *program; /* what this worker says of itself (auth/programs.h); NULL: nothing */
	int                        slot;    /* this worker's slot in the segment; -1: none (CGI, tools) */
};

#endif
