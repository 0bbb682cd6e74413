/* Second factors: renewed, given up, reset, proved again, and who must have one. */
#include "tests/store/factor_world.h"

#include "core/auth/user/user_admin.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- changes ---- */

static void
giving_it_up_needs_password_and_code(void **state)
{
	struct people       *p = *state;
	struct person        o;
	struct session_grant g;
	struct caller        c;
	struct err           e = { 0 };

	person_enrol(p, &o, "ada@acme.test");
	assert_false(mfa_disable(
	    &o.by, "not the password", &(struct proof) { .code = person_code(&o, 1) }, &e));
	assert_int_equal(e.code, ERR_CREDENTIALS);
	err_clear(&e);
	assert_false(
	    mfa_disable(&o.by, PASSWORD, &(struct proof) { .code = person_wrong_code(&o) }, &e));
	assert_int_equal(e.code, ERR_CODE);
	err_clear(&e);
	assert_false(mfa_disable(&o.by, NULL, &(struct proof) { .code = person_code(&o, 1) }, &e));
	assert_int_equal(e.code, ERR_INVALID);
	err_clear(&e);
	assert_ok(mfa_disable(&o.by, PASSWORD, &(struct proof) { .code = person_code(&o, 1) }, &e));
	assert_int_equal(people_resolve(&p->auth, o.g.access_token, "", &c), ERR_OK);
	assert_int_equal(c.aal, 1);
	assert_false(c.two_factor);
	people_grant(p, factor_mem, "ada@acme.test", &g);
	assert_non_null(g.access_token);
	assert_int_equal(people_number(p, &p->w->a, "SELECT COUNT(*) AS n FROM recovery_codes"), 0);
	assert_false(mfa_renew_codes(&o.by, &o.codes, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
}

static void
new_recovery_codes_end_the_old_ones(void **state)
{
	struct people       *p = *state;
	struct person        o;
	struct session_grant g;
	const char          *old;
	struct err           e = { 0 };

	person_enrol(p, &o, "ada@acme.test");
	old = o.codes.items[0];
	assert_ok(mfa_renew_codes(&o.by, &o.codes, &e));
	assert_int_equal(
	    challenge_answers(&p->auth, challenge_of(p, "ada@acme.test"), NULL, old, &g), ERR_CODE);
	assert_int_equal(challenge_answers(&p->auth, challenge_of(p, "ada@acme.test"), NULL,
			     o.codes.items[0], &g),
	    ERR_OK);
}

static void
a_new_phone_replaces_the_old_one_when_a_code_of_it_is_typed(void **state)
{
	struct people       *p = *state;
	struct person        o, old;
	struct session_grant g;
	struct mfa_setup     s;
	struct err           e = { 0 };

	person_enrol(p, &o, "ada@acme.test");
	old = o;
	assert_ok(mfa_setup(&o.by, &s, &e));
	person_read_secret(&o);
	p->clock.set_ms += 2 * STEP_MS;
	assert_int_equal(challenge_answers(&p->auth, challenge_of(p, "ada@acme.test"),
			     person_code(&old, 0), NULL, &g),
	    ERR_OK);
	p->clock.set_ms += MFA_SETUP_S * 1000;
	assert_false(mfa_enable(&o.by, person_code(&o, 0), &o.codes, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	err_clear(&e);
	assert_ok(mfa_setup(&o.by, &s, &e));
	person_read_secret(&o);
	assert_ok(mfa_enable(&o.by, person_code(&o, 0), &o.codes, &e));
	p->clock.set_ms += STEP_MS;
	assert_int_equal(challenge_answers(&p->auth, challenge_of(p, "ada@acme.test"),
			     person_code(&old, 0), NULL, &g),
	    ERR_CODE);
	assert_int_equal(challenge_answers(&p->auth, challenge_of(p, "ada@acme.test"),
			     person_code(&o, 0), NULL, &g),
	    ERR_OK);
	assert_false(mfa_enable(&o.by, person_code(&o, 1), &o.codes, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
}

static void
a_reset_takes_factor_and_sessions(void **state)
{
	struct people       *p = *state;
	struct person        ada, vic;
	struct session_grant g;
	struct caller        c;
	struct uuid          nobody = uuid_make(&clock_system, &rand_system);
	struct deed_by       m;
	const char          *token;
	struct err           e = { 0 };

	person_enrol(p, &vic, "vic@acme.test");
	person_sign_in(p, &ada, "ada@acme.test");
	m = (struct deed_by) { &p->auth, factor_mem, ada.t, &ada.g.caller, &factor_origin };
	token = challenge_of(p, "vic@acme.test");
	assert_int_equal(people_resolve(&p->auth, vic.g.access_token, "", &c), ERR_OK);
	assert_ok(user_reset_factor(&m, &vic.g.caller.user, &e));
	assert_int_equal(people_resolve(&p->auth, vic.g.access_token, "", &c), ERR_UNAUTHENTICATED);
	assert_int_equal(challenge_answers(&p->auth, token, person_code(&vic, 1), NULL, &g),
	    ERR_UNAUTHENTICATED);
	people_grant(p, factor_mem, "vic@acme.test", &g);
	assert_non_null(g.access_token);
	assert_int_equal(
	    factor_audited(p, "action = 'factor.reset' AND actor_name = 'ada@acme.test'"), 1);
	assert_false(user_reset_factor(&m, &nobody, &e));
	assert_int_equal(e.code, ERR_MISSING);
}

/* ---- proving again ---- */

static enum err_code
steps_up(struct person *o, const struct proof *shown)
{
	instant    at;
	struct err e = { 0 };

	return mfa_step_up(&o->by, shown, &at, &e) ? ERR_OK : e.code;
}

static void
a_proof_makes_the_session_fresh(void **state)
{
	struct people *p = *state;
	struct person  o;
	struct caller  c;

	person_sign_in(p, &o, "ada@acme.test");
	assert_true(mfa_is_fresh(&o.g.caller, clock_ms(&p->clock)));
	p->clock.set_ms += STEP_UP_MAX_AGE_S * 1000 + 1000;
	assert_false(mfa_is_fresh(&o.g.caller, clock_ms(&p->clock)));
	assert_int_equal(steps_up(&o, &(struct proof) { .password = "no" }), ERR_CREDENTIALS);
	assert_int_equal(steps_up(&o, &(struct proof) { .code = "123456" }), ERR_INVALID);
	assert_int_equal(steps_up(&o, &(struct proof) { .password = PASSWORD }), ERR_OK);
	assert_int_equal(people_resolve(&p->auth, o.g.access_token, "", &c), ERR_OK);
	assert_true(mfa_is_fresh(&c, clock_ms(&p->clock)));
	assert_int_equal(c.aal, 1);
	person_enrol(p, &o, "ada@acme.test");
	assert_int_equal(steps_up(&o, &(struct proof) { .password = PASSWORD }), ERR_INVALID);
	assert_int_equal(steps_up(&o, &(struct proof) { .code = person_wrong_code(&o) }), ERR_CODE);
	assert_int_equal(steps_up(&o, &(struct proof) { .code = person_code(&o, 1) }), ERR_OK);
	assert_int_equal(steps_up(&o, &(struct proof) { .code = person_code(&o, 1) }), ERR_CODE);
	assert_int_equal(
	    steps_up(&o, &(struct proof) { .recovery_code = o.codes.items[9] }), ERR_OK);
	assert_int_equal(
	    steps_up(&o, &(struct proof) { .recovery_code = o.codes.items[9] }), ERR_CODE);
	assert_true(factor_audited(p, "action = 'session.step_up'") >= 3);
}

static void
one_factor_of_two_is_never_fresh(void **state)
{
	struct caller c = { .two_factor = true, .aal = 1, .auth_time_ms = 1000 };

	(void)state;
	assert_false(mfa_is_fresh(&c, 2000));
	c.aal = 2;
	assert_true(mfa_is_fresh(&c, 2000));
	assert_true(mfa_is_fresh(&c, 301000));
	assert_false(mfa_is_fresh(&c, 301001));
	assert_false(mfa_is_fresh(&c, 999)); /* from the future */
}

/* ---- who must have one ---- */

static void
a_tenants_own_setting_says_who_must_have_one(void **state)
{
	static const char   *roles[] = { "admin" };
	struct people       *p = *state;
	struct session_grant ada, vic;

	server_do(p->w->root,
	    "UPDATE testbsx.tenants SET settings = '{\"mfa\":{\"required_for\":[\"viewer\"]}}'"
	    " WHERE slug = 'acme'");
	usleep(2100000); /* a registry row is kept for 2 s */
	database_tidy(p->w->d);
	p->w->conf.mfa_required_for = (struct strings) { roles, 1 };
	people_grant(p, factor_mem, "ada@acme.test", &ada);
	people_grant(p, factor_mem, "vic@acme.test", &vic);
	assert_false(ada.caller.mfa_enrollment);
	assert_true(vic.caller.mfa_enrollment);
	server_do(p->w->root, "UPDATE testbsx.tenants SET settings = "
			      "'{\"mfa\":{\"required_for\":true}}' WHERE slug = 'acme'");
	usleep(2100000);
	database_tidy(p->w->d);
	/* what cannot be read lets nobody in */
	assert_int_equal(
	    people_login(p, factor_mem, "acme", "ada@acme.test", PASSWORD, &ada), ERR_INTERNAL);
	server_do(p->w->root, "UPDATE testbsx.tenants SET settings = '{}' WHERE slug = 'acme'");
	usleep(2100000);
	database_tidy(p->w->d);
}

static void
a_session_of_one_factor_is_not_let_through_by_anothers_enrolment(void **state)
{
	static const char   *roles[] = { "admin" };
	struct people       *p = *state;
	struct person        o;
	struct session_grant thief;
	struct caller        c;

	p->w->conf.mfa_required_for = (struct strings) { roles, 1 };
	people_grant(p, factor_mem, "ada@acme.test", &thief);
	assert_true(thief.caller.mfa_enrollment);
	person_enrol(p, &o, "ada@acme.test");
	assert_int_equal(people_resolve(&p->auth, thief.access_token, "", &c), ERR_UNAUTHENTICATED);
	assert_int_equal(people_resolve(&p->auth, o.g.access_token, "", &c), ERR_OK);
	assert_false(c.mfa_enrollment);
	server_do(p->w->root, "UPDATE %s.user_sessions SET aal = 1, epoch = epoch + 1",
	    p->w->a.schema_name);
	p->clock.set_ms += 2001;
	assert_int_equal(people_resolve(&p->auth, o.g.access_token, "", &c), ERR_OK);
	assert_true(c.mfa_enrollment);
}

static void
no_secret_reaches_the_log(void **state)
{
	struct people *p = *state;
	struct person  o;
	FILE          *f;
	char           line[8192];
	bool           enabled = false;

	person_enrol(p, &o, "ada@acme.test");
	f = fopen(p->log_path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		enabled |=
		    strstr(line, "factor.enable") != NULL && strstr(line, "bsx.security") != NULL;
		for (size_t i = 0; i < o.codes.n; i++)
			assert_null(strstr(line, o.codes.items[i]));
	}
	fclose(f);
	assert_true(enabled);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, factor_begin, factor_finish)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(giving_it_up_needs_password_and_code),
		TEST(new_recovery_codes_end_the_old_ones),
		TEST(a_new_phone_replaces_the_old_one_when_a_code_of_it_is_typed),
		TEST(a_reset_takes_factor_and_sessions),
		TEST(a_proof_makes_the_session_fresh),
		TEST(one_factor_of_two_is_never_fresh),
		TEST(a_tenants_own_setting_says_who_must_have_one),
		TEST(a_session_of_one_factor_is_not_let_through_by_anothers_enrolment),
		TEST(no_secret_reaches_the_log),
	};

	return cmocka_run_group_tests_name(
	    "factor changes", tests, people_set_up, people_tear_down);
}
