/* The keyring file and the subkeys that come from it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/hash.h"
#include "core/crypt/keyring.h"

#define LEN(a)  (sizeof(a) / sizeof *(a))
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_mem, free_mem)

#define KEY_A "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define KEY_B "/////////////////////////////////////////w=="
#define KEY_C "//////////////////////////////////////////8="

static TALLOC_CTX *mem;
static char        dir[] = "/tmp/bsx-test-XXXXXX", path[64];

static int
make_mem(void **state)
{
	(void)state;
	mem = talloc_new(NULL);
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	if (mem == NULL || mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/keyring", dir);
	return 0;
}

static int
free_mem(void **state)
{
	(void)state;
	unlink(path);
	talloc_free(mem);
	return rmdir(dir);
}

static void
write_file(const char *text, size_t n, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), n);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void
a_new_keyring_is_private_and_opens(void **state)
{
	struct err      e = { 0 };
	struct keyring *k;
	struct stat     st;
	uint8_t         key[KEY_LEN];

	(void)state;
	umask(0);
	assert_true(keyring_create(path, &rand_system, &e));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	k = keyring_open(mem, path, &e);
	assert_non_null(k);
	assert_int_equal(keyring_newest(k), 1);
	assert_true(keyring_subkey(k, 1, KEY_CSRF, STR(""), key, &e));
}

static void
a_keyring_is_never_overwritten(void **state)
{
	struct err e = { 0 };

	(void)state;
	write_file("precious", 8, 0600);
	assert_false(keyring_create(path, &rand_system, &e));
	assert_int_equal(e.code, ERR_INTERNAL);
}

/* free_mem() finds the folder empty but for it: a draft that lost leaves nothing. */
static void
a_new_keyring_belongs_to_whom_it_is_for(void **state)
{
	struct err  e = { 0 };
	uid_t       uid = geteuid() == 0 ? 12345 : geteuid();
	gid_t       gid = geteuid() == 0 ? 12345 : getegid();
	struct stat st;

	(void)state;
	assert_true(keyring_create_for(path, uid, gid, &rand_system, &e));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, uid);
	assert_int_equal(st.st_gid, gid);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_nlink, 1);
	assert_false(keyring_create_for(path, uid, gid, &rand_system, &e));
	assert_int_equal(e.sys, EEXIST);
}

/* Root reads what belongs to the account it names, and nobody else's. */
static void
a_keyring_of_a_strange_owner_is_refused(void **state)
{
	struct err e = { 0 };

	(void)state;
	write_file("1 " KEY_A "\n", 47, 0600);
	assert_non_null(keyring_open_of(mem, path, geteuid(), &e));
	if (geteuid() != 0) /* cannot make such a file */
		return;
	assert_non_null(keyring_open_of(mem, path, 12345, &e)); /* root's own */
	assert_int_equal(chown(path, 12345, 12345), 0);
	assert_non_null(keyring_open_of(mem, path, 12345, &e));
	assert_null(keyring_open_of(mem, path, 12346, &e));
	assert_non_null(strstr(e.detail, "another user"));
	err_clear(&e);
	assert_null(keyring_open(mem, path, &e));
	err_clear(&e);
	assert_int_equal(chmod(path, 0640), 0);
	assert_null(keyring_open_of(mem, path, 12345, &e));
}

static void
malformed_files_are_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"# only a comment\n",
		"\n\n",
		"1\n",
		"1 \n",
		"1 AAAA\n",
		"0 " KEY_A "\n",
		"-1 " KEY_A "\n",
		"x " KEY_A "\n",
		"4294967296 " KEY_A "\n",
		"1 " KEY_B "\n", /* 31 bytes */
		"1 " KEY_A KEY_A "\n",
		"1 " KEY_A " more\n",
		"1 " KEY_A " next\n", /* none that seals */
		"1 " KEY_A " past\n",
		"1 " KEY_A " Next\n2 " KEY_C "\n",
		"1 " KEY_A " next past\n2 " KEY_C "\n",
		"1 " KEY_A "\n1 " KEY_C "\n",
		"1 " KEY_A "\nrubbish\n",
		"1\t" KEY_A "\n",
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct err e = { 0 };

		write_file(rows[i], strlen(rows[i]), 0600);
		assert_null(keyring_open(mem, path, &e));
		assert_int_equal(e.code, ERR_INTERNAL);
		assert_null(strstr(e.detail, "AAEC"));
		assert_string_equal(e.pub, "The keyring cannot be used.");
	}
}

static void
a_file_that_others_may_touch_is_refused(void **state)
{
	static const mode_t rows[] = { 0640, 0604, 0620, 0602, 0610, 0666, 0700 | 01, 0400 | 040 };

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct err e = { 0 };

		write_file("1 " KEY_A "\n", 47, rows[i]);
		assert_null(keyring_open(mem, path, &e));
		assert_non_null(strstr(e.detail, "0600"));
		unlink(path);
	}
}

