/* resource.h: a normal form as people get to see it. */
#include "drift/engine/compare_priv.h"
#include "drift/engine/mark.h"
#include "drift/engine/number.h"
#include "drift/engine/resource.h"

/* Masks have names of this resource, and of the owner of the spec. */
struct naming {
	const struct compare_spec *spec;
	const struct resource     *r;
};

static void
print_mark(struct buf *out, struct str mark, const struct naming *by)
{
	char room[MARK_NAME + 1];

	if (by == NULL) {
		mark_json(out, mark, NULL);
		return;
	}
	mark_json(out, mark,
	    mark_name(by->spec->label_key, mark,
		(const struct str[]) { { (const char *)by->spec->owner, COMPARE_OWNER_LEN },
		    by->r->category, by->r->key },
		3, room));
}

static void
print(struct buf *out, const struct json *v, const struct naming *by)
{
	bool object = v->type == JSON_OBJECT;

	if (v->type == JSON_STRING) {
		if (mark_at(v))
			print_mark(out, v->text, by);
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
		print(out, &v->items[i], by);
	}
	buf_putc(out, object ? '}' : ']');
}

void
resource_print(struct buf *out, const struct json *v)
{
	print(out, v, NULL);
}

void
resource_print_named(struct buf *out, const struct compare_spec *spec, const struct resource *r,
    const struct json *v)
{
	print(out, v, &(struct naming) { spec, r });
}
