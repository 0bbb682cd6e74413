#include <string.h>

#include "core/shm/slot.h"
#include "core/store/tenant/idempotency.h"
#include "core/web/pass.h"

#define PARAM_SLOTS 512 /* open addressing; more than twice LIMIT_PARAMS */

static const struct {
	const char *text;
	enum method method;
} methods[] = {
	{ "GET", GET },
	{ "HEAD", HEAD },
	{ "POST", POST },
	{ "PUT", PUT },
	{ "DELETE", DELETE_ },
	{ "OPTIONS", OPTIONS },
};

struct str
request_param(const struct request *r, const char *name)
{
	size_t       n = strlen(name);
	char *const *p = r->joined != NULL ? r->joined : r->transport->params;

	for (; p != NULL && *p != NULL; p++)
		if (strncmp(*p, name, n) == 0 && (*p)[n] == '=')
			return str_of(*p + n + 1);
	return (struct str) { NULL, 0 };
}

bool
app_is_https(const struct app *app)
{
	return str_starts(str_of(app->env->conf->public_url), "https://");
}

/* ---- who and what, for the log, before anything may fail ---- */

static bool
is_request_id(struct str s)
{
	if (s.n == 0 || s.n > LIMIT_REQUEST_ID)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			  (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';

		if (!ok)
			return false;
	}
	return true;
}

static void
take_request_id(struct request *r)
{
	struct str  s = request_param(r, "HTTP_X_REQUEST_ID");
	struct uuid made;

	if (is_request_id(s)) {
		memcpy(r->id, s.p, s.n);
		return;
	}
	made = uuid_make(r->app->env->clock, r->app->env->rand);
	uuid_print(&made, r->id);
}

static bool
is_lower_hex(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
			return false;
	return true;
}

/* W3C Trace Context: version 2 - trace 32 - parent 16 - flags 2, lower case; "ff" is no version. */
static void
take_trace_id(struct request *r)
{
	static const char zeros[] = "00000000000000000000000000000000";
	struct str        s = request_param(r, "HTTP_TRACEPARENT"), part[4];

	if (s.n < 55 || (s.n > 55 && s.p[55] != '-'))
		return;
	s.n = 55;
	for (size_t i = 0; i < 4; i++)
		s = str_cut(s, '-', &part[i]);
	if (s.p != NULL || part[0].n != 2 || part[1].n != 32 || part[2].n != 16 || part[3].n != 2)
		return;
	for (size_t i = 0; i < 4; i++)
		if (!is_lower_hex(part[i]))
			return;
	if (str_eqz(part[0], "ff") || str_eqz(part[1], zeros))
		return;
	memcpy(r->trace_id, part[1].p, 32);
}

static void
take_method(struct request *r)
{
	struct str s = request_param(r, "REQUEST_METHOD");

	r->method_text = "OTHER"; /* log and metrics: never a client's word */
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (!str_eqz(s, methods[i].text))
			continue;
		r->method = methods[i].method;
		r->method_text = methods[i].text;
	}
	r->head_only = r->method == HEAD;
}

static bool
is_gone(void *who)
{
	struct transport *t = who;

	return t->ops->gone(t);
}

void
request_begin(struct request *r, struct app *app, struct transport *t)
{
	struct str ua;

	r->app = app;
	r->transport = t;
	r->began_ns = clock_ns(app->env->clock);
	r->began_ms = clock_ms(app->env->clock);
	work_begin(&r->work, WORK_REQUEST, app->env->clock);
	r->work.memory = app->memory;
	r->permit = (struct permit) { .i = -1, .gone = is_gone, .who = t };
	r->mem = talloc_new(NULL);
	buf_make(&r->out, r->mem);
	buf_make(&r->headers, r->mem);
	take_request_id(r);
	take_trace_id(r);
	take_method(r);
	r->raw_path = "";
	ua = request_param(r, "HTTP_USER_AGENT");
	r->origin = (struct origin) {
		.address = r->address, .user_agent = ua.p != NULL ? ua.p : "", .request_id = r->id
	};
	if (app->env->segment != NULL && app->slot >= 0)
		slot_begin(app->env->segment, (unsigned)app->slot, r->id, r->began_ms);
	if (app->database != NULL)
		db_stats_reset(database_control(app->database));
}

