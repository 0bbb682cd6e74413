/* rest_run.h: what is on a page, and where the next one is. */
#include <stdio.h>
#include <string.h>

#include "core/base/hash.h"
#include "drift/source/rest_run.h"
#include "drift/source/url.h"

/* One page being taken. */
struct page {
	struct rest_run              *r;
	struct chain                 *c;
	const struct pack_collection *p;
	const struct json            *document;
	const struct source_answer   *a;
	const struct page_cut        *cut; /* of it; NULL: it was cut before */
	enum page_end                *end;
	const char                  **say, **note;
	struct err                   *e;
};

static bool
bad(const struct page *x, const char *what)
{
	*x->end = PAGE_BAD;
	*x->say = what;
	return true;
}

/* The first that was left out. */
static bool
note(const struct page *x, uint64_t at, const char *what, struct str where)
{
	if (*x->note != NULL)
		return true;
	where = str_head(where, 100);
	*x->note = talloc_asprintf(x->r, "Item %llu of a page %s%.*s.", (unsigned long long)at,
	    what, (int)where.n, where.p);
	return *x->note != NULL || err_memory(x->e);
}

/* ---- what was seen already ---- */

static uint64_t
hash_of(struct str s)
{
	uint8_t  h[HASH_LEN];
	uint64_t out;

	hash_sha256(s.p, s.n, h);
	memcpy(&out, h, sizeof out);
	return out;
}

/* The place of a hash, or the free one where it would be. */
static uint64_t *
seen_at(uint64_t *table, uint32_t room, uint64_t h)
{
	uint32_t i = (uint32_t)h & (room - 1);

	while (table[i] != 0 && table[i] != h)
		i = (i + 1) & (room - 1);
	return &table[i];
}

static bool
seen_grow(struct chain *c, struct err *e)
{
	uint32_t  room = c->seen_room == 0 ? 16 : c->seen_room * 2;
	uint64_t *more = talloc_zero_array(c, uint64_t, room);

	if (more == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < c->seen_room; i++)
		if (c->seen[i] != 0)
			*seen_at(more, room, c->seen[i]) = c->seen[i];
	talloc_free(c->seen);
	c->seen = more;
	c->seen_room = room;
	return true;
}

static bool
see(const struct page *x, struct str what, bool *before)
{
	struct chain  *c = x->c;
	const uint64_t h = hash_of(what) | 1; /* never that of a free place */
	uint64_t      *at;

	if (c->seen_n >= c->seen_room / 2 && !seen_grow(c, x->e))
		return false;
	at = seen_at(c->seen, c->seen_room, h);
	*before = *at == h;
	c->seen_n += !*before;
	*at = h;
	return true;
}

/* ---- rows ---- */

static bool
add_row(const struct page *x, uint64_t at, struct str key, const struct json *value)
{
	struct rest_rows *rows = &x->c->rows;
	struct rest_row  *more;

	if (rows->n == rows->room) {
		rows->room = rows->room == 0 ? 16 : rows->room * 2;
		more = talloc_realloc(x->c, rows->at, struct rest_row, rows->room);
		if (more == NULL)
			return err_memory(x->e);
		rows->at = more;
	}
	rows->at[rows->n++] = (struct rest_row) { key, value, x->c->taken + at, x->c->over };
	return true;
}

/* Escaped, so that parts of a key never make one text with others. */
static void
put_part(struct buf *b, struct str s)
{
	struct buf pointer;

	buf_make(&pointer, b->mem);
	json_pointer_add(&pointer, s);
	if (pointer.n > 0)
		buf_add(b, pointer.p + 1, pointer.n - 1);
	else
		b->failed = true;
}

/* False: it has none; *lacks is where. */
static bool
key_of(const struct page *x, const struct json *item, struct buf *out, struct str *lacks)
{
	const struct selector_parts *parts = &x->p->key;
	struct str                   text;
	bool                         alone = parts->n == 1 && x->c->over == NULL, any = false;

	if (x->c->over != NULL)
		buf_add(out, x->c->over->key.p, x->c->over->key.n);
	for (uint32_t i = 0; i < parts->n; i++) {
		*lacks = parts->items[i].pointer;
		if (!selector_text(&parts->items[i], item, &text))
			return false;
		any = any || text.p != NULL;
		if (i > 0 || x->c->over != NULL)
			buf_putc(out, '/');
		if (alone)
			buf_add(out, text.p, text.n);
		else if (text.n > 0)
			put_part(out, text);
	}
	return any;
}

static bool
take_item(const struct page *x, uint64_t at, const struct json *item)
{
	struct buf b;
	struct str lacks = STR(""), key;

	if (x->p->gather.n > 0)
		return add_row(x, at, STR(""), item);
	buf_make(&b, x->c->page);
	if (!key_of(x, item, &b, &lacks))
		return note(x, at, "has no text or integer that could be its key at ", lacks);
	if (!buf_ok(&b))
		return err_memory(x->e);
	key = buf_str(&b);
	if (key.n > RESOURCE_KEY_MAX || memchr(key.p, '\0', key.n) != NULL)
		return note(x, at, "has a key that is too long, or holds U+0000", STR(""));
	return add_row(x, at, key, item);
}

