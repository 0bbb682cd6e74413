#include "tests/store/factor_world.h"

#include <string.h>

TALLOC_CTX *factor_mem;

const struct origin factor_origin = { "192.0.2.7", "Test/1.0", "request-1" };

int
factor_begin(void **state)
{
	struct people *p = *state;

	p->clock.set_ms = 0;
	p->w->conf.mfa_required_for = (struct strings) { NULL, 0 };
	server_do(p->w->root,
	    "UPDATE %s.users SET `2fa_enabled` = FALSE, `2fa_secret` = NULL, `2fa_pending` = NULL,"
	    " `2fa_tries` = 0, last_step = 0",
	    p->w->a.schema_name);
	factor_mem = talloc_new(NULL);
	return factor_mem == NULL;
}

int
factor_finish(void **state)
{
	(void)state;
	talloc_free(factor_mem);
	return 0;
}

void
person_sign_in(struct people *p, struct person *o, const char *email)
{
	*o = (struct person) {
		.a = &p->auth, .t = people_open(p, &p->w->a), .permit = { -1, NULL }
	};
	people_grant(p, factor_mem, email, &o->g);
	o->by = (struct deed_by) { &p->auth, factor_mem, o->t, &o->g.caller, &factor_origin,
		&o->permit };
}

void
person_read_secret(struct person *o)
{
	struct factor f;
	struct str    plain;
	struct err    e = { 0 };

	assert_ok(factor_by_user(o->t, factor_mem, &o->g.caller.user, &f, &e));
	assert_ok(tenant_open(o->t, factor_mem,
	    (struct sealed_place) { "users", "2fa_secret", &o->g.caller.user }, f.pending, &plain,
	    &e));
	assert_int_equal(plain.n, TOTP_SECRET_LEN);
	memcpy(o->secret, plain.p, TOTP_SECRET_LEN);
}

const char *
person_code(const struct person *o, int64_t offset)
{
	char      *code = talloc_zero_size(factor_mem, TOTP_CODE_MAX);
	int64_t    step = clock_ms(o->a->env->clock) / STEP_MS + offset;
	struct err e = { 0 };

	assert_ok(totp_code(
	    (struct str) { o->secret, TOTP_SECRET_LEN }, (uint64_t)step, TOTP_DIGITS, code, &e));
	return code;
}

const char *
person_wrong_code(const struct person *o)
{
	for (char digit = '0'; digit <= '9'; digit++) {
		const char *code = talloc_asprintf(
		    factor_mem, "%c%c%c%c%c%c", digit, digit, digit, digit, digit, digit);

		if (strcmp(code, person_code(o, -1)) != 0 && strcmp(code, person_code(o, 0)) != 0 &&
		    strcmp(code, person_code(o, 1)) != 0)
			return code;
	}
	return NULL;
}

void
person_enrol(struct people *p, struct person *o, const char *email)
{
	struct mfa_setup s;
	struct err       e = { 0 };

	person_sign_in(p, o, email);
	assert_ok(mfa_setup(&o->by, &s, &e));
	person_read_secret(o);
	assert_ok(mfa_enable(&o->by, person_code(o, -1), &o->codes, &e));
	assert_int_equal(o->codes.n, RECOVERY_CODES);
}

const char *
challenge_of(struct people *p, const char *email)
{
	struct session_grant g;

	assert_int_equal(people_login(p, factor_mem, "acme", email, PASSWORD, &g), ERR_OK);
	assert_non_null(g.mfa_token);
	assert_int_equal(strlen(g.mfa_token), CHALLENGE_TOKEN_LEN);
	assert_null(g.access_token);
	return g.mfa_token;
}

enum err_code
challenge_answers(struct auth *a, const char *token, const char *code, const char *recovery,
    struct session_grant *g)
{
	const struct challenge_shown shown = { .token = str_of(token),
		.proof = { .code = code, .recovery_code = recovery } };
	const struct deed_by by = { .auth = a, .mem = factor_mem, .origin = &factor_origin };
	struct err           e = { 0 };
	bool                 in_body;

	memset(g, 0, sizeof(*g));
	if (challenge_answer(&by, &shown, g, &in_body, &e))
		return ERR_OK;
	assert_null(g->access_token);
	if (e.code == ERR_INTERNAL || e.code == ERR_UNAVAILABLE)
		print_message("answer: %s\n", e.detail);
	return e.code;
}

int64_t
factor_audited(struct people *p, const char *what)
{
	return people_number(p, &p->w->a,
	    talloc_asprintf(factor_mem, "SELECT COUNT(*) AS n FROM audit WHERE %s", what));
}
