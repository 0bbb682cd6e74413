#include "core/auth/oidc/oidc_further.h"

#include <string.h>

#include "core/auth/oidc/oidc_person.h"
#include "core/auth/oidc/oidc_userinfo.h"
#include "core/base/buf.h"
#include "core/crypt/at_hash.h"

_Static_assert(OIDC_USERINFO_MAX <= FETCH_ANSWER_MAX && OIDC_GRAPH_MAX <= FETCH_ANSWER_MAX,
    "the answer may come");

struct question {
	struct oidc_further *f;
	struct oidc_who     *w;
	struct oidc_person  *p;
	const char          *url, *method;
	struct str           body;
	size_t               max;
};

static bool
unusable(struct err *e, const char *why)
{
	return err_set(
	    e, ERR_UNAVAILABLE, 0, "The identity provider cannot be asked now.", "%s", why);
}

/* The token that the ID token speaks of, where it speaks of one. */
static bool
check_token(const struct question *q, struct err *e)
{
	const struct json *hash = json_get(q->p->claims, "at_hash");

	if (q->f->tokens->access_token.n == 0)
		return unusable(e, "no access token that can be used");
	if (hash != NULL && hash->type != JSON_NULL &&
	    (hash->type != JSON_STRING ||
		!at_hash_fits(q->f->alg, q->f->tokens->access_token, hash->text)))
		return unusable(e, "the access token is not that of at_hash");
	return true;
}

static char *
authorization(TALLOC_CTX *mem, struct str token)
{
	struct buf b;

	buf_make_secret(&b, mem);
	buf_puts(&b, "Bearer ");
	buf_add(&b, token.p, token.n);
	return buf_ok(&b) ? b.p : NULL;
}

static bool
send(const struct question *q, struct str *answer, struct err *e)
{
	struct oidc_who     *w = q->w;
	struct fetch_header  headers[3] = { { "Accept", "application/json, application/jwt" },
		 { "Authorization", NULL }, { "Content-Type", "application/json" } };
	struct fetch_request request = { .method = q->method,
		.url = q->url,
		.headers = headers,
		.headers_n = q->body.n > 0 ? 3 : 2,
		.body = q->body,
		.answer_max = q->max };
	struct fetch_answer  a;

	headers[1].value = authorization(w->by->mem, q->f->tokens->access_token);
	if (headers[1].value == NULL)
		return err_memory(e);
	q->f->asked = true;
	if (!oidc_ask_run(w->by->auth, w->by->mem, q->f->x->place->ask, &request, &a, e))
		return false;
	*answer = a.body;
	return a.status == 200 ||
	       err_set(e, ERR_UNAVAILABLE, 0, "The identity provider cannot be asked now.",
		   "HTTP %d", a.status);
}

static bool
ask_userinfo(struct question *q, struct err *e)
{
	struct oidc_who *w = q->w;
	enum oidc_reason why;
	struct idtoken   info;
	struct str       text;

	q->url = q->f->m->userinfo_endpoint;
	q->method = "GET";
	q->max = OIDC_USERINFO_MAX;
	return check_token(q, e) && send(q, &text, e) &&
	       oidc_userinfo_read(w->by->mem, text, &info, e) &&
	       (info.text == NULL ||
		   oidc_issuer_verify(w->by->auth, w->by->mem, q->f->x->place, &info, &why, e)) &&
	       oidc_userinfo_check(&info, q->f->x, q->p->subject, e) &&
	       oidc_person_take(w->by->mem, q->f->x, info.claims, q->p, &why, e);
}

static bool
ask_graph(struct question *q, struct err *e)
{
	const struct json *ids;
	struct str         text;

	if (q->f->m->userinfo_endpoint == NULL)
		return unusable(e, "the directory does not say where Graph is");
	q->url = oidc_graph_url(q->w->by->mem, q->f->m->userinfo_endpoint);
	if (q->url == NULL)
		return err_memory(e);
	q->method = "POST";
	q->body = STR("{\"securityEnabledOnly\":false}");
	q->max = OIDC_GRAPH_MAX;
	return check_token(q, e) && send(q, &text, e) &&
	       oidc_graph_read(q->w->by->mem, text, &ids, e) &&
	       oidc_person_add_groups(q->w->by->mem, ids, q->p, e);
}

/* By the log the operator learns why; the person's sign-in goes on without. */
static bool
note(struct question *q, const char *whom, struct err *e)
{
	if (e->code == ERR_INTERNAL)
		return false;
	if (q->w->by->auth->env->log != NULL)
		log_err(q->w->by->auth->env->log, LOG_AUTH,
		    "an identity provider was asked in vain", e);
	err_clear(e);
	q->f->failed = whom;
	oidc_person_doubt(q->p);
	return true;
}

static bool
lacks(const struct oidc_who *w, const struct oidc_person *p)
{
	return ((w->wants & OIDC_WANT_EMAIL) && (p->email == NULL || !p->email_said)) ||
	       ((w->wants & OIDC_WANT_NAME) && p->name == NULL) ||
	       ((w->wants & OIDC_WANT_GROUPS) && p->told == OIDC_TOLD_NOTHING);
}

bool
oidc_further_ask(struct oidc_further *f, struct oidc_who *w, struct oidc_person *p, struct err *e)
{
	struct question q = { .f = f, .w = w, .p = p };

	if (strcmp(w->provider->kind, "entra") == 0) {
		if (!w->provider->group_lookup || !(w->wants & OIDC_WANT_GROUPS) ||
		    p->told != OIDC_TOLD_PART)
			return true;
		return ask_graph(&q, e) || note(&q, "graph", e);
	}
	if (f->m->userinfo_endpoint == NULL || !lacks(w, p))
		return true;
	return ask_userinfo(&q, e) || note(&q, "userinfo", e);
}
