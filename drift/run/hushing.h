/*
 * hushing.h - a maintenance window keeps quiet that a source is not read: the config's blind alert.
 *
 * A window covers it when it names the config, or none, and no key, path or severity; one that names a category covers it
 * when each collection that is blind is of such a one.  A blind alert that opens under a window is suppressed by it: it
 * stands in the list, and is told when it goes on after the window; what was told before the window is told on.  A silence
 * is of findings, and covers none.
 *
 * When a window is over is a row of the control schema (SCHEDULE_HUSH), set in the transaction that opens the alert.
 */
#ifndef BSX_DRIFT_RUN_HUSHING_H
#define BSX_DRIFT_RUN_HUSHING_H

#include "core/store/drift/silence.h"
#include "drift/run/recheck.h"
#include "drift/snapshot/collections.h"

/* What is in force or to come. */
struct windows {
	const struct silence *rows;
	size_t                n;
};
MUST_USE bool hush_read(
    struct db *db, TALLOC_CTX *mem, instant now, struct windows *out, struct err *e);

/* Opens the blind alert of a's config, or says of it what is so now (`update`), under what covers it. */
MUST_USE bool hush_blind(struct db *db, const struct alert_scope *a, const struct windows *w,
    const struct blind_list *blind, const char *text, bool update, struct err *e);

/* A window is over: told, or looked at again when the next one is. */
MUST_USE bool hush_due(struct db *db, const struct recheck *r, struct err *e);

/* In the transaction that ends one (kind:id) by hand: what it keeps quiet is due now. */
MUST_USE bool hush_wake(struct db *db, TALLOC_CTX *mem, const char *by, struct err *e);

#endif
