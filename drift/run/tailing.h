/*
 * tailing.h - the log of a source, read again and again, where its pack says what an entry touches (source_watch.h): that is
 * read soon, and not with the schedule.
 *
 *	tailing_begin	in the transaction of a run that has read the config: from when that began the log counts
 *	tailing_due	by the clock, every source.watch_s: asks for a run of kind watch
 *	tailing_since	what that reads: from a while before the last reading on, for entries come late
 *	tailing_end	what is new of it touches collections (running_touch), and is known from then on: one transaction,
 *			so that nothing is lost or told twice whoever is killed
 *	tailing_failed	it could not be read: it is read again after a longer time, and the schedule goes on
 *
 * An entry is known by a hash of its key; of very many that touch something only the newest are, and what is not newer than
 * the newest of the others is known by its time.  Which collections it touches says its activity alone.  A run of a log in which
 * nothing is new is not kept.
 */
#ifndef BSX_DRIFT_RUN_TAILING_H
#define BSX_DRIFT_RUN_TAILING_H

#include "core/store/drift/run_tail.h"
#include "drift/config/spec.h"
#include "drift/run/recheck.h"
#include "drift/run/running.h"

#define TAILING_JOIN_MS INT64_C(10000)   /* so long a run waits for what else is touched; never longer than watch_s */
#define TAILING_MOST_S  INT64_C(3600)    /* between readings of a log that cannot be read */

MUST_USE bool tailing_begin(struct db *db, const struct ingest *in, struct err *e);
/* In a transaction: what is due is seen to, and the claim ends or is due later. */
MUST_USE bool tailing_due(struct db *db, const struct recheck *r, struct err *e);

MUST_USE bool tailing_since(struct tenant_db *t, TALLOC_CTX *mem, const struct source *s,
    const struct running *run, instant *since, struct err *e);

/* What a run has read of the log, completely; it ends with it. */
struct tailing {
	const struct running   *run;
	const struct source    *source;
	const struct collected *got;
};
MUST_USE bool tailing_end(const struct tailing *x, struct err *e);
/* Outside a transaction, before running_fail(). */
MUST_USE bool tailing_failed(const struct running *run, struct err *e);

#endif
