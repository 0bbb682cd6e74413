/*
 * golden.h - golden baselines: listed, shown, made, changed and dropped.
 *
 * A template that configs are bound to is changed with read:snapshots only: each value that is equal tells what
 * they watch.  One that is shared with this tenant is the platform's to change.
 */
#ifndef BSX_DRIFT_SERVICE_GOLDEN_H
#define BSX_DRIFT_SERVICE_GOLDEN_H

#include "drift/golden/golden.h"
#include "drift/service/acting.h"
#include "drift/source/push.h"

struct golden_seen {
	struct golden          row;
	bool                   foreign; /* the platform's */
	struct golden_content  content;
	struct golden_version *versions; /* newest first; its owner's only */
	size_t                 versions_n;
};

/* This tenant's and those it is shared, in one order, newest first; of each, row and foreign. */
MUST_USE bool golden_page(const struct acting *a, struct page *p, struct err *e);
MUST_USE bool golden_there(const struct acting *a, const struct uuid *id, struct err *e);
/* `version` 0: as it is now; else what that one held, which only its owner has. */
MUST_USE bool golden_see(const struct acting *a, const struct uuid *id, uint64_t version,
    struct golden_seen *out, struct err *e);
/* All but row and foreign, which are there. */
MUST_USE bool golden_see_rest(const struct acting *a, struct golden_seen *out, struct err *e);

/* What is not named stays; of a new one, resources or a snapshot are. */
struct golden_wish {
	const char                   *name, *description; /* NULL: not named */
	const struct push_resource   *resources;
	size_t                        resources_n;
	struct golden_variable       *variables;
	size_t                        variables_n;
	struct uuid                   snapshot_id; /* in place of resources: a complete one of this tenant */
	bool                          shared;
	bool                          has_resources, has_variables, has_shared; /* named */
};
/* ERR_CONFLICT: the name is taken. */
MUST_USE bool golden_make(const struct acting *a, const struct golden_wish *in,
    struct golden_seen *out, struct err *e);
/* ERR_CONFLICT also where it was changed at the same time; ERR_FORBIDDEN also: the platform's. */
MUST_USE bool golden_alter(const struct acting *a, const struct uuid *id,
    const struct golden_wish *in, struct golden_seen *out, struct err *e);
/* ERR_IN_USE: configs are bound to it. */
MUST_USE bool golden_erase(const struct acting *a, const struct uuid *id, struct err *e);

#endif
