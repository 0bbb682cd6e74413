/* Comparing: how changes are counted, where they are, normal forms, resources. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/engine/diff.h"

#define LEN(a) (sizeof(a) / sizeof *(a))

static TALLOC_CTX   *mem;
static const uint8_t key[HASH_LEN] = { 1, 2, 3 };
static const uint8_t other_key[HASH_LEN] = { 9 };

static int
make_mem(void **state)
{
	(void)state;
	mem = talloc_new(NULL);
	return mem == NULL;
}

static int
free_mem(void **state)
{
	(void)state;
	talloc_free(mem);
	return 0;
}

static struct json *
parse(const char *text)
{
	struct err   e = { 0 };
	struct json *v = json_parse(mem, str_of(text), &e);

	if (v == NULL)
		fail_msg("%s: %s", text, e.pub);
	return v;
}

static struct compare_spec *
spec_of(const char *compare, const uint8_t k[static HASH_LEN])
{
	struct err           e = { 0 };
	struct compare_spec *s =
	    compare_compile(mem, compare != NULL ? parse(compare) : NULL, NULL, 0, k, &e);

	if (s == NULL)
		fail_msg("%s: %s", compare, e.detail);
	return s;
}

static struct resource
resource(const struct compare_spec *spec, const char *category, const char *text)
{
	struct err      e = { 0 };
	struct resource r = { str_of(category), STR("k"), parse(text) };

	if (!resource_normalise(mem, spec, &r, RESOURCE_SOURCE, &e))
		fail_msg("%s: %s", text, e.detail);
	return r;
}

/* NULL: not on that side. */
static struct diff *
compare(const char *how, const char *old, const char *new)
{
	struct compare_spec *spec = spec_of(how, key);
	struct err           e = { 0 };
	struct diff         *d = diff_make(mem, spec, NULL, &e);
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

/* "+/a ~/b -/c": created, modified, deleted, in the order found. */
static const char *
listed(const struct diff *d)
{
	struct buf b;

	buf_make(&b, mem);
	for (size_t i = 0; i < d->n; i++) {
		const struct change *c = &d->changes[i];

		buf_printf(&b, "%s%c", i > 0 ? " " : "", "+-~"[c->op]);
		buf_add(&b, c->path.p, c->path.n);
	}
	return b.n > 0 ? b.p : "";
}

static void
changes_are_counted_as_the_contract_says(void **state)
{
	static const struct {
		const char *old, *new, *want;
	} cases[] = {
		{ "1", "1", "" },
		{ "1", "1.0", "" },
		{ "1", "1e0", "" },
		{ "100", "1E2", "" },
		{ "-0", "0", "" },
		{ "0.50", "5e-1", "" },
		{ "9007199254740993", "9007199254740992", "~" },
		{ "1e400", "1e500", "~" },
		{ "-1", "1", "~" },
		{ "true", "1", "~" },
		{ "true", "false", "~" },
		{ "null", "false", "~" },
		{ "null", "[]", "~" },
		{ "[]", "{}", "~" },
		{ "\"1\"", "1", "~" },
		{ "\"a\"", "\"A\"", "~" },
		{ "\"\xC3\xA9\"", "\"e\xCC\x81\"", "~" },
		{ "\"\\u0041\"", "\"A\"", "" },
		{ "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", "" },
		{ "{\"a\":1}", "{\"a\":2}", "~/a" },
		{ "{\"a\":1}", "{}", "-/a" },
		{ "{}", "{\"a\":{\"b\":1}}", "+/a" },
		{ "{\"a\":null}", "{}", "-/a" },
		{ "{\"a\":[]}", "{}", "-/a" },
		{ "{\"a\":1}", "{\"b\":1}", "+/b -/a" },
		{ "{\"a\":{\"b\":{\"c\":1,\"d\":2}}}", "{\"a\":{\"b\":{\"c\":3,\"d\":2}}}",
		    "~/a/b/c" },
		{ "{\"a/b\":1,\"c~d\":2,\"\":3}", "{\"a/b\":0,\"c~d\":0,\"\":0}",
		    "~/a~1b ~/c~0d ~/" },
		{ "{\"a\":[1]}", "{\"a\":{\"0\":1}}", "~/a" },
		/* multisets */
		{ "[1,2,3]", "[3,1,2]", "" },
		{ "[1,1,2]", "[1,2,2]", "+/1 -/1" },
		{ "[]", "[1,1]", "+/0 +/1" },
		{ "[\"a\"]", "[]", "-/0" },
		{ "[1,\"1\",true,null]", "[null,true,1.0,\"1\"]", "" },
		{ "[1]", "[\"1\"]", "+/0 -/0" },
		{ "[[1,2],[3]]", "[[3],[2,1]]", "" },
		{ "[[1,2]]", "[[1,2,2]]", "+/0 -/0" },
		{ "[{\"a\":1,\"b\":[1,2]}]", "[{\"b\":[2,1],\"a\":1.0}]", "" },
		{ "[{\"a\":1},2]", "[2,{\"a\":2}]", "+/1 -/0" },
		{ "[\"a\",\"b\",\"c\",\"d\"]", "[\"a\",\"x\",\"c\",\"d\"]", "+/1 -/1" },
		/* keyed */
		{ "[{\"id\":1,\"v\":1},{\"id\":2,\"v\":2}]",
		    "[{\"id\":2,\"v\":2},{\"id\":1,\"v\":1}]", "" },
		{ "[{\"id\":\"a\",\"v\":1},{\"id\":\"b\",\"v\":2}]",
		    "[{\"id\":\"b\",\"v\":3},{\"id\":\"a\",\"v\":1}]", "~/0/v" },
		{ "[{\"id\":\"a\"},{\"id\":\"b\"}]", "[{\"id\":\"b\"},{\"id\":\"c\",\"v\":1}]",
		    "+/1 -/0" },
		{ "[]", "[{\"id\":\"a\"},{\"id\":\"b\"}]", "+/0 +/1" },
		{ "[{\"id\":1,\"v\":1}]", "[{\"id\":1.0,\"v\":2}]", "~/0/v" },
		{ "[{\"id\":1}]", "[{\"id\":\"1\"}]", "+/0 -/0" },
		/* repeated on one side: the next member, or counted */
		{ "[{\"id\":1,\"name\":\"a\",\"v\":1},{\"id\":1,\"name\":\"b\",\"v\":1}]",
		    "[{\"id\":2,\"name\":\"b\",\"v\":1},{\"id\":1,\"name\":\"a\",\"v\":1}]",
		    "~/0/id" },
		{ "[{\"id\":1,\"v\":1},{\"id\":1,\"v\":2}]",
		    "[{\"id\":1,\"v\":1},{\"id\":1,\"v\":3}]", "+/1 -/1" },
		{ "[{\"id\":1},{\"v\":2}]", "[{\"v\":2},{\"id\":2}]", "+/1 -/0" },
		{ "[{\"id\":null,\"v\":1}]", "[{\"id\":null,\"v\":2}]", "+/0 -/0" },
		{ "[{\"id\":1.5,\"v\":1}]", "[{\"id\":1.5,\"v\":2}]", "+/0 -/0" },
		{ "[{\"id\":\"x\",\"v\":1},7]", "[{\"id\":\"x\",\"v\":2},7]", "+/0 -/0" },
		/* the order of the identity members: id before name before value */
		{ "[{\"value\":1,\"name\":\"a\"}]", "[{\"value\":2,\"name\":\"a\"}]", "~/0/value" },
		{ "[{\"name\":\"x\",\"id\":1}]", "[{\"name\":\"x\",\"id\":2}]", "+/0 -/0" },
		{ "{\"l\":[{\"id\":1,\"m\":[{\"id\":5,\"v\":1}]}]}",
		    "{\"l\":[{\"id\":1,\"m\":[{\"id\":6},{\"id\":5,\"v\":2}]}]}",
		    "+/l/0/m/0 ~/l/0/m/1/v" },
		/* resources */
		{ NULL, "{\"a\":1}", "+" },
		{ "{\"a\":1}", NULL, "-" },
		{ NULL, NULL, "" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct diff *d = compare(NULL, cases[i].old, cases[i].new);

		if (strcmp(listed(d), cases[i].want) != 0)
			fail_msg("%s -> %s gave %s, not %s", cases[i].old, cases[i].new, listed(d),
			    cases[i].want);
		assert_int_equal(diff_count(&d->summary), d->n);
		assert_int_equal(d->summary.by_severity[SEVERITY_MEDIUM], d->n);
		assert_int_equal(d->summary.score, 4 * d->n);
	}
}

static void
array_modes_by_path_and_name(void **state)
{
	static const struct {
		const char *how, *old, *new, *want;
	} cases[] = {
		{ "{\"arrays\":[{\"path\":\"/a\",\"mode\":\"set\"}]}",
		    "{\"a\":[1,1,2],\"b\":[1,1]}", "{\"a\":[2,1],\"b\":[1]}", "-/b/1" },
		{ "{\"arrays\":[{\"names\":\"a\",\"mode\":\"set\"}]}", "{\"x\":{\"a\":[1,1]}}",
		    "{\"x\":{\"a\":[1]}}", "" },
		{ "{\"arrays\":[{\"path\":\"/**\",\"mode\":\"multiset\"}]}", "[{\"id\":1,\"v\":1}]",
		    "[{\"id\":1,\"v\":2}]", "+/0 -/0" },
		{ "{\"arrays\":[{\"path\":\"/*\",\"mode\":\"keyed\",\"keys\":[\"p\",\"q\"]}]}",
		    "{\"a\":[{\"p\":1,\"q\":1,\"v\":1},{\"p\":1,\"q\":2,\"v\":1}]}",
		    "{\"a\":[{\"p\":1,\"q\":2,\"v\":2},{\"p\":1,\"q\":1,\"v\":1}]}", "~/a/0/v" },
		{ "{\"arrays\":[{\"path\":\"\",\"mode\":\"keyed\",\"keys\":[\"p\"]}]}",
		    "[{\"p\":1},{\"p\":1}]", "[{\"p\":1}]", "-/1" },
		{ "{\"arrays\":[{\"path\":\"/a/b\",\"mode\":\"multiset\"},{\"path\":\"/a/"
		  "*\",\"mode\":\"set\"}]}",
		    "{\"a\":{\"b\":[1,1],\"c\":[1,1]}}", "{\"a\":{\"b\":[1],\"c\":[1]}}",
		    "-/a/b/1" },
		{ "{\"arrays\":[{\"path\":\"/a\",\"category\":\"other\",\"mode\":\"set\"}]}",
		    "{\"a\":[1,1]}", "{\"a\":[1]}", "-/a/1" },
		{ "{\"arrays\":[{\"path\":\"/a\",\"category\":[\"x\",\"C\"],\"mode\":\"set\"}]}",
		    "{\"a\":[1,1]}", "{\"a\":[1]}", "" },
		/* inside an element the inner array's own mode counts */
		{ "{\"arrays\":[{\"path\":\"/*/s\",\"mode\":\"set\"}]}", "[{\"s\":[1,1]},5]",
		    "[5,{\"s\":[1]}]", "" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct diff *d = compare(cases[i].how, cases[i].old, cases[i].new);

		if (strcmp(listed(d), cases[i].want) != 0)
			fail_msg("%s: %s -> %s gave %s", cases[i].how, cases[i].old, cases[i].new,
			    listed(d));
	}
}

static void
lists_keep_a_longest_common_subsequence(void **state)
{
	static const struct {
		const char *old, *new, *want;
	} cases[] = {
		{ "[1,2,3]", "[1,2,3]", "" },
		{ "[1,2,3]", "[3,1,2]", "+/0 -/2" },
		{ "[1,2,3]", "[1,3]", "-/1" },
		{ "[]", "[1,1]", "+/0 +/1" },
		{ "[1,1]", "[]", "-/0 -/1" },
		{ "[1,2]", "[2,1]", "+/1 -/0" },
		{ "[1,2,3,4]", "[1,9,3,4]", "+/1 -/1" },
		{ "[\"a\",\"b\",\"c\",\"a\",\"b\",\"b\",\"a\"]",
		    "[\"c\",\"b\",\"a\",\"b\",\"a\",\"c\"]", NULL },
		{ "[{\"id\":1,\"v\":1},2]", "[{\"id\":1,\"v\":2},2]", "+/0 -/0" },
		{ "[{\"a\":[1,2]}]", "[{\"a\":[2,1]}]", "" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct diff *d = compare(
		    "{\"arrays\":[{\"path\":\"\",\"mode\":\"list\"}]}", cases[i].old, cases[i].new);

		if (cases[i].want == NULL)
			assert_int_equal(d->n, 5); /* the example of Myers' paper */
		else if (strcmp(listed(d), cases[i].want) != 0)
			fail_msg("%s -> %s gave %s, not %s", cases[i].old, cases[i].new, listed(d),
			    cases[i].want);
	}
}

/* Past the bound on the work a common subsequence of the unrepeated elements is kept. */
static void
large_lists_fall_back(void **state)
{
	struct buf   a, b;
	struct diff *d;
	int          n = 50000;

	(void)state;
	buf_make(&a, mem);
	buf_make(&b, mem);
	for (int i = 0; i < n; i++) {
		buf_printf(&a, "%s%d,0", i > 0 ? "," : "[", i);
		buf_printf(&b, "%s%d,1", i > 0 ? "," : "[", i % 2 == 0 ? i : n + i);
	}
	buf_putc(&a, ']');
	buf_putc(&b, ']');
	d = compare("{\"arrays\":[{\"path\":\"\",\"mode\":\"list\"}]}", a.p, b.p);
	assert_in_range(diff_count(&d->summary), 3 * n, 3 * n + 4);
}

static void
normalisers_make_equal_what_means_the_same(void **state)
{
	static const struct {
		const char *how, *old, *new, *want;
	} cases[] = {
		{ "\"how\":\"empty_is_absent\",\"path\":\"/*\"",
		    "{\"a\":null,\"b\":[],\"c\":{},\"d\":\"\",\"e\":0}", "{\"e\":0}", "" },
		{ "\"how\":\"empty_is_absent\",\"path\":\"/*\"", "{\"a\":{\"b\":null}}", "{}",
		    "-/a" },
		{ "\"how\":\"empty_is_absent\",\"path\":\"/**\"",
		    "{\"a\":{\"b\":null},\"c\":[null,[]]}", "{}", "" },
		{ "\"how\":\"empty_is_absent\",\"names\":\"a\"", "{\"a\":null,\"b\":null}", "{}",
		    "-/b" },
		{ "\"how\":\"casefold\",\"path\":\"/a\"", "{\"a\":\"/Sub/X\xC3\x84\",\"b\":\"X\"}",
		    "{\"a\":\"/sub/x\xC3\xA4\",\"b\":\"x\"}", "~/b" },
		{ "\"how\":\"nfc\",\"path\":\"/**\"", "[\"\xC3\xA9\"]", "[\"e\xCC\x81\"]", "" },
		{ "\"how\":\"split\",\"names\":[\"scope\"]", "{\"scope\":\"a b  c b\"}",
		    "{\"scope\":\" c a b\"}", "" },
		{ "\"how\":\"split\",\"names\":[\"scope\"]", "{\"scope\":\"a b\"}",
		    "{\"scope\":\"b Mail.Read a\"}", "+/scope/1" },
		{ "\"how\":\"split\",\"path\":\"/s\",\"separator\":\", \"", "{\"s\":\"a, b\"}",
		    "{\"s\":\"b, a\"}", "" },
		{ "\"how\":\"embedded_json\",\"path\":\"/p\"",
		    "{\"p\":\"{\\\"x\\\": 1, \\\"y\\\":2}\"}",
		    "{\"p\":\"{\\\"y\\\":2.0,\\\"x\\\":3}\"}", "~/p/x" },
		{ "\"how\":\"embedded_json\",\"path\":\"/p\"", "{\"p\":\"{no\"}",
		    "{\"p\":\"{no \"}", "~/p" },
		{ "\"how\":\"embedded_json\",\"path\":\"/p\"", "{\"p\":\"1\"}", "{\"p\":\"1.0\"}",
		    "~/p" },
		{ "\"how\":\"round\",\"path\":\"/*\"", "[1.4,2.5,-2.5,0.49,99.5,7]",
		    "[1,3,-3,0,100,7.2]", "" },
		{ "\"how\":\"round\",\"path\":\"/*\",\"digits\":2",
		    "[1.004,1.005,9.999,0.001,-0.004]", "[1.00,1.01,10,0,0]", "" },
		{ "\"how\":\"round\",\"path\":\"/*\",\"digits\":2", "[1.004]", "[1.006]",
		    "+/0 -/0" },
		{ "\"how\":\"round\",\"path\":\"/t\",\"seconds\":3600",
		    "{\"t\":\"2026-01-01T10:59:59Z\"}", "{\"t\":\"2026-01-01T12:00:00.5+02:00\"}",
		    "" },
		{ "\"how\":\"round\",\"path\":\"/t\",\"seconds\":3600", "{\"t\":\"yesterday\"}",
		    "{\"t\":\"today\"}", "~/t" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const char  *how = talloc_asprintf(mem, "{\"normalise\":[{%s}]}", cases[i].how);
		struct diff *d = compare(how, cases[i].old, cases[i].new);

		if (strcmp(listed(d), cases[i].want) != 0)
			fail_msg(
			    "%s: %s -> %s gave %s", how, cases[i].old, cases[i].new, listed(d));
	}
}

static void
embedded_json_ends_at_the_depth_limit(void **state)
{
	char text[800] = "";

	(void)state;
	for (int i = 0; i < 100; i++)
		strcat(text, "[");
	strcat(text, "\"");
	for (int i = 0; i < 100; i++)
		strcat(text, "[");
	for (int i = 0; i < 100; i++)
		strcat(text, "]");
	strcat(text, "\"");
	for (int i = 0; i < 100; i++)
		strcat(text, "]");
	assert_int_equal(
	    compare("{\"normalise\":[{\"how\":\"embedded_json\",\"path\":\"/**\"}]}", text, text)
		->n,
	    0);
}

static void
ignored_places_make_no_change(void **state)
{
	static const struct {
		const char *how, *old, *new, *want;
	} cases[] = {
		{ "{\"normalise\":[{\"how\":\"ignore\",\"path\":\"/a\"}]}",
		    "{\"a\":1,\"b\":{\"a\":1}}", "{\"a\":2,\"b\":{\"a\":2}}", "~/b/a" },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"path\":\"/**/a\"}]}",
		    "{\"a\":1,\"b\":{\"a\":1},\"c\":1}", "{\"b\":{\"a\":2},\"c\":2}", "~/c" },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"path\":\"/l/*/t\"}]}",
		    "{\"l\":[{\"id\":1,\"t\":1}]}", "{\"l\":[{\"id\":1,\"t\":2}]}", "" },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"path\":\"/l/*/t\"}]}",
		    "{\"l\":[{\"x\":1,\"t\":1},2]}", "{\"l\":[2,{\"x\":1,\"t\":2}]}", "" },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"names\":[\"*Time\",\"@o.*\"],\"except\":["
		  "\"keepTime\"]}]}",
		    "{\"aTime\":1,\"keepTime\":1,\"@o.x\":1,\"x@o.\":1}",
		    "{\"aTime\":2,\"keepTime\":2,\"@o.x\":2,\"x@o.\":2}", "~/keepTime ~/x@o." },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"path\":\"/l/1\"}]}", "{\"l\":[1,2,3]}",
		    "{\"l\":[1,9,3]}", "" },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"names\":\"A\",\"casefold\":true,"
		  "\"category\":\"zz*\"}]}",
		    "{\"a\":1}", "{\"a\":2}", "~/a" },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"names\":\"A\",\"casefold\":true,"
		  "\"category\":\"*\"}]}",
		    "{\"a\":1}", "{\"a\":2}", "" },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"path\":\"/a~1b/c~0d\"}]}",
		    "{\"a/b\":{\"c~d\":1}}", "{\"a/b\":{\"c~d\":2}}", "" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct diff *d = compare(cases[i].how, cases[i].old, cases[i].new);

		if (strcmp(listed(d), cases[i].want) != 0)
			fail_msg("%s: %s -> %s gave %s", cases[i].how, cases[i].old, cases[i].new,
			    listed(d));
	}
}

