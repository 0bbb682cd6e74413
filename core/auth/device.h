/*
 * device.h - known devices: a cookie that a browser gets with a successful
 * sign-in, so that its owner can still sign in while a stranger's attempts on
 * the account are slowed down or locked out.
 *
 * It proves nothing about who asks: it only says which failures count.  Text:
 * base64url(keyring version | user | device id | made | epoch | HMAC), the HMAC
 * under KEY_DEVICE over all before and the account (attempts_account()); cookies
 * of earlier versions have no epoch, which is 0 then.  It is of one user and one
 * address, ends as ends.h says (users.device_epoch), and stops being known after
 * a few wrong passwords (attempts.h).
 */
#ifndef BSX_AUTH_DEVICE_H
#define BSX_AUTH_DEVICE_H

#include "core/auth/auth.h"

#define DEVICE_ID_LEN 16
#define DEVICE_LIFE_S (400 * 86400) /* what browsers keep at most; renewed with each sign-in */

struct device {
	bool        known;
	struct uuid user; /* whose, and since when: device_is_of() */
	uint64_t    epoch;
	uint8_t     id[DEVICE_ID_LEN];
};

/* Never fails: what is not ours, too old or of another account is not known. */
void device_read(const struct auth *a, const uint8_t account[static KEY_LEN], struct str text,
    struct device *out);
/* It is known as this user's, and nothing has ended that since. `d` may be NULL. */
bool device_is_of(const struct device *d, const struct uuid *user, uint64_t epoch);
/* A cookie for the user and the device epoch of `d`, whose id is kept where it is known, else made. */
MUST_USE bool device_print(const struct auth *a, TALLOC_CTX *mem, const uint8_t account[static KEY_LEN],
    const struct device *d, const char **text, struct err *e);

#endif
