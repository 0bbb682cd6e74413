/*
 * archive_load.h - rows of an archive into the empty schema of a tenant that is being made.
 *
 * They are written by that tenant's own account, which has no other schema, into the tables of archive_tables.h and no others;
 * what was sealed is sealed anew, for its place here.  The archive's trail becomes a closed chain.  What goes on by itself
 * waits: channels are paused, and schedules of sources are off.
 *
 * Errors: ERR_INVALID: a row is none that a tenant has; those of db.h.
 */
#ifndef BSX_STORE_ARCHIVE_ARCHIVE_LOAD_H
#define BSX_STORE_ARCHIVE_ARCHIVE_LOAD_H

#include "core/store/archive/archive_tables.h"
#include "core/store/tenant/tenant_db.h"

/* What awaits a snapshot is due no sooner: whoever sends them has to be told of the tenant first. */
#define ARCHIVE_LOAD_BEAT_S 86400

struct archive_load;
/* `head` and `t` stay until it is freed. */
MUST_USE struct archive_load *archive_load_make(TALLOC_CTX *mem, struct tenant_db *t, const struct archive_head *head,
    struct err *e);
/* One row, as archive_get() has it; that of ARCHIVE_KEY_TABLE is nobody's business here. */
MUST_USE bool archive_load_row(struct archive_load *l, const struct archive_table *t, const struct blob *values, struct err *e);
/* After the last one: what waits to be written is; and what goes on by itself waits, what is due by the clock being due `now` or later. */
MUST_USE bool archive_load_end(struct archive_load *l, instant now, struct err *e);
/* The number of the chain that the archive's trail has become. */
uint64_t archive_load_chain(const struct archive_load *l);

#endif