static struct str
canonical(const struct resource *r)
{
	struct err e = { 0 };
	struct buf b;

	buf_make(&b, mem);
	assert_true(resource_canonical(&b, r, &e));
	return buf_str(&b);
}

static struct str
shown(const struct json *v)
{
	struct buf b;

	buf_make(&b, mem);
	resource_print(&b, v);
	assert_true(buf_ok(&b));
	return buf_str(&b);
}

static bool
holds_text(struct str s, const char *what)
{
	return memmem(s.p, s.n, what, strlen(what)) != NULL;
}

static void
secrets_are_seen_to_change_and_are_nowhere(void **state)
{
	static const char old[] =
	    "{\"Password\":\"hunter2\",\"x\":{\"clientSecret\":[\"s3cr3t\",42,{\"y\":\"deep1\"}],"
	    "\"client_secret\":null,\"passwordHint\":\"dog\"}}";
	static const char new[] =
	    "{\"Password\":\"hunter3\",\"x\":{\"clientSecret\":[\"s3cr3t\",42,{\"y\":\"deep1\"}],"
	    "\"client_secret\":null,\"passwordHint\":\"dog\"}}";
	struct compare_spec *spec = spec_of(NULL, key);
	struct resource      a = resource(spec, "c", old), again = resource(spec, "c", old);
	struct resource      foreign = resource(spec_of(NULL, other_key), "c", old);
	struct str           text = canonical(&a);
	struct diff         *d = compare(NULL, old, new);

	(void)state;
	assert_false(holds_text(text, "hunter2"));
	assert_false(holds_text(text, "s3cr3t"));
	assert_false(holds_text(text, "deep1"));
	assert_false(holds_text(text, "42"));
	assert_true(holds_text(text, "dog"));
	assert_true(str_eq(text, canonical(&again)));
	assert_false(str_eq(text, canonical(&foreign)));
	assert_string_equal(listed(d), "~/Password");
	assert_true(str_eqz(shown(d->changes[0].old_value), "\"[masked]\""));
	assert_true(str_eqz(shown(d->changes[0].new_value), "\"[masked]\""));
	assert_true(holds_text(shown(a.value), "\"client_secret\":null"));
	assert_memory_not_equal(
	    d->changes[0].value_hash, compare(NULL, new, old)->changes[0].value_hash, HASH_LEN);
}

