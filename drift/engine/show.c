/* resource.h: a normal form as people get to see it; naming.h: the same in a document of a patch.
 */
#include "drift/engine/compare_priv.h"
#include "drift/engine/mark.h"
#include "drift/engine/naming.h"
#include "drift/engine/number.h"
#include "drift/engine/resource.h"

/* By what masks are called; NULL: by nothing. */
struct naming_walk {
	const struct naming *by;
	struct naming_place *at; /* of the value at hand */
};

static void
print_mark(struct buf *out, struct str mark, const struct naming_walk *w)
{
	if (w == NULL)
		mark_json(out, mark, NULL);
	else
		naming_print(out, w->by, w->at, mark);
}

static void print(struct buf *out, const struct json *v, const struct naming_walk *w);

/* The i-th part of a container. */
static void
print_part(struct buf *out, const struct json *v, uint32_t i, const struct naming_walk *w)
{
	struct naming_place at;

	if (w == NULL) {
		print(out, &v->items[i], NULL);
		return;
	}
	at = v->type == JSON_OBJECT ? naming_member(w->at, v->names[i])
				    : naming_element(w->at, &v->items[i]);
	print(out, &v->items[i], &(struct naming_walk) { w->by, &at });
}

static void
print(struct buf *out, const struct json *v, const struct naming_walk *w)
{
	bool object = v->type == JSON_OBJECT;

	if (v->type == JSON_STRING) {
		if (mark_at(v))
			print_mark(out, v->text, w);
		else
			buf_json(out, mark_clear(v->text));
		return;
	}
	if (v->type == JSON_NUMBER) {
		number_print(out, v->text);
		return;
	}
	if (v->type != JSON_ARRAY && !object) {
		json_print(out, v);
		return;
	}
	buf_putc(out, object ? '{' : '[');
	for (uint32_t i = 0; i < v->n; i++) {
		if (i > 0)
			buf_putc(out, ',');
		if (object) {
			buf_json(out, v->names[i]);
			buf_putc(out, ':');
		}
		print_part(out, v, i, w);
	}
	buf_putc(out, object ? '}' : ']');
}

void
resource_print(struct buf *out, const struct json *v)
{
	print(out, v, NULL);
}

void
naming_print_value(
    struct buf *out, const struct naming *n, struct naming_place *at, const struct json *v)
{
	print(out, v, &(struct naming_walk) { n, at });
}

void
resource_print_named(struct buf *out, const struct compare_spec *spec, const struct resource *r,
    const struct json *v)
{
	const struct naming by = { .spec = spec };
	struct naming_place root = naming_root(&by, r);

	naming_print_value(out, &by, &root, v);
}