static void
what_is_no_file_is_refused(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_null(keyring_open(mem, path, &e));
	assert_int_equal(e.sys, 2);
	err_clear(&e);
	assert_null(keyring_open(mem, dir, &e));
	err_clear(&e);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(keyring_open(mem, path, &e)); /* and does not wait for a writer */
}

static void
versions_may_stand_in_any_order(void **state)
{
	static const char text[] = "# ours\n7 " KEY_A "\r\n\n  2 " KEY_C "  \n3 " KEY_A;
	struct err        e = { 0 };
	struct keyring   *k;
	uint8_t           a[KEY_LEN], b[KEY_LEN], c[KEY_LEN];

	(void)state;
	/* CR is no part of the form. */
	write_file(text, sizeof(text) - 1, 0600);
	assert_null(keyring_open(mem, path, &e));
	err_clear(&e);
	write_file("7 " KEY_A "\n2 " KEY_C "\n3 " KEY_A, 47 * 3 - 1, 0600);
	k = keyring_open(mem, path, &e);
	assert_non_null(k);
	assert_int_equal(keyring_newest(k), 7);
	assert_true(keyring_subkey(k, 7, KEY_KEK, STR(""), a, &e));
	assert_true(keyring_subkey(k, 3, KEY_KEK, STR(""), b, &e));
	assert_true(keyring_subkey(k, 2, KEY_KEK, STR(""), c, &e));
	assert_memory_equal(a, b, KEY_LEN);
	assert_memory_not_equal(a, c, KEY_LEN);
	assert_false(keyring_subkey(k, 1, KEY_KEK, STR(""), a, &e));
	assert_int_equal(e.code, ERR_INTERNAL);
}

static void
subkeys_differ_by_purpose_and_by_what_they_are_bound_to(void **state)
{
	static const struct str bounds[] = { { "", 0 }, { "bsxt0", 5 }, { "bsxt1", 5 },
		{ "a\0b", 3 }, { "a", 1 } };
	uint8_t                 keys[KEY_PURPOSE__MAX * LEN(bounds)][KEY_LEN];
	struct err              e = { 0 };
	struct keyring         *k;
	size_t                  n = 0;

	(void)state;
	write_file("1 " KEY_A "\n", 47, 0600);
	k = keyring_open(mem, path, &e);
	assert_non_null(k);
	for (unsigned p = 0; p < KEY_PURPOSE__MAX; p++)
		for (size_t i = 0; i < LEN(bounds); i++)
			assert_true(
			    keyring_subkey(k, 1, (enum key_purpose)p, bounds[i], keys[n++], &e));
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(keys[i], keys[j], KEY_LEN);
}

static void
each_version_is_for_what_its_word_says(void **state)
{
	static const char text[] =
	    "9 " KEY_C " next\n3 " KEY_A "\n1 " KEY_C " past\n2 " KEY_A "  \n";
	struct err      e = { 0 };
	struct keyring *k;
	uint8_t         key[KEY_LEN];

	(void)state;
	write_file(text, sizeof(text) - 1, 0600);
	k = keyring_open(mem, path, &e);
	assert_non_null(k);
	assert_int_equal(keyring_newest(k), 3);
	assert_int_equal(keyring_below(k, 0), 9);
	assert_int_equal(keyring_below(k, 9), 3);
	assert_int_equal(keyring_below(k, 3), 2);
	assert_int_equal(keyring_below(k, 2), 1);
	assert_int_equal(keyring_below(k, 1), 0);
	assert_int_equal(keyring_use_of(k, 9), KEYRING_NEXT);
	assert_int_equal(keyring_use_of(k, 2), KEYRING_IN_USE);
	for (unsigned p = 0; p < KEY_PURPOSE__MAX; p++) {
		bool trail = p == KEY_AUDIT || p == KEY_AUDIT_SIGN;

		assert_true(keyring_subkey(k, 9, (enum key_purpose)p, STR(""), key, &e));
		err_clear(&e);
		assert_int_equal(
		    keyring_subkey(k, 1, (enum key_purpose)p, STR(""), key, &e), trail);
	}
}

/* What stands in the file now, read anew. */
static struct keyring *
again(void)
{
	struct err      e = { 0 };
	struct keyring *k = keyring_open(mem, path, &e);

	if (k == NULL)
		fail_msg("%s", e.detail);
	return k;
}

static bool
turn(enum keyring_turn t, uint32_t version, struct err *e)
{
	const struct keyring_change c = {
		.path = path, .owner = geteuid(), .turn = t, .version = version
	};
	uint32_t now = 0;
	bool     ok;

	err_clear(e);
	ok = keyring_change(&c, &rand_system, &now, e);
	if (ok)
		assert_int_equal(now, t == KEYRING_ADD ? 2 : version);
	return ok;
}

