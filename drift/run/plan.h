/*
 * plan.h - what an ingest will write, worked out from the state that was read:
 * the comparison, the report, the versions to open and close, the contents.
 *
 * A plan holds for one state only (snapshot_add_next); when the state was outrun
 * it is made again.  Making it reads, and writes nothing.
 */
#ifndef BSX_DRIFT_RUN_PLAN_H
#define BSX_DRIFT_RUN_PLAN_H

#include "core/store/drift/awaited.h"
#include "core/store/drift/intent.h"
#include "core/store/drift/report.h"
#include "core/store/drift/rule_hits.h"
#include "core/store/drift/silence.h"
#include "core/store/drift/snapshot.h"
#include "core/store/drift/unsettled.h"
#include "drift/alert/alerting.h"
#include "drift/engine/diff.h"
#include "drift/run/collections.h"
#include "drift/run/finding.h"
#include "drift/run/pushers.h"
#include "drift/snapshot/normal_snapshot.h"
#include "drift/run/stability.h"

struct running;
struct attribution_asker;

/* The fixed part of one run: whose, of what, from whom. */
struct ingest {
	struct drift              *d;
	struct tenant_db          *t;
	TALLOC_CTX                *mem;
	struct work               *work;
	const struct drift_config *config;
	const struct drift_spec   *spec;
	const struct normal_snapshot         *snapshot;
	const char                *actor, *pushed_by, *idempotency_key;
	struct uuid                pusher; /* the credential: a key's id, or a user's */
	struct permits            *permits;
	struct blob                body_hash;
	instant                    collected_at, received_at;
	bool                       dated; /* who pushed says when it was collected */
	struct uuid                snapshot_id;
	const struct ingest_read  *read; /* the state, read already; NULL: it is to be read */
	const struct running      *run;  /* that it ends (running.h); NULL: it was pushed */
	const struct attribution_asker *who; /* knows who made changes (attributing.h); NULL: nobody does at once */
};

/* What a run begins with, read together with its config. */
struct ingest_read {
	struct config_state state;
	struct report       report; /* the state's */
	bool                has_report;
	struct collection_row *collections; /* by category */
	size_t                 collections_n;
	struct pusher_row     *pushers; /* those with whom something is wrong */
	size_t                 pushers_n;
	struct rule_hits       rules;
	bool                   has_rules;
};

enum plan_kind {
	PLAN_SAME,  /* nothing changed since the last one: the same report */
	PLAN_NEXT,  /* the newest snapshot */
	PLAN_LATE,  /* collected before the newest: stored and reported, state unchanged */
	PLAN_AGAIN, /* the newest one, stored already, looked at again: something has ended by the
		       clock */
};

/* The changes that a snapshot shows itself. */
struct plan_seen {
	size_t              n, shortened;
	struct diff_summary summary;
};

struct plan {
	enum plan_kind      kind;
	struct config_state before, after; /* the state row read and to write */
	struct plan_collections collections;
	struct plan_pushers     pushers;
	struct finding_makers makers; /* what is known of who made what stands */
	struct finding_list standing; /* findings of the config, and silences, read with what is compared */
	struct silence     *silences;
	size_t              silences_n;
	struct intent      *intents; /* read with those: announced changes of the config */
	size_t              intents_n;
	struct intent_count *announced; /* written: how many came as announced */
	size_t              announced_n;
	struct diff        *diff;   /* NULL: nothing was compared; first what this snapshot shows, then
					what stands of collections that it has not read */
	struct unsettled_list unsettled; /* settle.h */
	struct unsettled     *over; /* of them, those that somebody has seen */
	size_t                over_n;
	bool                 *ended; /* of the changes it shows: it undoes what was told; NULL: none does */
	bool                  waits; /* what nothing holds is too little to be told yet */
	struct plan_seen    seen;    /* the first part of it: what the report has */
	struct diff        *counted; /* by which masked values that were set are counted; that one, or
					what it would be if it looked at them */
	struct rule_hits      rules; /* what the config's rules have met before; hits NULL: nothing */
	uint32_t             *base_hits; /* what each normaliser met in the baseline's side */
	struct change_text   *values; /* parallel to diff->changes */
	struct plan_findings *findings;   /* NULL: nothing was compared */
	struct stability      stability;
	struct report         report;
	struct change_row    *changes; /* parallel to diff->changes */
	struct version       *opened, *closed;
	size_t                opened_n, closed_n;
	struct content_rows   contents;
	struct snapshot       snapshot;
	struct awaited       *awaited; /* changes whose maker is looked for (attributing.h) */
	size_t                awaited_n;
	struct masking       *masking_due; /* written: what is to be told of (masking.h) */
	size_t                masking_n;
	size_t                raised; /* changes, by who made them (raising.h) */
	struct raw_json       severities_before; /* of the report that stood, where it is looked at again */
};

/* `db` is the tenant's connection, inside a transaction or not.  Of a bare snapshot that is not PLAN_SAME nothing but the
 * kind is known. */
MUST_USE struct plan *plan_make(TALLOC_CTX *mem, const struct ingest *in, struct err *e);
/* Of the newest snapshot in->snapshot, as it is stored (normal_snapshot_of_stored). */
MUST_USE struct plan *plan_again(TALLOC_CTX *mem, const struct ingest *in, struct err *e);

/* plan_record.c: fills report, values and change rows from the finished comparison. */
MUST_USE bool plan_record(struct plan *p, const struct ingest *in, const char *status,
    const struct uuid *baseline, struct err *e);

#endif
