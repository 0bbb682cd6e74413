/*
 * push.h - the source `push`: what a collector hands in, as resources and the
 * completeness of their collections.
 *
 * A push is taken whole or not at all: one element that breaks a rule refuses it, for a half that is
 * stored would call the other half gone.  What was refused is told (drift/run/pushers.h).
 *
 * Errors: ERR_INVALID with faults (pointers into the body).  Results point into
 * the body's tree, which must outlive them.
 */
#ifndef BSX_DRIFT_SOURCE_PUSH_H
#define BSX_DRIFT_SOURCE_PUSH_H

#include "core/json/schema.h"
#include "drift/engine/compare.h"
#include "drift/engine/selector.h"
#include "drift/source/collected.h"

#define PUSH_RESOURCES_MAX   500000
#define PUSH_COLLECTIONS_MAX 10000
#define PUSH_AHEAD_MS        (5 * 60 * 1000) /* a collector's clock may be ahead by this */

/* The body of a push. */
struct push_resource {
	const char     *category;
	const char     *key;
	struct raw_json value;
};
struct push_in {
	struct items    resources;   /* struct push_resource */
	struct raw_json document;    /* instead of resources */
	struct raw_json collections; /* object category -> completeness */
	const char     *actor;
	instant         collected_at;
	uint64_t        given;
};
extern const struct schema push_schema;

/* What of a config a body is read by. */
struct push_terms {
	const struct resource_selector *selector;         /* how a document is cut; NULL: it is one resource */
	const struct strings           *complete_despite; /* of what it says of itself (continued.h) */
	enum compare_edition            edition;
};

/*
 * Under the first edition a document does not say how complete it is, and an empty array is nothing
 * that was read.  From the second on its collections are partial where it says that it is not all,
 * whatever `collections` says of complete ones, and a selector with one category for all speaks of
 * that collection also when the array is empty.  What a selector finds as categories by a pointer
 * belongs to one reading (struct collection, `found`).
 */
MUST_USE bool push_collect(TALLOC_CTX *mem, const struct push_in *in,
    const struct push_terms *terms, struct collected *out, struct err *e);
MUST_USE bool push_collect_document(TALLOC_CTX *mem, const struct json *document,
    const struct push_terms *terms, struct collected *out, struct err *e);

#endif
