/*
 * trust.h - the authorities whose certificates are believed: the system's, read once (OpenSSL).
 *
 * libcurl reads them for each connection, 140 certificates, which is more work than all the rest of a request.  Here they
 * are read when they are first needed and when their file or folder has changed; a process that is forked has them.
 */
#ifndef BSX_NET_TRUST_H
#define BSX_NET_TRUST_H

#include <stdbool.h>
#include <talloc.h>

struct trust;

/* `file` has certificates in PEM, `folder` (NULL: none) such files by the hash of their names; NULL: out of memory. */
struct trust *trust_make(TALLOC_CTX *mem, const char *file, const char *folder);

/* Those in a text, in PEM; NULL: there is none in it, or one that is no certificate. */
struct trust *trust_make_text(TALLOC_CTX *mem, const char *pem);

/* Reads them if that is due; false: they cannot be read. */
bool trust_read(struct trust *t);
/* To a connection that is about to be made; `ssl_ctx` is an SSL_CTX, after trust_read(). */
void trust_give(const struct trust *t, void *ssl_ctx);
/* A sentence on a certificate that was not believed, by what libcurl says of it (CURLINFO_SSL_VERIFYRESULT). */
const char *trust_doubt(long why);

#endif
