#include "drift/engine/fingerprint.h"

#include <string.h>

#include "drift/engine/compare_priv.h"
#include "drift/engine/number.h"

/* "2:id" */
static void
add_part(struct buf *b, struct str s)
{
	buf_i64(b, (int64_t)s.n);
	buf_putc(b, ':');
	buf_add(b, s.p, s.n);
}

/* Of category, key, path and op, each behind its length; the path is not copied for that. */
bool
fingerprint_of(const struct compare_spec *spec, const struct change_name *c, struct buf *text,
    uint8_t out[static HASH_LEN], struct err *e)
{
	struct str path = c->tag.n > 0 ? c->tag : c->path;
	size_t     before;

	text->n = 0;
	add_part(text, c->category);
	add_part(text, c->key);
	if (c->tag.n > 0)
		buf_puts(text, "~#");
	buf_i64(text, (int64_t)path.n);
	buf_putc(text, ':');
	before = text->n;
	add_part(text, c->op);
	if (!buf_ok(text))
		return err_memory(e);
	hash_key_parts(spec->finger_key,
	    (const struct str[]) {
		{ text->p, before }, path, { text->p + before, text->n - before } },
	    3, out);
	return true;
}

/* ---- of the first edition ---- */

/* How much of it is a number in canonical text that a member is equal to; 0: none. */
static size_t
number_at(struct str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != '\0' && strchr("-+0123456789e", s.p[n]) != NULL)
		n++;
	return n > 0 && n < s.n && (s.p[n] == ',' || s.p[n] == ']') ? n : 0;
}

/* The end of the JSON string that begins there. */
static size_t
string_at(struct str s)
{
	size_t n = 1;

	while (n < s.n && s.p[n] != '"')
		n += s.p[n] == '\\' ? 2 : 1;
	return n < s.n ? n + 1 : s.n;
}

bool
fingerprint_path_now(struct buf *out, struct str path, struct err *e)
{
	for (size_t i = 0, n; i < path.n; i += n) {
		struct str rest = { path.p + i, path.n - i };
		bool       value = i > 0 && path.p[i - 1] == '=';

		n = value && rest.p[0] == '"' ? string_at(rest) : value ? number_at(rest) : 0;
		if (n > 0 && rest.p[0] != '"')
			number_print(out, (struct str) { rest.p, n });
		else
			buf_add(out, rest.p, n > 0 ? n : 1);
		n = n > 0 ? n : 1;
	}
	return buf_ok(out) || err_memory(e);
}
