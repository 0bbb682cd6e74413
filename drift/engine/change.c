/* diff.h: one change: its paths, its severity, its hashes. */
#include <stdio.h>
#include <string.h>

#include "drift/engine/walk.h"

#define STEPS_MAX     (JSON_DEPTH_MAX + 1)
#define CHANGES_FIRST 16

/* ---- paths ---- */

struct steps {
	struct str names[STEPS_MAX];
	struct str labels[STEPS_MAX]; /* of keyed elements; else empty */
	char       numbers[STEPS_MAX][12];
	size_t     n;
};

/* The path into the new value, into the old one when the value is only there. */
static void
steps_make(struct steps *s, const struct place *at, bool old)
{
	size_t depth = 0;

	for (const struct place *p = at; p->kind != PLACE_ROOT; p = p->up)
		depth++;
	s->n = depth;
	for (const struct place *p = at; depth-- > 0; p = p->up) {
		if (p->kind == PLACE_MEMBER) {
			s->names[depth] = p->name;
			continue;
		}
		s->names[depth] = (struct str) { s->numbers[depth],
			(size_t)snprintf(s->numbers[depth], sizeof s->numbers[depth], "%u",
			    old ? p->old_i : p->new_i) };
	}
}

/* Masked keys stay different from each other, and unknown. */
static bool
key_value(struct walk *w, const struct json *v, struct buf *b)
{
	struct str hex;

	if (!resource_masked(v, &hex))
		return json_canonical(b, v, w->e);
	buf_printf(b, "\"[masked:%.16s]\"", hex.p);
	return true;
}

/* "[id=\"x\"]" */
static bool
key_text(struct walk *w, const struct place *at, struct buf *b)
{
	buf_putc(b, '[');
	for (uint32_t i = 0; i < at->n_keys; i++) {
		const struct json *v = NULL;

		for (uint32_t m = 0; v == NULL && m < at->element->n; m++)
			if (str_eq(at->element->names[m], at->keys[i]))
				v = &at->element->items[m];
		if (i > 0)
			buf_putc(b, ',');
		buf_add(b, at->keys[i].p, at->keys[i].n);
		buf_putc(b, '=');
		if (v != NULL && !key_value(w, v, b))
			return false;
	}
	buf_putc(b, ']');
	return buf_ok(b) || err_memory(w->e);
}

static bool
key_label(struct walk *w, const struct place *at, struct buf *out)
{
	w->text.n = 0;
	if (!key_text(w, at, &w->text))
		return false;
	json_pointer_add(out, buf_str(&w->text));
	return true;
}

/* What rules may call the elements on the way; they are freed with the resource. */
static bool
label_steps(struct walk *w, const struct place *at, struct steps *s)
{
	size_t depth = s->n;

	for (const struct place *p = at; depth-- > 0; p = p->up) {
		struct buf b;

		s->labels[depth] = STR("");
		if (p->kind != PLACE_KEYED)
			continue;
		buf_make(&b, w->tmp);
		if (!key_text(w, p, &b))
			return false;
		s->labels[depth] = buf_str(&b);
	}
	return true;
}

/* The hash of a value at its place: the same for values that compare as equal. */
static bool
hash_value(struct walk *w, const struct place *at, const struct json *v)
{
	if (w->hashed == v)
		return true;
	w->text.n = 0;
	if (!element_text(&w->text, v, &w->arrays, at->here, at->name, w->e))
		return false;
	hash_key_hmac(w->d->state->spec->value_key, w->text.p, w->text.n, w->hash);
	w->hashed = v;
	return true;
}

/* For elements that are counted the identity is the value. */
static bool
counted_label(struct walk *w, const struct place *at, struct buf *out)
{
	char hex[17];

	if (!hash_value(w, at, at->element))
		return false;
	hex_print(w->hash, 8, hex);
	buf_add(out, "/[#", 3);
	buf_add(out, hex, 16);
	buf_putc(out, ']');
	if (at->repeat > 1)
		buf_printf(out, "~%u", at->repeat);
	return true;
}

static bool
canonical_path(struct walk *w, const struct place *at, struct buf *out)
{
	if (at->kind == PLACE_ROOT)
		return true;
	if (!canonical_path(w, at->up, out))
		return false;
	if (at->kind == PLACE_KEYED)
		return key_label(w, at, out);
	if (at->kind == PLACE_COUNTED)
		return counted_label(w, at, out);
	json_pointer_add(out, at->name);
	return true;
}

/* ---- hashes ---- */

static void
add_part(struct buf *b, struct str s)
{
	buf_i64(b, (int64_t)s.n);
	buf_putc(b, ':');
	buf_add(b, s.p, s.n);
}

