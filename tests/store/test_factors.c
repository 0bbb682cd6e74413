/* Second factors: set up, asked for, accepted once however many come at once. */
#include "tests/store/factor_world.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the whole way ---- */

static void
a_factor_is_set_up_and_asked_for(void **state)
{
	struct people       *p = *state;
	struct person        o;
	struct mfa_setup     s;
	struct session_grant other, g;
	struct caller        c;
	struct err           e = { 0 };
	int64_t              enabled = factor_audited(p, "action = 'factor.enable'");

	person_sign_in(p, &o, "ada@acme.test");
	people_grant(p, factor_mem, "ada@acme.test", &other);
	assert_ok(mfa_setup(&o.by, &s, &e));
	assert_non_null(strstr(s.otpauth_uri, s.secret));
	assert_non_null(strstr(s.otpauth_uri, "otpauth://totp/BlindSpotX%20acme:ada%40acme.test?"));
	people_grant(
	    p, factor_mem, "ada@acme.test", &g); /* not asked for before a code was typed */
	assert_non_null(g.access_token);
	person_read_secret(&o);
	assert_false(mfa_enable(&o.by, person_wrong_code(&o), &o.codes, &e));
	assert_int_equal(e.code, ERR_CODE);
	err_clear(&e);
	assert_ok(mfa_enable(&o.by, person_code(&o, 0), &o.codes, &e));
	assert_int_equal(factor_audited(p, "action = 'factor.enable'"), enabled + 1);
	/* this session has two factors now, the others are over */
	assert_int_equal(people_resolve(&p->auth, o.g.access_token, "", &c), ERR_OK);
	assert_int_equal(c.aal, 2);
	assert_true(c.two_factor);
	assert_int_equal(people_resolve(&p->auth, other.access_token, "", &c), ERR_UNAUTHENTICATED);
	/* the code that enabled it does not sign in; the next one does, at two factors */
	assert_int_equal(challenge_answers(&p->auth, challenge_of(p, "ada@acme.test"),
			     person_code(&o, 0), NULL, &g),
	    ERR_CODE);
	assert_int_equal(challenge_answers(&p->auth, challenge_of(p, "ada@acme.test"),
			     person_code(&o, 1), NULL, &g),
	    ERR_OK);
	assert_int_equal(people_resolve(&p->auth, g.access_token, "", &c), ERR_OK);
	assert_int_equal(c.aal, 2);
	assert_int_equal(people_number(p, &p->w->a,
			     "SELECT COUNT(*) AS n FROM users WHERE `2fa_secret` IS NOT NULL AND "
			     "LENGTH(`2fa_secret`) = 53"),
	    1);
}

static void
the_secret_is_sealed_to_its_user(void **state)
{
	struct people *p = *state;
	struct person  ada, vic;
	struct factor  f;
	struct str     plain;
	struct err     e = { 0 };

	person_enrol(p, &ada, "ada@acme.test");
	person_sign_in(p, &vic, "vic@acme.test");
	assert_ok(factor_by_user(ada.t, factor_mem, &ada.g.caller.user, &f, &e));
	assert_null(memmem(f.secret.p, f.secret.n, ada.secret, TOTP_SECRET_LEN));
	assert_false(tenant_open(ada.t, factor_mem,
	    (struct sealed_place) { "users", "2fa_secret", &vic.g.caller.user }, f.secret, &plain,
	    &e));
}

static void
a_code_counts_once_and_no_older_one_after_it(void **state)
{
	struct people       *p = *state;
	struct person        o;
	struct session_grant g;
	const char          *token;

	person_enrol(p, &o, "ada@acme.test");
	p->clock.set_ms += 3 * STEP_MS;
	assert_int_equal(challenge_answers(&p->auth, challenge_of(p, "ada@acme.test"),
			     person_code(&o, 1), NULL, &g),
	    ERR_OK);
	token = challenge_of(p, "ada@acme.test");
	assert_int_equal(
	    challenge_answers(&p->auth, token, person_code(&o, 1), NULL, &g), ERR_CODE);
	assert_int_equal(
	    challenge_answers(&p->auth, token, person_code(&o, 0), NULL, &g), ERR_CODE);
	assert_int_equal(
	    challenge_answers(&p->auth, token, person_code(&o, -2), NULL, &g), ERR_CODE);
	assert_int_equal(
	    challenge_answers(&p->auth, token, person_code(&o, 2), NULL, &g), ERR_CODE);
	p->clock.set_ms += STEP_MS;
	assert_int_equal(challenge_answers(&p->auth, token, person_code(&o, 1), NULL, &g), ERR_OK);
	assert_true(
	    factor_audited(p, "action = 'factor.fail' AND outcome = 'failure'"
			      " AND JSON_VALUE(details, '$.reason') = 'replayed_code'") >= 1);
}

