/*
 * old_world.h - an installation of an earlier state of the tree, with what was in it (upgrade/dump makes them).
 */
#ifndef BSX_TESTS_STORE_OLD_WORLD_H
#define BSX_TESTS_STORE_OLD_WORLD_H

#include "tests/store/drift_world.h"

#define OLD_FOLDER  "tests/store/upgrade"
#define OLD_CONTROL "testbsx"

struct old {
	struct world *w;
	const char   *name;
	char          conf[200];
};

/* The server as that state left it: NAME.sql.gz and NAME.keyring of the folder. */
struct old *old_make(void **state, const char *name);
/* `bsxctl migrate ARGUMENT`; its exit status.  The second must succeed. */
int  old_migrate(const struct old *o, const char *argument);
void old_migrated(const struct old *o);

const struct tenant *old_tenant(struct old *o, const char *slug);
struct tenant_db    *old_open(struct old *o, const char *slug);
/* The drift path of its tenant `demo`. */
struct drift_world *old_drift(struct old *o);

/* A whole file, which is not empty. */
char *old_file(TALLOC_CTX *mem, const char *path);

#endif
