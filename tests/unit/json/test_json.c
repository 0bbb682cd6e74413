/* The strict reader, canonical text and the encodings a document may arrive in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/json_help.h"

static struct str
canonical(const char *text, size_t n)
{
	struct err   e = { 0 };
	struct buf   b;
	struct json *v = json_parse(mem, (struct str) { text, n }, &e);

	if (v == NULL)
		fail_msg("%s: %s", text, e.pub);
	buf_make(&b, mem);
	if (!json_canonical(&b, v, &e))
		return (struct str) { NULL, 0 };
	return buf_str(&b);
}

static void
faults_name_the_byte_and_the_place(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "{\"a\":[1,{\"b/c\":tru}]}", "at byte 15, in /a/1/b~1c." },
		{ "{\"a\":1,\"b\":2,\"a\":3}", "a member name given twice at byte 14, in /a." },
		{ "[{\"a\":1,\"b\":2},{\"a\":1,\"b\":2,\"a\":3}]",
		    "a member name given twice at byte 29, in /1/a." },
		{ "[{\"a\":1,\"b\":2},{\"a\":1,\"b",
		    "the text ends too early at byte 24, in /1/a." },
		{ "[0,01]", "a number with a leading zero at byte 4, in /1." },
		{ "[[],[[],[]", "the text ends too early at byte 10, in /1/2." },
		{ "nan", "at byte 0." },
		{ "{\"\\u202e\\u0001<\":x}", "in /\\xe2\\x80\\xae\\x01<." },
	};
	char       deep[1200];
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		e = (struct err) { 0 };
		assert_null(json_parse(mem, str_of(cases[i].text), &e));
		if (strstr(e.pub, cases[i].want) == NULL)
			fail_msg("%s: %s", cases[i].text, e.pub);
	}
	e = (struct err) { 0 };
	memset(deep, 'x', sizeof deep);
	memcpy(deep, "{\"", 2);
	memcpy(deep + 1000, "\":!", 4);
	assert_null(json_parse(mem, str_of(deep), &e));
	assert_non_null(strstr(e.pub, "/..."));
}

/* Objects at one place are read by the names of the one before: none of them is any other for it.
 */
static void
objects_alike_share_their_names_and_others_are_read_as_they_are(void **state)
{
	static const char text[] =
	    "[{\"a\":1,\"b\":{\"x\":1}},{\"a\":2,\"b\":{\"x\":2}},{\"b\":3,\"a\":4},"
	    "{\"b\":5,\"ab\":6},{\"b\":5},{\"b\":5,\"ab\":6,\"c\":7},{},{\"\\u0062\":8},"
	    "{\"b\":9},{\"a\\\"\":1},{\"a\":1},{\"a\\\"\":2},{\"\":1},{\"\":2},"
	    "{\"\u00e9\":1},{\"\u00e9\":2}]";
	enum { PLACES = 64 };
	struct err         e = { 0 };
	const struct json *v = NULL;
	char               room[sizeof(text) + PLACES];
	struct buf         b;
	size_t             shared = 0;

	(void)state;
	/* two places of objects may meet in the reader's table, by where the text lies: not often
	 */
	for (size_t i = 0; i < PLACES; i++) {
		memcpy(room + i, text, sizeof(text) - 1);
		v = json_parse(mem, (struct str) { room + i, sizeof(text) - 1 }, &e);
		assert_non_null(v);
		assert_ptr_not_equal(v->items[1].names, v->items[2].names);
		shared += v->items[0].names == v->items[1].names &&
			  v->items[0].items[1].names == v->items[1].items[1].names &&
			  v->items[12].names == v->items[13].names &&
			  v->items[14].names == v->items[15].names;
	}
	assert_in_range(shared, PLACES / 2, PLACES);
	buf_make(&b, mem);
	json_print(&b, v);
	assert_true(str_eq(buf_str(&b),
	    STR("[{\"a\":1,\"b\":{\"x\":1}},{\"a\":2,\"b\":{\"x\":2}},{\"b\":3,\"a\":4},"
		"{\"b\":5,\"ab\":6},{\"b\":5},{\"b\":5,\"ab\":6,\"c\":7},{},{\"b\":8},"
		"{\"b\":9},{\"a\\\"\":1},{\"a\":1},{\"a\\\"\":2},{\"\":1},{\"\":2},"
		"{\"\u00e9\":1},{\"\u00e9\":2}]")));
}

