#include "drift/engine/transform.h"

#include <string.h>

#include "core/base/index.h"
#include "core/base/unicode.h"
#include "drift/engine/number.h"

static bool
set_text(struct json *v, struct str text, bool *changed)
{
	*changed = *changed || !str_eq(v->text, text);
	v->text = text;
	return true;
}

static bool
fold(TALLOC_CTX *mem, const struct compare_entry *x, struct json *v, bool *changed, struct err *e)
{
	struct str text;

	if (v->type != JSON_STRING)
		return true;
	return (x->how == NORMALISE_NFC ? unicode_nfc(mem, v->text, &text, e)
					: unicode_nfkc_casefold(mem, v->text, &text, e)) &&
	       set_text(v, text, changed);
}

/* ---- round ---- */

static bool
round_time(TALLOC_CTX *mem, int64_t seconds, struct json *v, bool *changed, struct err *e)
{
	int64_t ms, unit = seconds * 1000, rest;
	char   *text;

	if (v->type != JSON_STRING || !time_parse(v->text, &ms))
		return true;
	text = talloc_size(mem, TIME_TEXT_MAX);
	if (text == NULL)
		return err_memory(e);
	rest = ms % unit;
	time_print(ms - rest - (rest < 0 ? unit : 0), text);
	return set_text(v, str_of(text), changed);
}

static bool
round_number(TALLOC_CTX *mem, int64_t digits, struct json *v, bool *changed, struct err *e)
{
	struct str text;

	if (v->type != JSON_NUMBER)
		return true;
	return number_round(mem, v->text, digits, &text, e) && set_text(v, text, changed);
}

/* ---- split ---- */

/* Up to the next separator; returns what is behind it (p == NULL: nothing more). */
static struct str
cut(struct str s, struct str separator, struct str *head)
{
	const char *at = memmem(s.p, s.n, separator.p, separator.n);

	*head = s;
	if (at == NULL)
		return (struct str) { NULL, 0 };
	head->n = (size_t)(at - s.p);
	return (struct str) { at + separator.n, s.n - head->n - separator.n };
}

static uint32_t
count_parts(struct str text, struct str separator)
{
	uint32_t   n = 0;
	struct str part;

	while (text.p != NULL) {
		text = cut(text, separator, &part);
		n += part.n > 0;
	}
	return n;
}

/* The parts, each once, in the order they first stand in. */
static bool
distinct(
    TALLOC_CTX *mem, const struct index_entry *parts, uint32_t n, struct json *out, struct err *e)
{
	uint32_t *group = talloc_array(mem, uint32_t, n), groups;
	bool     *seen = talloc_zero_array(mem, bool, n);
	bool      ok = group != NULL && seen != NULL;

	out->n = 0;
	ok = (ok || err_memory(e)) && index_group(mem, parts, n, group, &groups, e);
	for (uint32_t i = 0; ok && i < n; i++) {
		if (!seen[group[i]])
			out->items[out->n++] =
			    (struct json) { .type = JSON_STRING, .text = parts[i].text };
		seen[group[i]] = true;
	}
	talloc_free(group);
	talloc_free(seen);
	return ok;
}

static bool
split(TALLOC_CTX *mem, struct str separator, struct json *v, bool *changed, struct err *e)
{
	struct str          rest = v->text, part;
	uint32_t            n, i = 0;
	struct index_entry *parts;
	struct json         list = { .type = JSON_ARRAY };
	bool                ok;

	if (v->type != JSON_STRING)
		return true;
	n = v->text.n > 0 ? count_parts(v->text, separator) : 0;
	parts = talloc_array(mem, struct index_entry, n);
	list.items = talloc_array(mem, struct json, n);
	if (parts == NULL || list.items == NULL)
		return err_memory(e);
	while (i < n) {
		rest = cut(rest, separator, &part);
		if (part.n > 0)
			parts[i++] = index_entry(part, 0);
	}
	ok = distinct(mem, parts, n, &list, e);
	talloc_free(parts);
	*v = list;
	*changed = true;
	return ok;
}

/* ---- embedded JSON ---- */

static unsigned
levels_of(const struct json *v)
{
	unsigned most = 0;

	if (v->type != JSON_ARRAY && v->type != JSON_OBJECT)
		return 0;
	for (uint32_t i = 0; i < v->n; i++) {
		unsigned below = levels_of(&v->items[i]);

		most = below > most ? below : most;
	}
	return most + 1;
}

/* Whether all numbers in it have a canonical text: else it stays the string it is. */
static bool
numbers_fit(const struct json *v)
{
	if (v->type == JSON_NUMBER)
		return number_in_limits(v->text);
	for (uint32_t i = 0; i < v->n; i++)
		if (!numbers_fit(&v->items[i]))
			return false;
	return true;
}

static bool
embedded(TALLOC_CTX *mem, unsigned levels, struct json *v, bool *changed, struct err *e)
{
	struct err   own = { 0 };
	struct json *tree;

	if (v->type != JSON_STRING)
		return true;
	tree = json_parse(mem, v->text, &own);
	if (tree == NULL)
		return own.code != ERR_INTERNAL || err_memory(e);
	if ((tree->type != JSON_OBJECT && tree->type != JSON_ARRAY) || levels_of(tree) > levels ||
	    !numbers_fit(tree))
		return true;
	*v = *tree;
	*changed = true;
	return true;
}

bool
transform_apply(TALLOC_CTX *mem, const struct compare_entry *x, unsigned levels, struct json *v,
    bool *changed, struct err *e)
{
	switch (x->how) {
	case NORMALISE_CASEFOLD:
	case NORMALISE_NFC:
		return fold(mem, x, v, changed, e);
	case NORMALISE_SPLIT:
		return levels == 0 || split(mem, x->separator, v, changed, e);
	case NORMALISE_EMBEDDED_JSON:
		return embedded(mem, levels, v, changed, e);
	case NORMALISE_ROUND:
		return x->seconds > 0 ? round_time(mem, x->seconds, v, changed, e)
				      : round_number(mem, x->digits, v, changed, e);
	case NORMALISE_IGNORE:
	case NORMALISE_MASK:
	case NORMALISE_EMPTY_IS_ABSENT:
	case NORMALISER__MAX:
		break;
	}
	return true;
}
