/*
 * archive_since.h - what has happened in a tenant since an archive was made of it.
 */
#ifndef BSX_STORE_ARCHIVE_ARCHIVE_SINCE_H
#define BSX_STORE_ARCHIVE_ARCHIVE_SINCE_H

#include "core/json/field.h"
#include "core/store/tenant/tenant_db.h"

/* Where its trail had come, and the instant. */
struct archive_point {
	uint64_t chain, entries;
	instant  at;
};
struct since_deed {
	const char *action;
	int64_t     count;
};
extern const struct schema since_deed_schema;
#define SINCE_DEEDS 200
struct archive_since {
	struct items deeds;             /* struct since_deed: entries of the trail behind that, the most first; at most SINCE_DEEDS */
	int64_t      snapshots, alerts; /* that have come since the instant */
};
/* `chain`: the number of the tenant's present one. */
MUST_USE bool archive_since(struct tenant_db *t, TALLOC_CTX *mem, uint64_t chain, const struct archive_point *p,
    struct archive_since *out, struct err *e);

#endif
