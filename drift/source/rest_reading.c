/* rest_run.h: collections, and how they come to their end. */
#include <stdlib.h>
#include <string.h>

#include "drift/source/rest_run.h"

/* A row of a collection, and what is made of it when all is read. */
#define ROW_BYTES (sizeof(struct rest_row) + sizeof(struct resource))

/* ---- how a collection has gone ---- */

static struct source_collection *
told(struct rest_run *r, uint32_t i)
{
	return &r->told_of[i];
}

/* The first that was said stays. */
static void
say(struct rest_run *r, uint32_t i, const char *why, const char *remedy)
{
	struct source_collection *t = told(r, i);

	if (t->why != NULL || why == NULL)
		return;
	t->why = talloc_strdup(r, why);
	t->remedy = remedy;
}

void
rest_short_of(struct rest_run *r, uint32_t collection, const char *why)
{
	r->readings[collection].short_of = true;
	rest_recall_lose(r);
	say(r, collection, why, NULL);
}

static bool
is_derived(const struct rest_run *r, uint32_t i)
{
	return r->pack->collections[i].derive != NULL;
}

static enum completeness
how_of(struct rest_run *r, uint32_t i)
{
	const struct reading *d = &r->readings[i];
	const int32_t         over = r->pack->collections[i].over;
	const char           *why = NULL;
	enum completeness     how;

	if (is_derived(r, i)) {
		how = rest_derived_how(r, i, &why);
		say(r, i, why, NULL);
		return how == COLLECTION_COMPLETE && d->short_of ? COLLECTION_PARTIAL : how;
	}
	if (over >= 0 && r->told_of[over].how != COLLECTION_COMPLETE && d->chains == 0)
		return r->told_of[over].how == COLLECTION_PARTIAL ? COLLECTION_PARTIAL
								  : COLLECTION_FAILED;
	if (d->failed > 0 && d->failed == d->chains)
		return d->worst;
	if (d->short_of && d->chains == 0)
		return COLLECTION_FAILED;
	if (d->failed > 0 || d->short_of ||
	    (over >= 0 && r->told_of[over].how != COLLECTION_COMPLETE))
		return COLLECTION_PARTIAL;
	return COLLECTION_COMPLETE;
}

static bool
may_end(const struct rest_run *r, uint32_t i)
{
	const int32_t over = r->pack->collections[i].over;

	if (is_derived(r, i))
		return rest_may_derive(r, i);
	return r->readings[i].open == 0 && r->readings[i].parked == 0 &&
	       (over < 0 ||
		   (r->told_of[over].over && r->readings[i].at == r->readings[over].rows.n));
}

static bool
end_collection(struct rest_run *r, uint32_t i, struct err *e)
{
	struct source_collection *t = told(r, i);
	const struct reading     *d = &r->readings[i];
	const int32_t             over = r->pack->collections[i].over;

	if (is_derived(r, i) ? !rest_derive(r, i, e) : !rest_drop_repeats(r, i, e))
		return false;
	t->how = how_of(r, i);
	t->over = true;
	t->items = d->rows.n;
	t->took_ms = d->began_ms == 0 ? 0 : r->now_ms - d->began_ms;
	if (t->how != COLLECTION_COMPLETE && t->why == NULL && over >= 0)
		say(r, i, "What it is read over was not read completely.", NULL);
	if (t->how != COLLECTION_COMPLETE && t->why == NULL)
		say(r, i, "It was not read completely.", NULL);
	r->progress.over += d->told;
	return true;
}

/* Those that others are read over stand before them, so one walk is enough. */
static bool
end_what_may(struct rest_run *r, struct err *e)
{
	for (uint32_t i = 0; i < r->pack->collections_n; i++)
		if (r->readings[i].wanted && !r->told_of[i].over && may_end(r, i) &&
		    !end_collection(r, i, e))
			return false;
	return true;
}

