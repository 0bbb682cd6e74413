/*
 * onboard_carrying.h - what follows from a consent while driftd carries it: for onboard_carry.c, which asks the directory, and
 * onboard_follow.c, which applies the templates.
 */
#ifndef BSX_DRIFT_TEMPLATE_ONBOARD_CARRYING_H
#define BSX_DRIFT_TEMPLATE_ONBOARD_CARRYING_H

#include "drift/template/carry.h"
#include "drift/template/consent.h"
#include "drift/template/onboard.h"

#define CARRYING_LOOK_MS 1000 /* between looks at what goes on elsewhere */

struct carrying {
	struct operation_run    *r;
	struct template_carrier *c;
	TALLOC_CTX              *mem;
	struct deed_by           home;
	struct origin            from;
	struct caller            caller;
	struct onboarding        row;
	const char              *was; /* its state, as it is written */
	struct onboard_seen      seen;
	struct onboard_order     order;
	struct str               shown; /* JSON */
	struct work              work;
	struct acting           *a;
};

/* A body of a transaction, of one move of the row. */
struct move {
	struct carrying *x;
	bool             wipe, unbegun;
};
MUST_USE bool carrying_move(struct db *db, void *move, struct err *e);
/* It is over for this time; `why` NULL: all is well. */
MUST_USE bool carrying_end(struct carrying *x, const char *state, const char *why, struct err *e);
/* It is tried again. */
bool carrying_passes(const struct err *why);
/* The source of a pack by its template, which leads where the pack does: what is shown is known. */
MUST_USE struct drift_spec *carrying_source(
    struct carrying *x, size_t i, uint64_t version, const char *directory, struct err *e);
/* The templates are applied, and what came of it is looked at. */
MUST_USE bool carrying_follow(struct carrying *x, struct err *e);

#endif