static void
masks_come_back_from_the_store(void **state)
{
	static const char text[] =
	    "{\"secret\":\"a\",\"n\":1.50,\"t\":\"\\u0000masked:x\",\"u\":\"\\u0000\"}";
	struct err           e = { 0 };
	struct compare_spec *spec = spec_of(NULL, key);
	struct resource      a = resource(spec, "c", text), b = a;
	struct diff         *d = diff_make(mem, spec, NULL, &e);
	struct str           stored = canonical(&a);

	(void)state;
	b.value = json_parse(mem, stored, &e);
	assert_non_null(b.value);
	assert_true(resource_normalise(mem, spec, &b, RESOURCE_STORED, &e));
	assert_true(str_eq(stored, canonical(&b)));
	assert_true(diff_resource(d, &b, &a, &e));
	assert_int_equal(d->n, 0);
	assert_true(str_eqz(shown(b.value),
	    "{\"n\":1.5,\"secret\":\"[masked]\",\"t\":\"\\u0000masked:x\",\"u\":\"\\u0000\"}"));
}

static void
a_value_stored_in_clear_meets_a_new_mask(void **state)
{
	static const char    text[] = "{\"pin\":\"\\u00001234\",\"n\":100}";
	struct err           e = { 0 };
	struct compare_spec *before = spec_of(NULL, key);
	struct compare_spec *after =
	    spec_of("{\"normalise\":[{\"how\":\"mask\",\"names\":[\"pin\",\"n\"]}]}", key);
	struct resource a = resource(before, "c", text), b = resource(after, "c", text);
	struct diff    *d = diff_make(mem, after, NULL, &e);

	(void)state;
	a.value = json_parse(mem, canonical(&a), &e);
	assert_true(resource_normalise(mem, after, &a, RESOURCE_STORED, &e));
	assert_true(diff_resource(d, &a, &b, &e));
	assert_int_equal(d->n, 0);
}

