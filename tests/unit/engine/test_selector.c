/* Selectors: what one may say, and how a document is cut by it. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "drift/engine/selector.h"
#include "tests/unit/engine.h"

#define KUBECTL "\"/items\",[\"/metadata/namespace\",\"/metadata/name\"],\"/kind\""

/* `[resources, key, category?]` */
static bool
compile(const char *text, struct resource_selector *s, struct err *e)
{
	const struct json   *v = parse(talloc_asprintf(mem, "[%s]", text));
	struct selector_text in = { str_dup(mem, v->items[0].text), &v->items[1],
		v->n > 2 ? &v->items[2] : NULL };

	return selector_compile(mem, &in, "/s", s, e);
}

static struct resource_selector
selector(const char *text)
{
	struct resource_selector s;
	struct err               e = { 0 };

	if (!compile(text, &s, &e))
		fail_msg("%s: %s", text, e.detail);
	return s;
}

static void
add(struct buf *b, char before, struct str s)
{
	buf_putc(b, before);
	buf_add(b, s.p, s.n);
}

/* " category=key" of each resource, or "pointer: detail" of the first fault. */
static const char *
cut(const char *how, const char *document)
{
	struct resource_selector s = selector(how);
	struct err               e = { 0 };
	struct resource         *r;
	struct buf               b;
	size_t                   n;

	buf_make(&b, mem);
	if (!resource_split(mem, parse(document), &s, &r, &n, &e)) {
		assert_int_equal(e.code, ERR_INVALID);
		return talloc_asprintf(mem, "%s: %s", e.faults->pointer, e.faults->detail);
	}
	for (size_t i = 0; i < n; i++) {
		add(&b, ' ', r[i].category);
		add(&b, '=', r[i].key);
	}
	return b.n > 0 ? b.p : "";
}

