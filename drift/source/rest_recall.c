/* rest_run.h: what is known of a page by its hash, and is not read again (recall.h). */
#include <string.h>

#include "drift/source/outline.h"
#include "drift/source/rest_run.h"

/* ---- a page ---- */

static struct str
bytes(const void *p, size_t n)
{
	return (struct str) { p, n };
}

/* What stands around the items, with a list of none in their place. */
static bool
put_around(struct page_cut *cut, TALLOC_CTX *mem, struct str body, struct err *e)
{
	const char *behind = cut->items.p + cut->items.n;
	struct buf  b;

	buf_make(&b, mem);
	buf_add(&b, body.p, (size_t)(cut->items.p - body.p));
	buf_puts(&b, "[]");
	buf_add(&b, behind, (size_t)(body.p + body.n - behind));
	cut->around = buf_str(&b);
	return buf_ok(&b) || err_memory(e);
}

static void
mark(const struct rest_run *r, const struct chain *c, struct page_cut *cut)
{
	uint8_t          items[HASH_LEN], out[HASH_LEN];
	const struct str of_page[] = { bytes(items, HASH_LEN), cut->around };
	const struct str of_items[] = { bytes(&c->collection, sizeof(c->collection)),
		bytes(items, HASH_LEN) };

	hash_sha256(cut->items.p, cut->items.n, items);
	hash_key_parts(r->recall.key, of_page, 2, cut->hash);
	hash_key_parts(r->recall.key, of_items, 2, out);
	memcpy(cut->page.mark, out, RECALL_MARK);
}

bool
rest_recall_cut(struct rest_run *r, struct chain *c, const struct source_answer *a,
    struct page_cut *cut, struct err *e)
{
	*cut = (struct page_cut) { .other = true };
	if (r->recall.key == NULL || a->status < 200 || a->status >= 300 ||
	    !outline_find(a->body, r->pack->collections[c->collection].items, &cut->items))
		return true;
	cut->there = true;
	if (!put_around(cut, c->page, a->body, e))
		return false;
	mark(r, c, cut);
	if (r->recall.before != NULL)
		cut->known = recall_find(r->recall.before, cut->page.mark);
	cut->other = cut->known == NULL;
	if (r->readings[c->collection].feeds) /* who is read over it wants its rows */
		cut->known = NULL;
	return true;
}

static bool
keep_raw(struct chain *c, const struct page_cut *cut, struct err *e)
{
	struct rest_raw  *raw = talloc_zero(c->page, struct rest_raw);
	struct rest_raw **at = &c->raws;

	if (raw == NULL)
		return err_memory(e);
	raw->items.n = cut->items.n;
	raw->items.p = talloc_memdup(raw, cut->items.p, cut->items.n);
	if (raw->items.p == NULL)
		return err_memory(e);
	while (*at != NULL)
		at = &(*at)->next;
	*at = raw;
	return true;
}

bool
rest_recall_note(
    struct rest_run *r, struct chain *c, const struct page_cut *cut, uint64_t items, struct err *e)
{
	struct recall_page page = cut->page;
	const struct str   fold[] = { bytes(c->fold, HASH_LEN), bytes(page.mark, RECALL_MARK) };
	uint8_t            next[HASH_LEN];
	bool               full = false;

	if (r->recall.key == NULL)
		return true;
	hash_key_parts(r->recall.key, fold, 2, next);
	memcpy(c->fold, next, HASH_LEN);
	page.items = (uint32_t)items;
	if (r->recall.now != NULL && !recall_add(r->recall.now, &page, &full, e))
		return false;
	if (full || !cut->there)
		rest_recall_lose(r);
	return cut->known == NULL || keep_raw(c, cut, e);
}

void
rest_recall_other(struct rest_run *r)
{
	r->recall.before = NULL;
}

void
rest_recall_lose(struct rest_run *r)
{
	rest_recall_other(r);
	TALLOC_FREE(r->recall.now);
}

