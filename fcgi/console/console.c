#include "fcgi/console/console.h"

#include <string.h>

#include "core/web/encoding.h"
#include "fcgi/routes.h"

#define PAGE      "index.html"
#define FOR_EVER  "public, max-age=31536000, immutable"
#define ASK_AGAIN "no-cache"

static const struct console_file *
file_by_name(struct str name)
{
	for (const struct console_file *f = console_files; f->name != NULL; f++)
		if (str_eqz(name, f->name))
			return f;
	return NULL;
}

static bool
answer_file(struct request *r, const struct console_file *f, const char *cache, struct err *e)
{
	bool gzip = encoding_accepted(request_param(r, "HTTP_ACCEPT_ENCODING"), "gzip");

	r->content_type = f->type;
	r->cache = cache;
	r->etag = gzip ? f->etag_gzip : f->etag;
	buf_add(&r->out, (const char *)(gzip ? f->gzip : f->p), gzip ? f->gzip_n : f->n);
	if (!reply_header(r, "Vary", "Accept-Encoding", e))
		return false;
	return !gzip || reply_header(r, "Content-Encoding", "gzip", e);
}

/* The page's own links begin where it is: below the base path, with the slash. */
static bool
add_slash(struct request *r, struct err *e)
{
	struct str  query = request_param(r, "QUERY_STRING");
	const char *location = talloc_asprintf(r->mem, "%s/%s%s", r->app->env->conf->base_path,
	    query.n > 0 ? "?" : "", query.n > 0 ? query.p : "");

	r->status = 302;
	return location != NULL ? reply_header(r, "Location", location, e) : err_memory(e);
}

static bool
get_page(struct request *r, const void *body, void *answer, struct err *e)
{
	size_t n = strlen(r->raw_path);

	(void)body, (void)answer;
	if (n > 0 && r->raw_path[n - 1] != '/')
		return add_slash(r, e);
	r->csp = CONSOLE_POLICY;
	return answer_file(r, file_by_name(STR(PAGE)), ASK_AGAIN, e);
}

/* A file of another build is not here: who has an old page open loads it again. */
static bool
get_file(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct console_file *f = file_by_name(r->ids[1]);

	(void)body, (void)answer;
	if (f == NULL || str_eqz(r->ids[1], PAGE) || !str_eqz(r->ids[0], console_build))
		return err_set(e, ERR_MISSING, 0, "There is nothing here.", "no such console file");
	return answer_file(r, f, FOR_EVER, e);
}

/* Mail programs and identity providers add parameters of their own: the server reads none. */
static const struct field page_query_fields[] = {
	FIELD_END,
};
static const struct schema page_query_schema = { "PageQuery", page_query_fields, 1, -1 };

static const char *const file_types[] = { "text/css; charset=utf-8", "image/svg+xml", NULL };

const struct route console_routes[] = {
	ROUTE_QO(GET, "/", page_query, ANYONE, RATE_OPEN, 200, get_page, IN_NONE,
	    OUT_RAW_TAGGED("text/html; charset=utf-8"),
	    "The page for people: sign-in, mailed links, second factor, sessions. It reads tenant, "
	    "return_to, mfa, sign_in, error and request_id from its address itself."),
	ROUTE_ALSO(GET, "/console/{build}/{file}", file_types, ANYONE, RATE_OPEN, 200, get_file,
	    IN_NONE, OUT_RAW_TAGGED("text/javascript; charset=utf-8"),
	    "A file that the page loads. What an address gives never changes."),
	ROUTE_END,
};
