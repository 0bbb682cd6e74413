#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "drift/engine/template.h"

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
print(TALLOC_CTX *mem, const struct json *v)
{
	struct buf b;

	buf_make(&b, mem);
	json_print(&b, v);
	assert_true(buf_ok(&b));
	return b.p;
}

/* Members of an object as variables; null is a value, "-" in front of a name means: has none. */
static size_t
variables(TALLOC_CTX *mem, const char *text, struct template_variable *v)
{
	const struct json *o = parse(mem, text);

	for (uint32_t i = 0; i < o->n; i++) {
		bool none = o->names[i].p[0] == '-';

		v[i].name =
		    none ? (struct str) { o->names[i].p + 1, o->names[i].n - 1 } : o->names[i];
		v[i].value = none ? NULL : &o->items[i];
	}
	return o->n;
}

/* ---- the grammar ---- */

#define VARS                                                                                       \
	"{\"s\":\"text\",\"n\":1.50,\"t\":true,\"z\":null,\"a\":[1,{\"x\":2}],\"p\":\"%s%%\","     \
	"\"Long_name9\":\"L\",\"e\":\"\",\"-none\":0}"

static const struct {
	const char *from, *to; /* JSON texts; to NULL: refused at /v/<at> */
	const char *at;
} rendered[] = {
	{ "\"plain\"", "\"plain\"", NULL },
	{ "\"%s%\"", "\"text\"", NULL },
	{ "\"%n%\"", "1.50", NULL },
	{ "\"%t%\"", "true", NULL },
	{ "\"%z%\"", "null", NULL },
	{ "\"%a%\"", "[1,{\"x\":2}]", NULL },
	{ "\"<%s%>\"", "\"<text>\"", NULL },
	{ "\"<%n%>\"", "\"<1.50>\"", NULL },
	{ "\"<%t%>\"", "\"<true>\"", NULL },
	{ "\"%s%%n%\"", "\"text1.50\"", NULL },
	{ "\"%e%%e%\"", "\"\"", NULL },
	{ "\"%e%\"", "\"\"", NULL },
	{ "\"%Long_name9%\"", "\"L\"", NULL },
	/* percent signs */
	{ "\"100%\"", "\"100%\"", NULL },
	{ "\"%\"", "\"%\"", NULL },
	{ "\"%%\"", "\"%\"", NULL },
	{ "\"%%%\"", "\"%%\"", NULL },
	{ "\"%%s%%\"", "\"%s%\"", NULL },
	{ "\"%%%s%%%\"", "\"%text%\"", NULL },
	{ "\"50% of %s%\"", "\"50% of text\"", NULL },
	{ "\"%1%\"", "\"%1%\"", NULL },
	{ "\"%_s%\"", "\"%_s%\"", NULL },
	{ "\"% s%\"", "\"% s%\"", NULL },
	{ "\"%s\"", "\"%s\"", NULL },
	{ "\"%s-%\"", "\"%s-%\"", NULL },
	{ "\"%\\u00e9%\"", "\"%\xc3\xa9%\"", NULL },
	/* what a variable brings is not looked at again */
	{ "\"%p%\"", "\"%s%%\"", NULL },
	{ "\"a %p% b\"", "\"a %s%% b\"", NULL },
	/* in depth; names of members stay */
	{ "{\"%s%\":[\"%n%\",{\"x\":\"%a%\"},\"same\"]}",
	    "{\"%s%\":[1.50,{\"x\":[1,{\"x\":2}]},\"same\"]}", NULL },
	{ "[]", "[]", NULL },
	{ "{\"a\":{},\"b\":1e400}", "{\"a\":{},\"b\":1e400}", NULL },
	/* without a text, or a value */
	{ "\"<%a%>\"", NULL, "a" },
	{ "\"<%z%>\"", NULL, "z" },
	{ "\"%none%\"", NULL, "none" },
	{ "\"x%none%\"", NULL, "none" },
	{ "\"%who%\"", NULL, "who" },
};

static void
strings_are_rendered_as_the_grammar_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rendered) / sizeof(rendered[0]); i++) {
		TALLOC_CTX              *mem = talloc_new(NULL);
		struct err               e = { 0 };
		struct template_variable v[16];
		size_t                   n = variables(mem, VARS, v);
		struct resource r = { STR("c"), STR("k"), parse(mem, rendered[i].from) }, *out;
		bool            ok =
		    template_render(mem, &(struct template) { &r, 1, v, n }, "/v", &out, NULL, &e);

		if (ok != (rendered[i].to != NULL))
			fail_msg("%s", rendered[i].from);
		if (ok) {
			assert_string_equal(print(mem, out[0].value), rendered[i].to);
		} else {
			assert_int_equal(e.code, ERR_INVALID);
			assert_string_equal(e.faults->pointer + 3, rendered[i].at);
		}
		talloc_free(mem);
	}
}

