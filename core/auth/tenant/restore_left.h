/*
 * restore_left.h - what restores leave: schemas beside those of tenants (core/store/archive/restoration.h), and accounts that
 * are kept out of theirs.
 *
 * Each step may be repeated; whoever is killed leaves what the next finds.
 */
#ifndef BSX_AUTH_TENANT_RESTORE_LEFT_H
#define BSX_AUTH_TENANT_RESTORE_LEFT_H

#include "core/auth/auth.h"
#include "core/store/archive/restoration.h"
#include "core/store/server/provision.h"

/*
 * The account of the tenant's own schema gets in again, where r keeps it out; and where its trail was closed already, an entry
 * of a failure says that it goes on.
 */
MUST_USE bool restore_left_release(const struct provision *p, struct auth *a, const struct restoration *r, struct err *e);
/* What was begun for that tenant and is not its schema.  What it had before stays, where the tenant is not `gone` too. */
MUST_USE bool restore_left_drop(const struct provision *p, struct auth *a, const struct uuid *tenant, bool gone, struct err *e);
/* What is due of all tenants; *n of them.  What fails of one is logged, and tried again. */
MUST_USE bool restore_left_work(const struct provision *p, struct auth *a, size_t *n, struct err *e);

#endif
