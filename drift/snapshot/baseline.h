/*
 * baseline.h - what a stored snapshot held, by category and key.
 */
#ifndef BSX_DRIFT_SNAPSHOT_BASELINE_H
#define BSX_DRIFT_SNAPSHOT_BASELINE_H

#include "core/store/drift/content.h"
#include "core/store/drift/snapshot.h"
#include "drift/engine/resource.h"

/* In order: the versions in force at its number; out of order: its manifest. */
MUST_USE bool baseline_held(struct tenant_db *t, TALLOC_CTX *mem, const struct snapshot *s,
    struct held **rows, size_t *n, struct err *e);
/* Appends one entry of a manifest, which is [[category, key, hex of address], ...]. */
struct manifest_entry {
	struct str     category, key;
	const uint8_t *address; /* HASH_LEN bytes */
};
void baseline_manifest_entry(struct buf *b, const struct manifest_entry *x, bool first);
/* The manifest's text of a snapshot's resources. */
struct normal_snapshot;
MUST_USE bool baseline_manifest(
    TALLOC_CTX *mem, const struct normal_snapshot *s, struct str *text, struct err *e);
/* The normal form that is wanted of what is stored, and who spends the work for it. */
struct normal_form {
	const struct compare_spec *spec;
	struct work               *work;
};
/* A stored resource in that form. */
MUST_USE bool baseline_resource(struct tenant_db *t, TALLOC_CTX *mem,
    const struct normal_form *form, const struct held *h, struct resource *r, struct err *e);
/* The same of several, at most CONTENT_BATCH, whose contents are read in one round trip. */
MUST_USE struct content_batch *baseline_batch(
    struct tenant_db *t, TALLOC_CTX *mem, const struct held *const *h, size_t n, struct err *e);
MUST_USE bool baseline_of_batch(const struct content_batch *b, TALLOC_CTX *mem,
    const struct normal_form *form, const struct held *h, struct resource *r, struct err *e);

#endif
