#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/json/json.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* with its NULs */
#define S(lit)                                                                                     \
	{                                                                                          \
		(lit), sizeof(lit) - 1                                                             \
	}

#define FFFD "\xEF\xBF\xBD"
#define RLO  "\xE2\x80\xAE" /* U+202E right-to-left override */
#define LSEP "\xE2\x80\xA8" /* U+2028 line separator */
#define PDI  "\xE2\x81\xA9" /* U+2069 */
#define CSI  "\xC2\x9B"     /* U+009B, a C1 control that starts terminal sequences */

/* What an attacker would name a user, a key or a resource. */
static const struct str hostile[] = {
	S("<script>alert(1)</script>"),
	S("\"'`&"),
	S("=cmd|' /C calc'!A0"),
	S("+1;-1,@SUM(A1)"),
	S("-2+3"),
	S("@x"),
	S("\tx"),
	S("\rx"),
	S("a\r\nSet-Cookie: b"),
	S("evil" RLO "gnp.exe"),
	S("a" LSEP "b" PDI),
	S("a\0b"),
	S("bad\xFF\xC0\xAFutf8"),
	S("\x1B[31m" CSI "2J\x7F"),
	S("\\\"}\n# HELP x"),
	S("../%2e%2e/?a=b&c#d"),
	S(""),
	S("\xF0\x9F\x98\x80 \xC3\xA4"),
};

typedef void sink_fn(struct buf *b, struct str s);

static struct str
through(TALLOC_CTX *mem, sink_fn *sink, struct str s)
{
	struct buf b;

	buf_make(&b, mem);
	sink(&b, s);
	assert_true(buf_ok(&b));
	return buf_str(&b);
}

static bool
holds(struct str s, const char *part)
{
	return memmem(s.p, s.n, part, strlen(part)) != NULL;
}

static bool
holds_byte(struct str s, int c)
{
	return s.n > 0 && memchr(s.p, c, s.n) != NULL;
}

/* No NUL, no other control but those in `allowed`, no bidi override, valid UTF-8. */
static void
assert_harmless(struct str s, const char *allowed)
{
	assert_true(str_is_utf8(s));
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = (uint8_t)s.p[i];

		if (c < 0x20 || c == 0x7F)
			assert_true(c != 0 && strchr(allowed, c) != NULL);
	}
	assert_false(holds(s, RLO));
	assert_false(holds(s, PDI));
}

static void
output_grows_and_stays_terminated(void **state)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	struct buf  b;

	(void)state;
	buf_make(&b, mem);
	assert_int_equal(buf_str(&b).n, 0);
	assert_non_null(buf_str(&b).p);
	for (int i = 0; i < 10000; i++)
		buf_printf(&b, "%d,", i);
	buf_puts(&b, "");
	buf_add(&b, NULL, 0);
	assert_true(buf_ok(&b));
	assert_int_equal(b.n, strlen(b.p));
	assert_int_equal(b.n, 10 * 2 + 90 * 3 + 900 * 4 + 9000 * 5);
	talloc_free(mem);
}

static void
beyond_its_most_bytes_a_buffer_fails_and_stays_failed(void **state)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	struct buf  b;

	(void)state;
	buf_make(&b, mem);
	b.max = 5;
	buf_puts(&b, "12345");
	assert_true(buf_ok(&b));
	buf_putc(&b, '6');
	assert_false(buf_ok(&b));
	buf_puts(&b, "");
	buf_printf(&b, "%s", "x");
	assert_false(buf_ok(&b));
	assert_string_equal(b.p, "12345");
	talloc_free(mem);
}

/* The encoders look at eight bytes at once: wherever a byte stands, it is encoded as it is alone.
 */
static void
a_byte_is_encoded_the_same_wherever_it_stands(void **state)
{
	typedef void          encoder(struct buf * b, struct str s);
	static encoder *const all[] = { buf_json, buf_html, buf_log, buf_prom, buf_slack };
	static const char     filler[] = "abcdefghijklmnopqrstuvwx";

	(void)state;
	for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
		for (int c = 0; c < 256; c++) {
			TALLOC_CTX *mem = talloc_new(NULL);
			const char  byte = (char)c;
			struct buf  alone, none;
			size_t      quote;

			buf_make(&alone, mem);
			buf_make(&none, mem);
			all[k](&alone, (struct str) { &byte, 1 });
			all[k](&none, (struct str) { "", 0 });
			quote = none.n / 2; /* of JSON */
			for (size_t n = 1; n <= 20; n++) {
				for (size_t at = 0; at < n; at++) {
					char       text[20];
					struct buf b;

					memcpy(text, filler, n);
					text[at] = byte;
					buf_make(&b, mem);
					all[k](&b, (struct str) { text, n });
					assert_int_equal(b.n, n - 1 + alone.n);
					assert_memory_equal(b.p + quote, filler, at);
					assert_memory_equal(
					    b.p + quote + at, alone.p + quote, alone.n - 2 * quote);
					assert_memory_equal(b.p + b.n - quote - (n - 1 - at),
					    filler + at + 1, n - 1 - at);
				}
			}
			talloc_free(mem);
		}
	}
}

