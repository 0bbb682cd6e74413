#include "drift/engine/redact.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/chunks.h"
#include "core/base/index.h"
#include "drift/engine/mark.h"

#define STEPS_VALUE 1
#define STEPS_MARK  60 /* to name its place, beside the names on the way to it */
#define HASH_STEP   0x9E3779B97F4A7C15u

static const char no_mark[] =
    MARK "0000000000000000000000000000000000000000000000000000000000000000";
_Static_assert(sizeof no_mark - 1 == MARK_LEN + 2 * HASH_LEN, "it passes for a mask");

/* Places are told apart by a hash of 64 bits: of two with the same one only one is named. */
struct redaction_private {
	struct chunks room;
	struct work  *work;
	uint64_t      named[REDACTED_SHOWN];
	uint64_t     *beyond; /* of all met when there was no more room, again and again */
	size_t        beyond_n, beyond_cap;
};

/* The way down to a value; hashed only where there is a mask below. */
struct spot {
	struct spot *up;
	struct str   name;
	bool         element, hashed;
	uint64_t     hash;
};

/* One resource. */
struct redacting {
	struct redaction      *x;
	TALLOC_CTX            *mem;
	const struct resource *r;
	struct err            *e;
};

struct redaction *
redaction_make(TALLOC_CTX *mem, struct work *work, struct err *e)
{
	struct redaction *x = talloc_zero(mem, struct redaction);

	if (x != NULL)
		x->p = talloc_zero(x, struct redaction_private);
	if (x == NULL || x->p == NULL) {
		(void)err_memory(e);
		return NULL;
	}
	x->p->room = (struct chunks) { .mem = x };
	x->p->work = work;
	return x;
}

/* ---- places ---- */

static uint64_t
hash_of(struct redacting *g, struct spot *at)
{
	if (at->hashed)
		return at->hash;
	at->hashed = true;
	if (at->up == NULL)
		at->hash = index_hash(g->r->category, 0) * HASH_STEP + index_hash(g->r->key, 1);
	else
		at->hash =
		    hash_of(g, at->up) * HASH_STEP + (at->element ? 1 : index_hash(at->name, 2));
	return at->hash;
}

static void
add_path(const struct spot *at, struct buf *out)
{
	if (at->up == NULL || out->n > REDACTED_PATH_MAX)
		return;
	add_path(at->up, out);
	if (out->n > REDACTED_PATH_MAX)
		return;
	if (at->element)
		buf_puts(out, "/*");
	else if (at->name.n > REDACTED_PATH_MAX)
		buf_puts(out, "/\xe2\x80\xa6");
	else
		json_pointer_add(out, at->name);
	if (out->n > REDACTED_PATH_MAX)
		buf_puts(out, "/\xe2\x80\xa6");
}

static bool
name_place(struct redacting *g, const struct spot *at, struct err *e)
{
	struct redaction      *x = g->x;
	struct redacted_place *out = &x->places[x->n];
	struct buf             path;

	buf_make(&path, g->mem);
	add_path(at, &path);
	if (!buf_ok(&path))
		return err_memory(e);
	out->category.p = chunks_text(&x->p->room, g->r->category);
	out->key.p = chunks_text(&x->p->room, g->r->key);
	out->path.p = chunks_text(&x->p->room, buf_str(&path));
	out->category.n = g->r->category.n;
	out->key.n = g->r->key.n;
	out->path.n = path.n;
	talloc_free(path.p);
	return (out->category.p != NULL && out->key.p != NULL && out->path.p != NULL) ||
	       err_memory(e);
}

static bool
count_beyond(struct redaction_private *p, struct redaction *x, uint64_t hash, struct err *e)
{
	uint64_t *more;

	if (p->beyond_n == p->beyond_cap) {
		p->beyond_cap = p->beyond_cap > 0 ? 2 * p->beyond_cap : 1024;
		more = talloc_realloc(x, p->beyond, uint64_t, (unsigned)p->beyond_cap);
		if (more == NULL)
			return err_memory(e);
		p->beyond = more;
	}
	p->beyond[p->beyond_n++] = hash;
	return true;
}

static bool
meet(struct redacting *g, struct spot *at)
{
	struct redaction *x = g->x;
	uint64_t          hash = hash_of(g, at);

	for (size_t i = 0; i < x->n; i++)
		if (x->p->named[i] == hash)
			return true;
	if (x->n == REDACTED_SHOWN)
		return count_beyond(x->p, x, hash, g->e);
	x->p->named[x->n] = hash;
	if (!name_place(g, at, g->e))
		return false;
	x->n++;
	return true;
}

static int
by_hash(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

size_t
redaction_more(struct redaction *x)
{
	struct redaction_private *p = x->p;
	size_t                    n = 0;

	if (p->beyond_n > 1)
		qsort(p->beyond, p->beyond_n, sizeof p->beyond[0], by_hash);
	for (size_t i = 0; i < p->beyond_n; i++)
		n += i == 0 || p->beyond[i] != p->beyond[i - 1];
	return n;
}

struct redaction_point
redaction_here(const struct redaction *x)
{
	return (struct redaction_point) { x->n, x->p->beyond_n };
}

void
redaction_back(struct redaction *x, struct redaction_point to)
{
	x->n = to.n;
	x->p->beyond_n = to.beyond;
}

/* ---- values: containers are copied from the first part that changes on ---- */

static bool redact_value(
    struct redacting *g, struct spot *at, const struct json *v, struct json *out, bool *changed);

static bool
redact_parts(
    struct redacting *g, struct spot *at, const struct json *v, struct json *out, bool *changed)
{
	struct json *items = NULL, part;
	bool         object = v->type == JSON_OBJECT, moved;

	if (!work_spend(g->x->p->work, WORK_COMPARE, STEPS_VALUE * (1 + (uint64_t)v->n), g->e))
		return false;
	for (uint32_t i = 0; i < v->n; i++) {
		struct spot below = {
			.up = at, .name = object ? v->names[i] : STR(""), .element = !object
		};

		if (!redact_value(g, &below, &v->items[i], &part, &moved))
			return false;
		if (moved && items == NULL) {
			items = talloc_memdup(g->mem, v->items, v->n * sizeof items[0]);
			if (items == NULL)
				return err_memory(g->e);
		}
		if (moved)
			items[i] = part;
	}
	*changed = items != NULL;
	*out = *v;
	if (*changed)
		out->items = items;
	return true;
}

static bool
redact_value(
    struct redacting *g, struct spot *at, const struct json *v, struct json *out, bool *changed)
{
	*changed = false;
	if (v->type == JSON_ARRAY || v->type == JSON_OBJECT)
		return redact_parts(g, at, v, out, changed);
	if (!mark_at(v))
		return true;
	*changed = true;
	*out = (struct json) { .type = JSON_STRING, .text = { no_mark, sizeof no_mark - 1 } };
	return work_spend(g->x->p->work, WORK_COMPARE, STEPS_MARK + WORK_BYTES(at->name.n), g->e) &&
	       meet(g, at);
}

bool
redact(struct redaction *x, TALLOC_CTX *mem, struct resource *r, struct err *e)
{
	struct redacting g = { .x = x, .mem = mem, .r = r, .e = e };
	struct spot      root = { .name = STR("") };
	struct json      value, *to;
	bool             changed;

	if (!redact_value(&g, &root, r->value, &value, &changed))
		return false;
	if (!changed)
		return true;
	to = talloc(mem, struct json);
	if (to == NULL)
		return err_memory(e);
	*to = value;
	r->value = to;
	return true;
}
