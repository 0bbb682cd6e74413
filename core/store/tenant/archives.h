/*
 * archives.h - which archives were made of a tenant: rows of the control schema.
 *
 * One is there before its file has its name, so that no archive is without one.
 */
#ifndef BSX_STORE_TENANT_ARCHIVES_H
#define BSX_STORE_TENANT_ARCHIVES_H

#include "core/store/tenant/tenant_db.h"

struct archive_made {
	struct uuid id, tenant_id;
	instant     made_at;
	const char *made_by;
	const char *opened_by; /* "passphrase", "x25519" */
	const char *recipient; /* the public key, base64; "": none */
	uint64_t    rows_n, bytes;
};
MUST_USE bool archive_made_add(struct database *d, const struct archive_made *a, struct err *e);
/* ERR_MISSING: none of that number was made of that tenant here. */
MUST_USE bool archive_made_find(struct database *d, TALLOC_CTX *mem, const struct uuid *id, const struct uuid *tenant,
    struct archive_made *out, struct err *e);
/* All of a tenant: how many, and the newest of them, ARCHIVES_NAMED at most, the newest first. */
#define ARCHIVES_NAMED 16
struct archives_made {
	uint64_t             all;
	struct archive_made *named;
	size_t               n;
};
MUST_USE bool archives_made(struct database *d, TALLOC_CTX *mem, const struct uuid *tenant, struct archives_made *out,
    struct err *e);

#endif
