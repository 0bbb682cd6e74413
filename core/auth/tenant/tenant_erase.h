/*
 * tenant_erase.h - the operation that erases a deleted tenant after its grace.
 *
 * Its steps, each of which looks at what is there (core/store/tenant/erasure.h): what it had is counted; its data keys are
 * destroyed, so that what is sealed with them is noise wherever a copy of it is; its schema and account are dropped, for
 * which the operation waits for who may (struct tenant_carrier); what the control schema knows of it goes; a receipt is
 * signed, kept, and put into the platform's trail; its row of the registry goes, and its slug is free.
 *
 * Not reached: what was copied out of the database before.  A backup of the control schema has the wrapped keys still, and
 * so has the server's binary log; archives are named in the receipt.
 */
#ifndef BSX_AUTH_TENANT_TENANT_ERASE_H
#define BSX_AUTH_TENANT_TENANT_ERASE_H

#include "core/auth/operation.h"
#include "core/store/tenant/erasure.h"

#define TENANT_ERASE_STEPS 6

operation_fn tenant_erase_carry;

/*
 * The receipt, a signed note (core/proof/note.h) by the newest of the keys that sign checkpoints; NULL: *e says why.  Its lines
 * are, with names and reasons as JSON strings:
 *
 *	blindspotx.erasure/TENANT
 *	operation ID
 *	tenant SLUG NAME
 *	schema NAME
 *	asked TIME BY REASON
 *	began TIME
 *	had COUNTS               a JSON object; {}: it could not be counted
 *	keys N TIME              so many data keys were destroyed, and when
 *	destroyed TIME           its schema and account
 *	rows N                   of the control schema, that were about it
 *	archives N               that were made of it, out of reach of this erasure; a line of the newest 16 of them:
 *	archive ID TIME KIND KEY when it was made, and what opens it: "passphrase", or "x25519" and the public key
 */
MUST_USE char *tenant_receipt(const struct auth *a, TALLOC_CTX *mem, const struct erasure *x, struct err *e);

#endif
