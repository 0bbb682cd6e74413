/*
 * erasure.h - how far the erasure of a tenant has come: its row in the control schema, which outlives the tenant.
 *
 * Each step is a transaction that may be repeated: whoever is killed leaves a row from which the next goes on.
 *
 * Errors: ERR_MISSING and ERR_CONFLICT as said below; and those of db.h.
 */
#ifndef BSX_STORE_TENANT_ERASURE_H
#define BSX_STORE_TENANT_ERASURE_H

#include "core/store/tenant/tenant_db.h"

struct erasure {
	struct uuid     id, tenant_id; /* the operation's */
	const char     *slug, *name, *schema_name, *reason, *asked_name;
	instant         asked_at, began_at;
	struct raw_json counts;        /* of what it had, before anything was destroyed; {}: not known */
	uint64_t        keys_n;        /* data keys that were destroyed ... */
	instant         keys_at;       /* ... since when; 0: not yet, as in the next */
	instant         schema_at;     /* schema and account */
	uint64_t        rows_n;        /* rows of the control schema that were about it */
	const char     *receipt;       /* NULL: not yet */
};

/* What a tenant has, by its own account. */
struct erasure_counts {
	int64_t  users, api_keys, drift_configs;
	uint64_t audit_entries, tables, bytes; /* bytes as the server estimates them */
};
MUST_USE bool erasure_count(struct tenant_db *t, struct erasure_counts *out, struct err *e);

MUST_USE bool erasure_by_id(struct database *d, TALLOC_CTX *mem, const struct uuid *id, struct erasure *out, struct err *e);
/*
 * From here on there is no way back: the tenant is "erasing".  *mine false: its grace has not ended, or another operation
 * erases it, or nobody does any more.
 */
MUST_USE bool erasure_may_begin(struct database *d, const struct uuid *id, const struct uuid *tenant, bool *mine, struct err *e);
/* The row, where there is none yet: what is in x up to `counts`. */
MUST_USE bool erasure_begin(struct database *d, const struct erasure *x, struct err *e);
/* All data keys are gone: what is sealed with them is noise from now on. */
MUST_USE bool erasure_shred(struct database *d, const struct uuid *id, struct err *e);
/* There is no schema and no account any more (provision_drop). */
MUST_USE bool erasure_schema_gone(struct database *d, const struct uuid *id, struct err *e);
/* What the control schema's tables know of it, but the registry and the head of its trail. */
MUST_USE bool erasure_sweep(struct database *d, const struct uuid *id, struct err *e);
/* The first receipt stays. */
MUST_USE bool erasure_sign(struct database *d, const struct uuid *id, const char *receipt, struct err *e);
/* Its row of the registry, the head of its trail, and which archives were made of it, which the receipt has: its slug is free.  After erasure_schema_gone() only. */
MUST_USE bool erasure_end(struct database *d, const struct uuid *id, struct err *e);

#endif
