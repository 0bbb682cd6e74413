/*
 * tenant_export.h - a tenant goes into an archive (core/archive): all of it as it was at one instant, sealed for who receives it.
 *
 * The file is written beside its name, under another one that ends in six random signs, and gets its name when it is whole, on
 * the disk, known to the control schema (core/store/tenant/archives.h) and told in the trails of the tenant and of the
 * platform.  What stands under its name is never overwritten.  Killed, it leaves at most the file of the other name, which
 * opens for nobody but who it was for, and is cut off; stopped or failed it leaves nothing.
 *
 * Memory is that of one row and one chunk.
 *
 * Errors: ERR_CONFLICT: there is a file of that name; ERR_GONE: it was stopped; those of archive_snapshot.h and archive.h.
 */
#ifndef BSX_AUTH_TENANT_TENANT_EXPORT_H
#define BSX_AUTH_TENANT_TENANT_EXPORT_H

#include "core/archive/archive.h"
#include "core/auth/audit.h"

struct tenant_export {
	const char        *path;
	const struct lock *lock;
	const char        *actor_name; /* who does it, where nobody has signed in */
	/* Before each table that has rows, and after each thousand of them; true: stop. */
	bool (*watch)(void *arg, const struct archive_at *at);
	void *arg;
};
struct tenant_exported {
	struct uuid id;
	uint64_t    rows, bytes; /* of the file */
};
/* Of by->t. */
MUST_USE bool tenant_export(const struct deed_by *by, const struct tenant_export *in, struct tenant_exported *out,
    struct err *e);

#endif