static void
a_document_is_cut_by_names_pointers_and_lists_of_them(void **state)
{
	static const struct {
		const char *how, *document, *want;
	} cases[] = {
		{ "\"/a/value\",\"id\",\"things\"",
		    "{\"a\":{\"value\":[{\"id\":\"x\"},{\"id\":7}]}}", " things=x things=7" },
		{ "\"\",\"id\"", "[{\"id\":\"x\"}]", " document=x" },
		{ "\"\",\"id\",\"\"", "[{\"id\":\"\"}]", " document=" },
		{ "\"\",\"id\",null", "[]", "" },
		{ "\"\",\"a/b\"", "[{\"a/b\":\"x\"}]", " document=x" },
		{ "\"\",\"*\"", "[{\"*\":\"x\"}]", " document=x" },
		{ "\"\",\"/a~1b/~0\"", "[{\"a/b\":{\"~\":\"x\"}}]", " document=x" },
		{ "\"\",\"/\"", "[{\"\":\"x\"}]", " document=x" },
		{ "\"\",\"/l/1\"", "[{\"l\":[0,-12]}]", " document=-12" },
		{ "\"\",[\"/id\"]", "[{\"id\":\"a/b~c\"}]", " document=a/b~c" },
		{ "\"\",[\"id\",\"/v/n\"]", "[{\"id\":\"a/b~c\",\"v\":{\"n\":1}}]",
		    " document=a~1b~0c/1" },
		{ "\"\",[\"a\",\"b\"]", "[{\"a\":\"x/y\",\"b\":\"z\"},{\"a\":\"x\",\"b\":\"y/z\"}]",
		    " document=x~1y/z document=x/y~1z" },
		{ "\"\",[\"a\",\"b\"]",
		    "[{\"a\":\"x\"},{\"b\":\"x\"},{\"a\":null,\"b\":\"y\"},{\"a\":\"\",\"b\":\"\"}"
		    "]",
		    " document=x/ document=/x document=/y document=/" },
		{ KUBECTL,
		    "{\"kind\":\"List\",\"items\":[{\"kind\":\"Pod\",\"metadata\":{\"namespace\":"
		    "\"kube-system\",\"name\":\"dns\"}},{\"kind\":\"ClusterRole\",\"metadata\":{"
		    "\"name\":\"admin\"}},{\"kind\":\"Pod\",\"metadata\":{\"namespace\":\"a\","
		    "\"name\":\"dns\"}}]}",
		    " Pod=kube-system/dns ClusterRole=/admin Pod=a/dns" },
		{ "\"\",\"n\",[\"/apiVersion\",\"/kind\"]",
		    "[{\"n\":\"x\",\"apiVersion\":\"apps/"
		    "v1\",\"kind\":\"Deployment\"},{\"n\":\"x\","
		    "\"kind\":\"Pod\"}]",
		    " apps~1v1/Deployment=x /Pod=x" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		assert_string_equal(cut(cases[i].how, cases[i].document), cases[i].want);
}

static void
a_document_that_does_not_fit_says_where_and_what(void **state)
{
	static const struct {
		const char *how, *document, *want;
	} cases[] = {
		{ "\"/value\",\"id\"", "{}",
		    ": has nothing at \"/value\", where the selector looks for the array of "
		    "resources" },
		{ "\"/value\",\"id\"", "{\"value\":{\"id\":\"x\"}}",
		    ": has an object at \"/value\", where the selector looks for the array of "
		    "resources" },
		{ "\"/value\",\"id\"", "{\"value\":null}",
		    ": has null at \"/value\", where the selector looks for the array of "
		    "resources" },
		{ "\"\",\"id\"", "7",
		    ": has a number at \"\", where the selector looks for the array of resources" },
		{ "\"/v\",\"id\"", "{\"v\":[{\"id\":\"a\"},{}]}",
		    "/v/1: needs a string or an integer at /id" },
		{ "\"/v\",\"id\"", "{\"v\":[{\"id\":null}]}",
		    "/v/0: needs a string or an integer at /id" },
		{ "\"/v\",\"id\"", "{\"v\":[{\"id\":1.5}]}",
		    "/v/0: needs a string or an integer at /id" },
		{ "\"/v\",\"id\"", "{\"v\":[{\"id\":1e3}]}",
		    "/v/0: needs a string or an integer at /id" },
		{ "\"/v\",\"id\"", "{\"v\":[{\"id\":true}]}",
		    "/v/0: needs a string or an integer at /id" },
		{ "\"/v\",\"id\"", "{\"v\":[7,null]}",
		    "/v/0: needs a string or an integer at /id" },
		{ "\"/v\",[\"a\",\"b\"]", "{\"v\":[{\"a\":\"x\",\"b\":{}}]}",
		    "/v/0: needs a string or an integer at /b" },
		{ "\"/v\",[\"a\",\"/b/c\"]", "{\"v\":[{\"b\":\"c\"}]}",
		    "/v/0: needs a string or an integer at /b/c" },
		{ "\"/v\",\"id\",\"/kind\"", "{\"v\":[{\"id\":\"a\"}]}",
		    "/v/0: needs a string or an integer at /kind" },
		{ "\"/v\",\"id\",\"/kind\"", "{\"v\":[{\"id\":\"a\",\"kind\":\"\"}]}",
		    "/v/0: category must be 1 to 128 bytes long" },
		{ "\"/v\",\"id\"", "{\"v\":[{\"id\":\"a\\u0000\"}]}",
		    "/v/0: key must not hold U+0000" },
		{ "\"/v\",\"id\"", "{\"v\":[{\"id\":\"a\"},{\"id\":\"b\"},{\"id\":\"a\"}]}",
		    "/v/2: has the category \"document\" and key \"a\" of /v/0" },
		{ "\"/v\",\"id\"", "{\"v\":[{\"id\":7},{\"id\":\"7\"}]}",
		    "/v/1: has the category \"document\" and key \"7\" of /v/0" },
		{ KUBECTL,
		    "{\"items\":[{\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"}},{\"kind\":"
		    "\"Job\","
		    "\"metadata\":{\"name\":\"a\"}},{\"kind\":\"Pod\",\"metadata\":{\"namespace\":"
		    "\"\",\"name\":\"a\"}}]}",
		    "/items/2: has the category \"Pod\" and key \"/a\" of /items/0" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		assert_string_equal(cut(cases[i].how, cases[i].document), cases[i].want);
}

static void
what_can_never_be_a_key_is_refused_at_its_place(void **state)
{
	static const struct {
		const char *how, *pointer, *detail;
	} cases[] = {
		{ "\"value\",\"id\"", "/s/resources", "must be a JSON Pointer" },
		{ "\"/v~2\",\"id\"", "/s/resources", "has a ~ that is not ~0 or ~1" },
		{ "\"/*/v\",\"id\"", "/s/resources",
		    "must be a pointer to one place, not a pattern with *" },
		{ "\"/v/-\",\"id\"", "/s/resources",
		    "points behind the end of an array, where nothing ever is" },
		{ "\"\",\"\"", "/s/key", "points at the whole element, which is no text" },
		{ "\"\",[\"a\",\"\"]", "/s/key", "points at the whole element, which is no text" },
		{ "\"\",7", "/s/key", "must be a string or a list of strings" },
		{ "\"\",null", "/s/key", "must be a string or a list of strings" },
		{ "\"\",{}", "/s/key", "must be a string or a list of strings" },
		{ "\"\",[\"a\",7]", "/s/key", "must be a string or a list of strings" },
		{ "\"\",[]", "/s/key", "must have 1 to 8 parts" },
		{ "\"\",[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]", "/s/key",
		    "must have 1 to 8 parts" },
		{ "\"\",\"/a/*\"", "/s/key",
		    "must be a pointer to one place, not a pattern with *" },
		{ "\"\",\"/**/id\"", "/s/key",
		    "must be a pointer to one place, not a pattern with *" },
		{ "\"\",\"/a/-\"", "/s/key",
		    "points behind the end of an array, where nothing ever is" },
		{ "\"\",\"/a~\"", "/s/key", "has a ~ that is not ~0 or ~1" },
		{ "\"\",\"/a~2\"", "/s/key", "has a ~ that is not ~0 or ~1" },
		{ "\"\",\"a\\u0000\"", "/s/key", "must not hold U+0000" },
		{ "\"\",[\"id\",\"/id\"]", "/s/key", "has the same part twice" },
		{ "\"\",\"id\",7", "/s/category", "must be a string or a list of strings" },
		{ "\"\",\"id\",[\"kind\"]", "/s/category",
		    "must be JSON Pointers, which begin with /, when it is a list" },
		{ "\"\",\"id\",[\"/kind\",\"\"]", "/s/category",
		    "points at the whole element, which is no text" },
		{ "\"\",\"id\",\"/spec/*\"", "/s/category",
		    "must be a pointer to one place, not a pattern with *" },
		{ "\"\",\"id\",\"a\\u0000\"", "/s/category", "must not hold U+0000" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct resource_selector s;
		struct err               e = { 0 };

		if (compile(cases[i].how, &s, &e))
			fail_msg("taken: %s", cases[i].how);
		assert_int_equal(e.code, ERR_INVALID);
		assert_string_equal(e.faults->pointer, cases[i].pointer);
		assert_string_equal(e.faults->detail, cases[i].detail);
		assert_null(e.faults->next);
	}
}

static void
texts_of_a_selector_have_their_limits(void **state)
{
	struct resource_selector s;
	char                     text[400];

	(void)state;
	for (int n = SELECTOR_PART_MAX; n <= SELECTOR_PART_MAX + 1; n++) {
		struct err e = { 0 };

		snprintf(text, sizeof text, "\"\",\"%0*d\"", n, 0);
		assert_int_equal(compile(text, &s, &e), n == SELECTOR_PART_MAX);
		assert_true(n == SELECTOR_PART_MAX || strcmp(e.faults->pointer, "/s/key") == 0);
	}
	for (int n = RESOURCE_CATEGORY_MAX; n <= RESOURCE_CATEGORY_MAX + 1; n++) {
		struct err e = { 0 };

		snprintf(text, sizeof text, "\"\",\"id\",\"%0*d\"", n, 0);
		assert_int_equal(compile(text, &s, &e), n == RESOURCE_CATEGORY_MAX);
		assert_true(
		    n == RESOURCE_CATEGORY_MAX || strcmp(e.faults->pointer, "/s/category") == 0);
	}
}

static void
without_a_selector_the_document_is_one_resource(void **state)
{
	struct json     *v = parse("{\"items\":[]}");
	struct err       e = { 0 };
	struct resource *r;
	size_t           n;

	(void)state;
	assert_true(resource_split(mem, v, NULL, &r, &n, &e));
	assert_int_equal(n, 1);
	assert_true(str_eqz(r[0].category, "document") && r[0].key.n == 0 && r[0].value == v);
}

static void
a_place_on_the_way_that_is_masked_masks_what_is_below(void **state)
{
	static const struct {
		const char *how, *key;
		bool        masked;
	} cases[] = {
		{ NULL, "\"id\"", false },
		{ NULL, "\"password\"", true },
		{ NULL, "\"/a/password\"", true },
		{ NULL, "[\"id\",\"/a/clientSecret\"]", true },
		{ "{\"how\":\"mask\",\"path\":\"/a/b\"}", "\"/a/b\"", true },
		{ "{\"how\":\"mask\",\"path\":\"/a/b\"}", "\"/a/b/c\"", true },
		{ "{\"how\":\"mask\",\"path\":\"/a/b\"}", "\"/a/c\"", false },
		{ "{\"how\":\"mask\",\"path\":\"/a/b\"}", "\"/a\"", false },
		{ "{\"how\":\"mask\",\"path\":\"/**/b\"}", "\"/x/y/b\"", true },
		{ "{\"how\":\"mask\",\"path\":\"\"}", "\"id\"", true },
		{ "{\"how\":\"mask\",\"path\":\"/a~1b\"}", "\"a/b\"", true },
		{ "{\"how\":\"mask\",\"names\":\"p*\",\"except\":\"pin\"}", "\"/pin\"", false },
		{ "{\"how\":\"mask\",\"names\":\"p*\",\"except\":\"pin\"}", "\"/pin/pass\"", true },
		{ "{\"how\":\"mask\",\"path\":\"/a\",\"category\":\"other\"}", "\"a\"", false },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const char              *how = cases[i].how == NULL
						   ? NULL
						   : talloc_asprintf(mem, "{\"normalise\":[%s]}", cases[i].how);
		struct compare_spec     *spec = spec_of(how, key);
		struct resource_selector s =
		    selector(talloc_asprintf(mem, "\"\",%s", cases[i].key));
		bool masked = false;

		for (uint32_t k = 0; k < s.key.n; k++)
			masked = masked || compare_masks(spec, STR("document"),
					       s.key.items[k].steps, s.key.items[k].n);
		if (masked != cases[i].masked)
			fail_msg("%s: %s", how, cases[i].key);
	}
	{
		const struct str     steps[] = { STR("a") };
		struct compare_spec *spec = spec_of(
		    "{\"normalise\":[{\"how\":\"mask\",\"path\":\"/a\",\"category\":\"other\"}]}",
		    key);

		assert_true(compare_masks(spec, STR(""), steps, 1)); /* of any category */
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_document_is_cut_by_names_pointers_and_lists_of_them),
		TEST(a_document_that_does_not_fit_says_where_and_what),
		TEST(what_can_never_be_a_key_is_refused_at_its_place),
		TEST(texts_of_a_selector_have_their_limits),
		TEST(without_a_selector_the_document_is_one_resource),
		TEST(a_place_on_the_way_that_is_masked_masks_what_is_below),
	};

	return cmocka_run_group_tests_name("selector", tests, NULL, NULL);
}
