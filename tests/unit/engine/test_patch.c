#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "drift/engine/diff.h"
#include "drift/engine/patch.h"

static const uint8_t key[HASH_LEN] = { 7 };

static struct json *
parse(TALLOC_CTX *mem, const char *text)
{
	struct err   e = { 0 };
	struct json *v = json_parse(mem, str_of(text), &e);

	if (v == NULL)
		fail_msg("%s: %s", text, e.pub);
	return v;
}

static const char *
canonical(TALLOC_CTX *mem, const struct json *v)
{
	struct err e = { 0 };
	struct buf b;

	buf_make(&b, mem);
	assert_true(json_canonical(&b, v, &e) && buf_ok(&b));
	return b.p;
}

static struct compare_spec *
spec_make(TALLOC_CTX *mem, const char *compare)
{
	struct err           e = { 0 };
	struct compare_spec *s = compare_compile(mem, parse(mem, compare), NULL, 0, key, NULL, &e);

	assert_non_null(s);
	return s;
}

/* The patch from one text to the other, as text. */
static const char *
patch_text(
    TALLOC_CTX *mem, const struct compare_spec *spec, const struct json *a, const struct json *b)
{
	struct err    e = { 0 };
	struct patch *p = patch_make(mem, spec, NULL, &e);
	struct buf    out;

	buf_make(&out, mem);
	assert_non_null(p);
	assert_true(patch_value(p, STR("document"), a, b, &e));
	assert_true(patch_print(&out, p, &e));
	return out.p;
}

static int64_t
changes(
    TALLOC_CTX *mem, const struct compare_spec *spec, const struct json *a, const struct json *b)
{
	struct err      e = { 0 };
	struct diff    *d = diff_make(mem, spec, NULL, NULL, &e);
	struct resource x = { STR("document"), STR(""), a }, y = { STR("document"), STR(""), b };

	assert_true(d != NULL && diff_resource(d, &x, &y, &e));
	return diff_count(&d->summary);
}

/* ---- applying ---- */

static const struct {
	const char *doc, *patch, *want; /* want NULL: refused, at `at` */
	const char *at;
} applied[] = {
	{ "{\"a\":1}", "[]", "{\"a\":1}", NULL },
	{ "1", "[{\"op\":\"replace\",\"path\":\"\",\"value\":[2]}]", "[2]", NULL },
	{ "{\"a\":1.0}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":10e-1}]", "{\"a\":1}", NULL },
	{ "{\"a\":9007199254740993}",
	    "[{\"op\":\"test\",\"path\":\"/a\",\"value\":9007199254740992}]", NULL, "/0" },
	{ "{\"a\":[1]}", "[{\"op\":\"test\",\"path\":\"/a/0\",\"value\":1e10000000000}]", NULL,
	    "/0" },
	{ "{\"a\":{\"x\":1,\"y\":[1,2]}}",
	    "[{\"op\":\"test\",\"path\":\"/a\",\"value\":{\"y\":[1,2],\"x\":1}}]",
	    "{\"a\":{\"x\":1,\"y\":[1,2]}}", NULL },
	{ "{\"a\":[1,2]}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":[2,1]}]", NULL, "/0" },
	{ "{\"\":{\"/\":1,\"~\":2}}", "[{\"op\":\"move\",\"from\":\"//~1\",\"path\":\"//~0\"}]",
	    "{\"\":{\"~\":1}}", NULL },
	{ "{\"a\":[1]}",
	    "[{\"op\":\"add\",\"path\":\"/a/-\",\"value\":2},"
	    "{\"op\":\"add\",\"path\":\"/a/0\",\"value\":0}]",
	    "{\"a\":[0,1,2]}", NULL },
	{ "{\"a\":[1]}", "[{\"op\":\"remove\",\"path\":\"/a/-\"}]", NULL, "/0/path" },
	{ "{\"a\":[1]}", "[{\"op\":\"remove\",\"path\":\"/a/00\"}]", NULL, "/0" },
	{ "{\"a\":{}}", "[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/a/b\"}]", NULL, "/0/path" },
	{ "{\"a\":{}}", "[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/a/b\"}]",
	    "{\"a\":{\"b\":{}}}", NULL },
	{ "{}", "[{\"op\":\"add\",\"path\":\"/a/b\",\"value\":1}]", NULL, "/0" },
	{ "{}", "[{\"op\":\"add\",\"path\":\"/~2\",\"value\":1}]", NULL, "/0" },
	{ "{}", "[{\"op\":\"add\",\"path\":\"a\",\"value\":1}]", NULL, "/0" },
	{ "{}", "[{\"op\":\"add\",\"path\":\"/a\",\"value\":1},{\"op\":\"spam\",\"path\":\"\"}]",
	    NULL, "/1/op" },
	{ "{}", "[{\"op\":\"remove\",\"path\":\"\"}]", NULL, "/0/path" },
	{ "{}", "[1]", NULL, "/0" },
	{ "{}", "{}", NULL, "" },
};

