#include "drift/engine/transform.h"

#include <string.h>

#include "core/base/index.h"
#include "core/base/unicode.h"
#include "drift/engine/number.h"
#include "drift/engine/spelling.h"

/* Measured: of a byte of text that is not ASCII, of reading a text, of the memory that has. */
#define FOLD_STEPS      3
#define EMBEDDED_STEPS  100
#define EMBEDDED_VALUES 16

static bool
set_text(struct json *v, struct str text, bool *changed)
{
	*changed = *changed || !str_eq(v->text, text);
	v->text = text;
	return true;
}

/* What one transformation is made with. */
struct making {
	TALLOC_CTX  *mem;
	struct work *work;
	struct json *v;
	bool        *changed;
	struct err  *e;
};

static bool
spend(const struct making *m, uint64_t steps)
{
	return work_spend(m->work, WORK_NORMALISE, steps, m->e);
}

/* ---- casefold, nfc ---- */

/* How many bytes in front are ASCII and in lower case. */
static size_t
plain(struct str s, bool any_case)
{
	size_t i = 0;

	while (i < s.n && (uint8_t)s.p[i] < 0x80 && (any_case || s.p[i] == glob_lower(s.p[i])))
		i++;
	return i;
}

static bool
lower(const struct making *m)
{
	struct str s = m->v->text;
	char      *p = talloc_size(m->mem, s.n);

	if (p == NULL)
		return err_memory(m->e);
	for (size_t i = 0; i < s.n; i++)
		p[i] = glob_lower(s.p[i]);
	return set_text(m->v, (struct str) { p, s.n }, m->changed);
}

/* Code points on the way take four times the text: they are not kept. */
static bool
map(const struct making *m, bool nfc)
{
	TALLOC_CTX *tmp = talloc_new(m->mem);
	struct str  in = m->v->text, out;
	char       *p = NULL;
	bool        ok;

	if (tmp == NULL)
		return err_memory(m->e);
	ok = nfc ? unicode_nfc(tmp, in, &out, m->e) : unicode_nfkc_casefold(tmp, in, &out, m->e);
	if (!ok && err_take(m->e, ERR_TOO_LARGE)) { /* it does not fit */
		ok = true;
	} else if (ok && !str_eq(in, out)) {
		p = talloc_memdup(m->mem, out.n > 0 ? out.p : "", out.n + 1);
		ok = p != NULL ? set_text(m->v, (struct str) { p, out.n }, m->changed)
			       : err_memory(m->e);
	}
	talloc_free(tmp);
	return ok;
}

/* ASCII is in every normal form, and has its own way to lower case. */
static bool
fold(const struct making *m, bool nfc)
{
	struct str s = m->v->text;

	if (m->v->type != JSON_STRING)
		return true;
	if (!spend(m, 1 + s.n / 4))
		return false;
	if (plain(s, nfc) == s.n)
		return true;
	if (plain(s, true) == s.n)
		return lower(m);
	return spend(m, 20 + FOLD_STEPS * (uint64_t)s.n) &&
	       (!unicode_is_stream_safe(s) || map(m, nfc));
}

/* ---- round ---- */

static bool
round_time(const struct making *m, int64_t seconds)
{
	int64_t ms, unit = seconds * 1000, rest;
	char   *text;

	if (m->v->type != JSON_STRING)
		return true;
	if (!spend(m, 20))
		return false;
	if (!time_parse(m->v->text, &ms))
		return true;
	text = talloc_size(m->mem, TIME_TEXT_MAX);
	if (text == NULL)
		return err_memory(m->e);
	rest = ms % unit;
	time_print(ms - rest - (rest < 0 ? unit : 0), text);
	return set_text(m->v, str_of(text), m->changed);
}