/* ---- limits ---- */

/* FNV-1a over the name; only to find equal names among at most LIMIT_PARAMS. */
static size_t
hash_name(const char *p, size_t n)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (uint8_t)p[i]) * 16777619u;
	return h % PARAM_SLOTS;
}

/* False: a parameter of that name was there already. */
static bool
put_name(const char *seen[static PARAM_SLOTS], const char *param, size_t name_n)
{
	size_t i = hash_name(param, name_n);

	for (; seen[i] != NULL; i = (i + 1) % PARAM_SLOTS)
		if (strncmp(seen[i], param, name_n) == 0 && seen[i][name_n] == '=')
			return false;
	seen[i] = param;
	return true;
}

static bool
too_large(struct err *e, const char *what)
{
	return err_set(e, ERR_HEADERS, 0, "The request's header fields are too large.", "%s", what);
}

/*
 * Lists (their registrations have #element), whose field lines a web server may pass as they come:
 * RFC 9110 section 5.3.  All others stand for one value; X-Forwarded-For, which is no list of a
 * standard, too, for X_Forwarded_For is the same to some web servers.
 */
static const char *const lists[] = {
	"HTTP_ACCEPT",                         /* RFC 9110 section 12.5.1 */
	"HTTP_ACCEPT_CHARSET",                 /* 12.5.2 */
	"HTTP_ACCEPT_ENCODING",                /* 12.5.3 */
	"HTTP_ACCEPT_LANGUAGE",                /* 12.5.4 */
	"HTTP_CONTENT_ENCODING",               /* 8.4 */
	"HTTP_CONTENT_LANGUAGE",               /* 8.5 */
	"HTTP_CONNECTION",                     /* 7.6.1 */
	"HTTP_EXPECT",                         /* 10.1.1 */
	"HTTP_IF_MATCH",                       /* 13.1.1 */
	"HTTP_IF_NONE_MATCH",                  /* 13.1.2 */
	"HTTP_TE",                             /* 10.1.4 */
	"HTTP_TRAILER",                        /* 6.6.2 */
	"HTTP_UPGRADE",                        /* 7.8 */
	"HTTP_VIA",                            /* 7.6.3 */
	"HTTP_CACHE_CONTROL",                  /* RFC 9111 section 5.2 */
	"HTTP_PRAGMA",                         /* 5.4 */
	"HTTP_WARNING",                        /* RFC 7234 section 5.5 */
	"HTTP_FORWARDED",                      /* RFC 7239 section 4 */
	"HTTP_PREFER",                         /* RFC 7240 section 2 */
	"HTTP_PRIORITY",                       /* RFC 9218 section 5: a Dictionary (RFC 9651) */
	"HTTP_LINK",                           /* RFC 8288 section 3 */
	"HTTP_ACCESS_CONTROL_REQUEST_HEADERS", /* Fetch, section 3.3.2 */
	"HTTP_TRACESTATE",                     /* W3C Trace Context, section 3.3.1 */
	"HTTP_BAGGAGE",                        /* W3C Baggage, section 3.3.1 */
};

static bool
may_repeat(struct str name)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (str_eqz(name, lists[i]))
			return true;
	return false;
}

/*
 * Two parameters of one name are two readings of one request: some web servers
 * pass X_Request_Id and X-Request-Id as the same one.
 */
static bool
check_params(const struct request *r, bool *again, struct err *e)
{
	const char *seen[PARAM_SLOTS] = { NULL };
	size_t      all = 0, count = 0;

	*again = false;

	for (char *const *p = r->transport->params; *p != NULL; p++) {
		const char *eq = strchr(*p, '=');
		size_t      n = strlen(*p);

		if (eq == NULL)
			continue;
		if (++count > LIMIT_PARAMS)
			return too_large(e, "too many parameters");
		all += n;
		if (all > LIMIT_HEADERS || n - (size_t)(eq - *p) - 1 > LIMIT_HEADER)
			return too_large(e, "parameters too long");
		if (put_name(seen, *p, (size_t)(eq - *p)))
			continue;
		*again = true;
		if (!may_repeat((struct str) { *p, (size_t)(eq - *p) }))
			return err_set(e, ERR_BAD_REQUEST, 0, "A header field came twice.",
			    "parameter %.*s came twice", (int)(eq - *p), *p);
	}
	return true;
}