static void
a_key_is_text_and_a_category_is_not_looked_at(void **state)
{
	TALLOC_CTX              *mem = talloc_new(NULL);
	struct err               e = { 0 };
	struct template_variable v[16];
	size_t                   n = variables(mem, VARS, v);
	struct resource          r[2] = { { STR("%s%"), STR("%n%"), parse(mem, "1") },
			 { STR("c"), STR("x-%s%-%%"), parse(mem, "2") } };
	struct resource          bad = { STR("c"), STR("%a%"), parse(mem, "1") }, *out;

	(void)state;
	assert_true(template_render(mem, &(struct template) { r, 2, v, n }, "/v", &out, NULL, &e));
	assert_true(str_eqz(out[0].category, "%s%"));
	assert_true(str_eqz(out[0].key, "1.50"));
	assert_true(str_eqz(out[1].key, "x-text-%"));
	assert_false(
	    template_render(mem, &(struct template) { &bad, 1, v, n }, "/v", &out, NULL, &e));
	assert_string_equal(e.faults->pointer, "/v/a");
	talloc_free(mem);
}

/* ---- checking ---- */

static const struct {
	const char *key, *value;
	const char *pointer; /* NULL: nothing to say */
} checked[] = {
	{ "k", "{\"a\":[\"%s%\",\"x %n% y\",\"100%\",\"%%who%%\"]}", NULL },
	{ "%s%", "1", NULL },
	{ "k", "\"%none% in a text: nothing is known of it yet\"", NULL },
	{ "k", "{\"a/b\":[0,\"see %who%\"]}", "/resources/0/value/a~1b/1" },
	{ "k-%who%", "1", "/resources/0/key" },
	{ "k", "\"see %a%\"", "/resources/0/value" },
	{ "%a%", "1", "/resources/0/key" },
	{ "k", "\"%a%\"", NULL },
	{ "k", "{\"x\":\"\\u0000masked:00\"}", "/resources/0/value/x" },
	{ "k", "[\"[masked]\"]", "/resources/0/value/0" },
	{ "k", "[\"is [masked]\"]", NULL },
};

static void
a_template_is_checked_when_it_is_made(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(checked) / sizeof(checked[0]); i++) {
		TALLOC_CTX              *mem = talloc_new(NULL);
		struct err               e = { 0 };
		struct template_variable v[16];
		size_t                   n = variables(mem, VARS, v);
		struct resource          r = { STR("c"), str_of(checked[i].key),
				 parse(mem, checked[i].value) };
		bool                     ok = template_check(
					mem, &(struct template) { &r, 1, v, n }, RESOURCE_SOURCE, NULL, &e);

		if (ok != (checked[i].pointer == NULL))
			fail_msg("%s %s", checked[i].key, checked[i].value);
		if (!ok)
			assert_string_equal(e.faults->pointer, checked[i].pointer);
		talloc_free(mem);
	}
}

static void
at_most_twenty_faults_are_told(void **state)
{
	TALLOC_CTX     *mem = talloc_new(NULL);
	struct err      e = { 0 };
	struct resource r = { STR("c"), STR("k"), NULL };
	char           *text = talloc_strdup(mem, "[\"%x%\"");
	int             n = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		text = talloc_strdup_append(text, ",\"%x%%x%%x%\"");
	r.value = parse(mem, talloc_strdup_append(text, "]"));
	assert_false(
	    template_check(mem, &(struct template) { &r, 1, NULL, 0 }, RESOURCE_SOURCE, NULL, &e));
	for (const struct fault *f = e.faults; f != NULL; f = f->next)
		n++;
	assert_int_equal(n, 20);
	talloc_free(mem);
}

/* ---- limits ---- */

