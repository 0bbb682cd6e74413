#include "drift/source/outline.h"

#include <string.h>

#include "core/base/scan.h"

/* What is left of the text. */
struct rest_of {
	const char *p, *end;
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
is_bracket(char c)
{
	return c == '[' || c == '{' || c == ']' || c == '}';
}

static void
skip_space(struct rest_of *t)
{
	while (t->p < t->end && is_space(*t->p))
		t->p++;
}

static bool
skip_char(struct rest_of *t, char c)
{
	if (t->p == t->end || *t->p != c)
		return false;
	t->p++;
	return true;
}

/* Behind the quote that ends a string, from behind the one that begins it. */
static bool
skip_text(struct rest_of *t)
{
	while (t->p < t->end) {
		if (t->end - t->p >= SCAN_BYTES) {
			const scan_bytes v = scan_load(t->p);
			const unsigned   m = scan_mask((v == '"') | (v == '\\'));

			if (m == 0) {
				t->p += SCAN_BYTES;
				continue;
			}
			t->p += __builtin_ctz(m);
		}
		if (*t->p == '"') {
			t->p++;
			return true;
		}
		if (*t->p == '\\' && ++t->p == t->end)
			return false;
		t->p++;
	}
	return false;
}

/* Of the bytes that are looked at together: in a text what may end it, else what may begin or end
 * something. */
struct marks {
	unsigned text, plain;
};

static struct marks
look(const char *p)
{
	const scan_bytes v = scan_load(p);
	const scan_bytes bracket = v & (char)~0x20; /* [ and {, ] and } differ in one bit */
	const unsigned   quotes = scan_mask(v == '"');

	return (struct marks) { quotes | scan_mask(v == '\\'),
		quotes | scan_mask((bracket == '[') | (bracket == ']')) };
}

struct depth {
	size_t n;
	bool   text; /* in one */
};

/* One byte that is marked; *step: to the next that counts.  True: all is closed. */
static bool
take_mark(struct depth *d, char c, unsigned *step)
{
	*step = 1;
	if (d->text) {
		d->text = c != '"';
		*step += c == '\\';
	} else if (c == '"') {
		d->text = true;
	} else if (c == '[' || c == '{') {
		d->n++;
	} else if (is_bracket(c)) {
		return --d->n == 0;
	}
	return false;
}

static bool
skip_brackets(struct rest_of *t)
{
	struct depth d = { 0 };
	unsigned     step;

	while (t->end - t->p >= SCAN_BYTES) {
		const struct marks m = look(t->p);
		unsigned           at = 0;

		while (at < SCAN_BYTES) {
			const unsigned left = (d.text ? m.text : m.plain) >> at;

			if (left == 0)
				break;
			at += (unsigned)__builtin_ctz(left);
			if (take_mark(&d, t->p[at], &step)) {
				t->p += at + 1;
				return true;
			}
			at += step;
		}
		t->p += at > SCAN_BYTES ? at : SCAN_BYTES;
	}
	for (; t->p < t->end; t->p += step)
		if (take_mark(&d, *t->p, &step)) {
			t->p++;
			return true;
		}
	return false;
}

static bool
skip_value(struct rest_of *t)
{
	const char *from = t->p;

	if (t->p == t->end || *t->p == ']' || *t->p == '}')
		return false;
	if (*t->p == '[' || *t->p == '{')
		return skip_brackets(t);
	if (skip_char(t, '"'))
		return skip_text(t);
	while (t->p < t->end && !is_space(*t->p) && *t->p != ',' && !is_bracket(*t->p))
		t->p++;
	return t->p > from;
}

/* To the value of a member of the object that begins here. */
static bool
go_into(struct rest_of *t, struct str name)
{
	if (!skip_char(t, '{'))
		return false;
	do {
		const char *from;
		bool        found;

		skip_space(t);
		if (!skip_char(t, '"'))
			return false;
		from = t->p;
		if (!skip_text(t))
			return false;
		found = str_eq((struct str) { from, (size_t)(t->p - from) - 1 }, name);
		skip_space(t);
		if (!skip_char(t, ':'))
			return false;
		skip_space(t);
		if (found)
			return true;
		if (!skip_value(t))
			return false;
		skip_space(t);
	} while (skip_char(t, ','));
	return false;
}

bool
outline_find(struct str text, struct str pointer, struct str *value)
{
	struct rest_of t = { text.p, text.p + text.n };
	struct str     steps = pointer, step;

	if (pointer.n > 0 && (pointer.p[0] != '/' || memchr(pointer.p, '~', pointer.n) != NULL))
		return false;
	skip_space(&t);
	if (pointer.n > 0)
		steps = (struct str) { pointer.p + 1, pointer.n - 1 };
	while (pointer.n > 0 && steps.p != NULL) {
		steps = str_cut(steps, '/', &step);
		if (!go_into(&t, step))
			return false;
	}
	value->p = t.p;
	if (!skip_value(&t))
		return false;
	value->n = (size_t)(t.p - value->p);
	return true;
}
