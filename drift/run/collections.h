/*
 * collections.h - what a snapshot does to each collection of its config.
 *
 * Each goes its own way.  One that the snapshot does not speak of was not in it: it keeps its last reading, and it has
 * failed only when the credential that read it last has left it out of blind_after pushes of its own; where that credential
 * is not known or has ended, when anybody's pushes have, after the time in which it is awaited (seven days where nothing is).  With its first
 * complete reading it enters the baseline, and it is compared whenever it was read completely.  Where the document
 * chooses the categories they are one reading, and the first complete one is that of all: one that is found later
 * joins the baseline of the others, which does not have it, so that its resources are created.  It is blind after
 * blind_after readings in a row that were not complete, and at once where it was read completely before and is
 * forbidden now, until one is; the config may say of one that it is not read
 * (`unread`): then it is neither missing nor blind, and what was found in it stands.  One that the config says to be
 * `retired` is no more: what was found in it is over, and so is what waits for its next reading, unless it is read again.
 * That is so with the deed that says it: the newest snapshot is looked at again, and where that has it, it was collected
 * before (collection_let_go).
 *
 * Each has the instant at which its newest reading was collected too: what was collected before that of one that it
 * speaks of is history, whatever other collectors have handed in meanwhile.
 *
 * Planning reads one list; writing is one statement, with the rows that change.  collections_show.c: what is told.
 *
 * Errors: ERR_INVALID with a fault (more than COLLECTIONS_MAX), and those of db.h.
 */
#ifndef BSX_DRIFT_RUN_COLLECTIONS_H
#define BSX_DRIFT_RUN_COLLECTIONS_H

#include "core/store/drift/collection.h"
#include "drift/source/collected.h"

#define COLLECTIONS_TOLD 100 /* of those that were not read, in a report */

struct ingest;
struct plan;
struct plan_sides;

struct plan_collection {
	struct str            category;
	struct collection_row was, row; /* before this snapshot and after it */
	bool                  spoken;   /* the snapshot speaks of it */
	enum completeness     how;      /* then: how far it was read */
	bool                  read;     /* completely */
	bool                  failing;  /* left out too often, and by this one too */
	bool                  found;    /* in the document, not declared (struct collection) */
	bool                  joins;    /* what was read before without it: compared with nothing */
	bool                  spared;   /* the config says that it is not read */
	bool                  retired;  /* ... and is no more: nothing of it is held against anything */
	bool                  based;    /* there is something to compare it with */
	bool                  enters;   /* the baseline, with this snapshot */
	bool                  had;      /* a complete reading before this snapshot: */
	uint64_t              had_seq;  /* what was in force then; 0: what is now */
};

struct plan_collections {
	struct collection_row  *known; /* what there is of them before this snapshot */
	size_t                  known_n;
	struct plan_collection *of; /* by category */
	size_t                  n;
	bool                    complete; /* all that it speaks of, and none is failing */
	bool                    settled;  /* what the comparison does not have is over, read or not */
	bool                    any;      /* it read one completely, or there is none at all */
	bool                    stirred;  /* the report of an equal snapshot does not hold for this one */
	bool                    history;  /* between two snapshots: the newest has some that were retired since */
	bool                    released; /* between two snapshots: some are awaited no more */
	const char             *let_go;   /* between two snapshots, with a config that has changed: why what was
					     found in those that are retired is over; NULL: none is */
};

/* p->collections.known, the first of all. */
MUST_USE bool collections_know(const struct ingest *in, struct plan *p, struct err *e);
/* Was one that this snapshot speaks of read by something that was collected later?  Of a snapshot of none: true. */
bool collections_are_newer(const struct ingest *in, const struct plan *p);
/* The rest of p->collections; nothing changes for a snapshot out of order, nor when it is looked at again. */
MUST_USE bool collections_plan(const struct ingest *in, struct plan *p, struct err *e);
/* A golden baseline speaks of collections that nobody has read yet. */
MUST_USE bool collections_plan_golden(
    const struct ingest *in, struct plan *p, const struct plan_sides *sides, struct err *e);
MUST_USE bool collections_write(struct db *db, const struct ingest *in, struct plan *p, struct err *e);

/* What has entered the baseline, in its history. */
MUST_USE bool collections_tell(struct db *db, const struct ingest *in, struct plan *p, struct err *e);

/* NULL: there is none. */
struct plan_collection *collections_find(const struct plan_collections *c, struct str category);
/* Is it blind, as far as it is to be told? */
bool collection_is_blind(const struct plan_collection *c);
/* Was it read completely once, and may not be read any more? */
bool collection_is_lost(const struct plan_collection *c);

/* As the snapshot keeps them: {category: completeness}; and as the report says it. */
MUST_USE bool collections_print(TALLOC_CTX *mem, const struct plan *p, char **out, struct err *e);
MUST_USE bool collections_report(
    TALLOC_CTX *mem, const struct ingest *in, struct plan *p, struct err *e);

#endif
