/*
 * mark.h - what stands in a normal form for a masked value.  For the files of this room only.
 *
 *	U+0000 "masked:" <64 hex>          all of it is masked
 *	U+0000 "partly:" <64 hex> <text>   parts of it are: each is U+0000 "#" in the text, where U+0000
 *	                                   that is no part of a secret stands twice
 *
 * The hex is the HMAC of the canonical text of all of the clear value in both: so a mask of parts
 * becomes one of all though the value is gone, and two of one value are known as such, however much
 * of it is masked.  A text from outside that begins with U+0000 gets one more in front, so that none
 * passes for a mask.
 */
#ifndef BSX_DRIFT_ENGINE_MARK_H
#define BSX_DRIFT_ENGINE_MARK_H

#include "core/base/buf.h"
#include "core/base/hash.h"
#include "core/json/json.h"

#define MARK        "\0masked:"
#define MARK_PARTLY "\0partly:"
#define MARK_LEN    (sizeof MARK - 1)
#define MARK_HEX    (2 * (size_t)HASH_LEN)
#define MARK_PART   "\0#"

bool mark_is_whole(struct str s);
bool mark_at(const struct json *v); /* of all or of parts */

/* Anywhere in a value. */
bool mark_within(const struct json *v);

/*
 * Appends what people get to see of it, as text and as a JSON string: "[masked]", or with a name
 * "[masked:<name>]".  A name is of the mask and of what its maker hands in as the place (mark_name; naming.h): equal
 * values within one such place have one name.  NULL: none.
 */
#define MARK_NAME 16 /* hex digits of a name */
void mark_text(struct buf *out, struct str mark, const char *name);
void mark_json(struct buf *out, struct str mark, const char *name);
/* NULL: of a redacted one (redact.h), whose HMAC is all zeros. */
const char *mark_name(const struct hash_key *k, struct str mark, const struct str *place, size_t n,
    char room[static MARK_NAME + 1]);

/* The HMAC, in hex, of the canonical text of a scalar as it is outside; what is written for that is
 * wiped. */
MUST_USE bool mark_hmac(TALLOC_CTX *mem, const struct hash_key *k, const struct json *clear,
    char hex[static MARK_HEX + 1], struct err *e);

/* A string of a normal form that is no mask, as it was outside. */
struct str mark_clear(struct str s);

#endif
