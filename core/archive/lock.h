/*
 * lock.h - whom an archive is for: the first lines of its file, and the keys that follow from them.
 *
 *	BlindSpotX archive 1
 *	passphrase SALT                  or: x25519 EPHEMERAL RECIPIENT
 *	MAC
 *
 * each ended by LF; what is in capitals is 32 bytes as base64url.  The secret is argon2id (RFC 9106) of the passphrase and
 * the salt, with 64 MiB and three passes, or X25519 (RFC 7748) of the two keys with both public keys behind it.  From it
 * and SHA-256 of the first two lines come, by HKDF, the key of the MAC (HMAC-SHA-256 of these lines), which tells a wrong
 * passphrase from a file that was changed, and the key of the chunks (stream.h).  Nothing in it says what it costs to open.
 *
 * Why not age(1): Debian 12 has the program and no library, and its passphrases are by scrypt; its way of cutting a
 * stream into chunks is ours.
 *
 * The keyring has no part in it: who receives the archive opens it, and nobody else.  Who may seal one for a public key is
 * everybody; who has made it says the note at its end (archive.h).
 */
#ifndef BSX_ARCHIVE_LOCK_H
#define BSX_ARCHIVE_LOCK_H

#include "core/base/err.h"
#include "core/base/rand.h"
#include "core/base/str.h"

#define LOCK_KEY_LEN        32
#define LOCK_HEAD_MAX       256 /* bytes of the three lines */
#define LOCK_PASSPHRASE_MIN 12
#define LOCK_PASSPHRASE_MAX 1024

enum lock_kind { LOCK_PASSPHRASE, LOCK_X25519 };
struct lock {
	enum lock_kind kind;
	struct str     passphrase;
	uint8_t        key[LOCK_KEY_LEN]; /* X25519: public of who receives it, private to open it */
};

/* The key of a PEM file's text (RFC 8410), as `openssl genpkey -algorithm x25519` makes it.  ERR_INVALID: there is none. */
MUST_USE bool lock_public_key(struct str pem, struct lock *out, struct err *e);
MUST_USE bool lock_private_key(struct str pem, struct lock *out, struct err *e);

/* The three lines, with their LF, and the key of the chunks. */
MUST_USE char *lock_close(TALLOC_CTX *mem, const struct lock *l, struct rand *r, uint8_t key[static LOCK_KEY_LEN],
    struct err *e);
/* ERR_INVALID: no archive, or of another format.  ERR_FORBIDDEN: it is for somebody else, or these lines were changed. */
MUST_USE bool lock_open(const struct lock *l, struct str head, uint8_t key[static LOCK_KEY_LEN], struct err *e);

#endif
