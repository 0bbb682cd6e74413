/*
 * key_rotation.h - the turn of the signing keys, made by driftd (and by hand with bsxctl).
 *
 * A key is published as "next" from the moment its predecessor begins to sign,
 * so a verifier that keeps keys for less than ROTATE_PUBLISHED_S never meets an
 * unknown one; a retired key verifies until the last token it signed has ended.
 * Each turn is one entry, key.rotate, in the audit log of the tenant `platform`:
 * its id is written with the turn, so that it is written once even if whoever
 * made the turn dies before it comes to that.
 */
#ifndef BSX_AUTH_KEY_ROTATION_H
#define BSX_AUTH_KEY_ROTATION_H

#include "core/auth/auth.h"

#define ROTATE_PUBLISHED_S 3600 /* a key signs no sooner after it was published */

enum rotation_when {
	ROTATE_WHEN_DUE, /* the active key has signed for keys.rotate_s */
	ROTATE_NOW,      /* at once; ERR_CONFLICT when the next key is younger than ROTATE_PUBLISHED_S */
	ROTATE_FORCED,   /* at once, published or not: verifiers elsewhere may refuse new tokens for a while */
};

/* One round of upkeep; *turned (may be NULL): a turn was made.  `actor` is the program's name, for the audit. */
MUST_USE bool rotation_keys(struct auth *a, enum rotation_when when, const char *actor, bool *turned, struct err *e);

#endif
