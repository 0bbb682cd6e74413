/* json.h: looking at a tree, and its text. */
#include "core/base/scan.h"
#include "core/json/json.h"

#include <stdlib.h>
#include <string.h>

#define SMALL 16

/* ---- looking at a tree ---- */

const struct json *
json_get(const struct json *object, const char *name)
{
	struct str s = str_of(name);

	if (object == NULL || object->type != JSON_OBJECT)
		return NULL;
	for (uint32_t i = 0; i < object->n; i++)
		if (str_eq(object->names[i], s))
			return &object->items[i];
	return NULL;
}

/* Does a pointer's step (with ~0 and ~1) name this member? */
static bool
step_is(struct str step, struct str name)
{
	size_t j = 0;

	for (size_t i = 0; i < step.n; i++, j++) {
		char c = step.p[i];

		if (c == '~' && i + 1 < step.n && (step.p[i + 1] == '0' || step.p[i + 1] == '1'))
			c = step.p[++i] == '0' ? '~' : '/';
		else if (c == '~')
			return false;
		if (j >= name.n || name.p[j] != c)
			return false;
	}
	return j == name.n;
}

const struct json *
json_child(const struct json *v, struct str step)
{
	uint64_t i;

	if (v->type == JSON_OBJECT) {
		for (uint32_t m = 0; m < v->n; m++)
			if (step_is(step, v->names[m]))
				return &v->items[m];
		return NULL;
	}
	if (v->type != JSON_ARRAY || (step.n > 1 && step.p[0] == '0') || !str_to_u64(step, &i))
		return NULL;
	return i < v->n ? &v->items[i] : NULL;
}

const struct json *
json_at(const struct json *root, struct str pointer)
{
	const struct json *v = root;
	struct str         step;

	if (pointer.n > 0 && pointer.p[0] != '/')
		return NULL;
	for (size_t i = 0; v != NULL && i < pointer.n;) {
		const char *p = pointer.p + i + 1;
		const char *end = memchr(p, '/', pointer.n - i - 1);

		step = (struct str) { p, end != NULL ? (size_t)(end - p) : pointer.n - i - 1 };
		v = json_child(v, step);
		i += 1 + step.n;
	}
	return v;
}

bool
json_is_bool(const struct json *v)
{
	return v != NULL && (v->type == JSON_TRUE || v->type == JSON_FALSE);
}

/* ---- canonical text ---- */

/* From `i` on the first byte that has an escape, or one near the end, where there are too few to
 * look at many. */
static inline size_t
unescaped(struct str s, size_t i)
{
	for (; s.n - i >= SCAN_BYTES; i += SCAN_BYTES) {
		scan_bytes v = scan_load(s.p + i);
		unsigned   odd = scan_mask(((v >= 0) & (v < ' ')) | (v == '"') | (v == '\\'));

		if (odd != 0)
			return i + (size_t)__builtin_ctz(odd);
	}
	return i;
}

/* Minimal escapes: `"`, `\` and the control characters below U+0020, the short form where there is
 * one. */
void
json_canonical_string(struct buf *b, struct str s)
{
	static const char hex[] = "0123456789abcdef", with[] = "btn?fr"; /* 8..13 */
	size_t            done = 0;

	buf_putc(b, '"');
	for (size_t i = unescaped(s, 0); i < s.n; i++) {
		uint8_t c = (uint8_t)s.p[i];
		char    esc[6] = { '\\', (char)c, '0', '0', '0', '0' };
		size_t  n = 2;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		if (c >= 8 && c <= 13 && c != 11) {
			esc[1] = with[c - 8];
		} else if (c < 0x20) {
			esc[1] = 'u';
			esc[4] = (char)('0' + (c >> 4));
			esc[5] = hex[c & 15];
			n = 6;
		}
		buf_add(b, s.p + done, i - done);
		buf_add(b, esc, n);
		done = i + 1;
		i = unescaped(s, done) - 1;
	}
	buf_add(b, s.p + done, s.n - done);
	buf_putc(b, '"');
}

int64_t
json_number_exponent(const char *p, const char *end)
{
	int64_t v = 0;
	bool    minus = p < end && *p == '-';

	if (p < end && (*p == '-' || *p == '+'))
		p++;
	for (; p < end && v <= JSON_NUMBER_EXPONENT_MAX; p++)
		v = v * 10 + (*p - '0');
	return minus ? -v : v;
}

