/* Second factors: set up, asked for, accepted once however many come at once, renewed, given up,
 * reset. */
#include "tests/store/people.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/auth/challenge.h"
#include "core/auth/mfa.h"
#include "core/auth/recovery.h"
#include "core/crypt/totp.h"

#define STEP_MS (TOTP_PERIOD_S * 1000)

static TALLOC_CTX *mem;

static const struct origin origin = { "192.0.2.7", "Test/1.0", "request-1" };

static int
begin(void **state)
{
	struct people *p = *state;

	p->clock.set_ms = 0;
	p->w->conf.mfa_required_for = (struct strings) { NULL, 0 };
	server_do(p->w->root,
	    "UPDATE %s.users SET `2fa_enabled` = FALSE, `2fa_secret` = NULL, `2fa_pending` = NULL,"
	    " `2fa_tries` = 0, last_step = 0",
	    p->w->a.schema_name);
	mem = talloc_new(NULL);
	return mem == NULL;
}

static int
finish(void **state)
{
	(void)state;
	talloc_free(mem);
	return 0;
}

/* ---- a person with an authenticator ---- */

struct person {
	struct auth         *a;
	struct tenant_db    *t;
	struct session_grant g;
	struct permit        permit;
	struct mfa           mfa;
	struct strings       codes;
	char                 secret[TOTP_SECRET_LEN];
};

static void
sign_in(struct people *p, struct person *o, const char *email)
{
	*o = (struct person) {
		.a = &p->auth, .t = people_open(p, &p->w->a), .permit = { -1, NULL }
	};
	people_grant(p, mem, email, &o->g);
	o->mfa = (struct mfa) { &p->auth, mem, o->t, &o->g.caller, &origin, &o->permit };
}

static void
read_secret(struct person *o)
{
	struct factor f;
	struct str    plain;
	struct err    e = { 0 };

	assert_ok(factor_by_user(o->t, mem, &o->g.caller.user, &f, &e));
	assert_ok(tenant_open(
	    o->t, mem, "users", "2fa_secret", &o->g.caller.user, f.pending, &plain, &e));
	assert_int_equal(plain.n, TOTP_SECRET_LEN);
	memcpy(o->secret, plain.p, TOTP_SECRET_LEN);
}

static const char *
code_at(const struct person *o, int64_t offset)
{
	char      *code = talloc_zero_size(mem, TOTP_CODE_MAX);
	int64_t    step = clock_ms(o->a->clock) / STEP_MS + offset;
	struct err e = { 0 };

	assert_ok(totp_code(
	    (struct str) { o->secret, TOTP_SECRET_LEN }, (uint64_t)step, TOTP_DIGITS, code, &e));
	return code;
}

static const char *
wrong_code(const struct person *o)
{
	for (char digit = '0'; digit <= '9'; digit++) {
		const char *code =
		    talloc_asprintf(mem, "%c%c%c%c%c%c", digit, digit, digit, digit, digit, digit);

		if (strcmp(code, code_at(o, -1)) != 0 && strcmp(code, code_at(o, 0)) != 0 &&
		    strcmp(code, code_at(o, 1)) != 0)
			return code;
	}
	return NULL;
}

static void
enrol(struct people *p, struct person *o, const char *email)
{
	struct mfa_setup s;
	struct err       e = { 0 };

	sign_in(p, o, email);
	assert_ok(mfa_setup(&o->mfa, &s, &e));
	read_secret(o);
	assert_ok(mfa_enable(&o->mfa, code_at(o, -1), &o->codes, &e));
	assert_int_equal(o->codes.n, RECOVERY_CODES);
}

static const char *
challenge_of(struct people *p, const char *email)
{
	struct session_grant g;

	assert_int_equal(people_login(p, mem, "acme", email, PASSWORD, &g), ERR_OK);
	assert_non_null(g.mfa_token);
	assert_int_equal(strlen(g.mfa_token), CHALLENGE_TOKEN_LEN);
	assert_null(g.access_token);
	return g.mfa_token;
}

static enum err_code
answers(struct auth *a, const char *token, const char *code, const char *recovery,
    struct session_grant *g)
{
	const struct proof shown = { .code = code, .recovery_code = recovery };
	struct err         e = { 0 };
	bool               in_body;

	memset(g, 0, sizeof(*g));
	if (challenge_answer(a, mem, str_of(token), &shown, &origin, g, &in_body, &e))
		return ERR_OK;
	assert_null(g->access_token);
	if (e.code == ERR_INTERNAL || e.code == ERR_UNAVAILABLE)
		print_message("answer: %s\n", e.detail);
	return e.code;
}

