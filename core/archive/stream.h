/*
 * stream.h - bytes in chunks, packed and sealed one by one, as they go to a file and come from it.
 *
 * A chunk is 4 bytes (big endian: its length with the tag; the highest bit: it is the last), then AES-256-GCM of a byte that
 * says how it is packed (0: not at all, 1: a zstd frame) and of what it holds, 1 to STREAM_CHUNK bytes when unpacked.  The
 * nonce is the chunk's number (11 bytes, big endian) and a byte that is 1 for the last, 0 else: the construction STREAM
 * (Hoang, Reyhanitabar, Rogaway, Vizar 2015), which age has too.  So a chunk that is changed, moved, repeated or left out
 * does not open, nor does a stream that is cut, also between two chunks.  The key serves one stream.
 *
 * What is packed unpacks to at most STREAM_RATIO times its length (the writer leaves as it is what would be packed
 * tighter), and a reader holds one chunk, whatever it is given.
 *
 * Errors: ERR_INVALID, with a sentence: it is not as it was written; ERR_INTERNAL: the file, or memory.
 */
#ifndef BSX_ARCHIVE_STREAM_H
#define BSX_ARCHIVE_STREAM_H

#include "core/archive/lock.h"
#include "core/base/hash.h"

#define STREAM_CHUNK ((size_t)256 * 1024)
#define STREAM_RATIO 100

struct stream;
/* The descriptor stays the caller's.  `key` is copied, and wiped when the stream is freed. */
MUST_USE struct stream *stream_make(TALLOC_CTX *mem, int fd, const uint8_t key[static LOCK_KEY_LEN], struct err *e);

MUST_USE bool stream_write(struct stream *s, const void *p, size_t n, struct err *e);
/* The last chunk: something was written before. */
MUST_USE bool stream_write_end(struct stream *s, struct err *e);

/* Exactly n bytes. */
MUST_USE bool stream_read(struct stream *s, void *p, size_t n, struct err *e);
/* Nothing is left, in the stream and in the file. */
MUST_USE bool stream_read_end(struct stream *s, struct err *e);

/* Of all that was written or read so far, unpacked: how many bytes, and their SHA-256. */
uint64_t      stream_bytes(const struct stream *s);
MUST_USE bool stream_hash(const struct stream *s, uint8_t out[static HASH_LEN], struct err *e);

/* All n bytes to or from a descriptor; *got fewer: the file has ended. */
MUST_USE bool file_write(int fd, const void *p, size_t n, struct err *e);
MUST_USE bool file_read(int fd, void *p, size_t n, size_t *got, struct err *e);

#endif
