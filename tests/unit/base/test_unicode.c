/* Normal forms: what looks the same is the same; what is no UTF-8 is refused or replaced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <utf8proc.h>

#include "core/auth/ident.h"
#include "core/base/unicode.h"

#define LEN(a) (sizeof(a) / sizeof *(a))

static void
spellings_of_one_address_are_one(void **state)
{
	static const struct {
		const char *typed, *same; /* NULL: no address */
	} cases[] = {
		{ "Ada@Example.ORG", "ada@example.org" },
		{ "  ada@example.org\t", "ada@example.org" },
		{ "\xEF\xBC\xA1"
		  "da@example.org",
		    "ada@example.org" }, /* full-width A */
		{ "a\xC2\xAD"
		  "da@example.org",
		    "ada@example.org" }, /* soft hyphen */
		{ "a\xE2\x80\x8B"
		  "da@example.org",
		    "ada@example.org" }, /* zero-width space */
		{ "stra\xC3\x9F"
		  "e@example.org",
		    "strasse@example.org" }, /* sharp s */
		{ "e\xCC\x81"
		  "a@x.org",
		    "\xC3\xA9"
		    "a@x.org" }, /* e + acute */
		{ "", NULL },
		{ "@", NULL },
		{ "a@", NULL },
		{ "@b", NULL },
		{ "no address", NULL },
		{ "a b@c", NULL },
		{ "a\nb@c", NULL },
		{ "a\xFF@c", NULL },
		{ "a\xC0\x80@c", NULL },
	};
	TALLOC_CTX *mem = talloc_new(NULL);

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct err  e = { 0 };
		const char *email = NULL;
		bool        ok = ident_email(mem, str_of(cases[i].typed), &email, &e);

		assert_int_equal(ok, cases[i].same != NULL);
		if (ok)
			assert_string_equal(email, cases[i].same);
		else
			assert_int_equal(e.code, ERR_INVALID);
	}
	talloc_free(mem);
}

static void
an_address_is_measured_after_folding(void **state)
{
	char        typed[400];
	struct err  e = { 0 };
	const char *email;
	TALLOC_CTX *mem = talloc_new(NULL);

	(void)state;
	memset(typed, 'a', sizeof(typed));
	typed[1] = '@';
	assert_true(ident_email(mem, (struct str) { typed, EMAIL_MAX }, &email, &e));
	assert_false(ident_email(mem, (struct str) { typed, EMAIL_MAX + 1 }, &email, &e));
	err_clear(&e);
	/* one ligature of three bytes becomes eighteen */
	for (size_t i = 2; i + 3 <= 60; i += 3)
		memcpy(typed + i, "\xEF\xB7\xBA", 3);
	assert_false(ident_email(mem, (struct str) { typed, 59 }, &email, &e));
	talloc_free(mem);
}

static void
a_password_is_the_same_however_it_is_typed(void **state)
{
	struct err  e = { 0 };
	struct str  a, b;
	TALLOC_CTX *mem = talloc_new(NULL);

	(void)state;
	assert_true(ident_password(mem, STR("caf\xC3\xA9 Horse"), &a, &e));
	assert_true(ident_password(mem, STR("cafe\xCC\x81 Horse"), &b, &e));
	assert_true(str_eq(a, b));
	assert_true(ident_password(mem, STR("CAFE\xCC\x81 Horse"), &b, &e));
	assert_false(str_eq(a, b)); /* case counts */
	assert_false(ident_password(mem, STR(""), &b, &e));
	talloc_free(mem);
}

static void
normal_forms_keep_what_they_do_not_know(void **state)
{
	struct err  e = { 0 };
	struct str  out;
	TALLOC_CTX *mem = talloc_new(NULL);

	(void)state;
	assert_true(unicode_nfc(mem, (struct str) { "a\0b", 3 }, &out, &e));
	assert_int_equal(out.n, 3);
	assert_memory_equal(out.p, "a\0b", 3);
	assert_true(unicode_nfc(mem, STR("e\xCC\x81"), &out, &e));
	assert_true(str_eqz(out, "\xC3\xA9"));
	assert_true(unicode_nfc(mem, STR("\xEF\xAC\x81"), &out, &e)); /* a ligature is kept */
	assert_true(str_eqz(out, "\xEF\xAC\x81"));
	assert_true(unicode_nfkc(mem, STR("\xEF\xAC\x81"), &out, &e));
	assert_true(str_eqz(out, "fi"));
	assert_true(unicode_nfc(mem, STR(""), &out, &e));
	assert_int_equal(out.n, 0);
	assert_false(unicode_nfc(mem, STR("\xED\xA0\x80"), &out, &e));
	talloc_free(mem);
}

