/* Failed sign-ins against a real database: counted once each, whoever counts. */
#include "core/auth/device.h"
#include "core/base/hash.h"
#include "tests/store/people.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static TALLOC_CTX         *mem;
static const struct ticket none;
static uint8_t             account[KEY_LEN];

static int
begin(void **state)
{
	struct people *p = *state;
	struct err     e = { 0 };

	mem = talloc_new(NULL);
	server_do(p->w->root, "DELETE FROM testbsx.login_failures");
	assert_ok(attempts_account(&p->auth, mem, "acme", "ada@acme.test", account, &e));
	return 0;
}

static int
finish(void **state)
{
	(void)state;
	talloc_free(mem);
	return 0;
}

static void
pass_time(struct people *p, int seconds)
{
	server_do(p->w->root,
	    "UPDATE testbsx.login_failures SET last_at = last_at - INTERVAL %d SECOND,"
	    " until_at = until_at - INTERVAL %d SECOND",
	    seconds, seconds);
}

/* One attempt that fails; what it brought on, or -1: it was not let through. */
static int64_t
fail_from(struct people *p, const char *address, const struct ticket *ticket)
{
	struct attempts x;
	struct err      e = { 0 };

	if (!attempts_begin(&p->auth, mem,
		&(struct attempt_on) { account, address, ticket != NULL ? ticket : &none }, &x,
		&e)) {
		assert_int_equal(e.code, ERR_ATTEMPTS);
		assert_true(e.retry_s > 0);
		assert_non_null(x.why);
		return -1;
	}
	assert_ok(attempts_failed(&p->auth, mem, &x, &e));
	return x.delay_s;
}

static int64_t
rows(struct people *p)
{
	return people_number(p, &p->w->a, "SELECT COUNT(*) AS n FROM testbsx.login_failures");
}

static void
the_tenth_brings_30_s_each_further_twice_that_at_most_an_hour(void **state)
{
	static const int64_t want[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1920,
		3600, 3600, 3600 };
	struct people       *p = *state;

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_int_equal(fail_from(p, "192.0.2.1", NULL), want[i]);
		if (want[i] == 0)
			continue;
		assert_int_equal(fail_from(p, "192.0.2.1", NULL), -1);
		pass_time(p, (int)want[i] - 2);
		assert_int_equal(fail_from(p, "192.0.2.1", NULL), -1);
		assert_int_equal(
		    fail_from(p, "192.0.2.200", NULL), 0); /* another network's own row */
		server_do(p->w->root, "DELETE FROM testbsx.login_failures WHERE failures = 1");
		pass_time(p, 2);
	}
}

static void
a_pause_of_a_day_ends_a_row(void **state)
{
	struct people *p = *state;

	for (int i = 0; i < 9; i++)
		assert_int_equal(fail_from(p, "192.0.2.1", NULL), 0);
	pass_time(p, 86399 - 5);
	assert_int_equal(fail_from(p, "192.0.2.1", NULL), 30);
	pass_time(p, 86401);
	for (int i = 0; i < 9; i++)
		assert_int_equal(fail_from(p, "192.0.2.1", NULL), 0);
}

static void
a_success_clears_its_network_and_its_device_only(void **state)
{
	const struct ticket d = { 'd', { 7 } };
	struct people      *p = *state;
	struct attempts     x;
	struct err          e = { 0 };

	for (int i = 0; i < 5; i++) {
		assert_int_equal(fail_from(p, "192.0.2.1", NULL), 0);
		assert_int_equal(fail_from(p, "192.0.2.2", NULL), 0);
		if (i < TICKET_TRIES - 1)
			assert_int_equal(fail_from(p, "192.0.2.1", &d), 0);
	}
	assert_int_equal(rows(p), 3);
	assert_ok(attempts_begin(
	    &p->auth, mem, &(struct attempt_on) { account, "192.0.2.1", &d }, &x, &e));
	assert_ok(attempts_passed(&p->auth, &x, &e));
	assert_int_equal(rows(p), 1);
	assert_ok(attempts_begin(
	    &p->auth, mem, &(struct attempt_on) { account, "192.0.2.2", &none }, &x, &e));
	assert_int_equal(x.failures, 6);
	assert_ok(attempts_passed(&p->auth, &x, &e));
	assert_int_equal(rows(p), 0);
	/* nothing on record: nothing is written */
	assert_ok(attempts_begin(
	    &p->auth, mem, &(struct attempt_on) { account, "192.0.2.2", &none }, &x, &e));
	assert_false(x.counted);
	assert_ok(attempts_passed(&p->auth, &x, &e));
}

