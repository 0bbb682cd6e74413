/*
 * resource.h - a resource of a snapshot, its normal form and its canonical text.
 *
 * A snapshot is a set of resources {category, key, value}.  The road of one:
 *
 *	json_parse -> resource_split (a document, selector.h) or the caller (a pushed list)
 *	    -> resources_check -> resource_normalise -> resource_canonical
 *	    -> hash and store; where the hash differs from the baseline's:
 *	json_parse(stored text) -> resource_normalise(RESOURCE_STORED) -> diff_resource
 *
 * The normal form is the value without ignored members and with masked scalars
 * replaced.  It shares every unchanged part with the value it was made from, so
 * that tree (and the text it points into) must outlive it.  The order of array
 * elements is kept: it is shown to people, and `list` needs it.
 *
 * A masked scalar is, in the normal form, a string of U+0000, "masked:" and the
 * HMAC-SHA-256 of its canonical text in hex; where only parts of a text are
 * masked, the rest follows (mark.h).  So that no outside text can pass
 * for one, a string that begins with U+0000 gets a second U+0000 in front.
 * Values are shown by resource_print, which turns both back ("[masked]",
 * "Server=db;Password=[masked]").
 */
#ifndef BSX_DRIFT_ENGINE_RESOURCE_H
#define BSX_DRIFT_ENGINE_RESOURCE_H

#include "core/json/json.h"
#include "core/base/work.h"

#define RESOURCE_CATEGORY_MAX 128 /* bytes, 1..128 */
#define RESOURCE_KEY_MAX      512 /* bytes, 0..512 */
#define RESOURCE_CATEGORY_DOCUMENT STR("document")

struct compare_spec;

struct resource {
	struct str         category;
	struct str         key;
	const struct json *value;
	bool               masks; /* of a normal form: there are masks in it */
};

/*
 * The rules every list of resources keeps: lengths of category and key, both without U+0000, and
 * no (category, key) twice.  Faults point at "/resources/<index>" and are owned by `mem`.
 */
MUST_USE bool resources_check(TALLOC_CTX *mem, const struct resource *r, size_t n, struct err *e);
/* The same of what was cut out of a document: faults point at the element of the array at `root`. */
MUST_USE bool resources_check_cut(
    TALLOC_CTX *mem, struct str root, const struct resource *r, size_t n, struct err *e);

enum resource_origin {
	RESOURCE_SOURCE, /* a value from outside */
	RESOURCE_STORED, /* parsed from a text of resource_canonical: masks in it stay as they are */
};

/*
 * Replaces r->value by its normal form under `spec`.  ERR_INVALID with a fault when a number is
 * beyond the limits of json_canonical.  New nodes are owned by `mem`.
 * A category or key from outside, or the name of a member, that holds a secret by its content (secret.h)
 * has "[masked:<16 hex>]" in its place, so that they stay apart; so has all of one that holds "[masked" from outside,
 * lest it pass for another.  The hex is of the owner of the spec (compare_bind) and of where it stands: a template made
 * of one config does not know such a resource in another.
 */
MUST_USE bool resource_normalise(TALLOC_CTX *mem, const struct compare_spec *spec,
    struct resource *r, enum resource_origin from, struct work *work, struct err *e);

/* Category and key alone.  A stored one has been through this already, or was stored by the first edition. */
MUST_USE bool resource_name(TALLOC_CTX *mem, const struct compare_spec *spec, struct resource *r,
    enum resource_origin from, struct err *e);

/* Appends the canonical text of a normal form: what is hashed (with the tenant's key) and stored. */
MUST_USE bool resource_canonical(struct buf *out, const struct resource *r, struct err *e);

/* Is this value of a normal form a mask, of all or of parts?  *hex gets its HMAC in hex. */
bool resource_masked(const struct json *v, struct str *hex);

/*
 * Appends a value of a normal form (or of a change) as JSON for people and answers: masked scalars
 * as "[masked]", numbers of canonical text written out (1e2 as 100) where that is short.
 */
void resource_print(struct buf *out, const struct json *v);
/*
 * The same of a value in a resource, for a document that a patch is applied to: masks are
 * "[masked:<16 hex>]".  A name is of the value and of its place in that resource of the owner of the spec
 * (compare_bind); elements of an array keep theirs where they move (naming.h).
 */
void resource_print_named(struct buf *out, const struct compare_spec *spec,
    const struct resource *r, const struct json *v);

#endif