static void
a_small_template_cannot_grow_without_bound(void **state)
{
	TALLOC_CTX              *mem = talloc_new(NULL);
	struct err               e = { 0 };
	char                    *big = talloc_zero_size(mem, (1 << 20) + 3), *text;
	struct template_variable v = { STR("b"), NULL };
	struct resource          r = { STR("c"), STR("k"), NULL }, *out;

	(void)state;
	memset(big, 'x', (1 << 20) + 2);
	big[0] = big[(1 << 20) + 1] = '"';
	v.value = parse(mem, big);
	text = talloc_strdup(mem, "[\"%b%\"");
	for (int i = 0; i < 15; i++)
		text = talloc_strdup_append(text, ",\"%b%%b%\"");
	r.value = parse(mem, talloc_strdup_append(text, "]"));
	assert_false(
	    template_render(mem, &(struct template) { &r, 1, &v, 1 }, "/v", &out, NULL, &e));
	assert_string_equal(e.faults->pointer, "/v/b");
	assert_true(talloc_total_size(mem) < (size_t)128 << 20);
	talloc_free(mem);
}

static const char *
nested(TALLOC_CTX *mem, int depth, const char *inner)
{
	char *text = talloc_strdup(mem, "");

	for (int i = 0; i < depth; i++)
		text = talloc_strdup_append(text, "[");
	text = talloc_strdup_append(text, inner);
	for (int i = 0; i < depth; i++)
		text = talloc_strdup_append(text, "]");
	return text;
}

static void
nothing_becomes_deeper_than_a_document_may_be(void **state)
{
	TALLOC_CTX              *mem = talloc_new(NULL);
	struct err               e = { 0 };
	struct template_variable v = { STR("d"), parse(mem, nested(mem, 28, "1")) };
	struct resource  r = { STR("c"), STR("k"), parse(mem, nested(mem, 100, "\"%d%\"")) };
	struct resource *out;

	(void)state;
	assert_true(
	    template_render(mem, &(struct template) { &r, 1, &v, 1 }, "/v", &out, NULL, &e));
	parse(mem, print(mem, out[0].value));
	r.value = parse(mem, nested(mem, 101, "\"%d%\""));
	assert_false(
	    template_render(mem, &(struct template) { &r, 1, &v, 1 }, "/v", &out, NULL, &e));
	assert_string_equal(e.faults->pointer, "/v/d");
	talloc_free(mem);
}

static void
a_thousand_variables_are_found(void **state)
{
	TALLOC_CTX              *mem = talloc_new(NULL);
	struct err               e = { 0 };
	struct template_variable v[1000];
	char                    *text = talloc_strdup(mem, "[0");
	struct resource          r = { STR("c"), STR("k"), NULL }, *out;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		v[i].name = str_of(talloc_asprintf(mem, "v%d", i));
		v[i].value = parse(mem, talloc_asprintf(mem, "%d", i));
		text = talloc_asprintf_append(text, ",\"%%v%d%%\"", i);
	}
	r.value = parse(mem, talloc_strdup_append(text, "]"));
	assert_true(
	    template_render(mem, &(struct template) { &r, 1, v, 1000 }, "/v", &out, NULL, &e));
	for (uint32_t i = 0; i < 1000; i++) {
		char want[8];

		snprintf(want, sizeof(want), "%u", i);
		assert_true(str_eqz(out[0].value->items[i + 1].text, want));
	}
	talloc_free(mem);
}

/* ---- quoting ---- */

static void
what_is_quoted_renders_to_itself(void **state)
{
	static const char *const texts[] = { "\"100%\"", "\"%s%\"", "\"%%\"", "\"%%s%%%\"",
		"{\"%s%\":[\"%\",\"a%b%c\",[],{},1.0,null]}" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		TALLOC_CTX     *mem = talloc_new(NULL);
		struct err      e = { 0 };
		struct json     quoted;
		struct resource r = { STR("c"), STR("k"), &quoted }, *out;

		assert_true(template_quote_value(mem, parse(mem, texts[i]), &quoted, &e));
		assert_true(template_check(
		    mem, &(struct template) { &r, 1, NULL, 0 }, RESOURCE_SOURCE, NULL, &e));
		assert_true(template_render(
		    mem, &(struct template) { &r, 1, NULL, 0 }, "", &out, NULL, &e));
		assert_string_equal(print(mem, out[0].value), texts[i]);
		talloc_free(mem);
	}
}

/* ---- differences ---- */