static void
nothing_from_outside_passes_for_a_mask(void **state)
{
	struct err           e = { 0 };
	struct compare_spec *spec = spec_of(NULL, key);
	struct resource      masked = resource(spec, "c", "{\"secret\":\"a\"}");
	struct buf           b;
	struct resource      fake;

	(void)state;
	buf_make(&b, mem);
	json_print(&b, masked.value);
	for (char *p = b.p; (p = strstr(p, "secret")) != NULL;)
		memcpy(p, "public", 6);
	fake = resource(spec, "c", b.p);
	assert_false(holds_text(shown(fake.value), "[masked]"));
	assert_int_equal(e.code, ERR_OK);
}

static void
a_normal_form_shares_what_did_not_change(void **state)
{
	struct compare_spec *spec = spec_of(NULL, key);
	struct json         *v = parse("{\"a\":[1,{\"b\":2}],\"c\":\"d\"}");
	struct resource      r = { STR("c"), STR(""), v };
	struct err           e = { 0 };

	(void)state;
	assert_true(resource_normalise(mem, spec, &r, RESOURCE_SOURCE, &e));
	assert_ptr_equal(r.value, v);
}

static void
numbers_beyond_the_limits_are_refused(void **state)
{
	struct compare_spec *spec = spec_of(NULL, key);
	struct err           e = { 0 };
	struct resource      r = { STR("c"), STR(""), parse("{\"a\":[1e1000000001]}") };

	(void)state;
	assert_false(resource_normalise(mem, spec, &r, RESOURCE_SOURCE, &e));
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(e.faults);
}

