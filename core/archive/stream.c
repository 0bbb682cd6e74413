#include "core/archive/stream.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <zstd.h>

#include "core/base/secret.h"

#define TAG_LEN    16
#define NONCE_LEN  12
#define LAST       0x80000000u
#define PACK_LEVEL 3
#define ROOM       (1 + ZSTD_COMPRESSBOUND(STREAM_CHUNK) + TAG_LEN)

enum packing { PLAIN, ZSTD };

struct stream {
	int             fd;
	uint8_t         key[LOCK_KEY_LEN];
	uint64_t        number; /* of the next chunk */
	uint64_t        bytes;
	EVP_CIPHER_CTX *cipher;
	EVP_MD_CTX     *hash;
	ZSTD_CCtx      *pack;
	ZSTD_DCtx      *unpack;
	uint8_t        *plain; /* STREAM_CHUNK: of n bytes, of which `at` were read */
	size_t          n, at;
	uint8_t        *open;   /* ROOM: how it is packed, and that */
	uint8_t        *sealed; /* 4 bytes and ROOM */
	bool            ended;
};

/* ---- files ---- */

static bool
file_failed(const char *what, struct err *e)
{
	return err_set(e, ERR_INTERNAL, errno, "The archive's file cannot be used.", "%s: %s", what,
	    strerror(errno));
}

