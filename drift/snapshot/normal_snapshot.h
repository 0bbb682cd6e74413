/*
 * normal_snapshot.h - a snapshot made ready: every resource normalised, with its canonical
 * text and address, in order of category and key.  No transaction is needed.
 */
#ifndef BSX_DRIFT_SNAPSHOT_NORMAL_SNAPSHOT_H
#define BSX_DRIFT_SNAPSHOT_NORMAL_SNAPSHOT_H

#include "core/store/drift/snapshot.h"
#include "drift/config/spec.h"
#include "drift/source/collected.h"

struct normal_resource {
	struct resource r;    /* normal form */
	struct str      text; /* canonical */
	uint8_t         address[HASH_LEN];
	struct held    *stored; /* its value is there and not here; NULL: it is here */
};

struct normal_snapshot {
	struct normal_resource *items;
	size_t                n;
	struct collection    *collections; /* as told and of its resources, by category */
	size_t                collections_n;
	uint8_t               digest[HASH_LEN];
	uint32_t             *hits; /* what each normaliser of the spec has met in it */
	struct redaction     *left_out; /* where masked values were (redact.h); NULL: they are there */
	bool                  bare;     /* it has a head and no items, though n says how many there are */
};

/* What a snapshot comes to, whose resources need not be there for that. */
struct snapshot_head {
	uint8_t   digest[HASH_LEN];
	uint32_t *hits; /* as above, compare_count() of the spec */
	uint32_t  hits_n;
};

MUST_USE struct normal_snapshot *normal_snapshot_make(TALLOC_CTX *mem, const struct tenant_db *t,
    const struct drift_spec *spec, const struct collected *in, struct work *work, struct err *e);

/* Of the same spec and the same resources: in->n of them, which are not there. */
MUST_USE struct normal_snapshot *normal_snapshot_of_head(TALLOC_CTX *mem,
    const struct drift_spec *spec, const struct collected *in, const struct snapshot_head *head,
    struct err *e);

/* A stored one, whose values are read when they are needed. */
MUST_USE struct normal_snapshot *normal_snapshot_of_stored(
    struct tenant_db *t, TALLOC_CTX *mem, const struct snapshot *stored, struct err *e);

/* By category, then key, by bytes: the order of everything that is merged. */
int place_order(
    struct str category_a, struct str key_a, struct str category_b, struct str key_b);

#endif