static void
depth_ends_at_128(void **state)
{
	char text[600];

	(void)state;
	for (size_t depth = 127; depth <= 300; depth++) {
		struct err e = { 0 };

		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		if (depth <= 128)
			assert_non_null(json_parse(mem, (struct str) { text, 2 * depth }, &e));
		else
			assert_null(json_parse(mem, (struct str) { text, 2 * depth }, &e));
	}
}

static void
escapes_are_undone_and_zero_bytes_kept(void **state)
{
	static const char want[] = "\"\\/\b\f\n\r\tA\0\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80.";
	struct err        e = { 0 };
	struct json      *v = json_parse(mem,
		 STR("{\"n\\u0000m\":\"\\\"\\\\\\/"
			  "\\b\\f\\n\\r\\t\\u0041\\u0000\\u00e9\\u20AC\\uD83D\\ude00.\"}"),
		 &e);

	(void)state;
	assert_non_null(v);
	assert_int_equal(v->names[0].n, 3);
	assert_memory_equal(v->names[0].p, "n\0m", 3);
	assert_int_equal(v->items[0].text.n, sizeof want - 1);
	assert_memory_equal(v->items[0].text.p, want, sizeof want - 1);
}

static void
names_that_differ_behind_a_zero_byte_are_different(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_non_null(json_parse(mem, STR("{\"a\":1,\"a\\u0000\":2,\"a\\u0000b\":3}"), &e));
}

static void
large_objects_are_searched_for_repeats_too(void **state)
{
	struct err e = { 0 };
	struct buf b;
	struct str text;

	(void)state;
	buf_make(&b, mem);
	buf_puts(&b, "{");
	for (int i = 0; i < 100000; i++)
		buf_printf(&b, "\"name%d\":%d,", i, i);
	text = buf_str(&b);
	b.p[b.n - 1] = '}';
	assert_non_null(json_parse(mem, text, &e));
	b.p[b.n - 1] = ',';
	buf_puts(&b, "\"name777\":1}");
	assert_null(json_parse(mem, buf_str(&b), &e));
	assert_non_null(strstr(e.pub, "given twice"));
	assert_non_null(strstr(e.pub, "/name777"));
}

static void
a_small_body_cannot_take_all_memory(void **state)
{
	struct err e = { 0 };
	size_t     n = 2 * (size_t)JSON_VALUES_MAX + 3;
	char      *text = talloc_size(mem, n);

	(void)state;
	for (size_t i = 0; i < n; i++)
		text[i] = i % 2 == 0 ? '[' : '0';
	for (size_t i = 2; i < n; i += 2)
		text[i] = ',';
	text[n - 1] = ']';
	assert_null(json_parse(mem, (struct str) { text, n }, &e));
	assert_int_equal(e.code, ERR_TOO_LARGE);
}

static void
a_tree_is_one_subtree(void **state)
{
	TALLOC_CTX  *own = talloc_new(mem);
	struct err   e = { 0 };
	struct json *v = json_parse(own, STR("{\"a\":[1,2,{\"b\":\"\\n\"}]}"), &e);

	(void)state;
	assert_non_null(v);
	assert_int_equal(talloc_total_blocks(own), 1 + talloc_total_blocks(v));
	talloc_free(v);
	assert_int_equal(talloc_total_blocks(own), 1);
	assert_null(json_parse(own, STR("{\"a\":[1,2,{\"b\":\"\\n\"}"), &e));
	assert_int_equal(talloc_total_blocks(own), 1);
	talloc_free(own);
}