static void
an_attempt_that_broke_is_taken_back(void **state)
{
	struct people  *p = *state;
	struct attempts x;
	struct err      e = { 0 };

	for (int i = 0; i < 9; i++)
		assert_int_equal(fail_from(p, "192.0.2.1", NULL), 0);
	for (int i = 0; i < 5; i++) {
		assert_ok(attempts_begin(
		    &p->auth, mem, &(struct attempt_on) { account, "192.0.2.1", &none }, &x, &e));
		assert_true(x.counted);
		attempts_broken(&p->auth, &x);
	}
	assert_int_equal(fail_from(p, "192.0.2.1", NULL), 30);
}

static void
a_hundred_from_anywhere_lock_the_account_for_a_day_but_not_known_devices(void **state)
{
	const struct ticket known = { 'd', { 9 } };
	struct people      *p = *state;
	struct attempts     x;
	struct err          e = { 0 };

	for (int i = 0; i < 99; i++)
		assert_int_equal(
		    fail_from(p, talloc_asprintf(mem, "2001:db8:0:%x::1", i), NULL), 0);
	assert_int_equal(fail_from(p, "192.0.2.1", NULL), 86400);
	assert_int_equal(fail_from(p, "192.0.2.2", NULL), -1);
	assert_fails(attempts_begin(&p->auth, mem,
			 &(struct attempt_on) { account, "192.0.2.3", &none }, &x, &e),
	    ERR_ATTEMPTS);
	assert_string_equal(x.why, "account");
	assert_in_range(e.retry_s, 86390, 86400);
	err_clear(&e);
	assert_int_equal(fail_from(p, "192.0.2.3", &known), 0);
	pass_time(p, 86390);
	assert_int_equal(fail_from(p, "192.0.2.2", NULL), -1);
	pass_time(p, 11);
	assert_int_equal(fail_from(p, "192.0.2.2", NULL), 0);
	assert_ok(attempts_forget(&p->auth, mem, "acme", " ADA@acme.test", &e));
	assert_int_equal(rows(p), 1); /* what the device has failed stays */
}

/* Whether the ticket is one still, from a network that has nothing on record. */
static bool
is_ticket(struct people *p, const struct ticket *t)
{
	struct attempts x;
	struct err      e = { 0 };

	assert_ok(attempts_begin(
	    &p->auth, mem, &(struct attempt_on) { account, "198.51.100.1", t }, &x, &e));
	attempts_broken(&p->auth, &x);
	return x.ticket;
}

static void
a_ticket_bears_five_wrong_passwords_however_long_the_pauses(void **state)
{
	const struct ticket tickets[] = { { 'd', { 1 } }, { 'r', { 1 } }, { 'd', { 2 } } };
	struct people      *p = *state;
	struct attempts     x;
	struct err          e = { 0 };

	for (int i = 0; i < TICKET_TRIES; i++) {
		for (int j = 0; j < 2; j++) {
			assert_true(is_ticket(p, &tickets[j]));
			assert_int_equal(fail_from(p, "192.0.2.1", &tickets[j]), 0);
		}
		pass_time(p, 20 * 86400);
		(void)fail_from(p, talloc_asprintf(mem, "192.0.2.%d", 10 + i), NULL); /* tidies */
	}
	for (int j = 0; j < 2; j++)
		assert_false(is_ticket(p, &tickets[j]));
	assert_true(is_ticket(p, &tickets[2]));
	assert_ok(attempts_forget(&p->auth, mem, "acme", "ada@acme.test", &e));
	assert_false(is_ticket(p, &tickets[0]));
	/* guessing goes on as a stranger's */
	assert_ok(attempts_begin(
	    &p->auth, mem, &(struct attempt_on) { account, "192.0.2.1", &tickets[0] }, &x, &e));
	assert_int_equal(x.key.source[0], 'n');
	assert_ok(attempts_failed(&p->auth, mem, &x, &e));
	/* as long as its cookie may live */
	pass_time(p, 401 * 86400);
	for (int i = 0; i < 3; i++)
		(void)fail_from(p, talloc_asprintf(mem, "192.0.2.%d", 100 + i), NULL);
	assert_int_equal(rows(p), 3);
}

static void
tickets_that_guess_at_once_get_no_more(void **state)
{
	const struct ticket d = { 'd', { 5 } };
	struct people      *p = *state;
	int                 begun = 0;

	assert_int_equal(fail_from(p, "192.0.2.1", &d), 0);
	for (int i = 0; i < 20; i++) {
		struct attempts x;
		struct err      e = { 0 };

		begun += attempts_begin(&p->auth, mem,
			     &(struct attempt_on) { account, "192.0.2.1", &d }, &x, &e) &&
			 x.ticket;
	}
	assert_int_equal(begun, TICKET_TRIES - 1);
}