static void
text_that_is_kept_is_cut_between_characters(void **state)
{
	static const struct {
		const char *in;
		size_t      max;
		const char *out;
	} cases[] = {
		{ "Mozilla/5.0", 400, "Mozilla/5.0" },
		{ "Mozilla/5.0", 7, "Mozilla" },
		{ "\xC3\xA9\xC3\xA9", 3, "\xC3\xA9" },
		{ "a\xFF"
		  "b",
		    400,
		    "a\xEF\xBF\xBD"
		    "b" },
		{ "\xFF\xFF", 5, "\xEF\xBF\xBD" },
		{ "\xF0\x9F\x98\x80", 3, "" },
		{ "", 400, "" },
	};
	TALLOC_CTX *mem = talloc_new(NULL);

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		assert_string_equal(
		    unicode_clean(mem, str_of(cases[i].in), cases[i].max), cases[i].out);
	talloc_free(mem);
}

/* Normalisers go their own way with ASCII. */
static void
ascii_is_in_every_form_and_folds_to_lower_case(void **state)
{
	TALLOC_CTX *mem = talloc_new(NULL);

	(void)state;
	for (char c = 0; c >= 0 && c < 127; c++) {
		char       low = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
		struct err e = { 0 };
		struct str out;

		assert_true(unicode_nfc(mem, (struct str) { &c, 1 }, &out, &e));
		assert_true(out.n == 1 && out.p[0] == c);
		assert_true(unicode_nfkc_casefold(mem, (struct str) { &c, 1 }, &out, &e));
		assert_true(out.n == 1 && out.p[0] == low);
	}
	talloc_free(mem);
}

static void
marks_that_follow_one_another_are_counted(void **state)
{
	char text[400];

	(void)state;
	for (size_t marks = 0; marks < 60; marks++) {
		size_t n = 0;

		text[n++] = 'a';
		for (size_t i = 0; i < marks; i++) { /* U+0315 and U+0316 */
			text[n++] = '\xCC';
			text[n++] = i % 2 == 0 ? '\x95' : '\x96';
		}
		text[n++] = 'b';
		for (size_t i = 0; i < 20; i++) {
			text[n++] = '\xCC';
			text[n++] = '\x95';
		}
		assert_int_equal(
		    unicode_is_stream_safe((struct str) { text, n }), marks <= UNICODE_MARKS_MAX);
	}
	assert_true(unicode_is_stream_safe(STR("")));
	assert_true(unicode_is_stream_safe(STR("\xFF\xFF")));
}

/* As unicodedata.decimal() of another implementation has them: the zero of every script. */
static const uint32_t zeros[] = { 0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66,
	0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0, 0xF20, 0x1040, 0x1090, 0x17E0, 0x1810,
	0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900,
	0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x104A0, 0x10D30, 0x11066, 0x110F0, 0x11136,
	0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950, 0x11C50,
	0x11D50, 0x11DA0, 0x16A60, 0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6,
	0x1E140, 0x1E2F0, 0x1E950, 0x1FBF0 };

static size_t
put_utf8(char *p, uint32_t cp)
{
	return (size_t)utf8proc_encode_char((utf8proc_int32_t)cp, (utf8proc_uint8_t *)p);
}

static void
digits_of_every_script_are_those_of_a_code(void **state)
{
	TALLOC_CTX *mem = talloc_new(NULL);

	(void)state;
	for (size_t i = 0; i < LEN(zeros); i++) {
		char       typed[64];
		size_t     n = 0;
		struct err e = { 0 };
		struct str code;

		for (uint32_t d = 0; d < 10; d++)
			n += put_utf8(typed + n, zeros[i] + d);
		assert_true(unicode_code(mem, (struct str) { typed, n }, &code, &e));
		if (!str_eqz(code, "0123456789"))
			fail_msg("U+%04X: %s", zeros[i], code.p);
	}
	talloc_free(mem);
}

static void
white_space_and_dashes_are_not_of_a_code(void **state)
{
	static const uint32_t left_out[] = { 0x09, 0x0A, 0x0D, 0x20, 0x2D, 0x85, 0xA0, 0xAD, 0x1680,
		0x2000, 0x2003, 0x2009, 0x200B, 0x200D, 0x2010, 0x2011, 0x2012, 0x2013, 0x2014,
		0x2015, 0x2028, 0x202F, 0x205F, 0x2060, 0x2212, 0x3000, 0xFE58, 0xFE63, 0xFEFF,
		0xFF0D };
	static const uint32_t kept[] = { 0x21, 0x2B, 0x2E, 0x5F, 0xB7, 0x2044, 0x2160, 0x3007,
		0x4E00 };
	TALLOC_CTX           *mem = talloc_new(NULL);

	(void)state;
	for (size_t i = 0; i < LEN(left_out) + LEN(kept); i++) {
		bool       gone = i < LEN(left_out);
		uint32_t   cp = gone ? left_out[i] : kept[i - LEN(left_out)];
		char       typed[16] = "a";
		size_t     n = 1 + put_utf8(typed + 1, cp);
		struct err e = { 0 };
		struct str code, name;

		typed[n++] = 'Z';
		assert_true(unicode_code(mem, (struct str) { typed, n }, &code, &e));
		if (str_eqz(code, "az") != gone)
			fail_msg("U+%04X: %s", cp, code.p);
		assert_int_equal(code.p[code.n], 0);
		/* a name is trimmed at its ends and keeps what can be seen between */
		assert_true(unicode_identifier(mem, (struct str) { typed, n }, &name, &e));
		assert_true(name.n >= 2 && name.p[0] == 'a' && name.p[name.n - 1] == 'z');
	}
	talloc_free(mem);
}