static void
values_are_shown_as_people_write_them(void **state)
{
	static const struct {
		const char *stored, *want;
	} cases[] = {
		{ "1e2", "100" },
		{ "443e0", "443" },
		{ "-15e-1", "-1.5" },
		{ "5e-2", "0.05" },
		{ "0e0", "0" },
		{ "1e400", "1e400" },
		{ "123e-3", "0.123" },
		{ "-1e-1", "-0.1" },
		{ "12345e-2", "123.45" },
		{ "[1e0,{\"a\":2e1,\"b\":[true,null,\"x\"]}]",
		    "[1,{\"a\":20,\"b\":[true,null,\"x\"]}]" },
		{ "1e23", "100000000000000000000000" },
		{ "1e24", "1e24" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		if (!str_eqz(shown(parse(cases[i].stored)), cases[i].want))
			fail_msg("%s: %s", cases[i].stored, shown(parse(cases[i].stored)).p);
}

static void
canonical_paths_name_elements_by_what_they_are(void **state)
{
	struct diff *d = compare(NULL, "{\"l\":[{\"id\":\"a/b\",\"v\":1},{\"id\":\"c\",\"v\":1}]}",
	    "{\"l\":[{\"id\":\"c\",\"v\":1},{\"id\":\"a/b\",\"v\":2}]}");
	struct diff *moved = compare(
	    NULL, "{\"l\":[{\"id\":\"a/b\",\"v\":5}]}", "{\"l\":[{\"id\":\"a/b\",\"v\":7}]}");

	(void)state;
	assert_int_equal(d->n, 1);
	assert_true(str_eqz(d->changes[0].path, "/l/1/v"));
	assert_true(str_eqz(d->changes[0].canonical_path, "/l/[id=\"a~1b\"]/v"));
	/* neither the place nor the value changes a finding's identity; the value changes its hash
	 */
	assert_memory_equal(d->changes[0].fingerprint, moved->changes[0].fingerprint, HASH_LEN);
	assert_memory_not_equal(d->changes[0].value_hash, moved->changes[0].value_hash, HASH_LEN);
}

static void
counted_elements_are_named_by_hash_and_repeat(void **state)
{
	struct diff *d = compare(NULL, "[\"x\"]", "[\"x\",\"y\",\"y\",[2,1]]");
	struct diff *turned = compare(NULL, "[\"x\"]", "[[1,2],\"x\"]");
	struct str   y1, y2;

	(void)state;
	assert_string_equal(listed(d), "+/1 +/2 +/3");
	y1 = d->changes[0].canonical_path;
	y2 = d->changes[1].canonical_path;
	assert_int_equal(y1.n, 1 + 2 + 16 + 1);
	assert_true(
	    str_starts(y2, y1.p) && str_eqz((struct str) { y2.p + y1.n, y2.n - y1.n }, "~2"));
	assert_true(str_eq(d->changes[2].canonical_path, turned->changes[0].canonical_path));
	assert_memory_equal(d->changes[2].fingerprint, turned->changes[0].fingerprint, HASH_LEN);
	assert_memory_equal(d->changes[2].value_hash, turned->changes[0].value_hash, HASH_LEN);
	assert_memory_not_equal(d->changes[0].fingerprint, d->changes[1].fingerprint, HASH_LEN);
}

static void
fingerprints_differ_by_resource_path_op_and_key(void **state)
{
	struct compare_spec *spec = spec_of(NULL, key), *foreign = spec_of(NULL, other_key);
	struct err           e = { 0 };
	struct diff    *d = diff_make(mem, spec, NULL, &e), *f = diff_make(mem, foreign, NULL, &e);
	struct resource a = { STR("c"), STR("k"), parse("{\"p\":1,\"q\":1}") };
	struct resource b = { STR("c"), STR("k"), parse("{\"p\":2,\"r\":1}") };
	struct resource a2 = { STR("ck"), STR(""), a.value }, b2 = { STR("ck"), STR(""), b.value };

	(void)state;
	assert_true(diff_resource(d, &a, &b, &e) && diff_resource(d, &a2, &b2, &e));
	assert_true(diff_resource(f, &a, &b, &e));
	assert_int_equal(d->n, 6);
	for (size_t i = 0; i < d->n; i++)
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(
			    d->changes[i].fingerprint, d->changes[j].fingerprint, HASH_LEN);
	assert_memory_not_equal(d->changes[0].fingerprint, f->changes[0].fingerprint, HASH_LEN);
	assert_memory_not_equal(d->changes[0].value_hash, f->changes[0].value_hash, HASH_LEN);
}

static void
changes_past_the_limit_are_counted_not_stored(void **state)
{
	struct buf   a, b;
	struct diff *d;

	(void)state;
	buf_make(&a, mem);
	buf_make(&b, mem);
	for (int i = 0; i < DIFF_STORED_MAX + 10; i++) {
		buf_printf(&a, "%s\"m%d\":1", i > 0 ? "," : "{", i);
		buf_printf(&b, "%s\"m%d\":2", i > 0 ? "," : "{", DIFF_STORED_MAX + 9 - i);
	}
	buf_putc(&a, '}');
	buf_putc(&b, '}');
	d = compare(NULL, a.p, b.p);
	assert_int_equal(d->n, DIFF_STORED_MAX);
	assert_int_equal(d->summary.modified, DIFF_STORED_MAX + 10);
}

/* Texts whose hashes were chosen, or not: the work stays in proportion (a quadratic one would take
 * minutes). */
static void
large_arrays_are_not_quadratic(void **state)
{
	struct buf   a, b;
	struct diff *d;
	int          n = 200000;

	(void)state;
	buf_make(&a, mem);
	buf_make(&b, mem);
	for (int i = 0; i < n; i++) {
		buf_printf(&a, "%s%d", i > 0 ? "," : "[", i);
		buf_printf(&b, "%s%d", i > 0 ? "," : "[", n - i);
	}
	buf_putc(&a, ']');
	buf_putc(&b, ']');
	d = compare(NULL, a.p, b.p);
	assert_string_equal(listed(d), "+/0 -/0");
}

static void
the_deepest_value_is_compared(void **state)
{
	char old[400], new[400];

	(void)state;
	memset(old, '[', 128);
	old[128] = '1';
	memset(old + 129, ']', 128);
	old[257] = '\0';
	memcpy(new, old, sizeof new);
	new[128] = '2';
	assert_int_equal(
	    compare("{\"arrays\":[{\"path\":\"/**/x\",\"mode\":\"set\"}]}", old, new)->n, 2);
	memset(old, 0, sizeof old);
	memset(new, 0, sizeof new);
	for (int i = 0; i < 60; i++) {
		strcat(old, "{\"\":");
		strcat(new, "{\"\":");
	}
	strcat(old, "1");
	strcat(new, "2");
	for (int i = 0; i < 60; i++) {
		strcat(old, "}");
		strcat(new, "}");
	}
	assert_int_equal(compare(NULL, old, new)->changes[0].path.n, 60);
}

/* ---- compiling ---- */

static void
a_wrong_compare_object_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *text, *pointer;
	} cases[] = {
		{ "[]", "/compare" },
		{ "{\"x\":1}", "/compare/x" },
		{ "{\"arrays\":{}}", "/compare/arrays" },
		{ "{\"arrays\":[{\"path\":\"/a\"}]}", "/compare/arrays/0/mode" },
		{ "{\"arrays\":[{\"path\":\"/a\",\"mode\":\"bag\"}]}", "/compare/arrays/0/mode" },
		{ "{\"arrays\":[{\"mode\":\"set\"}]}", "/compare/arrays/0" },
		{ "{\"arrays\":[{\"path\":\"/a\",\"names\":\"b\",\"mode\":\"set\"}]}",
		    "/compare/arrays/0" },
		{ "{\"arrays\":[{\"path\":\"a\",\"mode\":\"set\"}]}", "/compare/arrays/0/path" },
		{ "{\"arrays\":[{\"path\":\"/~2\",\"mode\":\"set\"}]}", "/compare/arrays/0/path" },
		{ "{\"arrays\":[{\"path\":\"/a\",\"mode\":\"keyed\"}]}", "/compare/arrays/0/keys" },
		{ "{\"arrays\":[{\"path\":\"/a\",\"mode\":\"set\",\"keys\":[\"x\"]}]}",
		    "/compare/arrays/0/keys" },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"path\":\"/a\",\"except\":\"b\"}]}",
		    "/compare/normalise/0/except" },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"names\":[]}]}",
		    "/compare/normalise/0/names" },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"names\":[1]}]}",
		    "/compare/normalise/0/names" },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"path\":\"/a\",\"category\":7}]}",
		    "/compare/normalise/0/category" },
		{ "{\"normalise\":[{\"how\":\"ignore\",\"path\":\"/a\",\"digits\":1}]}",
		    "/compare/normalise/0" },
		{ "{\"normalise\":[{\"how\":\"nfc\",\"path\":\"/a\",\"separator\":\",\"}]}",
		    "/compare/normalise/0/separator" },
		{ "{\"normalise\":[{\"how\":\"round\",\"path\":\"/"
		  "a\",\"digits\":1,\"seconds\":5}]}",
		    "/compare/normalise/0/digits" },
		{ "{\"normalise\":[{\"how\":\"vanish\",\"path\":\"/a\"}]}",
		    "/compare/normalise/0/how" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct err e = { 0 };

		if (compare_compile(mem, parse(cases[i].text), NULL, 0, key, &e) != NULL)
			fail_msg("taken: %s", cases[i].text);
		assert_int_equal(e.code, ERR_INVALID);
		assert_non_null(e.faults);
		assert_string_equal(e.faults->pointer, cases[i].pointer);
	}
}

