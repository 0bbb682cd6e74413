/*
 * tenant_restore.h - a tenant goes back to an archive of its own (core/archive), while others and it itself go on.
 *
 * The archive must be one that this installation has made of this tenant, of this version of the schema or one before, and its trail must
 * be the beginning of the tenant's.  It is read to its end before anything is made; a schema is filled from it beside the tenant's
 * own; what the tenant does meanwhile goes on, and is lost.  Then its account is kept out of its schema, what is under way ends
 * or is undone, and in one transaction the tenant has the other schema: for that long it is answered 503 with Retry-After.  The
 * one that it had is kept for a grace, and then dropped (restore_left.h).
 *
 * It keeps its number, slug, quota, data key, and the key of content addresses, value hashes and masks.  Name and settings are
 * those of the archive.  Sessions, API keys, mailed links and recovery codes are none; channels and schedules of sources wait.
 *
 * Its trail is never set back: all of it comes along.  Its present chain ends with audit.restored, is closed, and the next one
 * begins with an entry that says what it came to (core/auth/audit_closed.h).
 *
 * Killed at any place it is begun anew when it is run again, or is done; in between the tenant is what it was.
 *
 * Errors: ERR_INVALID: the archive, see archive.h, or it is none of this tenant's; ERR_CONFLICT: the tenant is none that stands,
 * or has another trail; ERR_GONE: it was stopped, or overtaken; ERR_FORBIDDEN, ERR_UNAVAILABLE: see spare.h.
 */
#ifndef BSX_AUTH_TENANT_TENANT_RESTORE_H
#define BSX_AUTH_TENANT_TENANT_RESTORE_H

#include "core/auth/audit.h"
#include "core/auth/tenant/archive_take.h"
#include "core/store/archive/archive_since.h"
#include "core/store/server/provision.h"

/* What the watch is told in place of a table, when all of them are filled. */
#define RESTORE_FILLED "the audit trail" /* is carried over, while the tenant goes on */
#define RESTORE_HELD   "changing over"   /* its account is kept out */
#define RESTORE_CLOSED "the last entries"
#define RESTORE_READY  "the turn"
struct tenant_restore {
	const struct provision *p;
	struct archive_source   from; /* its signer is of no account: it must be one of ours */
	int64_t                 grace_s;
	const char             *actor_name;
	bool                    dry_run;
};
struct tenant_restored {
	struct uuid          id, archive;
	instant              made_at;  /* the tenant is as it was then */
	uint64_t             rows;
	struct archive_since lost;     /* as of when it began */
	int64_t              out_ms;   /* for so long nobody could use it */
	const char          *schema_name; /* that it had; by->mem */
};
/*
 * Of by->t, which is not used any more after it.
 *
 * tenant_back(): in the same way, back to what it was before it was restored last, or went back, from the schema that it had then,
 * while that is kept; in->from's file and lock are not used.  API keys and recovery codes are what they were there.  Done twice,
 * it is what it was before the first.  ERR_MISSING: there is none; ERR_CONFLICT: besides, it was left less than BACK_SETTLE_S ago,
 * or by a version of the program that has not kept what it takes.
 */
#define BACK_SETTLE_S 5
MUST_USE bool tenant_restore(const struct deed_by *by, const struct tenant_restore *in, struct tenant_restored *out,
    struct err *e);
MUST_USE bool tenant_back(const struct deed_by *by, const struct tenant_restore *in, struct tenant_restored *out, struct err *e);

#endif
