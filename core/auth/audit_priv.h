/*
 * audit_priv.h - what the files of the audit trail share.
 */
#ifndef BSX_AUTH_AUDIT_PRIV_H
#define BSX_AUTH_AUDIT_PRIV_H

#include "core/auth/auth.h"
#include "core/store/identity/audit_rows.h"

/* HMAC(KEY_AUDIT of that version of the keyring, bound to the tenant; prev_mac and every column, length-prefixed). */
MUST_USE bool audit_mac(TALLOC_CTX *mem, const struct auth *a, const struct tenant *t, uint32_t version,
    const struct audit_row *r, uint8_t out[static AUDIT_MAC_LEN], struct err *e);

#endif