/* ---- documents and lists of resources ---- */

static void
documents_are_split_by_their_selector(void **state)
{
	struct err   e = { 0 };
	struct json *v = parse("{\"a\":{\"value\":[{\"id\":\"x\",\"v\":1},{\"id\":7}]}}");
	struct resource_selector s = { STR("/a/value"), STR("id"), STR("things") };
	struct resource         *r;
	size_t                   n;

	(void)state;
	assert_true(resource_split(mem, v, &s, &r, &n, &e));
	assert_int_equal(n, 2);
	assert_true(
	    str_eqz(r[0].category, "things") && str_eqz(r[0].key, "x") && str_eqz(r[1].key, "7"));
	assert_ptr_equal(r[1].value, json_at(v, STR("/a/value/1")));
	assert_true(resource_split(mem, v, NULL, &r, &n, &e));
	assert_true(
	    n == 1 && str_eqz(r[0].category, "document") && r[0].key.n == 0 && r[0].value == v);
	s.category = STR("");
	assert_true(resource_split(mem, v, &s, &r, &n, &e));
	assert_true(str_eqz(r[0].category, "document"));
}

static void
documents_that_do_not_fit_their_selector_are_refused(void **state)
{
	static const struct {
		const char *text, *pointer;
	} cases[] = {
		{ "{}", "" },
		{ "{\"value\":{}}", "" },
		{ "{\"value\":[{}]}", "/value/0" },
		{ "{\"value\":[{\"id\":null}]}", "/value/0" },
		{ "{\"value\":[{\"id\":1.5}]}", "/value/0" },
		{ "{\"value\":[7]}", "/value/0" },
		{ "{\"value\":[{\"id\":\"a\"},{\"id\":\"a\"}]}", "/value/1" },
		{ "{\"value\":[{\"id\":\"a\\u0000\"}]}", "/value/0" },
	};
	struct resource_selector s = { STR("/value"), STR("id"), STR("") };

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct err       e = { 0 };
		struct resource *r;
		size_t           n;

		if (resource_split(mem, parse(cases[i].text), &s, &r, &n, &e))
			fail_msg("taken: %s", cases[i].text);
		assert_int_equal(e.code, ERR_INVALID);
		assert_string_equal(e.faults->pointer, cases[i].pointer);
	}
}

