/*
 * collect_world.h - a kind of source that reads pages from a server on loopback, and that server: good, slow, endless,
 * full of rubbish.
 */
#ifndef BSX_TESTS_STORE_COLLECT_WORLD_H
#define BSX_TESTS_STORE_COLLECT_WORLD_H

#include <stdatomic.h>
#include <sys/types.h>

#include "drift/collect/collector.h"
#include "tests/store/runs_world.h"

/* The table of kinds with that one, for a test that brings its own (drift/source/sources.c). */
#define SOURCES_PAGES(X)                                                                           \
	X(push, source_push, source_push_schema, "they are pushed")                                \
	X(http, source_http, source_http_schema, "an API")                                         \
	X(self, source_self, source_self_schema, "this tenant")                                    \
	X(still, source_still, source_still_schema, "it is always the same")                       \
	X(pages, source_pages, source_pages_schema, "they are read page by page")

/* What the server does, and has seen: shared with its processes. */
struct pages_server {
	_Atomic int version;   /* value of what it shows; below 0: nothing but a page for people */
	_Atomic int refuses;   /* whoever shows "Bearer good" too */
	_Atomic int throttles; /* so many times yet */
	_Atomic int asked;     /* requests */
	_Atomic int hanging;   /* requests that are not answered, now and before */
	_Atomic int port;
};
extern struct pages_server *pages_server;
void pages_serve(void);
void pages_stop(void);

struct collect_world {
	struct drift_world    *x;
	struct collector_start start;
};
/* Of a group of tests, which share it (a struct collect_world); and before each: nothing is left of the one before. */
int collect_open(void **state);
int collect_close(void **state);
int collect_set_up(void **state);

/* A config that reads `path` once an hour, and shows `credential` (JSON; NULL: nothing). */
struct uuid collect_config(struct collect_world *y, const char *path, const char *credential);
/* The same of kind http. */
struct uuid collect_http(struct collect_world *y, const char *path);
/* The same, showing a token. */
struct uuid collect_http_as(struct collect_world *y, const char *path, const char *token);
/* All that is due. */
void collect_once(struct collect_world *y);
/* Until a statement (%s is the tenant's schema) counts that many. */
void collect_wait_for(struct collect_world *y, const char *sql, int64_t want);
/* A collector as driftd has it. */
pid_t collect_start(struct collect_world *y);
/* Its wait status. */
int collect_end(pid_t pid, int number);
/* The newest run of a config: "state attempts reason". */
const char *collect_run_text(struct collect_world *y, const struct uuid *config);

#endif
