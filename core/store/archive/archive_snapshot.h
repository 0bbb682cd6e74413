/*
 * archive_snapshot.h - a tenant as it was at one instant: what an archive's head says of it, and its rows, opened.
 *
 * Rows are read by the tenant's own account, which has no other's.  What the control schema has of the tenant is read
 * before and after the instant, until both are alike; how far its trail had come is read within it; what is due by the clock is
 * read just behind it.
 *
 * Errors: ERR_CONFLICT: its schema is older or newer than this program, or its settings do not rest; ERR_INTERNAL: a sealed
 * value does not open; those of db.h.
 */
#ifndef BSX_STORE_ARCHIVE_ARCHIVE_SNAPSHOT_H
#define BSX_STORE_ARCHIVE_ARCHIVE_SNAPSHOT_H

#include "core/store/archive/archive_tables.h"
#include "core/store/drift/schedule.h"
#include "core/store/tenant/tenant_db.h"

struct archive_snapshot;
/* `t` stays open until the snapshot, a child of mem, is freed. */
MUST_USE struct archive_snapshot *archive_snapshot_open(TALLOC_CTX *mem, struct database *d, struct tenant_db *t, struct err *e);
/* What is known of it fills the head, tables with their rows counted; the caller fills id, made_at, made_by, signer. */
struct archive_head *archive_snapshot_head(struct archive_snapshot *x);

/* What is due by the clock, in place of what it has; `due` lasts as long as the snapshot. */
void archive_snapshot_due(struct archive_snapshot *x, struct schedule_row *due, size_t n);

/* Every row of every table, in the head's order, what is sealed in it opened; values are valid within the call. */
struct archive_walk {
	bool (*row)(void *arg, const struct blob *values, struct err *e);
	bool (*table)(void *arg, const struct archive_table *t, struct err *e); /* before its rows */
	void *arg;
};
MUST_USE bool archive_snapshot_walk(struct archive_snapshot *x, const struct archive_walk *w, struct err *e);

#endif
