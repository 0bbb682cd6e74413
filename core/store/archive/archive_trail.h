/*
 * archive_trail.h - a tenant's audit trail, carried from one of its schemas to another, where it is closed.
 *
 * Rows stay as they were written.  What was the present chain stands in audit_former there, behind the chains that were closed
 * before, under the number that it had; that it is closed, and how, is said by who carries it (core/auth/audit_closed.h).
 *
 * Memory is that of TRAIL_ROWS rows.  Errors: those of db.h.
 */
#ifndef BSX_STORE_ARCHIVE_ARCHIVE_TRAIL_H
#define BSX_STORE_ARCHIVE_ARCHIVE_TRAIL_H

#include "core/store/archive/archive_tables.h"
#include "core/store/db.h"

#define TRAIL_TABLES 5
#define TRAIL_ROWS   200

struct archive_trail {
	uint64_t chain;                 /* number of the present one, where it comes from */
	uint64_t upto[TRAIL_TABLES][2]; /* of each table the key of the last row that was carried; begins with 0 */
};
/*
 * What has come since the last call, of all that there is.  `from` and `to` are connections of their own (db_loader), under the
 * accounts of the two schemas.
 */
MUST_USE bool archive_trail_carry(struct archive_trail *x, struct db *from, struct db *to, struct err *e);

#endif
