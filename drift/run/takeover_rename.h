/*
 * takeover_rename.h - resources, collections and places whose names hold secrets, under their names of now: for
 * takeover.c and takeover_rename.c only.
 *
 * The edition of now masks what names a value too (resource.h).  So that a resource is the same one as before, its
 * rows, and all that is known of it by its name, go from the old name to the new one; what is written about it for
 * people is masked by remask.h.
 */
#ifndef BSX_DRIFT_RUN_TAKEOVER_RENAME_H
#define BSX_DRIFT_RUN_TAKEOVER_RENAME_H

#include "drift/engine/fingerprint.h"
#include "drift/run/takeover_follow.h"

/* Sets k->names.  *any: something is called otherwise now. */
MUST_USE bool takeover_rename(struct taking *k, bool *any, struct err *e);
/* The changes of k->was get the names of now; their fingerprints stay. */
MUST_USE bool takeover_rename_changes(struct taking *k, struct err *e);
/* A finding's place of before, under its name of now. */
MUST_USE bool takeover_rename_place(
    const struct taking *k, struct change_name *at, struct err *e);

#endif