static void
patches_are_applied_or_refused_as_rfc_6902_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(applied) / sizeof(applied[0]); i++) {
		TALLOC_CTX        *mem = talloc_new(NULL);
		struct err         e = { 0 };
		const struct json *doc = parse(mem, applied[i].doc);
		const char        *before = canonical(mem, doc);
		const struct json *got =
		    patch_apply(mem, doc, parse(mem, applied[i].patch), NULL, &e);

		if ((got == NULL) != (applied[i].want == NULL))
			fail_msg("%s %s", applied[i].doc, applied[i].patch);
		if (got != NULL) {
			assert_string_equal(
			    canonical(mem, got), canonical(mem, parse(mem, applied[i].want)));
		} else {
			assert_int_equal(e.code, ERR_INVALID);
			assert_string_equal(e.faults->pointer, applied[i].at);
		}
		assert_string_equal(before, canonical(mem, doc));
		talloc_free(mem);
	}
}

/* "copy" of the whole document into itself doubles it. */
static void
a_patch_that_would_grow_without_bound_is_refused(void **state)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	struct err  e = { 0 };
	struct buf  wide, deep;

	(void)state;
	buf_make(&wide, mem);
	buf_make(&deep, mem);
	for (int i = 0; i < 100; i++) {
		buf_printf(&wide, "%s{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/a/-\"}",
		    i == 0 ? "[" : ",");
		buf_printf(&deep,
		    "%s{\"op\":\"copy\",\"from\":\"\",\"path\":\"/a\"},"
		    "{\"op\":\"copy\",\"from\":\"\",\"path\":\"/b\"}",
		    i == 0 ? "[" : ",");
	}
	buf_puts(&wide, "]");
	buf_puts(&deep, "]");
	assert_null(patch_apply(mem, parse(mem, "{\"a\":[0]}"), parse(mem, wide.p), NULL, &e));
	assert_int_equal(e.code, ERR_INVALID);
	err_clear(&e);
	assert_null(patch_apply(mem, parse(mem, "{\"a\":[0]}"), parse(mem, deep.p), NULL, &e));
	assert_int_equal(e.code, ERR_INVALID);
	talloc_free(mem);
}

/* ---- making ---- */

static const struct {
	const char *compare, *a, *b, *want;
} made[] = {
	{ "{}", "{\"a\":1,\"b\":2}", "{\"a\":1.0,\"c\":{\"d\":1e2}}",
	    "[{\"op\":\"add\",\"path\":\"/c\",\"value\":{\"d\":100}},\n"
	    "{\"op\":\"remove\",\"path\":\"/b\"}]" },
	{ "{}", "[1,2,3,4,5]", "[5,3,9]",
	    "[{\"op\":\"remove\",\"path\":\"/3\"},\n{\"op\":\"remove\",\"path\":\"/1\"},\n"
	    "{\"op\":\"remove\",\"path\":\"/0\"},\n{\"op\":\"add\",\"path\":\"/-\",\"value\":9}]" },
	{ "{\"arrays\":[{\"path\":\"\",\"mode\":\"set\"}]}", "[1,1,2]", "[2,2]",
	    "[{\"op\":\"remove\",\"path\":\"/1\"},\n{\"op\":\"remove\",\"path\":\"/0\"}]" },
	{ "{\"arrays\":[{\"path\":\"\",\"mode\":\"list\"}]}", "[1,2,3]", "[0,2,1,3]", NULL },
	{ "{}", "[{\"id\":1,\"v\":[1]},{\"id\":2,\"v\":[2]}]",
	    "[{\"id\":2,\"v\":[3]},{\"id\":3,\"v\":[]}]",
	    "[{\"op\":\"remove\",\"path\":\"/1/v/0\"},\n"
	    "{\"op\":\"add\",\"path\":\"/1/v/-\",\"value\":3},\n"
	    "{\"op\":\"remove\",\"path\":\"/0\"},\n"
	    "{\"op\":\"add\",\"path\":\"/-\",\"value\":{\"id\":3,\"v\":[]}}]" },
	{ "{}", "[1]", "{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"\",\"value\":{\"a\":1}}]" },
};

