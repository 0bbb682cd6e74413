/* New passwords: what is refused, why, and what is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/auth/password/password_rules.h"
#include "core/base/rand.h"

#define SHORT  "must have at least 15 characters"
#define LONG   "must have at most 1,024 bytes"
#define COMMON "is among the most common passwords, or one with something added or repeated"
#define NAMES  "is made of names that others know: yours, your organisation's or this product's"
#define RUN    "is mostly characters that count, repeat or lie side by side on a keyboard"

static const struct password_about ada = { "acme-corp", "Acm\xC3\xA9 Corporation",
	"ada.lovelace@mail.example", "Ada Lovelace", false, 15 };

static const char *
judge(const char *text, const struct password_about *about, int64_t min)
{
	TALLOC_CTX           *mem = talloc_new(NULL);
	struct err            e = { 0 };
	const char           *why = NULL;
	static char           kept[200];
	struct password_about asked = *about;

	asked.min_length = min;
	assert_true(password_judge(mem, str_of(text), &asked, &why, &e));
	if (why != NULL) {
		snprintf(kept, sizeof(kept), "%s", why);
		why = kept;
	}
	talloc_free(mem);
	return why;
}

struct row {
	const char *text, *why;
};

static void
hold(const struct row *rows, const struct password_about *about, int64_t min)
{
	for (; rows->text != NULL; rows++) {
		const char *why = judge(rows->text, about, min);

		if ((why == NULL) != (rows->why == NULL) ||
		    (why != NULL && strcmp(why, rows->why) != 0))
			fail_msg("%s: %s", rows->text, why == NULL ? "taken" : why);
	}
}

static void
the_only_factor_needs_fifteen_characters(void **state)
{
	static const struct row rows[] = {
		{ "", SHORT },
		{ "uvKz7-pLq2rTb1", SHORT },
		{ "uvKz7-pLq2rTb1w", NULL },
		{ "correct horse battery", NULL },
		/* characters, not bytes: fourteen and fifteen of them, three bytes each */
		{ "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E\xE3\x81\xAE\xE5\x90\x88\xE8\xA8\x80\xE8\x91"
		  "\x89\xE3\x81\xAF\xE9\x95\xB7\xE3\x81\x84\xE6\x96\x87\xE7\xAB\xA0\xE3\x81\xA7\xE3"
		  "\x81\x99",
		    SHORT },
		{ "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E\xE3\x81\xAE\xE5\x90\x88\xE8\xA8\x80\xE8\x91"
		  "\x89\xE3\x81\xAF\xE9\x95\xB7\xE3\x81\x84\xE6\x96\x87\xE7\xAB\xA0\xE3\x81\xA7\xE3"
		  "\x81\x99\xE3\x81\x8B",
		    NULL },
		{ NULL, NULL },
	};

	(void)state;
	hold(rows, &ada, 15);
}

static void
a_second_factor_lets_eight_do(void **state)
{
	struct password_about   with = ada;
	static const struct row rows[] = {
		{ "uvKz7-p", "must have at least 8 characters" },
		{ "uvKz7-pL", NULL },
		{ "password", COMMON },
		{ "Passw0rd", COMMON },
		{ "iloveyou", COMMON },
		{ "iLoveYou!", COMMON },
		{ "Lovelace1!", NAMES },
		{ "qwertzui", RUN },
		{ NULL, NULL },
	};

	(void)state;
	with.has_factor = true;
	hold(rows, &with, 15);
	hold(rows, &ada, 8); /* the installation asks for no more */
}

static void
the_length_ends_at_1024_bytes(void **state)
{
	char text[1026];

	(void)state;
	for (size_t i = 0; i < 1025; i++)
		text[i] = (char)('!' + (int)(i * i % 89 + i % 5) % 94);
	text[1025] = '\0';
	assert_string_equal(judge(text, &ada, 15), LONG);
	text[1024] = '\0';
	assert_null(judge(text, &ada, 15));
}

static void
common_ones_are_refused_in_every_dress(void **state)
{
	static const struct row rows[] = {
		{ "passwordpassword", COMMON }, /* its unit: password */
		{ "PassWordPassWord", COMMON }, /* folded */
		{ "123456789012345", COMMON },  /* unit 1234567890, the last one cut */
		{ "password1234567", COMMON },  /* without its digits */
		{ "Password!!!!!!!2026", COMMON },
		{ "Summer2026!!!!!", COMMON },
		{ "Password1Password1!", COMMON }, /* both together */
		{ "iloveyouiloveyouilove", COMMON },
		{ "letmeinletmeinl", COMMON },
		/* full-width letters are the same to the eye */
		{ "\xEF\xBD\x90\xEF\xBD\x81\xEF\xBD\x93\xEF\xBD\x93\xEF\xBD\x97\xEF\xBD\x8F\xEF\xBD"
		  "\x92\xEF\xBD\x84password",
		    COMMON },
		{ "pass\xC2\xADword1234567", COMMON }, /* a soft hyphen hides nothing */
		{ "passwordxpasswordy", NULL },        /* compared whole only */
		{ "correct horse battery staple", NULL },
		{ NULL, NULL },
	};

	(void)state;
	hold(rows, &ada, 15);
}

