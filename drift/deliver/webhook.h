/*
 * webhook.h - signing as Standard Webhooks 1.0 says:
 * v1,base64(HMAC-SHA-256(secret, id "." timestamp "." body)).
 */
#ifndef BSX_DRIFT_DELIVER_WEBHOOK_H
#define BSX_DRIFT_DELIVER_WEBHOOK_H

#include "core/base/err.h"
#include "core/base/str.h"

#define WEBHOOK_SECRET_MAX 64  /* bytes; at least 24 */
#define WEBHOOK_SKEW_S     300 /* a receiver refuses timestamps further away */

/* The header's value; NULL: out of memory. `id` holds no '.'. */
char *webhook_sign(
    TALLOC_CTX *mem, struct str secret, struct str id, int64_t timestamp_s, struct str body);
/* "whsec_" and base64 of 24..64 bytes: as text (guarded; NULL: out of memory), and back. */
char *webhook_secret_print(TALLOC_CTX *mem, struct str key);
MUST_USE bool webhook_secret_parse(
    struct str text, uint8_t out[static WEBHOOK_SECRET_MAX], size_t *n);
/* One of the space-separated signatures is ours, compared in constant time. */
MUST_USE bool webhook_verify(TALLOC_CTX *mem, struct str secret, struct str id, int64_t timestamp_s,
    struct str body, struct str signatures);

#endif