/* What is made of what is known is what was made of it then. */
static bool
is_known(struct rest_run *r, uint32_t i)
{
	struct reading *d = &r->readings[i];
	const uint32_t  slot = rest_derived_slot(r, i);

	if (!is_derived(r, i))
		return d->parked > 0;
	if (!d->wanted || r->told_of[i].over)
		return false;
	d->spared = r->recall.now->derived[slot] = r->recall.before->derived[slot];
	return true;
}

void
rest_end_known(struct rest_run *r)
{
	for (uint32_t i = 0; i < r->pack->collections_n; i++) {
		struct source_collection *t = told(r, i);
		struct reading           *d = &r->readings[i];

		if (!is_known(r, i))
			continue;
		d->known = true;
		t->how = COLLECTION_COMPLETE;
		t->over = true;
		t->items = d->rows.n + d->spared;
		t->took_ms = d->began_ms == 0 ? 0 : r->now_ms - d->began_ms;
		r->progress.over += d->told;
	}
}

void
rest_begin_known(struct rest_run *r)
{
	for (uint32_t i = 0; i < r->pack->collections_n; i++) {
		struct source_collection *t = told(r, i);
		struct reading           *d = &r->readings[i];

		if (!d->known)
			continue;
		d->known = false;
		if (is_derived(r, i))
			d->spared = 0;
		t->how = COLLECTION_FAILED;
		t->over = false;
		t->items = d->rows.n;
		r->progress.over -= d->told;
	}
}

/* ---- the ends of chains ---- */

static enum completeness
worse(const struct reading *d, enum completeness how)
{
	if (d->failed == 0 || d->worst == how)
		return how;
	return COLLECTION_FAILED;
}

void
rest_chain_failed(struct rest_run *r, struct chain *c, const struct verdict *v)
{
	struct reading               *d = &r->readings[c->collection];
	const struct pack_collection *p = &r->pack->collections[c->collection];
	struct err                    none = { 0 };

	rest_recall_lose(r);
	d->worst = worse(d, v->how);
	d->unlicensed = v->licence && (d->failed == 0 || d->unlicensed);
	d->failed++;
	d->open--;
	say(r, c->collection, v->say != NULL ? v->say : "It could not be read.", v->remedy);
	if (v->how == COLLECTION_FORBIDDEN && !v->licence)
		told(r, c->collection)->permission = p->permission;
	rest_chain_drop(r, c);
	if (!end_what_may(r, &none)) {
		r->failed = true;
		r->why = none;
	}
}

static bool
keep_rows(struct rest_run *r, struct chain *c, struct err *e)
{
	struct rest_rows *rows = &r->readings[c->collection].rows;
	struct rest_row  *more;

	if (rows->n + c->rows.n > rows->room) {
		uint32_t room = (rows->n + c->rows.n) * 2;

		more = talloc_realloc(r, rows->at, struct rest_row, room);
		if (more == NULL)
			return err_memory(e);
		rest_hold(r, rows->room * ROW_BYTES, room * ROW_BYTES);
		rows->room = room;
		rows->at = more;
	}
	if (c->rows.n > 0)
		memcpy(rows->at + rows->n, c->rows.at, c->rows.n * sizeof *rows->at);
	rows->n += c->rows.n;
	return true;
}

static bool
check_promise(struct rest_run *r, const struct chain *c, struct err *e)
{
	char *why;

	if (!c->promises || c->items >= c->promised)
		return true;
	why = talloc_asprintf(r, "The source says that there are %llu items, and gave %llu.",
	    (unsigned long long)c->promised, (unsigned long long)c->items);
	if (why == NULL)
		return err_memory(e);
	rest_short_of(r, c->collection, why);
	return true;
}

