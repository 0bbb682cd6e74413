#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/base/csv.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* All of it: fields with | between, records with / behind, a refused one as !LINE/. */
static char *
read_all(TALLOC_CTX *mem, struct str text)
{
	struct csv        c;
	struct csv_record r;
	struct buf        b;
	struct err        e = { 0 };

	buf_make(&b, mem);
	if (!csv_open(&c, text, &e))
		return talloc_strdup(mem, "no table");
	for (int i = 0; i < 10000; i++) {
		if (!csv_next(&c, mem, &r, &e)) {
			assert_int_equal(e.code, ERR_INVALID);
			assert_true(e.pub[0] != '\0');
			buf_printf(&b, "!%d/", (int)r.line);
			err_clear(&e);
			continue;
		}
		if (r.n == 0)
			return buf_text(&b, &e);
		for (size_t j = 0; j < r.n; j++)
			buf_printf(&b, "%s%s", j > 0 ? "|" : "", r.fields[j]);
		buf_putc(&b, '/');
	}
	fail_msg("it does not end");
	return NULL;
}

static void
tables_are_read_as_spreadsheets_write_them(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "", "" },
		{ "\n\r\n\n", "" },
		{ "a,b\n1,2\n", "a|b/1|2/" },
		{ "a,b\r\n1,2\r\n", "a|b/1|2/" },
		{ "a,b\n1,2", "a|b/1|2/" },
		{ "a,b\r\n1,2\r", "a|b/1|2/" },
		{ "\xef\xbb\xbf"
		  "a;b\r\n1;2,3\r\n",
		    "a|b/1|2,3/" },
		{ "a\tb\n1\t2;3\n", "a|b/1|2;3/" },
		{ "a,b\n,\n", "a|b/|/" },
		{ "a\n\n\nb\n", "a/b/" },
		{ "a,b\n\"1,\"\"x\"\"\n2\",3\n", "a|b/1,\"x\"\n2|3/" },
		{ "\"a\",\"b\"\r\n\"\",\"\"\r\n", "a|b/|/" },
		{ "\"a;b\";c\n", "a;b|c/" },
		{ "a,b\n\xc3\xa4,\xe2\x82\xac\n", "a|b/\xc3\xa4|\xe2\x82\xac/" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		TALLOC_CTX *mem = talloc_new(NULL);

		assert_string_equal(read_all(mem, str_of(rows[i].in)), rows[i].out);
		talloc_free(mem);
	}
}

static void
what_is_no_record_is_refused_with_its_line_and_the_next_is_read(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "a,b\nx\"y,2\n3,4\n", "a|b/!2/3|4/" },
		{ "a,b\n\"x\"y,2\n3,4\n", "a|b/!2/3|4/" },
		{ "a,b\n\"x\" ,2\n3,4\n", "a|b/!2/3|4/" },
		{ "a,b\n\"x\"\ry\n3,4\n", "a|b/!2/3|4/" },
		{ "a,b\n\"x,2\n3,4\n5,6\n", "a|b/!2/3|4/5|6/" },
		{ "a,b\n\"x\"\",2\n3,4\n", "a|b/!2/3|4/" },
		{ "a,b\n\xff,2\n3,4\n", "a|b/!2/3|4/" },
		{ "a,b\n\xed\xa0\x80,2\n3,4\n", "a|b/!2/3|4/" },
		{ "\"", "!1/" },
		{ "\xff\xfe"
		  "a",
		    "no table" },
		{ "\xfe\xff"
		  "a",
		    "no table" },
		{ "1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3\nx\n",
		    "!1/x/" },
	};
	char  long_one[CSV_FIELD_MAX + 16];
	char *mem = talloc_new(NULL);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(read_all(mem, str_of(rows[i].in)), rows[i].out);
	assert_string_equal(read_all(mem, STR("a\nx\0y\nb\n")), "a/!2/b/");
	memset(long_one, 'x', sizeof(long_one));
	long_one[sizeof(long_one) - 2] = '\n';
	assert_string_equal(read_all(mem, (struct str) { long_one, sizeof(long_one) }), "!1/x/");
	long_one[0] = '"';
	assert_string_equal(read_all(mem, (struct str) { long_one, sizeof(long_one) }), "!1/x/");
	talloc_free(mem);
}

/* The next of a row that repeats. */
static uint32_t
turn(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

static void
put_quoted(struct buf *b, const char *text)
{
	buf_putc(b, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"')
			buf_putc(b, '"');
		buf_putc(b, *text);
	}
	buf_putc(b, '"');
}

static void
whatever_is_written_into_quotes_is_read_again(void **state)
{
	static const char *const parts[] = { "\"", ",", ";", "\t", "\n", "\r\n", "x", "\xc3\xa4",
		" ", "" };
	static const char        separators[] = ",;\t";
	uint32_t                 seed = 1;

	(void)state;
	for (int round = 0; round < 600; round++) {
		TALLOC_CTX       *mem = talloc_new(NULL);
		char              fields[9][64] = { "" }, separator = separators[round % 3];
		struct buf        b;
		struct csv        c;
		struct csv_record r;
		struct err        e = { 0 };

		buf_make(&b, mem);
		buf_printf(&b, "a%cb%cc%s", separator, separator, round % 2 ? "\n" : "\r\n");
		for (int i = 0; i < 9; i++) {
			for (uint32_t n = turn(&seed) % 8; n > 0; n--)
				strcat(fields[i], parts[turn(&seed) % COUNT(parts)]);
			put_quoted(&b, fields[i]);
			buf_puts(&b, i % 3 < 2   ? (char[]) { separator, '\0' }
				     : round % 2 ? "\n"
						 : "\r\n");
		}
		assert_true(csv_open(&c, buf_str(&b), &e) && csv_next(&c, mem, &r, &e));
		for (int i = 0; i < 3; i++) {
			assert_true(csv_next(&c, mem, &r, &e));
			assert_int_equal(r.n, 3);
			for (int j = 0; j < 3; j++)
				assert_string_equal(r.fields[j], fields[i * 3 + j]);
		}
		assert_true(csv_next(&c, mem, &r, &e));
		assert_int_equal(r.n, 0);
		talloc_free(mem);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_read_as_spreadsheets_write_them),
		cmocka_unit_test(what_is_no_record_is_refused_with_its_line_and_the_next_is_read),
		cmocka_unit_test(whatever_is_written_into_quotes_is_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
