/*
 * sides.h - any two things held against each other: stored snapshots, or
 * documents that are only at hand.
 *
 *	side_of_snapshot(t, mem, s, &left, e), side_of_document(mem, spec, v, &right, work, e)
 *	sides_each(t, mem, spec->compare, &left, &right, fn, arg, work, e)
 *
 * A category that was not read completely on one of the sides is not compared.
 * Contents are read only where the two sides differ.
 *
 * Errors: ERR_INVALID with faults (a document that cannot be cut into
 * resources), ERR_INTERNAL (a content is missing), and those of db.h.
 */
#ifndef BSX_DRIFT_RUN_SIDES_H
#define BSX_DRIFT_RUN_SIDES_H

#include "core/store/snapshot.h"
#include "drift/engine/diff.h"
#include "drift/run/loss.h"
#include "drift/run/spec.h"

struct side {
	struct side_item  *items; /* by category and key */
	size_t             n;
	const struct json *collections; /* category -> completeness; NULL: all complete */
	bool               in_order;    /* they are, by category */
	bool               only;        /* no others are compared: a golden baseline that says so */
};

MUST_USE bool side_of_snapshot(struct tenant_db *t, TALLOC_CTX *mem, const struct snapshot *s,
    struct side *out, struct err *e);
/* Cut by the selector of the spec, and normalised; it must outlive the side. */
MUST_USE bool side_of_document(TALLOC_CTX *mem, const struct drift_spec *spec,
    const struct json *document, struct side *out, struct work *work, struct err *e);

/* What a template was rendered to. */
struct snap;
MUST_USE bool side_of_snap(TALLOC_CTX *mem, const struct snap *s, struct side *out, struct err *e);

/* The places of its resources, in its order. */
MUST_USE bool side_places(
    TALLOC_CTX *mem, const struct side *s, struct place **out, struct err *e);
/* Was a category read completely, and compared; were all of them? */
bool side_complete(const struct side *s, struct str category);
bool side_whole(const struct side *s);

/* Gets each resource that may differ, in normal form; NULL: not on that side. */
typedef bool side_fn(
    void *arg, const struct resource *from, const struct resource *to, struct err *e);
MUST_USE bool sides_each(struct tenant_db *t, TALLOC_CTX *mem, const struct compare_spec *spec,
    const struct side *from, const struct side *to, side_fn *fn, void *arg,
    struct work *work, struct err *e);

/* The categories that sides_each leaves out, as a JSON array of strings. */
MUST_USE bool sides_incomplete(
    const struct side *from, const struct side *to, struct buf *out, struct err *e);

/* Appends the JSON Patch from one side to the other (patch.h). */
MUST_USE bool sides_patch(struct tenant_db *t, TALLOC_CTX *mem, const struct compare_spec *spec,
    const struct side *from, const struct side *to, struct buf *out,
    struct work *work, struct err *e);

#endif
