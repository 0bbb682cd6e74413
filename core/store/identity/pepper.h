/*
 * pepper.h - what a tenant has that was hashed with the keyring, and by which version: it cannot be hashed anew without who
 * has the secret.
 */
#ifndef BSX_STORE_IDENTITY_PEPPER_H
#define BSX_STORE_IDENTITY_PEPPER_H

#include "core/store/tenant/tenant_db.h"

struct peppered {
	int64_t version; /* 0: made before it was kept */
	int64_t api_keys, recovery_codes; /* that can still be used */
};
/* A line for each version that there is. */
MUST_USE bool pepper_count(struct tenant_db *t, TALLOC_CTX *mem, instant now, struct peppered **list, size_t *n, struct err *e);

#endif
