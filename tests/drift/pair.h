/*
 * pair.h - a pair of documents compared in the ways that the corpora are held against.  A test program
 * is one file, so that it stands here whole.
 */
#ifndef BSX_TEST_DRIFT_PAIR_H
#define BSX_TEST_DRIFT_PAIR_H

#include <stdio.h>
#include <stdlib.h>

#include "drift/engine/diff.h"
#include "drift/engine/patch.h"

static const uint8_t key[HASH_LEN] = { 7 };

static inline struct str
read_file(TALLOC_CTX *mem, const char *path)
{
	FILE  *f = fopen(path, "rb");
	char  *p = NULL;
	long   n = -1;
	size_t got = 0;

	if (f != NULL && fseek(f, 0, SEEK_END) == 0 && (n = ftell(f)) >= 0) {
		rewind(f);
		p = talloc_size(mem, (size_t)n + 1);
		got = p != NULL ? fread(p, 1, (size_t)n, f) : 0;
	}
	if (f != NULL)
		fclose(f);
	if (p == NULL || got != (size_t)n) {
		fprintf(stderr, "cannot read %s\n", path);
		exit(2);
	}
	return (struct str) { p, got };
}

static inline bool
read_side(TALLOC_CTX *mem, const struct compare_spec *spec, struct str bytes, struct resource *r,
    struct err *e)
{
	struct str text;

	*r = (struct resource) { STR("document"), STR(""), NULL };
	if (!json_decode(mem, bytes, &text, e))
		return false;
	r->value = json_parse(mem, text, e);
	return r->value != NULL && resource_normalise(mem, spec, r, RESOURCE_SOURCE, NULL, e);
}

/* Counted changes of one pair under a spec; -1: refused. */
static inline int64_t
count(TALLOC_CTX *mem, const struct compare_spec *spec, struct str a, struct str b, struct err *e)
{
	struct resource old, new;
	struct diff    *d = diff_make(mem, spec, NULL, NULL, e);

	if (d == NULL || !read_side(mem, spec, a, &old, e) || !read_side(mem, spec, b, &new, e) ||
	    !diff_resource(d, &old, &new, e))
		return -1;
	return diff_count(&d->summary);
}

/* The same with the old side as it comes back from the store. */
static inline int64_t
count_stored(
    TALLOC_CTX *mem, const struct compare_spec *spec, struct str a, struct str b, struct err *e)
{
	struct resource old, new;
	struct diff    *d = diff_make(mem, spec, NULL, NULL, e);
	struct buf      stored;

	buf_make(&stored, mem);
	if (d == NULL || !read_side(mem, spec, a, &old, e) || !read_side(mem, spec, b, &new, e) ||
	    !resource_canonical(&stored, &old, e))
		return -1;
	old.value = json_parse(mem, buf_str(&stored), e);
	if (old.value == NULL || !resource_normalise(mem, spec, &old, RESOURCE_STORED, NULL, e) ||
	    !diff_resource(d, &old, &new, e))
		return -1;
	return diff_count(&d->summary);
}

/* What is shown of a normal form, as a patch of the value is applied to it. */
static inline const struct json *
shown(TALLOC_CTX *mem, const struct compare_spec *spec, const struct resource *r, struct err *e)
{
	const struct resource whole = { .category = r->category, .key = STR("") };
	struct buf            b;

	buf_make(&b, mem);
	resource_print_named(&b, spec, &whole, r->value);
	return buf_ok(&b) ? json_parse(mem, buf_str(&b), e) : NULL;
}

/* Changes that are left when the patch's text is applied; -1: it could not be. */
static inline int64_t
count_patched(
    TALLOC_CTX *mem, const struct compare_spec *spec, struct str a, struct str b, struct err *e)
{
	struct resource    old, new, got;
	struct diff       *d = diff_make(mem, spec, NULL, NULL, e);
	struct patch      *p = patch_make(mem, spec, NULL, e);
	const struct json *operations, *doc;
	struct buf         out;

	buf_make(&out, mem);
	if (d == NULL || p == NULL || !read_side(mem, spec, a, &old, e) ||
	    !read_side(mem, spec, b, &new, e) ||
	    !patch_value(p, old.category, old.value, new.value, e) || !patch_print(&out, p, e))
		return -1;
	operations = json_parse(mem, buf_str(&out), e);
	doc = shown(mem, spec, &old, e);
	got = old;
	new.value = shown(mem, spec, &new, e);
	if (operations == NULL || doc == NULL || new.value == NULL)
		return -1;
	got.value = patch_apply(mem, doc, operations, NULL, e);
	if (got.value == NULL || !diff_resource(d, &got, &new, e))
		return -1;
	return diff_count(&d->summary);
}

/* `compare` NULL: nothing is configured. */
static inline struct compare_spec *
spec_make(TALLOC_CTX *mem, const char *compare, enum compare_edition edition, struct err *e)
{
	struct json               *v = compare != NULL ? json_parse(mem, str_of(compare), e) : NULL;
	const struct compare_terms terms = { v, NULL, 0, key, edition };

	if (compare != NULL && v == NULL)
		return NULL;
	return compare_compile_terms(mem, &terms, NULL, e);
}

#endif
