/*
 * marks.h - the named marks of a statement, `:status`, resolved into positions once in a process.
 *
 * A mark names a member of the statement's `in`: its name there, of which what stands before the last
 * dot is left out (`f.status` is `:status`).  It may stand several times, in any order, and every member
 * is named somewhere.  What stands in quotes is left alone.  Refused are comments, `?`, and every colon
 * that does not begin a mark (`:=`, `::`, labels).
 *
 * Private to core/store.  Errors: ERR_INTERNAL (what the text or the schema is wrong in; no memory).
 */
#ifndef BSX_STORE_MARKS_H
#define BSX_STORE_MARKS_H

#include "core/store/bind.h"
#include "core/store/db.h"

/* Those of a listed statement stay for good; of another they are made each time, children of `mem`. */
MUST_USE const struct marks *marks_of(TALLOC_CTX *mem, const struct sql *q, struct err *e);

#endif
