/*
 * keyring_priv.h - the keyring as its file has it, for the files of keyring.h.
 */
#ifndef BSX_CRYPT_KEYRING_PRIV_H
#define BSX_CRYPT_KEYRING_PRIV_H

#include "core/crypt/keyring.h"

#define KEYRING_VERSIONS_MAX 64
#define KEYRING_FILE_MAX     16384

struct keyring_version {
	uint32_t         number;
	enum keyring_use use;
	uint8_t          root[KEY_LEN];
};

struct keyring {
	size_t                 n;
	struct keyring_version versions[KEYRING_VERSIONS_MAX]; /* ascending */
};

bool keyring_fail(struct err *e, int sys, const char *path, const char *what);
/* The file by its descriptor, once it is seen that it is nobody else's to read; -1: it failed. */
int  keyring_open_private(const char *path, uid_t owner, struct err *e);
MUST_USE bool keyring_read_all(int fd, char *buf, size_t max, size_t *n);
/* One line; v->number 0: a comment, or empty.  The caller wipes it. */
MUST_USE bool keyring_parse_line(struct str line, struct keyring_version *v);

#endif
