/* Sealed values: they open where they were sealed, and nowhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/crypt/seal.h"
#include "tests/unit/mem.h"

static const struct seal_key key = { 7, { 1, 2, 3 } };
static const char            place[] = "bsxt00:users:2fa_secret:1";

static struct blob
sealed(struct str plain)
{
	struct err  e = { 0 };
	struct blob s = { 0 };

	assert_true(seal_close(mem, &key, &rand_system, place, plain, &s, &e));
	return s;
}

static bool
opens(const struct seal_key *k, const char *at, struct blob s)
{
	struct err e = { 0 };
	struct str plain = { 0 };
	bool       ok = seal_open(mem, k, at, s, &plain, &e);

	if (!ok) {
		assert_int_equal(e.code, ERR_INTERNAL);
		assert_string_equal(e.detail, "ciphertext refused");
		assert_null(plain.p);
	}
	return ok;
}

static void
what_is_sealed_opens_again(void **state)
{
	char *large = talloc_zero_size(mem, 1 << 20);

	(void)state;
	memset(large, 'x', 1 << 20);
	const struct str rows[] = { { "", 0 }, { NULL, 0 }, { "a", 1 }, { "a\0b", 3 },
		{ "JBSWY3DPEHPK3PXP", 16 }, { large, 1 << 20 } };

	for (size_t i = 0; i < LEN(rows); i++) {
		struct blob s = sealed(rows[i]);
		struct err  e = { 0 };
		struct str  plain;

		assert_int_equal(s.n, rows[i].n + SEAL_OVERHEAD);
		assert_int_equal(seal_version(s), 7);
		assert_true(seal_open(mem, &key, place, s, &plain, &e));
		assert_true(str_eq(plain, rows[i]));
		assert_int_equal(plain.p[plain.n], '\0');
	}
}

static void
the_same_text_is_sealed_differently_each_time(void **state)
{
	struct blob a = sealed(STR("secret")), b = sealed(STR("secret"));

	(void)state;
	assert_memory_not_equal(a.p + 5, b.p + 5, 12);
	assert_memory_not_equal(a.p + 17, b.p + 17, 6);
}

static void
a_change_of_any_bit_is_refused(void **state)
{
	struct blob s = sealed(STR("secret"));
	uint8_t     copy[64];

	(void)state;
	for (size_t i = 0; i < s.n * 8; i++) {
		memcpy(copy, s.p, s.n);
		copy[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_false(opens(&key, place, (struct blob) { copy, s.n }));
	}
	for (size_t n = 0; n < s.n; n++)
		assert_false(opens(&key, place, (struct blob) { s.p, n }));
	assert_true(opens(&key, place, s));
}

static void
a_value_opens_only_in_its_place_and_by_its_key(void **state)
{
	static const char *const elsewhere[] = { "", "bsxt00:users:2fa_secret:2",
		"bsxt00:users:2fa_secret", "bsxt01:users:2fa_secret:1",
		"bsxt00:users:2fa_secret:11", "bsxt00:user:s2fa_secret:1" };
	struct blob              s = sealed(STR("secret"));
	struct seal_key          other = key;

	(void)state;
	for (size_t i = 0; i < LEN(elsewhere); i++)
		assert_false(opens(&key, elsewhere[i], s));
	other.key[31] ^= 1;
	assert_false(opens(&other, place, s));
	other = key;
	other.version = 8;
	assert_false(opens(&other, place, s));
}

static void
what_is_no_sealed_value_has_version_0(void **state)
{
	static const uint8_t short_one[SEAL_OVERHEAD - 1] = { 1, 0, 0, 0, 1 };
	static const uint8_t other_form[SEAL_OVERHEAD] = { 2, 0, 0, 0, 1 };
	static const uint8_t version_0[SEAL_OVERHEAD] = { 1 };
	struct seal_key      zero = { 0, { 0 } };

	(void)state;
	assert_int_equal(seal_version((struct blob) { NULL, 0 }), 0);
	assert_int_equal(seal_version((struct blob) { short_one, sizeof(short_one) }), 0);
	assert_int_equal(seal_version((struct blob) { other_form, sizeof(other_form) }), 0);
	assert_false(opens(&zero, place, (struct blob) { version_0, sizeof(version_0) }));
	assert_false(opens(&zero, place, (struct blob) { NULL, 0 }));
}

static void
a_place_names_the_row(void **state)
{
	static const uint8_t id[16] = { 0x01, 0x92, 0xaf, 0, 0, 0, 0x70, 0, 0x80 };

	(void)state;
	assert_string_equal(seal_place(mem, "bsx", "signing_keys", "private",
				(struct str) { (const char *)id, 16 }),
	    "bsx:signing_keys:private:0192af00-0000-7000-8000-000000000000");
	assert_string_equal(seal_place(mem, "bsxt1", "settings", "value", STR("smtp.password")),
	    "bsxt1:settings:value:smtp.password");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_sealed_opens_again),
		TEST(the_same_text_is_sealed_differently_each_time),
		TEST(a_change_of_any_bit_is_refused),
		TEST(a_value_opens_only_in_its_place_and_by_its_key),
		TEST(what_is_no_sealed_value_has_version_0),
		TEST(a_place_names_the_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
