/* From where the keyring comes: a file that is looked at again, a credential, a command. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/crypt/keyring_priv.h"

#define LEN(a)  (sizeof(a) / sizeof *(a))
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_mem, free_mem)

#define KEY_A "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define KEY_C "//////////////////////////////////////////8="

static TALLOC_CTX *mem;
static char        dir[] = "/tmp/bsx-test-XXXXXX", path[64], other[64];

static int
make_mem(void **state)
{
	(void)state;
	mem = talloc_new(NULL);
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	if (mem == NULL || mkdtemp(dir) == NULL || chmod(dir, 0755) != 0)
		return 1;
	snprintf(path, sizeof(path), "%s/keyring", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	return 0;
}

static int
free_mem(void **state)
{
	(void)state;
	unlink(path);
	unlink(other);
	talloc_free(mem);
	return rmdir(dir);
}

/* As a change does it: another file by the same name. */
static void
put(const char *name, const char *text, mode_t mode)
{
	char draft[80];
	int  fd;

	snprintf(draft, sizeof(draft), "%s.new", name);
	fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	assert_int_equal(rename(draft, name), 0);
}

static bool
has(const struct keyring *k, uint32_t version)
{
	uint8_t    key[KEY_LEN];
	struct err e = { 0 };

	return keyring_subkey(k, version, KEY_KEK, STR(""), key, &e);
}

/* ---- again ---- */

static void
a_version_that_came_later_is_found(void **state)
{
	struct err      e = { 0 };
	struct keyring *k;

	(void)state;
	put(path, "1 " KEY_A "\n", 0600);
	k = keyring_open(mem, path, &e);
	assert_non_null(k);
	assert_false(has(k, 2));
	assert_false(keyring_look_again(k));
	put(path, "1 " KEY_A "\n2 " KEY_C "\n", 0600);
	assert_true(has(k, 2));
	assert_int_equal(keyring_newest(k), 2);
	assert_false(keyring_look_again(k));
}

/* Who seals asks for no version that it could miss. */
static void
who_seals_follows_the_file_within_a_second(void **state)
{
	struct err      e = { 0 };
	struct keyring *k;
	int64_t         began;

	(void)state;
	put(path, "1 " KEY_A "\n2 " KEY_C " next\n", 0600);
	k = keyring_open(mem, path, &e);
	assert_non_null(k);
	assert_int_equal(keyring_newest(k), 1);
	put(path, "1 " KEY_A " past\n2 " KEY_C "\n", 0600);
	began = clock_ns(&clock_system);
	while (keyring_newest(k) != 2 && clock_ns(&clock_system) - began < 5000000000)
		usleep(10000);
	assert_int_equal(keyring_newest(k), 2);
	assert_in_range((clock_ns(&clock_system) - began) / 1000000, 0, 1500);
	assert_false(has(k, 1));
}

static void
what_is_no_keyring_or_a_wrong_one_changes_nothing(void **state)
{
	static const char *const texts[] = {
		"", "1 " KEY_A "\n2", "1 " KEY_C "\n2 " KEY_C "\n", /* another first one */
	};
	struct err      e = { 0 };
	struct keyring *k;

	(void)state;
	put(path, "1 " KEY_A "\n", 0600);
	k = keyring_open(mem, path, &e);
	assert_non_null(k);
	for (size_t i = 0; i < LEN(texts); i++) {
		put(path, texts[i], 0600);
		assert_false(has(k, 2));
		assert_true(has(k, 1));
	}
	put(path, "1 " KEY_A "\n2 " KEY_C "\n", 0644); /* open to others */
	assert_false(has(k, 2));
	unlink(path);
	assert_false(has(k, 2));
	put(path, "1 " KEY_A "\n2 " KEY_C "\n", 0600);
	assert_true(has(k, 2));
}

static void
a_wrong_keyring_does_not_follow(void **state)
{
	struct err      e = { 0 };
	struct keyring *k, *right, *wrong;

	(void)state;
	put(path, "1 " KEY_A "\n", 0600);
	k = keyring_open(mem, path, &e);
	put(path, "1 " KEY_A "\n2 " KEY_C "\n", 0600);
	right = keyring_open(mem, path, &e);
	put(path, "1 " KEY_C "\n2 " KEY_C "\n", 0600);
	wrong = keyring_open(mem, path, &e);
	assert_true(k != NULL && right != NULL && wrong != NULL);
	assert_true(keyring_follows(right, k, &e));
	assert_true(keyring_follows(k, right, &e)); /* one that was forgotten */
	assert_false(keyring_follows(wrong, k, &e));
	assert_non_null(strstr(e.detail, "version 1 is another key"));
	assert_null(strstr(e.detail, "//////"));
}

/* ---- a credential ---- */

