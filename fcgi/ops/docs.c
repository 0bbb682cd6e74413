/* routes.h: the contract, as JSON and as a page. */
#include <stdio.h>

#include "core/base/hash.h"
#include "fcgi/console/console.h"
#include "fcgi/routes.h"

/* The tables do not change while a process lives: their texts are made once in each. */
struct rendering {
	struct str  text; /* p == NULL: not made yet */
	char        etag[2 * HASH_LEN + 3];
	const char *csp;
};
struct pages {
	struct rendering document, html;
};

typedef bool print_fn(struct buf *b, const struct app *app, struct err *e);

static bool
make_page(
    struct pages *owner, struct rendering *p, print_fn *print, const struct app *app, struct err *e)
{
	uint8_t     hash[HASH_LEN];
	char        hex[2 * HASH_LEN + 1];
	TALLOC_CTX *scratch = talloc_new(NULL);
	struct buf  b;
	char       *text;

	buf_make(&b, scratch);
	if (!print(&b, app, e)) {
		talloc_free(scratch);
		return false;
	}
	text = str_dup(owner, buf_str(&b));
	p->text = (struct str) { text, b.n };
	talloc_free(scratch);
	if (text == NULL)
		return err_memory(e);
	hash_sha256(p->text.p, p->text.n, hash);
	hex_print(hash, HASH_LEN, hex);
	snprintf(p->etag, sizeof(p->etag), "\"%s\"", hex);
	return true;
}

static bool
print_docs(struct buf *b, const struct app *app, struct err *e)
{
	char files[64];

	snprintf(files, sizeof(files), "../console/%s", console_build);
	return openapi_html(b, app, files, e);
}

static struct pages *
pages_of(struct app *app, struct err *e)
{
	if (app->pages == NULL)
		app->pages = talloc_zero(app, struct pages);
	if (app->pages == NULL)
		err_memory(e);
	return app->pages;
}

static void
answer_page(struct request *r, const struct rendering *p)
{
	r->etag = p->etag;
	r->csp = p->csp;
	buf_add(&r->out, p->text.p, p->text.n);
}

static bool
get_document(struct request *r, const void *body, void *answer, struct err *e)
{
	struct pages *all = pages_of(r->app, e);

	(void)body, (void)answer;
	if (all == NULL)
		return false;
	if (all->document.text.p == NULL &&
	    !make_page(all, &all->document, openapi_print, r->app, e))
		return false;
	answer_page(r, &all->document);
	return true;
}

static bool
get_docs(struct request *r, const void *body, void *answer, struct err *e)
{
	struct pages *all = pages_of(r->app, e);

	(void)body, (void)answer;
	if (all == NULL)
		return false;
	all->html.csp = CONSOLE_POLICY;
	if (all->html.text.p == NULL && !make_page(all, &all->html, print_docs, r->app, e))
		return false;
	answer_page(r, &all->html);
	return true;
}

const struct route docs_routes[] = {
	ROUTE(GET, "/api/openapi.json", ANYONE, RATE_OPEN, 200, get_document, IN_NONE,
	    OUT_RAW_TAGGED("application/json"), "This interface as an OpenAPI 3.1 document."),
	ROUTE(GET, "/api/docs", ANYONE, RATE_OPEN, 200, get_docs, IN_NONE,
	    OUT_RAW_TAGGED("text/html; charset=utf-8"), "This interface as a page to read."),
	ROUTE_END,
};
