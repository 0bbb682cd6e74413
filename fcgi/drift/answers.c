/*
 * routes.h: the page of a link in a mail by which its reader acknowledges an alert without signing
 * in.
 *
 * It works without scripts, and a GET does nothing: mail programs open links before people do.  Its
 * form says again what the link said, and that the page was seen.  The token stands in the address,
 * for nothing but a script could take it from behind a '#'; so the page loads nothing from
 * elsewhere, and sends no Referer with a path.
 */
#include "drift/service/answer.h"
#include "fcgi/console/console.h"
#include "fcgi/drift/drift.h"
#include "fcgi/routes.h"

#define PAGE_POLICY                                                                                \
	"default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "              \
	"frame-ancestors 'none'"
#define HTML "text/html; charset=utf-8"

/* ---- what it looks like ---- */

static void
put_text(struct buf *b, const char *before, const char *text, const char *after)
{
	buf_puts(b, before);
	buf_html(b, str_of(text));
	buf_puts(b, after);
}

/* Addresses are told from the page's own, so they are right below any base path; with no policy of
 * its own a form would send `Origin: null`. */
static void
put_head(struct request *r, const char *title)
{
	struct buf *b = &r->out;

	r->csp = PAGE_POLICY;
	put_text(b,
	    "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\""
	    " content=\"width=device-width, initial-scale=1\"><meta name=\"referrer\""
	    " content=\"strict-origin\"><meta name=\"robots\" content=\"noindex\"><title>",
	    title, "</title>");
	buf_printf(b, "<link rel=\"stylesheet\" href=\"console/%s/style.css\">", console_build);
	put_text(b, "</head><body><main><h1>", title, "</h1>");
}

static void
put_foot(struct buf *b)
{
	buf_puts(b, "</main></body></html>\n");
}

static bool
show_problem(struct request *r, const char *title, const char *detail)
{
	put_head(r, title);
	put_text(&r->out, "<p>", detail, "</p><p><a href=\"./\">Sign in</a></p>");
	put_foot(&r->out);
	return buf_ok(&r->out);
}

static void
put_alert(struct buf *b, const struct answer_seen *s)
{
	char id[UUID_TEXT_MAX];

	uuid_print(&s->link.alert, id);
	put_text(
	    b, "<dl class=\"facts\"><div><dt>Severity</dt><dd>", s->alert.severity, "</dd></div>");
	put_text(b, "<div><dt>Customer</dt><dd>",
	    s->t->tenant->name != NULL ? s->t->tenant->name : s->t->tenant->slug, "</dd></div>");
	put_text(b, "<div><dt>Status</dt><dd>", s->alert.status, "</dd></div>");
	put_text(b, "<div><dt>You are</dt><dd>", s->caller.name, "</dd></div></dl>");
	buf_printf(b, "<p><a href=\"./?tenant=%s#/alerts/%s\">Open the alert</a></p>",
	    s->t->tenant->slug, id);
}

/* ---- GET /answer ---- */

struct answer_query {
	const char *t;
};
#define TOKEN_FIELD(T, m)                                                                          \
	FIELD(T, m, .min = 1, .max = ANSWER_TOKEN_MAX, .flags = FIELD_REQUIRED | FIELD_SECRET,     \
	    .doc = "What the link says.")
static const struct field answer_query_fields[] = {
	TOKEN_FIELD(struct answer_query, t),
	FIELD_END,
};
static const struct schema answer_query_schema =
    SCHEMA("AnswerQuery", struct answer_query, answer_query_fields);

static bool
asker_of(struct request *r, struct answer_asker *q, struct err *e)
{
	*q = (struct answer_asker) { request_deed_by(r), drift_of(r->app, e), &r->work };
	return q->drift != NULL;
}

static bool
finish(struct request *r, struct err *e)
{
	put_foot(&r->out);
	r->content_type = HTML;
	return buf_ok(&r->out) || err_memory(e);
}

static bool
get_answer(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct answer_query *in = r->query;
	struct answer_asker        q;
	struct answer_seen         seen;

	(void)body, (void)answer;
	if (!asker_of(r, &q, e) || !answer_look(&q, in->t, &seen, e))
		return false;
	r->db = seen.t;
	put_head(r, "Acknowledge this alert?");
	put_text(&r->out, "<p><strong>", seen.alert.title, "</strong></p>");
	put_text(&r->out,
	    "<form method=\"post\" action=\"answer\"><input type=\"hidden\" name=\"t\""
	    " value=\"",
	    in->t, "\">");
	put_text(&r->out, "<input type=\"hidden\" name=\"form\" value=\"", seen.form,
	    "\"><p><button>Acknowledge</button></p></form>");
	put_alert(&r->out, &seen);
	return finish(r, e);
}

/* ---- POST /answer ---- */

struct answer_form {
	const char *t, *form;
};
static const struct field answer_form_fields[] = {
	TOKEN_FIELD(struct answer_form, t),
	FIELD(struct answer_form, form, .min = 1, .max = ANSWER_TOKEN_MAX,
	    .flags = FIELD_REQUIRED | FIELD_SECRET, .doc = "What the page's form has."),
	FIELD_END,
};
static const struct schema answer_form_schema =
    SCHEMA("AnswerForm", struct answer_form, answer_form_fields);

static bool
post_answer(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct answer_form *in = body;
	struct answer_asker       q;
	struct answer_seen        seen;

	(void)answer;
	if (!asker_of(r, &q, e) || !answer_confirm(&q, in->t, in->form, &seen, e))
		return false;
	r->db = seen.t;
	put_head(r, "Acknowledged");
	put_text(&r->out, "<p><strong>", seen.alert.title, "</strong></p>");
	put_alert(&r->out, &seen);
	return finish(r, e);
}

const struct route answer_routes[] = {
	{ ROUTE_Y(GET, "/answer", &answer_query_schema, ANYONE, RATE_OPEN, 200, get_answer, IN_NONE,
	      OUT_RAW(HTML),
	      "The page of a link in a mail by which its reader acknowledges an alert without "
	      "signing in. It changes nothing: its form does."),
	    .query_open = true, .problem = show_problem },
	{ ROUTE_Y(POST, "/answer", NULL, ANYONE, RATE_LOGIN, 200, post_answer, IN_FORM(answer_form),
	      OUT_RAW(HTML),
	      "Acknowledges the alert of a mail's link as the user whom it was mailed to, with "
	      "what they may do now; the link counts once."),
	    .problem = show_problem },
	ROUTE_END,
};
