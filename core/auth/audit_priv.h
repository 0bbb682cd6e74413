/*
 * audit_priv.h - what the files of the audit trail share.
 */
#ifndef BSX_AUTH_AUDIT_PRIV_H
#define BSX_AUTH_AUDIT_PRIV_H

#include "core/auth/deed.h"
#include "core/store/identity/audit_rows.h"

/* The key of one tenant's trail, of that version of the keyring. */
struct audit_key {
	const struct keyring *keyring;
	uint32_t              version;
	struct uuid           tenant;
};

static inline struct audit_key
audit_key_of(const struct deed_by *by, uint32_t version)
{
	return (struct audit_key) { by->auth->env->keyring, version, by->t->tenant->id };
}

/* HMAC(KEY_AUDIT bound to the tenant; prev_mac and every column, length-prefixed). */
MUST_USE bool audit_mac(TALLOC_CTX *mem, const struct audit_key *k, const struct audit_row *r,
    uint8_t out[static AUDIT_MAC_LEN], struct err *e);

#endif
