/*
 * tenant_import.h - a tenant made of an archive (core/archive), as another one than it was: of a new number, in a schema of its own.
 *
 * The archive is read to its end before anything is made: what is not whole, of another version, or has what no tenant has, is
 * refused and nothing is written.  Then the tenant is registered with the archive's number, "provisioning", so that nobody sees
 * it; its schema is made and filled, its trail begins with audit.restored behind the archive's, which becomes a closed chain;
 * and it is there.  Killed in between it is begun anew when it is run again: what is left of the first try is dropped.
 *
 * It keeps the key of content addresses, value hashes and masks, so what is the same is the same to it; its data key is new.
 * Sessions, API keys, mailed links and recovery codes are none; channels and schedules of sources wait.
 *
 * Errors: ERR_CONFLICT: there is a tenant of that name; ERR_INVALID: the archive, see archive.h; ERR_GONE: it was stopped.
 */
#ifndef BSX_AUTH_TENANT_TENANT_IMPORT_H
#define BSX_AUTH_TENANT_TENANT_IMPORT_H

#include "core/auth/audit.h"
#include "core/auth/tenant/archive_take.h"
#include "core/store/server/provision.h"

struct tenant_import {
	const struct provision *p;
	struct archive_source   from;
	const char             *slug;
	const char             *actor_name;
};
struct tenant_imported {
	struct uuid id, archive;
	uint64_t    rows;
};
/* by->t is not used. */
MUST_USE bool tenant_import(const struct deed_by *by, const struct tenant_import *in, struct tenant_imported *out, struct err *e);

#endif