static int64_t
audited(struct people *p, const char *what)
{
	return people_number(
	    p, &p->w->a, talloc_asprintf(mem, "SELECT COUNT(*) AS n FROM audit WHERE %s", what));
}

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
	int64_t              enabled = audited(p, "action = 'factor.enable'");

	sign_in(p, &o, "ada@acme.test");
	people_grant(p, mem, "ada@acme.test", &other);
	assert_ok(mfa_setup(&o.mfa, &s, &e));
	assert_non_null(strstr(s.otpauth_uri, s.secret));
	assert_non_null(strstr(s.otpauth_uri, "otpauth://totp/BlindSpotX%20acme:ada%40acme.test?"));
	people_grant(p, mem, "ada@acme.test", &g); /* not asked for before a code was typed */
	assert_non_null(g.access_token);
	read_secret(&o);
	assert_false(mfa_enable(&o.mfa, wrong_code(&o), &o.codes, &e));
	assert_int_equal(e.code, ERR_CODE);
	err_clear(&e);
	assert_ok(mfa_enable(&o.mfa, code_at(&o, 0), &o.codes, &e));
	assert_int_equal(audited(p, "action = 'factor.enable'"), enabled + 1);
	/* this session has two factors now, the others are over */
	assert_int_equal(people_resolve(&p->auth, o.g.access_token, "", &c), ERR_OK);
	assert_int_equal(c.aal, 2);
	assert_true(c.two_factor);
	assert_int_equal(people_resolve(&p->auth, other.access_token, "", &c), ERR_UNAUTHENTICATED);
	/* the code that enabled it does not sign in; the next one does, at two factors */
	assert_int_equal(
	    answers(&p->auth, challenge_of(p, "ada@acme.test"), code_at(&o, 0), NULL, &g),
	    ERR_CODE);
	assert_int_equal(
	    answers(&p->auth, challenge_of(p, "ada@acme.test"), code_at(&o, 1), NULL, &g), ERR_OK);
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

	enrol(p, &ada, "ada@acme.test");
	sign_in(p, &vic, "vic@acme.test");
	assert_ok(factor_by_user(ada.t, mem, &ada.g.caller.user, &f, &e));
	assert_null(memmem(f.secret.p, f.secret.n, ada.secret, TOTP_SECRET_LEN));
	assert_false(tenant_open(
	    ada.t, mem, "users", "2fa_secret", &vic.g.caller.user, f.secret, &plain, &e));
}