/* ---- many at once ---- */

#define MANY 8

/* How many of MANY processes get in with the same proof, each with a sign-in of its own or all with
 * one. */
static int
let_in(struct people *p, const char *const *tokens, const char *code, const char *recovery)
{
	int go[2], status, in = 0;

	assert_int_equal(pipe(go), 0);
	for (int i = 0; i < MANY; i++) {
		struct session_grant g;
		struct auth         *a;
		enum err_code        code_of;
		char                 c;

		if (fork() != 0)
			continue;
		a = people_other(p, factor_mem, p->segment);
		if (read(go[0], &c, 1) != 1)
			_exit(2);
		code_of = challenge_answers(a, tokens[i], code, recovery, &g);
		_exit(code_of == ERR_OK                                       ? 0
		      : code_of == ERR_CODE || code_of == ERR_UNAUTHENTICATED ? 1
									      : 2);
	}
	assert_int_equal(write(go[1], "gggggggg", MANY), MANY);
	for (int i = 0; i < MANY; i++) {
		assert_true(wait(&status) > 0);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
		in += WEXITSTATUS(status) == 0;
	}
	close(go[0]);
	close(go[1]);
	return in;
}

static void
of_many_with_the_same_code_one_gets_in(void **state)
{
	struct people *p = *state;
	struct person  o;
	const char    *tokens[MANY];

	person_enrol(p, &o, "ada@acme.test");
	for (int i = 0; i < MANY; i++)
		tokens[i] = challenge_of(p, "ada@acme.test");
	assert_int_equal(let_in(p, tokens, person_code(&o, 1), NULL), 1);
}

static void
of_many_with_the_same_recovery_code_one_gets_in(void **state)
{
	struct people       *p = *state;
	struct person        o;
	struct session_grant g;
	const char          *tokens[MANY], *typed;
	int64_t              used = factor_audited(p, "action = 'factor.recovery_used'");

	person_enrol(p, &o, "ada@acme.test");
	for (int i = 0; i < MANY; i++)
		tokens[i] = challenge_of(p, "ada@acme.test");
	assert_int_equal(let_in(p, tokens, NULL, o.codes.items[3]), 1);
	assert_int_equal(factor_audited(p, "action = 'factor.recovery_used'"), used + 1);
	assert_int_equal(challenge_answers(&p->auth, challenge_of(p, "ada@acme.test"), NULL,
			     o.codes.items[3], &g),
	    ERR_CODE);
	/* as people type them */
	typed = talloc_asprintf(factor_mem, " %.5s%.24s", o.codes.items[4], o.codes.items[4] + 5);
	for (char *c = strchr(typed, '-'); c != NULL; c = strchr(c, '-'))
		*c = ' ';
	assert_int_equal(
	    challenge_answers(&p->auth, challenge_of(p, "ada@acme.test"), NULL, typed, &g), ERR_OK);
	assert_int_equal(g.caller.aal, 2);
	assert_int_equal(people_number(p, &p->w->a,
			     "SELECT COUNT(*) AS n FROM recovery_codes WHERE used_at IS NULL"),
	    8);
}

static void
a_token_becomes_one_session(void **state)
{
	struct people       *p = *state;
	struct person        o;
	struct session_grant g;
	const char          *token, *tokens[MANY];

	person_enrol(p, &o, "ada@acme.test");
	token = challenge_of(p, "ada@acme.test");
	for (int i = 0; i < MANY; i++)
		tokens[i] = token;
	assert_int_equal(let_in(p, tokens, person_code(&o, 1), NULL), 1);
	p->clock.set_ms += STEP_MS;
	assert_int_equal(
	    challenge_answers(&p->auth, token, person_code(&o, 1), NULL, &g), ERR_UNAUTHENTICATED);
}

/* ---- tokens ---- */

static void
a_token_bears_ten_tries_and_lives_five_minutes(void **state)
{
	struct people       *p = *state;
	struct person        o;
	struct session_grant g;
	const char          *token;
	int64_t              failed = factor_audited(p, "action = 'factor.fail'");

	person_enrol(p, &o, "ada@acme.test");
	token = challenge_of(p, "ada@acme.test");
	for (int i = 0; i < CHALLENGE_TRIES; i++)
		assert_int_equal(
		    challenge_answers(&p->auth, token, person_wrong_code(&o), NULL, &g), ERR_CODE);
	assert_int_equal(factor_audited(p, "action = 'factor.fail'"), failed + CHALLENGE_TRIES);
	assert_int_equal(
	    challenge_answers(&p->auth, token, person_code(&o, 1), NULL, &g), ERR_UNAUTHENTICATED);
	token = challenge_of(p, "ada@acme.test");
	p->clock.set_ms += CHALLENGE_LIFE_S * 1000;
	assert_int_equal(
	    challenge_answers(&p->auth, token, person_code(&o, 1), NULL, &g), ERR_UNAUTHENTICATED);
}