static void
numbers_are_decimal(void **state)
{
	static const int64_t all[] = { 0, 9, 10, -1, 1234567890123, INT64_MAX, INT64_MIN };

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		char       want[32];
		struct buf b;

		buf_make(&b, NULL);
		buf_i64(&b, all[i]);
		snprintf(want, sizeof(want), "%lld", (long long)all[i]);
		assert_string_equal(b.p, want);
		talloc_free(b.p);
	}
}

/* talloc gives no more than 256 MiB at once; no byte is read before there is room. */
/* How often a text stands in a pool of memory, whatever is allocated there. */
static unsigned
copies(const char *pool, size_t n, const char *text)
{
	const char *p = pool, *end = pool + n;
	unsigned    count = 0;

	while ((p = memmem(p, (size_t)(end - p), text, strlen(text))) != NULL)
		p++, count++;
	return count;
}

static void
a_secret_buffer_leaves_nothing_where_it_was(void **state)
{
	static const char text[] = "the client's secret";
	const size_t      size = (size_t)1 << 20;

	(void)state;
	for (int secret = 0; secret < 2; secret++) {
		char      *pool = talloc_pool(NULL, size);
		struct buf b;
		void      *wall;

		(secret ? buf_make_secret : buf_make)(&b, pool);
		buf_puts(&b, text);
		wall = talloc_size(pool, 16); /* so that it cannot grow where it is */
		assert_non_null(wall);
		for (int i = 0; i < 10000; i++)
			buf_putc(&b, 'x');
		assert_true(buf_ok(&b) && b.n == strlen(text) + 10000);
		assert_memory_equal(b.p, text, strlen(text));
		if (secret)
			assert_int_equal(copies(pool, size, text), 1);
		else
			assert_true(copies(pool, size, text) > 1); /* this way it can be seen */
		talloc_free(b.p);
		if (secret)
			assert_int_equal(copies(pool, size, text), 0);
		talloc_free(pool);
	}
}

static void
a_buffer_without_memory_fails_quietly(void **state)
{
	static const volatile size_t sizes[] = { (size_t)1 << 30, SIZE_MAX / 2, SIZE_MAX - 1,
		SIZE_MAX };

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		TALLOC_CTX *mem = talloc_new(NULL);
		struct buf  b;

		buf_make(&b, mem);
		buf_puts(&b, "kept");
		buf_add(&b, hostile[0].p, sizes[i]);
		assert_false(buf_ok(&b));
		buf_json(&b, STR("text"));
		assert_true(str_eqz(buf_str(&b), "kept"));
		talloc_free(mem);
	}
}

static void
hostile_text_in_json_is_read_back_as_it_was(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hostile); i++) {
		TALLOC_CTX  *mem = talloc_new(NULL);
		struct err   e = { 0 };
		struct str   out = through(mem, buf_json, hostile[i]);
		struct json *v = json_parse(mem, out, &e);

		assert_harmless(out, "");
		assert_false(holds(out, LSEP));
		assert_false(holds(out, CSI));
		assert_non_null(v);
		assert_int_equal(v->type, JSON_STRING);
		if (str_is_utf8(hostile[i]))
			assert_true(str_eq(v->text, hostile[i]));
		else
			assert_true(str_eqz(v->text, "bad" FFFD FFFD FFFD "utf8"));
		talloc_free(mem);
	}
}

static void
hostile_text_in_html_opens_no_tag_and_leaves_no_attribute(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hostile); i++) {
		TALLOC_CTX *mem = talloc_new(NULL);
		struct str  out = through(mem, buf_html, hostile[i]);

		assert_harmless(out, "\t\r\n");
		assert_false(holds_byte(out, '<') || holds_byte(out, '>'));
		assert_false(holds_byte(out, '"') || holds_byte(out, '\''));
		talloc_free(mem);
	}
}

static void
hostile_text_in_csv_is_one_cell_and_no_formula(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hostile); i++) {
		TALLOC_CTX *mem = talloc_new(NULL);
		struct str  out = through(mem, buf_csv, hostile[i]);
		bool        quoted = out.n > 1 && out.p[0] == '"';
		size_t      quotes = 0;

		assert_harmless(out, "\t\r\n");
		for (size_t k = 0; k < out.n; k++)
			quotes += out.p[k] == '"';
		assert_int_equal(quotes % 2, 0);
		if (quoted)
			assert_int_equal(out.p[out.n - 1], '"');
		else
			assert_false(holds_byte(out, ',') || holds_byte(out, '\n') ||
				     holds_byte(out, '\r') || quotes > 0);
		if (out.n > quoted)
			assert_null(strchr("=+-@\t\r", out.p[quoted]));
		talloc_free(mem);
	}
}

static void
hostile_text_in_a_log_stays_on_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hostile); i++) {
		TALLOC_CTX *mem = talloc_new(NULL);
		struct str  out = through(mem, buf_log, hostile[i]);

		assert_harmless(out, "");
		assert_false(holds(out, LSEP));
		assert_false(holds(out, CSI));
		talloc_free(mem);
	}
}