static void
a_code_counts_once_and_no_older_one_after_it(void **state)
{
	struct people       *p = *state;
	struct person        o;
	struct session_grant g;
	const char          *token;

	enrol(p, &o, "ada@acme.test");
	p->clock.set_ms += 3 * STEP_MS;
	assert_int_equal(
	    answers(&p->auth, challenge_of(p, "ada@acme.test"), code_at(&o, 1), NULL, &g), ERR_OK);
	token = challenge_of(p, "ada@acme.test");
	assert_int_equal(answers(&p->auth, token, code_at(&o, 1), NULL, &g), ERR_CODE);
	assert_int_equal(answers(&p->auth, token, code_at(&o, 0), NULL, &g), ERR_CODE);
	assert_int_equal(answers(&p->auth, token, code_at(&o, -2), NULL, &g), ERR_CODE);
	assert_int_equal(answers(&p->auth, token, code_at(&o, 2), NULL, &g), ERR_CODE);
	p->clock.set_ms += STEP_MS;
	assert_int_equal(answers(&p->auth, token, code_at(&o, 1), NULL, &g), ERR_OK);
	assert_true(audited(p, "action = 'factor.fail' AND outcome = 'failure'"
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
		a = people_other(p, mem, p->segment);
		if (read(go[0], &c, 1) != 1)
			_exit(2);
		code_of = answers(a, tokens[i], code, recovery, &g);
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

	enrol(p, &o, "ada@acme.test");
	for (int i = 0; i < MANY; i++)
		tokens[i] = challenge_of(p, "ada@acme.test");
	assert_int_equal(let_in(p, tokens, code_at(&o, 1), NULL), 1);
}

static void
of_many_with_the_same_recovery_code_one_gets_in(void **state)
{
	struct people       *p = *state;
	struct person        o;
	struct session_grant g;
	const char          *tokens[MANY], *typed;
	int64_t              used = audited(p, "action = 'factor.recovery_used'");

	enrol(p, &o, "ada@acme.test");
	for (int i = 0; i < MANY; i++)
		tokens[i] = challenge_of(p, "ada@acme.test");
	assert_int_equal(let_in(p, tokens, NULL, o.codes.items[3]), 1);
	assert_int_equal(audited(p, "action = 'factor.recovery_used'"), used + 1);
	assert_int_equal(
	    answers(&p->auth, challenge_of(p, "ada@acme.test"), NULL, o.codes.items[3], &g),
	    ERR_CODE);
	/* as people type them */
	typed = talloc_asprintf(mem, " %.5s%.24s", o.codes.items[4], o.codes.items[4] + 5);
	for (char *c = strchr(typed, '-'); c != NULL; c = strchr(c, '-'))
		*c = ' ';
	assert_int_equal(
	    answers(&p->auth, challenge_of(p, "ada@acme.test"), NULL, typed, &g), ERR_OK);
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

	enrol(p, &o, "ada@acme.test");
	token = challenge_of(p, "ada@acme.test");
	for (int i = 0; i < MANY; i++)
		tokens[i] = token;
	assert_int_equal(let_in(p, tokens, code_at(&o, 1), NULL), 1);
	p->clock.set_ms += STEP_MS;
	assert_int_equal(answers(&p->auth, token, code_at(&o, 1), NULL, &g), ERR_UNAUTHENTICATED);
}

/* ---- tokens ---- */

static void
a_token_bears_ten_tries_and_lives_five_minutes(void **state)
{
	struct people       *p = *state;
	struct person        o;
	struct session_grant g;
	const char          *token;
	int64_t              failed = audited(p, "action = 'factor.fail'");

	enrol(p, &o, "ada@acme.test");
	token = challenge_of(p, "ada@acme.test");
	for (int i = 0; i < CHALLENGE_TRIES; i++)
		assert_int_equal(answers(&p->auth, token, wrong_code(&o), NULL, &g), ERR_CODE);
	assert_int_equal(audited(p, "action = 'factor.fail'"), failed + CHALLENGE_TRIES);
	assert_int_equal(answers(&p->auth, token, code_at(&o, 1), NULL, &g), ERR_UNAUTHENTICATED);
	token = challenge_of(p, "ada@acme.test");
	p->clock.set_ms += CHALLENGE_LIFE_S * 1000;
	assert_int_equal(answers(&p->auth, token, code_at(&o, 1), NULL, &g), ERR_UNAUTHENTICATED);
}

static void
a_user_bears_thirty_tries_an_hour_over_all_tokens(void **state)
{
	struct people       *p = *state;
	struct person        o;
	struct session_grant g;

	enrol(p, &o, "ada@acme.test");
	for (int i = 0; i < PROOF_TRIES_PER_HOUR / CHALLENGE_TRIES; i++) {
		const char *token = challenge_of(p, "ada@acme.test");

		for (int j = 0; j < CHALLENGE_TRIES; j++)
			assert_int_equal(
			    answers(&p->auth, token, wrong_code(&o), NULL, &g), ERR_CODE);
	}
	assert_int_equal(
	    answers(&p->auth, challenge_of(p, "ada@acme.test"), code_at(&o, 1), NULL, &g),
	    ERR_ATTEMPTS);
	/* what cannot be guessed still works; so does all an hour later */
	assert_int_equal(
	    answers(&p->auth, challenge_of(p, "ada@acme.test"), NULL, o.codes.items[0], &g),
	    ERR_OK);
	server_do(p->w->root, "UPDATE %s.users SET `2fa_tries` = 30", p->w->a.schema_name);
	p->clock.set_ms += 3601000;
	assert_int_equal(
	    answers(&p->auth, challenge_of(p, "ada@acme.test"), code_at(&o, 1), NULL, &g), ERR_OK);
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

	enrol(p, &o, "ada@acme.test");
	token = talloc_strdup(mem, challenge_of(p, "ada@acme.test"));
	for (size_t i = 0; token[i] != '\0'; i++) {
		char was = token[i];

		token[i] = was == 'A' ? 'Q' : 'A';
		assert_int_equal(
		    answers(&p->auth, token, code_at(&o, 1), NULL, &g), ERR_UNAUTHENTICATED);
		token[i] = was;
	}
	assert_int_equal(answers(&p->auth, "", code_at(&o, 1), NULL, &g), ERR_UNAUTHENTICATED);
	assert_int_equal(
	    answers(&p->auth, o.g.refresh_token, code_at(&o, 1), NULL, &g), ERR_UNAUTHENTICATED);
	assert_int_equal(answers(&p->auth, token, code_at(&o, 1), NULL, &g), ERR_OK);
}

static void
what_ends_the_sessions_ends_the_sign_ins_that_wait(void **state)
{
	struct people       *p = *state;
	struct person        o;
	struct session_grant g;
	const char          *token;
	struct err           e = { 0 };

	enrol(p, &o, "ada@acme.test");
	token = challenge_of(p, "ada@acme.test");
	assert_ok(session_end(&p->auth, mem, o.t, &o.g.caller, &origin, true, &e));
	assert_int_equal(answers(&p->auth, token, code_at(&o, 1), NULL, &g), ERR_UNAUTHENTICATED);
	token = challenge_of(p, "ada@acme.test");
	server_do(p->w->root,
	    "UPDATE %s.users SET status = 'disabled' WHERE email = 'ada@acme.test'",
	    p->w->a.schema_name);
	assert_int_equal(answers(&p->auth, token, code_at(&o, 1), NULL, &g), ERR_UNAUTHENTICATED);
	server_do(p->w->root, "UPDATE %s.users SET status = 'active' WHERE email = 'ada@acme.test'",
	    p->w->a.schema_name);
}

/* ---- changes ---- */

static void
giving_it_up_needs_password_and_code(void **state)
{
	struct people       *p = *state;
	struct person        o;
	struct session_grant g;
	struct caller        c;
	struct err           e = { 0 };

	enrol(p, &o, "ada@acme.test");
	assert_false(mfa_disable(&o.mfa, "not the password", code_at(&o, 1), &e));
	assert_int_equal(e.code, ERR_CREDENTIALS);
	err_clear(&e);
	assert_false(mfa_disable(&o.mfa, PASSWORD, wrong_code(&o), &e));
	assert_int_equal(e.code, ERR_CODE);
	err_clear(&e);
	assert_false(mfa_disable(&o.mfa, NULL, code_at(&o, 1), &e));
	assert_int_equal(e.code, ERR_INVALID);
	err_clear(&e);
	assert_ok(mfa_disable(&o.mfa, PASSWORD, code_at(&o, 1), &e));
	assert_int_equal(people_resolve(&p->auth, o.g.access_token, "", &c), ERR_OK);
	assert_int_equal(c.aal, 1);
	assert_false(c.two_factor);
	people_grant(p, mem, "ada@acme.test", &g);
	assert_non_null(g.access_token);
	assert_int_equal(people_number(p, &p->w->a, "SELECT COUNT(*) AS n FROM recovery_codes"), 0);
	assert_false(mfa_renew_codes(&o.mfa, &o.codes, &e));
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

	enrol(p, &o, "ada@acme.test");
	old = o.codes.items[0];
	assert_ok(mfa_renew_codes(&o.mfa, &o.codes, &e));
	assert_int_equal(
	    answers(&p->auth, challenge_of(p, "ada@acme.test"), NULL, old, &g), ERR_CODE);
	assert_int_equal(
	    answers(&p->auth, challenge_of(p, "ada@acme.test"), NULL, o.codes.items[0], &g),
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

	enrol(p, &o, "ada@acme.test");
	old = o;
	assert_ok(mfa_setup(&o.mfa, &s, &e));
	read_secret(&o);
	p->clock.set_ms += 2 * STEP_MS;
	assert_int_equal(
	    answers(&p->auth, challenge_of(p, "ada@acme.test"), code_at(&old, 0), NULL, &g),
	    ERR_OK);
	p->clock.set_ms += MFA_SETUP_S * 1000;
	assert_false(mfa_enable(&o.mfa, code_at(&o, 0), &o.codes, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	err_clear(&e);
	assert_ok(mfa_setup(&o.mfa, &s, &e));
	read_secret(&o);
	assert_ok(mfa_enable(&o.mfa, code_at(&o, 0), &o.codes, &e));
	p->clock.set_ms += STEP_MS;
	assert_int_equal(
	    answers(&p->auth, challenge_of(p, "ada@acme.test"), code_at(&old, 0), NULL, &g),
	    ERR_CODE);
	assert_int_equal(
	    answers(&p->auth, challenge_of(p, "ada@acme.test"), code_at(&o, 0), NULL, &g), ERR_OK);
	assert_false(mfa_enable(&o.mfa, code_at(&o, 1), &o.codes, &e));
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
	const char          *token;
	struct err           e = { 0 };

	enrol(p, &vic, "vic@acme.test");
	sign_in(p, &ada, "ada@acme.test");
	token = challenge_of(p, "vic@acme.test");
	assert_int_equal(people_resolve(&p->auth, vic.g.access_token, "", &c), ERR_OK);
	assert_ok(mfa_reset(&ada.mfa, &vic.g.caller.user, &e));
	assert_int_equal(people_resolve(&p->auth, vic.g.access_token, "", &c), ERR_UNAUTHENTICATED);
	assert_int_equal(answers(&p->auth, token, code_at(&vic, 1), NULL, &g), ERR_UNAUTHENTICATED);
	people_grant(p, mem, "vic@acme.test", &g);
	assert_non_null(g.access_token);
	assert_int_equal(audited(p, "action = 'factor.reset' AND actor_name = 'ada@acme.test'"), 1);
	assert_false(mfa_reset(&ada.mfa, &nobody, &e));
	assert_int_equal(e.code, ERR_MISSING);
}

/* ---- proving again ---- */

static enum err_code
steps_up(struct person *o, const struct proof *shown)
{
	instant    at;
	struct err e = { 0 };

	return mfa_step_up(&o->mfa, shown, &at, &e) ? ERR_OK : e.code;
}

static void
a_proof_makes_the_session_fresh(void **state)
{
	struct people *p = *state;
	struct person  o;
	struct caller  c;

	sign_in(p, &o, "ada@acme.test");
	assert_true(mfa_is_fresh(&o.g.caller, clock_ms(&p->clock)));
	p->clock.set_ms += STEP_UP_MAX_AGE_S * 1000 + 1000;
	assert_false(mfa_is_fresh(&o.g.caller, clock_ms(&p->clock)));
	assert_int_equal(steps_up(&o, &(struct proof) { .password = "no" }), ERR_CREDENTIALS);
	assert_int_equal(steps_up(&o, &(struct proof) { .code = "123456" }), ERR_INVALID);
	assert_int_equal(steps_up(&o, &(struct proof) { .password = PASSWORD }), ERR_OK);
	assert_int_equal(people_resolve(&p->auth, o.g.access_token, "", &c), ERR_OK);
	assert_true(mfa_is_fresh(&c, clock_ms(&p->clock)));
	assert_int_equal(c.aal, 1);
	enrol(p, &o, "ada@acme.test");
	assert_int_equal(steps_up(&o, &(struct proof) { .password = PASSWORD }), ERR_INVALID);
	assert_int_equal(steps_up(&o, &(struct proof) { .code = wrong_code(&o) }), ERR_CODE);
	assert_int_equal(steps_up(&o, &(struct proof) { .code = code_at(&o, 1) }), ERR_OK);
	assert_int_equal(steps_up(&o, &(struct proof) { .code = code_at(&o, 1) }), ERR_CODE);
	assert_int_equal(
	    steps_up(&o, &(struct proof) { .recovery_code = o.codes.items[9] }), ERR_OK);
	assert_int_equal(
	    steps_up(&o, &(struct proof) { .recovery_code = o.codes.items[9] }), ERR_CODE);
	assert_true(audited(p, "action = 'session.step_up'") >= 3);
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
	people_grant(p, mem, "ada@acme.test", &ada);
	people_grant(p, mem, "vic@acme.test", &vic);
	assert_false(ada.caller.mfa_enrollment);
	assert_true(vic.caller.mfa_enrollment);
	server_do(p->w->root, "UPDATE testbsx.tenants SET settings = "
			      "'{\"mfa\":{\"required_for\":true}}' WHERE slug = 'acme'");
	usleep(2100000);
	database_tidy(p->w->d);
	/* what cannot be read lets nobody in */
	assert_int_equal(
	    people_login(p, mem, "acme", "ada@acme.test", PASSWORD, &ada), ERR_INTERNAL);
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
	people_grant(p, mem, "ada@acme.test", &thief);
	assert_true(thief.caller.mfa_enrollment);
	enrol(p, &o, "ada@acme.test");
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

	enrol(p, &o, "ada@acme.test");
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, finish)

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

	return cmocka_run_group_tests_name("factors", tests, people_set_up, people_tear_down);
}
