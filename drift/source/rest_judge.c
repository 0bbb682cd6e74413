/* rest_run.h: what an answer means. */
#include <string.h>

#include "drift/source/rest_run.h"

/* One answer being looked at. */
struct judging {
	TALLOC_CTX                 *mem;
	const struct rest_run      *r;
	const struct chain         *c;
	const struct source_answer *a;
	struct verdict             *out;
	struct err                 *e;
};

const char *
rest_answer_header(const struct source_answer *a, const char *name)
{
	for (size_t i = 0; i < a->headers_n; i++)
		if (str_caseeqz(str_of(a->headers[i].name), name))
			return a->headers[i].value;
	return NULL;
}

/* ---- its code ---- */

/* By one of the pack's error_code; n == 0: there is none. */
static struct str
code_at(const struct judging *j, size_t i)
{
	const char        *at = j->r->pack->error_code.items[i];
	const struct json *t =
	    j->out->document == NULL ? NULL : json_at(j->out->document, str_of(at));

	return t != NULL && (t->type == JSON_STRING || t->type == JSON_NUMBER) ? t->text : STR("");
}

static bool
has_any_code(const struct judging *j)
{
	for (size_t i = 0; i < j->r->pack->error_code.n; i++)
		if (code_at(j, i).n > 0)
			return true;
	return false;
}

/* Any of them: a token endpoint says several at once. */
static bool
has_code(const struct judging *j, const char *code)
{
	for (size_t i = 0; i < j->r->pack->error_code.n; i++)
		if (str_caseeqz(code_at(j, i), code))
			return true;
	return false;
}

static bool
has_text(const struct judging *j, const char *text)
{
	return memmem(j->a->body.p, j->a->body.n, text, strlen(text)) != NULL;
}

static bool
has_header(const struct judging *j, const struct source_error_header *h)
{
	const char *value = rest_answer_header(j->a, h->name);

	return value != NULL && (h->value == NULL || strcmp(value, h->value) == 0);
}

static bool
fits(const struct judging *j, const struct source_error *x)
{
	return (x->status == 0 ? j->a->status >= 200 : j->a->status == (int)x->status) &&
	       (x->code == NULL || has_code(j, x->code)) &&
	       (x->text == NULL || has_text(j, x->text)) &&
	       (x->header == NULL || has_header(j, x->header));
}

/* ---- sentences ---- */

/*
 * The one text of an answer that people are shown: its code, where it is an error.  What it says in
 * sentences may quote what it keeps, and what stands at the place of a code in an answer that is
 * none is what it keeps.
 */
static void
put_code(struct buf *b, const struct judging *j)
{
	const struct rest_run *r = j->r;
	const char *proof = j->c != NULL ? j->c->proof : r->flights[REST_FLIGHTS_MAX].proof;
	const struct auth_sent sent = { r->credential, r->session->token, proof, r->rest->headers,
		r->rest->headers_n };

	for (size_t i = 0; j->a->status >= 400 && i < r->pack->error_code.n; i++) {
		struct str code = code_at(j, i);

		if (!source_auth_may_quote(&sent, code))
			continue;
		buf_puts(b, " Its code: ");
		buf_add(b, code.p, code.n);
		buf_putc(b, '.');
		return;
	}
}

static bool
say(struct judging *j, const char *before, int number, const char *behind)
{
	struct buf b;

	buf_make(&b, j->mem);
	buf_puts(&b, before);
	if (number > 0)
		buf_i64(&b, number);
	buf_puts(&b, behind);
	put_code(&b, j);
	j->out->say = buf_text(&b, j->e);
	return j->out->say != NULL;
}

/* ---- what the pack says of it ---- */

static bool
by_table(struct judging *j, bool *found)
{
	const struct source_pack *pack = j->r->pack;
	struct verdict           *out = j->out;

	*found = false;
	for (size_t i = 0; i < pack->errors_n && !*found; i++) {
		const struct source_error *x = &pack->errors[i];

		if (!fits(j, x))
			continue;
		*found = true;
		out->kind = VERDICT_ERROR;
		if (!completeness_parse(str_of(x->as), &out->how))
			out->how = COLLECTION_FAILED;
		if (out->how == COLLECTION_THROTTLED)
			out->kind = VERDICT_SLOWER;
		out->remedy = x->remedy;
		out->licence = x->licence;
		out->again_s = x->again_s;
		if (!say(j, x->say, 0, ""))
			return false;
	}
	return true;
}

static bool
restarts(const struct judging *j)
{
	const struct json *list;
	int64_t            status;

	if (j->c == NULL)
		return false;
	list = j->r->pack->collections[j->c->collection].restart_on;
	if (list == NULL)
		return j->a->status == 410;
	for (uint32_t i = 0; i < list->n; i++) {
		const struct json *v = &list->items[i];
		const char        *code;

		if (str_to_i64(v->text, &status) && status == j->a->status)
			return true;
		code = v->type == JSON_STRING ? str_dup(j->mem, v->text) : NULL;
		if (code != NULL && has_code(j, code))
			return true;
	}
	return false;
}

static bool
retried(const struct rest_run *r, int status)
{
	const struct json *list = r->pack->retry == NULL ? NULL : r->pack->retry->statuses.tree;
	int64_t            s;

	if (status == 408 || status >= 500)
		return true;
	for (uint32_t i = 0; list != NULL && list->type == JSON_ARRAY && i < list->n; i++)
		if (list->items[i].type == JSON_NUMBER && str_to_i64(list->items[i].text, &s) &&
		    s == status)
			return true;
	return false;
}