static void
a_comparison_becomes_a_patch_whose_paths_are_valid_when_applied(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		TALLOC_CTX          *mem = talloc_new(NULL);
		struct err           e = { 0 };
		struct compare_spec *spec = spec_make(mem, made[i].compare);
		const struct json   *a = parse(mem, made[i].a), *b = parse(mem, made[i].b);
		const char          *text = patch_text(mem, spec, a, b);
		const struct json   *got = patch_apply(mem, a, parse(mem, text), NULL, &e);

		if (made[i].want != NULL)
			assert_string_equal(text, made[i].want);
		assert_non_null(got);
		assert_int_equal(changes(mem, spec, got, b), 0);
		talloc_free(mem);
	}
}

static void
resources_come_and_go_with_their_categories(void **state)
{
	TALLOC_CTX          *mem = talloc_new(NULL);
	struct err           e = { 0 };
	struct compare_spec *spec = spec_make(mem, "{}");
	struct patch        *p = patch_make(mem, spec, NULL, &e);
	struct json         *v = parse(mem, "{\"x\":1}"), *w = parse(mem, "{\"x\":2}");
	struct resource      old = { STR("a/b"), STR("k~"), v }, gone = { STR("a/b"), STR("g"), v },
			new = { STR("a/b"), STR("k~"), w }, made_a = { STR("n"), STR(""), v },
			made_b = { STR("n"), STR("2"), w }, here = { STR("same"), STR("3"), w };
	struct buf out;

	(void)state;
	buf_make(&out, mem);
	assert_true(patch_category(p, STR("same"), &e) && patch_resource(p, &old, &new, &e) &&
		    patch_resource(p, NULL, &made_a, &e) && patch_resource(p, NULL, &made_b, &e) &&
		    patch_resource(p, &gone, NULL, &e) && patch_resource(p, NULL, &here, &e));
	assert_true(patch_print(&out, p, &e));
	v = parse(mem, "{\"a/b\":{\"k~\":{\"x\":1},\"g\":{\"x\":1}},\"same\":{\"1\":null}}");
	v = patch_apply(mem, v, parse(mem, out.p), NULL, &e);
	assert_non_null(v);
	assert_string_equal(canonical(mem, v),
	    canonical(mem, parse(mem, "{\"a/b\":{\"k~\":{\"x\":2}},\"n\":{\"\":{\"x\":1},"
				      "\"2\":{\"x\":2}},\"same\":{\"1\":null,\"3\":{\"x\":2}}}")));
	talloc_free(mem);
}

static struct json *
named(TALLOC_CTX *mem, const struct compare_spec *spec, const struct resource *r)
{
	struct buf b;

	buf_make(&b, mem);
	resource_print_named(&b, spec, r, r->value);
	return parse(mem, b.p);
}

