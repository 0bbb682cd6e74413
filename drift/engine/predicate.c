#include "drift/engine/predicate.h"

#include <stdlib.h>
#include <string.h>

#include "drift/engine/element.h"
#include "drift/engine/mark.h"
#include "drift/engine/meaning.h"
#include "drift/engine/number.h"

#define LIST_MAX 1000

/* ---- compiling ---- */

/* Folded, and then by bytes. */
static int
folded_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;

	for (size_t i = 0; i < n; i++) {
		uint8_t x = (uint8_t)glob_lower(a.p[i]), y = (uint8_t)glob_lower(b.p[i]);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return (a.n > b.n) - (a.n < b.n);
}

static int
by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static int
by_folded_text(const void *a, const void *b)
{
	return folded_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* So that a value is looked up among them, not held against each. */
static bool
gather_texts(struct compiler *c, struct predicate *p)
{
	uint32_t others = 0;

	p->texts = talloc_array(c->mem, struct str, p->n);
	if (p->texts == NULL)
		return err_memory(c->e);
	for (uint32_t i = 0; i < p->n; i++) {
		const struct predicate *x = &p->items[i];

		if (x->kind == PREDICATE_EQUAL && x->value->type == JSON_STRING)
			p->texts[p->texts_n++] = x->value->text;
		else
			p->items[others++] = *x;
	}
	p->n = others;
	if (p->texts_n > 1)
		qsort(p->texts, p->texts_n, sizeof *p->texts, c->fold ? by_folded_text : by_text);
	return true;
}

static bool
compile_list(struct compiler *c, const char *member, const struct json *items, uint32_t n,
    enum predicate_kind kind, struct predicate *out)
{
	*out = (struct predicate) { .kind = kind, .fold = c->fold };
	if (n == 0 || n > LIST_MAX)
		return compiler_fault(c, member, "a list needs 1 to 1000 entries");
	if (!compiler_charge(c, member, n))
		return false;
	out->items = talloc_zero_array(c->mem, struct predicate, n);
	if (out->items == NULL)
		return err_memory(c->e);
	for (; out->n < n; out->n++)
		if (!predicate_compile(c, member, &items[out->n], &out->items[out->n]))
			return false;
	return kind != PREDICATE_ONE_OF || gather_texts(c, out);
}

static bool
compile_number(struct compiler *c, const char *member, const struct json *v,
    enum predicate_kind kind, struct predicate *out)
{
	*out = (struct predicate) { .kind = kind, .fold = c->fold, .value = v };
	return v->type != JSON_NUMBER || number_in_limits(v->text) ||
	       compiler_fault(c, member, "the number is too long");
}

static bool
compile_object(struct compiler *c, const char *member, const struct json *v, struct predicate *out)
{
	const struct json *value = v->n == 1 ? &v->items[0] : NULL;
	struct str         name = value != NULL ? v->names[0] : STR("");

	*out = (struct predicate) { .fold = c->fold, .value = value };
	if (str_eqz(name, "match")) {
		out->kind = PREDICATE_MATCH;
		return compiler_globs(c, member, value, c->fold, &out->globs);
	}
	if (str_eqz(name, "exists") && json_is_bool(value)) {
		out->kind = value->type == JSON_TRUE ? PREDICATE_EXISTS : PREDICATE_ABSENT;
		return true;
	}
	if (str_eqz(name, "not"))
		return compile_list(c, member, value, 1, PREDICATE_NOT, out);
	if ((str_eqz(name, "above") || str_eqz(name, "below")) && value->type == JSON_NUMBER)
		return compile_number(c, member, value,
		    str_eqz(name, "above") ? PREDICATE_ABOVE : PREDICATE_BELOW, out);
	if (str_eqz(name, "contains") && value->type == JSON_STRING && value->text.n > 0) {
		out->kind = PREDICATE_CONTAINS;
		return value->text.n <= GLOB_TEXT_MAX ||
		       compiler_fault(c, member, "contains is longer than 256 bytes");
	}
	if (str_eqz(name, "is") && value->type == JSON_STRING) {
		out->kind = PREDICATE_IS;
		out->meaning = meaning_by_name(value->text);
		return out->meaning != MEANING_NONE ||
		       compiler_fault(
			   c, member, "is must be one of on, off, watched, deny, allow, anybody");
	}
	return compiler_fault(
	    c, member, "an object must be one of is, match, contains, exists, not, above, below");
}

bool
predicate_compile(
    struct compiler *c, const char *member, const struct json *v, struct predicate *out)
{
	if (v->type == JSON_OBJECT)
		return compile_object(c, member, v, out);
	if (v->type == JSON_ARRAY)
		return compile_list(c, member, v->items, v->n, PREDICATE_ONE_OF, out);
	return compile_number(c, member, v, PREDICATE_EQUAL, out);
}

/* ---- holding ---- */

/* Of two numbers their digits are looked at, of two texts as much as the shorter has. */
static uint64_t
equal_steps(const struct json *a, const struct json *b)
{
	size_t n = a->text.n < b->text.n ? a->text.n : b->text.n;

	if (a->type != b->type || (a->type != JSON_STRING && a->type != JSON_NUMBER))
		return 1;
	return 1 + n / (a->type == JSON_NUMBER ? 8 : 16);
}

static bool
equal(const struct predicate *p, const struct json *v)
{
	if (p->fold && v->type == JSON_STRING && p->value->type == JSON_STRING)
		return v->text.n == p->value->text.n &&
		       text_same(true, v->text.p, p->value->text.p, v->text.n);
	return element_scalar_equal(p->value, v);
}

static bool
among_texts(const struct predicate *p, struct str s)
{
	uint32_t low = 0, high = p->texts_n;

	while (low < high) {
		uint32_t at = low + (high - low) / 2;
		int      c = p->fold ? folded_cmp(s, p->texts[at]) : str_cmp(s, p->texts[at]);

		if (c == 0)
			return true;
		low = c > 0 ? at + 1 : low;
		high = c < 0 ? at : high;
	}
	return false;
}

static bool
any_holds(
    struct matcher *m, const struct predicate *p, const struct json *v, bool *yes, struct err *e)
{
	struct work *work = matcher_work(m);

	*yes = false;
	if (p->texts_n > 0 && v != NULL && v->type == JSON_STRING) {
		/* each look ends where the texts differ, at the latest with the shorter one */
		if (!work_spend(
			work, WORK_RULES, 10 + 10 * (v->text.n < 4096 ? v->text.n : 4096) / 16, e))
			return false;
		*yes = among_texts(p, v->text);
	}
	for (uint32_t i = 0; !*yes && i < p->n; i++)
		if (!predicate_holds(m, &p->items[i], v, yes, e))
			return false;
	return true;
}

static bool
holds_number(
    struct matcher *m, const struct predicate *p, const struct json *v, bool *yes, struct err *e)
{
	int c;

	if (v->type != JSON_NUMBER)
		return true;
	if (!work_spend(matcher_work(m), WORK_RULES, 1 + (v->text.n + p->value->text.n) / 8, e))
		return false;
	c = number_cmp(v->text, p->value->text);
	*yes = p->kind == PREDICATE_ABOVE ? c > 0 : c < 0;
	return true;
}

/* Of a value that is there. */
static bool
holds_value(
    struct matcher *m, const struct predicate *p, const struct json *v, bool *yes, struct err *e)
{
	if (p->kind == PREDICATE_ABOVE || p->kind == PREDICATE_BELOW)
		return holds_number(m, p, v, yes, e);
	if (p->kind == PREDICATE_EQUAL) {
		*yes = equal(p, v);
		return work_spend(matcher_work(m), WORK_RULES, equal_steps(p->value, v), e);
	}
	if (p->kind == PREDICATE_IS) {
		*yes = meaning_holds(p->meaning, v);
		return work_spend(matcher_work(m), WORK_RULES, 2, e);
	}
	if (v->type != JSON_STRING)
		return true;
	if (p->kind == PREDICATE_MATCH)
		return matcher_globs(m, &p->globs, v->text, yes, e);
	return matcher_find(m, p->fold, v->text, p->value->text, yes, e);
}

static bool
holds(struct matcher *m, const struct predicate *p, const struct json *v, bool *yes, struct err *e)
{
	*yes = false;
	switch (p->kind) {
	case PREDICATE_EXISTS:
	case PREDICATE_ABSENT:
		*yes = (v != NULL) == (p->kind == PREDICATE_EXISTS);
		return work_spend(matcher_work(m), WORK_RULES, 1, e);
	case PREDICATE_ONE_OF:
		return any_holds(m, p, v, yes, e);
	case PREDICATE_NOT:
		if (!any_holds(m, p, v, yes, e))
			return false;
		*yes = !*yes;
		return true;
	case PREDICATE_EQUAL:
	case PREDICATE_MATCH:
	case PREDICATE_CONTAINS:
	case PREDICATE_IS:
	case PREDICATE_ABOVE:
	case PREDICATE_BELOW:
		break;
	}
	return v == NULL || holds_value(m, p, v, yes, e);
}

/* What is masked is "[masked]" to a condition: whoever writes conditions would find the mask of a
 * value by them, digit by digit. */
bool
predicate_holds(
    struct matcher *m, const struct predicate *p, const struct json *v, bool *yes, struct err *e)
{
	struct json shown = { .type = JSON_STRING };
	struct buf  text;
	bool        ok;

	if (v == NULL || !mark_at(v))
		return holds(m, p, v, yes, e);
	buf_make(&text, NULL);
	mark_text(&text, v->text, NULL);
	shown.text = buf_str(&text);
	ok = buf_ok(&text) ? holds(m, p, &shown, yes, e) : err_memory(e);
	talloc_free(text.p);
	return ok;
}
