/*
 * clerk.h - somebody signed in who decides: a caller of the services of a drift_world.
 */
#ifndef BSX_TEST_CLERK_H
#define BSX_TEST_CLERK_H

#include "drift/service/acting.h"
#include "tests/store/drift_world.h"

struct clerk {
	struct drift_world *x;
	struct auth         auth;
	struct caller       caller;
	struct work         work;
	struct acting       a;
};

/* ada@acme.test, who may read snapshots; a child of the world. */
struct clerk *clerk_make(struct drift_world *x);
/* Of what a statement selects, as HEX_UUID shows it; %s is the schema. */
struct uuid first_id(struct clerk *y, const char *sql);

#define HEX_UUID(column)                                                                           \
	"LOWER(CONCAT_WS('-', LEFT(HEX(" column "), 8), SUBSTR(HEX(" column "), 9, 4),"            \
	" SUBSTR(HEX(" column "), 13, 4), SUBSTR(HEX(" column "), 17, 4), RIGHT(HEX(" column       \
	"), 12)))"

#endif
