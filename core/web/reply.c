/* pass.h: the only writer of answers; problems (RFC 9457). */
#include <stdio.h>
#include <string.h>

#include "core/auth/mfa/mfa.h"
#include "core/web/cors.h"
#include "core/web/pass.h"

#define HSTS        "Strict-Transport-Security: max-age=31536000\r\n"
#define RETRY_S     5      /* Retry-After of a 503 that names none */
#define MORE_MAX_MS 600000 /* an answer in pieces holds its worker no longer */

/* ---- the problem object (RFC 9457) ---- */

struct problem_fault {
	const char *pointer;
	const char *detail;
};
static const struct field problem_fault_fields[] = {
	FIELD(struct problem_fault, pointer,
	    .doc = "JSON Pointer (RFC 6901) of the member; of a query parameter, / and its name."),
	FIELD(struct problem_fault, detail, .doc = "What is wrong with it."),
	FIELD_END,
};
static const struct schema problem_fault_schema =
    SCHEMA("ProblemFault", struct problem_fault, problem_fault_fields);

struct problem {
	const char    *type, *title, *detail, *code, *request_id;
	int64_t        status;
	struct items   errors;
	struct strings violated; /* budgets that are used up */
	struct strings methods;
	int64_t        max_age_s;
};
static const struct field problem_fields[] = {
	FIELD(struct problem, type, .doc = "urn:blindspotx:problem: and the code."),
	FIELD(struct problem, title, .doc = "What the code means."),
	FIELD(struct problem, status, .min = 400, .max = 599, .doc = "The HTTP status."),
	FIELD(struct problem, detail, .doc = "What went wrong this time."),
	FIELD(struct problem, code, .doc = "To be tested by programs."),
	FIELD(struct problem, request_id, .doc = "To be quoted to the operator."),
	FIELD(struct problem, errors, .item = &problem_fault_schema, .flags = FIELD_OMIT_ZERO,
	    .doc = "One entry for each fault of the input."),
	FIELD_AS(struct problem, violated, "violated-policies", .flags = FIELD_OMIT_ZERO,
	    .doc =
		"With rate_limited: the budgets that are used up, named as in RateLimit-Policy."),
	FIELD(struct problem, methods, .flags = FIELD_OMIT_ZERO,
	    .doc =
		"With step_up_required: what POST /api/auth/step-up takes of this user; provider: "
		"instead, a sign-in there with prompt=login."),
	FIELD(struct problem, max_age_s, .flags = FIELD_OMIT_ZERO,
	    .doc = "With step_up_required: how long a proof counts, in seconds."),
	FIELD_END,
};
const struct schema problem_schema = SCHEMA("Problem", struct problem, problem_fields);

static bool
put_faults(TALLOC_CTX *mem, const struct fault *first, struct items *out)
{
	struct problem_fault *all;
	unsigned              n = 0;

	for (const struct fault *f = first; f != NULL; f = f->next)
		n++;
	all = talloc_zero_array(mem, struct problem_fault, n);
	if (all == NULL)
		return false;
	*out = (struct items) { all, n };
	for (const struct fault *f = first; f != NULL; f = f->next)
		*all++ = (struct problem_fault) { f->pointer, f->detail };
	return true;
}

/* Headers of a handler that then failed by our own fault (a cookie, say) must not get out. */
static bool
put_problem(struct request *r)
{
	const struct err *f = &r->err;
	struct problem    p = { .title = err_title(f->code),
		   .status = err_status(f->code),
		   .detail = f->pub[0] != '\0' ? f->pub : err_title(f->code),
		   .code = err_wire(f->code),
		   .request_id = r->id };
	struct err        e = { 0 };

	if (f->code == ERR_RATE && r->rate.policy != NULL)
		p.violated = (struct strings) { &r->rate.policy, 1 };
	if (f->code == ERR_STEP_UP) {
		p.methods = mfa_methods(r->caller.two_factor, r->caller.has_password);
		p.max_age_s = STEP_UP_MAX_AGE_S;
	}
	buf_make(&r->out, r->mem);
	if (p.status >= 500)
		buf_make(&r->headers, r->mem);
	r->content_type = "application/problem+json";
	r->etag = NULL;
	r->csp = NULL;
	r->cache = NULL;
	if (r->route != NULL && r->route->problem != NULL) {
		r->content_type = r->route->out_type;
		return r->route->problem(r, p.title, p.detail);
	}
	p.type = talloc_asprintf(r->mem, "urn:blindspotx:problem:%s", p.code);
	return p.type != NULL && (f->faults == NULL || put_faults(r->mem, f->faults, &p.errors)) &&
	       schema_encode(&r->out, &problem_schema, &p, &e);
}

/* ---- headers ---- */

bool
reply_header(struct request *r, const char *name, const char *value, struct err *e)
{
	size_t before = r->headers.n;

	buf_puts(&r->headers, name);
	buf_puts(&r->headers, ": ");
	if (buf_header(&r->headers, str_of(value))) {
		buf_puts(&r->headers, "\r\n");
		return buf_ok(&r->headers) || err_memory(e);
	}
	if (!buf_ok(&r->headers))
		return err_memory(e);
	r->headers.n = before;
	return err_set(
	    e, ERR_INTERNAL, 0, "internal error", "header %s: CR, LF or NUL refused", name);
}

