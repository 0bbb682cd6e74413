/*
 * derive.h - collections that no source has: what several of its collections come to when they are read together.
 *
 * A pack names what it derives (`derived`); each name is a row of the table (derive.c) and a file of its own.  A row is
 * a pure function of what was read: the same items in any order come to the same resources.
 */
#ifndef BSX_DRIFT_SOURCE_DERIVE_H
#define BSX_DRIFT_SOURCE_DERIVE_H

#include "core/json/json.h"

#define DERIVE_PARTS_MAX 8
#define DERIVE_MAX       8     /* of a pack */
#define DERIVE_ITEMS_MAX 50000 /* that one may come to; its row, and how much it may look at to find them */
#define DERIVE_STEPS_MAX 5000000

/* A collection that it is made of, as the pack calls it. */
struct derive_part {
	const char *category; /* NULL: the end of the list */
	bool        licensed; /* where the other side has no licence for it, there is nothing in it */
};

struct derive_item {
	struct str         key;
	const struct json *value;
};
struct derive_items {
	struct derive_item *at;
	uint32_t            n;
};

struct derived {
	struct derive_items items;
	const char         *short_of; /* a sentence: there is more than what is here; NULL: that is all */
};

struct derive_ops {
	const char        *name;     /* as a pack says it */
	const char        *category; /* of its resources */
	const char        *doc;
	struct derive_part parts[DERIVE_PARTS_MAX + 1];
	const char *const *unstable; /* path patterns of what is only for people; NULL at the end */
	/* of[i]: what was read of parts[i], all of it.  What it makes is a child of `mem`, and may point into that. */
	bool (*derive)(
	    TALLOC_CTX *mem, const struct derive_items *of, struct derived *out, struct err *e);
};

/* NULL: there is none of that name. */
const struct derive_ops *derive_by_name(const char *name);

#endif