bool
rest_chain_done(struct rest_run *r, struct chain *c, struct err *e)
{
	const struct pack_collection *p = &r->pack->collections[c->collection];

	if (p->gather.n > 0) {
		if (!rest_page_begin(c, e) || !rest_gather(r, c, e))
			return false;
		rest_page_end(r, c, true);
	}
	if (!check_promise(r, c, e) || !keep_rows(r, c, e))
		return false;
	r->readings[c->collection].open--;
	told(r, c->collection)->items = r->readings[c->collection].rows.n;
	/* its pages are what the rows are made of, so it stays; what only paging needed goes */
	TALLOC_FREE(c->rows.at);
	TALLOC_FREE(c->seen);
	TALLOC_FREE(c->url);
	rest_chain_count(r, c);
	return end_what_may(r, e);
}

bool
rest_chain_missing(struct rest_run *r, struct chain *c, struct err *e)
{
	c->rows.n = 0;
	c->promises = false;
	if (r->pack->collections[c->collection].gather.n > 0)
		return rest_chain_done(r, c, e);
	r->readings[c->collection].open--;
	rest_chain_drop(r, c);
	return end_what_may(r, e);
}

/* ---- what is read over rows ---- */

static bool
escape(TALLOC_CTX *mem, const struct pack_collection *p, const struct rest_row *row,
    struct str *out, struct err *e)
{
	struct buf b;

	*out = row->key;
	if (p->key.n != 1 || row->over != NULL)
		return true;
	buf_make(&b, mem);
	json_pointer_add(&b, row->key);
	if (!buf_ok(&b))
		return err_memory(e);
	*out = (struct str) { b.p + 1, b.n - 1 };
	return true;
}

static bool
read_over(struct rest_run *r, uint32_t collection, const struct rest_row *row, struct err *e)
{
	const int32_t over = r->pack->collections[collection].over;
	struct chain *c = rest_chain_add(r, collection);

	if (c == NULL)
		return err_memory(e);
	c->over = &c->item;
	c->item.at = row->at;
	c->item.form =
	    (struct form_item) { row->value, row->over == NULL ? NULL : &row->over->form };
	if (!escape(c, &r->pack->collections[over], row, &c->item.key, e))
		return false;
	rest_chain_count(r, c);
	rest_line_up(r, c);
	return true;
}

/* NULL: it may go on. */
static const char *
why_no_more(struct rest_run *r)
{
	const char *say;

	if (r->tried >= REST_REQUESTS_MAX)
		return "The run has asked 200000 times, which is as often as it may.";
	return rest_holds_too_much(r, &say) ? say : NULL;
}

static bool
may_spread(const struct rest_run *r, uint32_t i)
{
	const int32_t over = r->pack->collections[i].over;

	return r->readings[i].wanted && over >= 0 && r->readings[i].at < r->readings[over].rows.n;
}

bool
rest_spread(struct rest_run *r, struct err *e)
{
	const char *why = why_no_more(r);
	bool        left_out = false;

	for (uint32_t i = 0; i < r->pack->collections_n; i++) {
		struct reading         *d = &r->readings[i];
		const struct rest_rows *rows;

		if (!may_spread(r, i))
			continue;
		rows = &r->readings[r->pack->collections[i].over].rows;
		if (why != NULL) {
			rest_short_of(r, i, why);
			d->at = rows->n;
			left_out = true;
		} else if (d->open < REST_OPEN_MAX && rest_lane_is_free(r, i) &&
			   !read_over(r, i, &rows->at[d->at++], e)) {
			return false;
		}
	}
	return !left_out || end_what_may(r, e);
}

/* ---- the whole ---- */

static bool
is_wanted(const struct strings *categories, struct str category)
{
	for (size_t i = 0; i < categories->n; i++)
		if (str_eqz(category, categories->items[i]))
			return true;
	return categories->n == 0;
}

/* What a wanted collection is read over is read too, and what it is made of. */
static void
want(struct rest_run *r, const struct strings *categories)
{
	for (uint32_t i = r->pack->collections_n; i > 0; i--) {
		struct reading *d = &r->readings[i - 1];
		const int32_t   over = r->pack->collections[i - 1].over;

		d->told = is_wanted(categories, r->pack->collections[i - 1].category);
		d->wanted = d->wanted || d->told;
		if (d->wanted)
			rest_want_parts(r, i - 1);
		if (d->wanted && over >= 0)
			r->readings[over].wanted = r->readings[over].feeds = true;
	}
}

