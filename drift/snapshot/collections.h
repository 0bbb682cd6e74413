/*
 * collections.h - the collections of a config (core/store/drift/collection.h), when somebody or the clock decides about them.
 *
 * All of it inside a transaction that holds the config's state row, and that raises its life.
 */
#ifndef BSX_DRIFT_SNAPSHOT_COLLECTIONS_H
#define BSX_DRIFT_SNAPSHOT_COLLECTIONS_H

#include "core/store/drift/collection.h"
#include "core/store/drift/snapshot.h"
#include "drift/config/spec.h"

/*
 * A snapshot becomes the baseline of those that it has read completely; the others keep theirs.  `reviewed`: whoever asks
 * for it says that what their first readings had to be reviewed was seen; ERR_CONFLICT where there is something to review,
 * and it was not.
 */
MUST_USE bool collections_pin(
    struct db *db, TALLOC_CTX *mem, const struct snapshot *s, bool reviewed, struct err *e);

/*
 * The first that was awaited has not come, and what is as old as that neither: they are blind.  How many are, and were;
 * how many are awaited; when the next is due, in seconds from now (0: none).
 */
struct overdue {
	size_t  before, blind, awaited;
	int64_t next_s;
};
MUST_USE bool collections_overdue(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    const struct drift_spec *spec, instant now, struct overdue *out, struct err *e);

#endif
