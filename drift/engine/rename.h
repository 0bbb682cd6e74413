/*
 * rename.h - which resources of a category that are new are, by likeness, others that are gone: for
 * display only.  Both stay one created and one deleted change, and are counted and judged as such.
 *
 * They are paired as objects of an array are (likeness.h), from 8/10 on.  Masked values are all one in it
 * and in the severity, on both sides (redact.h): whoever sets a value does not learn by a link that
 * it is a masked one.
 */
#ifndef BSX_DRIFT_ENGINE_RENAME_H
#define BSX_DRIFT_ENGINE_RENAME_H

#include "drift/engine/compare.h"

struct rename_terms {
	const struct compare_spec *spec;
	const struct rules        *rules; /* NULL: all are of the default severity */
	struct work               *work;
};

/* Resources of one category in normal form. */
struct rename_sides {
	const struct resource *gone, *made;
	uint32_t               gone_n, made_n;
};

struct rename {
	uint32_t      gone, made; /* indices in the sides */
	enum severity severity;   /* the worst of what differs inside; SEVERITY_INFO: nothing does */
};

struct renames {
	struct rename *of; /* child of `mem`; each resource is in one at most */
	uint32_t       n;
	bool           too_many; /* beyond the bound of likeness.h: none */
};

MUST_USE bool rename_find(TALLOC_CTX *mem, const struct rename_terms *terms,
    const struct rename_sides *sides, struct renames *out, struct err *e);

#endif
