/*
 * apikey.h - API keys of one tenant.
 *
 * The secret is not in the table: only its HMAC under the keyring.
 */
#ifndef BSX_STORE_APIKEY_H
#define BSX_STORE_APIKEY_H

#include "core/store/tenant_db.h"

struct api_key {
	struct uuid    id;
	char          *name;
	char          *prefix;            /* the first characters, to recognise it by */
	struct blob    secret_hash;       /* 32 bytes */
	struct strings scopes;
	struct strings allowed_addresses; /* empty: from everywhere */
	struct uuid    created_by;        /* nil: the system */
	instant        created_at;
	instant        expires_at;        /* 0: never */
	instant        last_used_at;      /* 0: never */
	const char    *key;               /* the whole key: in the answer to its making only */
};
extern const struct schema api_key_schema;

/* Only keys that are not revoked are found; expiry is the reader's to check. */
MUST_USE bool api_key_by_id(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id, struct api_key *k, struct err *e);
/* Newest first, after the id `after` (nil: from the newest). */
MUST_USE bool api_key_list(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *after, int64_t limit,
    struct api_key **keys, size_t *n, struct err *e);
MUST_USE bool api_key_add(struct tenant_db *t, const struct api_key *k, struct err *e);
/* ERR_MISSING: no such key, or it is revoked already. */
MUST_USE bool api_key_revoke(struct tenant_db *t, const struct uuid *id, instant now, struct err *e);
/* Notes the use unless one since `unless_since` is noted. */
MUST_USE bool api_key_touch(struct tenant_db *t, const struct uuid *id, instant now, instant unless_since, struct err *e);

#endif
