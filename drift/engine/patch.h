/*
 * patch.h - JSON Patch (RFC 6902): a comparison as a patch that applies, and applying one.
 *
 *	struct patch *p = patch_make(mem, spec, work, e);
 *	patch_category(p, category, e)              for each category of the baseline
 *	patch_resource(p, old or NULL, new or NULL, e)   for each resource that differs
 *	patch_print(&buf, p, e)
 *
 * The document a report's patch is for holds a snapshot as {"<category>": {"<key>": value}}; that
 * of patch_value is the value itself.  Applied to the old side's normal form it gives a document
 * in which the comparison finds no change: elements whose order does not count may stand in
 * another order.  Every path is valid at the moment its operation is applied: first what is not
 * an element, in the old positions; then elements, inner arrays before outer ones, in each array
 * deleted from the highest index down and then added or moved, each right behind what is before it in
 * the end.  Rules play no part: what a rule ignores is
 * in the patch all the same.
 *
 * Values are printed as resource_print_named does: what is masked is "[masked:<16 hex>]", in a
 * document as in a patch, so that what the patch brings is what the new side has; "[masked]" where
 * both sides were redacted (redact.h).
 */
#ifndef BSX_DRIFT_ENGINE_PATCH_H
#define BSX_DRIFT_ENGINE_PATCH_H

#include "drift/engine/compare.h"

struct patch;

/* `spec`, and the categories given to the patch, must outlive it; resources and values what was
 * found in them. */
MUST_USE struct patch *patch_make(
    TALLOC_CTX *mem, const struct compare_spec *spec, struct work *work, struct err *e);
/* What it is the patch of, before anything is added: masks have other names in one of anything else (naming.h).
 * `what` must outlive it. */
void patch_of(struct patch *p, struct str what);
/* Says that the document has a member for this category, so that it needs not be added. */
MUST_USE bool patch_category(struct patch *p, struct str category, struct err *e);
MUST_USE bool patch_resource(
    struct patch *p, const struct resource *from, const struct resource *to, struct err *e);
/* From one value in normal form to another, both of a resource of this category. */
MUST_USE bool patch_value(struct patch *p, struct str category, const struct json *from,
    const struct json *to, struct err *e);
/* Appends it as a JSON array and orders it for that: nothing is to be added afterwards. */
MUST_USE bool patch_print(struct buf *out, struct patch *p, struct err *e);
/*
 * In pieces: what was found in whole resources since the last time, then the end of the array.
 * Operations of different resources do not meet, so their order is that of the resources.
 */
MUST_USE bool patch_flush(struct buf *out, struct patch *p, struct err *e);
MUST_USE bool patch_end(struct buf *out, const struct patch *p, struct err *e);

/*
 * Applies the operations of `patch` (a JSON array) to a copy of `doc` and answers that, owned by
 * `mem`; strings and numbers still point into both texts.  All or nothing: NULL when an operation
 * is malformed or fails, with a fault (ERR_INVALID) at "/<operation>" or a member of it.
 * `test` compares numbers by value and members in any order.  A document that grows beyond
 * JSON_DEPTH_MAX levels, or by more than JSON_VALUES_MAX values, is refused.
 */
MUST_USE struct json *patch_apply(TALLOC_CTX *mem, const struct json *doc, const struct json *patch,
    struct work *work, struct err *e);
/*
 * The same for `add`, `replace` and `remove`, each for itself: what does not apply is passed over,
 * and why[i] says why (NULL: operation i was applied).
 */
MUST_USE struct json *patch_apply_each(TALLOC_CTX *mem, const struct json *doc,
    const struct json *patch, const char **why, struct work *work, struct err *e);

#endif