static bool
round_number(const struct making *m, int64_t digits)
{
	struct str text;

	if (m->v->type != JSON_NUMBER)
		return true;
	return spend(m, 20 + m->v->text.n / 4) &&
	       number_round(m->mem, m->v->text, digits, &text, m->e) &&
	       set_text(m->v, text, m->changed);
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
split(const struct making *m, struct str separator)
{
	struct json        *v = m->v, list = { .type = JSON_ARRAY };
	struct str          rest = v->text, part;
	uint32_t            n, i = 0;
	struct index_entry *parts;
	bool                ok;

	if (v->type != JSON_STRING)
		return true;
	if (!spend(m, 10 + v->text.n))
		return false;
	n = v->text.n > 0 ? count_parts(v->text, separator) : 0;
	if (!work_make(m->work, WORK_NORMALISE, 1 + n, m->e) || !spend(m, 8 * (uint64_t)n))
		return false;
	parts = talloc_array(m->mem, struct index_entry, n);
	list.items = talloc_array(m->mem, struct json, n);
	if (parts == NULL || list.items == NULL)
		return err_memory(m->e);
	while (i < n) {
		rest = cut(rest, separator, &part);
		if (part.n > 0)
			parts[i++] = index_entry(part, 0);
	}
	ok = distinct(m->mem, parts, n, &list, m->e);
	talloc_free(parts);
	*v = list;
	*m->changed = true;
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

static uint64_t
count_values(const struct json *v)
{
	uint64_t n = 1;

	if (v->type == JSON_ARRAY || v->type == JSON_OBJECT)
		for (uint32_t i = 0; i < v->n; i++)
			n += count_values(&v->items[i]);
	return n;
}

/* Only what begins like an object or an array can hold one. */
static bool
may_hold(struct str s)
{
	size_t i = 0;

	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\n' || s.p[i] == '\r'))
		i++;
	return i < s.n && (s.p[i] == '{' || s.p[i] == '[');
}

/* What is read is of its own context, so that what is no JSON in the end leaves nothing behind. */
static bool
embedded(const struct making *m, unsigned levels)
{
	struct err   own = { 0 };
	TALLOC_CTX  *mem;
	struct json *tree;
	struct str   text = str_without_bom(m->v->text);

	if (m->v->type != JSON_STRING || !may_hold(text))
		return true;
	if (!spend(m, EMBEDDED_STEPS + 2 * (uint64_t)m->v->text.n))
		return false;
	mem = talloc_new(m->mem);
	if (mem == NULL)
		return err_memory(m->e);
	tree = json_parse(mem, text, &own);
	if (tree == NULL && own.code == ERR_INTERNAL)
		return err_memory(m->e);
	if (tree == NULL || levels_of(tree) > levels || !numbers_fit(tree)) {
		talloc_free(mem);
		return true;
	}
	*m->v = *tree;
	*m->changed = true;
	return work_make(m->work, WORK_NORMALISE, EMBEDDED_VALUES + count_values(tree), m->e);
}

/* ---- one spelling for many (spelling.h) ---- */

/* The text, or the number, that stands for it. */
static bool
put_spelling(const struct making *m, enum json_type type, const char *text)
{
	char *p = talloc_strdup(m->mem, text);

	if (p == NULL)
		return err_memory(m->e);
	*m->changed = *m->changed || type != m->v->type;
	m->v->type = type;
	return set_text(m->v, str_of(p), m->changed);
}

static bool
spell_short(const struct making *m, enum normaliser how)
{
	char text[SPELLING_QUANTITY_MAX];
	bool fits;

	_Static_assert(sizeof text >= SPELLING_DURATION_MAX && sizeof text >= CIDR_TEXT_MAX, "");
	if (m->v->type != JSON_STRING || m->v->text.n >= sizeof text)
		return true;
	if (!spend(m, 20))
		return false;
	if (how == NORMALISE_CIDR)
		fits = spelling_cidr(m->v->text, text);
	else if (how == NORMALISE_DURATION)
		fits = spelling_duration(m->v->text, text);
	else
		fits = spelling_quantity(m->v->text, text);
	return !fits ||
	       put_spelling(m, how == NORMALISE_QUANTITY ? JSON_NUMBER : JSON_STRING, text);
}

static bool
spell_boolean(const struct making *m)
{
	bool truth;

	if (m->v->type != JSON_STRING || !spelling_boolean(m->v->text, &truth))
		return true;
	*m->v = (struct json) { .type = truth ? JSON_TRUE : JSON_FALSE };
	*m->changed = true;
	return spend(m, 1);
}

/* Either becomes shorter, or stays as long where it only changes. */
static bool
spell_long(const struct making *m, enum normaliser how)
{
	struct str s = m->v->text;
	char      *p;
	size_t     n;
	bool       fits = true;

	if (m->v->type != JSON_STRING || s.n == 0 ||
	    memchr(s.p, how == NORMALISE_EOL ? '\r' : '%', s.n) == NULL)
		return true;
	if (!spend(m, 1 + s.n))
		return false;
	p = talloc_size(m->mem, s.n);
	if (p == NULL)
		return err_memory(m->e);
	if (how == NORMALISE_EOL)
		n = spelling_eol(s, p);
	else
		fits = spelling_url(s, p, &n);
	if (fits)
		return set_text(m->v, (struct str) { p, n }, m->changed);
	talloc_free(p);
	return true;
}

/* ---- a list of one ---- */

static bool
as_array(const struct making *m)
{
	struct json *only;

	if (m->v->type == JSON_ARRAY || m->v->type == JSON_NULL)
		return true;
	if (!work_make(m->work, WORK_NORMALISE, 1, m->e))
		return false;
	only = talloc(m->mem, struct json);
	if (only == NULL)
		return err_memory(m->e);
	*only = *m->v;
	*m->v = (struct json) { .type = JSON_ARRAY, .n = 1, .items = only };
	*m->changed = true;
	return true;
}

bool
transform_suits(const struct compare_entry *x, bool element, bool masked)
{
	if (x->how == NORMALISE_AS_ARRAY)
		return !element;
	return !masked || (x->how != NORMALISE_QUANTITY && x->how != NORMALISE_BOOLEAN_TEXT);
}

bool
transform_apply(TALLOC_CTX *mem, const struct compare_entry *x, unsigned levels, struct json *v,
    bool *changed, struct work *work, struct err *e)
{
	const struct making m = { mem, work, v, changed, e };

	switch (x->how) {
	case NORMALISE_CASEFOLD:
	case NORMALISE_NFC:
		return fold(&m, x->how == NORMALISE_NFC);
	case NORMALISE_SPLIT:
		return levels == 0 || split(&m, x->separator);
	case NORMALISE_EMBEDDED_JSON:
		return embedded(&m, levels);
	case NORMALISE_ROUND:
		return x->seconds > 0 ? round_time(&m, x->seconds) : round_number(&m, x->digits);
	case NORMALISE_AS_ARRAY:
		return levels == 0 || as_array(&m);
	case NORMALISE_CIDR:
	case NORMALISE_QUANTITY:
	case NORMALISE_DURATION:
		return spell_short(&m, x->how);
	case NORMALISE_EOL:
	case NORMALISE_URL_DECODED:
		return spell_long(&m, x->how);
	case NORMALISE_BOOLEAN_TEXT:
		return spell_boolean(&m);
	case NORMALISE_IGNORE:
	case NORMALISE_MASK:
	case NORMALISE_UNMASK:
	case NORMALISE_EMPTY_IS_ABSENT:
	case NORMALISER__MAX:
		break;
	}
	return true;
}
