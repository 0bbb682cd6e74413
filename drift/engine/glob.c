#include "drift/engine/glob.h"

#include <string.h>

struct glob
glob_make(struct str text, bool fold)
{
	struct glob g = { .text = text, .fold = fold };

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '*')
			continue;
		if (g.stars++ == 0)
			g.head = (uint32_t)i;
		g.tail = (uint32_t)(text.n - i - 1);
	}
	return g;
}

/* Not strncasecmp: that ends at U+0000, and what it folds is the locale's business. */
bool
text_same(bool fold, const char *a, const char *b, size_t n)
{
	if (!fold)
		return n == 0 || memcmp(a, b, n) == 0;
	for (size_t i = 0; i < n; i++)
		if (glob_lower(a[i]) != glob_lower(b[i]))
			return false;
	return true;
}

/* Knuth, Morris and Pratt: how long a beginning of `what` also ends there. */
static void
borders(struct str what, uint16_t *border)
{
	uint16_t k = 0;

	border[0] = 0;
	for (size_t i = 1; i < what.n; i++) {
		while (k > 0 && glob_lower(what.p[k]) != glob_lower(what.p[i]))
			k = border[k - 1];
		k = (uint16_t)(k + (glob_lower(what.p[k]) == glob_lower(what.p[i])));
		border[i] = k;
	}
}

/* The first letter in either case, so that most of a text is passed over quickly. */
static const char *
find_folded(struct str s, struct str what)
{
	uint16_t border[GLOB_TEXT_MAX];
	size_t   k = 0;

	if (what.n == 1 || s.n <= what.n || what.n > GLOB_TEXT_MAX) {
		for (size_t i = 0; i + what.n <= s.n; i++)
			if (text_same(true, s.p + i, what.p, what.n))
				return s.p + i;
		return NULL;
	}
	borders(what, border);
	for (size_t i = 0; i < s.n; i++) {
		char c = glob_lower(s.p[i]);

		while (k > 0 && c != glob_lower(what.p[k]))
			k = border[k - 1];
		k += c == glob_lower(what.p[k]);
		if (k == what.n)
			return s.p + i + 1 - k;
	}
	return NULL;
}

const char *
text_find(bool fold, struct str s, struct str what)
{
	if (what.n == 0)
		return s.p;
	if (what.n > s.n)
		return NULL;
	return fold ? find_folded(s, what) : memmem(s.p, s.n, what.p, what.n);
}

struct str
glob_inner(const struct glob *g)
{
	if (g->stars < 2)
		return (struct str) { NULL, 0 };
	return (struct str) { g->text.p + g->head + 1, g->text.n - g->head - g->tail - 2 };
}

bool
glob_match_ends(const struct glob *g, struct str s)
{
	if (s.p == NULL)
		s = STR("");
	if (g->stars == 0)
		return s.n == g->text.n && text_same(g->fold, s.p, g->text.p, s.n);
	return s.n >= (size_t)g->head + g->tail && text_same(g->fold, s.p, g->text.p, g->head) &&
	       text_same(g->fold, s.p + s.n - g->tail, g->text.p + g->text.n - g->tail, g->tail);
}

/* Taking each inner piece at its leftmost place is enough: a `*` follows every one. */
static bool
match_inner(const struct glob *g, struct str s)
{
	struct str inner = glob_inner(g), piece;

	for (uint32_t i = 1; i < g->stars; i++) {
		const char *at;

		inner = str_cut(inner, '*', &piece);
		at = text_find(g->fold, s, piece);
		if (at == NULL)
			return false;
		s.n -= (size_t)(at - s.p) + piece.n;
		s.p = at + piece.n;
	}
	return true;
}

bool
glob_match(const struct glob *g, struct str s)
{
	if (s.p == NULL) /* of no text there is no place to count from */
		s = STR("");
	return glob_match_ends(g, s) &&
	       (g->stars < 2 ||
		   match_inner(g, (struct str) { s.p + g->head, s.n - g->head - g->tail }));
}

bool
globs_match(const struct globs *g, struct str s)
{
	for (size_t i = 0; i < g->n; i++)
		if (glob_match(&g->items[i], s))
			return true;
	return false;
}

bool
globs_compile(TALLOC_CTX *mem, const struct json *v, bool fold, const char *pointer,
    struct globs *out, struct err *e)
{
	bool               list = v->type == JSON_ARRAY;
	const struct json *items = list ? v->items : v;

	out->n = list ? v->n : 1;
	if (out->n == 0 || out->n > GLOBS_MAX)
		return err_fault(e, mem, pointer, "must have 1 to %d entries", GLOBS_MAX);
	out->items = talloc_array(mem, struct glob, (unsigned)out->n);
	if (out->items == NULL)
		return err_memory(e);
	for (size_t i = 0; i < out->n; i++) {
		if (items[i].type != JSON_STRING || items[i].text.n > GLOB_TEXT_MAX)
			return err_fault(e, mem, pointer,
			    "must be a string or a list of strings of at most %d bytes",
			    GLOB_TEXT_MAX);
		out->items[i] = glob_make(items[i].text, fold);
	}
	return true;
}
