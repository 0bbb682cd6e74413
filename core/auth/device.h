/*
 * device.h - known devices: a cookie that a browser gets with a successful
 * sign-in, so that its owner can still sign in while a stranger's attempts on
 * the account are slowed down or locked out.
 *
 * It proves nothing about who asks: it only says which failures count.  Text:
 * base64url(keyring version | user | device id | made | HMAC), the HMAC under
 * KEY_DEVICE over all before and the account (attempts_account()).
 */
#ifndef BSX_AUTH_DEVICE_H
#define BSX_AUTH_DEVICE_H

#include "core/auth/auth.h"

#define DEVICE_ID_LEN 16
#define DEVICE_LIFE_S (400 * 86400) /* what browsers keep at most; renewed with each sign-in */

struct device {
	bool        known;
	struct uuid user; /* whose: the caller compares */
	uint8_t     id[DEVICE_ID_LEN];
};

/* Never fails: what is not ours, too old or of another account is not known. */
void device_read(const struct auth *a, const uint8_t account[static KEY_LEN], struct str text,
    struct device *out);
/* A cookie for the user; `was` keeps its id when it is known and the same user's. */
MUST_USE bool device_print(const struct auth *a, TALLOC_CTX *mem,
    const uint8_t account[static KEY_LEN], const struct uuid *user, const struct device *was,
    const char **text, struct err *e);

#endif
