/*
 * drift_world.h - an installation with a tenant, a drift path, and configs to push to.
 */
#ifndef BSX_TESTS_STORE_DRIFT_WORLD_H
#define BSX_TESTS_STORE_DRIFT_WORLD_H

#include <mysql.h>

#include "core/store/drift/config.h"
#include "drift/run/ingest.h"
#include "drift/config/spec.h"
#include "tests/store/world.h"

struct drift_world {
	struct world     *w;
	struct env        env; /* what d works with */
	struct drift     *d;
	struct tenant_db *t;
};

struct drift_world *drift_world_make(struct world *w);
/* A config with this spec; its name is its own. */
struct uuid drift_config(struct drift_world *x, const char *spec);
/* A webhook channel; its secret is 32 bytes 's'. */
struct uuid drift_channel(struct drift_world *x, const char *url);
/* Pushes a body as the API would; false as ingest_push. `key` may be NULL. */
bool drift_try(struct drift_world *x, TALLOC_CTX *mem, const struct uuid *config, const char *key,
    const char *body, struct ingest_answer *a, struct err *e);
/* The same, which must succeed. */
struct ingest_answer drift_push(
    struct drift_world *x, TALLOC_CTX *mem, const struct uuid *config, const char *body);
/* A statement as root without an answer; %s is the tenant's schema, every time. */
void drift_sql(struct drift_world *x, const char *sql);
/* A number from a statement as root; %s is the tenant's schema, every time. */
int64_t drift_count(struct drift_world *x, const char *sql);
/* Rows, the same way; the caller frees them. */
MYSQL_RES *drift_rows(struct drift_world *x, TALLOC_CTX *mem, const char *sql);
/* One text, the same way; "" for NULL or no row. */
char *drift_text(struct drift_world *x, TALLOC_CTX *mem, const char *sql);

/* Fixtures: the world is the state. */
int drift_set_up(void **state);
int drift_tear_down(void **state);
/* {"resources":[{"category":"c","key":"k0","value":V}, ...]} with `more` behind the list. */
const char *drift_body(TALLOC_CTX *mem, const char *more, size_t n, const char *const values[]);
struct ingest_answer drift_push_values(
    struct drift_world *x, const struct uuid *config, size_t n, const char *const values[]);
#define VALUES(...)                                                                                \
	sizeof((const char *const[]) { __VA_ARGS__ }) / sizeof(char *), (const char *const[])      \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}
/* As if what waits in the outbox had just arrived. */
void drift_arrive(struct drift_world *x);
/* What must hold of every config at any time. */
void drift_check(struct drift_world *x);
/* Every content is referred to, every reference has its content. */
void drift_check_contents(struct drift_world *x);
#define DRIFT_PUSH "{\"source\":{\"kind\":\"push\"}}"

#endif
