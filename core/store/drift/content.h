/*
 * content.h - texts of a tenant by content address: stored once, compressed
 * (zstd), sealed, in chunks of at most 1 MiB.
 *
 * An address is the HMAC-SHA-256 of the text under the tenant's address key, so
 * that the database cannot confirm guesses.  Packing (the heavy part) needs no
 * transaction; adding does nothing for an address that is there already.
 *
 * Errors: ERR_MISSING (no such content), ERR_INTERNAL (a chunk is missing or
 * refused), and those of db.h.
 */
#ifndef BSX_STORE_DRIFT_CONTENT_H
#define BSX_STORE_DRIFT_CONTENT_H

#include "core/base/hash.h"
#include "core/store/tenant/tenant_db.h"

#define CONTENT_CHUNK_MAX (1 << 20)   /* bytes of a stored chunk */
#define CONTENT_TEXT_MAX  (256 << 20) /* bytes of a text */

struct content {
	uint8_t    address[HASH_LEN];
	struct str text;
};

/* Packed contents: rows of the table. */
struct content_rows {
	struct content_row *rows; /* a talloc array */
	size_t              n;
};

void content_address(const struct tenant_db *t, struct str text, uint8_t out[static HASH_LEN]);
/* Sorts the list by address (one order of row locks for everybody), drops repeats, packs. */
MUST_USE bool content_pack(struct tenant_db *t, TALLOC_CTX *mem, struct content *list, size_t n,
    struct content_rows *out, struct err *e);
/* The compression alone, for texts that are kept elsewhere. */
MUST_USE bool content_compress(TALLOC_CTX *mem, struct str text, struct str *packed, struct err *e);
MUST_USE bool content_expand(
    TALLOC_CTX *mem, struct str packed, size_t size, struct str *text, struct err *e);
/* The row that a chunk's body is sealed to: address and number, in the form of an id. */
struct uuid content_place(const uint8_t address[static HASH_LEN], int64_t chunk);
/* Bytes that they take. */
int64_t content_rows_bytes(const struct content_rows *rows);
MUST_USE bool content_add(struct db *db, const struct content_rows *rows, struct err *e);
MUST_USE bool content_by_address(struct tenant_db *t, TALLOC_CTX *mem,
    const uint8_t address[static HASH_LEN], struct str *text, struct err *e);

/*
 * Several in one round trip, at most CONTENT_BATCH.  They are held as they are stored; each is
 * opened when it is asked for, so that only those texts take room that somebody keeps.
 */
#define CONTENT_BATCH 1000
struct content_batch;
MUST_USE struct content_batch *content_batch_read(
    struct tenant_db *t, TALLOC_CTX *mem, const struct blob *addresses, size_t n, struct err *e);
MUST_USE bool content_batch_text(const struct content_batch *b, TALLOC_CTX *mem,
    struct blob address, struct str *text, struct err *e);

#endif
