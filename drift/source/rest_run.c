#include "drift/source/rest_run.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/secret.h"

#define UNSENT_MAX 200 /* chains that end unasked before others have their turn */

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

enum source_step
rest_fail(struct rest_run *r, struct source_turn *turn, struct err *e)
{
	*e = r->why;
	turn->remedy = r->remedy;
	return SOURCE_FAILED;
}

enum source_step
rest_wait_until(struct source_turn *turn, int64_t at_ms)
{
	turn->again_ms = at_ms;
	return SOURCE_WAITS;
}

void
rest_count_request(struct rest_run *r, const struct chain *c)
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
		rest_count_request(r, c);
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
	return rest_fail(r, turn, e);
}

/* ---- turns ---- */

/* A page of it at a time, for others have turns too. */
static enum source_step
look_at_known(struct rest_run *r, struct source_turn *turn, struct err *e)
{
	if (r->recall.before != NULL && rest_recall_settle(r))
		return rest_collected(r, &turn->collected, e) ? SOURCE_DONE : SOURCE_FAILED;
	return rest_recall_unpark(r, e) ? rest_wait_until(turn, r->now_ms) : SOURCE_FAILED;
}

static enum source_step
step(struct rest_run *r, struct source_turn *turn, struct err *e)
{
	enum source_step s;
	struct chain    *c;
	unsigned         unsent = 0;

	while (!rest_is_over(r)) {
		rest_wake(r);
		if (r->auth == AUTH_CLIENT_CREDENTIALS && !rest_has_token(r))
			return rest_ask_token(r, turn, e);
		if (r->under_way == REST_FLIGHTS_MAX)
			return rest_wait_until(turn, 0);
		if (!rest_spread(r, e))
			return SOURCE_FAILED;
		if (r->failed)
			return rest_fail(r, turn, e);
		if (rest_is_over(r))
			break;
		if (unsent == UNSENT_MAX)
			return rest_wait_until(turn, r->now_ms);
		c = rest_take_ready(r);
		if (c == NULL && rest_recall_waits(r))
			return look_at_known(r, turn, e);
		if (c == NULL)
			return rest_wait_until(turn, rest_next_time(r));
		if (rest_lane(r, c)->closed != NULL) {
			r->tried++;
			unsent++;
			(void)give_up(r, c, rest_lane(r, c)->closed);
			continue;
		}
		s = send(r, c, turn);
		if (s == SOURCE_FAILED)
			return rest_fail(r, turn, e);
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
	return r->failed ? rest_fail(r, turn, e) : step(r, turn, e);
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

/* As soon as one is not known all are read. */
static bool
read_page(struct rest_run *r, struct chain *c, const struct page_answer *in, struct page_taken *got,
    struct err *e)
{
	const uint64_t before = c->items;

	if (in->cut->other) {
		rest_recall_other(r);
		if (!rest_recall_unfold(r, c, e))
			return false;
	}
	if (!rest_page(r, c, in, got, e))
		return false;
	if (got->note != NULL)
		rest_short_of(r, c->collection, got->note);
	return rest_recall_note(r, c, in->cut, c->items - before, e);
}

static bool
take_page(struct rest_run *r, struct flight *f, const struct page_answer *in, struct err *e)
{
	struct chain     *c = f->chain;
	struct page_taken got;
	struct verdict    bad = { .kind = VERDICT_ERROR, .how = COLLECTION_FAILED };

	c->attempts = 0;
	rest_lane(r, c)->slower = 0;
	c->denied = false;
	if (!read_page(r, c, in, &got, e))
		return false;
	rest_page_end(r, c, true);
	bad.say = got.say;
	if (got.end == PAGE_BAD || rest_holds_too_much(r, &bad.say))
		return give_up(r, c, &bad);
	if (got.end == PAGE_LAST)
		return rest_recall_park(r, c) || rest_chain_done(r, c, e);
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
		if (r->pack->collections[c->collection].missing_empty) {
			rest_recall_missing(r, c);
			return rest_chain_missing(r, c, e);
		}
		return give_up(r, c, v);
	case VERDICT_DENIED:
		return v->again_s > 0 ? may_pass(r, c, v) : denied(r, c, v);
	case VERDICT_PAGE:
	case VERDICT_ERROR:
		break;
	}
	return v->again_s > 0 ? may_pass(r, c, v) : give_up(r, c, v);
}

/* What is known is judged by what stands around it. */
static bool
judge(struct rest_run *r, struct chain *c, const struct source_answer *a, struct page_cut *cut,
    struct verdict *v, struct err *e)
{
	struct source_answer around = *a;
	const struct json   *gap;

	if (cut->known != NULL) {
		around.body = cut->around;
		if (!rest_judge(c->page, r, c, &around, v, e))
			return false;
		gap = v->kind == VERDICT_PAGE
			  ? json_at(v->document, r->pack->collections[c->collection].items)
			  : NULL;
		if (gap != NULL && gap->type == JSON_ARRAY && gap->n == 0)
			return true;
		cut->known = NULL;
		cut->other = true;
	}
	return rest_judge(c->page, r, c, a, v, e);
}

static bool
take_answer(struct rest_run *r, struct flight *f, const struct source_answer *a, struct err *e)
{
	struct chain   *c = f->chain;
	struct page_cut cut;
	struct verdict  v;

	r->progress.bytes += a->body.n;
	r->told_of[c->collection].bytes += a->body.n;
	if (!rest_page_begin(c, e) || !rest_recall_cut(r, c, a, &cut, e) ||
	    !judge(r, c, a, &cut, &v, e))
		return false;
	if (v.kind == VERDICT_PAGE) {
		const struct page_answer page = { f->url, v.document, a, &cut };

		r->let_in = true;
		r->told_of[c->collection].pages++;
		return take_page(r, f, &page, e);
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
		return rest_take_token(r, f, a, e);
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

/* One of some collections alone is no reading of all. */
static bool
begin_recall(struct rest_run *r, const struct source_begin *b, struct err *e)
{
	if (b->recall == NULL || b->categories.n > 0)
		return true;
	r->recall = (struct rest_recall) { .key = b->recall->key,
		.before = b->recall->before,
		.now = talloc_zero(r, struct recall) };
	return r->recall.now != NULL || err_memory(e);
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
	if (!begin_recall(r, b, e))
		return NULL;
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
	.unfold = rest_unfold,
};