bool
file_write(int fd, const void *p, size_t n, struct err *e)
{
	const char *at = p;

	while (n > 0) {
		ssize_t done = write(fd, at, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return file_failed("writing an archive", e);
		at += done;
		n -= (size_t)done;
	}
	return true;
}

bool
file_read(int fd, void *p, size_t n, size_t *got, struct err *e)
{
	char *at = p;

	*got = 0;
	while (*got < n) {
		ssize_t done = read(fd, at + *got, n - *got);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return file_failed("reading an archive", e);
		if (done == 0)
			break;
		*got += (size_t)done;
	}
	return true;
}

/* ---- making ---- */

static int
stream_free(struct stream *s)
{
	secret_wipe(s->key, sizeof(s->key));
	EVP_CIPHER_CTX_free(s->cipher);
	EVP_MD_CTX_free(s->hash);
	ZSTD_freeCCtx(s->pack);
	ZSTD_freeDCtx(s->unpack);
	return 0;
}

struct stream *
stream_make(TALLOC_CTX *mem, int fd, const uint8_t key[static LOCK_KEY_LEN], struct err *e)
{
	struct stream *s = talloc_zero(mem, struct stream);

	if (s != NULL) {
		talloc_set_destructor(s, stream_free);
		s->fd = fd;
		memcpy(s->key, key, sizeof(s->key));
		s->cipher = EVP_CIPHER_CTX_new();
		s->hash = EVP_MD_CTX_new();
		s->pack = ZSTD_createCCtx();
		s->unpack = ZSTD_createDCtx();
		s->plain = secret_alloc(s, STREAM_CHUNK);
		s->open = secret_alloc(s, ROOM);
		s->sealed = talloc_size(s, 4 + ROOM);
	}
	if (s == NULL || s->cipher == NULL || s->hash == NULL || s->pack == NULL ||
	    s->unpack == NULL || s->plain == NULL || s->open == NULL || s->sealed == NULL ||
	    EVP_DigestInit_ex(s->hash, EVP_sha256(), NULL) != 1) {
		talloc_free(s);
		err_memory(e);
		return NULL;
	}
	return s;
}

uint64_t
stream_bytes(const struct stream *s)
{
	return s->bytes;
}

bool
stream_hash(const struct stream *s, uint8_t out[static HASH_LEN], struct err *e)
{
	EVP_MD_CTX *copy = EVP_MD_CTX_new();
	bool        ok = copy != NULL && EVP_MD_CTX_copy_ex(copy, s->hash) == 1 &&
		  EVP_DigestFinal_ex(copy, out, NULL) == 1;

	EVP_MD_CTX_free(copy);
	return ok || err_memory(e);
}

static bool
passed(struct stream *s, const void *p, size_t n, struct err *e)
{
	s->bytes += n;
	return EVP_DigestUpdate(s->hash, p, n) == 1 || err_memory(e);
}

static void
nonce_of(const struct stream *s, bool last, uint8_t out[static NONCE_LEN])
{
	memset(out, 0, NONCE_LEN);
	for (int i = 0; i < 8; i++)
		out[3 + i] = (uint8_t)(s->number >> (56 - 8 * i));
	out[NONCE_LEN - 1] = last;
}

/* ---- writing ---- */

/* Into s->open; what packs tighter than a reader takes stays as it is. */
static size_t
pack_chunk(struct stream *s)
{
	size_t n =
	    ZSTD_compressCCtx(s->pack, s->open + 1, ROOM - 1 - TAG_LEN, s->plain, s->n, PACK_LEVEL);

	if (!ZSTD_isError(n) && n < s->n && s->n <= n * STREAM_RATIO) {
		s->open[0] = ZSTD;
		return 1 + n;
	}
	s->open[0] = PLAIN;
	memcpy(s->open + 1, s->plain, s->n);
	return 1 + s->n;
}

static bool
seal_chunk(struct stream *s, size_t n, bool last)
{
	uint8_t nonce[NONCE_LEN];
	int     done = 0;

	nonce_of(s, last, nonce);
	return EVP_EncryptInit_ex(s->cipher, EVP_aes_256_gcm(), NULL, s->key, nonce) == 1 &&
	       EVP_EncryptUpdate(s->cipher, s->sealed + 4, &done, s->open, (int)n) == 1 &&
	       EVP_EncryptFinal_ex(s->cipher, s->sealed + 4 + n, &done) == 1 &&
	       EVP_CIPHER_CTX_ctrl(s->cipher, EVP_CTRL_GCM_GET_TAG, TAG_LEN, s->sealed + 4 + n) ==
		   1;
}

static bool
flush_chunk(struct stream *s, bool last, struct err *e)
{
	size_t   n = pack_chunk(s);
	uint32_t length = (uint32_t)(n + TAG_LEN) | (last ? LAST : 0);

	if (!seal_chunk(s, n, last))
		return err_set(e, ERR_INTERNAL, 0, "internal error", "AES-256-GCM failed");
	for (int i = 0; i < 4; i++)
		s->sealed[i] = (uint8_t)(length >> (24 - 8 * i));
	s->number++;
	s->n = 0;
	return file_write(s->fd, s->sealed, 4 + n + TAG_LEN, e);
}

bool
stream_write(struct stream *s, const void *p, size_t n, struct err *e)
{
	const uint8_t *at = p;

	if (!passed(s, p, n, e))
		return false;
	while (n > 0) {
		size_t part = STREAM_CHUNK - s->n < n ? STREAM_CHUNK - s->n : n;

		/* Only now: the last chunk is never empty. */
		if (part == 0) {
			if (!flush_chunk(s, false, e))
				return false;
			continue;
		}
		memcpy(s->plain + s->n, at, part);
		s->n += part;
		at += part;
		n -= part;
	}
	return true;
}

bool
stream_write_end(struct stream *s, struct err *e)
{
	assert(s->n > 0);
	return flush_chunk(s, true, e);
}

/* ---- reading ---- */

static bool
cut_off(struct err *e)
{
	return err_set(e, ERR_INVALID, 0, "The archive is cut off: its end is missing.", "cut off");
}

static bool
changed(const struct stream *s, struct err *e)
{
	return err_set(e, ERR_INVALID, 0,
	    "The archive was changed: a part of it is not as it was sealed.", "chunk %llu",
	    (unsigned long long)s->number);
}

static bool
open_chunk(struct stream *s, size_t n, bool last)
{
	uint8_t nonce[NONCE_LEN];
	int     done = 0;

	nonce_of(s, last, nonce);
	return EVP_DecryptInit_ex(s->cipher, EVP_aes_256_gcm(), NULL, s->key, nonce) == 1 &&
	       EVP_DecryptUpdate(s->cipher, s->open, &done, s->sealed + 4, (int)n) == 1 &&
	       EVP_CIPHER_CTX_ctrl(s->cipher, EVP_CTRL_GCM_SET_TAG, TAG_LEN, s->sealed + 4 + n) ==
		   1 &&
	       EVP_DecryptFinal_ex(s->cipher, s->open + n, &done) == 1;
}

/* From s->open, of n bytes, into s->plain. */
static bool
unpack_chunk(struct stream *s, size_t n)
{
	size_t most = (n - 1) * STREAM_RATIO < STREAM_CHUNK ? (n - 1) * STREAM_RATIO : STREAM_CHUNK;

	if (s->open[0] == ZSTD) {
		s->n = ZSTD_decompressDCtx(s->unpack, s->plain, most, s->open + 1, n - 1);
		return !ZSTD_isError(s->n) && s->n > 0;
	}
	s->n = n - 1;
	if (s->open[0] != PLAIN || s->n > STREAM_CHUNK)
		return false;
	memcpy(s->plain, s->open + 1, s->n);
	return true;
}

static bool
next_chunk(struct stream *s, struct err *e)
{
	uint32_t length = 0;
	size_t   got, n;

	if (s->ended)
		return err_set(e, ERR_INVALID, 0, "The archive holds less than it says.",
		    "the stream has ended");
	if (!file_read(s->fd, s->sealed, 4, &got, e))
		return false;
	if (got < 4)
		return cut_off(e);
	for (int i = 0; i < 4; i++)
		length = length << 8 | s->sealed[i];
	n = length & ~LAST;
	if (n < 2 + TAG_LEN || n > ROOM)
		return changed(s, e);
	if (!file_read(s->fd, s->sealed + 4, n, &got, e))
		return false;
	if (got < n)
		return cut_off(e);
	s->ended = (length & LAST) != 0;
	s->at = s->n = 0;
	if (!open_chunk(s, n - TAG_LEN, s->ended) || !unpack_chunk(s, n - TAG_LEN))
		return s->n = 0, changed(s, e);
	s->number++;
	return true;
}

bool
stream_read(struct stream *s, void *p, size_t n, struct err *e)
{
	uint8_t *out = p;
	size_t   left = n;

	while (left > 0) {
		size_t part = s->n - s->at < left ? s->n - s->at : left;

		if (part == 0) {
			if (!next_chunk(s, e))
				return false;
			continue;
		}
		memcpy(out, s->plain + s->at, part);
		s->at += part;
		out += part;
		left -= part;
	}
	return passed(s, p, n, e);
}

bool
stream_read_end(struct stream *s, struct err *e)
{
	char   more;
	size_t got;

	if (s->at < s->n || !s->ended)
		return err_set(e, ERR_INVALID, 0, "The archive holds more than it says.",
		    "there is more in the stream");
	if (!file_read(s->fd, &more, 1, &got, e))
		return false;
	return got == 0 || err_set(e, ERR_INVALID, 0, "Something stands behind the archive's end.",
			       "there is more in the file");
}
