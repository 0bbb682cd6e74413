/*
 * audit_details.h - what an audit entry tells beyond its columns: a struct with a field table.
 *
 * Each deed has its own, beside it; here is what prints them, and what many tell: how something was and how it is.
 */
#ifndef BSX_AUTH_AUDIT_DETAILS_H
#define BSX_AUTH_AUDIT_DETAILS_H

#include "core/json/schema.h"

/* A member of details: as it is; left out where there is nothing to tell. */
#define TOLD(T, m)              FIELD(T, m, .flags = 0)
#define TOLD_IF(T, m)           FIELD(T, m, .flags = FIELD_OMIT_ZERO)
#define TOLD_ITEM_IF(T, m, it)  FIELD(T, m, .flags = FIELD_OMIT_ZERO, .item = (it))

struct text_change {
	const char *from, *to;
};
struct list_change {
	struct strings from, to;
};
struct json_change {
	struct raw_json from, to;
};
extern const struct schema text_change_schema, list_change_schema, json_change_schema;
/* `room` filled, where the two differ; else NULL: nothing to tell. */
const struct text_change *text_change(struct text_change *room, const char *from, const char *to);

/* The struct as the text of entry->details, a child of `mem`; NULL: out of memory. */
MUST_USE const char *audit_details(TALLOC_CTX *mem, const struct schema *s, const void *in, struct err *e);

#endif
