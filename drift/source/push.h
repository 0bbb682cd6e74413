/*
 * push.h - the source `push`: what a collector hands in, as resources and the
 * completeness of their collections.
 *
 * A category is complete unless `collections` says otherwise.  Nothing here
 * knows what the baseline held.
 *
 * Errors: ERR_INVALID with faults (pointers into the body).  Results point into
 * the body's tree, which must outlive them.
 */
#ifndef BSX_DRIFT_SOURCE_PUSH_H
#define BSX_DRIFT_SOURCE_PUSH_H

#include "core/json/schema.h"
#include "drift/engine/resource.h"

#define PUSH_RESOURCES_MAX   500000
#define PUSH_COLLECTIONS_MAX 10000
#define PUSH_AHEAD_MS        (5 * 60 * 1000) /* a collector's clock may be ahead by this */

/* How far a collection was read; only complete ones are compared. */
#define COMPLETENESS(X)                                                                            \
	X(COLLECTION_COMPLETE, "complete")                                                         \
	X(COLLECTION_PARTIAL, "partial")                                                           \
	X(COLLECTION_FAILED, "failed")                                                             \
	X(COLLECTION_FORBIDDEN, "forbidden")                                                       \
	X(COLLECTION_THROTTLED, "throttled")
enum completeness {
#define X(id, wire) id,
	COMPLETENESS(X)
#undef X
	    COMPLETENESS__MAX
};
const char *completeness_name(enum completeness c);
bool        completeness_parse(struct str s, enum completeness *out);

struct collection {
	struct str        category;
	enum completeness how;
	bool
	    told; /* named by the push itself; else it follows from the resources or the baseline */
};

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

/* What it comes to. */
struct redaction;
struct collected {
	struct resource     *resources;
	size_t               n;
	struct collection   *collections; /* as told */
	size_t               collections_n;
	enum resource_origin from; /* RESOURCE_STORED: rendered from a template */
	struct redaction    *left_out; /* masked values are, and where; NULL: they stay */
};

MUST_USE bool push_collect(TALLOC_CTX *mem, const struct push_in *in,
    const struct resource_selector *selector, struct collected *out, struct err *e);
MUST_USE bool push_collect_document(TALLOC_CTX *mem, const struct json *document,
    const struct resource_selector *selector, struct collected *out, struct err *e);

#endif