static void
lists_of_resources_keep_their_rules(void **state)
{
	char                  long_key[RESOURCE_KEY_MAX + 2];
	const struct resource ok[] = { { STR("a"), STR("b"), NULL }, { STR("ab"), STR(""), NULL },
		{ STR("a"), STR(""), NULL } };
	const struct resource again[] = { { STR("a"), STR("b"), NULL }, { STR("x"), STR(""), NULL },
		{ STR("a"), STR("b"), NULL } };
	const struct resource empty[] = { { STR(""), STR("b"), NULL } };
	const struct resource zero[] = { { STR("a\0b"), STR("b"), NULL } };
	const struct resource too_long[] = { { STR("a"), { long_key, sizeof long_key - 1 },
	    NULL } };
	struct err            e = { 0 };

	(void)state;
	memset(long_key, 'k', sizeof long_key);
	assert_true(resources_check(mem, ok, 3, &e));
	assert_true(resources_check(mem, NULL, 0, &e));
	assert_false(resources_check(mem, again, 3, &e));
	assert_string_equal(e.faults->pointer, "/resources/2");
	err_clear(&e);
	assert_false(resources_check(mem, empty, 1, &e));
	assert_string_equal(e.faults->pointer, "/resources/0/category");
	err_clear(&e);
	assert_false(resources_check(mem, zero, 1, &e));
	err_clear(&e);
	assert_false(resources_check(mem, too_long, 1, &e));
	assert_string_equal(e.faults->pointer, "/resources/0/key");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_mem, free_mem)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(changes_are_counted_as_the_contract_says),
		TEST(array_modes_by_path_and_name),
		TEST(lists_keep_a_longest_common_subsequence),
		TEST(large_lists_fall_back),
		TEST(normalisers_make_equal_what_means_the_same),
		TEST(embedded_json_ends_at_the_depth_limit),
		TEST(ignored_places_make_no_change),
		TEST(secrets_are_seen_to_change_and_are_nowhere),
		TEST(masks_come_back_from_the_store),
		TEST(a_value_stored_in_clear_meets_a_new_mask),
		TEST(nothing_from_outside_passes_for_a_mask),
		TEST(a_normal_form_shares_what_did_not_change),
		TEST(numbers_beyond_the_limits_are_refused),
		TEST(values_are_shown_as_people_write_them),
		TEST(canonical_paths_name_elements_by_what_they_are),
		TEST(counted_elements_are_named_by_hash_and_repeat),
		TEST(fingerprints_differ_by_resource_path_op_and_key),
		TEST(changes_past_the_limit_are_counted_not_stored),
		TEST(large_arrays_are_not_quadratic),
		TEST(the_deepest_value_is_compared),
		TEST(a_wrong_compare_object_is_refused_with_its_place),
		TEST(documents_are_split_by_their_selector),
		TEST(documents_that_do_not_fit_their_selector_are_refused),
		TEST(lists_of_resources_keep_their_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
