#include "drift/engine/element.h"

#include <stdlib.h>
#include <string.h>

#include "drift/engine/mark.h"
#include "drift/engine/number.h"
#include "drift/engine/spelling.h"

struct piece {
	struct str         text; /* member: its name; element: its element text */
	const struct json *value;
};

static int
piece_cmp(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	return str_cmp(x->text, y->text);
}

static struct piece *
pieces_make(struct buf *b, uint32_t n, struct err *e)
{
	struct piece *p = talloc_array(b->mem, struct piece, n);

	if (p == NULL)
		(void)err_memory(e);
	return p;
}

/* Members or elements put in order, and bytes moved by it. */
static bool
spend(struct work *work, uint32_t n, size_t bytes, struct err *e)
{
	return work_spend(work, WORK_COMPARE, 10 * (uint64_t)n + 2 * WORK_BYTES(bytes), e);
}

static bool
object_text(struct buf *b, const struct json *v, const struct element_how *how, struct row *here,
    struct err *e)
{
	struct piece *m = pieces_make(b, v->n, e);
	bool          ok = m != NULL && spend(how->work, v->n, 0, e);

	for (uint32_t i = 0; ok && i < v->n; i++)
		m[i] = (struct piece) { v->names[i], &v->items[i] };
	if (ok && v->n > 1)
		qsort(m, v->n, sizeof *m, piece_cmp);
	buf_putc(b, '{');
	for (uint32_t i = 0; ok && i < v->n; i++) {
		struct row *below =
		    how->arrays != NULL ? places_down(&how->arrays->places, here, m[i].text) : NULL;

		if (i > 0)
			buf_putc(b, ',');
		json_canonical_string(b, m[i].text);
		buf_putc(b, ':');
		ok = element_text(b, m[i].value, how, below, m[i].text, e);
	}
	buf_putc(b, '}');
	talloc_free(m);
	return ok;
}

/* The elements' texts stand one behind another from `start` on: orders them, with commas. */
static bool
arrange(struct buf *b, size_t start, struct piece *m, uint32_t n, bool set, struct err *e)
{
	struct buf sorted;
	size_t     at = start;

	if (!buf_ok(b))
		return err_memory(e);
	for (uint32_t i = 0; i < n; at += m[i++].text.n)
		m[i].text.p = b->p + at;
	qsort(m, n, sizeof *m, piece_cmp);
	buf_make(&sorted, b->mem);
	for (uint32_t i = 0; i < n; i++) {
		if (set && i > 0 && str_eq(m[i].text, m[i - 1].text))
			continue;
		buf_putc(&sorted, i == 0 ? '[' : ',');
		buf_add(&sorted, m[i].text.p, m[i].text.n);
	}
	b->n = start;
	buf_add(b, sorted.p, sorted.n);
	buf_putc(b, ']');
	talloc_free(sorted.p);
	return (buf_ok(b) && buf_ok(&sorted)) || err_memory(e);
}

static struct row *
below(const struct compare_pick *arrays, struct row *here, uint32_t i)
{
	return arrays != NULL ? places_down_index(&arrays->places, here, i) : NULL;
}

/* In their own order: there is nothing to arrange. */
static bool
list_text(struct buf *b, const struct json *v, const struct element_how *how, struct row *here,
    struct err *e)
{
	for (uint32_t i = 0; i < v->n; i++) {
		buf_putc(b, i == 0 ? '[' : ',');
		if (!element_text(b, &v->items[i], how, below(how->arrays, here, i), STR(""), e))
			return false;
	}
	buf_putc(b, ']');
	return true;
}

static bool
array_text(struct buf *b, const struct json *v, const struct element_how *how, struct row *here,
    struct str name, struct err *e)
{
	const struct compare_entry *entry =
	    how->arrays != NULL ? compare_array(how->arrays, here, name) : NULL;
	enum compare_mode mode = entry != NULL ? entry->mode : COMPARE_AUTO;
	struct piece     *m;
	size_t            start = b->n;
	bool              ok = true;

	if (v->n == 0) {
		buf_add(b, "[]", 2);
		return true;
	}
	if (v->n == 1 || mode == COMPARE_LIST || mode == COMPARE_ORDERED)
		return list_text(b, v, how, here, e);
	m = pieces_make(b, v->n, e);
	if (m == NULL)
		return false;
	for (uint32_t i = 0; ok && i < v->n; i++) {
		size_t before = b->n;

		ok = element_text(b, &v->items[i], how, below(how->arrays, here, i), STR(""), e);
		m[i] = (struct piece) { { NULL, b->n - before }, NULL };
	}
	ok = ok && spend(how->work, v->n, b->n - start, e) &&
	     arrange(b, start, m, v->n, mode == COMPARE_SET, e);
	talloc_free(m);
	return ok;
}

static bool
is_instant(const struct json *v, char out[static SPELLING_INSTANT_MAX])
{
	return v->type == JSON_STRING && spelling_instant(v->text, out);
}

bool
element_text(struct buf *b, const struct json *v, const struct element_how *how, struct row *here,
    struct str name, struct err *e)
{
	char text[SPELLING_INSTANT_MAX];
	bool ok = true;

	if (v->type == JSON_OBJECT)
		ok = object_text(b, v, how, here, e);
	else if (v->type == JSON_ARRAY)
		ok = array_text(b, v, how, here, name, e);
	else if (how->hidden && mark_at(v))
		buf_puts(b, "\"[masked]\"");
	else if (how->arrays != NULL && how->arrays->instants && is_instant(v, text))
		return json_canonical(
		    b, &(struct json) { .type = JSON_STRING, .text = str_of(text) }, e);
	else
		return json_canonical(b, v, e);
	return ok && e->code == ERR_OK && (buf_ok(b) || err_memory(e));
}

bool
element_scalar_equal(const struct json *a, const struct json *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case JSON_NULL:
	case JSON_FALSE:
	case JSON_TRUE:
		return true;
	case JSON_NUMBER:
		return number_cmp(a->text, b->text) == 0;
	case JSON_STRING:
		return str_eq(a->text, b->text);
	case JSON_ARRAY:
	case JSON_OBJECT:
		return a->n == 0 && b->n == 0;
	}
	return false;
}

bool
element_is_instant(const struct json *v)
{
	char text[SPELLING_INSTANT_MAX];

	return is_instant(v, text);
}

bool
element_same_instant(const struct json *a, const struct json *b)
{
	char x[SPELLING_INSTANT_MAX], y[SPELLING_INSTANT_MAX];

	return is_instant(a, x) && is_instant(b, y) && strcmp(x, y) == 0;
}

bool
element_same(const struct json *a, const struct json *b)
{
	if (a->type != b->type || a->n != b->n)
		return false;
	if (a->n == 0)
		return element_scalar_equal(a, b);
	for (uint32_t i = 0; i < a->n; i++)
		if ((a->type == JSON_OBJECT && !str_eq(a->names[i], b->names[i])) ||
		    !element_same(&a->items[i], &b->items[i]))
			return false;
	return true;
}