/* ---- what is known, read after all ---- */

static bool
unfold_one(struct rest_run *r, struct chain *c, struct err *e)
{
	const struct rest_raw *raw = c->raws;
	const struct json     *items;

	if (!rest_page_begin(c, e))
		return false;
	items = json_parse(c->page, raw->items, e);
	if (items == NULL)
		return err_note(e, "reading a page that was read before");
	c->raws = raw->next;
	if (!rest_page_rows(r, c, items, e))
		return false;
	rest_page_end(r, c, true);
	return true;
}

/* Who holds too much is given up by who asks. */
bool
rest_recall_unfold(struct rest_run *r, struct chain *c, struct err *e)
{
	TALLOC_CTX *page = c->page;
	const char *say;

	while (c->raws != NULL && !rest_holds_too_much(r, &say))
		if (!unfold_one(r, c, e))
			return false;
	c->page = page;
	return true;
}

/* ---- chains ---- */

/* In the order of nothing: chains end as they are answered. */
static void
add_chain(struct rest_run *r, const struct chain *c, struct str is)
{
	const struct str over = c->over == NULL ? STR("") : c->over->key;
	const uint64_t   over_n = over.n;
	const struct str parts[] = { bytes(&c->collection, sizeof(c->collection)),
		bytes(&over_n, sizeof(over_n)), over, is };
	uint8_t          one[HASH_LEN];

	if (r->recall.now == NULL)
		return;
	hash_key_parts(r->recall.key, parts, 4, one);
	for (size_t i = 0; i < HASH_LEN; i++)
		r->recall.now->whole[i] ^= one[i];
}

void
rest_recall_missing(struct rest_run *r, const struct chain *c)
{
	add_chain(r, c, STR("missing"));
}

/* Rows that it will have. */
static uint64_t
rows_of(const struct rest_run *r, const struct chain *c)
{
	return r->pack->collections[c->collection].gather.n > 0 ? 1 : c->items;
}

bool
rest_recall_park(struct rest_run *r, struct chain *c)
{
	struct reading *d = &r->readings[c->collection];

	add_chain(r, c, bytes(c->fold, HASH_LEN));
	if (c->raws == NULL)
		return false;
	if (c->promises && c->items < c->promised) /* it says so, and that is another reading */
		rest_recall_other(r);
	d->open--;
	d->parked++;
	d->spared += rows_of(r, c);
	c->next = r->recall.parked;
	r->recall.parked = c;
	return true;
}

bool
rest_recall_waits(const struct rest_run *r)
{
	return r->recall.parked != NULL &&
	       (r->recall.before == NULL || (r->under_way == 0 && rest_all_asked(r)));
}

bool
rest_recall_settle(struct rest_run *r)
{
	struct rest_recall *x = &r->recall;

	x->same = x->before != NULL && x->now != NULL &&
		  memcmp(x->before->whole, x->now->whole, HASH_LEN) == 0;
	if (x->same)
		rest_end_known(r);
	else
		rest_recall_other(r);
	return x->same;
}

bool
rest_recall_unpark(struct rest_run *r, struct err *e)
{
	struct chain   *c = r->recall.parked;
	struct reading *d = &r->readings[c->collection];
	struct verdict  much = { .kind = VERDICT_ERROR, .how = COLLECTION_FAILED };
	const bool      too_much = rest_holds_too_much(r, &much.say);

	if (c->raws != NULL && !too_much)
		return unfold_one(r, c, e);
	r->recall.parked = c->next;
	d->parked--;
	d->open++;
	d->spared -= rows_of(r, c);
	if (!too_much)
		return rest_chain_done(r, c, e);
	r->other = true;
	rest_chain_failed(r, c, &much);
	return true;
}

void
rest_unfold(void *run)
{
	struct rest_run *r = run;

	if (!r->recall.same)
		return;
	r->recall.same = false;
	rest_recall_other(r);
	rest_begin_known(r);
}