static void
names_that_others_know_are_refused(void **state)
{
	static const struct row rows[] = {
		{ "BlindSpotX12345", NAMES },
		{ "blindspotxblindspotx", NAMES },
		{ "Acme-Corp!!!!!!!2026", NAMES },
		{ "acm\xC3\xA9 corporation 1", NAMES },
		{ "ACM\xC3\x89"
		  "CORPORATION",
		    NAMES },
		{ "Ada Lovelace 1815", NAMES },
		{ "ada.lovelace1815", NAMES },
		{ "ada.lovelace@mail.example", NAMES },
		{ "lovelacelovelace", NAMES },
		{ "BlindSpotX-Ada-Lovelace", NAMES },
		{ "lovelace7analytic", NULL },
		{ NULL, NULL },
	};

	(void)state;
	hold(rows, &ada, 15);
}

static void
runs_are_refused_from_four_fifths_on(void **state)
{
	static const struct row rows[] = {
		{ "qwertyuiopasdfgh", RUN },
		{ "poiuytrewqlkjhg", RUN },
		{ "abcdefghijklmnop", RUN },
		{ "zyxwvutsrqponml", RUN },
		{ "9876543210zyxwv", RUN },
		{ "112233445566778", RUN },
		{ "1qaz2wsx3edc4rfv", RUN },
		{ "asdfASDFqwerQWER", RUN },
		{ "qwertzuiopyxcvbnm", RUN },
		{ "azertyuiopqsdfgh", RUN },
		{ "zzzzzyyyyywwwwwu", RUN },
		{ "qwertyuiopas7Kv!", NULL }, /* 10 of 16 */
		{ "the first hijack of nope", NULL },
		{ NULL, NULL },
	};

	(void)state;
	hold(rows, &ada, 15);
	assert_int_equal(password_run_percent(STR("abcdefgh-K")), 80);
	assert_int_equal(password_run_percent(STR("abcdefg-K4")), 70);
	assert_int_equal(password_run_percent(STR("")), 0);
	assert_int_equal(password_run_percent(STR("ab")), 0);
	assert_int_equal(password_run_percent((struct str) { "\0\0\0", 3 }), 0);
}

static void
the_list_is_searched_whole(void **state)
{
	static const char *const in[] = { "password", "123456", "zxcvbnm", "1qaz2wsx", NULL };
	static const char *const out[] = { "", "passwo", "passwordd", "\x7F", "zzzzzzzzzz~", "!",
		NULL };
	extern const char        common_passwords[];
	extern const size_t      common_passwords_n;
	size_t                   lines = 0;

	(void)state;
	for (size_t i = 0; in[i] != NULL; i++)
		assert_true(password_is_common(str_of(in[i])));
	for (size_t i = 0; out[i] != NULL; i++)
		assert_false(password_is_common(str_of(out[i])));
	for (const char *p = common_passwords; p < common_passwords + common_passwords_n; lines++) {
		const char *end = strchr(p, '\n');

		assert_true(password_is_common((struct str) { p, (size_t)(end - p) }));
		p = end + 1;
	}
	assert_int_equal(lines, 10000);
}

static void
random_ones_are_taken(void **state)
{
	(void)state;
	for (int i = 0; i < 2000; i++) {
		uint8_t bytes[18];
		char   *text;

		rand_fill(&rand_system, bytes, sizeof(bytes));
		text = base64_print(NULL, bytes, sizeof(bytes));
		assert_null(judge(text, &ada, 15));
		talloc_free(text);
	}
}

static void
a_typed_password_is_normalised_or_refused_at_its_place(void **state)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	struct err  e = { 0 };
	struct str  out;

	(void)state;
	assert_true(password_accept(
	    mem, STR("uvKz7-pLq2rTb1\xEF\xBD\x97"), &ada, "/new_password", &out, &e));
	assert_string_equal(out.p, "uvKz7-pLq2rTb1w");
	assert_false(
	    password_accept(mem, STR("passwordpassword"), &ada, "/new_password", &out, &e));
	assert_int_equal(e.code, ERR_INVALID);
	assert_string_equal(e.faults->pointer, "/new_password");
	assert_string_equal(e.faults->detail, COMMON);
	err_clear(&e);
	assert_false(password_accept(mem, STR("uvKz7-pLq2rTb1\xFF"), &ada, "/password", &out, &e));
	assert_int_equal(e.code, ERR_INVALID);
	assert_string_equal(e.faults->pointer, "/password");
	talloc_free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_only_factor_needs_fifteen_characters),
		cmocka_unit_test(a_second_factor_lets_eight_do),
		cmocka_unit_test(the_length_ends_at_1024_bytes),
		cmocka_unit_test(common_ones_are_refused_in_every_dress),
		cmocka_unit_test(names_that_others_know_are_refused),
		cmocka_unit_test(runs_are_refused_from_four_fifths_on),
		cmocka_unit_test(the_list_is_searched_whole),
		cmocka_unit_test(random_ones_are_taken),
		cmocka_unit_test(a_typed_password_is_normalised_or_refused_at_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
