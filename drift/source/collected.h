/*
 * collected.h - what a source comes to: resources, and how far each collection was read.
 *
 * Every kind of source ends here, and a run (drift/run/ingest.h) begins here.  A category with
 * resources is complete unless it is told otherwise.  Nothing here knows what the baseline held.
 */
#ifndef BSX_DRIFT_SOURCE_COLLECTED_H
#define BSX_DRIFT_SOURCE_COLLECTED_H

#include "drift/engine/resource.h"

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
	bool              told; /* by the source; else it follows from the resources or the baseline */
	bool              found; /* its name is what the document says, and nobody has declared it */
};

struct redaction;
struct recall;
struct collected {
	struct resource     *resources; /* as resources_check wants them */
	size_t               n;
	bool                 same; /* as it was read before (recall.h): resources are not here, and n is how many there are */
	struct recall       *recall; /* of what is here, for whoever keeps it; NULL: it will not be known again */
	struct collection   *collections; /* as told */
	size_t               collections_n;
	bool                 found; /* the categories of the resources are; told ones are declared */
	enum resource_origin from;     /* RESOURCE_STORED: rendered from a template */
	struct strings       notes;    /* sentences for whoever handed it in */
	struct redaction    *left_out; /* masked values are, and where; NULL: they stay */
};

#endif
