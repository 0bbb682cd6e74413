/*
 * config.h - drift configs and the state row of each.
 *
 * The state row says what the next snapshot is compared with.  An ingest holds
 * it (snapshot_add_next), and its last statement is config_state_set, which only
 * holds while `seq` is still what was read.
 *
 * Errors: ERR_MISSING (no such config in that tenant), ERR_CONFLICT (the name
 * is taken), and those of db.h.
 */
#ifndef BSX_STORE_DRIFT_CONFIG_H
#define BSX_STORE_DRIFT_CONFIG_H

#include "core/store/drift/run_standing.h"
#include "core/store/tenant/tenant_db.h"
#include "core/store/trip.h"

struct drift_config {
	struct uuid id;
	char       *name;    /* unique in its tenant */
	char       *spec;    /* JSON object, as the API took it */
	uint64_t    version; /* raised by every change */
	uint64_t    edition; /* enum compare_edition: what its findings were made under */
	struct raw_json suggested_packs; /* list of names, by its first snapshot; null: nobody has looked */
	instant     created_at, updated_at;
};

/* Nil ids, 0 instants and empty digests: not yet. */
struct config_state {
	struct uuid config_id;
	uint64_t    seq;         /* newest number given to a snapshot of this config */
	char       *state;       /* "new", "ok", "unreviewed", "drifted", "blind" */
	struct uuid snapshot_id; /* newest in order */
	struct blob digest;      /* of its resources and collections */
	instant     collected_at;
	struct uuid baseline_snapshot;
	uint64_t    baseline_seq;
	bool        baseline_approved;
	struct uuid report_id;      /* of the newest in order */
	uint64_t    config_version; /* the report was made with; 0: compare again in any case */
	instant     last_complete_at, last_run_at;
	uint64_t    life;            /* raised by every deed on findings */
	instant     recheck_at;      /* from then on the next snapshot is compared in any case; 0: never */
	int64_t     incomplete_runs; /* in a row, of the collection with most (collection.h) */
	int64_t     clean_runs;      /* complete and without findings, in a row */
	struct uuid pusher;          /* the credential of the newest snapshot; nil: none is known */
	bool        golden;          /* the baseline is rendered from a template (golden.h) */
};

/* A config with what a list shows of its state. */
struct config_row {
	struct drift_config config;
	char               *state;
	instant             last_run_at, collected_at;
	bool                golden;
	struct run_standing runs;
};

MUST_USE bool config_add(
    struct db *db, const struct drift_config *c, struct err *e); /* and its state row */
MUST_USE bool config_by_id(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id,
    struct drift_config *c, struct err *e);
/* What its runs are at. */
MUST_USE bool config_runs(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id,
    struct run_standing *out, struct err *e);
MUST_USE bool config_exists(struct tenant_db *t, const struct uuid *id, bool *there, struct err *e);
/* Newest first, those made before `after` (nil: all). */
MUST_USE bool config_list(struct tenant_db *t, TALLOC_CTX *mem, struct page *p, struct err *e);
/* Sets name, spec, updated_at and version + 1 while the version is `c->version`; *done false: it is
 * not. */
MUST_USE bool config_set(struct db *db, const struct drift_config *c, bool *done, struct err *e);
/* The edition that its findings are known by from now on; the next snapshot is compared in any case. */
MUST_USE bool config_set_edition(
    struct db *db, const struct uuid *id, uint64_t edition, struct err *e);
/* What its first snapshot looks like: once. */
MUST_USE bool config_suggest(
    struct db *db, const struct uuid *id, const char *packs, struct err *e);
/* What it says has changed elsewhere: updated_at, and version + 1. */
MUST_USE bool config_raise(struct db *db, const struct uuid *id, instant now, struct err *e);
/* Drops the config with its snapshots, reports and state; open alerts are resolved, contents stay
 * for retention. */
MUST_USE bool config_drop(struct db *db, const struct uuid *id, uint64_t version, instant now,
    const char *by, bool *done, struct err *e);
/* Configs whose spec names this id (a channel). */
MUST_USE bool config_count_naming(
    struct tenant_db *t, const struct uuid *id, uint64_t *n, struct err *e);

/* What configs say themselves of how long their history is kept, by id, those behind `after` (nil: from the first). */
struct config_kept {
	struct uuid id;
	int64_t     own_s; /* 0: nothing */
};
struct config_kept_in {
	struct uuid after;
	bool        all; /* those too that say nothing */
	int64_t     limit;
};
MUST_USE bool config_kept(struct db *db, TALLOC_CTX *mem, const struct config_kept_in *in,
    struct config_kept **rows, size_t *n, struct err *e);

MUST_USE bool config_state_by_id(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct config_state *s, struct err *e);
/* Both with what else is read in that round trip (trip.h). */
void config_ask(struct trip *trip, const struct uuid *id, struct drift_config *c, bool *found);
void config_state_ask(struct trip *trip, const struct uuid *config, struct config_state *s, bool *found);
/* The same, and holds the row until the transaction ends. */
MUST_USE bool config_state_lock(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct config_state *s, struct err *e);
/* Writes the row (tx_later); the deed was outrun where its seq is that of `before` no more.  The fleet is told where it has
 * another state, and of the minute of the last complete snapshot. */
MUST_USE bool config_state_set(struct db *db, const struct config_state *s,
    const struct config_state *before, struct err *e);
/* A snapshot out of order takes a number and changes nothing else. */
MUST_USE bool config_state_number(struct db *db, const struct config_state *s, uint64_t seq, struct err *e);
/* Somebody decided about findings: the next snapshot is compared in any case, and again from
 * `recheck` on (0: no).  `config` nil: of every config. */
MUST_USE bool config_touch(
    struct db *db, const struct uuid *config, instant recheck, struct err *e);
/* Configs whose newest report may have findings: what is silenced or no more is told of these.  Of
 * the row, only config_id and recheck_at. */
#define CONFIGS_STIRRED_MAX 100000
MUST_USE bool config_stirred(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct config_state **rows, size_t *n, struct err *e);
/* Nothing complete came in time: state "blind", and at least so many incomplete runs. */
MUST_USE bool config_blind(struct db *db, const struct uuid *config, int64_t runs, struct err *e);
/* A snapshot on its way that has read the row before is planned again. */
MUST_USE bool config_outrun(struct db *db, const struct uuid *config, struct err *e);
/* The word of the state alone. */
MUST_USE bool config_state_word(
    struct db *db, const struct uuid *config, const char *word, struct err *e);
/* "unreviewed" becomes "ok"; another word stays. */
MUST_USE bool config_state_reviewed(struct db *db, const struct uuid *config, struct err *e);
/* A snapshot as the baseline; the next snapshot is compared in any case. */
MUST_USE bool config_baseline_set(struct db *db, const struct uuid *config,
    const struct uuid *snapshot, uint64_t snapshot_seq, struct err *e);
/* A rendered one, which has taken the number `seq` of the config. */
MUST_USE bool config_golden_set(struct db *db, const struct uuid *config,
    const struct uuid *snapshot, uint64_t seq, struct err *e);

#endif
