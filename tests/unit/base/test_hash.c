#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/hash.h"
#include "core/base/secret.h"

static void
assert_hex(const uint8_t *p, size_t n, const char *want)
{
	char z[200];

	assert_true(2 * n < sizeof(z));
	hex_print(p, n, z);
	assert_string_equal(z, want);
}

static void
sha256_gives_the_published_digests(void **state)
{
	uint8_t out[HASH_LEN];

	(void)state;
	hash_sha256("", 0, out);
	assert_hex(out, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	hash_sha256("abc", 3, out);
	assert_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* RFC 4231, cases 1, 2 and 6 (a key longer than a block). */
static void
hmac_gives_the_rfc_vectors(void **state)
{
	uint8_t     key[131], out[HASH_LEN];
	const char *text = "Test Using Larger Than Block-Size Key - Hash Key First";

	(void)state;
	memset(key, 0x0B, 20);
	hash_hmac(key, 20, "Hi There", 8, out);
	assert_hex(out, 32, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	hash_hmac((const uint8_t *)"Jefe", 4, "what do ya want for nothing?", 28, out);
	assert_hex(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xAA, sizeof(key));
	hash_hmac(key, sizeof(key), text, strlen(text), out);
	assert_hex(out, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void
hmac_in_pieces_is_hmac_of_the_whole(void **state)
{
	TALLOC_CTX           *mem = talloc_new(NULL);
	struct hash_hmac_ctx *h = hash_hmac_make(mem, NULL, 0);
	uint8_t               a[HASH_LEN], b[HASH_LEN];

	(void)state;
	assert_non_null(h);
	hash_hmac_add(h, "ab", 2);
	hash_hmac_add(h, NULL, 0);
	hash_hmac_add(h, "c", 1);
	hash_hmac_end(h, a);
	hash_hmac(NULL, 0, "abc", 3, b);
	assert_memory_equal(a, b, HASH_LEN);
	assert_int_equal(talloc_total_blocks(mem), 1);
	talloc_free(mem);
}

/* RFC 5869, case 3: no salt, no info; and more than one block. */
static void
hkdf_gives_the_rfc_vector(void **state)
{
	uint8_t key[22], out[42], more[100];

	(void)state;
	memset(key, 0x0B, sizeof(key));
	hash_hkdf(key, sizeof(key), STR(""), out, sizeof(out));
	assert_hex(out, sizeof(out),
	    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
	    "9d201395faa4b61a96c8");
	hash_hkdf(key, sizeof(key), (struct str) { NULL, 0 }, more, sizeof(more));
	assert_memory_equal(more, out, sizeof(out));
	hash_hkdf(key, sizeof(key), STR("a"), more, sizeof(more));
	assert_memory_not_equal(more, out, sizeof(out));
}

/* A context is used again: neither one left in the middle nor two at a time disturb another. */
static void
hmacs_do_not_disturb_each_other(void **state)
{
	static const uint8_t  one[] = "one", two[] = "two";
	uint8_t               want[2][HASH_LEN], got[2][HASH_LEN];
	struct hash_hmac_ctx *a, *b;

	(void)state;
	hash_hmac(one, sizeof(one), "text", 4, want[0]);
	hash_hmac(two, sizeof(two), "text", 4, want[1]);
	a = hash_hmac_make(NULL, one, sizeof(one));
	hash_hmac_add(a, "waste", 5);
	talloc_free(a);
	a = hash_hmac_make(NULL, one, sizeof(one));
	b = hash_hmac_make(NULL, two, sizeof(two));
	hash_hmac_add(a, "te", 2);
	hash_hmac_add(b, "text", 4);
	hash_hmac_add(a, "xt", 2);
	hash_hmac_end(b, got[1]);
	hash_hmac_end(a, got[0]);
	assert_memory_equal(got, want, sizeof(want));
}

static void
a_key_kept_hashes_like_one_given_each_time(void **state)
{
	static const uint8_t one[] = { 1 }, two[] = { 2, 3 };
	struct hash_key     *a = hash_key_make(NULL, one, sizeof(one));
	struct hash_key     *b = hash_key_make(NULL, two, sizeof(two));
	uint8_t              want[HASH_LEN], got[HASH_LEN];

	(void)state;
	assert_true(a != NULL && b != NULL);
	for (size_t n = 0; n < 200; n += 7) {
		uint8_t text[200] = { 9 };

		hash_hmac(one, sizeof(one), text, n, want);
		hash_key_hmac(a, text, n, got);
		assert_memory_equal(got, want, HASH_LEN);
		hash_hmac(two, sizeof(two), text, n, want);
		hash_key_hmac(b, text, n, got);
		assert_memory_equal(got, want, HASH_LEN);
	}
	talloc_free(a);
	talloc_free(b);
}

static void
secrets_compare_whole(void **state)
{
	(void)state;
	assert_true(secret_eq("abc", "abc", 3));
	assert_false(secret_eq("abc", "abd", 3));
	assert_false(secret_eq("xbc", "abc", 3));
	assert_true(secret_eq("", "", 0));
}

static void
a_secret_is_zero_at_first_and_wiped_on_demand(void **state)
{
	static const char zero[16];
	TALLOC_CTX       *mem = talloc_new(NULL);
	char             *p = secret_alloc(mem, sizeof(zero));

	(void)state;
	assert_non_null(p);
	assert_memory_equal(p, zero, sizeof(zero));
	memset(p, 'x', sizeof(zero));
	secret_wipe(p, sizeof(zero));
	assert_memory_equal(p, zero, sizeof(zero));
	talloc_free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_gives_the_published_digests),
		cmocka_unit_test(hmac_gives_the_rfc_vectors),
		cmocka_unit_test(hmac_in_pieces_is_hmac_of_the_whole),
		cmocka_unit_test(hkdf_gives_the_rfc_vector),
		cmocka_unit_test(hmacs_do_not_disturb_each_other),
		cmocka_unit_test(a_key_kept_hashes_like_one_given_each_time),
		cmocka_unit_test(secrets_compare_whole),
		cmocka_unit_test(a_secret_is_zero_at_first_and_wiped_on_demand),
	};

	return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