static void
a_user_bears_thirty_tries_an_hour_over_all_tokens(void **state)
{
	struct people       *p = *state;
	struct person        o;
	struct session_grant g;

	person_enrol(p, &o, "ada@acme.test");
	for (int i = 0; i < PROOF_TRIES_PER_HOUR / CHALLENGE_TRIES; i++) {
		const char *token = challenge_of(p, "ada@acme.test");

		for (int j = 0; j < CHALLENGE_TRIES; j++)
			assert_int_equal(
			    challenge_answers(&p->auth, token, person_wrong_code(&o), NULL, &g),
			    ERR_CODE);
	}
	assert_int_equal(challenge_answers(&p->auth, challenge_of(p, "ada@acme.test"),
			     person_code(&o, 1), NULL, &g),
	    ERR_ATTEMPTS);
	/* what cannot be guessed still works; so does all an hour later */
	assert_int_equal(challenge_answers(&p->auth, challenge_of(p, "ada@acme.test"), NULL,
			     o.codes.items[0], &g),
	    ERR_OK);
	server_do(p->w->root, "UPDATE %s.users SET `2fa_tries` = 30", p->w->a.schema_name);
	p->clock.set_ms += 3601000;
	assert_int_equal(challenge_answers(&p->auth, challenge_of(p, "ada@acme.test"),
			     person_code(&o, 1), NULL, &g),
	    ERR_OK);
	assert_int_equal(people_number(p, &p->w->a,
			     "SELECT `2fa_tries` AS n FROM users WHERE email = 'ada@acme.test'"),
	    0);
}

static void
altered_and_foreign_tokens_are_refused(void **state)
{
	struct people       *p = *state;
	struct person        o;
	struct session_grant g;
	char                *token;

	person_enrol(p, &o, "ada@acme.test");
	token = talloc_strdup(factor_mem, challenge_of(p, "ada@acme.test"));
	for (size_t i = 0; token[i] != '\0'; i++) {
		char was = token[i];

		token[i] = was == 'A' ? 'Q' : 'A';
		assert_int_equal(challenge_answers(&p->auth, token, person_code(&o, 1), NULL, &g),
		    ERR_UNAUTHENTICATED);
		token[i] = was;
	}
	assert_int_equal(
	    challenge_answers(&p->auth, "", person_code(&o, 1), NULL, &g), ERR_UNAUTHENTICATED);
	assert_int_equal(
	    challenge_answers(&p->auth, o.g.refresh_token, person_code(&o, 1), NULL, &g),
	    ERR_UNAUTHENTICATED);
	assert_int_equal(challenge_answers(&p->auth, token, person_code(&o, 1), NULL, &g), ERR_OK);
}

static void
what_ends_the_sessions_ends_the_sign_ins_that_wait(void **state)
{
	struct people       *p = *state;
	struct person        o;
	struct session_grant g;
	const char          *token;
	struct err           e = { 0 };

	person_enrol(p, &o, "ada@acme.test");
	token = challenge_of(p, "ada@acme.test");
	assert_ok(session_end(&o.by, true, &e));
	assert_int_equal(
	    challenge_answers(&p->auth, token, person_code(&o, 1), NULL, &g), ERR_UNAUTHENTICATED);
	token = challenge_of(p, "ada@acme.test");
	server_do(p->w->root,
	    "UPDATE %s.users SET status = 'disabled' WHERE email = 'ada@acme.test'",
	    p->w->a.schema_name);
	assert_int_equal(
	    challenge_answers(&p->auth, token, person_code(&o, 1), NULL, &g), ERR_UNAUTHENTICATED);
	server_do(p->w->root, "UPDATE %s.users SET status = 'active' WHERE email = 'ada@acme.test'",
	    p->w->a.schema_name);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, factor_begin, factor_finish)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_factor_is_set_up_and_asked_for),
		TEST(the_secret_is_sealed_to_its_user),
		TEST(a_code_counts_once_and_no_older_one_after_it),
		TEST(of_many_with_the_same_code_one_gets_in),
		TEST(of_many_with_the_same_recovery_code_one_gets_in),
		TEST(a_token_becomes_one_session),
		TEST(a_token_bears_ten_tries_and_lives_five_minutes),
		TEST(a_user_bears_thirty_tries_an_hour_over_all_tokens),
		TEST(altered_and_foreign_tokens_are_refused),
		TEST(what_ends_the_sessions_ends_the_sign_ins_that_wait),
	};

	return cmocka_run_group_tests_name("factors", tests, people_set_up, people_tear_down);
}
