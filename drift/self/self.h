/*
 * self.h - the source `self`: how this tenant is administered here, as resources.
 *
 *	users      {email, display_name, status, roles, two_factor}
 *	roles      {name, description, built_in, permissions}
 *	settings   what the tenant has set, of the key ""
 *	providers  identity providers, without their secrets
 *	channels   {name, kind, target, with_values, status}
 *	api_keys   {name, prefix, kind, administrative, scopes, config_ids, allowed_addresses, created_by, expires_at}
 *
 * Keys are ids, so that whoever is renamed stays who it is.  No secret is among it, sealed or hashed; the target of a
 * channel, which may hold one, is its scheme and host.  When somebody signed in, or a key was used, is no setting.
 */
#ifndef BSX_DRIFT_SELF_SELF_H
#define BSX_DRIFT_SELF_SELF_H

#include "core/store/tenant/tenant_db.h"
#include "drift/source/collected.h"

/*
 * All of it, each collection complete: what cannot be read fails the run.  Owned by `mem`; `t` is a struct tenant_db: as
 * a run of the kind wants it (struct source_own).
 */
MUST_USE bool self_read(void *t, TALLOC_CTX *mem, struct collected *out, struct err *e);

#endif
