/* rest_run.h: tokens, one for all runs that show one credential. */
#include "drift/source/rest_run.h"

#define TOKEN_WAIT_MS    200   /* between looks at whether another run has got a token */
#define TOKEN_EARLY_MS   60000 /* it is asked for anew before its end */
#define TOKEN_REFUSED_MS 10000 /* a refusal holds for those that wait */

bool
rest_has_token(const struct rest_run *r)
{
	return r->session->token != NULL && r->now_ms < r->session->token_until_ms - TOKEN_EARLY_MS;
}

static enum source_step
refused_before(struct rest_run *r, struct source_turn *turn, struct err *e)
{
	r->failed = true;
	r->remedy = r->session->remedy;
	(void)err_set(&r->why, ERR_CREDENTIALS, 0, r->session->refused, "a token is refused");
	return rest_fail(r, turn, e);
}

/* Tokens that end as they begin would be asked for without end. */
static bool
may_ask_token(struct rest_run *r)
{
	if (r->tokens++ < REST_TOKENS_MAX && r->progress.requests < REST_REQUESTS_MAX)
		return true;
	r->failed = true;
	r->remedy = "Let tokens live longer; a run asks for at most 1000.";
	return err_set(&r->why, ERR_UNAVAILABLE, 0,
	    "The tokens of this source end before it is read.", "%u tokens", r->tokens - 1);
}

enum source_step
rest_ask_token(struct rest_run *r, struct source_turn *turn, struct err *e)
{
	struct source_session *s = r->session;
	struct flight         *f = &r->flights[REST_FLIGHTS_MAX];

	if (r->asking && f->id != 0)
		return rest_wait_until(turn, rest_next_time(r));
	if (!r->asking && s->refused != NULL && r->now_ms < s->refused_until_ms)
		return refused_before(r, turn, e);
	if (!r->asking && s->asked)
		return rest_wait_until(turn, r->now_ms + TOKEN_WAIT_MS);
	if (!r->asking && !may_ask_token(r))
		return rest_fail(r, turn, e);
	r->asking = s->asked = true;
	if (r->now_ms < r->ask_again_ms)
		return rest_wait_until(turn, r->ask_again_ms);
	f->id = ++r->next_id;
	if (!rest_request_token(r, f, &turn->request, e)) {
		rest_flight_end(r, f);
		return SOURCE_FAILED;
	}
	rest_count_request(r, NULL);
	return SOURCE_WANTS;
}

static void
token_done(struct rest_run *r)
{
	r->asking = r->session->asked = false;
}

/* Others that wait for it need not ask for the same. */
static bool
token_failed(struct rest_run *r, const struct verdict *v, struct err *e)
{
	struct source_session *s = r->session;

	token_done(r);
	s->refused = talloc_strdup(s, v->say);
	s->remedy = v->remedy == NULL ? NULL : talloc_strdup(s, v->remedy);
	s->refused_until_ms = r->now_ms + TOKEN_REFUSED_MS;
	r->failed = true;
	r->remedy = v->remedy;
	if (s->refused == NULL)
		return err_memory(e);
	(void)err_set(&r->why,
	    v->kind == VERDICT_AGAIN || v->kind == VERDICT_SLOWER ? ERR_UNAVAILABLE
								  : ERR_CREDENTIALS,
	    0, v->say, "the token endpoint");
	return true;
}

static bool
token_taken(struct rest_run *r, const struct source_answer *a, struct verdict *v, struct err *e)
{
	struct source_session *s = r->session;
	struct auth_token      got;
	struct err             why = { 0 };

	if (!source_auth_answer(r->flights[REST_FLIGHTS_MAX].mem, a->body, &got, &why)) {
		v->kind = VERDICT_ERROR;
		v->say = talloc_strdup(r, why.pub);
		return why.code == ERR_INVALID ? token_failed(r, v, e) : err_memory(e);
	}
	talloc_free(s->token);
	s->token = __extension__ talloc_steal(s, got.token);
	s->token_until_ms = r->now_ms + got.lives_s * 1000;
	/* one that lives shorter than it is renewed early is good for half its time */
	if (got.lives_s * 1000 < 2 * TOKEN_EARLY_MS)
		s->token_until_ms = r->now_ms + got.lives_s * 500 + TOKEN_EARLY_MS;
	s->refused = s->remedy = NULL;
	token_done(r);
	return true;
}

bool
rest_take_token(struct rest_run *r, struct flight *f, const struct source_answer *a, struct err *e)
{
	struct verdict v;
	bool           again, ok;

	if (!rest_judge(f->mem, r, NULL, a, &v, e))
		return false;
	if (v.kind == VERDICT_PAGE) {
		ok = token_taken(r, a, &v, e);
		rest_flight_end(r, f);
		return ok;
	}
	if (v.again_s > 0 && r->ask_blamed_ms == 0)
		r->ask_blamed_ms = r->now_ms;
	again = v.kind == VERDICT_AGAIN || v.kind == VERDICT_SLOWER
		    ? ++r->ask_attempts < rest_attempts_most(r)
		    : v.again_s > 0 && r->now_ms - r->ask_blamed_ms < v.again_s * 1000;
	if (v.kind == VERDICT_SLOWER)
		r->progress.throttled++;
	r->ask_again_ms = r->now_ms + rest_wait_ms(r, NULL, a, v.again_s > 0 ? 3 : r->ask_attempts);
	if (v.kind == VERDICT_SLOWER && a->retry_after_s > rest_cap_s(r))
		again = false;
	if (v.kind == VERDICT_DENIED)
		v.remedy =
		    v.remedy != NULL ? v.remedy : "Check the client's id and secret, or renew it.";
	ok = again || token_failed(r, &v, e);
	rest_flight_end(r, f);
	return ok;
}