static void
a_credential_may_have_the_mask_of_its_acl(void **state)
{
	/* owner and group, mode, taken */
	static const struct {
		uid_t  owner;
		mode_t mode;
		bool   credential, ok;
	} rows[] = {
		{ 0, 0400, true, true },
		{ 0, 0440, true, true }, /* systemd: an ACL for the service's account */
		{ 0, 0440, false, false },
		{ 0, 0444, true, false },
		{ 0, 0460, true, false },
		{ 12345, 0440, true, false },
		{ 12345, 0400, true, true },
	};

	(void)state;
	if (geteuid() != 0) /* cannot make such files */
		return;
	for (size_t i = 0; i < LEN(rows); i++) {
		const struct keyring_source s = {
			.path = path, .credential = rows[i].credential, .owner = 12345
		};
		struct err e = { 0 };

		put(path, "1 " KEY_A "\n", rows[i].mode);
		assert_int_equal(chown(path, rows[i].owner, rows[i].owner), 0);
		if ((keyring_open_from(mem, &s, &e) != NULL) != rows[i].ok)
			fail_msg("row %zu: %s", i, e.detail);
	}
}

/* ---- a command ---- */

static struct keyring *
run_for(int most_s, const char *script, const char *word, struct err *e)
{
	const char                 *words[] = { path, word, NULL };
	const struct keyring_source s = { .command = { words, word == NULL ? 1 : 2 },
		.command_s = most_s };

	if (script != NULL)
		put(path, script, 0700);
	return keyring_open_from(mem, &s, e);
}

static struct keyring *
run(const char *script, const char *word, struct err *e)
{
	return run_for(0, script, word, e);
}

static void
what_a_command_prints_is_the_keyring(void **state)
{
	struct err      e = { 0 };
	struct keyring *k = run("#!/bin/sh\necho \"1 $1\"; echo secret >&2\n", KEY_A, &e);

	(void)state;
	assert_non_null(k);
	assert_true(has(k, 1));
	assert_true(keyring_is_run(k));
	assert_non_null(strstr(keyring_name(k), "command /tmp/bsx-test-"));
}

/* It has no environment, no descriptor but three, no input, a session of its own, and signals as
 * they are by default. */
static void
a_command_has_nothing_of_ours(void **state)
{
	static const char script[] =
	    "#!/bin/sh\n"
	    "exec 9>\"$1\"\n"
	    "tr '\\0' '\\n' </proc/$$/environ >&9\n"
	    "read -r line && echo \"input $line\" >&9\n"
	    /* by what is built in: a shell that starts something has pipes and a mask for that
	       moment */
	    "for f in 3 4 5 6 7 8; do [ ! -e /proc/$$/fd/$f ] || echo \"open $f\" >&9; done\n"
	    "while read -r a b; do case $a in SigBlk:|SigIgn:) echo \"$a $b\" >&9;; esac; done"
	    " </proc/$$/status\n"
	    "read -r _ _ _ _ _ leader _ </proc/$$/stat; [ $leader != $$ ] || echo leads >&9\n"
	    "echo '1 " KEY_A "'\n";
	struct err e = { 0 };
	sigset_t   all, before;
	char       text[4096] = "";
	int        fd;

	(void)state;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	signal(SIGPIPE, SIG_IGN);
	fd = open(other, O_RDWR | O_CREAT, 0600); /* not CLOEXEC */
	if (run(script, other, &e) == NULL)
		fail_msg("%s", e.detail);
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_true(pread(fd, text, sizeof(text) - 1, 0) > 0);
	close(fd);
	assert_null(strstr(text, "PATH"));
	assert_null(strstr(text, "HOME"));
	assert_null(strstr(text, "input"));
	assert_null(strstr(text, "open "));
	assert_non_null(strstr(text, "SigBlk: 0000000000000000"));
	assert_non_null(strstr(text, "SigIgn: 0000000000000000"));
	assert_non_null(strstr(text, "leads"));
}

