/*
 * push.h - the source `push`: what a collector hands in, as resources and the
 * completeness of their collections.
 *
 * Errors: ERR_INVALID with faults (pointers into the body).  Results point into
 * the body's tree, which must outlive them.
 */
#ifndef BSX_DRIFT_SOURCE_PUSH_H
#define BSX_DRIFT_SOURCE_PUSH_H

#include "core/json/schema.h"
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

/* `selector`: how a document is cut (source.h). */
MUST_USE bool push_collect(TALLOC_CTX *mem, const struct push_in *in,
    const struct resource_selector *selector, struct collected *out, struct err *e);
MUST_USE bool push_collect_document(TALLOC_CTX *mem, const struct json *document,
    const struct resource_selector *selector, struct collected *out, struct err *e);

#endif
