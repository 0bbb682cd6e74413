/*
 * run_tail.h - how far the log of a config's source is read, where it is read again and again (drift/run/watched.h):
 * columns of the row of its runs (run.h), which whoever changes them holds.
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_DRIFT_RUN_TAIL_H
#define BSX_STORE_DRIFT_RUN_TAIL_H

#include "core/base/str.h"
#include "core/store/db.h"

#define RUN_TAIL_HASH 8    /* bytes of an entry's hash */
#define RUN_TAIL_SEEN 4096 /* bytes of all: the newest entries */

struct run_tail {
	struct uuid config_id;
	instant     began;    /* entries before it are nobody's business; 0: the log is not read */
	instant     since;    /* it is read up to then */
	int64_t     failures; /* readings in a row that came to nothing */
	struct blob seen;     /* hashes of entries about then that are known */
	instant     known_until; /* those up to then are known without: there were more; 0: none */
};

/* ERR_MISSING: nothing of the config is collected. */
MUST_USE bool run_tail_by_id(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct run_tail *t, struct err *e);
/* From that instant on, unless it is read already (tx_later, as the others). */
MUST_USE bool run_tail_begin(
    struct db *db, const struct uuid *config, instant at, struct err *e);
/* All but `began`. */
MUST_USE bool run_tail_set(struct db *db, const struct run_tail *t, struct err *e);
/* It is not read any more. */
MUST_USE bool run_tail_end(struct db *db, const struct uuid *config, struct err *e);

#endif