static bool
name_all(struct rest_run *r, struct err *e)
{
	for (uint32_t i = 0; i < r->pack->collections_n; i++) {
		r->told_of[i].category = str_dup(r, r->pack->collections[i].category);
		if (r->told_of[i].category == NULL)
			return err_memory(e);
		r->told_of[i].how = COLLECTION_FAILED;
	}
	return true;
}

bool
rest_lay_out(struct rest_run *r, const struct strings *categories, struct err *e)
{
	const uint32_t n = r->pack->collections_n;
	struct chain  *c;

	r->readings = talloc_zero_array(r, struct reading, n + 1);
	r->told_of = talloc_zero_array(r, struct source_collection, n + 1);
	r->lanes = talloc_zero_array(r, struct lane, (unsigned)r->pack->limits_n + 1);
	if (r->readings == NULL || r->told_of == NULL || r->lanes == NULL)
		return err_memory(e);
	if (!name_all(r, e))
		return false;
	want(r, categories);
	for (uint32_t i = 0; i < n; i++) {
		r->told_of[i].unasked = !r->readings[i].told;
		if (!r->readings[i].wanted || r->pack->collections[i].over >= 0 || is_derived(r, i))
			continue;
		c = rest_chain_add(r, i);
		if (c == NULL)
			return err_memory(e);
		rest_line_up(r, c);
	}
	return true;
}

bool
rest_is_over(const struct rest_run *r)
{
	for (uint32_t i = 0; i < r->pack->collections_n; i++)
		if (r->readings[i].wanted && !r->told_of[i].over)
			return false;
	return true;
}

/* Of a config that asks for some only, those that were only the way to them are left out. */
void
rest_tell(const struct rest_run *r, struct source_progress *out)
{
	*out = r->progress;
	out->collections = r->told_of;
	out->n = r->pack->collections_n;
}

static size_t
count_rows(const struct rest_run *r)
{
	size_t n = 0;

	for (uint32_t i = 0; i < r->pack->collections_n; i++)
		n += r->readings[i].told ? r->readings[i].rows.n + r->readings[i].spared : 0;
	return n;
}

/* Nothing was made of it. */
static bool
collected_before(struct rest_run *r, struct collected *out, struct err *e)
{
	*out = (struct collected) { .n = count_rows(r), .same = true };
	out->collections = talloc_zero_array(r, struct collection, r->pack->collections_n + 1);
	if (out->collections == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < r->pack->collections_n; i++)
		if (r->readings[i].told)
			out->collections[out->collections_n++] =
			    (struct collection) { r->pack->collections[i].category,
				    r->told_of[i].how, true, false };
	return true;
}

bool
rest_collected(struct rest_run *r, struct collected *out, struct err *e)
{
	size_t n = count_rows(r);

	if (r->recall.same)
		return collected_before(r, out, e);
	*out = (struct collected) { .recall = r->recall.now };
	if (r->recall.now != NULL)
		recall_finish(r->recall.now);
	out->resources = talloc_zero_array(r, struct resource, (unsigned)n + 1);
	out->collections = talloc_zero_array(r, struct collection, r->pack->collections_n + 1);
	if (out->resources == NULL || out->collections == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < r->pack->collections_n; i++) {
		const struct reading *d = &r->readings[i];
		struct str            category = r->pack->collections[i].category;

		if (!d->told)
			continue;
		out->collections[out->collections_n++] =
		    (struct collection) { category, r->told_of[i].how, true, false };
		for (uint32_t k = 0; k < d->rows.n; k++)
			out->resources[out->n++] =
			    (struct resource) { category, d->rows.at[k].key, d->rows.at[k].value };
	}
	return true;
}
