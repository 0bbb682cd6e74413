/* API keys as text: they read back, and a mistyped one is refused without asking anybody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/auth/key_text.h"
#include "core/base/rand.h"

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static bool
parse(const char *p, size_t n, struct key_text *k)
{
	return key_text_parse((struct str) { p, n }, k);
}

static void
any_key_reads_back(void **state)
{
	char            text[KEY_TEXT_LEN + 1];
	struct key_text k, again;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		rand_fill(&rand_system, &k, sizeof(k));
		if (i < 2)
			memset(&k, i == 0 ? 0 : 0xFF, sizeof(k));
		key_text_print(&k, text);
		assert_int_equal(strlen(text), KEY_TEXT_LEN);
		assert_true(parse(text, KEY_TEXT_LEN, &again));
		assert_memory_equal(&k, &again, sizeof(k));
	}
}

static void
one_wrong_character_anywhere_is_noticed(void **state)
{
	char            text[KEY_TEXT_LEN + 1], was;
	struct key_text k;

	(void)state;
	rand_fill(&rand_system, &k, sizeof(k));
	key_text_print(&k, text);
	for (size_t i = 0; i < KEY_TEXT_LEN; i++) {
		was = text[i];
		for (size_t d = 0; d < sizeof(digits) - 1; d++) {
			text[i] = digits[d];
			assert_int_equal(parse(text, KEY_TEXT_LEN, &k), digits[d] == was);
		}
		text[i] = '\0';
		assert_false(parse(text, KEY_TEXT_LEN, &k));
		text[i] = (char)0xC3;
		assert_false(parse(text, KEY_TEXT_LEN, &k));
		text[i] = was;
	}
}

static void
other_lengths_and_swapped_characters_are_refused(void **state)
{
	char            text[KEY_TEXT_LEN + 2], c;
	struct key_text k;

	(void)state;
	rand_fill(&rand_system, &k, sizeof(k));
	key_text_print(&k, text);
	text[KEY_TEXT_LEN + 1] = '\0';
	for (size_t n = 0; n < KEY_TEXT_LEN; n++)
		assert_false(parse(text, n, &k));
	text[KEY_TEXT_LEN] = '0';
	assert_false(parse(text, KEY_TEXT_LEN + 1, &k));
	for (size_t i = 4; i + 1 < KEY_TEXT_LEN; i++) {
		c = text[i];
		if (c == text[i + 1])
			continue;
		text[i] = text[i + 1];
		text[i + 1] = c;
		assert_false(parse(text, KEY_TEXT_LEN, &k));
		text[i + 1] = text[i];
		text[i] = c;
	}
	assert_true(parse(text, KEY_TEXT_LEN, &k));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_key_reads_back),
		cmocka_unit_test(one_wrong_character_anywhere_is_noticed),
		cmocka_unit_test(other_lengths_and_swapped_characters_are_refused),
	};

	return cmocka_run_group_tests_name("key_text", tests, NULL, NULL);
}
