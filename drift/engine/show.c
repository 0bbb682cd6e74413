/* resource.h: a normal form as people get to see it. */
#include <string.h>

#include "drift/engine/mark.h"
#include "drift/engine/number.h"
#include "drift/engine/resource.h"

bool
mark_is(struct str s)
{
	return s.n == MARK_LEN + 2 * (size_t)HASH_LEN && memcmp(s.p, MARK, MARK_LEN) == 0;
}

bool
mark_at(const struct json *v)
{
	return v->type == JSON_STRING && v->text.n > 0 && mark_is(v->text);
}

bool
mark_within(const struct json *v)
{
	if (v->type != JSON_ARRAY && v->type != JSON_OBJECT)
		return mark_at(v);
	for (uint32_t i = 0; i < v->n; i++)
		if (mark_within(&v->items[i]))
			return true;
	return false;
}

bool
resource_masked(const struct json *v, struct str *hex)
{
	if (!mark_at(v))
		return false;
	*hex = (struct str) { v->text.p + MARK_LEN, v->text.n - MARK_LEN };
	return true;
}

static void
print_string(struct buf *out, struct str s)
{
	if (s.n > 0 && s.p[0] == '\0') {
		if (mark_is(s)) {
			buf_puts(out, "\"[masked]\"");
			return;
		}
		s = (struct str) { s.p + 1, s.n - 1 };
	}
	buf_json(out, s);
}

void
resource_print(struct buf *out, const struct json *v)
{
	bool object = v->type == JSON_OBJECT;

	if (v->type == JSON_STRING) {
		print_string(out, v->text);
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
		resource_print(out, &v->items[i]);
	}
	buf_putc(out, object ? '}' : ']');
}
