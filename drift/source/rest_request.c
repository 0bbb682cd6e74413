/* rest_run.h: what is asked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drift/source/rest_run.h"
#include "drift/source/url.h"

/* ---- the URL ---- */

static bool
put_query(struct buf *b, const struct form_members *q, const struct form_values *v, struct err *e)
{
	for (uint32_t i = 0; i < q->n; i++) {
		buf_putc(b, i == 0 ? '?' : '&');
		buf_url(b, q->items[i].name);
		buf_putc(b, '=');
		if (!form_fill(b, &q->items[i].value, v, FORM_IN_QUERY, e))
			return false;
	}
	return true;
}

static void
put_number(struct buf *b, const char *name, uint64_t n)
{
	char text[24];

	if (name == NULL)
		return;
	snprintf(text, sizeof text, "%llu", (unsigned long long)n);
	url_query(b, str_of(name), str_of(text));
}

static void
put_place(struct buf *b, const struct pack_collection *p, const struct chain *c)
{
	const struct source_next *n = p->next;

	if (p->paging == PAGE_NUMBER) {
		put_number(b, n->page, (n->from_zero ? 0U : 1U) + c->pages);
		put_number(b, n->per_page, (uint64_t)n->size);
	} else if (p->paging == PAGE_OFFSET) {
		put_number(b, n->offset, c->items);
		put_number(b, n->limit, (uint64_t)n->size);
	} else if (p->paging == PAGE_TOKEN_QUERY && c->token.n > 0) {
		url_query(b, str_of(n->query), c->token);
	}
}

static const char *
url_of(TALLOC_CTX *mem, const struct rest_run *r, const struct chain *c,
    const struct form_values *v, struct err *e)
{
	const struct pack_collection *p = &r->pack->collections[c->collection];
	struct str                    base = r->rest->hosts[p->host];
	struct buf                    b;

	buf_make(&b, mem);
	if (c->url != NULL) {
		buf_puts(&b, c->url);
		return buf_text(&b, e);
	}
	buf_add(&b, base.p, base.n);
	if (!form_fill(&b, &p->path, v, FORM_IN_PATH, e))
		return NULL;
	if (url_climbs((struct str) { b.p + base.n, b.n - base.n })) {
		(void)err_set(e, ERR_INVALID, 0, "The path leads out of the base URL.",
		    "a path with steps of dots");
		return NULL;
	}
	if (!put_query(&b, &p->query, v, e))
		return NULL;
	put_place(&b, p, c);
	return buf_text(&b, e);
}

/* ---- the body ---- */

struct writing {
	TALLOC_CTX               *mem;
	const struct form_names  *names;
	const struct form_values *values;
	struct str                token_at, token; /* token n == 0: there is none */
	struct buf               *out;
	struct err               *e;
};

static bool
put_text(struct writing *w, struct str text)
{
	struct form f;
	struct buf  b;

	buf_make(&b, w->mem);
	if (!form_parse(w->mem, text, w->names, "", &f, w->e) ||
	    !form_fill(&b, &f, w->values, FORM_IN_JSON, w->e))
		return false;
	buf_json(w->out, buf_str(&b));
	return true;
}

static bool
is_token_place(const struct writing *w, const struct buf *at)
{
	return w->token.n > 0 && str_eq(w->token_at, buf_str(at));
}

static bool put_value(struct writing *w, const struct json *v, struct buf *at);

static bool
put_object(struct writing *w, const struct json *v, struct buf *at)
{
	const size_t n = at->n;
	bool         first = true, done = false;
	struct str   name = w->token_at;

	buf_putc(w->out, '{');
	for (uint32_t i = 0; i < v->n; i++) {
		buf_puts(w->out, first ? "" : ",");
		first = false;
		buf_json(w->out, v->names[i]);
		buf_putc(w->out, ':');
		json_pointer_add(at, v->names[i]);
		done = done || is_token_place(w, at);
		if (!put_value(w, &v->items[i], at))
			return false;
		at->n = n;
	}
	/* the token's place is a member of this object that is not there */
	if (!done && w->token.n > 0 && name.n > n + 1 &&
	    (n == 0 || memcmp(name.p, at->p, n) == 0) && name.p[n] == '/' &&
	    memchr(name.p + n + 1, '/', name.n - n - 1) == NULL) {
		buf_puts(w->out, first ? "" : ",");
		buf_json(w->out, (struct str) { name.p + n + 1, name.n - n - 1 });
		buf_putc(w->out, ':');
		buf_json(w->out, w->token);
	}
	buf_putc(w->out, '}');
	return true;
}

