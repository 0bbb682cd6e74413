/*
 * What masks are called in documents and in the patch between them: nobody reads there which of
 * many guesses is the value of another place, and the patch gives what the new document shows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "drift/engine/diff.h"
#include "drift/engine/patch.h"

static const uint8_t key[HASH_LEN] = { 1, 2, 3 };

static struct json *
parse(TALLOC_CTX *mem, const char *text)
{
	struct err   e = { 0 };
	struct json *v = json_parse(mem, str_of(text), &e);

	if (v == NULL)
		fail_msg("%s: %s", text, e.detail);
	return v;
}

static struct compare_spec *
spec_make(TALLOC_CTX *mem, const char *how)
{
	struct err           e = { 0 };
	struct compare_spec *s = compare_compile(mem, parse(mem, how), NULL, 0, key, NULL, &e);

	assert_non_null(s);
	return s;
}

static struct resource
normal(TALLOC_CTX *mem, const struct compare_spec *spec, const char *text)
{
	struct resource r = { STR("document"), STR(""), parse(mem, text), false };
	struct err      e = { 0 };

	assert_true(resource_normalise(mem, spec, &r, RESOURCE_SOURCE, NULL, &e));
	return r;
}

static const char *
canonical(TALLOC_CTX *mem, const struct json *v)
{
	struct err e = { 0 };
	struct buf b;

	buf_make(&b, mem);
	assert_true(json_canonical(&b, v, &e));
	buf_putc(&b, '\0');
	return b.p;
}

static struct json *
named(TALLOC_CTX *mem, const struct compare_spec *spec, const struct resource *r)
{
	struct buf b;

	buf_make(&b, mem);
	resource_print_named(&b, spec, r, r->value);
	buf_putc(&b, '\0');
	return parse(mem, b.p);
}

static const char *
patch_between(TALLOC_CTX *mem, const struct compare_spec *spec, const struct resource *a,
    const struct resource *b, const char *of)
{
	struct err    e = { 0 };
	struct patch *p = patch_make(mem, spec, NULL, &e);
	struct buf    out;

	buf_make(&out, mem);
	assert_non_null(p);
	patch_of(p, str_of(of));
	assert_true(
	    patch_value(p, a->category, a->value, b->value, &e) && patch_print(&out, p, &e));
	buf_putc(&out, '\0');
	return out.p;
}

/* The 16 digits of the i-th name in a text. */
static const char *
name_at(const char *text, size_t i)
{
	const char *at = strstr(text, "[masked:");

	while (at != NULL && i-- > 0)
		at = strstr(at + 1, "[masked:");
	return at == NULL ? NULL : at + strlen("[masked:");
}

static size_t
names_in(const char *text)
{
	size_t n = 0;

	while (name_at(text, n) != NULL)
		n++;
	return n;
}

static void
equal_values_in_other_places_have_other_names(void **state)
{
	TALLOC_CTX          *mem = talloc_new(NULL);
	struct compare_spec *spec = spec_make(mem, "{}");
	struct resource      a = normal(mem, spec, "{}");
	struct resource      b = normal(mem, spec,
		 "{\"password\":\"hunter2\",\"token\":\"hunter2\",\"in\":{\"password\":\"hunter2\"},"
		      "\"users\":[{\"id\":1,\"password\":\"hunter2\"},{\"id\":2,\"password\":\"hunter2\"},"
		      "{\"id\":\"1\",\"password\":\"hunter2\",\"more\":[{\"name\":\"1\",\"password\":"
		      "\"hunter2\"}]}],"
		      "\"url\":\"x://u:hunter2@h\",\"also\":\"x://u:hunter2@h\"}");
	const char          *text = patch_between(mem, spec, &a, &b, "");
	size_t               n = names_in(text);

	(void)state;
	assert_int_equal(n, 9);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(name_at(text, i), name_at(text, k), 16);
	talloc_free(mem);
}

static void
names_of_two_patches_say_nothing_of_one_another(void **state)
{
	TALLOC_CTX          *mem = talloc_new(NULL);
	struct compare_spec *spec = spec_make(mem, "{}");
	struct resource      a = normal(mem, spec, "{\"password\":\"hunter1\"}");
	struct resource      b = normal(mem, spec, "{\"password\":\"hunter2\"}");
	const char          *one = patch_between(mem, spec, &a, &b, "report one");
	const char          *two = patch_between(mem, spec, &a, &b, "report two");

	(void)state;
	assert_int_equal(names_in(one), 1);
	assert_memory_not_equal(name_at(one, 0), name_at(two, 0), 16);
	assert_string_equal(one, patch_between(mem, spec, &a, &b, "report one"));
	talloc_free(mem);
}

/* ---- the patch gives what the new document shows ---- */

static void
check_pair(TALLOC_CTX *mem, const char *how, const char *old, const char *new)
{
	struct compare_spec *spec = spec_make(mem, how);
	struct resource a = normal(mem, spec, old), b = normal(mem, spec, new), got = b, want = b;
	const char     *text = patch_between(mem, spec, &a, &b, "");
	struct err      e = { 0 };
	struct diff    *d = diff_make(mem, spec, NULL, NULL, &e);

	got.value = patch_apply(mem, named(mem, spec, &a), parse(mem, text), NULL, &e);
	want.value = named(mem, spec, &b);
	if (got.value == NULL)
		fail_msg("%s: %s to %s by %s: %s", how, old, new, text, e.detail);
	got.masks = want.masks = false;
	assert_true(diff_resource(d, &got, &want, &e));
	if (diff_count(&d->summary) != 0)
		fail_msg(
		    "%s: %s to %s by %s gives %s", how, old, new, text, canonical(mem, got.value));
}