static bool
json_canonical_number(struct buf *b, struct str s)
{
	const char *end = s.p + s.n, *p = s.p, *e;
	char        digits[JSON_NUMBER_DIGITS_MAX];
	size_t      n = 0, seen = 0;
	int64_t     exp = 0, at;
	bool        minus = s.n > 0 && *p == '-', fraction = false;

	for (p += minus; p < end && (*p | 0x20) != 'e'; p++) {
		if (*p == '.') {
			fraction = true;
			continue;
		}
		if (++seen > JSON_NUMBER_DIGITS_MAX)
			return false;
		exp -= fraction;
		if (n > 0 || *p != '0')
			digits[n++] = *p;
	}
	e = p;
	at = e < end ? json_number_exponent(e + 1, end) : 0;
	for (exp += at; n > 0 && digits[n - 1] == '0'; n--)
		exp++;
	if (llabs(at) > JSON_NUMBER_EXPONENT_MAX ||
	    (n > 0 && llabs(exp) > JSON_NUMBER_EXPONENT_MAX))
		return false;
	if (n == 0) {
		buf_add(b, "0e0", 3);
		return true;
	}
	if (minus)
		buf_putc(b, '-');
	buf_add(b, digits, n);
	buf_printf(b, "e%lld", (long long)exp);
	return true;
}

struct member {
	struct str         name;
	const struct json *value;
};

static int
member_cmp(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return str_cmp(x->name, y->name);
}

static void
sort_small(struct member *m, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		struct member x = m[i];
		uint32_t      j = i;

		for (; j > 0 && str_cmp(m[j - 1].name, x.name) > 0; j--)
			m[j] = m[j - 1];
		m[j] = x;
	}
}

static bool
canonical_object(struct buf *b, const struct json *v, struct err *e)
{
	struct member few[SMALL], *m = few;
	bool          ok = true;

	if (v->n > SMALL && (m = talloc_array(b->mem, struct member, v->n)) == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < v->n; i++)
		m[i] = (struct member) { v->names[i], &v->items[i] };
	if (v->n <= SMALL)
		sort_small(m, v->n);
	else
		qsort(m, v->n, sizeof *m, member_cmp);
	buf_putc(b, '{');
	for (uint32_t i = 0; ok && i < v->n; i++) {
		if (i > 0)
			buf_putc(b, ',');
		json_canonical_string(b, m[i].name);
		buf_putc(b, ':');
		ok = json_canonical(b, m[i].value, e);
	}
	buf_putc(b, '}');
	if (m != few)
		talloc_free(m);
	return ok;
}

static bool
canonical_array(struct buf *b, const struct json *v, struct err *e)
{
	buf_putc(b, '[');
	for (uint32_t i = 0; i < v->n; i++) {
		if (i > 0)
			buf_putc(b, ',');
		if (!json_canonical(b, &v->items[i], e))
			return false;
	}
	buf_putc(b, ']');
	return true;
}

bool
json_canonical(struct buf *b, const struct json *v, struct err *e)
{
	switch (v->type) {
	case JSON_NULL:
		buf_add(b, "null", 4);
		break;
	case JSON_FALSE:
		buf_add(b, "false", 5);
		break;
	case JSON_TRUE:
		buf_add(b, "true", 4);
		break;
	case JSON_STRING:
		json_canonical_string(b, v->text);
		break;
	case JSON_NUMBER:
		if (!json_canonical_number(b, v->text))
			return err_set(e, ERR_INVALID, 0,
			    "A number is too long or its exponent too large.",
			    "number of %zu bytes has no canonical text", v->text.n);
		break;
	case JSON_ARRAY:
		if (!canonical_array(b, v, e))
			return false;
		break;
	case JSON_OBJECT:
		if (!canonical_object(b, v, e))
			return false;
		break;
	}
	return buf_ok(b) || err_memory(e);
}

/* ---- exact text ---- */

void
json_print(struct buf *b, const struct json *v)
{
	static const char *const words[] = { "null", "false", "true" };

	switch (v->type) {
	case JSON_NULL:
	case JSON_FALSE:
	case JSON_TRUE:
		buf_puts(b, words[v->type]);
		return;
	case JSON_NUMBER:
		buf_add(b, v->text.p, v->text.n);
		return;
	case JSON_STRING:
		buf_json(b, v->text);
		return;
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	buf_putc(b, v->type == JSON_ARRAY ? '[' : '{');
	for (uint32_t i = 0; i < v->n; i++) {
		if (i > 0)
			buf_putc(b, ',');
		if (v->type == JSON_OBJECT) {
			buf_json(b, v->names[i]);
			buf_putc(b, ':');
		}
		json_print(b, &v->items[i]);
	}
	buf_putc(b, v->type == JSON_ARRAY ? ']' : '}');
}

void
json_pointer_add(struct buf *pointer, struct str name)
{
	size_t done = 0;

	buf_putc(pointer, '/');
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] != '~' && name.p[i] != '/')
			continue;
		buf_add(pointer, name.p + done, i - done);
		buf_add(pointer, name.p[i] == '~' ? "~0" : "~1", 2);
		done = i + 1;
	}
	buf_add(pointer, name.p + done, name.n - done);
}