static void
a_reset_lifts_the_lock(void **state)
{
	struct people *p = *state;
	struct err     e = { 0 };

	for (int i = 0; i < 100; i++)
		(void)fail_from(p, talloc_asprintf(mem, "192.0.2.%d", i), NULL);
	assert_int_equal(fail_from(p, "192.0.2.250", NULL), -1);
	assert_ok(attempts_forget(&p->auth, mem, "acme", "ada@acme.test", &e));
	assert_int_equal(fail_from(p, "192.0.2.250", NULL), 0);
}

static void
accounts_are_apart_and_their_names_are_not_stored(void **state)
{
	struct people *p = *state;
	struct err     e = { 0 };
	uint8_t        b[KEY_LEN];

	assert_ok(attempts_account(&p->auth, mem, "acme", "ADA@ACME.test ", b, &e));
	assert_memory_equal(b, account, KEY_LEN);
	assert_ok(attempts_account(&p->auth, mem, "globex", "ada@acme.test", b, &e));
	assert_memory_not_equal(b, account, KEY_LEN);
	assert_ok(attempts_account(&p->auth, mem, "acm", "eada@acme.test", b, &e));
	assert_memory_not_equal(b, account, KEY_LEN);
	(void)fail_from(p, "192.0.2.1", NULL);
	assert_int_equal(people_number(p, &p->w->a,
			     "SELECT COUNT(*) AS n FROM testbsx.login_failures"
			     " WHERE account LIKE '%ada%' OR account LIKE '%acme%'"),
	    0);
}

static void
old_rows_go(void **state)
{
	struct people *p = *state;

	for (int i = 0; i < 12; i++)
		(void)fail_from(p, talloc_asprintf(mem, "192.0.2.%d", i), NULL);
	pass_time(p, 2 * 86400 + 1);
	(void)fail_from(p, "192.0.2.100", NULL);
	(void)fail_from(p, "192.0.2.101", NULL);
	assert_int_equal(rows(p), 2);
}

#define PROCESSES 6
#define EACH      10

/* A process with connections of its own: how many of its attempts were let through. */
static void
try_many(struct people *p)
{
	struct auth *a = people_other(p, NULL, NULL);
	int          n = 0;

	for (int i = 0; i < EACH; i++) {
		struct attempts x;
		struct err      e = { 0 };

		if (!attempts_begin(
			a, a, &(struct attempt_on) { account, "192.0.2.9", &none }, &x, &e)) {
			if (e.code != ERR_ATTEMPTS)
				_exit(100);
			continue;
		}
		n++;
		if (!attempts_failed(a, a, &x, &e))
			_exit(101);
	}
	_exit(n);
}

static void
processes_that_try_at_once_get_no_more(void **state)
{
	struct people *p = *state;
	pid_t          children[PROCESSES];
	int            all = 0;

	assert_int_equal(fail_from(p, "192.0.2.9", NULL), 0);
	for (int i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0)
			try_many(p);
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= EACH);
		all += WEXITSTATUS(status);
	}
	assert_int_equal(all, 9); /* with the one before: ten, then the delay */
}

/* ---- known devices ---- */

static void
a_device_is_known_for_its_account_until_it_is_too_old(void **state)
{
	struct people    *p = *state;
	const struct uuid user = { { 1, 2, 3 } };
	struct device     fresh = { .user = user, .epoch = 3 }, d, again;
	struct err        e = { 0 };
	uint8_t           other[KEY_LEN] = { 1 };
	const char       *text, *next;

	assert_ok(device_print(&p->auth, mem, account, &fresh, &text, &e));
	device_read(&p->auth, account, str_of(text), &d);
	assert_true(device_is_of(&d, &user, 3));
	assert_false(device_is_of(&d, &user, 4));
	assert_false(device_is_of(&d, &(struct uuid) { { 9 } }, 3));
	device_read(&p->auth, other, str_of(text), &again);
	assert_false(again.known);
	assert_ok(device_print(&p->auth, mem, account, &d, &next, &e));
	device_read(&p->auth, account, str_of(next), &again);
	assert_memory_equal(again.id, d.id, DEVICE_ID_LEN);
	for (size_t i = 0; i < strlen(text); i++) {
		char *bad = talloc_strdup(mem, text);

		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		device_read(&p->auth, account, str_of(bad), &again);
		assert_false(again.known);
		device_read(&p->auth, account, (struct str) { text, i }, &again);
		assert_false(again.known);
	}
	p->clock.set_ms = (DEVICE_LIFE_S - 60) * INT64_C(1000);
	device_read(&p->auth, account, str_of(text), &again);
	assert_true(again.known);
	p->clock.set_ms = (DEVICE_LIFE_S + 60) * INT64_C(1000);
	device_read(&p->auth, account, str_of(text), &again);
	assert_false(again.known);
	p->clock.set_ms = 0;
}

