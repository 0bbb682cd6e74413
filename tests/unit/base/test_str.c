#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/str.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
texts_compare_by_bytes_and_length(void **state)
{
	static const struct {
		const char *a, *b;
		int         want;
	} rows[] = {
		{ "", "", 0 },
		{ "a", "a", 0 },
		{ "a", "b", -1 },
		{ "ab", "a", 1 },
		{ "a", "ab", -1 },
		{ "", "a", -1 },
		{ "\xFF", "a", 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int c = str_cmp(str_of(rows[i].a), str_of(rows[i].b));

		assert_int_equal((c > 0) - (c < 0), rows[i].want);
		assert_int_equal(str_eqz(str_of(rows[i].a), rows[i].b), rows[i].want == 0);
	}
	assert_true(str_eq((struct str) { NULL, 0 }, STR("")));
	assert_false(str_eq(STR("a\0b"), STR("a\0c")));
}

static void
case_is_folded_for_ascii_letters_only(void **state)
{
	(void)state;
	assert_true(str_caseeqz(STR("Content-TYPE"), "content-type"));
	assert_false(str_caseeqz(STR("a"), "ab"));
	assert_false(str_caseeqz(STR("["), "{"));
	assert_false(str_caseeqz(STR("\xC3\x84"), "\xC3\xA4"));
}

static void
cutting_tells_an_empty_rest_from_no_separator(void **state)
{
	struct str head, rest;

	(void)state;
	rest = str_cut(STR("a=b=c"), '=', &head);
	assert_true(str_eqz(head, "a"));
	assert_true(str_eqz(rest, "b=c"));
	rest = str_cut(STR("a="), '=', &head);
	assert_true(str_eqz(head, "a"));
	assert_true(rest.p != NULL && rest.n == 0);
	rest = str_cut(STR("abc"), '=', &head);
	assert_true(str_eqz(head, "abc"));
	assert_null(rest.p);
	rest = str_cut((struct str) { NULL, 0 }, '=', &head);
	assert_null(rest.p);
	assert_int_equal(head.n, 0);
}

static void
trimming_takes_blanks_off_both_ends(void **state)
{
	(void)state;
	assert_true(str_eqz(str_trim(STR(" \t a b\t ")), "a b"));
	assert_true(str_eqz(str_trim(STR(" \t ")), ""));
	assert_true(str_eqz(str_trim(STR("\na\n")), "\na\n"));
}

static void
integers_are_read_whole_and_in_range_only(void **state)
{
	static const struct {
		const char *text;
		bool        ok;
		int64_t     want;
	} rows[] = {
		{ "0", true, 0 },
		{ "-0", true, 0 },
		{ "007", true, 7 },
		{ "-42", true, -42 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "-9223372036854775808", true, INT64_MIN },
		{ "9223372036854775808", false, 0 },
		{ "-9223372036854775809", false, 0 },
		{ "18446744073709551616", false, 0 },
		{ "", false, 0 },
		{ "-", false, 0 },
		{ "+1", false, 0 },
		{ "--1", false, 0 },
		{ " 1", false, 0 },
		{ "1 ", false, 0 },
		{ "1.0", false, 0 },
		{ "1e3", false, 0 },
		{ "0x1", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t got = 0;

		assert_int_equal(str_to_i64(str_of(rows[i].text), &got), rows[i].ok);
		if (rows[i].ok)
			assert_true(got == rows[i].want);
	}
}

static void
unsigned_integers_reach_64_bits_and_no_further(void **state)
{
	uint64_t v = 0;

	(void)state;
	assert_true(str_to_u64(STR("18446744073709551615"), &v));
	assert_true(v == UINT64_MAX);
	assert_false(str_to_u64(STR("18446744073709551616"), &v));
	assert_false(str_to_u64(STR("99999999999999999999999"), &v));
	assert_false(str_to_u64(STR("-1"), &v));
}

static void
utf8_is_strict(void **state)
{
	static const struct {
		struct str text;
		bool       ok;
	} rows[] = {
		{ { "", 0 }, true },
		{ { "abc\0d", 5 }, true },
		{ { "\xC3\xA4", 2 }, true },
		{ { "\xEF\xBF\xBF", 3 }, true },
		{ { "\xF0\x9F\x98\x80", 4 }, true },
		{ { "\xF4\x8F\xBF\xBF", 4 }, true },
		{ { "\x80", 1 }, false }, /* continuation alone */
		{ { "\xC3", 1 }, false }, /* cut short */
		{ { "\xE2\x82", 2 }, false },
		{ { "\xC0\xAF", 2 }, false }, /* overlong */
		{ { "\xC1\xBF", 2 }, false },
		{ { "\xE0\x9F\xBF", 3 }, false },
		{ { "\xF0\x8F\xBF\xBF", 4 }, false },
		{ { "\xED\xA0\x80", 3 }, false }, /* surrogates */
		{ { "\xED\xBF\xBF", 3 }, false },
		{ { "\xF4\x90\x80\x80", 4 }, false }, /* beyond U+10FFFF */
		{ { "\xF5\x80\x80\x80", 4 }, false },
		{ { "\xFF", 1 }, false },
		{ { "a\xC3(", 3 }, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(str_is_utf8(rows[i].text), rows[i].ok);
}

static void
every_code_point_comes_back_from_its_utf8(void **state)
{
	(void)state;
	for (uint32_t cp = 0x80; cp <= 0x10FFFF; cp++) {
		char     z[4];
		size_t   n = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
		uint32_t got = 0, v = cp;

		for (size_t i = n - 1; i > 0; i--, v >>= 6)
			z[i] = (char)(0x80 | (v & 0x3F));
		z[0] = (char)((n == 2 ? 0xC0u : n == 3 ? 0xE0u : 0xF0u) | v);
		if (cp >= 0xD800 && cp <= 0xDFFF) {
			assert_int_equal(utf8_next((struct str) { z, n }, &got), 0);
		} else {
			assert_int_equal(utf8_next((struct str) { z, n }, &got), n);
			assert_int_equal(got, cp);
		}
		assert_int_equal(utf8_next((struct str) { z, n - 1 }, &got), 0);
	}
}

static void
hex_is_read_in_either_case_and_exact_length(void **state)
{
	uint8_t b[3];
	char    z[7];

	(void)state;
	assert_true(hex_parse(STR("00fFAb"), b, 3));
	hex_print(b, 3, z);
	assert_string_equal(z, "00ffab");
	assert_false(hex_parse(STR("00fFA"), b, 3));
	assert_false(hex_parse(STR("00fFAb0"), b, 3));
	assert_false(hex_parse(STR("00fFAb"), b, 2));
	assert_false(hex_parse(STR("0g"), b, 1));
	assert_false(hex_parse(STR(" 0"), b, 1));
}

static void
base64_follows_the_rfc_vectors(void **state)
{
	static const struct {
		const char *plain, *padded, *url;
	} rows[] = {
		{ "", "", "" },
		{ "f", "Zg==", "Zg" },
		{ "fo", "Zm8=", "Zm8" },
		{ "foo", "Zm9v", "Zm9v" },
		{ "foob", "Zm9vYg==", "Zm9vYg" },
		{ "fooba", "Zm9vYmE=", "Zm9vYmE" },
		{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
		{ "\xFB\xFF\xBF", "+/+/", "-_-_" },
	};
	TALLOC_CTX *mem = talloc_new(NULL);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str     plain = str_of(rows[i].plain);
		const uint8_t *in = (const uint8_t *)plain.p;
		uint8_t        out[16];
		size_t         n = 99;

		assert_string_equal(base64_print(mem, in, plain.n), rows[i].padded);
		assert_string_equal(base64url_print(mem, in, plain.n), rows[i].url);
		assert_int_equal(strlen(rows[i].url), BASE64URL_LEN(plain.n));
		assert_true(base64_parse(str_of(rows[i].padded), out, sizeof(out), &n));
		assert_int_equal(n, plain.n);
		assert_memory_equal(out, plain.p, n);
		assert_true(base64url_parse(str_of(rows[i].url), out, plain.n, &n));
		assert_int_equal(n, plain.n);
		assert_memory_equal(out, plain.p, n);
	}
	talloc_free(mem);
}

static void
base64_that_is_not_canonical_is_refused(void **state)
{
	static const char *const url[] = { "Zh", "Zm9", "Z", "Zg==", "Zm+v", "Zm/v", "Zm 9v",
		"Zm9v\n", "Zm9vY", "=" };
	static const char *const padded[] = { "Zh==", "Zm9=", "Zg",
		"Zg=", "Z===", "====", "Zm8==", "Zg==Zg==", "-_-_", "Zm9v\n", "=Zg=" };
	uint8_t                  out[16];
	size_t                   n;

	(void)state;
	for (size_t i = 0; i < COUNT(url); i++)
		assert_false(base64url_parse(str_of(url[i]), out, sizeof(out), &n));
	for (size_t i = 0; i < COUNT(padded); i++)
		assert_false(base64_parse(str_of(padded[i]), out, sizeof(out), &n));
	assert_false(base64url_parse(STR("Zm9v"), out, 2, &n)); /* no room */
}

static void
instants_are_read_and_printed(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "2026-11-21T20:47:00.123Z", "2026-11-21T20:47:00.123Z" },
		{ "2026-11-21T20:47:00Z", "2026-11-21T20:47:00.000Z" },
		{ "2026-11-21t20:47:00.9z", "2026-11-21T20:47:00.900Z" },
		{ "2026-11-21T20:47:00.999999999Z", "2026-11-21T20:47:00.999Z" },
		{ "2026-11-21T20:47:00+02:30", "2026-11-21T18:17:00.000Z" },
		{ "2026-12-31T23:59:59.5-00:01", "2027-01-01T00:00:59.500Z" },
		{ "2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z" },
		{ "2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z" },
		{ "1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z" },
		{ "0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z" },
		{ "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char    z[TIME_TEXT_MAX];
		int64_t ms = -1;

		assert_true(time_parse(str_of(rows[i].in), &ms));
		time_print(ms, z);
		assert_string_equal(z, rows[i].out);
	}
}

static void
times_that_do_not_exist_are_refused(void **state)
{
	static const char *const rows[] = { "", "2026-11-21", "2026-11-21T20:47:00",
		"2026-11-21 20:47:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
		"2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
		"2026-11-00T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T20:60:00Z",
		"2026-11-21T20:47:60Z", "2026-11-21T20:47:00.Z", "2026-11-21T20:47:00.1234567890Z",
		"2026-11-21T20:47:00+24:00", "2026-11-21T20:47:00+0100", "2026-11-21T20:47:00Zx",
		"26-11-21T20:47:00Z", "+026-11-21T20:47:00Z", "2026-11-21T20:47:00,5Z",
		"0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01" };
	int64_t                  ms;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (time_parse(str_of(rows[i]), &ms))
			fail_msg("accepted: %s", rows[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_compare_by_bytes_and_length),
		cmocka_unit_test(case_is_folded_for_ascii_letters_only),
		cmocka_unit_test(cutting_tells_an_empty_rest_from_no_separator),
		cmocka_unit_test(trimming_takes_blanks_off_both_ends),
		cmocka_unit_test(integers_are_read_whole_and_in_range_only),
		cmocka_unit_test(unsigned_integers_reach_64_bits_and_no_further),
		cmocka_unit_test(utf8_is_strict),
		cmocka_unit_test(every_code_point_comes_back_from_its_utf8),
		cmocka_unit_test(hex_is_read_in_either_case_and_exact_length),
		cmocka_unit_test(base64_follows_the_rfc_vectors),
		cmocka_unit_test(base64_that_is_not_canonical_is_refused),
		cmocka_unit_test(instants_are_read_and_printed),
		cmocka_unit_test(times_that_do_not_exist_are_refused),
	};

	return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
