/*
 * issuer.h - what is known of identity providers, for all workers of this host:
 * one document per issuer of an owner, and who may fetch it anew.
 *
 * A stranger chooses the `kid` of a token, so asking must not mean fetching.
 * The right to fetch is claimed BEFORE fetching and lasts for a cool-down
 * whatever comes of it: one refresher per issuer on this host, whether it
 * succeeds, fails or dies.  A failure keeps the document that is there.
 *
 * Bounded: ISSUERS_MAX entries, of which an owner has at most ISSUERS_EACH.  The
 * longest unused gives way to another issuer, but only when its cool-down is over; if
 * none may, nothing is fetched.  An owner that has as many as it may gives its own
 * longest unused, with its cool-down: whoever names issuers without end takes the
 * place of his own, and of nobody else's.
 */
#ifndef BSX_SHM_ISSUER_H
#define BSX_SHM_ISSUER_H

#include "core/shm/segment.h"

#define ISSUERS_MAX     512
#define ISSUERS_EACH    8
#define ISSUER_TEXT_MAX 24576 /* bytes of a document */

struct issuer_state {
	bool    known;      /* somebody has claimed it: the rest is set */
	int64_t claimed_ms; /* when the last fetch began */
	int64_t ended_ms;   /* when the last fetch ended, with or without success; 0: none has */
	int64_t fetched_ms; /* of the document; 0: there is none */
	int64_t withdrawn_ms; /* since when it is said no more, and nothing instead; 0: it is not */
	size_t  n;          /* bytes copied to `text` */
};

/* `key` is a hash of the owner and the issuer's address; `text` may be NULL. */
void issuer_get(struct segment *s, const uint8_t key[static 32], int64_t now_ms, char *text,
    struct issuer_state *out);
/* True: the caller, and nobody else for `cool_ms`, may fetch.  `owner` is a hash of whose it is. */
MUST_USE bool issuer_claim(struct segment *s, const uint8_t key[static 32], uint64_t owner, int64_t now_ms,
    int64_t cool_ms);
/* The fetch is over: the new document, or NULL: it failed and what is there stays. */
void issuer_put(struct segment *s, const uint8_t key[static 32], int64_t now_ms, const char *text, size_t n);
/* The fetch is over: what is there is said no more, and nothing instead.  It stays as well. */
void issuer_withdraw(struct segment *s, const uint8_t key[static 32], int64_t now_ms);

#endif
