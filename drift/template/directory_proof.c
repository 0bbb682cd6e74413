#include "drift/template/directory_proof.h"

#include <string.h>

#include "core/base/secret.h"
#include "core/base/str.h"
#include "core/json/json.h"

#define HEADERS_MAX 16
#define JUMPS_MAX   10

struct proving {
	struct directory_proof      *p;
	TALLOC_CTX                  *owner, *mem; /* of what is told; of all else */
	const struct source_collect *ops;
	void                        *run;
	struct source_session       *session;
	int64_t                      ahead_ms;
	unsigned                     jumps;
};

static int64_t
now_ms(const struct proving *x)
{
	return clock_ns(x->p->env->clock) / 1000000;
}

/* Its clock goes on to when it would ask again. */
static bool
jump(struct proving *x, const struct source_turn *turn)
{
	if (!x->p->last || turn->again_ms <= turn->now_ms || x->jumps++ >= JUMPS_MAX)
		return false;
	x->ahead_ms += turn->again_ms - turn->now_ms;
	return true;
}

static bool
cannot(struct err *e, const char *why)
{
	return err_set(e, ERR_UNAVAILABLE, 0,
	    "The directory could not be asked; it is tried again.", "%s", why);
}

/* One request of the run; what is refused by the guard, or not answered, is told to it as that. */
static bool
ask(struct proving *x, const struct source_request *q, struct err *e)
{
	struct fetch_header  headers[HEADERS_MAX];
	struct fetch_request f = {
		.method = q->method,
		.url = q->url,
		.headers = headers,
		.body = q->body,
		.timeout_ms = x->p->until_ms - now_ms(x),
		.answer_max = q->answer_max < FETCH_ANSWER_MAX ? q->answer_max : FETCH_ANSWER_MAX,
	};
	struct fetch_answer  got = { .retry_after_s = -1 };
	struct source_answer a = { .id = q->id };
	struct err           why = { 0 };

	if (q->headers_n > HEADERS_MAX || f.timeout_ms <= 0)
		return cannot(e, "no time was left");
	for (size_t i = 0; i < q->headers_n; i++)
		headers[f.headers_n++] =
		    (struct fetch_header) { q->headers[i].name, q->headers[i].value };
	if (!fetch_run(x->p->fetch, x->mem, &f, &got, &why)) {
		a.why = why.pub;
		a.lasting = why.code == ERR_INVALID;
	}
	a.status = got.status;
	a.body = got.body;
	a.retry_after_s = got.retry_after_s;
	return x->ops->take(x->run, &a, e);
}

static bool
refused(struct proving *x, const struct err *why, const char *remedy, struct err *e)
{
	x->p->why = talloc_asprintf(
	    x->owner, "%s%s%s", why->pub, remedy == NULL ? "" : " ", remedy == NULL ? "" : remedy);
	if (x->p->why == NULL)
		return err_memory(e);
	*e = *why;
	return false;
}

/* Until there is a token, or a word why there is none. */
static bool
run(struct proving *x, struct err *e)
{
	while (x->session->token == NULL) {
		struct source_turn turn = { .now_ms = now_ms(x) + x->ahead_ms };
		struct err         why = { 0 };

		switch (x->ops->next(x->run, &turn, &why)) {
		case SOURCE_WANTS:
			if (!turn.request.is_token)
				return cannot(e, "it asks without a token");
			if (!ask(x, &turn.request, e))
				return false;
			break;
		case SOURCE_WAITS: /* it would be asked again */
			if (!jump(x, &turn))
				return cannot(e, "the token endpoint has no answer");
			break;
		case SOURCE_DONE:
			return cannot(e, "it is read without a token");
		case SOURCE_FAILED:
			return refused(x, &why, turn.remedy, e);
		}
	}
	return true;
}

/* Of a token that came from there itself: nothing hangs on its signature. */
static bool
read_id(struct proving *x, struct err *e)
{
	const char        *token = x->session->token, *from = strchr(token, '.'), *to;
	uint8_t           *plain;
	const struct json *claims, *tid;
	struct err         why = { 0 };
	size_t             n;

	x->p->id[0] = '\0';
	to = from == NULL ? NULL : strchr(from + 1, '.');
	if (to == NULL)
		return true;
	plain = secret_alloc(x->mem, strlen(token));
	if (plain == NULL)
		return err_memory(e);
	if (!base64url_parse(
		(struct str) { from + 1, (size_t)(to - from - 1) }, plain, strlen(token), &n))
		return true;
	claims = json_parse(x->mem, (struct str) { (char *)plain, n }, &why);
	tid = claims == NULL ? NULL : json_get(claims, "tid");
	if (tid != NULL && tid->type == JSON_STRING && tid->text.n < sizeof(x->p->id)) {
		memcpy(x->p->id, tid->text.p, tid->text.n);
		x->p->id[tid->text.n] = '\0';
	}
	return true;
}

bool
directory_prove(TALLOC_CTX *mem, struct directory_proof *p, struct err *e)
{
	struct proving x = {
		.p = p, .owner = mem, .mem = talloc_new(mem), .ops = p->source->ops->collect
	};
	struct source_begin b = { .source = p->source, .secret = p->secret, .env = p->env };
	bool                ok;

	x.session = x.mem == NULL ? NULL : talloc_zero(x.mem, struct source_session);
	if (x.session == NULL)
		return err_memory(e);
	b.session = x.session;
	b.now_ms = now_ms(&x);
	x.run = x.ops->begin(x.mem, &b, e);
	ok = x.run != NULL && run(&x, e) && read_id(&x, e);
	if (x.session->token != NULL)
		secret_guard(x.session->token);
	talloc_free(x.run);
	talloc_free(x.mem);
	return ok;
}
