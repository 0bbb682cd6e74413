/*
 * hash.h - SHA-256, HMAC-SHA-256 and HKDF (RFC 5869), by OpenSSL.
 */
#ifndef BSX_BASE_HASH_H
#define BSX_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/str.h"

#define HASH_LEN 32

void hash_sha256(const void *p, size_t n, uint8_t out[static HASH_LEN]);
/* FNV-1a: tells texts of our own apart; who wants to make two alike can. */
uint64_t hash_quick(const char *text);
void hash_hmac(const uint8_t *key, size_t key_n, const void *p, size_t n, uint8_t out[static HASH_LEN]);
/* HKDF-SHA-256 with an empty salt; out_n <= 8160. */
void hash_hkdf(const uint8_t *key, size_t key_n, struct str info, uint8_t *out, size_t out_n);

/* Incremental HMAC for long inputs; make ... add* ... end (which frees it). */
struct hash_hmac_ctx;
struct hash_hmac_ctx *hash_hmac_make(TALLOC_CTX *mem, const uint8_t *key, size_t key_n); /* NULL: memory */
void hash_hmac_add(struct hash_hmac_ctx *h, const void *p, size_t n);
void hash_hmac_end(struct hash_hmac_ctx *h, uint8_t out[static HASH_LEN]);

/* A key for many short texts: several times as fast as giving it each time. Freed, it is wiped. */
struct hash_key;
struct hash_key *hash_key_make(TALLOC_CTX *mem, const uint8_t *key, size_t key_n); /* NULL: memory */
void hash_key_hmac(const struct hash_key *k, const void *p, size_t n, uint8_t out[static HASH_LEN]);
/* The same of n parts one behind another. */
void hash_key_parts(const struct hash_key *k, const struct str *parts, size_t n, uint8_t out[static HASH_LEN]);

#endif
