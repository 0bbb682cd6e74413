/* Password hashes: PHC strings of argon2id, checked against libargon2's own encoder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <argon2.h>
#include <cmocka.h>

#include "core/crypt/password.h"

#define LEN(a)  (sizeof(a) / sizeof *(a))
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_mem, free_mem)

static TALLOC_CTX *mem;
static void       *scratch;

static int
make_mem(void **state)
{
	(void)state;
	mem = talloc_new(NULL);
	scratch = calloc(1, PASSWORD_SCRATCH);
	return mem == NULL || scratch == NULL;
}

static int
free_mem(void **state)
{
	(void)state;
	free(scratch);
	talloc_free(mem);
	return 0;
}

static void
a_password_matches_its_own_hash_only(void **state)
{
	const struct {
		struct str password;
		bool       match;
	} rows[] = {
		{ STR("correct horse"), true },
		{ STR("correct horsf"), false },
		{ STR("correct hors"), false },
		{ STR("correct horse\0"), false },
		{ STR("Correct horse"), false },
		{ STR(""), false },
	};
	struct err e = { 0 };
	char       phc[PASSWORD_PHC_MAX];
	bool       match, stale;

	(void)state;
	assert_true(password_hash(STR("correct horse"), &rand_system, scratch, phc, &e));
	for (size_t i = 0; i < LEN(rows); i++) {
		assert_true(password_verify(rows[i].password, phc, scratch, &match, &stale, &e));
		assert_int_equal(match, rows[i].match);
		assert_false(stale);
	}
}

static void
scratch_and_own_memory_give_the_same(void **state)
{
	struct err e = { 0 };
	char       phc[PASSWORD_PHC_MAX];
	bool       match, stale;

	(void)state;
	assert_true(password_hash(STR("a\0b"), &rand_system, NULL, phc, &e));
	assert_true(password_verify(STR("a\0b"), phc, scratch, &match, &stale, &e));
	assert_true(match);
	assert_true(password_verify(STR("a\0c"), phc, scratch, &match, &stale, &e));
	assert_false(match);
}

static void
nothing_is_left_in_the_scratch(void **state)
{
	struct err     e = { 0 };
	char           phc[PASSWORD_PHC_MAX];
	const uint8_t *p = scratch;
	size_t         left = 0;

	(void)state;
	memset(scratch, 0xAA, PASSWORD_SCRATCH);
	assert_true(password_hash(STR("secret"), &rand_system, scratch, phc, &e));
	for (size_t i = 0; i < PASSWORD_SCRATCH; i++)
		left += p[i] != 0;
	assert_int_equal(left, 0);
}

static void
libargon2_reads_our_strings_and_we_read_its(void **state)
{
	struct err e = { 0 };
	char       phc[PASSWORD_PHC_MAX];
	bool       match, stale;

	(void)state;
	assert_true(password_hash(STR("pass"), &rand_system, scratch, phc, &e));
	assert_int_equal(argon2id_verify(phc, "pass", 4), ARGON2_OK);
	assert_int_not_equal(argon2id_verify(phc, "past", 4), ARGON2_OK);
	assert_int_equal(strncmp(phc, "$argon2id$v=19$m=19456,t=2,p=1$", 31), 0);
	/* Cheaper parameters, several lanes, a longer hash: read, and called stale. */
	assert_int_equal(
	    argon2id_hash_encoded(3, 64, 4, "pass", 4, "saltsaltsalt", 12, 48, phc, sizeof(phc)),
	    ARGON2_OK);
	assert_true(password_verify(STR("pass"), phc, scratch, &match, &stale, &e));
	assert_true(match);
	assert_true(stale);
	/* More memory than the scratch has. */
	assert_int_equal(argon2id_hash_encoded(
			     1, 32768, 1, "pass", 4, "saltsaltsaltsalt", 16, 32, phc, sizeof(phc)),
	    ARGON2_OK);
	assert_true(password_verify(STR("pass"), phc, scratch, &match, &stale, &e));
	assert_true(match);
	assert_true(stale);
}

