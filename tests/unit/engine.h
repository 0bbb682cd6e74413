/*
 * engine.h - short ways that the tests of the engine share.  A test program is one file, so that
 * they stand here whole.
 */
#ifndef BSX_TEST_ENGINE_H
#define BSX_TEST_ENGINE_H

#include "drift/engine/diff.h"
#include "tests/unit/mem.h"

static const uint8_t key[HASH_LEN] = { 1, 2, 3 };

/* Under which specs are made; a test that takes another one gives it back. */
static enum compare_edition under = COMPARE_EDITION;

static inline struct json *
parse(const char *text)
{
	struct err   e = { 0 };
	struct json *v = json_parse(mem, str_of(text), &e);

	if (v == NULL)
		fail_msg("%s: %s", text, e.pub);
	return v;
}

static inline struct compare_spec *
spec_of(const char *compare, const uint8_t k[static HASH_LEN])
{
	const struct json         *config = compare != NULL ? parse(compare) : NULL;
	const struct compare_terms terms = { config, NULL, 0, k, under };
	struct err                 e = { 0 };
	struct compare_spec       *s = compare_compile_terms(mem, &terms, NULL, &e);

	if (s == NULL)
		fail_msg("%s: %s", compare != NULL ? compare : "{}", e.detail);
	return s;
}

static inline struct resource
resource(const struct compare_spec *spec, const char *category, const char *text)
{
	struct err      e = { 0 };
	struct resource r = { str_of(category), STR("k"), parse(text) };

	if (!resource_normalise(mem, spec, &r, RESOURCE_SOURCE, NULL, &e))
		fail_msg("%s: %s", text, e.detail);
	return r;
}

/* NULL: not on that side. */
static inline struct diff *
compare(const char *how, const char *old, const char *new)
{
	struct compare_spec *spec = spec_of(how, key);
	struct err           e = { 0 };
	struct diff         *d = diff_make(mem, spec, NULL, NULL, &e);
	struct resource      a, b;

	assert_non_null(d);
	if (old != NULL)
		a = resource(spec, "c", old);
	if (new != NULL)
		b = resource(spec, "c", new);
	if (!diff_resource(d, old != NULL ? &a : NULL, new != NULL ? &b : NULL, &e))
		fail_msg("%s", e.detail);
	return d;
}

/* "+/a ~/b -/c ^/d": created, modified, deleted, moved, in the order found. */
static inline const char *
listed(const struct diff *d)
{
	struct buf b;

	buf_make(&b, mem);
	for (size_t i = 0; i < d->n; i++) {
		const struct change *c = &d->changes[i];

		buf_printf(&b, "%s%c", i > 0 ? " " : "", "+-~^"[c->op]);
		buf_add(&b, c->path.p, c->path.n);
	}
	return b.n > 0 ? b.p : "";
}

static inline struct str
canonical(const struct resource *r)
{
	struct err e = { 0 };
	struct buf b;

	buf_make(&b, mem);
	assert_true(resource_canonical(&b, r, &e));
	return buf_str(&b);
}

static inline struct str
shown(const struct json *v)
{
	struct buf b;

	buf_make(&b, mem);
	resource_print(&b, v);
	assert_true(buf_ok(&b));
	return buf_str(&b);
}

static inline bool
holds_text(struct str s, const char *what)
{
	return memmem(s.p, s.n, what, strlen(what)) != NULL;
}

/* The canonical paths of all changes, one after another. */
static inline const char *
named(const struct diff *d)
{
	struct buf b;

	buf_make(&b, mem);
	for (size_t i = 0; i < d->n; i++) {
		buf_puts(&b, i > 0 ? " " : "");
		buf_add(&b, d->changes[i].canonical_path.p, d->changes[i].canonical_path.n);
	}
	return b.n > 0 ? b.p : "";
}

/* Fails unless the changes from `old` to `new` are `want`. */
static inline void
check_changes(const char *how, const char *old, const char *new, const char *want)
{
	const char *got = listed(compare(how, old, new));

	if (strcmp(got, want) != 0)
		fail_msg(
		    "%s: %s -> %s gave %s, not %s", how != NULL ? how : "", old, new, got, want);
}

#endif
