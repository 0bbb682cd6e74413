/* What a source showed when it was read last, and what must differ to be read as another one. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "drift/source/outline.h"
#include "drift/source/recall.h"
#include "tests/unit/mem.h"
#include "tests/unit/scripted.h"

#define BASE "https://a.example/api"
#define HTTP(collections)                                                                          \
	"{\"kind\":\"http\",\"parameters\":{\"base_url\":\"" BASE                                  \
	"\"},\"collections\":[" collections "]}"
#define LIST(more)                                                                                 \
	HTTP("{\"category\":\"c\",\"path\":\"/c\",\"items\":\"/v\",\"key\":\"id\",\"next\":{"      \
	     "\"pointer\":\"/next\"}" more "}")
#define A "{\"id\":\"a\"}"
#define B "{\"id\":\"b\"}"
#define C "{\"id\":\"c\"}"
#define OVER                                                                                       \
	HTTP("{\"category\":\"c\",\"path\":\"/c\",\"key\":\"id\"},{\"category\":\"d\",\"over\":"   \
	     "\"c\",\"path\":\"/d/{/id}\",\"key\":\"id\",\"when_missing\":\"empty\"}")
#define GATHER                                                                                     \
	HTTP("{\"category\":\"c\",\"path\":\"/c\",\"key\":\"id\",\"each\":[{"                      \
	     "\"name\":\"m\",\"path\":\"/d/{/id}\",\"keep\":[\"n\"]}]}")
#define TWO                                                                                        \
	HTTP("{\"category\":\"c\",\"path\":\"/c\",\"key\":\"id\"},{\"category\":\"e\","            \
	     "\"path\":\"/e\",\"key\":\"id\"}")
#define ONE(body)                                                                                  \
	{                                                                                          \
		BASE "/c", 200, body, NULL                                                         \
	}
#define END                                                                                        \
	{                                                                                          \
		NULL, 0, NULL, NULL                                                                \
	}
#define PAIR(x, y)                                                                                 \
	{ BASE "/c", 200, x, NULL },                                                               \
	{                                                                                          \
		BASE "/c?2", 200, y, NULL                                                          \
	}

static const struct {
	const char     *what, *source;
	bool            same;
	struct scripted before[5], after[5];
} rows[] = {
	{ "the same bytes", LIST(""), true, { ONE("{\"v\":[" A "]}") },
	    { ONE("{\"v\":[" A "]}") } },
	{ "nothing, twice", LIST(""), true, { ONE("{\"v\":[]}") }, { ONE("{\"v\":[]}") } },
	{ "what stands around the items is of each answer", LIST(""), true,
	    { ONE("{\"context\":\"one]\",\"v\":[" A "],\"took\":12}") },
	    { ONE(" {\"context\":\"tw\\\"o[\", \"v\" : [" A "]}") } },
	{ "a value", LIST(""), false, { ONE("{\"v\":[{\"id\":\"a\",\"x\":1}]}") },
	    { ONE("{\"v\":[{\"id\":\"a\",\"x\":2}]}") } },
	{ "an item more", LIST(""), false, { ONE("{\"v\":[" A "]}") },
	    { ONE("{\"v\":[" A "," B "]}") } },
	{ "an item less", LIST(""), false, { ONE("{\"v\":[" A "," B "]}") },
	    { ONE("{\"v\":[" A "]}") } },
	{ "the same items behind a cut", LIST(""), false, { ONE("{\"v\":[" A "]}") },
	    { ONE("{\"v\":[" A "]") } },
	{ "the same items, and after them no JSON", LIST(""), false, { ONE("{\"v\":[" A "]}") },
	    { ONE("{\"v\":[" A "]}}") } },
	{ "the same items, and a member twice", LIST(""), false, { ONE("{\"v\":[" A "]}") },
	    { ONE("{\"v\":[" A "],\"v\":[]}") } },
	{ "the same items, and their member twice under another spelling", LIST(""), false,
	    { ONE("{\"v\":[" A "]}") }, { ONE("{\"v\":[" A "],\"\\u0076\":[]}") } },
	{ "the same items at another place", LIST(""), false, { ONE("{\"v\":[" A "]}") },
	    { ONE("{\"w\":{\"v\":[" A "]}}") } },
	{ "an error in the place of items", LIST(""), false, { ONE("{\"v\":[" A "]}") },
	    { ONE("{\"error\":{\"code\":\"X\"}}") } },
	{ "it may not be read any more", LIST(""), false, { ONE("{\"v\":[" A "]}") },
	    { { BASE "/c", 403, "{\"v\":[" A "]}", NULL } } },
	{ "fewer items than it promises now", LIST(",\"count\":\"/n\""), false,
	    { ONE("{\"n\":1,\"v\":[" A "]}") }, { ONE("{\"n\":2,\"v\":[" A "]}") } },
	{ "more items than it promises", LIST(",\"count\":\"/n\""), true,
	    { ONE("{\"n\":1,\"v\":[" A "]}") }, { ONE("{\"n\":0,\"v\":[" A "]}") } },
	{ "two pages by other links", LIST(""), true,
	    { ONE("{\"v\":[" A "],\"next\":\"?1\"}"),
		{ BASE "/c?1", 200, "{\"v\":[" B "]}", NULL } },
	    { ONE("{\"v\":[" A "],\"next\":\"?2\"}"),
		{ BASE "/c?2", 200, "{\"v\":[" B "]}", NULL } } },
	{ "the second page is another", LIST(""), false,
	    { PAIR("{\"v\":[" A "],\"next\":\"?2\"}", "{\"v\":[" B "]}") },
	    { PAIR("{\"v\":[" A "],\"next\":\"?2\"}", "{\"v\":[" C "]}") } },
	{ "the second page does not come", LIST(""), false,
	    { PAIR("{\"v\":[" A "],\"next\":\"?2\"}", "{\"v\":[" B "]}") },
	    { ONE("{\"v\":[" A "]}") } },
	{ "pages in another order", LIST(""), false,
	    { PAIR("{\"v\":[" A "],\"next\":\"?2\"}", "{\"v\":[" B "]}") },
	    { PAIR("{\"v\":[" B "],\"next\":\"?2\"}", "{\"v\":[" A "]}") } },
	{ "a known page comes twice", LIST(""), false,
	    { PAIR("{\"v\":[" A "],\"next\":\"?2\"}", "{\"v\":[" B "],\"next\":\"\"}") },
	    { PAIR("{\"v\":[" A "],\"next\":\"?2\"}", "{\"v\":[" A "],\"next\":\"?2\"}") } },
	{ "a link that leads elsewhere", LIST(""), false, { ONE("{\"v\":[" A "]}") },
	    { ONE("{\"v\":[" A "],\"next\":\"https://b.example/\"}") } },
	{ "what was not all is not known", LIST(""), false, { ONE("{\"v\":[" A ",{\"name\":1}]}") },
	    { ONE("{\"v\":[" A ",{\"name\":1}]}") } },
	{ "nor what has a key twice", LIST(""), false, { ONE("{\"v\":[" A "," A "]}") },
	    { ONE("{\"v\":[" A "," A "]}") } },
	{ "one collection of two is another", TWO, false,
	    { ONE("[" A "]"), { BASE "/e", 200, "[" B "]", NULL } },
	    { ONE("[" A "]"), { BASE "/e", 200, "[" C "]", NULL } } },
	{ "two collections change places", TWO, false,
	    { ONE("[" A "]"), { BASE "/e", 200, "[" B "]", NULL } },
	    { ONE("[" B "]"), { BASE "/e", 200, "[" A "]", NULL } } },
	{ "what is read over items, and what is missing of it", OVER, true,
	    { ONE("[" A "," B "]"), { BASE "/d/a", 200, "[" C "]", NULL },
		{ BASE "/d/b", 404, "{}", NULL } },
	    { ONE("[" A "," B "]"), { BASE "/d/a", 200, "[" C "]", NULL },
		{ BASE "/d/b", 404, "{\"x\":1}", NULL } } },
	{ "what was missing is empty", OVER, false,
	    { ONE("[" A "," B "]"), { BASE "/d/a", 200, "[" C "]", NULL },
		{ BASE "/d/b", 404, "{}", NULL } },
	    { ONE("[" A "," B "]"), { BASE "/d/a", 200, "[" C "]", NULL },
		{ BASE "/d/b", 200, "[]", NULL } } },
	{ "what is read over two items changes places", OVER, false,
	    { ONE("[" A "," B "]"), { BASE "/d/a", 200, "[" C "]", NULL },
		{ BASE "/d/b", 200, "[]", NULL } },
	    { ONE("[" A "," B "]"), { BASE "/d/a", 200, "[]", NULL },
		{ BASE "/d/b", 200, "[" C "]", NULL } } },
	{ "what is gathered", GATHER, true,
	    { ONE("[{\"id\":\"a\",\"n\":1}]"), { BASE "/d/a", 200, "[" B "," C "]", NULL } },
	    { ONE("[{\"id\":\"a\",\"n\":1}]"), { BASE "/d/a", 200, "[" B "," C "]", NULL } } },
	{ "what is gathered of an item that is another", GATHER, false,
	    { ONE("[{\"id\":\"a\",\"n\":1}]"), { BASE "/d/a", 200, "[" B "," C "]", NULL } },
	    { ONE("[{\"id\":\"a\",\"n\":2}]"), { BASE "/d/a", 200, "[" B "," C "]", NULL } } },
};

static void
what_is_known_comes_to_what_reading_it_comes_to(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scripted_run s = {
			.mem = mem, .source = rows[i].source, .script = rows[i].before
		};

		if (scripted_again(&s, rows[i].after) != rows[i].same)
			fail_msg("%s: %s", rows[i].what, rows[i].same ? "is not known" : "is");
		s.backwards = true;
		assert_int_equal(scripted_again(&s, rows[i].after), rows[i].same);
	}
}

/* Each beginning of each text too: nothing is read behind its end. */
static void
a_value_is_found_where_the_reader_finds_it(void **state)
{
	static const struct {
		const char *text, *pointer, *value;
	} at[] = {
		{ "[1,2]", "", "[1,2]" },
		{ " {\"a\":1} ", "", "{\"a\":1}" },
		{ "{\"v\":[]}", "/v", "[]" },
		{ "{\"v\":12}", "/v", "12" },
		{ "{\"v\":null,\"w\":1}", "/v", "null" },
		{ "{\"x\":\"\\\"v\\\":\",\"v\":\"a]b\\\\\"}", "/v", "\"a]b\\\\\"" },
		{ "{\"x\":{\"v\":1},\"v\":{\"y\":[{}]}}", "/v", "{\"y\":[{}]}" },
		{ "{\"x\":{\"v\":[[\"]\"]]}}", "/x/v", "[[\"]\"]]" },
		{ "{\"\":{\"\":[0]}}", "//", "[0]" },
		{ "{\"v\":[\"0123456789abcde\\\"\",\"]]]]]]]]]]]]]]]]]]]\"],\"w\":0}", "/v",
		    "[\"0123456789abcde\\\"\",\"]]]]]]]]]]]]]]]]]]]\"]" },
		{ "{\"w\":[]}", "/v", NULL },
		{ "[{\"v\":[]}]", "/0/v", NULL },
		{ "{\"a/b\":[]}", "/a~1b", NULL },
		{ "{\"v\":[1}", "/v", "[1}" }, /* who reads the rest sees it */
		{ "{\"v\":[1", "/v", NULL },
		{ "{\"v\":}", "/v", NULL },
		{ "", "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		const size_t n = strlen(at[i].text);
		struct str   value = { 0 };
		char        *copy = talloc_strndup(mem, at[i].text, n);
		bool found = outline_find((struct str) { copy, n }, str_of(at[i].pointer), &value);

		if (found != (at[i].value != NULL) || (found && !str_eqz(value, at[i].value)))
			fail_msg("%s at %s", at[i].text, at[i].pointer);
		for (size_t k = 0; k < n; k++) { /* bounds, for a sanitizer */
			char *head = talloc_memdup(mem, at[i].text, k);

			(void)outline_find((struct str) { head, k }, str_of(at[i].pointer), &value);
			talloc_free(head);
		}
	}
}

static void
pages_are_found_by_their_marks_and_no_more_than_are_kept(void **state)
{
	struct recall     *r = talloc_zero(mem, struct recall);
	struct recall_page p = { .mark = { 0 } };
	struct err         e = { 0 };
	bool               full = false;

	(void)state;
	for (uint32_t i = 0; i < RECALL_PAGES_MAX; i++) {
		memcpy(p.mark + 4, &(uint32_t) { i * 2654435761u }, 4);
		p.items = i;
		assert_true(recall_add(r, &p, &full, &e) && !full);
	}
	assert_true(recall_add(r, &p, &full, &e) && full);
	recall_finish(r);
	for (uint32_t i = 0; i < RECALL_PAGES_MAX; i++) {
		memcpy(p.mark + 4, &(uint32_t) { i * 2654435761u }, 4);
		assert_int_equal(recall_find(r, p.mark)->items, i);
	}
	p.mark[0] = 1;
	assert_null(recall_find(r, p.mark));
	assert_in_range(
	    recall_bytes(r), RECALL_PAGES_MAX * sizeof(p), 2 * RECALL_PAGES_MAX * sizeof(p));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_known_comes_to_what_reading_it_comes_to),
		TEST(a_value_is_found_where_the_reader_finds_it),
		TEST(pages_are_found_by_their_marks_and_no_more_than_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