/* A cookie as versions without an epoch made it: 44 bytes and their MAC. */
static const char *
former_cookie(struct people *p, const struct uuid *user)
{
	struct str bound = { (const char *)account, KEY_LEN };
	uint32_t   version = keyring_newest(p->auth.env->keyring);
	uint64_t   made_s = (uint64_t)clock_ms(&p->clock) / 1000;
	uint8_t    bytes[44 + HASH_LEN] = { 0 }, key[KEY_LEN];
	struct err e = { 0 };

	bytes[3] = (uint8_t)version;
	memcpy(bytes + 4, user->b, 16);
	memset(bytes + 20, 7, 16);
	for (int i = 0; i < 8; i++)
		bytes[43 - i] = (uint8_t)(made_s >> 8 * i);
	assert_ok(keyring_subkey(p->auth.env->keyring, version, KEY_DEVICE, bound, key, &e));
	hash_hmac(key, sizeof(key), bytes, 44, bytes + 44);
	return base64url_print(mem, bytes, sizeof(bytes));
}

static void
a_cookie_of_an_earlier_version_is_known_until_something_ends_it(void **state)
{
	struct people    *p = *state;
	const struct uuid user = { { 1, 2, 3 } };
	struct device     d;

	device_read(&p->auth, account, str_of(former_cookie(p, &user)), &d);
	assert_true(device_is_of(&d, &user, 0));
	assert_false(device_is_of(&d, &user, 1));
}

/* ---- the whole sign-in ---- */

static void
a_delayed_sign_in_hashes_nothing_and_is_in_the_trail(void **state)
{
	struct people       *p = *state;
	struct session_grant g;
	long long            hashes;

	for (int i = 0; i < 10; i++)
		assert_int_equal(
		    people_login(p, mem, "acme", "ada@acme.test", "wrong", &g), ERR_CREDENTIALS);
	hashes = people_metric(p, "bsx_password_hashes_total{for=\"login\"} ");
	assert_int_equal(people_login(p, mem, "acme", "ada@acme.test", PASSWORD, &g), ERR_ATTEMPTS);
	assert_int_equal(people_metric(p, "bsx_password_hashes_total{for=\"login\"} "), hashes);
	assert_int_equal(
	    people_metric(p, "bsx_auth_attempts_total{method=\"password\",outcome=\"delayed\"} "),
	    1);
	assert_int_equal(people_number(p, &p->w->a,
			     "SELECT COUNT(*) AS n FROM audit WHERE"
			     " action = 'session.delay' AND outcome = 'failure' AND details LIKE "
			     "'%\"network\"%'"),
	    1);
	pass_time(p, 31);
	assert_int_equal(people_login(p, mem, "acme", "ada@acme.test", PASSWORD, &g), ERR_OK);
	assert_int_equal(rows(p), 0);
	/* of a tenant that is not there: in the platform's */
	for (int i = 0; i < 11; i++)
		(void)people_login(p, mem, "nowhere", "ada@acme.test", "wrong", &g);
	assert_int_equal(
	    people_number(p, &p->platform,
		"SELECT COUNT(*) AS n FROM audit WHERE"
		" action = 'session.delay' AND details LIKE '%\"tenant\":\"nowhere\"%'"),
	    1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, finish)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_tenth_brings_30_s_each_further_twice_that_at_most_an_hour),
		TEST(a_pause_of_a_day_ends_a_row),
		TEST(a_success_clears_its_network_and_its_device_only),
		TEST(an_attempt_that_broke_is_taken_back),
		TEST(a_hundred_from_anywhere_lock_the_account_for_a_day_but_not_known_devices),
		TEST(a_ticket_bears_five_wrong_passwords_however_long_the_pauses),
		TEST(tickets_that_guess_at_once_get_no_more),
		TEST(a_reset_lifts_the_lock),
		TEST(accounts_are_apart_and_their_names_are_not_stored),
		TEST(old_rows_go),
		TEST(processes_that_try_at_once_get_no_more),
		TEST(a_device_is_known_for_its_account_until_it_is_too_old),
		TEST(a_cookie_of_an_earlier_version_is_known_until_something_ends_it),
		TEST(a_delayed_sign_in_hashes_nothing_and_is_in_the_trail),
	};

	return cmocka_run_group_tests_name("attempts", tests, people_set_up, people_tear_down);
}