static bool
fingerprint(struct walk *w, struct change *c)
{
	struct buf *b = &w->text;

	b->n = 0;
	add_part(b, c->category);
	add_part(b, c->key);
	add_part(b, c->canonical_path);
	add_part(b, str_of(change_op_name(c->op)));
	if (!buf_ok(b))
		return err_memory(w->e);
	hash_key_hmac(w->d->state->spec->finger_key, b->p, b->n, c->fingerprint);
	return true;
}

static bool
value_hash(struct walk *w, const struct place *at, struct change *c)
{
	if (c->new_value != NULL && !hash_value(w, at, c->new_value))
		return false;
	memcpy(c->value_hash, c->new_value != NULL ? w->hash : w->d->state->spec->gone, HASH_LEN);
	return true;
}

/* ---- recording ---- */

static bool
room(struct walk *w)
{
	struct diff   *d = w->d;
	struct change *more;

	if (d->n < d->state->cap)
		return true;
	d->state->cap = d->state->cap > 0 ? d->state->cap * 2 : CHANGES_FIRST;
	more = talloc_realloc(d, d->changes, struct change, (unsigned)d->state->cap);
	if (more == NULL)
		return err_memory(w->e);
	d->changes = more;
	return true;
}

/* A copy of walk.path, of its own size, that lives as long as the diff. */
static bool
keep(struct walk *w, struct str *out)
{
	char *p = buf_ok(&w->path) ? talloc_size(w->d, w->path.n + 1) : NULL;

	if (p == NULL)
		return err_memory(w->e);
	if (w->path.n > 0)
		memcpy(p, w->path.p, w->path.n);
	p[w->path.n] = '\0';
	*out = (struct str) { p, w->path.n };
	return true;
}

static bool
store(struct walk *w, const struct place *at, const struct steps *steps, struct change *c)
{
	w->path.n = 0;
	for (size_t i = 0; i < steps->n; i++)
		json_pointer_add(&w->path, steps->names[i]);
	if (!keep(w, &c->path))
		return false;
	w->path.n = 0;
	if (!canonical_path(w, at, &w->path) || !keep(w, &c->canonical_path))
		return false;
	if (!fingerprint(w, c) || !value_hash(w, at, c) || !room(w))
		return false;
	w->d->changes[w->d->n++] = *c;
	return true;
}

static void
count(struct diff_summary *s, const struct change *c)
{
	s->created += c->op == CHANGE_CREATED;
	s->deleted += c->op == CHANGE_DELETED;
	s->modified += c->op == CHANGE_MODIFIED;
	s->by_severity[c->severity]++;
	s->score += severity_weight(c->severity);
	if (c->severity > s->max_severity)
		s->max_severity = c->severity;
}

static bool
classify(struct walk *w, const struct place *at, struct steps *steps, struct change *c)
{
	struct rule_subject s = { c->op, steps->names, steps->n, NULL, c->old_value, c->new_value,
		&w->d->state->work };
	struct rule_verdict v;

	if (!w->picked && !rules_pick(w->tmp, w->d->state->rules, w->from, w->to, &w->rules,
			      &w->d->state->work, w->e))
		return false;
	w->picked = true;
	if (w->rules.n > 0) {
		if (!label_steps(w, at, steps))
			return false;
		s.labels = steps->labels;
	}
	if (!rules_classify(w->tmp, &w->rules, &s, &v, w->e))
		return false;
	if (v.index != RULE_NONE)
		w->d->rule_hits[v.index]++;
	c->severity = v.severity;
	c->rule = v.rule;
	c->reason = v.reason;
	return true;
}

bool
walk_change(struct walk *w, const struct place *at, const struct json *old_value,
    const struct json *new_value)
{
	const struct resource *r = w->to != NULL ? w->to : w->from;
	struct change          c = { .category = r->category,
			 .key = r->key,
			 .old_value = old_value,
			 .new_value = new_value };
	struct steps           steps;

	if (w->d->state->note != NULL)
		return w->d->state->note(w, at, old_value, new_value);
	c.op = old_value == NULL   ? CHANGE_CREATED
	       : new_value == NULL ? CHANGE_DELETED
				   : CHANGE_MODIFIED;
	steps_make(&steps, at, new_value == NULL);
	if (!classify(w, at, &steps, &c))
		return false;
	if (c.severity == SEVERITY_IGNORE) {
		w->d->summary.ignored++;
		return true;
	}
	count(&w->d->summary, &c);
	return w->d->n >= DIFF_STORED_MAX || store(w, at, &steps, &c);
}
