/* norm.h: masks, and what has to be escaped so as not to pass for one. */
#include <stdio.h>
#include <string.h>

#include "drift/engine/mark.h"
#include "drift/engine/norm.h"
#include "drift/engine/secret.h"

#define STEPS_MASK 60

/* ---- what is secret ---- */

static bool
is_escaped(struct str text)
{
	return text.n > 0 && text.p[0] == '\0';
}

/* A mask that was made before. */
static bool
is_made(const struct norm *n, const struct json *v)
{
	return n->from == RESOURCE_STORED && mark_at(v);
}

/* As it was outside: a stored string that begins with U+0000 has one more of them than its source.
 */
static struct str
outside(const struct norm *n, const struct json *v)
{
	return n->from == RESOURCE_STORED ? mark_clear(v->text) : v->text;
}

bool
norm_is_plain(struct norm *n, struct str text)
{
	struct secret_part part;

	if (is_escaped(text))
		return false;
	n->looked += text.n;
	return !n->second || !secret_next(text, 0, &part);
}

size_t
norm_secrets(struct norm *n, const struct json *v)
{
	struct secret_part part = { 0, 0 };
	size_t             found = 0;
	struct str         text;

	if (!n->second || v->type != JSON_STRING || is_made(n, v))
		return 0;
	text = outside(n, v);
	n->looked += text.n;
	while (secret_next(text, part.to, &part))
		found++;
	return found;
}

/* ---- making masks ---- */

/* Of the canonical text of a scalar, in hex. */
static bool
add_hex(struct norm *n, const struct json *clear, char *hex)
{
	return work_spend(n->work, WORK_NORMALISE, STEPS_MASK + clear->text.n / 2, n->e) &&
	       mark_hmac(n->mem, n->spec->mask_key, clear, hex, n->e);
}

static bool
mask_all(struct norm *n, const struct json *v, struct json *out)
{
	struct json clear = *v;
	char       *text = chunks_take(&n->room, MARK_LEN + MARK_HEX + 1);

	if (v->type == JSON_STRING)
		clear.text = outside(n, v);
	if (text == NULL)
		return err_memory(n->e);
	memcpy(text, MARK, MARK_LEN);
	n->masks = true;
	*out = (struct json) { .type = JSON_STRING, .text = { text, MARK_LEN + MARK_HEX } };
	return add_hex(n, &clear, text + MARK_LEN);
}

/* A mask of parts becomes one of all. */
static bool
mask_rest(struct norm *n, const struct json *v, struct json *out, bool *changed)
{
	char *text;

	n->masks = true;
	*changed = !mark_is_whole(v->text);
	if (!*changed)
		return true;
	text = chunks_copy(&n->room, v->text.p, MARK_LEN + MARK_HEX);
	if (text == NULL)
		return err_memory(n->e);
	memcpy(text, MARK, MARK_LEN);
	*out = (struct json) { .type = JSON_STRING, .text = { text, MARK_LEN + MARK_HEX } };
	return true;
}

/* What stays readable. */
static void
add_clear(struct buf *b, struct str s)
{
	for (const char *zero; s.n > 0 && (zero = memchr(s.p, '\0', s.n)) != NULL;) {
		size_t to = (size_t)(zero - s.p) + 1;

		buf_add(b, s.p, to);
		buf_putc(b, '\0');
		s = (struct str) { s.p + to, s.n - to };
	}
	buf_add(b, s.p, s.n);
}

/* The secrets in a text; *changed false: there are none. */
static bool
mask_parts(struct norm *n, const struct json *v, struct json *out, bool *changed)
{
	const struct json  clear = { .type = JSON_STRING, .text = outside(n, v) };
	struct str         text = clear.text;
	struct secret_part part;
	char               hex[MARK_HEX + 1];
	size_t             at = 0;
	struct buf         b;

	*changed = secret_next(text, 0, &part);
	if (!*changed)
		return true;
	if (part.from == 0 && part.to == text.n)
		return mask_all(n, v, out);
	if (!add_hex(n, &clear, hex))
		return false;
	n->masks = true;
	buf_make(&b, n->mem);
	buf_add(&b, MARK_PARTLY, MARK_LEN);
	buf_add(&b, hex, MARK_HEX);
	do {
		add_clear(&b, (struct str) { text.p + at, part.from - at });
		buf_add(&b, MARK_PART, sizeof MARK_PART - 1);
		at = part.to;
	} while (secret_next(text, at, &part));
	add_clear(&b, (struct str) { text.p + at, text.n - at });
	*out = (struct json) { .type = JSON_STRING, .text = buf_str(&b) };
	return buf_ok(&b) || err_memory(n->e);
}

/* ---- scalars ---- */

/* No text from outside may pass for a mask. */
static bool
escape(struct norm *n, const struct json *v, struct json *out)
{
	char *text = chunks_take(&n->room, v->text.n + 1);

	if (text == NULL)
		return err_memory(n->e);
	text[0] = '\0';
	memcpy(text + 1, v->text.p, v->text.n);
	*out = (struct json) { .type = JSON_STRING, .text = { text, v->text.n + 1 } };
	return true;
}

/* By its place alone: whatever it holds. */
static bool
is_secret(const struct norm *n, const struct json *v, unsigned todo)
{
	if ((todo & DO(NORMALISE_MASK)) != 0)
		return v->type != JSON_NULL;
	return (todo & SECRET) != 0 && v->type == JSON_STRING && !secret_is_none(outside(n, v));
}

bool
norm_scalar(struct norm *n, const struct json *v, unsigned todo, struct json *out, bool *changed)
{
	bool secret = is_secret(n, v, todo), string = v->type == JSON_STRING;

	*changed = false;
	if (is_made(n, v)) {
		n->masks = true;
		return !secret || mask_rest(n, v, out, changed);
	}
	if (secret) {
		*changed = true;
		return mask_all(n, v, out);
	}
	if (n->second && string && (todo & DO(NORMALISE_UNMASK)) == 0 &&
	    !mask_parts(n, v, out, changed))
		return false;
	if (*changed)
		return true;
	*changed = (todo & CONNECTION) != 0 && string && !secret_is_none(outside(n, v));
	if (*changed)
		return mask_all(n, v, out);
	*changed = string && is_escaped(v->text) && n->from == RESOURCE_SOURCE;
	return !*changed || escape(n, v, out);
}

bool
norm_parts(struct norm *n, struct str text, struct json *mark, bool *found)
{
	const struct json v = { .type = JSON_STRING, .text = text };

	return mask_parts(n, &v, mark, found);
}
