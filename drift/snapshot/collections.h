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

/* ERR_CONFLICT: something of what it has read completely is to be reviewed. */
MUST_USE bool collections_reviewed(
    struct db *db, TALLOC_CTX *mem, const struct snapshot *s, struct err *e);

/*
 * A snapshot becomes the baseline of those that it has read completely; the others keep theirs.  `reviewed`: whoever asks
 * for it says that what their first readings had to be reviewed was seen; ERR_CONFLICT where there is something to review,
 * and it was not.
 */
MUST_USE bool collections_pin(
    struct db *db, TALLOC_CTX *mem, const struct snapshot *s, bool reviewed, struct err *e);

/* The state word of a config in which nothing is found: "ok", "unreviewed" or "blind". */
MUST_USE bool collections_word(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    const struct drift_spec *spec, const char **word, struct err *e);

/* Collections that are blind, and when each was read completely last (0: never), for a sentence about them. */
struct blind_list {
	struct blind_one {
		struct str category;
		instant    complete_at;
	}      *of;
	size_t  n;
};
#define BLIND_TOLD 2 /* of them, by name */
/* "a and b", "a, b and 3 more": the first ones. */
void blind_names(struct buf *b, const struct blind_list *l);
/* "; read completely last: a 2026-11-21T20:47Z, b never": of the same ones. */
void blind_last(struct buf *b, const struct blind_list *l);

/*
 * The first that was awaited has not come, and what is as old as that neither: they are blind.  How many are, and were;
 * how many are awaited; when the next is due, in seconds from now (0: none).
 */
struct overdue {
	size_t  before, blind, awaited;
	int64_t next_s;
	struct blind_list list; /* those that are */
};
MUST_USE bool collections_overdue(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    const struct drift_spec *spec, instant now, struct overdue *out, struct err *e);

#endif