/* ---- what its status says ---- */

static bool
by_status(struct judging *j)
{
	int             status = j->a->status;
	struct verdict *out = j->out;

	out->kind = VERDICT_ERROR;
	out->how = COLLECTION_FAILED;
	if (status == 429) {
		out->kind = VERDICT_SLOWER;
		out->how = COLLECTION_THROTTLED;
		return say(j, "The source answers too many requests (429).", 0, "");
	}
	if (retried(j->r, status)) {
		out->kind = VERDICT_AGAIN;
		return say(j, "The source answers with an error of its own (", status, ").");
	}
	if (status == 401) {
		out->kind = VERDICT_DENIED;
		return say(j, "The source does not accept the credential (401).", 0, "");
	}
	if (status == 403) {
		out->how = COLLECTION_FORBIDDEN;
		return say(j, "The source does not permit it (403).", 0, "");
	}
	if (status == 404) {
		out->kind = VERDICT_MISSING;
		return say(j, "The source has nothing at this path (404).", 0, "");
	}
	if (status >= 300 && status < 400)
		return say(j, "The source leads elsewhere (", status,
		    "), and redirections are not followed.");
	return say(j, "The source refuses the request (", status, ").");
}

/* ---- what it has ---- */

static bool
is_json_type(const char *type)
{
	struct str s, head;

	if (type == NULL)
		return true;
	(void)str_cut(str_of(type), ';', &s);
	s = str_trim(s);
	if (s.n >= 5 && str_caseeqz((struct str) { s.p + s.n - 5, 5 }, "/json"))
		return true;
	if (s.n >= 5 && str_caseeqz((struct str) { s.p + s.n - 5, 5 }, "+json"))
		return true;
	(void)str_cut(s, '/', &head);
	return str_caseeqz(s, "text/plain") || str_caseeqz(s, "application/octet-stream");
}

static bool
read_document(struct judging *j, struct err *why)
{
	struct str text = j->a->body;
	char      *copy;

	copy = talloc_memdup(j->mem, text.p, text.n);
	if (copy == NULL && text.n > 0)
		return err_memory(why);
	text.p = copy;
	if (!json_decode(j->mem, text, &text, why))
		return false;
	j->out->document = json_parse(j->mem, text, why);
	return j->out->document != NULL;
}

static bool
no_document(struct judging *j, const struct err *why)
{
	const char *type = rest_answer_header(j->a, "Content-Type"), *what;

	j->out->kind = VERDICT_ERROR;
	j->out->how = COLLECTION_FAILED;
	if (why->code == ERR_INTERNAL) {
		*j->e = *why;
		return false;
	}
	if (!is_json_type(type))
		return say(j, "The source answers with a page for people instead of JSON.", 0, "");
	/* not why->pub, which names the members that lead there */
	what = talloc_asprintf(j->mem, ": %s.", why->detail);
	if (what == NULL)
		return err_memory(j->e);
	return say(j, "The source answers with something that is no JSON", 0, what);
}

/* 200 with an error in its body. */
static bool
is_error_body(const struct judging *j)
{
	const struct pack_collection *p;

	if (j->c == NULL || !has_any_code(j))
		return false;
	p = &j->r->pack->collections[j->c->collection];
	return !p->single && json_at(j->out->document, p->items) == NULL;
}

static bool
judge_good(struct judging *j)
{
	struct err why = { 0 };
	bool       found;

	if (j->a->status == 204 || j->a->status == 205 || j->a->body.n == 0) {
		j->out->kind = VERDICT_ERROR;
		j->out->how = COLLECTION_FAILED;
		return say(j, "The source answers without content (", j->a->status, ").");
	}
	if (!read_document(j, &why))
		return no_document(j, &why);
	j->out->kind = VERDICT_PAGE;
	if (!is_error_body(j))
		return true;
	if (!by_table(j, &found) || found)
		return found;
	j->out->kind = VERDICT_ERROR;
	j->out->how = COLLECTION_FAILED;
	return say(
	    j, "The source answers with an error in the place of what was asked for.", 0, "");
}

static bool
judge_bad(struct judging *j)
{
	struct err why = { 0 };
	bool       found;

	if (j->a->body.n > 0 && j->a->body.n <= (1 << 20) && !read_document(j, &why) &&
	    why.code == ERR_INTERNAL) {
		*j->e = why;
		return false;
	}
	if (restarts(j)) {
		j->out->kind = VERDICT_RESTART;
		j->out->how = COLLECTION_FAILED;
		return say(j, "The source no longer knows the next page (", j->a->status, ").");
	}
	return by_table(j, &found) && (found || by_status(j));
}

bool
rest_judge(TALLOC_CTX *mem, const struct rest_run *r, const struct chain *c,
    const struct source_answer *a, struct verdict *out, struct err *e)
{
	struct judging j = { .mem = mem, .r = r, .c = c, .a = a, .out = out, .e = e };

	*out = (struct verdict) { .kind = VERDICT_AGAIN, .how = COLLECTION_FAILED };
	if (a->status == 0) {
		if (a->lasting) {
			out->kind = VERDICT_ERROR;
			return say(&j, a->why, 0, "");
		}
		return say(&j, "The source does not answer. ", 0, a->why);
	}
	return a->status >= 200 && a->status < 300 ? judge_good(&j) : judge_bad(&j);
}
