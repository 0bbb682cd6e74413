#include "drift/source/rest_run.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/secret.h"

#define UNSENT_MAX       200   /* chains that end unasked before others have their turn */
#define TOKEN_WAIT_MS    200   /* between looks at whether another run has got a token */
#define TOKEN_EARLY_MS   60000 /* it is asked for anew before its end */
#define TOKEN_REFUSED_MS 10000 /* a refusal holds for those that wait */

/* ---- flights ---- */

static struct flight *
flight_free(struct rest_run *r)
{
	for (size_t i = 0; i < REST_FLIGHTS_MAX; i++)
		if (r->flights[i].id == 0)
			return &r->flights[i];
	return NULL;
}

static struct flight *
flight_by(struct rest_run *r, uint32_t id)
{
	for (size_t i = 0; i <= REST_FLIGHTS_MAX; i++)
		if (id != 0 && r->flights[i].id == id)
			return &r->flights[i];
	return NULL;
}

static enum source_step
fail(struct rest_run *r, struct source_turn *turn, struct err *e)
{
	*e = r->why;
	turn->remedy = r->remedy;
	return SOURCE_FAILED;
}

static enum source_step
wait_until(struct source_turn *turn, int64_t at_ms)
{
	turn->again_ms = at_ms;
	return SOURCE_WAITS;
}

static void
count_request(struct rest_run *r, const struct chain *c)
{
	r->progress.requests++;
	if (c != NULL)
		r->told_of[c->collection].requests++;
}

/* What the source named its item is no fault of all the others. */
static void
could_not_ask(struct rest_run *r, struct chain *c, const char *why)
{
	const struct pack_collection *p = &r->pack->collections[c->collection];
	struct verdict                v = { .how = COLLECTION_FAILED };

	if (c->over == NULL) {
		v.say = talloc_strdup(r, why);
	} else {
		v.how = COLLECTION_PARTIAL;
		v.say = talloc_asprintf(r, "Item %llu of %.*s: %s", (unsigned long long)c->over->at,
		    (int)r->pack->collections[p->over].category.n,
		    r->pack->collections[p->over].category.p, why);
	}
	rest_chain_failed(r, c, &v);
}

static enum source_step
send(struct rest_run *r, struct chain *c, struct source_turn *turn)
{
	struct flight *f = flight_free(r);
	struct err     why = { 0 };

	f->id = ++r->next_id;
	f->chain = c;
	r->under_way++;
	if (r->readings[c->collection].began_ms == 0)
		r->readings[c->collection].began_ms = r->now_ms;
	c->token_until_ms = r->session->token_until_ms;
	if (++r->tried > REST_REQUESTS_MAX || r->progress.requests >= REST_REQUESTS_MAX)
		(void)err_set(&why, ERR_INVALID, 0,
		    "The run has asked 200000 times, which is as often as it may.", "requests");
	else if (rest_request(r, c, f, &turn->request, &why)) {
		count_request(r, c);
		return SOURCE_WANTS;
	}
	rest_flight_end(r, f);
	if (why.code != ERR_INVALID) {
		r->failed = true;
		r->why = why;
		return SOURCE_FAILED;
	}
	r->other = true;
	could_not_ask(r, c, why.pub);
	return SOURCE_DONE; /* of this chain: the next */
}

/* ---- tokens ---- */

static bool
has_token(const struct rest_run *r)
{
	return r->session->token != NULL && r->now_ms < r->session->token_until_ms - TOKEN_EARLY_MS;
}