static const struct {
	const char *differences; /* [[category, key, path, op, value], ...] */
	const char *want;        /* [[category, key, value], ...]; NULL: refused, */
	size_t      which;       /* this one */
} differed[] = {
	{ "[]", "[[\"a\",\"1\",{\"x\":[1,2]}],[\"b\",\"\",7]]", 0 },
	{ "[[\"a\",\"1\",\"/x/0\",\"replace\",9],[\"a\",\"1\",\"/x/-\",\"add\",\"%s%\"]]",
	    "[[\"a\",\"1\",{\"x\":[9,2,\"%s%\"]}],[\"b\",\"\",7]]", 0 },
	{ "[[\"a\",\"1\",\"/x\",\"remove\"]]", "[[\"a\",\"1\",{}],[\"b\",\"\",7]]", 0 },
	{ "[[\"b\",\"\",\"\",\"remove\"]]", "[[\"a\",\"1\",{\"x\":[1,2]}]]", 0 },
	{ "[[\"b\",\"\",\"\",\"replace\",null]]", "[[\"a\",\"1\",{\"x\":[1,2]}],[\"b\",\"\",null]]",
	    0 },
	{ "[[\"0\",\"n\",\"\",\"add\",{}],[\"0\",\"n\",\"/y\",\"add\",1]]",
	    "[[\"0\",\"n\",{\"y\":1}],[\"a\",\"1\",{\"x\":[1,2]}],[\"b\",\"\",7]]", 0 },
	{ "[[\"b\",\"\",\"\",\"remove\"],[\"b\",\"\",\"\",\"add\",8]]",
	    "[[\"a\",\"1\",{\"x\":[1,2]}],[\"b\",\"\",8]]", 0 },
	{ "[[\"a\",\"2\",\"\",\"remove\"]]", NULL, 0 },
	{ "[[\"a\",\"2\",\"\",\"replace\",1]]", NULL, 0 },
	{ "[[\"a\",\"2\",\"/x\",\"add\",1]]", NULL, 0 },
	{ "[[\"b\",\"\",\"\",\"remove\"],[\"a\",\"1\",\"/y\",\"replace\",1]]", NULL, 1 },
	{ "[[\"a\",\"1\",\"x\",\"add\",1]]", NULL, 0 },
	{ "[[\"a\",\"1\",\"/x/7\",\"add\",1]]", NULL, 0 },
	{ "[[\"b\",\"\",\"\",\"remove\"],[\"b\",\"\",\"/x\",\"add\",1]]", NULL, 1 },
};

static size_t
differences(TALLOC_CTX *mem, const char *text, struct difference *d)
{
	const struct json *list = parse(mem, text);

	for (uint32_t i = 0; i < list->n; i++) {
		const struct json *one = &list->items[i];

		d[i] = (struct difference) { .category = one->items[0].text,
			.key = one->items[1].text,
			.path = one->items[2].text,
			.value = one->n > 4 ? &one->items[4] : NULL };
		assert_true(difference_op_parse(str_dup(mem, one->items[3].text), &d[i].op));
	}
	return list->n;
}

static size_t
resources(TALLOC_CTX *mem, struct resource *list)
{
	list[0] = (struct resource) { STR("b"), STR(""), parse(mem, "7") };
	list[1] = (struct resource) { STR("a"), STR("1"), parse(mem, "{\"x\":[1,2]}") };
	return 2;
}

static const char *
print_list(TALLOC_CTX *mem, const struct resource *list, size_t n)
{
	struct buf b;

	buf_make(&b, mem);
	buf_putc(&b, '[');
	for (size_t i = 0; i < n; i++) {
		buf_puts(&b, i == 0 ? "[" : ",[");
		buf_json(&b, list[i].category);
		buf_putc(&b, ',');
		buf_json(&b, list[i].key);
		buf_putc(&b, ',');
		json_print(&b, list[i].value);
		buf_putc(&b, ']');
	}
	buf_putc(&b, ']');
	return b.p;
}

static void
differences_apply_or_are_refused_by_number(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(differed) / sizeof(differed[0]); i++) {
		TALLOC_CTX       *mem = talloc_new(NULL);
		struct err        e = { 0 };
		struct resource   list[8];
		struct difference d[8];
		size_t            n = resources(mem, list);
		size_t            dn = differences(mem, differed[i].differences, d);
		bool              ok =
		    template_differ(mem, list, &n, &(struct differences) { d, dn, "/d" }, NULL, &e);
		char pointer[16];

		if (ok != (differed[i].want != NULL))
			fail_msg("%s", differed[i].differences);
		if (ok) {
			assert_string_equal(print_list(mem, list, n), differed[i].want);
		} else {
			snprintf(pointer, sizeof(pointer), "/d/%zu/path", differed[i].which);
			assert_string_equal(e.faults->pointer, pointer);
		}
		talloc_free(mem);
	}
}

