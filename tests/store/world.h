/*
 * world.h - an installation in the private server: keyring, control schema, tenants.
 */
#ifndef BSX_TESTS_STORE_WORLD_H
#define BSX_TESTS_STORE_WORLD_H

#include "core/store/server/provision.h"
#include "tests/store/server.h"

struct world {
	struct conf          conf;
	struct env env;
	struct db           *root; /* no schema */
	struct db           *prov;
	struct database     *d;
	struct tenant        a, b; /* made by world_tenants() */
	char                *keyring; /* its file */
};

/* cmocka fixtures: everything of an earlier world is dropped; control schema "testbsx". */
int world_set_up(void **state);
int world_tear_down(void **state);
void world_tenants(struct world *w);
/* The keyring is changed, and w->d is what a process has that opens it then; what was open goes on with the one before. */
void world_keyring(struct world *w, enum keyring_turn turn, uint32_t version);
/* Those that stand, as `bsxctl migrate` does. */
MUST_USE bool world_migrate(struct world *w, struct err *e);
struct tenant_db *world_open(struct world *w, const struct tenant *t);

#endif
