/*
 * archive_load.h - rows of an archive into the empty schema of a tenant that is being made, which is of the archive's version
 * (archive_fill_version()) until they are all there.
 *
 * They are written by that tenant's own account, which has no other schema, into the tables of archive_tables.h and no others;
 * what was sealed is sealed anew, for its place here.  The archive's trail becomes a closed chain, or is left in it.  What goes
 * on by itself waits: channels are paused, and schedules of sources are off.
 *
 * Errors: ERR_INVALID: a row is none that a tenant has; those of db.h.
 */
#ifndef BSX_STORE_ARCHIVE_ARCHIVE_LOAD_H
#define BSX_STORE_ARCHIVE_ARCHIVE_LOAD_H

#include "core/store/archive/archive_tables.h"
#include "core/store/drift/schedule.h"
#include "core/store/tenant/tenant_db.h"

/* What awaits a snapshot is due no sooner: whoever sends them has to be told of the tenant first. */
#define ARCHIVE_LOAD_BEAT_S 86400

struct archive_load;
/* `head` and `t` stay until it is freed.  `trail` false: the archive's trail is left, with its tree and all of its chains. */
MUST_USE struct archive_load *archive_load_make(TALLOC_CTX *mem, struct tenant_db *t, const struct archive_head *head, bool trail,
    struct err *e);
/* One row, as archive_get() has it; that of ARCHIVE_KEY_TABLE is nobody's business here. */
MUST_USE bool archive_load_row(struct archive_load *l, const struct archive_table *t, const struct blob *values, struct err *e);
/* After the last one: what waits to be written is. */
MUST_USE bool archive_load_last(struct archive_load *l, struct err *e);
/* Then, in a schema of this program's version: what goes on by itself waits; what is counted is counted, or marked for it. */
MUST_USE bool archive_load_end(struct archive_load *l, instant now, struct err *e);
/* What is due by the clock, `now` or later: set in the tenant's name ... */
MUST_USE bool archive_load_arm(struct archive_load *l, instant now, struct err *e);
/* ... or for whoever sets it. */
const struct schedule_row *archive_load_due(struct archive_load *l, instant now, size_t *n);
/* The number of the chain that the archive's trail has become. */
uint64_t archive_load_chain(const struct archive_load *l);

#endif
