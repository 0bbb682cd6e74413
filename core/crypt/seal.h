/*
 * seal.h - AES-256-GCM bound to a place.
 *
 * The additional data is "schema:table:column:row-id", so that a ciphertext
 * cannot be moved to another row, column or tenant.  Form of a sealed value:
 * 1 byte format, 4 bytes key version (big endian), 12 bytes nonce, ciphertext,
 * 16 bytes tag.
 */
#ifndef BSX_CRYPT_SEAL_H
#define BSX_CRYPT_SEAL_H

#include "core/json/field.h"
#include "core/crypt/keyring.h"

#define SEAL_OVERHEAD 33

struct seal_key {
	uint32_t version;
	uint8_t  key[KEY_LEN];
};

/* Builds the additional data; the parts hold no ':' (asserted). `row` is 16 bytes (uuid) or any short text. */
char *seal_place(TALLOC_CTX *mem, const char *schema, const char *table, const char *column, struct str row);

MUST_USE bool seal_close(TALLOC_CTX *mem, const struct seal_key *k, struct rand *r, const char *place,
    struct str plain, struct blob *sealed, struct err *e);
/* Key version of a sealed value, to choose the key; 0: not a sealed value. */
uint32_t seal_version(struct blob sealed);
/*
 * A value that does not open (altered, moved, wrong key) is ERR_INTERNAL with detail "ciphertext refused", and e->sys is
 * SEAL_REFUSED: somebody who can write to the database has been there.
 */
#define SEAL_REFUSED (-1)
MUST_USE bool seal_open(TALLOC_CTX *mem, const struct seal_key *k, const char *place, struct blob sealed,
    struct str *plain, struct err *e);

#endif
