/*
 * collection.h - what is known of each collection (category) of a config: by which snapshot it entered the baseline,
 * how it was read last, and by whom.
 *
 * The rows change with a snapshot, or with a deed that raises the config's life, and so hold as long as its state row
 * is that which was read (snapshot_add_next).  A config has at most COLLECTIONS_MAX.
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_DRIFT_COLLECTION_H
#define BSX_STORE_DRIFT_COLLECTION_H

#include "core/store/tenant/tenant_db.h"
#include "core/store/trip.h"

#define COLLECTIONS_MAX 10000

struct collection_row {
	struct uuid config_id;
	char       *category; /* 1..128 bytes */
	/* The baseline's: what this snapshot held of it.  Nil: it is in none yet. */
	struct uuid baseline_snapshot;
	uint64_t    baseline_seq;
	bool        baseline_late; /* that snapshot is out of order: it has a manifest */
	char       *how;           /* how far it was read last: a completeness (drift/source/collected.h) */
	/* Where it was not read completely last: the snapshot with its last complete reading.  Nil: what is in force
	 * now is that. */
	struct uuid kept_snapshot;
	uint64_t    kept_seq;
	instant     complete_at;     /* of the last complete reading, to a minute; 0: there was none */
	int64_t     incomplete_runs; /* readings in a row that were not complete */
	instant     blind_since;     /* 0: it is not */
	struct uuid read_by;         /* the credential that read it last; nil: not known, or it has ended */
	instant     read_at;         /* when the newest reading of it was collected, complete or not; without a
	                                date of its own to a minute; 0: nobody has read it */
	int64_t     left_out;        /* pushes of that one in a row that did not speak of it */
	bool        held;            /* much of it is gone at once: its next complete reading decides */
	int64_t     unsettled;       /* resources of it whose baseline has not moved with it (unsettled.h) */
	struct uuid look_report;     /* has what is to be reviewed of its first reading; nil: nothing */
	uint64_t    checks;          /* complete readings, while something of it comes and goes; 0: nothing does */
	int64_t     clean;           /* while an alert waits for it: 1 + complete readings in a row without findings; 0: none does */
	bool        look_due;        /* its rules have changed: the next complete reading is looked at as the first was */
};

/* By category (bytes). */
MUST_USE bool collection_list(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct collection_row **rows, size_t *n, struct err *e);
/* With what else is read in that round trip (trip.h). */
void collection_ask(
    struct trip *trip, const struct uuid *config, struct collection_row **rows, size_t *n);
/* New ones, or all that can change of those that are there. */
MUST_USE bool collection_put(
    struct db *db, const struct collection_row *rows, size_t n, struct err *e);
/* Of all of a config, in a deed that raises its life. */
MUST_USE bool collection_look_again(struct db *db, const struct uuid *config, struct err *e);
/* Of each that there is (config_id, category, read_at): what was collected up to that instant is history, in a deed
 * that raises its life. */
MUST_USE bool collection_let_go(
    struct db *db, const struct collection_row *rows, size_t n, struct err *e);
#endif
