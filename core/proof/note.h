/*
 * note.h - signed notes and checkpoints of a trail (C2SP signed-note, tlog-checkpoint).
 *
 * A checkpoint is a text of lines, each ended by LF:
 *
 *	blindspotx.audit/TENANT/CHAIN     the origin: whose trail, and which of its chains
 *	SIZE                              entries
 *	ROOT                              of their tree (tree.h), base64
 *	at TIME                           when it was made (RFC 3339)
 *	head SEQ MAC                      the last entry, which is the SIZE-th, and its MAC, base64
 *	chains N                          how many the trail has; before CHAIN there are closed ones
 *
 * then an empty line, and "— NAME SIGNATURE" with NAME the origin and SIGNATURE base64 of four bytes that tell the key
 * (those that SHA-256(NAME, LF, 0x01, public key) begins with), and the Ed25519 signature of the text before the empty line.  The public key is
 * written as "NAME+HEX of those four bytes+base64(0x01, public key)".
 */
#ifndef BSX_PROOF_NOTE_H
#define BSX_PROOF_NOTE_H

#include "core/base/hash.h"
#include "core/base/uuid.h"
#include "core/crypt/ed25519.h"

#define NOTE_MAX        4096 /* bytes of a checkpoint */
#define NOTE_ORIGIN_MAX 128

struct checkpoint {
	char     origin[NOTE_ORIGIN_MAX];
	uint64_t size;
	uint8_t  root[HASH_LEN];
	int64_t  at_ms;
	uint8_t  head[HASH_LEN]; /* the MAC of the last entry */
	uint64_t chains;
};

struct note_key {
	char    name[NOTE_ORIGIN_MAX]; /* "": of whatever name */
	uint8_t key[ED25519_KEY_LEN];  /* public */
};

/* "blindspotx.audit/TENANT/CHAIN" */
void note_origin(const struct uuid *tenant, uint64_t chain, char out[static NOTE_ORIGIN_MAX]);

/* The note of a checkpoint; NULL: *e says why. */
MUST_USE char *note_sign(TALLOC_CTX *mem, const struct checkpoint *c, const uint8_t seed[static ED25519_KEY_LEN], struct err *e);
/* ERR_INVALID: it is no note of a checkpoint.  Its signature is not looked at. */
MUST_USE bool note_read(struct str note, struct checkpoint *out, struct err *e);
/* How it is with the signature, of a note that note_read() takes. */
enum note_state {
	NOTE_SIGNED,
	NOTE_OTHER_KEY, /* by another key */
	NOTE_FORGED,    /* it says that it is by this key, and is not */
};
enum note_state note_check(TALLOC_CTX *mem, struct str note, const struct note_key *k);

/*
 * The same of any text of lines that are each ended by LF, of which the first is the name that signs it and none is empty.
 * What it means is for the reader: a text that somebody else has signed by this key is as good.  It may be of any length.
 */
MUST_USE char *note_sign_text(TALLOC_CTX *mem, struct str text, const uint8_t seed[static ED25519_KEY_LEN], struct err *e);
enum note_state note_check_text(TALLOC_CTX *mem, struct str note, const struct note_key *k);

/* NAME+HEX+BASE64; NULL: memory. */
char *note_key_print(TALLOC_CTX *mem, const struct note_key *k);
/* That text, or base64 of the public key alone (of 32 bytes).  ERR_INVALID: neither. */
MUST_USE bool note_key_parse(struct str text, struct note_key *out, struct err *e);

#endif