static const char *
reason(int status)
{
	static const struct {
		int         status;
		const char *text;
	} reasons[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 302, "Found" },
		{ 303, "See Other" },
		{ 304, "Not Modified" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "Status";
}

int
request_status(const struct request *r)
{
	if (r->client_gone)
		return err_status(ERR_GONE);
	return r->err.code != ERR_OK ? err_status(r->err.code) : r->status;
}

/* What this kind of failure owes the client. */
static void
put_error_headers(const struct request *r, struct buf *b, int status)
{
	int wait = r->err.retry_s > 0 ? r->err.retry_s : status == 503 ? RETRY_S : 0;

	if (status == 401)
		buf_puts(b, "WWW-Authenticate: Bearer\r\n");
	if (wait > 0)
		buf_printf(b, "Retry-After: %d\r\n", wait);
	if (status == 503 && r->refresh_s > 0)
		buf_printf(b, "Refresh: %d\r\n", r->refresh_s);
}

static void
put_headers(struct request *r, struct buf *b, int status)
{
	bool empty = status == 204 || status == 304;

	buf_printf(b, "Status: %d %s\r\n", status,
	    r->err.code != ERR_OK ? err_title(r->err.code) : reason(status));
	buf_printf(b, "X-Request-Id: %s\r\n", r->id);
	buf_printf(b, "Cache-Control: %s\r\n", r->cache != NULL ? r->cache : "no-store");
	buf_puts(b, "X-Content-Type-Options: nosniff\r\n"
		    "Referrer-Policy: no-referrer\r\n");
	buf_puts(b, "Content-Security-Policy: ");
	buf_puts(b, r->csp != NULL ? r->csp : "default-src 'none'; frame-ancestors 'none'");
	buf_puts(b, "\r\n");
	if (app_is_https(r->app))
		buf_puts(b, HSTS);
	if (r->content_type != NULL && !empty)
		buf_printf(b, "Content-Type: %s\r\n", r->content_type);
	if (!empty && (r->more == NULL || r->err.code != ERR_OK))
		buf_printf(b, "Content-Length: %zu\r\n", r->out.n);
	if (r->etag != NULL)
		buf_printf(b, "ETag: %s\r\n", r->etag);
	cors_headers(r, b);
	put_error_headers(r, b, status);
	rate_put_fields(r, b);
	buf_add(b, r->headers.p, r->headers.n);
	buf_puts(b, "\r\n");
}

/* ---- sending ---- */

static void
send_bytes(struct request *r, const void *p, size_t n)
{
	if (r->client_gone || n == 0)
		return;
	r->replied = true;
	r->client_gone = !r->transport->ops->write(r->transport, p, n);
}

/* When there is not even memory for a problem. */
static void
send_bare(struct request *r)
{
	static const char body[] = "{\"type\":\"urn:blindspotx:problem:internal\",\"title\":"
				   "\"Internal error\",\"status\":500,\"code\":\"internal\"}";
	char              head[600];

	snprintf(head, sizeof(head),
	    "Status: 500 Internal error\r\nX-Request-Id: %s\r\nCache-Control: no-store\r\n"
	    "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
	    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n%s"
	    "Vary: Origin\r\n"
	    "Content-Type: application/problem+json\r\nContent-Length: %zu\r\n\r\n",
	    r->id, app_is_https(r->app) ? HSTS : "", sizeof(body) - 1);
	send_bytes(r, head, strlen(head));
	if (!r->head_only)
		send_bytes(r, body, sizeof(body) - 1);
}

/*
 * Before each piece: somebody still wants it, and it has the work budget of a request for itself.
 * All together may not hold the worker for ever.
 */
static bool
may_go_on(struct request *r, struct err *e)
{
	int64_t took_ms = (clock_ns(r->app->env->clock) - r->began_ns) / 1000000;

	if (r->transport->ops->gone(r->transport))
		r->client_gone = true;
	if (r->client_gone)
		return false;
	work_begin(&r->work, WORK_REQUEST, r->app->env->clock);
	r->work.memory = r->app->memory;
	return took_ms < MORE_MAX_MS ||
	       err_set(e, ERR_TOO_COSTLY, 0, "The answer took too long.",
		   "an answer in pieces after %lld ms", (long long)took_ms);
}

/* Piece by piece; the status is out, so what fails on the way is told in a line of its own. */
static void
send_more(struct request *r)
{
	struct err e = { 0 };
	char       last = '\n';

	while (may_go_on(r, &e)) {
		last = r->out.n > 0 ? r->out.p[r->out.n - 1] : '\n';
		r->out.n = 0;
		if (!request_acts_still(r, &e) || !r->more(r, &r->out, &e))
			break;
		if (r->out.n == 0)
			return;
		send_bytes(r, r->out.p, r->out.n);
	}
	if (r->client_gone)
		return;
	log_err(r->app->env->log, LOG_SYSTEM, "an answer broke off", &e);
	r->out.n = 0;
	if (last != '\n')
		buf_putc(&r->out, '\n');
	buf_printf(&r->out, "{\"error\":{\"code\":\"%s\",\"request_id\":\"%s\"}}\n",
	    err_wire(e.code), r->id);
	if (buf_ok(&r->out))
		send_bytes(r, r->out.p, r->out.n);
}

void
reply_send(struct request *r)
{
	struct buf head;

	if (r->client_gone)
		return;
	buf_make(&head, r->mem);
	if (r->mem != NULL && (r->err.code == ERR_OK || put_problem(r)))
		put_headers(r, &head, request_status(r));
	if (head.n == 0 || !buf_ok(&head) || !buf_ok(&r->out)) {
		err_memory(&r->err);
		send_bare(r);
		return;
	}
	send_bytes(r, head.p, head.n);
	if (r->head_only)
		return;
	send_bytes(r, r->out.p, r->out.n);
	if (r->more != NULL && r->err.code == ERR_OK)
		send_more(r);
}
