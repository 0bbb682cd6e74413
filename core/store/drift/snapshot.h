/*
 * snapshot.h - snapshots of a config, its resources, and which version of each
 * was in force when.
 *
 * A version is in force in the snapshots from_seq <= seq < until_seq, so that an
 * unchanged snapshot is one row.  A snapshot collected before the newest one is
 * out of order: what it held is listed in its manifest, a content of its own.
 *
 * Errors: ERR_MISSING, ERR_CONFLICT (the idempotency key or number is taken),
 * and those of db.h.
 */
#ifndef BSX_STORE_DRIFT_SNAPSHOT_H
#define BSX_STORE_DRIFT_SNAPSHOT_H

#include "core/store/drift/config.h"
#include "core/store/drift/content.h"

struct snapshot {
	struct uuid id;
	struct uuid config_id;
	uint64_t    seq;
	bool        in_order;
	struct blob manifest; /* address of [[category, key, hex of address], ...] */
	struct blob digest;
	char       *collections; /* JSON object category -> completeness */
	int64_t     resources;   /* how many */
	char       *actor;
	char       *pushed_by;
	instant     collected_at, received_at;
	struct uuid report_id;
	char       *idempotency_key; /* NULL: none */
	struct blob body_hash;       /* HMAC of what was pushed, to know a repeat */
	/*
	 * NULL: collected.  Else a golden baseline, stored like one out of order and in no list:
	 * what of the categories that its template does not name (those not in `collections`),
	 * "report" or "ignore".
	 */
	char *rendered;
};

MUST_USE bool snapshot_add(struct db *db, const struct snapshot *s, struct err *e);
/*
 * The next one of its config (tx_later): holds the config's state row until the transaction ends, and adds it;
 * the deed was outrun where number, life, report's version or baseline of that row are not those of `was`.
 */
MUST_USE bool snapshot_add_next(
    struct db *db, const struct snapshot *s, const struct config_state *was, struct err *e);
MUST_USE bool snapshot_by_id(
    struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id, struct snapshot *s, struct err *e);
MUST_USE bool snapshot_by_key(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *config,
    const char *idempotency_key, struct snapshot *s, struct err *e);
/* The newest collected at or before `at`. */
MUST_USE bool snapshot_before(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *config,
    instant at, struct snapshot *s, struct err *e);
/* Newest first, those made before `after` (nil: all). */
MUST_USE bool snapshot_list(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *config,
    struct page *p, struct err *e);
/* Finds the row of an id: the mark of an ingest. */
struct snapshot_mark {
	struct uuid id;
};
const struct sql *snapshot_mark(void);

/* A version of a resource, in force in some snapshot. */
struct held {
	char       *category, *key;
	struct uuid resource_id;
	uint64_t    from_seq;
	uint64_t    until_seq; /* of held_past_ask; else 0 */
	struct blob address;
};
#define HELD_MAX 1000000 /* resources of one snapshot */

/* How much of a config is stored: of all versions of its resources, whatever they are of, or of so many of them. */
struct stored {
	uint64_t versions, bytes;
	bool     golden; /* and its baseline comes from a template */
};
MUST_USE bool snapshot_stored(struct db *db, const struct uuid *config, uint64_t most,
    struct stored *s, struct err *e);

struct held_span {
	struct uuid config;
	uint64_t    least, most;
};
/* What a config's number `seq` held, by category and key (bytes); seq 0: what is in force now. */
MUST_USE bool held_at(struct db *db, TALLOC_CTX *mem, const struct uuid *config, uint64_t seq,
    struct held **rows, size_t *n, struct err *e);
/*
 * With what else is read in that round trip (trip.h), in no order: what is in force now; and what of that which is in
 * force no more was so at some of the numbers from `least` to `most`: who wants the versions of one number for one
 * category and of another for another picks by from_seq and until_seq.
 */
void held_now_ask(struct trip *trip, const struct uuid *config, struct held **rows, size_t *n);
void held_past_ask(struct trip *trip, const struct held_span *span, struct held **rows, size_t *n);
void held_sort(struct held *rows, size_t n); /* by category and key */
/* One of them. */
MUST_USE bool held_one(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *resource,
    uint64_t seq, struct held *h, struct err *e);
/* A resource's id follows from its place, so that nobody needs to look it up. */
struct uuid held_id(const struct uuid *config, struct str category, struct str key);

/*
 * How one resource was, the newest version first, at most `limit`, each with the snapshots of its own begin and end as far as
 * they are kept.
 */
struct version_seen {
	uint64_t    from_seq, until_seq; /* until_seq 0: in force now */
	struct uuid snapshot_id;         /* with which it began to be; nil: it is not kept */
	instant     since;               /* when that was collected; 0: it is not kept */
	bool        whole;               /* it is kept */
	instant     until;               /* when the one was collected in which it was no more; 0: none, or not kept */
};
#define VERSIONS_SEEN_MAX 200
MUST_USE bool versions_seen(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *resource, int64_t limit,
    struct version_seen **rows, size_t *n, struct err *e);

/* A row to write: opens or closes a version. */
struct version {
	struct uuid config_id;
	struct uuid resource_id;
	const char *category, *key;
	struct blob address;
	uint64_t    from_seq, until_seq;
	bool        known; /* to open: its resource has a version already */
};
struct versions {
	struct version *of;
	size_t          n;
};
/* In a deed: those that end, as they are, and those that begin, which are sorted. */
MUST_USE bool versions_write(struct db *db, TALLOC_CTX *mem, const struct versions *ended,
    const struct versions *begun, struct err *e);

#endif
