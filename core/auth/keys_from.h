/*
 * keys_from.h - the installation's keyring, from where the configuration says that it is.
 *
 * keyring_command: what that prints; else keyring_credential: a credential that systemd has put into a folder for the
 * service ($CREDENTIALS_DIRECTORY; where there is none, the one of the running responder, for who is root); else the
 * file `keyring`.  Every program asks here.
 */
#ifndef BSX_AUTH_KEYS_FROM_H
#define BSX_AUTH_KEYS_FROM_H

#include <sys/types.h>

#include "core/conf/conf.h"
#include "core/crypt/keyring.h"

/* `owner` as of keyring_open_of(). */
MUST_USE struct keyring *keys_open(
    TALLOC_CTX *mem, const struct conf *c, uid_t owner, struct err *e);
/* The same in place of one that was loaded before: keyring_follows(). */
MUST_USE struct keyring *keys_open_again(
    TALLOC_CTX *mem, const struct conf *c, const struct keyring *former, struct err *e);
/* "file", "credential" or "command". */
const char *keys_kind(const struct conf *c);
/* It is a file that is ours to make and to change. */
bool keys_are_ours(const struct conf *c);

#endif
