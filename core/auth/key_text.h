/*
 * key_text.h - the text of an API key: "bsx_", 65 base62 digits (tenant tag,
 * key id, secret), 6 base62 digits of the CRC-32 of all before.
 *
 * Fixed length and a checksum, so that scanners recognise a leaked key and we
 * refuse a mistyped one without asking the database.
 */
#ifndef BSX_AUTH_KEY_TEXT_H
#define BSX_AUTH_KEY_TEXT_H

#include "core/auth/tenant_tag.h"

#define KEY_TEXT_PREFIX "bsx_"
#define KEY_TEXT_LEN    75
#define KEY_SECRET_LEN  24

struct key_text {
	uint8_t     tenant[TENANT_TAG_LEN];
	struct uuid id;
	uint8_t     secret[KEY_SECRET_LEN];
};

void key_text_print(const struct key_text *k, char out[static KEY_TEXT_LEN + 1]);
/* False: not a key of ours, or mistyped. */
MUST_USE bool key_text_parse(struct str s, struct key_text *k);

#endif
