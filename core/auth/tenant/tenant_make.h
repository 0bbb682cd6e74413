/*
 * tenant_make.h - a new tenant: registered in the platform's transaction with the operation that makes it, and made
 * step by step by whoever carries that (at once, where the pool has a schema).
 *
 * Killed anywhere it goes on: the operation is claimed again, and each step looks at what is there.  Until its last one
 * the tenant is "provisioning" and nobody can sign in to it.
 */
#ifndef BSX_AUTH_TENANT_TENANT_MAKE_H
#define BSX_AUTH_TENANT_TENANT_MAKE_H

#include "core/auth/operation.h"
#include "core/store/server/provision.h"

struct tenant_new {
	const char        *slug, *name;
	const struct json *settings;      /* as a change of the defaults; NULL: these */
	const struct json *quota;         /* as a change of no limits; NULL: none */
	const char        *email;         /* its first administrator; NULL: none is made */
	const char        *display_name, *password; /* NULL: the address; invited by mail */
	const char        *idempotency_key;         /* NULL: none */
	struct str         body;                    /* as it came: what the key stands for */
};
/*
 * By a caller of the platform, on whose connection by->t is.  *ready: the tenant is "active"; else `operation` makes
 * it.  ERR_INVALID with faults; ERR_CONFLICT: the slug is taken, or the key came with another body.
 */
struct tenant_made {
	struct uuid tenant, operation;
	bool        ready;
};
MUST_USE bool tenant_make(const struct deed_by *by, const struct tenant_new *in, struct tenant_made *out,
    struct err *e);

/* What carries operations about tenants: run->arg is this.  Without `prov` what needs DDL waits for who has it. */
struct tenant_carrier {
	struct db *prov; /* NULL: this process may make no schemas */
};
extern operation_fn *const tenant_operations[OPERATION__MAX];
operation_fn tenant_create_carry;

#endif
