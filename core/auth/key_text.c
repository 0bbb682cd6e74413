#include "core/auth/key_text.h"

#include <string.h>

#include "core/base/secret.h"

#define PREFIX_LEN  (sizeof(KEY_TEXT_PREFIX) - 1)
#define BYTES       (TENANT_TAG_LEN + 16 + KEY_SECRET_LEN)
#define BODY_DIGITS 65 /* 62^65 > 256^48 */
#define SUM_DIGITS  6  /* 62^6 > 2^32 */

_Static_assert(sizeof(struct key_text) == BYTES, "the members leave no holes");
_Static_assert(PREFIX_LEN + BODY_DIGITS + SUM_DIGITS == KEY_TEXT_LEN, "the parts make the whole");

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static int
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'z' ? c - 'a' + 36 : -1;
}

/* A big-endian number of n bytes as exactly `d` digits; the number is used up. */
static void
base62_print(uint8_t *number, size_t n, char *out, size_t d)
{
	while (d-- > 0) {
		unsigned rest = 0;

		for (size_t i = 0; i < n; i++) {
			rest = rest << 8 | number[i];
			number[i] = (uint8_t)(rest / 62);
			rest %= 62;
		}
		out[d] = digits[rest];
	}
}

/* False: not a digit, or a number of more than n bytes. */
static bool
base62_parse(struct str s, uint8_t *number, size_t n)
{
	memset(number, 0, n);
	for (size_t d = 0; d < s.n; d++) {
		int      value = digit_value(s.p[d]);
		unsigned carry = (unsigned)value;

		if (value < 0)
			return false;
		for (size_t i = n; i-- > 0; carry >>= 8) {
			carry += number[i] * 62u;
			number[i] = (uint8_t)carry;
		}
		if (carry != 0)
			return false;
	}
	return true;
}

/* CRC-32 of ISO 3309 (zlib's), big-endian. */
static void
checksum(const char *p, size_t n, uint8_t out[static 4])
{
	uint32_t crc = 0xFFFFFFFF;

	for (size_t i = 0; i < n; i++) {
		crc ^= (uint8_t)p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
	}
	crc = ~crc;
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(crc >> (24 - 8 * i));
}

void
key_text_print(const struct key_text *k, char out[static KEY_TEXT_LEN + 1])
{
	uint8_t bytes[BYTES], sum[4];

	memcpy(bytes, k, BYTES);
	memcpy(out, KEY_TEXT_PREFIX, PREFIX_LEN);
	base62_print(bytes, BYTES, out + PREFIX_LEN, BODY_DIGITS);
	checksum(out, PREFIX_LEN + BODY_DIGITS, sum);
	base62_print(sum, sizeof(sum), out + PREFIX_LEN + BODY_DIGITS, SUM_DIGITS);
	out[KEY_TEXT_LEN] = '\0';
	secret_wipe(bytes, sizeof(bytes));
}

bool
key_text_parse(struct str s, struct key_text *k)
{
	struct str body = { s.p + PREFIX_LEN, BODY_DIGITS };
	struct str tail = { s.p + PREFIX_LEN + BODY_DIGITS, SUM_DIGITS };
	uint8_t    want[4], have[4];

	if (s.n != KEY_TEXT_LEN || !str_starts(s, KEY_TEXT_PREFIX))
		return false;
	checksum(s.p, PREFIX_LEN + BODY_DIGITS, want);
	if (!base62_parse(tail, have, sizeof(have)) || memcmp(want, have, sizeof(want)) != 0)
		return false;
	return base62_parse(body, (uint8_t *)k, sizeof(*k));
}
