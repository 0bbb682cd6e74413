/*
 * ingest.h - one snapshot: stored, compared, reported, alerted.
 *
 * The heavy work (normalising, hashing, comparing, sealing) is done before the
 * transaction, on the state as read; the transaction begins with the snapshot's
 * row, which goes in only while the state is that one and holds the state's row;
 * it makes the plan again if it was outrun, and only writes.  Its mark is the
 * snapshot's id, its last statement the conditional UPDATE of the state row.
 *
 * Where a source shows what it showed when it was read last (recall.h) its snapshot is known before anything is made of
 * it: the plan is made from that alone, and holds if nothing is to be done but to count it.
 *
 * Errors: ERR_MISSING (no such config), ERR_INVALID (faults of the push),
 * ERR_CONFLICT (the idempotency key came with another body), and those of db.h.
 */
#ifndef BSX_DRIFT_RUN_INGEST_H
#define BSX_DRIFT_RUN_INGEST_H

#include "core/store/drift/masked_changes.h"
#include "drift/run/plan.h"
#include "drift/source/push.h"

/* A credential has set very many values of a masked place today. */
struct masked_place;
struct masking {
	struct masked_change       count;
	const struct masked_place *place; /* NULL: many places, or not of this snapshot */
};

struct ingest_answer {
	struct uuid   snapshot_id;
	struct report report;
	bool          unchanged; /* the report is that of an earlier snapshot */
	int64_t       clock_behind_s; /* the collector's clock was set back by so much; 0: it was not */
	bool          repeated;  /* the answer to the same key before */
	const struct masking *masking; /* to be told of */
	size_t                masking_n;
	struct strings        notes; /* of what was handed in, as it came; not of a repeat */
	const struct snapshot_head *head; /* what it came to; NULL: it is not known */
};

/*
 * What a source has come to, whichever it is.  `in` says for whom and from whom; its snapshot,
 * snapshot_id and received_at are filled here, and collected_at 0 means now.
 */
MUST_USE bool ingest_collected(struct ingest *in, const struct collected *got,
    struct ingest_answer *a, struct err *e);
/*
 * The same of what is as it was (got->same), when it came to `head` under this spec.  *holds false: nothing was written, for
 * there is more to do than that: the resources are wanted, and ingest_collected().
 */
MUST_USE bool ingest_same(struct ingest *in, const struct collected *got,
    const struct snapshot_head *head, bool *holds, struct ingest_answer *a, struct err *e);
/* ingest_read.c: a config, and what a run of it begins with (in->read); of `in`, t and mem are looked at.  ERR_MISSING. */
MUST_USE bool ingest_read(const struct ingest *in, const struct uuid *id,
    struct drift_config *config, struct ingest_read *read, struct err *e);
/* Counts a run that has come to nothing. */
void ingest_failed(const struct ingest *in, const struct err *e);

/* ---- ingest_push.c: what is handed in ---- */

struct push {
	struct uuid           config_id;
	const struct push_in *in; /* NULL: `document` is the body */
	const struct json    *document;
	const char           *actor;           /* with `document` */
	instant               collected_at;    /* with `document`; 0: now */
	struct str            body;            /* its text, to know a repeat */
	const char           *idempotency_key; /* NULL: none; 1..128 bytes */
	const char           *pushed_by;
	struct uuid           pusher; /* id of that key, or user */
	struct permits       *permits; /* LANE_PUSH, for a small body that changes much; NULL: none */
	struct work          *work; /* of the request */
};

MUST_USE bool ingest_push(struct drift *d, struct tenant_db *t, TALLOC_CTX *mem,
    const struct push *p, struct ingest_answer *a, struct err *e);

#endif
