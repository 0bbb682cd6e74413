/* One-time passwords against the vectors of RFC 6238, and the QR code against libqrencode's own
 * modules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <qrencode.h>

#include "core/auth/mfa/mfa.h"
#include "core/crypt/totp.h"
#include "tests/unit/mem.h"

#define SECRET STR("12345678901234567890")

/* RFC 6238 appendix B, the rows of SHA-1. */
static const struct {
	uint64_t    time_s;
	const char *code;
} vectors[] = {
	{ 59, "94287082" },
	{ 1111111109, "07081804" },
	{ 1111111111, "14050471" },
	{ 1234567890, "89005924" },
	{ 2000000000, "69279037" },
	{ 20000000000, "65353130" },
};

static void
the_vectors_of_rfc_6238(void **state)
{
	struct err e = { 0 };
	char       code[TOTP_CODE_MAX];

	(void)state;
	for (size_t i = 0; i < LEN(vectors); i++) {
		assert_true(totp_code(SECRET, vectors[i].time_s / TOTP_PERIOD_S, 8, code, &e));
		assert_string_equal(code, vectors[i].code);
		assert_true(
		    totp_code(SECRET, vectors[i].time_s / TOTP_PERIOD_S, TOTP_DIGITS, code, &e));
		assert_string_equal(code, vectors[i].code + 2);
	}
}

static bool
counts(const char *code, int64_t now_s, int64_t *step)
{
	struct err e = { 0 };
	bool       match;

	assert_true(totp_check(SECRET, str_of(code), now_s * 1000, &match, step, &e));
	return match;
}

static void
a_code_counts_one_step_early_and_one_late(void **state)
{
	static const struct {
		int64_t now_s;
		bool    match;
	} rows[] = {
		{ 1234567890 - 31, false }, /* two steps before its own, which begins at ...890 */
		{ 1234567890 - 30, true },
		{ 1234567890, true },
		{ 1234567890 + 29, true },
		{ 1234567890 + 59, true },
		{ 1234567890 + 60, false },
	};
	int64_t step;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		assert_int_equal(counts("005924", rows[i].now_s, &step), rows[i].match);
		if (rows[i].match)
			assert_int_equal(step, 1234567890 / 30);
	}
}

static void
what_is_not_six_digits_is_no_code(void **state)
{
	static const char *const bad[] = { "", "00592", "0059240", "00592a", "+05924", "-05924",
		"005 92", "005924\n0", "0x5924", "\xD9\xA0\x30" /* an Arabic zero */, "005925",
		"000000" };
	int64_t                  step;

	(void)state;
	for (size_t i = 0; i < LEN(bad); i++)
		assert_false(counts(bad[i], 1234567890, &step));
	assert_true(counts("005 924", 1234567890, &step));
	assert_true(counts(" 005924 ", 1234567890, &step));
	assert_true(counts("005924\n", 1234567890, &step));
	assert_true(counts("005-\xD9\xA9\xD9\xA2\xD9\xA4", 1234567890, &step));
}

static void
the_secret_is_printed_in_base32(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_string_equal(totp_secret_print(mem, SECRET, &e), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
	assert_string_equal(totp_secret_print(mem, STR("f"), &e), "MY");
}

/* ---- the QR code ---- */

/* The modules that the bars of the second path cover. */
static void
read_bars(const char *svg, int side, bool *dark)
{
	const char *at = strstr(svg, "fill=\"#000\" d=\"");
	int         x, y, h, back, n;

	assert_non_null(at);
	at += strlen("fill=\"#000\" d=\"");
	for (; sscanf(at, "M%d %dh%dv1h-%dz%n", &x, &y, &h, &back, &n) == 4; at += n) {
		assert_true(x >= 0 && y >= 0 && h > 0 && x + h <= side && y < side);
		assert_int_equal(h, back);
		for (int i = 0; i < h; i++)
			dark[y * side + x + i] = true;
	}
	assert_string_equal(at, "\"/></svg>");
}

static void
the_svg_has_the_modules_of_the_code_inside_a_quiet_zone(void **state)
{
	static const char text[] =
	    "otpauth://totp/"
	    "BlindSpotX%20demo:a%40b.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
	struct err e = { 0 };
	char      *svg = mfa_qr_svg(mem, text, &e), head[200];
	QRcode    *q = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	int        side = q->width + 8;
	bool      *dark = talloc_zero_array(mem, bool, (unsigned)(side * side));

	(void)state;
	assert_non_null(svg);
	snprintf(head, sizeof(head),
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\"", side, side);
	assert_memory_equal(svg, head, strlen(head));
	read_bars(svg, side, dark);
	for (int y = 0; y < side; y++)
		for (int x = 0; x < side; x++) {
			bool inside = x >= 4 && y >= 4 && x < 4 + q->width && y < 4 + q->width;
			bool want = inside && (q->data[(y - 4) * q->width + x - 4] & 1);

			assert_int_equal(dark[y * side + x], want);
		}
	QRcode_free(q);
}

static void
a_text_beyond_a_qr_code_is_refused(void **state)
{
	struct err e = { 0 };
	char       text[4000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_null(mfa_qr_svg(mem, text, &e));
	assert_int_equal(e.code, ERR_INTERNAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_vectors_of_rfc_6238),
		TEST(a_code_counts_one_step_early_and_one_late),
		TEST(what_is_not_six_digits_is_no_code),
		TEST(the_secret_is_printed_in_base32),
		TEST(the_svg_has_the_modules_of_the_code_inside_a_quiet_zone),
		TEST(a_text_beyond_a_qr_code_is_refused),
	};

	return cmocka_run_group_tests_name("totp", tests, NULL, NULL);
}
