/* The strict reader against RFC 8259: what it takes, and all that others take and it must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/json_help.h"

static void
what_the_grammar_allows_is_read_and_printed_again(void **state)
{
	static const struct text cases[] = {
		T("null"),
		T("true"),
		T("false"),
		T("0"),
		T("-0"),
		T("1.50"),
		T("1E+2"),
		T("-1e-2"),
		T("123456789012345678901234567890"),
		T("1e400"),
		T("\"\""),
		T("\"a\""),
		T("[]"),
		T("{}"),
		T("[1,[2,[3]],{}]"),
		T("{\"a\":{\"b\":[null,true]},\"c\":\"d\"}"),
		T("\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\""),
		T("{\"\":1}"),
		T("[\"long enough to use the eight byte road\",\"x\"]"),
		T("[0.0,-0.0,0e0,-0e-0,0E+00,1e00]"),
		T("[1e99999999999999999999,1e-99999999999999999999]"),
		T("18446744073709551616"),
		T("0.1000000000000000055511151231257827021181583404541015625"),
		T("[[[[[[[[[[]]]]]]]]]]"),
		T("{\"a\":{},\"b\":[],\"A\":null}"),
		T("{\"a\":1,\"a \":2,\" a\":3}"),
		T("\"\xC2\xA0\xE1\x9A\x80\""),
		T("\"\xEF\xBF\xBE\xEF\xBF\xBF\xEF\xB7\x90\""),
		T("\"\xF4\x8F\xBF\xBF\xED\x9F\xBF\xEE\x80\x80\""),
		T("\"\xC2\xA0\xDF\xBF\xE0\xA0\x80\xF0\x90\x80\x80\""),
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct err   e = { 0 };
		struct json *v = json_parse(mem, (struct str) { cases[i].p, cases[i].n }, &e);
		struct str   s;

		if (v == NULL)
			fail_msg("%s: %s", cases[i].p, e.pub);
		s = printed(v);
		if (s.n != cases[i].n || memcmp(s.p, cases[i].p, s.n) != 0)
			fail_msg("%s came back as %.*s", cases[i].p, (int)s.n, s.p);
	}
}

/* Space, tab, CR and LF between any two tokens; escapes in either case. */
static void
what_is_spelled_otherwise_is_the_same(void **state)
{
	static const struct {
		struct text spelled;
		const char *want;
	} cases[] = {
		{ T(" \t\r\n[ 1 ,\n2\t]\r\n "), "[1,2]" },
		{ T("{ \"a\" : { } , \"b\" :[ ] }"), "{\"a\":{},\"b\":[]}" },
		{ T("                \n                [1]                "), "[1]" },
		{ T("\"\\u0041\\u00E9\\u00e9\""), "\"A\xC3\xA9\xC3\xA9\"" },
		{ T("\"\\uD834\\uDd1e\""), "\"\xF0\x9D\x84\x9E\"" },
		{ T("\"\\/\\\\\\\"\""), "\"/\\\\\\\"\"" },
		{ T("{\"\\u0061\":1}"), "{\"a\":1}" },
		{ T("[\"\x7f\"]"), "[\"\\u007f\"]" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct err   e = { 0 };
		struct str   in = { cases[i].spelled.p, cases[i].spelled.n };
		struct json *v = json_parse(mem, in, &e);

		if (v == NULL)
			fail_msg("%s: %s", in.p, e.pub);
		if (!str_eqz(printed(v), cases[i].want))
			fail_msg("%s: %s", in.p, printed(v).p);
	}
}

static void
what_it_does_not_allow_is_refused(void **state)
{
	static const struct text cases[] = {
		T(""),
		T(" "),
		T("NaN"),
		T("Infinity"),
		T("-Infinity"),
		T("nul"),
		T("True"),
		T("nulll"),
		T("{'a':1}"),
		T("{a:1}"),
		T("{\"a\":1,}"),
		T("{\"a\"}"),
		T("{\"a\":}"),
		T("{,}"),
		T("{1:2}"),
		T("{\"a\":1 \"b\":2}"),
		T("[1,]"),
		T("[,1]"),
		T("[1 2]"),
		T("["),
		T("{"),
		T("[1"),
		T("]"),
		T("{\"a\":1"),
		T("{\"a"),
		T("[}"),
		T("{]"),
		T("[1}"),
		T("1."),
		T(".5"),
		T("-"),
		T("+1"),
		T("01"),
		T("-01"),
		T("1e"),
		T("1e+"),
		T("0x10"),
		T("1.e1"),
		T("--1"),
		T("1 2"),
		T("{} x"),
		T("\"a\"\"b\""),
		T("\""),
		T("\"a"),
		T("\"\\"),
		T("\"\\\""),
		T("\"\\x\""),
		T("\"\\u12\""),
		T("\"\\u12G4\""),
		T("\"\\u"),
		T("\"\x01\""),
		T("\"a\nb\""),
		T("\"\t\""),
		T("\"\0\""),
		T("\0"),
		T("1\0"),
		T("[1]\0"),
		T("\"\\ud800\""),
		T("\"\\udc00\""),
		T("\"\\ud800\\u0041\""),
		T("\"\\ud800\\ud800\""),
		T("\"\\ud800x\""),
		T("\"\xC0\x80\""),
		T("\"\xC1\xBF\""),
		T("\"\xE0\x80\xAF\""),
		T("\"\xF0\x80\x80\x80\""),
		T("\"\xED\xA0\x80\""),
		T("\"\xF4\x90\x80\x80\""),
		T("\"\xF5\x80\x80\x80\""),
		T("\"\xFF\""),
		T("\"\x80\""),
		T("\"\xC3\""),
		T("\"\xE2\x82\""),
		T("\"\xC3(\""),
		T("\xEF\xBB\xBF{}"),
		T("{\"a\":1,\"a\":1}"),
		T("{\"a\":1,\"\\u0061\":2}"),
		T("{\"\":1,\"\":2}"),
		T("{\"x\\u0000y\":1,\"x\\u0000y\":2}"),
		T("// c\n1"),
		T("[1]/**/"),
		T("\v1"),
		T("\xC2\xA0"
		  "1"),
		T("'a'"),
		T("[\"a\",\n4\n,1,"),
		T("[-]"),
		T("[-a]"),
		T("{\"a\":\"b\",\"c\"\"d\"}"),
		T("[1,,2]"),
		T("[,]"),
		T("[1]]"),
		T("{}}"),
		T("[1]["),
		T("[[1]"),
		T("{\"a\":[}"),
		T("{\"a\" 1}"),
		T("{\"a\"::1}"),
		T("{:1}"),
		T("{\"a\":1,,\"b\":2}"),
		T("{\"a\":1,\"b\"}"),
		T("{null:1}"),
		T("{\"a\":1;\"b\":2}"),
		T("{[1]:2}"),
		T("[1:2]"),
		T("[0e]"),
		T("[0E+]"),
		T("[1.2e-]"),
		T("[1e1.5]"),
		T("[1.2.3]"),
		T("[- 1]"),
		T("[-.5]"),
		T("[-Infinity]"),
		T("[+Inf]"),
		T("[1_000]"),
		T("[1,000]x"),
		T("[0b1]"),
		T("[0o7]"),
		T("[00]"),
		T("[1e 1]"),
		T("[1 .5]"),
		T("\xEF\xBC\x91"),
		T("[\xD9\xA1]"),
		T("TRUE"),
		T("Null"),
		T("truefalse"),
		T("[tru]"),
		T("[nil]"),
		T("undefined"),
		T("\"\\a\""),
		T("\"\\'\""),
		T("\"\\0\""),
		T("\"\\v\""),
		T("\"\\x41\""),
		T("\"\\U0041\""),
		T("\"\\u{41}\""),
		T("\"\\u 041\""),
		T("\"\\u-041\""),
		T("\"\\\0\""),
		T("\"\\uD834\\n\""),
		T("\"\\uD834\\u\""),
		T("\"\\uD834\\uZZZZ\""),
		T("\"\\uDD1E\\uD834\""),
		T("\"\x1f\""),
		T("\"a\r\nb\""),
		T("\"\xED\xBF\xBF\""),
		T("\"\xF7\xBF\xBF\xBF\""),
		T("\"\xF8\x88\x80\x80\x80\""),
		T("\"\xFE\""),
		T("\"\xC3\xC3\""),
		T("\"\xE2\x82(\""),
		T("\"\xF0\x9F\x98\""),
		T("\"\xE9\""),
		T("{\"\xC3\":1}"),
		T("[\f1]"),
		T("[\b1]"),
		T("[1\x1b]"),
		T("[1\xE2\x80\xA8]"),
		T("[\xEF\xBB\xBF]"),
		T("[1]\xEF\xBB\xBF"),
		T("[\0\"\0a\0\"\0]\0"),
		T("#1"),
		T("[1]//"),
		T("[/**/1]"),
		T("<a>1</a>"),
		T("`1`"),
		T("\"a\":1"),
		T("a:1"),
		T("1,2"),
		T("{\"a\":{\"b\":1,\"b\":2}}"),
		T("{\"\xC3\xA9\":1,\"\\u00e9\":2}"),
		T("{\"\xF0\x9F\x98\x80\":1,\"\\ud83d\\uDE00\":2}"),
		T("{\"/\":1,\"\\/\":2}"),
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct err e = { 0 };

		if (json_parse(mem, (struct str) { cases[i].p, cases[i].n }, &e) != NULL)
			fail_msg("taken: %s", cases[i].p);
		assert_int_equal(e.code, ERR_MALFORMED);
		assert_non_null(strstr(e.pub, "byte "));
	}
}

/* However long the run of blanks in front of it is, and wherever it stands. */
static void
a_control_character_is_no_blank(void **state)
{
	unsigned tried = 0;

	(void)state;
	for (int c = 0; c < 0x20; c++)
		for (int blanks = 0; c != '\t' && c != '\n' && c != '\r' && blanks < 20; blanks++)
			for (int at = 0; at < 4; at++) {
				static const char *const forms[][2] = { { "[", "*1]" },
					{ "[1,", "*2]" }, { "{\"a\"", "*:1}" }, { "", "*1" } };
				char                    *z = talloc_asprintf(
						       mem, "%s%*s%s", forms[at][0], blanks, "", forms[at][1]);
				size_t     n = strlen(z);
				struct err e = { 0 };

				*strchr(z, '*') = (char)c;
				if (json_parse(mem, (struct str) { z, n }, &e) != NULL)
					fail_msg("0x%02x after %d blanks before %s", c, blanks,
					    forms[at][1]);
				tried++;
			}
	assert_int_equal(tried, 29 * 20 * 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_the_grammar_allows_is_read_and_printed_again),
		TEST(what_is_spelled_otherwise_is_the_same),
		TEST(what_it_does_not_allow_is_refused),
		TEST(a_control_character_is_no_blank),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