static enum source_step
refused_before(struct rest_run *r, struct source_turn *turn, struct err *e)
{
	r->failed = true;
	r->remedy = r->session->remedy;
	(void)err_set(&r->why, ERR_CREDENTIALS, 0, r->session->refused, "a token is refused");
	return fail(r, turn, e);
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

static enum source_step
ask_token(struct rest_run *r, struct source_turn *turn, struct err *e)
{
	struct source_session *s = r->session;
	struct flight         *f = &r->flights[REST_FLIGHTS_MAX];

	if (r->asking && f->id != 0)
		return wait_until(turn, rest_next_time(r));
	if (!r->asking && s->refused != NULL && r->now_ms < s->refused_until_ms)
		return refused_before(r, turn, e);
	if (!r->asking && s->asked)
		return wait_until(turn, r->now_ms + TOKEN_WAIT_MS);
	if (!r->asking && !may_ask_token(r))
		return fail(r, turn, e);
	r->asking = s->asked = true;
	if (r->now_ms < r->ask_again_ms)
		return wait_until(turn, r->ask_again_ms);
	f->id = ++r->next_id;
	if (!rest_request_token(r, f, &turn->request, e)) {
		rest_flight_end(r, f);
		return SOURCE_FAILED;
	}
	count_request(r, NULL);
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

static bool
take_token(struct rest_run *r, struct flight *f, const struct source_answer *a, struct err *e)
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

/* ---- the end of a chain ---- */

/* What one may not is a matter of who asks, where that is no application whose permissions are told
 * one by one. */
static bool
is_about_who_asks(const struct rest_run *r, const struct chain *c, const struct verdict *v)
{
	if (r->auth == AUTH_NONE || v->licence)
		return false;
	return v->kind == VERDICT_DENIED ||
	       (r->auth != AUTH_CLIENT_CREDENTIALS && v->how == COLLECTION_FORBIDDEN &&
		   !r->pack->collections[c->collection].is_log);
}

static bool
give_up(struct rest_run *r, struct chain *c, const struct verdict *v)
{
	if (!is_about_who_asks(r, c, v))
		r->other = true;
	else if (r->rejected == NULL)
		r->rejected = talloc_strdup(r, v->say);
	rest_chain_failed(r, c, v);
	return true;
}

/* Nothing else was said to all that was asked: it is the credential, and not the collections. */
static bool
is_rejected(const struct rest_run *r)
{
	return r->rejected != NULL && !r->let_in && !r->other;
}

static enum source_step
rejected(struct rest_run *r, struct source_turn *turn, struct err *e)
{
	r->failed = true;
	r->remedy = "Check the credential and what it may read, or renew it.";
	(void)err_set(&r->why, ERR_CREDENTIALS, 0, r->rejected, "all that is asked is denied");
	return fail(r, turn, e);
}

/* ---- turns ---- */

static enum source_step
step(struct rest_run *r, struct source_turn *turn, struct err *e)
{
	enum source_step s;
	struct chain    *c;
	unsigned         unsent = 0;

	while (!rest_is_over(r)) {
		rest_wake(r);
		if (r->auth == AUTH_CLIENT_CREDENTIALS && !has_token(r))
			return ask_token(r, turn, e);
		if (r->under_way == REST_FLIGHTS_MAX)
			return wait_until(turn, 0);
		if (!rest_spread(r, e))
			return SOURCE_FAILED;
		if (r->failed)
			return fail(r, turn, e);
		if (rest_is_over(r))
			break;
		if (unsent == UNSENT_MAX)
			return wait_until(turn, r->now_ms);
		c = rest_take_ready(r);
		if (c == NULL)
			return wait_until(turn, rest_next_time(r));
		if (rest_lane(r, c)->closed != NULL) {
			r->tried++;
			unsent++;
			(void)give_up(r, c, rest_lane(r, c)->closed);
			continue;
		}
		s = send(r, c, turn);
		if (s == SOURCE_FAILED)
			return fail(r, turn, e);
		if (s == SOURCE_WANTS)
			return s;
		unsent++;
	}
	if (is_rejected(r))
		return rejected(r, turn, e);
	return rest_collected(r, &turn->collected, e) ? SOURCE_DONE : SOURCE_FAILED;
}

static enum source_step
rest_next(void *run, struct source_turn *turn, struct err *e)
{
	struct rest_run *r = run;

	r->now_ms = turn->now_ms;
	turn->again_ms = 0;
	turn->remedy = NULL;
	return r->failed ? fail(r, turn, e) : step(r, turn, e);
}

/* ---- answers ---- */

/* Nothing of its bucket is asked any more: the others would come to the same, each after a wait. */
static bool
close_lane(struct rest_run *r, struct chain *c, const struct verdict *v)
{
	struct lane *lane = rest_lane(r, c);

	if (lane->closed == NULL)
		lane->closed = talloc_zero(r, struct verdict);
	if (lane->closed != NULL && lane->closed->say == NULL)
		*lane->closed = (struct verdict) { .kind = v->kind,
			.how = v->how,
			.say = talloc_strdup(r, v->say),
			.remedy = v->remedy };
	return give_up(r, c, v);
}

/* All that wait in a lane ask in turns: how often it was too much is counted of the lane, lest each
 * of them begins with the shortest wait. */
static uint32_t
times_too_much(struct rest_run *r, const struct chain *c, const struct source_answer *a)
{
	struct lane *lane = rest_lane(r, c);

	if (a->retry_after_s >= 0)
		return c->attempts;
	if (lane->held_ms <= r->now_ms)
		lane->slower++;
	return lane->slower - 1 > c->attempts ? lane->slower - 1 : c->attempts;
}

static bool
again(struct rest_run *r, struct chain *c, const struct source_answer *a, const struct verdict *v)
{
	const struct source_limit *l = r->pack->collections[c->collection].limit;
	struct verdict             last = *v;
	const bool                 slower = v->kind == VERDICT_SLOWER;
	const uint32_t             times = slower ? times_too_much(r, c, a) : c->attempts;
	int64_t                    wait = rest_wait_ms(r, l, a, times), most = rest_cap_s(r) * 1000;
	bool                       too_long = a->retry_after_s * 1000 > most;

	if (slower || too_long) {
		r->progress.throttled++;
		last.how = COLLECTION_THROTTLED;
		if (too_long || wait > most + 2000)
			return close_lane(r, c, &last);
		if (rest_lane(r, c)->held_ms < r->now_ms + wait)
			rest_lane(r, c)->held_ms = r->now_ms + wait;
	} else if (wait > most + 2000) {
		wait = most;
	}
	c->attempts++;
	if (times + 1 >= rest_attempts_most(r))
		return slower ? close_lane(r, c, &last) : give_up(r, c, &last);
	rest_delay(r, c, wait);
	return true;
}

/* The token may have been withdrawn, or the clocks differ: another one is tried once. */
static bool
denied(struct rest_run *r, struct chain *c, const struct verdict *v)
{
	if (r->auth != AUTH_CLIENT_CREDENTIALS || c->denied)
		return give_up(r, c, v);
	c->denied = true;
	if (r->session->token_until_ms == c->token_until_ms)
		r->session->token_until_ms = 0;
	rest_line_up(r, c);
	return true;
}

static bool
may_pass(struct rest_run *r, struct chain *c, const struct verdict *v)
{
	if (c->blamed_ms == 0)
		c->blamed_ms = r->now_ms;
	if (r->now_ms - c->blamed_ms >= v->again_s * 1000)
		return give_up(r, c, v);
	rest_delay(r, c, rest_jitter_ms(r, 3));
	return true;
}

static bool
take_page(struct rest_run *r, struct flight *f, const struct source_answer *a,
    const struct verdict *v, struct err *e)
{
	struct chain            *c = f->chain;
	const struct page_answer in = { f->url, v->document, a };
	struct page_taken        got;
	struct verdict           bad = { .kind = VERDICT_ERROR, .how = COLLECTION_FAILED };

	c->attempts = 0;
	rest_lane(r, c)->slower = 0;
	c->denied = false;
	if (!rest_page(r, c, &in, &got, e))
		return false;
	if (got.note != NULL)
		rest_short_of(r, c->collection, got.note);
	rest_page_end(r, c, true);
	bad.say = got.say;
	if (got.end == PAGE_BAD || rest_holds_too_much(r, &bad.say))
		return give_up(r, c, &bad);
	if (got.end == PAGE_LAST)
		return rest_chain_done(r, c, e);
	rest_line_up(r, c);
	return true;
}

/* What came instead of a page. */
static bool
take_refusal(struct rest_run *r, struct chain *c, const struct source_answer *a,
    const struct verdict *v, struct err *e)
{
	switch (v->kind) {
	case VERDICT_AGAIN:
	case VERDICT_SLOWER:
		return again(r, c, a, v);
	case VERDICT_RESTART:
		return rest_chain_restart(r, c) ? (rest_line_up(r, c), true) : give_up(r, c, v);
	case VERDICT_MISSING:
		r->let_in = true;
		if (r->pack->collections[c->collection].missing_empty)
			return rest_chain_missing(r, c, e);
		return give_up(r, c, v);
	case VERDICT_DENIED:
		return v->again_s > 0 ? may_pass(r, c, v) : denied(r, c, v);
	case VERDICT_PAGE:
	case VERDICT_ERROR:
		break;
	}
	return v->again_s > 0 ? may_pass(r, c, v) : give_up(r, c, v);
}

static bool
take_answer(struct rest_run *r, struct flight *f, const struct source_answer *a, struct err *e)
{
	struct chain  *c = f->chain;
	struct verdict v;

	r->progress.bytes += a->body.n;
	r->told_of[c->collection].bytes += a->body.n;
	if (!rest_page_begin(c, e) || !rest_judge(c->page, r, c, a, &v, e))
		return false;
	if (v.kind == VERDICT_PAGE) {
		r->let_in = true;
		r->told_of[c->collection].pages++;
		return take_page(r, f, a, &v, e);
	}
	__extension__ talloc_steal(f->mem, c->page); /* what it says is needed to its end alone */
	c->page = NULL;
	return take_refusal(r, c, a, &v, e);
}

static bool
rest_take(void *run, const struct source_answer *a, struct err *e)
{
	struct rest_run *r = run;
	struct flight   *f = flight_by(r, a->id), ended;
	bool             ok;

	if (f == NULL)
		return true;
	if (f == &r->flights[REST_FLIGHTS_MAX])
		return take_token(r, f, a, e);
	ended = *f;
	*f = (struct flight) { 0 };
	r->under_way--;
	ok = take_answer(r, &ended, a, e);
	talloc_free(ended.mem);
	return ok;
}

static void
rest_progress(const void *run, struct source_progress *out)
{
	const struct rest_run *r = run;

	rest_tell(r, out);
	out->held = r->held;
}

/* ---- beginning ---- */

/* What was parsed of a secret is not to be found again. */
static void
wipe_tree(struct json *v)
{
	if (v->type == JSON_STRING && v->text.n > 0)
		secret_wipe((void *)(uintptr_t)v->text.p, v->text.n);
	for (uint32_t i = 0; v->type == JSON_OBJECT && i < v->n; i++)
		wipe_tree(&v->items[i]);
}

static bool
read_credential(struct rest_run *r, struct str secret, struct err *e)
{
	struct source_credential *c = talloc_zero(r, struct source_credential);
	struct err                why = { 0 };
	char                     *copy = secret_alloc(r, secret.n + 1);
	struct json              *v;
	bool                      ok;

	if (c == NULL || copy == NULL)
		return err_memory(e);
	memcpy(copy, secret.p, secret.n);
	v = json_parse(r, (struct str) { copy, secret.n }, &why);
	ok = v != NULL && schema_decode(r, &source_credential_schema, v, c, &why) &&
	     source_auth_check(r, r->pack, c, "/source/credential", &why);
	if (v != NULL)
		wipe_tree(v);
	talloc_free(v);
	talloc_free(copy);
	r->credential = c;
	return ok ||
	       err_set(e, ERR_CREDENTIALS, 0,
		   "The credential of this source is not one that its kind takes; give it anew.",
		   "a stored credential: %s",
		   why.faults != NULL ? why.faults->pointer : why.detail);
}

static int
run_free(struct rest_run *r)
{
	if (r->asking)
		r->session->asked = false;
	rest_release(r);
	return 0;
}

static void *
rest_begin(TALLOC_CTX *mem, const struct source_begin *b, struct err *e)
{
	struct rest_run *r = talloc_zero(mem, struct rest_run);

	if (r == NULL) {
		(void)err_memory(e);
		return NULL;
	}
	r->rest = b->source->rest;
	r->pack = r->rest->pack;
	r->session = b->session;
	r->env = b->env;
	r->budget = b->budget;
	r->now_ms = b->now_ms;
	talloc_set_destructor(r, run_free);
	if (b->secret.n > 0 && !read_credential(r, b->secret, e))
		return NULL;
	r->auth = source_auth_kind_of(r->pack, r->credential);
	if (r->auth != AUTH_NONE && r->credential == NULL) {
		(void)err_set(e, ERR_CREDENTIALS, 0,
		    "The source needs a credential, and none is given.", "no credential");
		return NULL;
	}
	return rest_lay_out(r, &b->categories, e) ? r : NULL;
}

const struct source_collect rest_collect = {
	.begin = rest_begin,
	.next = rest_next,
	.take = rest_take,
	.progress = rest_progress,
};
