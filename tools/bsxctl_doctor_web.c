/* What the web server in front makes of requests: asked for at public_url, like anybody would. */
#include <string.h>

#include "core/json/json.h"
#include "core/net/fetch.h"
#include "tools/bsxctl_doctor.h"

#define PATIENCE_MS 5000
#define ANSWER_MAX  65536

struct asking {
	struct findings    *f;
	struct fetch       *fetch;
	struct fetch_answer answer;
};

static bool
ask(struct asking *q, const char *path, const struct fetch_header *h, size_t n, struct err *e)
{
	const struct conf *c = q->f->c->conf;
	char *url = talloc_asprintf(q->f->c->mem, "%s%s%s", c->public_url, c->base_path, path);
	struct fetch_request r = { .method = "GET",
		.url = url,
		.headers = h,
		.headers_n = n,
		.timeout_ms = PATIENCE_MS,
		.answer_max = ANSWER_MAX,
		.cut = true };

	return url == NULL ? err_memory(e) : fetch_run(q->fetch, q->f->c->mem, &r, &q->answer, e);
}

/* The request_id of a problem of ours. */
static struct str
request_id_of(const struct asking *q)
{
	struct err         e = { 0 };
	const struct json *v = json_parse(q->f->c->mem, q->answer.body, &e), *id;

	id = v == NULL || v->type != JSON_OBJECT ? NULL : json_get(v, "request_id");
	return id != NULL && id->type == JSON_STRING ? id->text : (struct str) { NULL, 0 };
}

/* A header with underscores is another's: it may have passed a filter that looks for the right
 * name. */
static void
look_at_underscores(struct asking *q, struct err *e)
{
	static const char         mark[] = "bsxctl-doctor-underscore";
	const struct fetch_header h = { "X_Request_Id", mark };
	const char               *url = q->f->c->conf->public_url;
	struct str                id;

	if (!ask(q, "/api/bsxctl-doctor", &h, 1, e))
		return;
	id = request_id_of(q);
	if (id.n == 0)
		ctl_say("note  %s answers %d, and not as BlindSpotX does", url, q->answer.status);
	else if (str_eqz(id, mark))
		finding(q->f, false,
		    "the web server at %s passes X_Request_Id for X-Request-Id, and so any header: "
		    "take "
		    "such headers out as the examples of etc/ do",
		    url);
	else
		finding(
		    q->f, true, "the web server at %s keeps headers with underscores back", url);
}

/* 403 without a credential: it came from an address of metrics.allow, for somebody behind it. */
static void
look_at_proxies(struct asking *q, struct err *e)
{
	if (ask(q, "/metrics", NULL, 0, e) && q->answer.status == 403 && request_id_of(q).n > 0)
		finding(q->f, false,
		    "requests to %s come through a proxy that trusted_proxies does not name: every "
		    "client "
		    "counts as that proxy",
		    q->f->c->conf->public_url);
}

/* It goes where the administrator has said that we are, wherever that is. */
void
doctor_web(struct findings *f)
{
	static const char *const everywhere[] = { "0.0.0.0/0", "::/0" };
	const struct strings     texts = { (const char **)(uintptr_t)everywhere, 2 };
	struct cidr_list         all;
	struct guard             g = { .allow = &all, .plain_http = true };
	struct asking            q = { .f = f };
	struct err               e = { 0 };

	if (!cidr_list_parse(f->c->mem, texts, &all, &e))
		finding_failed(f, "public_url", &e);
	q.fetch = fetch_make(f->c->mem, &g, &e);
	if (q.fetch != NULL)
		look_at_underscores(&q, &e);
	if (q.fetch != NULL && e.code == ERR_OK)
		look_at_proxies(&q, &e);
	if (e.code != ERR_OK)
		ctl_say("note  nothing answers at public_url %s from here: %s",
		    f->c->conf->public_url, e.pub);
}
