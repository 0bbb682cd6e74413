/*
 * audit_read.h - the trail as it is read: in pages, and whole.
 *
 * Who reads it is told in it, as seldom as audit_seldom.h says, and each time in the log.
 */
#ifndef BSX_AUTH_AUDIT_READ_H
#define BSX_AUTH_AUDIT_READ_H

#include "core/auth/audit.h"
#include "core/base/buf.h"
#include "core/store/identity/audit_rows.h"

/* Before it is read; `how` is "list" or "verify". */
MUST_USE bool audit_reading(const struct deed_by *by, const char *how, struct err *e);

/* Newest first, or f->oldest; what is below the floor is no longer shown, whether or not it has been deleted yet. */
MUST_USE bool audit_page(const struct deed_by *by, const struct audit_filter *f, struct page *p,
    struct err *e);

/*
 * All of it in lines of JSON, oldest first, a part at a time.  It is told of first, and ends with that entry: what is appended meanwhile
 * is not in it.  Of a whole trail whose oldest entries were deleted by age a first line says behind which it begins, and a last that
 * it is whole (core/proof/check.h).  It begins behind the floor; where that goes past what was given out, and entries are missing,
 * {"error": ..., "after": N} is its last line.
 */
struct audit_export {
	struct audit_filter filter;     /* after: what was given out */
	const char         *actor_name; /* set before it begins: who reads it where there is no caller; else NULL */
	uint64_t            floor;      /* the first line is to say that; 0: there is none */
	bool                whole;      /* no part was asked for */
	bool                begun, ended;
};
MUST_USE bool audit_export_begin(const struct deed_by *by, const struct audit_filter *f, struct audit_export *out,
    struct err *e);
/* Nothing was added to `out`: that was all. */
MUST_USE bool audit_export_lines(const struct deed_by *by, struct audit_export *x, struct buf *out, struct err *e);

#endif
