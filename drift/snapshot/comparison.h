/*
 * comparison.h - any two things held against each other: stored snapshots, or
 * documents that are only at hand.
 *
 *	side_of_snapshot(t, mem, s, &left, e), side_of_document(mem, spec, v, &right, work, e)
 *	comparison_each(mem, &(struct both_sides) { t, spec->compare, &left, &right, work }, fn, arg, e)
 *
 * A category that was not read completely on one of the sides is not compared.
 * Contents are read only where the two sides differ: of stored ones, where their addresses do.
 *
 * Errors: ERR_INVALID with faults (a document that cannot be cut into
 * resources), ERR_INTERNAL (a content is missing), and those of db.h.
 */
#ifndef BSX_DRIFT_SNAPSHOT_COMPARISON_H
#define BSX_DRIFT_SNAPSHOT_COMPARISON_H

#include "core/store/drift/snapshot.h"
#include "core/store/drift/unsettled.h"
#include "drift/engine/diff.h"
#include "drift/snapshot/loss.h"
#include "drift/config/spec.h"

struct side {
	struct side_item     *items; /* by category and key */
	size_t                n;
	struct side_category *collections; /* by category; one that is not named is complete */
	size_t                collections_n;
	bool                  only; /* no others are compared */
	/* What it is stored under, put on before that of the comparison, so that what its config
	 * masks is masked whatever that says; NULL: none. */
	const struct compare_spec *own;
};

MUST_USE bool side_of_snapshot(struct tenant_db *t, TALLOC_CTX *mem, const struct snapshot *s,
    struct side *out, struct err *e);
/* Each collection as another snapshot held it; sorts the parts.  No other collection is compared. */
struct side_part {
	struct str  category;
	struct uuid snapshot_id;
};
MUST_USE bool side_of_parts(struct tenant_db *t, TALLOC_CTX *mem, struct side_part *parts, size_t n,
    struct side *out, struct err *e);
/* It is not compared, whatever the snapshot says of it. */
void side_leave_out(struct side *s, struct str category);
/* Of all its resources only this one. */
void side_keep(struct side *s, struct str category, struct str key);
/* Cut by the selector of the spec, and normalised; it must outlive the side. */
MUST_USE bool side_of_document(TALLOC_CTX *mem, const struct drift_spec *spec,
    const struct json *document, struct side *out, struct work *work, struct err *e);

/*
 * Of resources that keep a baseline of their own (unsettled.h), those that were told or those that wait: a side with
 * theirs in place of its own; only theirs; only what the side has at their places.
 */
struct side_own {
	const struct unsettled_list *of;
	bool                         told;
};
MUST_USE bool side_with(TALLOC_CTX *mem, const struct side *from, const struct side_own *own,
    struct side *out, struct err *e);
MUST_USE bool side_of_own(TALLOC_CTX *mem, const struct side *from, const struct side_own *own,
    struct side *out, struct err *e);
MUST_USE bool side_at_own(TALLOC_CTX *mem, const struct side *to, const struct side_own *own,
    struct side *out, struct err *e);
/* Under which address a side stores what is there; false: nothing is. */
bool side_address(const struct side *s, struct str category, struct str key, struct blob *out);

/* What a template was rendered to. */
struct normal_snapshot;
MUST_USE bool side_of_normal(TALLOC_CTX *mem, const struct normal_snapshot *s, struct side *out, struct err *e);

/* The places of its resources, in its order. */
MUST_USE bool side_places(
    TALLOC_CTX *mem, const struct side *s, struct places_held *out, struct err *e);
/* Was a category read completely, and compared; was one at least, or is none named? */
bool side_complete(const struct side *s, struct str category);
/* The next, from *i on, that was not read completely; false: there is none. */
bool side_next_incomplete(const struct side *s, size_t *i, struct str *category);
/* The same of those that it names and that were. */
bool side_next_complete(const struct side *s, size_t *i, struct str *category);
bool side_any(const struct side *s);

/* What is held against what, and how; the sides outlive what is done with them. */
struct both_sides {
	struct tenant_db          *t;
	const struct compare_spec *spec;
	const struct side         *from, *to;
	struct work               *work;
};

/* Gets each resource that may differ, in normal form; NULL: not on that side. */
typedef bool comparison_fn(
    void *arg, const struct resource *from, const struct resource *to, struct err *e);
MUST_USE bool comparison_each(
    TALLOC_CTX *mem, const struct both_sides *what, comparison_fn *fn, void *arg, struct err *e);

/* The categories that comparison_each leaves out, as a JSON array of strings. */
MUST_USE bool comparison_incomplete(
    const struct side *from, const struct side *to, struct buf *out, struct err *e);

/*
 * The same one by one, for who answers in pieces: what one step gives is a child of its own `mem`.
 * Contents are read for several at once.
 */
struct comparison;
struct side_pair {
	struct resource from, to;
	bool            has_from, has_to;
};
MUST_USE struct comparison *comparison_begin(
    TALLOC_CTX *mem, const struct both_sides *what, struct err *e);
/* *more false: that was all, and *out has nothing. */
MUST_USE bool comparison_next(
    struct comparison *s, TALLOC_CTX *mem, struct side_pair *out, bool *more, struct err *e);

/* The JSON Patch (patch.h) for what is compared with `from`, which knows its categories and nothing
 * else yet. */
struct patch;
MUST_USE bool comparison_patch(TALLOC_CTX *mem, const struct compare_spec *spec, const struct side *from,
    struct work *work, struct patch **out, struct err *e);

#endif
