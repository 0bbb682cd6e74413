/*
 * golden_world.h - templates of a drift world, and configs that are bound to them.
 */
#ifndef BSX_TESTS_STORE_GOLDEN_WORLD_H
#define BSX_TESTS_STORE_GOLDEN_WORLD_H

#include "drift/run/golden_binding.h"
#include "tests/store/drift_world.h"

/* The text is as golden_print makes it. A template without an id is a new one. */
bool golden_world_set(
    struct drift_world *x, struct tenant_db *t, struct golden *g, const char *text, struct err *e);
/* The same of the world's tenant, which must succeed. */
void golden_world_put(struct drift_world *x, struct golden *g, const char *text);
/* Binds a config as the API would; `more` stands behind the template's id. */
bool golden_world_bind(struct drift_world *x, struct tenant_db *t, const struct uuid *config,
    const struct golden *g, const char *more, struct err *e);
/* The same of the world's tenant, which must succeed. */
void golden_world_bind_ok(struct drift_world *x, const struct uuid *config,
    const struct golden *g, const char *more);

#endif