/* One large resource is copied once, however many do not apply to it. */
static void
a_hundred_wrong_differences_cost_little_more_than_one(void **state)
{
	uint64_t spent[2];

	(void)state;
	for (int many = 0; many < 2; many++) {
		TALLOC_CTX       *mem = talloc_new(NULL);
		struct err        e = { 0 };
		struct buf        b;
		struct work       work;
		struct resource   list[102];
		struct difference d[100];
		size_t            n = 1, dn = many == 1 ? 100 : 1;

		buf_make(&b, mem);
		buf_puts(&b, "{\"x\":[");
		for (int i = 0; i < 20000; i++)
			buf_printf(&b, "%s%d", i == 0 ? "" : ",", i);
		buf_puts(&b, "]}");
		list[0] = (struct resource) { STR("a"), STR("1"), parse(mem, b.p) };
		for (size_t i = 0; i < dn; i++)
			d[i] = (struct difference) { STR("a"), STR("1"), STR("/y/z"),
				DIFFERENCE_REMOVE, NULL, NULL };
		work_begin(&work, WORK_REQUEST, NULL);
		assert_true(template_differ(
		    mem, list, &n, &(struct differences) { d, dn, NULL }, &work, &e));
		for (size_t i = 0; i < dn; i++)
			assert_non_null(d[i].why);
		assert_int_equal(n, 1);
		spent[many] = work.spent;
		talloc_free(mem);
	}
	print_message("# %llu steps for one, %llu for 100\n", (unsigned long long)spent[0],
	    (unsigned long long)spent[1]);
	assert_true(spent[0] > 20000 && spent[1] < spent[0] + 10000);
}

static void
differences_that_no_longer_apply_are_passed_over_and_say_why(void **state)
{
	TALLOC_CTX       *mem = talloc_new(NULL);
	struct err        e = { 0 };
	struct resource   list[8];
	struct difference d[8];
	size_t            n = resources(mem, list);
	size_t            dn = differences(mem,
		       "[[\"a\",\"1\",\"/gone\",\"remove\"],[\"a\",\"1\",\"/x/0\",\"replace\",3],"
				  "[\"z\",\"\",\"/x\",\"add\",1],[\"b\",\"\",\"\",\"replace\",8]]",
		       d);

	(void)state;
	d[3].why = "has expired";
	assert_true(
	    template_differ(mem, list, &n, &(struct differences) { d, dn, NULL }, NULL, &e));
	assert_string_equal(
	    print_list(mem, list, n), "[[\"a\",\"1\",{\"x\":[3,2]}],[\"b\",\"\",7]]");
	assert_non_null(d[0].why);
	assert_null(d[1].why);
	assert_non_null(d[2].why);
	assert_string_equal(d[3].why, "has expired");
	talloc_free(mem);
}

static void
names_of_variables(void **state)
{
	char long_name[80];

	(void)state;
	memset(long_name, 'a', sizeof(long_name));
	assert_true(template_is_name(STR("a")));
	assert_true(template_is_name(STR("A_9")));
	assert_false(template_is_name(STR("")));
	assert_false(template_is_name(STR("9a")));
	assert_false(template_is_name(STR("_a")));
	assert_false(template_is_name(STR("a-b")));
	assert_true(template_is_name((struct str) { long_name, TEMPLATE_NAME_MAX }));
	assert_false(template_is_name((struct str) { long_name, TEMPLATE_NAME_MAX + 1 }));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_rendered_as_the_grammar_says),
		cmocka_unit_test(a_key_is_text_and_a_category_is_not_looked_at),
		cmocka_unit_test(a_template_is_checked_when_it_is_made),
		cmocka_unit_test(at_most_twenty_faults_are_told),
		cmocka_unit_test(a_small_template_cannot_grow_without_bound),
		cmocka_unit_test(nothing_becomes_deeper_than_a_document_may_be),
		cmocka_unit_test(a_thousand_variables_are_found),
		cmocka_unit_test(what_is_quoted_renders_to_itself),
		cmocka_unit_test(differences_apply_or_are_refused_by_number),
		cmocka_unit_test(a_hundred_wrong_differences_cost_little_more_than_one),
		cmocka_unit_test(differences_that_no_longer_apply_are_passed_over_and_say_why),
		cmocka_unit_test(names_of_variables),
	};

	return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