static void
a_command_that_fails_is_told_and_prints_nothing(void **state)
{
	static const struct {
		const char *script, *says;
	} rows[] = {
		{ "#!/bin/sh\necho '1 " KEY_A "'; exit 3\n", "ended with status 3" },
		{ "#!/bin/sh\necho '1 " KEY_A "'; kill -9 $$\n", "was ended by signal 9" },
		{ "#!/bin/sh\nexit 0\n", "holds no key" },
		{ "#!/bin/sh\necho '1 " KEY_A "x'\n", "line 1 is malformed" },
		{ "#!/bin/sh\nexec /usr/bin/yes '# " KEY_A "'\n", "prints too much" },
		{ "#!/nowhere/sh\n", "could not be run" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct err e = { 0 };

		assert_null(run(rows[i].script, NULL, &e));
		if (strstr(e.detail, rows[i].says) == NULL || strstr(e.detail, KEY_A) != NULL ||
		    strstr(e.pub, KEY_A) != NULL)
			fail_msg("row %zu: %s", i, e.detail);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	}
}

/* Also what it has started is gone, whoever holds its output. */
static void
a_command_that_hangs_is_ended(void **state)
{
	static const char script[] =
	    "#!/bin/sh\nsleep 1000 & echo $! >\"$1\"; echo '1 " KEY_A "'\n";
	struct err e = { 0 };
	int64_t    began = clock_ns(&clock_system), took;
	char       text[32] = "";
	long       pid;
	int        fd;

	(void)state;
	assert_null(run_for(1, script, other, &e));
	took = (clock_ns(&clock_system) - began) / 1000000;
	assert_in_range(took, 999, 4000);
	assert_non_null(strstr(e.detail, "did not end within 1 s"));
	fd = open(other, O_RDONLY);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	pid = strtol(text, NULL, 10);
	assert_true(pid > 1);
	for (int i = 0; i < 200 && kill((pid_t)pid, 0) == 0; i++) {
		char stat[64], line[512] = "";

		snprintf(stat, sizeof(stat), "/proc/%ld/stat", pid);
		fd = open(stat, O_RDONLY);
		if (fd < 0 || read(fd, line, sizeof(line) - 1) <= 0 || strstr(line, ") Z ") != NULL)
			return; /* dead, and nobody's to bury but init's */
		close(fd);
		usleep(10000);
	}
	assert_int_equal(kill((pid_t)pid, 0), -1);
}

static void
a_command_that_others_can_write_is_not_run(void **state)
{
	static const char script[] = "#!/bin/sh\necho '1 " KEY_A "'\n";
	const char       *words[] = { "keyring", NULL };
	struct err        e = { 0 };

	(void)state;
	put(path, script, 0720);
	assert_null(run(NULL, NULL, &e));
	assert_non_null(strstr(e.detail, "can be written by group or others"));
	err_clear(&e);
	put(path, script, 0702);
	assert_null(run(NULL, NULL, &e));
	err_clear(&e);
	assert_null(
	    keyring_open_from(mem, &(struct keyring_source) { .command = { words, 1 } }, &e));
	assert_non_null(strstr(e.detail, "must begin with '/'"));
	err_clear(&e);
	unlink(path);
	assert_null(run(NULL, NULL, &e));
	assert_non_null(strstr(e.detail, "cannot be run"));
	if (geteuid() != 0)
		return;
	put(path, script, 0700);
	assert_int_equal(chown(path, 12345, 12345), 0);
	err_clear(&e);
	assert_null(run(NULL, NULL, &e));
	assert_non_null(strstr(e.detail, "belongs to another user"));
}

static void
a_command_is_not_run_again_at_once(void **state)
{
	struct err      e = { 0 };
	struct keyring *k = run("#!/bin/sh\necho '1 " KEY_A "'\n", NULL, &e);

	(void)state;
	assert_non_null(k);
	put(path, "#!/bin/sh\necho '1 " KEY_A "'; echo '2 " KEY_C "'\n", 0700);
	assert_false(has(k, 2));
	assert_false(keyring_has_more(k));
}

/* Whether the version comes with what a client brings; who adds a purpose says so here too. */
static bool
a_client_says(enum key_purpose p)
{
	switch (p) {
	case KEY_CSRF:
	case KEY_REFRESH:
	case KEY_CURSOR:
	case KEY_DEVICE:
	case KEY_MAIL_TOKEN:
	case KEY_ANSWER:
	case KEY_OIDC:
	case KEY_CONSENT:
		return true;
	case KEY_KEK:
	case KEY_CONTROL_SEAL:
	case KEY_DB_ACCOUNT:
	case KEY_API_KEY:
	case KEY_AUDIT:
	case KEY_AUDIT_SIGN:
	case KEY_RATE:
	case KEY_LOGIN:
	case KEY_RECOVERY:
	case KEY_GOLDEN:
	case KEY_PURPOSE__MAX:
		return false;
	}
	return false;
}

static void
a_client_that_names_a_version_runs_no_command(void **state)
{
	(void)state;
	for (int p = 0; p < KEY_PURPOSE__MAX; p++) {
		struct err      e = { 0 };
		struct keyring *k = run("#!/bin/sh\necho '1 " KEY_A "'\n", NULL, &e);
		uint8_t         key[KEY_LEN];

		assert_non_null(k);
		put(path, "#!/bin/sh\necho '1 " KEY_A "'; echo '2 " KEY_C "'\n", 0700);
		k->now->asked_ns -= INT64_C(3600000000000); /* an hour later */
		if (keyring_subkey(k, 2, (enum key_purpose)p, STR(""), key, &e) ==
		    a_client_says((enum key_purpose)p))
			fail_msg("purpose %d", p);
		assert_int_equal(keyring_look_again(k), a_client_says((enum key_purpose)p));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_version_that_came_later_is_found),
		TEST(who_seals_follows_the_file_within_a_second),
		TEST(what_is_no_keyring_or_a_wrong_one_changes_nothing),
		TEST(a_wrong_keyring_does_not_follow),
		TEST(a_credential_may_have_the_mask_of_its_acl),
		TEST(what_a_command_prints_is_the_keyring),
		TEST(a_command_has_nothing_of_ours),
		TEST(a_command_that_fails_is_told_and_prints_nothing),
		TEST(a_command_that_hangs_is_ended),
		TEST(a_command_that_others_can_write_is_not_run),
		TEST(a_command_is_not_run_again_at_once),
		TEST(a_client_that_names_a_version_runs_no_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