static void
hostile_strings_are_refused_without_work(void **state)
{
#define SALT "c2FsdHNhbHRzYWx0c2FsdA"
#define HASH "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	static const char *const rows[] = {
		"",
		"$",
		"plain",
		"$argon2id$v=19$",
		"$argon2i$v=19$m=19456,t=2,p=1$" SALT "$" HASH,
		"$argon2id$v=16$m=19456,t=2,p=1$" SALT "$" HASH,
		"$argon2id$m=19456,t=2,p=1$" SALT "$" HASH,
		"$argon2id$v=19$m=65537,t=2,p=1$" SALT "$" HASH,
		"$argon2id$v=19$m=4294967296,t=2,p=1$" SALT "$" HASH,
		"$argon2id$v=19$m=19456,t=11,p=1$" SALT "$" HASH,
		"$argon2id$v=19$m=19456,t=0,p=1$" SALT "$" HASH,
		"$argon2id$v=19$m=7,t=2,p=1$" SALT "$" HASH,
		"$argon2id$v=19$m=19456,t=2,p=255$" SALT "$" HASH,
		"$argon2id$v=19$t=2,m=19456,p=1$" SALT "$" HASH,
		"$argon2id$v=19$m=19456,t=2$" SALT "$" HASH,
		"$argon2id$v=19$m=19456,t=2,p=1,x=1$" SALT "$" HASH,
		"$argon2id$v=19$m=-1,t=2,p=1$" SALT "$" HASH,
		"$argon2id$v=19$m= 19456,t=2,p=1$" SALT "$" HASH,
		"$argon2id$v=19$m=19456,t=2,p=1$" SALT,
		"$argon2id$v=19$m=19456,t=2,p=1$" SALT "$",
		"$argon2id$v=19$m=19456,t=2,p=1$$" HASH,
		"$argon2id$v=19$m=19456,t=2,p=1$" SALT "$" HASH "$",
		"$argon2id$v=19$m=19456,t=2,p=1$" SALT "$AAAA",
		"$argon2id$v=19$m=19456,t=2,p=1$AAAA$" HASH,
		"$argon2id$v=19$m=19456,t=2,p=1$" SALT "$" HASH "=",
		"$argon2id$v=19$m=19456,t=2,p=1$" SALT
		"$--------------------------------------------",
		"$argon2id$v=19$m=19456,t=2,p=1$" SALT "$" HASH HASH HASH,
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct err e = { 0 };
		bool       match = true, stale = true;

		assert_false(password_verify(STR("pass"), rows[i], scratch, &match, &stale, &e));
		assert_int_equal(e.code, ERR_INTERNAL);
		assert_false(match);
	}
}

static void
the_decoy_costs_the_same_and_matches_nothing(void **state)
{
	const struct str rows[] = { STR(""), STR("decoy"), STR("password"), { NULL, 0 } };
	struct err       e = { 0 };
	bool             match, stale;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		assert_true(
		    password_verify(rows[i], password_decoy(), scratch, &match, &stale, &e));
		assert_false(match);
		assert_false(stale);
	}
}

static void
passwords_of_any_length_are_safe(void **state)
{
	char      *text = talloc_zero_size(mem, PASSWORD_BYTES_MAX + 1);
	struct err e = { 0 };
	char       phc[PASSWORD_PHC_MAX];
	bool       match, stale;

	(void)state;
	memset(text, 'x', PASSWORD_BYTES_MAX + 1);
	assert_true(password_hash(
	    (struct str) { text, PASSWORD_BYTES_MAX }, &rand_system, scratch, phc, &e));
	assert_true(password_verify(
	    (struct str) { text, PASSWORD_BYTES_MAX }, phc, scratch, &match, &stale, &e));
	assert_true(match);
	/* One byte more begins with the password, and is not it. */
	assert_true(password_verify(
	    (struct str) { text, PASSWORD_BYTES_MAX + 1 }, phc, scratch, &match, &stale, &e));
	assert_false(match);
	assert_false(password_hash(
	    (struct str) { text, PASSWORD_BYTES_MAX + 1 }, &rand_system, scratch, phc, &e));
	assert_int_equal(e.code, ERR_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_password_matches_its_own_hash_only),
		TEST(scratch_and_own_memory_give_the_same),
		TEST(nothing_is_left_in_the_scratch),
		TEST(libargon2_reads_our_strings_and_we_read_its),
		TEST(hostile_strings_are_refused_without_work),
		TEST(the_decoy_costs_the_same_and_matches_nothing),
		TEST(passwords_of_any_length_are_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
