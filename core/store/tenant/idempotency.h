/*
 * idempotency.h - what requests with an Idempotency-Key have made.
 *
 * The key is its sender's own: two senders may use the same.  Rows are forgotten a day after
 * (forget.h).
 */
#ifndef BSX_STORE_TENANT_IDEMPOTENCY_H
#define BSX_STORE_TENANT_IDEMPOTENCY_H

#include "core/store/tenant/tenant_db.h"

#define IDEMPOTENCY_KEY_MAX 128 /* bytes */
#define IDEMPOTENCY_MAC_LEN 32

struct idempotency {
	struct uuid actor_id;
	const char *kind;
	const char *key;
	struct blob body_mac; /* IDEMPOTENCY_MAC_LEN bytes, of the body under the tenant's address key */
	struct uuid made_id;
	instant     created_at;
};

/* ERR_MISSING: this actor has not used the key for that kind. */
MUST_USE bool idempotency_find(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *actor, const char *kind,
    const char *key, struct idempotency *out, struct err *e);
/* In the transaction that makes the thing; ERR_CONFLICT (1062): used meanwhile. */
MUST_USE bool idempotency_add(struct tenant_db *t, const struct idempotency *i, struct err *e);

#endif