static void
hostile_text_in_a_metric_label_ends_neither_label_nor_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hostile); i++) {
		TALLOC_CTX *mem = talloc_new(NULL);
		struct str  out = through(mem, buf_prom, hostile[i]);

		assert_harmless(out, "");
		for (size_t k = 0; k < out.n; k++) {
			if (out.p[k] == '\\') {
				k++; /* each backslash has its partner */
				assert_true(k < out.n && strchr("\\\"n", out.p[k]) != NULL);
			} else {
				assert_int_not_equal(out.p[k], '"');
			}
		}
		talloc_free(mem);
	}
}

static void
hostile_text_in_slack_mentions_nobody(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hostile); i++) {
		TALLOC_CTX *mem = talloc_new(NULL);
		struct str  out = through(mem, buf_slack, hostile[i]);

		assert_harmless(out, "\t\n");
		assert_false(holds_byte(out, '<') || holds_byte(out, '>'));
		talloc_free(mem);
	}
}

static void
hostile_text_in_a_url_is_unreserved_characters_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hostile); i++) {
		TALLOC_CTX *mem = talloc_new(NULL);
		struct str  out = through(mem, buf_url, hostile[i]);

		for (size_t k = 0; k < out.n; k++)
			assert_non_null(
			    strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789-._~%",
				out.p[k]));
		talloc_free(mem);
	}
}

static void
hostile_text_never_ends_a_header(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hostile); i++) {
		TALLOC_CTX *mem = talloc_new(NULL);
		struct str  s = hostile[i];
		bool        bad = holds_byte(s, '\r') || holds_byte(s, '\n') || holds_byte(s, '\0');
		struct buf  b;

		buf_make(&b, mem);
		buf_puts(&b, "X: ");
		assert_int_equal(buf_header(&b, s), !bad);
		assert_int_equal(b.n, 3 + (bad ? 0 : s.n));
		talloc_free(mem);
	}
}

static void
each_sink_writes_what_its_format_says(void **state)
{
	static const struct {
		sink_fn    *sink;
		struct str  in;
		const char *want;
	} rows[] = {
		{ buf_json, S("a/\"\\\b\f\n\r\t\x01\x7F"),
		    "\"a/\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u007f\"" },
		{ buf_json, S(LSEP RLO "\0"), "\"\\u2028\\u202e\\u0000\"" },
		{ buf_json, S("\xED\xA0\x80"), "\"" FFFD FFFD FFFD "\"" },
		{ buf_html, S("<a href=\"x\">'&\n"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;\n" },
		{ buf_html, S("\x01" RLO "\0"), FFFD FFFD FFFD },
		{ buf_csv, S("plain"), "plain" },
		{ buf_csv, S("a,b"), "\"a,b\"" },
		{ buf_csv, S("say \"x\""), "\"say \"\"x\"\"\"" },
		{ buf_csv, S("=1+1"), "'=1+1" },
		{ buf_csv, S("-1,2"), "\"'-1,2\"" },
		{ buf_csv, S("\rx"), "\"'\rx\"" },
		{ buf_csv, S("1=1"), "1=1" },
		{ buf_log, S("a\\b\n\x1B\xFF" CSI), "a\\\\b\\u000a\\u001b\\xff\\u009b" },
		{ buf_prom, S("a\\\"\n\t"), "a\\\\\\\"\\n" FFFD },
		{ buf_slack, S("<!channel> & co"), "&lt;!channel&gt; &amp; co" },
		{ buf_url, S("a b/\xC3\xA4~"), "a%20b%2F%C3%A4~" },
	};
	TALLOC_CTX *mem = talloc_new(NULL);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(through(mem, rows[i].sink, rows[i].in).p, rows[i].want);
	talloc_free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_grows_and_stays_terminated),
		cmocka_unit_test(a_byte_is_encoded_the_same_wherever_it_stands),
		cmocka_unit_test(numbers_are_decimal),
		cmocka_unit_test(beyond_its_most_bytes_a_buffer_fails_and_stays_failed),
		cmocka_unit_test(a_secret_buffer_leaves_nothing_where_it_was),
		cmocka_unit_test(a_buffer_without_memory_fails_quietly),
		cmocka_unit_test(hostile_text_in_json_is_read_back_as_it_was),
		cmocka_unit_test(hostile_text_in_html_opens_no_tag_and_leaves_no_attribute),
		cmocka_unit_test(hostile_text_in_csv_is_one_cell_and_no_formula),
		cmocka_unit_test(hostile_text_in_a_log_stays_on_its_line),
		cmocka_unit_test(hostile_text_in_a_metric_label_ends_neither_label_nor_line),
		cmocka_unit_test(hostile_text_in_slack_mentions_nobody),
		cmocka_unit_test(hostile_text_in_a_url_is_unreserved_characters_only),
		cmocka_unit_test(hostile_text_never_ends_a_header),
		cmocka_unit_test(each_sink_writes_what_its_format_says),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