static bool
take_items(const struct page *x, const struct json *list)
{
	for (uint32_t i = 0; i < list->n; i++)
		if (!take_item(x, i, &list->items[i]))
			return false;
	x->c->taken += list->n;
	return true;
}

static bool
take_value(const struct page *x, const struct json *v)
{
	if (!add_row(x, 0, x->c->over != NULL ? x->c->over->key : STR(""), v))
		return false;
	x->c->taken++;
	return true;
}

static bool
take_single(const struct page *x)
{
	const struct json *v = json_at(x->document, x->p->items);

	if (v == NULL)
		return bad(x, "The answer has nothing where the pack looks for it.");
	*x->end = PAGE_LAST;
	if (x->cut->known == NULL && !take_value(x, v))
		return false;
	x->c->items++;
	return true;
}

static void
read_promise(const struct page *x)
{
	const struct json *v = x->p->count.n == 0 ? NULL : json_at(x->document, x->p->count);

	if (v != NULL && v->type == JSON_NUMBER && str_to_u64(v->text, &x->c->promised))
		x->c->promises = true;
}

/* ---- the next page ---- */

/* RFC 8288 section 3: the target of the first link whose relation is next; p NULL: none. */
static struct str
link_next(const char *value)
{
	struct str rest = str_of(value), target, parameters;

	while (rest.n > 0) {
		const char *open = memchr(rest.p, '<', rest.n);
		const char *close =
		    open == NULL ? NULL : memchr(open, '>', rest.n - (size_t)(open - rest.p));
		size_t n = 0;
		bool   quoted = false;

		if (close == NULL)
			break;
		target = (struct str) { open + 1, (size_t)(close - open) - 1 };
		parameters = (struct str) { close + 1, rest.n - (size_t)(close + 1 - rest.p) };
		for (; n < parameters.n && (quoted || parameters.p[n] != ','); n++)
			if (parameters.p[n] == '"')
				quoted = !quoted;
		rest = (struct str) { parameters.p + n, parameters.n - n };
		parameters.n = n;
		while (parameters.p != NULL) {
			struct str one, name, is;

			parameters = str_cut(parameters, ';', &one);
			is = str_trim(str_cut(str_trim(one), '=', &name));
			if (is.n >= 2 && is.p[0] == '"')
				is = (struct str) { is.p + 1, is.n - 2 };
			if (!str_caseeqz(str_trim(name), "rel"))
				continue;
			while (is.p != NULL) {
				struct str word;

				is = str_cut(is, ' ', &word);
				if (str_caseeqz(word, "next"))
					return target;
			}
		}
	}
	return (struct str) { 0 };
}

static bool
follow(const struct page *x, const char *from, struct str link)
{
	struct err why = { 0 };
	struct str base = x->r->rest->hosts[x->p->host];
	bool       before;
	char      *url;

	if (link.n == 0) {
		*x->end = PAGE_LAST;
		return true;
	}
	url = url_follow(x->c, base, str_of(from), link, &why);
	if (url == NULL) {
		if (why.code != ERR_INVALID) {
			*x->e = why;
			return false;
		}
		*x->end = PAGE_BAD;
		*x->say = talloc_asprintf(x->c->kept, "Paging ends here: %s.", why.pub);
		return *x->say != NULL || err_memory(x->e);
	}
	if (!see(x, str_of(url), &before))
		return false;
	if (before || strcmp(url, from) == 0)
		return bad(x, "The links to further pages lead in a circle.");
	talloc_free(x->c->url);
	x->c->url = url;
	return true;
}

static bool
follow_token(const struct page *x)
{
	const struct json *v = json_at(x->document, str_of(x->p->next->token_pointer));
	bool               before;

	if (v == NULL || v->type == JSON_NULL || v->type == JSON_FALSE ||
	    (v->type == JSON_STRING && v->text.n == 0)) {
		*x->end = PAGE_LAST;
		return true;
	}
	if (v->type != JSON_STRING && v->type != JSON_NUMBER)
		return bad(x, "The token of the next page is no text.");
	if (!see(x, v->text, &before))
		return false;
	if (before)
		return bad(x, "The tokens of further pages lead in a circle.");
	x->c->token = v->text;
	return true;
}