static void
white_space_of_every_kind_is_trimmed_of_a_name(void **state)
{
	static const uint32_t white[] = { 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20, 0x85, 0xA0, 0x1680,
		0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009,
		0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0x200B, 0xFEFF };
	TALLOC_CTX           *mem = talloc_new(NULL);

	(void)state;
	for (size_t i = 0; i < LEN(white); i++) {
		char       typed[32];
		size_t     n = put_utf8(typed, white[i]), from = n;
		struct err e = { 0 };
		struct str name;

		memcpy(typed + n, "Ab", 2);
		n += 2 + put_utf8(typed + n + 2, white[i]);
		assert_true(unicode_identifier(mem, (struct str) { typed, n }, &name, &e));
		if (!str_eqz(name, "ab") || name.p[name.n] != '\0')
			fail_msg("U+%04X: %s", white[i], name.p);
		assert_true(unicode_identifier(mem, (struct str) { typed, from }, &name, &e));
		assert_int_equal(name.n, 0);
	}
	talloc_free(mem);
}

static void
what_cannot_be_seen_is_told_from_what_can(void **state)
{
	static const uint32_t unseen[] = { 0x01, 0x09, 0x0A, 0x20, 0x7F, 0x85, 0xA0, 0xAD, 0x34F,
		0x61C, 0x115F, 0x1160, 0x1680, 0x17B4, 0x180B, 0x180E, 0x2000, 0x200B, 0x200C,
		0x200D, 0x200E, 0x200F, 0x2028, 0x202A, 0x202E, 0x202F, 0x205F, 0x2060, 0x2064,
		0x2066, 0x2069, 0x206F, 0x2800, 0x3000, 0x3164, 0xFE00, 0xFE0F, 0xFEFF, 0xFFA0,
		0xFFF9, 0xFFFB, 0xFDD0, 0xFDEF, 0xFFFE, 0xFFFF, 0x16FE4, 0x1D159, 0x1D173, 0x1FFFE,
		0xE0001, 0xE0020, 0xE0100, 0xE01EF, 0x10FFFF };
	static const uint32_t blanks[] = { 0x20, 0xA0, 0x1680, 0x2000, 0x202F, 0x205F, 0x3000 };
	static const uint32_t seen[] = { '-', '.', '0', 'a', 0xB7, 0x301, 0x600, 0x6DD, 0x2801,
		0x3007, 0x4E00, 0xFFFD, 0x1F600, 0xE000 };
	char                  text[256];
	size_t                all = 0;

	(void)state;
	for (size_t i = 0; i < LEN(unseen) + LEN(seen); i++) {
		bool     gone = i < LEN(unseen);
		uint32_t cp = gone ? unseen[i] : seen[i - LEN(unseen)];
		char     one[5];
		size_t   n = put_utf8(one, cp);
		bool     blank = false;

		for (size_t k = 0; k < LEN(blanks); k++)
			blank = blank || blanks[k] == cp;
		if (unicode_has_unseen((struct str) { one, n }) != (gone && !blank))
			fail_msg("U+%04X in a text", cp);
		if (unicode_is_unseen((struct str) { one, n }) != gone)
			fail_msg("U+%04X", cp);
		if (gone && all + n < sizeof(text)) {
			memcpy(text + all, one, n);
			all += n;
		}
	}
	assert_true(unicode_is_unseen((struct str) { text, all }));
	assert_true(unicode_is_unseen((struct str) { NULL, 0 }));
	assert_false(unicode_is_unseen(STR("\xFF")));
	text[all++] = 'x';
	assert_false(unicode_is_unseen((struct str) { text, all }));
	assert_true(unicode_has_unseen((struct str) { text, all }));
	assert_true(unicode_has_unseen(STR("a\xFF")));
	assert_false(unicode_has_unseen(STR("A b")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ascii_is_in_every_form_and_folds_to_lower_case),
		cmocka_unit_test(marks_that_follow_one_another_are_counted),
		cmocka_unit_test(spellings_of_one_address_are_one),
		cmocka_unit_test(what_cannot_be_seen_is_told_from_what_can),
		cmocka_unit_test(digits_of_every_script_are_those_of_a_code),
		cmocka_unit_test(white_space_and_dashes_are_not_of_a_code),
		cmocka_unit_test(white_space_of_every_kind_is_trimmed_of_a_name),
		cmocka_unit_test(an_address_is_measured_after_folding),
		cmocka_unit_test(a_password_is_the_same_however_it_is_typed),
		cmocka_unit_test(normal_forms_keep_what_they_do_not_know),
		cmocka_unit_test(text_that_is_kept_is_cut_between_characters),
	};

	return cmocka_run_group_tests_name("unicode", tests, NULL, NULL);
}