/* The one of the same name among the n before; NULL: none. */
static char **
same_name(char **all, size_t n, const char *param)
{
	size_t name_n = (size_t)(strchr(param, '=') + 1 - param);

	for (size_t i = 0; i < n; i++)
		if (strncmp(all[i], param, name_n) == 0)
			return &all[i];
	return NULL;
}

/* Whoever reads a list finds all of it in one place; the transport's own lines stay. */
static bool
join_lists(struct request *r, struct err *e)
{
	char **all = talloc_array(r->mem, char *, LIMIT_PARAMS + 1);
	size_t n = 0;

	if (all == NULL)
		return err_memory(e);
	for (char *const *p = r->transport->params; *p != NULL; p++) {
		const char *eq = strchr(*p, '=');
		char      **before = eq == NULL ? NULL : same_name(all, n, *p);

		if (before == NULL) {
			if (eq != NULL)
				all[n++] = *p;
			continue;
		}
		*before = talloc_asprintf(r->mem, "%s, %s", *before, eq + 1);
		if (*before == NULL)
			return err_memory(e);
	}
	all[n] = NULL;
	r->joined = all;
	return true;
}

/* A method we do not serve is 405 at its path; what is no method at all is 400. */
static bool
check_method(const struct request *r, struct err *e)
{
	struct str s = request_param(r, "REQUEST_METHOD");
	bool       ok = s.n > 0 && s.n <= 20;

	for (size_t i = 0; ok && i < s.n; i++)
		ok = (s.p[i] >= 'A' && s.p[i] <= 'Z') || s.p[i] == '-' || s.p[i] == '_';
	if (!ok)
		return err_set(
		    e, ERR_BAD_REQUEST, 0, "The request method is malformed.", "bad method");
	return true;
}

bool
step_limits(struct request *r, struct err *e)
{
	bool again;

	if (r->mem == NULL)
		return err_memory(e);
	if (r->transport->params == NULL)
		return err_set(e, ERR_BAD_REQUEST, 0, "The request is empty.", "no parameters");
	if (r->transport->fault == TRANSPORT_LONG)
		return too_large(e, "more parameters than are kept");
	if (r->transport->fault == TRANSPORT_ODD)
		return err_set(e, ERR_BAD_REQUEST, 0, "A header field is malformed.",
		    "a parameter without a name, or with NUL or = where there is none");
	if (request_param(r, "REQUEST_URI").n > LIMIT_URI)
		return err_set(e, ERR_URI_TOO_LONG, 0, "The request target is too long.",
		    "REQUEST_URI of more than %d bytes", LIMIT_URI);
	return check_params(r, &again, e) && (!again || join_lists(r, e)) && check_method(r, e);
}

/* ---- what a request says of itself ---- */

bool
request_idempotency_key(struct request *r, const char **key, struct err *e)
{
	struct str s = str_trim(request_param(r, "HTTP_IDEMPOTENCY_KEY"));

	*key = NULL;
	if (s.n == 0)
		return true;
	if (s.n > IDEMPOTENCY_KEY_MAX)
		return err_set(
		    e, ERR_BAD_REQUEST, 0, "Idempotency-Key is longer than 128 bytes.", "too long");
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x21 || s.p[i] > 0x7E)
			return err_set(e, ERR_BAD_REQUEST, 0,
			    "Idempotency-Key must be visible ASCII.", "bad byte");
	*key = str_dup(r->mem, s);
	return *key != NULL || err_memory(e);
}

/* ---- who asks, and what it may cost ---- */

struct deed_by
request_deed_by(struct request *r)
{
	return (struct deed_by) {
		.auth = r->app->auth,
		.mem = r->mem,
		.t = r->db,
		.caller = r->caller.kind != CALLER_NONE ? &r->caller : NULL,
		.origin = &r->origin,
		.permit = &r->permit,
	};
}

bool
request_enter(struct request *r, const struct tenant *t, struct err *e)
{
	return tenant_db_open(r->app->database, t, false, &r->db, e);
}

void
request_widen(struct request *r)
{
	work_widen(&r->work, WORK_PUSH);
}