static bool
find_next(const struct page *x, uint32_t on_page, const char *from)
{
	const struct source_next *n = x->p->next;
	const struct json        *v;

	switch (x->p->paging) {
	case PAGE_POINTER:
		v = json_at(x->document, str_of(n->pointer));
		if (v != NULL && v->type != JSON_STRING && v->type != JSON_NULL)
			return bad(x, "The link to the next page is no text.");
		return follow(x, from, v != NULL && v->type == JSON_STRING ? v->text : STR(""));
	case PAGE_LINK_HEADER: {
		const char *value = rest_answer_header(x->a, "Link");

		return follow(x, from, value != NULL ? link_next(value) : STR(""));
	}
	case PAGE_TOKEN_QUERY:
	case PAGE_TOKEN_BODY:
		return follow_token(x);
	case PAGE_NUMBER:
	case PAGE_OFFSET:
		*x->end = on_page < (uint64_t)n->size ? PAGE_LAST : PAGE_MORE;
		return true;
	case PAGE_ONE:
		break;
	}
	*x->end = PAGE_LAST;
	return true;
}

/* ---- all of it ---- */

/* By what tells it from others: the whole of it. */
static struct str
identity(const struct page *x)
{
	return x->cut->there ? (struct str) { (const char *)x->cut->hash, HASH_LEN } : x->a->body;
}

static bool
take_list(const struct page *x, const char *from)
{
	const struct json *list = json_at(x->document, x->p->items);
	bool               before = false;
	uint32_t           n;

	if (list == NULL || list->type != JSON_ARRAY)
		return bad(
		    x, list == NULL
			   ? "The answer has nothing where the pack looks for the list of items."
			   : "The answer has something else where the pack looks for the list of "
			     "items.");
	n = x->cut->known != NULL ? x->cut->known->items : list->n;
	if (n > 0 && !see(x, identity(x), &before))
		return false;
	if (before)
		return bad(x, "A page came twice.");
	read_promise(x);
	if (x->cut->known == NULL && !take_items(x, list))
		return false;
	x->c->items += n;
	return find_next(x, n, from);
}

bool
rest_page(struct rest_run *r, struct chain *c, const struct page_answer *in, struct page_taken *out,
    struct err *e)
{
	const struct page x = { r, c, &r->pack->collections[c->collection], in->document,
		in->answer, in->cut, &out->end, &out->say, &out->note, e };

	*out = (struct page_taken) { .end = PAGE_MORE };
	c->pages++;
	if (x.p->single)
		return take_single(&x);
	if (!take_list(&x, in->url))
		return false;
	if (out->end == PAGE_MORE && c->pages >= REST_PAGES_MAX)
		return bad(&x, "There are more than 20000 pages.");
	if (out->end == PAGE_MORE && x.p->pages_most > 0 && c->pages >= x.p->pages_most) {
		out->end = PAGE_LAST;
		if (out->note == NULL)
			out->note = talloc_strdup(r, "There are more pages than are read of it.");
	}
	return true;
}

bool
rest_page_rows(struct rest_run *r, struct chain *c, const struct json *items, struct err *e)
{
	struct page_taken out = { 0 };
	const struct page x = { .r = r,
		.c = c,
		.p = &r->pack->collections[c->collection],
		.end = &out.end,
		.say = &out.say,
		.note = &out.note,
		.e = e };

	if (!(x.p->single ? take_value(&x, items) : take_items(&x, items)))
		return false;
	/* of the key of what it is read over, which may be another */
	if (out.note != NULL)
		rest_short_of(r, c->collection, out.note);
	return true;
}

/* ---- what is asked for each item ---- */

bool
rest_gather(struct rest_run *r, struct chain *c, struct err *e)
{
	const struct pack_collection *p = &r->pack->collections[c->collection];
	struct json                  *v, *list;
	uint32_t                      n = 0;

	v = talloc_zero(c->page, struct json);
	list = talloc_zero_array(c->page, struct json, c->rows.n + 1);
	if (v == NULL || list == NULL)
		return err_memory(e);
	v->type = JSON_OBJECT;
	v->items = talloc_zero_array(c->page, struct json, (unsigned)p->keep.n + 1);
	v->names = talloc_zero_array(c->page, struct str, (unsigned)p->keep.n + 1);
	if (v->items == NULL || v->names == NULL)
		return err_memory(e);
	for (size_t i = 0; i < p->keep.n; i++) {
		const struct json *kept = json_get(c->over->form.v, p->keep.items[i]);

		if (kept == NULL || str_eqz(p->gather, p->keep.items[i]))
			continue;
		v->names[n] = str_of(p->keep.items[i]);
		v->items[n++] = *kept;
	}
	for (uint32_t i = 0; i < c->rows.n; i++)
		list[i] = *c->rows.at[i].value;
	v->names[n] = p->gather;
	v->items[n].type = JSON_ARRAY;
	v->items[n].n = c->rows.n;
	v->items[n++].items = list;
	v->n = n;
	if (c->rows.n == 0) {
		c->rows.at = talloc_array(c, struct rest_row, 1);
		if (c->rows.at == NULL)
			return err_memory(e);
		c->rows.room = 1;
	}
	c->rows.at[0] = (struct rest_row) { c->over->key, v, 0, c->over };
	c->rows.n = 1;
	return true;
}