/* Of masked documents: what is masked is named by its value, so that the patch applies. */
static void
a_changed_secret_is_replaced_by_its_name(void **state)
{
	static const char old[] = "{\"password\":\"hunter2\",\"t\":[\"ghp_0123abcd\",\"x\"],"
				  "\"u\":\"x://u:one@h\",\"same\":\"Bearer abc123\"}";
	static const char new[] = "{\"password\":\"hunter3\",\"t\":[\"x\",\"ghp_4567efgh\"],"
				  "\"u\":\"x://u:two@h\",\"same\":\"Bearer abc123\"}";
	TALLOC_CTX          *mem = talloc_new(NULL);
	struct err           e = { 0 };
	struct compare_spec *spec = spec_make(mem, "{}");
	struct resource      a = { STR(""), STR(""), parse(mem, old) };
	struct resource      b = { STR(""), STR(""), parse(mem, new) }, other = b;
	const char          *text;
	struct json         *to;

	(void)state;
	assert_true(resource_normalise(mem, spec, &a, RESOURCE_SOURCE, NULL, &e) &&
		    resource_normalise(mem, spec, &b, RESOURCE_SOURCE, NULL, &e));
	text = patch_text(mem, spec, a.value, b.value);
	assert_non_null(strstr(text, "\"path\":\"/password\",\"value\":\"[masked:"));
	assert_non_null(strstr(text, "\"x://u:[masked:"));
	assert_null(strstr(text, "same"));
	a.category = b.category = STR("document");
	to = patch_apply(mem, named(mem, spec, &a), parse(mem, text), NULL, &e);
	assert_non_null(to);
	assert_string_equal(canonical(mem, to), canonical(mem, named(mem, spec, &b)));
	other.category = STR("elsewhere");
	other.value = b.value;
	assert_string_not_equal(
	    canonical(mem, named(mem, spec, &b)), canonical(mem, named(mem, spec, &other)));
	talloc_free(mem);
}

/* ---- baseline + patch = snapshot, on generated documents ---- */

static const char *const modes[] = { "{}", "{\"arrays\":[{\"path\":\"/**\",\"mode\":\"set\"}]}",
	"{\"arrays\":[{\"path\":\"/**\",\"mode\":\"multiset\"}]}",
	"{\"arrays\":[{\"path\":\"/**\",\"mode\":\"list\"}]}",
	"{\"arrays\":[{\"path\":\"/**\",\"mode\":\"keyed\",\"keys\":[\"id\",\"a\"]}]}",
	"{\"arrays\":[{\"path\":\"/*\",\"mode\":\"list\"},{\"names\":\"b\",\"mode\":\"set\"}]}" };

static uint64_t
next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed >> 11;
}

/* Few names and values, so that two documents have much in common. */
static void
generate(struct buf *b, uint64_t *seed, int depth)
{
	static const char *const names[] = { "a", "b", "id", "name", "~/" };
	uint64_t                 kind = next(seed) % (depth > 3 ? 4 : 8), n = next(seed) % 5;

	if (kind < 4) {
		buf_puts(b, (const char *const[]) { "null", "true", "\"x\"", "" }[kind]);
		if (kind == 3)
			buf_printf(b, "%d", (int)n);
		return;
	}
	buf_putc(b, kind < 6 ? '{' : '[');
	for (uint64_t i = 0; i < n; i++) {
		if (i > 0)
			buf_putc(b, ',');
		if (kind < 6)
			buf_printf(b, "\"%s\":", names[i]);
		generate(b, seed, depth + 1);
	}
	buf_putc(b, kind < 6 ? '}' : ']');
}

static void
baseline_and_patch_give_the_snapshot(void **state)
{
	uint64_t seed = 88172645463325252u;

	(void)state;
	for (int i = 0; i < 6000; i++) {
		TALLOC_CTX          *mem = talloc_new(NULL);
		struct err           e = { 0 };
		struct compare_spec *spec = spec_make(mem, modes[i % 6]);
		struct buf           x, y;
		const struct json   *a, *b, *got;
		const char          *text;

		buf_make(&x, mem);
		buf_make(&y, mem);
		generate(&x, &seed, 0);
		generate(&y, &seed, 0);
		a = parse(mem, x.p);
		b = parse(mem, y.p);
		text = patch_text(mem, spec, a, b);
		got = patch_apply(mem, a, parse(mem, text), NULL, &e);
		if (got == NULL || changes(mem, spec, got, b) != 0 ||
		    (changes(mem, spec, a, b) == 0) != (strcmp(text, "[]") == 0))
			fail_msg("%s: %s to %s by %s", modes[i % 6], x.p, y.p, text);
		talloc_free(mem);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patches_are_applied_or_refused_as_rfc_6902_says),
		cmocka_unit_test(a_patch_that_would_grow_without_bound_is_refused),
		cmocka_unit_test(a_comparison_becomes_a_patch_whose_paths_are_valid_when_applied),
		cmocka_unit_test(resources_come_and_go_with_their_categories),
		cmocka_unit_test(a_changed_secret_is_replaced_by_its_name),
		cmocka_unit_test(baseline_and_patch_give_the_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