static bool
put_value(struct writing *w, const struct json *v, struct buf *at)
{
	if (is_token_place(w, at)) {
		buf_json(w->out, w->token);
		return true;
	}
	if (v->type == JSON_STRING)
		return put_text(w, v->text);
	if (v->type == JSON_OBJECT)
		return put_object(w, v, at);
	if (v->type != JSON_ARRAY) {
		json_print(w->out, v);
		return true;
	}
	buf_putc(w->out, '[');
	for (uint32_t i = 0; i < v->n; i++) {
		buf_puts(w->out, i > 0 ? "," : "");
		if (!put_value(w, &v->items[i], at))
			return false;
	}
	buf_putc(w->out, ']');
	return true;
}

static bool
body_of(TALLOC_CTX *mem, const struct rest_run *r, const struct chain *c,
    const struct form_values *v, struct str *out, struct err *e)
{
	const struct pack_collection *p = &r->pack->collections[c->collection];
	struct form_names             names = r->pack->names;
	struct buf                    b, at;
	struct writing w = { mem, &names, v, str_of(p->next != NULL ? p->next->body_pointer : NULL),
		c->token, &b, e };

	*out = STR("");
	if (p->body == NULL)
		return true;
	if (p->paging != PAGE_TOKEN_BODY)
		w.token = STR("");
	names.depth = p->depth;
	buf_make(&b, mem);
	buf_make(&at, mem);
	if (!put_value(&w, p->body, &at))
		return false;
	*out = buf_str(&b);
	return buf_ok(&b) || err_memory(e);
}

/* ---- header fields ---- */

struct fields {
	struct source_header *at;
	size_t                n;
};

static bool
add_field(TALLOC_CTX *mem, struct fields *f, struct str name, const char *value, struct err *e)
{
	struct source_header *h = &f->at[f->n];

	h->name = str_dup(mem, name);
	h->value = value;
	if (h->name == NULL || h->value == NULL)
		return err_memory(e);
	f->n++;
	return true;
}

static bool
add_forms(TALLOC_CTX *mem, struct fields *f, const struct form_members *in,
    const struct form_values *v, struct err *e)
{
	struct buf  b;
	const char *text;

	for (uint32_t i = 0; i < in->n; i++) {
		buf_make(&b, mem);
		if (!form_fill(&b, &in->items[i].value, v, FORM_IN_HEADER, e))
			return false;
		text = b.n > 0 ? b.p : "";
		if (!add_field(mem, f, in->items[i].name, text, e))
			return false;
	}
	return true;
}

static bool
has_field(const struct fields *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (str_caseeqz(str_of(f->at[i].name), name))
			return true;
	return false;
}

static bool
headers_of(TALLOC_CTX *mem, const struct rest_run *r, const struct pack_collection *p,
    const struct form_values *v, struct fields *f, struct err *e)
{
	const char *name, *value;

	f->at = talloc_zero_array(mem, struct source_header,
	    (unsigned)(r->pack->headers.n + p->headers.n + r->rest->headers_n + 4));
	if (f->at == NULL)
		return err_memory(e);
	if (!add_forms(mem, f, &r->pack->headers, v, e) || !add_forms(mem, f, &p->headers, v, e))
		return false;
	for (size_t i = 0; i < r->rest->headers_n; i++)
		if (!add_field(
			mem, f, str_of(r->rest->headers[i].name), r->rest->headers[i].value, e))
			return false;
	if (!has_field(f, "Accept") && !add_field(mem, f, STR("Accept"), "application/json", e))
		return false;
	if (p->body != NULL && !add_field(mem, f, STR("Content-Type"), "application/json", e))
		return false;
	if (!source_auth_header(mem, r->pack, r->credential, r->session->token, &name, &value, e))
		return false;
	return name == NULL || add_field(mem, f, str_of(name), value, e);
}

/* ---- requests ---- */

