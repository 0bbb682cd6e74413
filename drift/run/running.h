/*
 * running.h - the life of a run of a source that collects: begun under a claim, told of, and ended in one transaction.
 *
 *	run_claim(control, ...)              core/store/drift/run_index.h: a config is due, and ours
 *	running_begin(d, t, mem, &claim, &r) what is to be done; r.begun false: nothing, and the claim is over
 *	running_tell(&r, &progress)          now and then
 *	ingest_collected() with in.run = &r  ends it in the transaction of the snapshot: running_end()
 *	or running_fail(), running_later()   or it comes to nothing, or is left to whoever comes next
 *
 * What a run is: of those that wait and are due the first in the order of enum run_kind; else one that a collector has left unfinished;
 * else the newest slot that has come, with the number of those before it for which there was none (`missed`).  All of it
 * is checked under the fence of the claim: who has lost it changes nothing (OUTBOX_FENCE_LOST in e->sys).  One that
 * somebody has cancelled meanwhile is not ended either (RUN_WAS_CANCELLED): running_later() gives its claim back.
 *
 * A run may be of some collections alone: of those that its source told of (running_touch).  Who asks for all of them while
 * it waits gets one run that reads all, and of two such runs one that reads what either does.
 *
 * What is done may need another reading (deletion.h): unless a run comes then anyway, one waits for that, of kind
 * scheduled whether there is a schedule or not, and says why.
 *
 * What comes to nothing for a time is tried again, a scheduled run up to RUN_ATTEMPTS_MAX times while the next slot is
 * far; what fails run after run is put off, longer each time.  What cannot get better by itself (`hold`) is dead at once,
 * and is tried once an hour, later once a day, unless the config changes or somebody asks for a run.
 */
#ifndef BSX_DRIFT_RUN_RUNNING_H
#define BSX_DRIFT_RUN_RUNNING_H

#include "core/store/drift/run.h"
#include "drift/config/drift.h"
#include "drift/config/spec.h"

#define RUN_ATTEMPTS_MAX  5
#define RUN_WAS_CANCELLED (-125) /* e->sys: no number of the database */

struct running {
	struct drift        *d;
	struct tenant_db    *t;
	TALLOC_CTX          *mem;
	struct run_claim     claim;
	bool                 begun;
	struct drift_config  config; /* as it was when it was begun */
	struct run           run;
	struct run_state     state;
	struct schedule_plan plan;
	bool                 more;     /* another one waits behind it: */
	instant              more_at;  /* when that is due */
	struct run          *heir;     /* of those the one that reads collections; NULL: none does */
	int64_t              began_ns, told_ns; /* monotonic */
};

MUST_USE bool running_begin(struct drift *d, struct tenant_db *t, TALLOC_CTX *mem,
    const struct run_claim *claim, struct running *r, struct err *e);

/* How far it is: at most once in two seconds, else nothing is done.  Outside a transaction. */
MUST_USE bool running_tell(struct running *r, const struct source_progress *p, struct err *e);
/* How far it has come in the end: stored as it ends. */
MUST_USE bool running_note(struct running *r, const struct source_progress *p, struct err *e);

/* What came of it; all nil: it was a try, which stores nothing. */
struct run_done {
	struct uuid report, snapshot;
	int64_t     again_ms; /* what it lacks is believed after another reading, to be begun then; 0: none is needed */
	bool        unseen;   /* nobody has to know of it: it is not kept */
};
/* In a transaction: it is done, and the claim is over. */
MUST_USE bool running_end(
    struct db *db, const struct running *r, const struct run_done *done, struct err *e);
/* It reads the config's collections for a snapshot: how the config fares follows from it. */
bool running_counts(const struct run *r);
/* It reads some of them alone (r->categories); the others are as they were read last. */
bool running_is_partial(const struct run *r);
MUST_USE bool running_categories(
    TALLOC_CTX *mem, const struct run *r, struct strings *out, struct err *e);
/* It reads the log alone, and no collection. */
bool running_is_of_log(const struct run *r);
/* How long ago it was begun. */
int64_t running_ms(const struct running *r);

struct run_failure {
	const char *reason, *remedy; /* for the administrator; remedy may be NULL */
	bool        hold;            /* it cannot get better by itself */
	int64_t     after_s;         /* not before; 0: as said above */
};
/* Outside a transaction: it has come to nothing, and the claim is over. */
MUST_USE bool running_fail(struct running *r, const struct run_failure *f, struct err *e);
/*
 * Outside a transaction: nothing was begun under a claim, and nothing may be for f->after_s.  What waits of the config says
 * why, and the claim is over.
 */
MUST_USE bool running_put_off(struct tenant_db *t, TALLOC_CTX *mem, const struct run_claim *claim,
    const struct run_failure *f, struct err *e);
/* Outside a transaction: it is left as if it had not been begun, due at once, and the claim is over. */
MUST_USE bool running_later(struct running *r, struct err *e);

/* ---- running_ask.c: what others do about a config's runs, in a transaction of theirs ---- */

struct run_touch {
	const struct strings *categories;
	const struct attribution *who; /* whom it told of: named beside those that a run that waits names */
	int64_t               in_ms;
};

/* A new config, or one whose source collects from now on; due at once where it has a schedule. */
MUST_USE bool running_join(struct db *db, const struct env *env, const struct uuid *config,
    const struct schedule_plan *plan, struct err *e);
/* Another schedule or source: it is due as that says, and at once where it has not run, or came to nothing last. */
MUST_USE bool running_move(struct db *db, const struct env *env, const struct uuid *config,
    const struct schedule_plan *plan, struct err *e);
/* The config goes, or its source collects no more. */
MUST_USE bool running_leave(struct db *db, const struct uuid *config, struct err *e);
/* Somebody asks for a run of a kind: one that waits already, or a new one, due at once.  *run: that. */
MUST_USE bool running_ask(struct db *db, const struct env *env, const struct uuid *config,
    enum run_kind kind, const char *by, struct run *run, struct err *e);
/*
 * Its source told of these collections (not none; JSON, as struct run has them): they are read in so many ms, by a run
 * that waits already or a new one.  `activity`: what was told.
 */
MUST_USE bool running_touch(struct db *db, const struct env *env, const struct uuid *config,
    const struct run_touch *t, struct err *e);
/* Its log is to be read on now, unless that waits already: then as it waits. */
MUST_USE bool running_watch(struct db *db, const struct env *env, const struct uuid *config,
    struct err *e);
/* One that waits shall not be; one that runs stops within seconds and writes nothing.  ERR_CONFLICT: it is over. */
MUST_USE bool running_cancel(struct db *db, TALLOC_CTX *mem, const struct run *run,
    const struct schedule_plan *plan, struct err *e);

#endif