static void
a_version_is_next_then_used_then_past_then_gone(void **state)
{
	static const char text[] = "# ours\n1 " KEY_A;
	struct err        e = { 0 };
	struct stat       st;
	char              file[500];
	uint8_t           was[KEY_LEN], is[KEY_LEN];
	int               fd;

	(void)state;
	write_file(text, sizeof(text) - 1, 0400);
	assert_true(keyring_subkey(again(), 1, KEY_KEK, STR(""), was, &e));
	assert_true(turn(KEYRING_ADD, 0, &e));
	assert_int_equal(keyring_newest(again()), 1);
	assert_int_equal(keyring_below(again(), 0), 2);
	assert_false(turn(KEYRING_ADD, 0, &e)); /* there is a next one */
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_false(turn(KEYRING_USE, 1, &e));
	assert_false(turn(KEYRING_USE, 3, &e));
	assert_false(turn(KEYRING_RETIRE, 2, &e));
	assert_true(turn(KEYRING_USE, 2, &e));
	assert_int_equal(keyring_newest(again()), 2);
	assert_true(keyring_subkey(again(), 1, KEY_KEK, STR(""), is, &e));
	assert_memory_equal(was, is, KEY_LEN);
	assert_false(turn(KEYRING_USE, 2, &e));
	assert_false(turn(KEYRING_RETIRE, 2, &e)); /* it seals */
	assert_false(turn(KEYRING_FORGET, 1, &e)); /* it opens */
	assert_true(turn(KEYRING_RETIRE, 1, &e));
	err_clear(&e);
	assert_false(keyring_subkey(again(), 1, KEY_KEK, STR(""), is, &e));
	assert_false(turn(KEYRING_RETIRE, 1, &e));
	assert_true(turn(KEYRING_FORGET, 1, &e));
	assert_int_equal(keyring_below(again(), 2), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0400);
	fd = open(path, O_RDONLY);
	memset(file, 0, sizeof(file));
	assert_true(read(fd, file, sizeof(file) - 1) > 0);
	close(fd);
	assert_int_equal(strncmp(file, "# ours\n2 ", 9), 0);
	assert_null(strstr(file, "next"));
}

static void
a_file_that_cannot_be_read_is_not_changed(void **state)
{
	struct err e = { 0 };
	char       file[40] = "";
	int        fd;

	(void)state;
	write_file("1 rubbish\n", 10, 0600);
	assert_false(turn(KEYRING_ADD, 0, &e));
	write_file("1 rubbish\n", 10, 0640);
	assert_false(turn(KEYRING_ADD, 0, &e));
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, file, sizeof(file) - 1), 10);
	close(fd);
	assert_string_equal(file, "1 rubbish\n");
	unlink(path);
	assert_false(turn(KEYRING_ADD, 0, &e));
	assert_int_equal(e.sys, ENOENT);
}

/* The form is on disk for ever: a change here makes every sealed value unreadable. */
static void
a_subkey_is_hkdf_of_purpose_nul_bound(void **state)
{
	uint8_t         root[32], want[KEY_LEN], got[KEY_LEN];
	struct err      e = { 0 };
	struct keyring *k;

	(void)state;
	for (unsigned i = 0; i < 32; i++)
		root[i] = (uint8_t)i;
	write_file("1 " KEY_A "\n", 47, 0600);
	k = keyring_open(mem, path, &e);
	assert_non_null(k);
	hash_hkdf(root, sizeof(root), STR("db-account\0bsxt0123456789abcdef"), want, sizeof(want));
	assert_true(keyring_subkey(k, 1, KEY_DB_ACCOUNT, STR("bsxt0123456789abcdef"), got, &e));
	assert_memory_equal(got, want, KEY_LEN);
	assert_false(keyring_subkey(k, 1, KEY_CSRF, (struct str) { path, 257 }, got, &e));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_keyring_is_private_and_opens),
		TEST(a_keyring_is_never_overwritten),
		TEST(a_new_keyring_belongs_to_whom_it_is_for),
		TEST(a_keyring_of_a_strange_owner_is_refused),
		TEST(malformed_files_are_refused),
		TEST(a_file_that_others_may_touch_is_refused),
		TEST(what_is_no_file_is_refused),
		TEST(versions_may_stand_in_any_order),
		TEST(subkeys_differ_by_purpose_and_by_what_they_are_bound_to),
		TEST(each_version_is_for_what_its_word_says),
		TEST(a_version_is_next_then_used_then_past_then_gone),
		TEST(a_file_that_cannot_be_read_is_not_changed),
		TEST(a_subkey_is_hkdf_of_purpose_nul_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