/* An element is matched by its name, while what it is known by first is another. */
static void
an_element_that_is_known_by_something_else_is_replaced(void **state)
{
	static const char old[] =
	    "[{\"id\":1,\"name\":\"a\",\"password\":\"p\",\"x\":[{\"token\":\"t\"}]},"
	    "{\"name\":\"b\",\"password\":\"p\"}]";
	static const char new[] =
	    "[{\"name\":\"b\",\"password\":\"p\"},"
	    "{\"id\":2,\"name\":\"a\",\"password\":\"p\",\"x\":[{\"token\":\"t\"}],\"y\":1}]";
	TALLOC_CTX *mem = talloc_new(NULL);

	(void)state;
	check_pair(mem, "{}", old, new);
	check_pair(mem, "{\"arrays\":[{\"path\":\"\",\"mode\":\"ordered\"}]}", old, new);
	talloc_free(mem);
}

static const char *const modes[] = { "{}", "{\"arrays\":[{\"path\":\"/**\",\"mode\":\"set\"}]}",
	"{\"arrays\":[{\"path\":\"/**\",\"mode\":\"multiset\"}]}",
	"{\"arrays\":[{\"path\":\"/**\",\"mode\":\"paired\"}]}",
	"{\"arrays\":[{\"path\":\"/**\",\"mode\":\"list\"}]}",
	"{\"arrays\":[{\"path\":\"/**\",\"mode\":\"ordered\"}]}",
	"{\"arrays\":[{\"path\":\"/**\",\"mode\":\"keyed\",\"keys\":[\"id\",\"name\"]}]}" };

static uint64_t
next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed >> 11;
}

/* Elements of few identities and few secrets. */
static void
generate(struct buf *b, uint64_t *seed, int depth)
{
	static const char *const names[] = { "id", "name", "password", "token", "v", "in" };
	uint64_t                 n = next(seed) % 5;

	buf_putc(b, '[');
	for (uint64_t i = 0; i < n; i++) {
		bool more = false;

		buf_puts(b, i > 0 ? ",{" : "{");
		for (size_t k = 0; k < 6; k++) {
			if (next(seed) % 2 == 0 || (k == 5 && depth > 1))
				continue;
			buf_printf(b, "%s\"%s\":", more ? "," : "", names[k]);
			more = true;
			if (k == 5)
				generate(b, seed, depth + 1);
			else
				buf_printf(b, k == 0 && next(seed) % 2 == 0 ? "%d" : "\"s%d\"",
				    (int)(next(seed) % 3));
		}
		buf_putc(b, '}');
	}
	buf_putc(b, ']');
}

static void
documents_with_masks_and_their_patch_show_the_same(void **state)
{
	uint64_t seed = 88172645463325252u;

	(void)state;
	for (int i = 0; i < 4200; i++) {
		TALLOC_CTX *mem = talloc_new(NULL);
		struct buf  x, y;

		buf_make(&x, mem);
		buf_make(&y, mem);
		generate(&x, &seed, 0);
		generate(&y, &seed, 0);
		buf_putc(&x, '\0');
		buf_putc(&y, '\0');
		check_pair(mem, modes[i % 7], x.p, y.p);
		talloc_free(mem);
	}
}

/* ---- what names a value ---- */

static const char *
shown(TALLOC_CTX *mem, struct resource *r, const char *category, const char *name, const char *text)
{
	struct compare_spec *spec = spec_make(mem, "{}");
	struct err           e = { 0 };

	*r = (struct resource) { str_of(category), str_of(name), parse(mem, text), false };
	assert_true(resource_normalise(mem, spec, r, RESOURCE_SOURCE, NULL, &e));
	return talloc_asprintf(mem, "%.*s|%.*s|%s", (int)r->category.n, r->category.p,
	    (int)r->key.n, r->key.p, canonical(mem, r->value));
}

static void
a_secret_in_a_name_is_masked_there_once_and_for_all(void **state)
{
	static const struct {
		const char *category, *key, *value;
		bool        hidden;
	} cases[] = {
		{ "Password=hunter2", "k", "{}", true },
		{ "c", "Server=a;Password=hunter2;Port=1", "{}", true },
		{ "c", "k", "{\"Password=hunter2\":1}", true },
		{ "c", "k", "{\"a\":[{\"x://u:hunter2@h\":{\"b\":1}}]}", true },
		{ "c", "k", "{\"[masked:0123456789abcdef]\":1,\"hunter2\":2}", false },
		{ "c", "hunter2", "{\"password\":1,\"Password policy = hunter2\":2}", false },
	};
	TALLOC_CTX *mem = talloc_new(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct compare_spec *spec = spec_make(mem, "{}");
		struct resource      r, back;
		struct err           e = { 0 };
		const char *text = shown(mem, &r, cases[i].category, cases[i].key, cases[i].value);

		if ((strstr(text, "hunter2") == NULL) != cases[i].hidden)
			fail_msg("%s", text);
		if (cases[i].hidden)
			assert_int_equal(names_in(text), 1);
		/* no name from outside passes for a mask; one that is stored is one */
		assert_null(strstr(text, "0123456789abcdef"));
		back = r;
		back.value = parse(mem, canonical(mem, r.value));
		assert_true(resource_normalise(mem, spec, &back, RESOURCE_STORED, NULL, &e));
		assert_string_equal(canonical(mem, back.value), canonical(mem, r.value));
		assert_true(str_eq(back.key, r.key) && str_eq(back.category, r.category));
	}
	talloc_free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_values_in_other_places_have_other_names),
		cmocka_unit_test(names_of_two_patches_say_nothing_of_one_another),
		cmocka_unit_test(an_element_that_is_known_by_something_else_is_replaced),
		cmocka_unit_test(documents_with_masks_and_their_patch_show_the_same),
		cmocka_unit_test(a_secret_in_a_name_is_masked_there_once_and_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
