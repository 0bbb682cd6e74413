/* Normal forms: what looks the same is the same; what is no UTF-8 is refused or replaced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

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
		assert_int_equal(unicode_is_stream_safe((struct str) { text, n }),
		    marks <= UNICODE_MARKS_MAX);
	}
	assert_true(unicode_is_stream_safe(STR("")));
	assert_true(unicode_is_stream_safe(STR("\xFF\xFF")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ascii_is_in_every_form_and_folds_to_lower_case),
		cmocka_unit_test(marks_that_follow_one_another_are_counted),
		cmocka_unit_test(spellings_of_one_address_are_one),
		cmocka_unit_test(an_address_is_measured_after_folding),
		cmocka_unit_test(a_password_is_the_same_however_it_is_typed),
		cmocka_unit_test(normal_forms_keep_what_they_do_not_know),
		cmocka_unit_test(text_that_is_kept_is_cut_between_characters),
	};

	return cmocka_run_group_tests_name("unicode", tests, NULL, NULL);
}