static void
canonical_text_is_one_for_equal_values(void **state)
{
	static const struct {
		struct text from;
		const char *to;
	} cases[] = {
		{ T("1"), "1e0" },
		{ T("1.0"), "1e0" },
		{ T("1e0"), "1e0" },
		{ T("10E-1"), "1e0" },
		{ T("0"), "0e0" },
		{ T("-0"), "0e0" },
		{ T("-0.000e7"), "0e0" },
		{ T("100"), "1e2" },
		{ T("0.05"), "5e-2" },
		{ T("-12.50"), "-125e-1" },
		{ T("1e400"), "1e400" },
		{ T("1E+500"), "1e500" },
		{ T("9007199254740993"), "9007199254740993e0" },
		{ T("9007199254740992"), "9007199254740992e0" },
		{ T("123e-1000000000"), "123e-1000000000" },
		{ T("{\"b\":1,\"a\":[true , null]}"), "{\"a\":[true,null],\"b\":1e0}" },
		{ T("{\"aa\":1,\"a\":2,\"\":3}"), "{\"\":3e0,\"a\":2e0,\"aa\":1e0}" },
		{ T("{\"\xC3\xA9\":1,\"z\":2}"), "{\"z\":2e0,\"\xC3\xA9\":1e0}" },
		{ T("\"\\u0041\\/\\u0008\\u001f\\u007f\\u2028\""),
		    "\"A/\\b\\u001f\x7F\xE2\x80\xA8\"" },
		{ T("\"\\u0000\\u000b\\t\\n\\f\\r\\\"\\\\\""),
		    "\"\\u0000\\u000b\\t\\n\\f\\r\\\"\\\\\"" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct str s = canonical(cases[i].from.p, cases[i].from.n), again;

		if (!str_eqz(s, cases[i].to))
			fail_msg("%s: %.*s", cases[i].from.p, (int)s.n, s.p);
		again = canonical(s.p, s.n);
		assert_true(str_eq(s, again));
	}
}

static void
canonical_text_sorts_large_objects(void **state)
{
	struct str s =
	    canonical("{\"t\":1,\"s\":1,\"r\":1,\"q\":1,\"p\":1,\"o\":1,\"n\":1,\"m\":1,\"l\":1,"
		      "\"k\":1,\"j\":1,\"i\":1,\"h\":1,\"g\":1,\"f\":1,\"e\":1,\"d\":1,\"c\":1}",
		18 * 6 + 1);

	(void)state;
	assert_true(str_starts(s, "{\"c\":1e0,\"d\":1e0,\"e\":1e0"));
}

static void
numbers_beyond_the_limits_have_no_canonical_text(void **state)
{
	static const char *const cases[] = { "1e1000000001", "1e-1000000001", "0.1e-1000000000",
		"10e1000000000", "1e99999999999999999999999999", "0e99999999999999999999999999" };
	char                    *digits = talloc_zero_size(mem, JSON_NUMBER_DIGITS_MAX + 2);

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		assert_null(canonical(cases[i], strlen(cases[i])).p);
	memset(digits, '7', JSON_NUMBER_DIGITS_MAX + 1);
	assert_null(canonical(digits, JSON_NUMBER_DIGITS_MAX + 1).p);
	assert_non_null(canonical(digits, JSON_NUMBER_DIGITS_MAX).p);
}

static void
pointers_of_rfc_6901(void **state)
{
	static const char doc[] =
	    "{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,"
	    "\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,\"m~n\":8,\"~1\":9}";
	static const struct {
		const char *pointer, *want; /* NULL: nothing there */
	} cases[] = {
		{ "/foo", "[\"bar\",\"baz\"]" },
		{ "/foo/0", "\"bar\"" },
		{ "/", "0" },
		{ "/a~1b", "1" },
		{ "/c%d", "2" },
		{ "/e^f", "3" },
		{ "/g|h", "4" },
		{ "/i\\j", "5" },
		{ "/k\"l", "6" },
		{ "/ ", "7" },
		{ "/m~0n", "8" },
		{ "/~01", "9" },
		{ "/foo/-", NULL },
		{ "/foo/01", NULL },
		{ "/foo/2", NULL },
		{ "/foo/+1", NULL },
		{ "/foo/0/x", NULL },
		{ "foo", NULL },
		{ "/m~n", NULL },
		{ "/~1", NULL },
		{ "#/foo", NULL },
		{ "/c%25d", NULL },
		{ "/foo/1e0", NULL },
		{ "/foo/ 1", NULL },
		{ "/FOO", NULL },
		{ "/m~2n", NULL },
		{ "/foo/", NULL },
		{ "/foo/18446744073709551616", NULL },
		{ "//", NULL },
	};
	struct err   e = { 0 };
	struct json *v = json_parse(mem, str_of(doc), &e);

	(void)state;
	assert_non_null(v);
	assert_ptr_equal(json_at(v, STR("")), v);
	for (size_t i = 0; i < LEN(cases); i++) {
		const struct json *at = json_at(v, str_of(cases[i].pointer));

		if ((at != NULL) != (cases[i].want != NULL))
			fail_msg("%s", cases[i].pointer);
		if (at != NULL)
			assert_true(str_eqz(printed(at), cases[i].want));
	}
}

static void
pointers_are_written_as_they_are_read(void **state)
{
	struct buf b;

	(void)state;
	buf_make(&b, mem);
	json_pointer_add(&b, STR("a/b"));
	json_pointer_add(&b, STR("m~n"));
	json_pointer_add(&b, STR(""));
	assert_true(str_eqz(buf_str(&b), "/a~1b/m~0n/"));
}

static void
members_are_found_by_whole_names(void **state)
{
	struct err   e = { 0 };
	struct json *v = json_parse(mem, STR("{\"ab\":1,\"a\":2}"), &e);

	(void)state;
	assert_true(str_eqz(json_get(v, "a")->text, "2"));
	assert_null(json_get(v, "abc"));
	assert_null(json_get(NULL, "a"));
	assert_null(json_get(json_get(v, "a"), "a"));
}

static void
each_encoding_is_one_text(void **state)
{
	static const struct text cases[] = {
		T("[\"\xC3\xA9\xF0\x9F\x98\x80\"]"),
		T("\xEF\xBB\xBF[\"\xC3\xA9\xF0\x9F\x98\x80\"]"),
		T("\xFF\xFE[\0\"\0\xE9\0\x3D\xD8\x00\xDE\"\0]\0"),
		T("\xFE\xFF\0[\0\"\0\xE9\xD8\x3D\xDE\x00\0\"\0]"),
		T("[\0\"\0\xE9\0\x3D\xD8\x00\xDE\"\0]\0"),
		T("\0[\0\"\0\xE9\xD8\x3D\xDE\x00\0\"\0]"),
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct err e = { 0 };
		struct str s;

		assert_true(json_decode(mem, (struct str) { cases[i].p, cases[i].n }, &s, &e));
		assert_true(str_eqz(s, cases[0].p));
		assert_non_null(json_parse(mem, s, &e));
	}
}

/* By the marks, or by where the zeros are. */
static void
encodings_are_told_apart(void **state)
{
	static const struct {
		struct text        text;
		enum json_encoding want;
	} rows[] = {
		{ T(""), JSON_UTF8 },
		{ T("1"), JSON_UTF8 },
		{ T("{}"), JSON_UTF8 },
		{ T("\xEF\xBB\xBF"), JSON_UTF8 },
		{ T("\xEF\xBB"), JSON_UTF8 },
		{ T("1\0"), JSON_UTF16_LE },
		{ T("\0001"), JSON_UTF16_BE },
		{ T("\xFF\xFE"), JSON_UTF16_LE },
		{ T("\xFE\xFF"), JSON_UTF16_BE },
		{ T("\"\0\0\1\"\0"), JSON_UTF16_LE }, /* U+0100 */
		{ T("\0\"\1\0\0\""), JSON_UTF16_BE },
		{ T("\xFF\xFE\0\0"), JSON_UTF32 },
		{ T("\0\0\xFE\xFF"), JSON_UTF32 },
		{ T("1\0\0\0"), JSON_UTF32 },
		{ T("\0\0\0001"), JSON_UTF32 },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct str s = { rows[i].text.p, rows[i].text.n }, out;
		struct err e = { 0 };

		assert_int_equal(json_encoding(s), rows[i].want);
		if (json_decode_utf8(s, &out, &e))
			assert_int_equal(rows[i].want, JSON_UTF8);
		else
			assert_non_null(
			    strstr(e.pub, rows[i].want == JSON_UTF32 ? "UTF-32" : "UTF-16"));
	}
}

/* A character of two bytes in UTF-16 is one to three in UTF-8. */
static void
a_limit_is_held_to_what_was_decoded(void **state)
{
	static const struct {
		struct text text;
		size_t      n;
	} rows[] = {
		{ T("\"aa\""), 4 },
		{ T("\xEF\xBB\xBF\"aa\""), 4 },
		{ T("\xFF\xFE\"\0a\0\"\0"), 3 },
		{ T("\"\0\x2D\x4E\x87\x65\"\0"), 8 },
		{ T("\xFE\xFF\0\"\x4E\x2D\x65\x87\0\""), 8 },
		{ T("\"\0\x34\xD8\x1E\xDD\"\0"), 6 },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct str in = { rows[i].text.p, rows[i].text.n }, out;

		for (size_t max = 0; max < 10; max++) {
			struct err e = { 0 };
			bool       ok = json_decode_max(mem, in, max, &out, &e);

			assert_int_equal(ok, max >= rows[i].n);
			assert_int_equal(e.code, ok ? ERR_OK : ERR_TOO_LARGE);
			assert_true(!ok || out.n == rows[i].n);
		}
	}
}

static void
broken_utf16_is_refused(void **state)
{
	static const struct text cases[] = {
		T("\xFF\xFE[\0]"),
		T("\xFF\xFE\x00\xD8"),
		T("\xFF\xFE\x00\xDC\x00\xD8"),
		T("\xFF\xFE\x00\xD8[\0"),
		T("\xFE\xFF\xD8\x00\xD8\x00"),
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct err e = { 0 };
		struct str s;

		assert_false(json_decode(mem, (struct str) { cases[i].p, cases[i].n }, &s, &e));
		assert_int_equal(e.code, ERR_MALFORMED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(faults_name_the_byte_and_the_place),
		TEST(objects_alike_share_their_names_and_others_are_read_as_they_are),
		TEST(depth_ends_at_128),
		TEST(escapes_are_undone_and_zero_bytes_kept),
		TEST(names_that_differ_behind_a_zero_byte_are_different),
		TEST(large_objects_are_searched_for_repeats_too),
		TEST(a_small_body_cannot_take_all_memory),
		TEST(a_tree_is_one_subtree),
		TEST(canonical_text_is_one_for_equal_values),
		TEST(canonical_text_sorts_large_objects),
		TEST(numbers_beyond_the_limits_have_no_canonical_text),
		TEST(pointers_of_rfc_6901),
		TEST(pointers_are_written_as_they_are_read),
		TEST(members_are_found_by_whole_names),
		TEST(each_encoding_is_one_text),
		TEST(encodings_are_told_apart),
		TEST(a_limit_is_held_to_what_was_decoded),
		TEST(broken_utf16_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