static struct source_bucket
bucket_of(const struct pack_collection *p)
{
	struct source_bucket b = { 0 };
	char                 text[40] = "";
	struct str           rate;

	if (p->limit == NULL)
		return b;
	rate = str_head(p->limit->per_s.tree->text, sizeof text - 1);
	memcpy(text, rate.p, rate.n);
	b.name = p->limit->bucket;
	b.per_s = strtod(text, NULL);
	b.burst = p->limit->burst == 0 ? 1 : (unsigned)p->limit->burst;
	b.cost = p->cost;
	return b;
}

bool
rest_request(
    struct rest_run *r, struct chain *c, struct flight *f, struct source_request *q, struct err *e)
{
	const struct pack_collection *p = &r->pack->collections[c->collection];
	const struct form_values      v = { r->rest->values, r->rest->hosts,
                c->over == NULL ? NULL : &c->over->form };
	struct fields                 fields = { 0 };

	f->mem = talloc_new(r);
	if (f->mem == NULL)
		return err_memory(e);
	f->url = url_of(f->mem, r, c, &v, e);
	if (f->url == NULL || !headers_of(f->mem, r, p, &v, &fields, e) ||
	    !body_of(f->mem, r, c, &v, &q->body, e))
		return false;
	if (strlen(f->url) > URL_MAX)
		return err_set(
		    e, ERR_INVALID, 0, "The URL is longer than 8192 bytes.", "a long URL");
	/* what shows who asks is the last of them */
	c->proof = r->auth == AUTH_NONE ? NULL : fields.at[fields.n - 1].value;
	q->id = f->id;
	q->method = p->post ? "POST" : "GET";
	q->url = f->url;
	q->headers = fields.at;
	q->headers_n = fields.n;
	q->answer_max = REST_ANSWER_MAX;
	q->bucket = bucket_of(p);
	return true;
}

static bool
token_terms(TALLOC_CTX *mem, const struct rest_run *r, struct auth_asking *a, struct err *e)
{
	const struct source_pack *pack = r->pack;
	const struct form_values  v = { r->rest->values, r->rest->hosts, NULL };
	struct buf                url, scope;

	*a = (struct auth_asking) { r->credential->token_url, r->credential->scope,
		r->credential->alg != NULL ? r->credential->alg : "RS256", r->credential, r->env };
	if (pack->auth == NULL)
		return true;
	buf_make(&url, mem);
	buf_make(&scope, mem);
	for (size_t i = 0; i < pack->hosts_n; i++)
		if (strcmp(pack->hosts[i].name, pack->auth->host) == 0)
			buf_add(&url, r->rest->hosts[i].p, r->rest->hosts[i].n);
	if (!form_fill(&url, &pack->auth_path, &v, FORM_IN_PATH, e) ||
	    !form_fill(&scope, &pack->auth_scope, &v, FORM_IN_JSON, e))
		return false;
	a->url = buf_text(&url, e);
	a->scope = scope.n > 0 ? scope.p : NULL;
	a->alg = pack->auth->alg != NULL ? pack->auth->alg : "PS256";
	return a->url != NULL;
}

bool
rest_request_token(struct rest_run *r, struct flight *f, struct source_request *q, struct err *e)
{
	struct auth_asking a;
	struct fields      fields = { 0 };

	f->mem = talloc_new(r);
	if (f->mem == NULL)
		return err_memory(e);
	fields.at = talloc_zero_array(f->mem, struct source_header, 2);
	if (fields.at == NULL)
		return err_memory(e);
	if (!token_terms(f->mem, r, &a, e) ||
	    !source_auth_ask(f->mem, &a, &q->body, &f->proof, e) ||
	    !add_field(f->mem, &fields, STR("Accept"), "application/json", e) ||
	    !add_field(
		f->mem, &fields, STR("Content-Type"), "application/x-www-form-urlencoded", e))
		return false;
	f->url = a.url;
	q->id = f->id;
	q->method = "POST";
	q->url = a.url;
	q->headers = fields.at;
	q->headers_n = fields.n;
	q->answer_max = (size_t)1 << 20;
	q->is_token = true;
	q->bucket = (struct source_bucket) { 0 };
	return true;
}

void
rest_flight_end(struct rest_run *r, struct flight *f)
{
	TALLOC_FREE(f->mem);
	if (f->id != 0 && f->chain != NULL)
		r->under_way--;
	*f = (struct flight) { 0 };
}
