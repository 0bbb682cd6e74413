/*
 * run.h - runs: each reading of a source that collects, and what is known of those of a config.
 *
 * The life of a run (drift/run/running.h): queued -> running -> done | failed | dead, or cancelled before it is over.
 * One of a config runs at a time, and one of each kind waits.  Who changes the runs of a config holds its state row
 * (run_state_lock), and takes its locks in this order: the state row, its runs, its row of run_index.h.
 *
 * Errors: ERR_MISSING, and those of db.h.
 */
#ifndef BSX_STORE_DRIFT_RUN_H
#define BSX_STORE_DRIFT_RUN_H

#include "core/store/drift/run_index.h"

/* In the order in which they have their turn. */
#define RUN_KINDS(X)                                                                               \
	X(RUN_TRY, "try")     /* reads, and stores nothing */                                      \
	X(RUN_MANUAL, "manual")                                                                    \
	X(RUN_NOTIFY, "notify")                                                                    \
	X(RUN_SCHEDULED, "scheduled")                                                              \
	X(RUN_ATTRIBUTION, "attribution") /* reads the log of who did it alone */                  \
	X(RUN_WATCH, "watch") /* the same log, for what is to be read soon (run_tail.h) */
#define RUN_STATES(X)                                                                              \
	X(RUN_QUEUED, "queued")                                                                    \
	X(RUN_RUNNING, "running")                                                                  \
	X(RUN_DONE, "done")                                                                        \
	X(RUN_FAILED, "failed")                                                                    \
	X(RUN_DEAD, "dead")                                                                        \
	X(RUN_CANCELLED, "cancelled")
#define X(id, wire) id,
enum run_kind { RUN_KINDS(X) RUN_KIND__MAX };
enum run_state_word { RUN_STATES(X) RUN_STATE__MAX };
#undef X
/* For choices of a field, NULL at the end. */
extern const char *const run_kinds[], *const run_states[];

#define RUN_TEXT_MAX     500   /* of reason and remedy; longer ones are cut */
#define RUN_PROGRESS_MAX 32768 /* bytes of progress; a longer one is left out */

struct run {
	struct uuid     id;
	struct uuid     config_id;
	const char     *kind;   /* run_kinds[] */
	instant         slot;   /* of the schedule; of the others when they were asked for */
	instant         due_at;
	const char     *state;  /* run_states[] */
	instant         started_at, finished_at; /* 0: not yet */
	int64_t         missed;   /* slots before it for which there was no run */
	int64_t         attempts;
	uint64_t        fence;    /* of the claim under which it was begun last */
	const char     *reason, *remedy; /* why it came to nothing, or waits; NULL: all is well */
	const char     *asked_by; /* NULL: nobody, it is scheduled */
	struct raw_json categories; /* array: it reads these collections alone; null: all */
	struct raw_json activity;   /* what its source told of, as an attribution is kept; null: nothing */
	struct uuid     report_id, snapshot_id; /* nil: it came to none */
	struct raw_json progress;  /* object; null: none yet */
};

/* Of a config whose source collects. */
struct run_state {
	struct uuid config_id;
	instant     last_slot; /* slots up to it are seen to, or nobody's business; 0: none is */
	instant     next_at;   /* 0: not by itself */
	int64_t     failures;  /* runs in a row that came to nothing */
	bool        held;      /* what is wrong does not get better by itself */
	struct uuid last_run;  /* nil: none yet */
	uint64_t    moves;     /* raised whenever next_at is set anew by a change of the config */
	instant     now;       /* of the database, when the row was read */
};

/* ---- the state row ---- */

MUST_USE bool run_state_add(struct db *db, const struct run_state *s, struct err *e);
MUST_USE bool run_state_by_id(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct run_state *s, struct err *e);
/* The same, and holds it until the transaction ends. */
MUST_USE bool run_state_lock(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct run_state *s, struct err *e);
/* All but `moves`; next_at stays where that has been raised since the row was read. */
MUST_USE bool run_state_set(struct db *db, const struct run_state *s, struct err *e);
/* A change of the config: last_slot, next_at, failures and held; raises `moves`. */
MUST_USE bool run_state_move(struct db *db, const struct run_state *s, struct err *e);

/* ---- runs ---- */

MUST_USE bool run_add(struct db *db, const struct run *r, struct err *e);
MUST_USE bool run_by_id(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct run *r, struct err *e);
/* What runs and waits of a config: the one that runs first, then in the order of their kinds. */
#define RUNS_LIVE_MAX (RUN_KIND__MAX + 1)
MUST_USE bool run_live(struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct run **rows,
    size_t *n, struct err *e);
/* All but what it was made with (id, config_id, kind, slot, asked_by) and its activity, of one that is not over
 * (tx_later). */
MUST_USE bool run_set(struct db *db, const struct run *r, struct err *e);
/* One that came to nothing that anybody has to know (tx_later). */
MUST_USE bool run_drop(struct db *db, const struct uuid *id, struct err *e);
/* How far it has come, while its fence is r->fence and it runs; outside a transaction too.  *told false: it is another's,
 * or is over. */
MUST_USE bool run_set_progress(struct db *db, const struct run *r, bool *told, struct err *e);
/* *cancelled: somebody has, while it ran.  Holds the state row of its config and it until the transaction ends. */
MUST_USE bool run_hold(
    struct db *db, TALLOC_CTX *mem, const struct run *r, bool *cancelled, struct err *e);

/* Newest first; nil, NULL and 0: any. */
struct run_filter {
	struct uuid config_id;
	const char *state;
	const char *kind;
	instant     since; /* made since then */
};
MUST_USE bool run_list(struct tenant_db *t, TALLOC_CTX *mem, const struct run_filter *f,
    struct page *p, struct err *e);

/* Drops all of a config's, and its state row. */
MUST_USE bool run_drop_all(struct db *db, const struct uuid *config, struct err *e);

#endif
