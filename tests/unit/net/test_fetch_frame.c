/* Frames between a worker and the fetcher: what is written is read, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/net/fetch_frame.h"
#include "tests/unit/mem.h"

#define HEAD FETCH_FRAME_HEAD

static const struct fetch_header  two_headers[] = { { "Accept", "application/json" },
	 { "X-Empty", "" } };
static const struct fetch_request full_request = {
	.method = "POST",
	.url = "https://id.example/token?x=1",
	.headers = two_headers,
	.headers_n = 2,
	.body = { "a\0b\r\n\xFF", 6 },
	.timeout_ms = 4321,
	.answer_max = 65536,
	.cut = true,
};

/* The content of the frame, which is exactly as long as its head says. */
static struct str
content_of(const struct buf *b, enum fetch_frame_kind kind)
{
	struct err e = { 0 };
	size_t     n;

	assert_true(b->n >= HEAD);
	assert_true(fetch_frame_head((const uint8_t *)b->p, kind, b->n, &n, &e));
	assert_int_equal(n, b->n - HEAD);
	return (struct str) { b->p + HEAD, n };
}

static struct str
request_content(const struct fetch_request *q)
{
	struct buf b;
	struct err e = { 0 };

	buf_make(&b, mem);
	assert_true(fetch_frame_request(&b, q, &e));
	return content_of(&b, FETCH_FRAME_REQUEST);
}

static struct str
answer_content(const struct fetch_answer *a, const struct err *failure)
{
	struct buf b;
	struct err e = { 0 };

	buf_make(&b, mem);
	assert_true(fetch_frame_answer(&b, a, failure, &e));
	return content_of(&b, FETCH_FRAME_ANSWER);
}

static void
a_request_is_read_as_it_was_written(void **state)
{
	struct fetch_request q;
	struct err           e = { 0 };

	(void)state;
	assert_true(fetch_frame_take_request(mem, request_content(&full_request), &q, &e));
	assert_string_equal(q.method, "POST");
	assert_string_equal(q.url, "https://id.example/token?x=1");
	assert_int_equal(q.headers_n, 2);
	assert_string_equal(q.headers[0].name, "Accept");
	assert_string_equal(q.headers[0].value, "application/json");
	assert_string_equal(q.headers[1].name, "X-Empty");
	assert_string_equal(q.headers[1].value, "");
	assert_int_equal(q.body.n, 6);
	assert_memory_equal(q.body.p, full_request.body.p, 6);
	assert_int_equal(q.timeout_ms, 4321);
	assert_int_equal(q.answer_max, 65536);
	assert_true(q.cut);
}

static void
an_answer_is_read_as_it_was_written(void **state)
{
	const struct fetch_answer given = {
		.status = 429,
		.body = { "x\0y", 3 },
		.retry_after_s = 0,
	};
	const struct err    none = { 0 };
	struct fetch_answer a;
	struct err          e = { 0 };

	(void)state;
	assert_true(fetch_frame_take_answer(answer_content(&given, &none), 3, &a, &e));
	assert_int_equal(a.status, 429);
	assert_int_equal(a.retry_after_s, 0);
	assert_int_equal(a.body.n, 3);
	assert_memory_equal(a.body.p, "x\0y", 3);
}

static void
a_failure_arrives_with_both_its_texts(void **state)
{
	const struct fetch_answer given = { .retry_after_s = -1 };
	struct fetch_answer       a;
	struct err                failure = { 0 }, e = { 0 };

	(void)state;
	err_set(&failure, ERR_INVALID, 7, "The URL must begin with https://.",
	    "fetch \xC3\xA4: line\nline");
	assert_false(fetch_frame_take_answer(answer_content(&given, &failure), 100, &a, &e));
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(e.sys, 7);
	assert_string_equal(e.pub, "The URL must begin with https://.");
	assert_string_equal(e.detail, "fetch ??: line?line");
	assert_int_equal(a.retry_after_s, -1);
}

static void
the_longest_texts_of_a_failure_fit(void **state)
{
	const struct fetch_answer given = { .retry_after_s = -1 };
	struct fetch_answer       a;
	struct err                failure = { .code = ERR_INTERNAL }, e = { 0 };
	struct str                content;

	(void)state;
	memset(failure.pub, 'p', sizeof(failure.pub) - 1);
	memset(failure.detail, 'd', sizeof(failure.detail) - 1);
	content = answer_content(&given, &failure);
	assert_true(content.n <= FETCH_AROUND_MAX);
	assert_false(fetch_frame_take_answer(content, 0, &a, &e));
	assert_string_equal(e.pub, failure.pub);
	assert_string_equal(e.detail, failure.detail);
}

static void
what_is_beyond_the_limits_is_not_sent(void **state)
{
	static struct fetch_header many[65];
	const char                *long_text = talloc_size(mem, FETCH_VALUE_MAX + 2);
	struct fetch_header        wide = { "X", long_text }, named = { long_text, "x" };
	struct fetch_request       rows[7];

	(void)state;
	memset((char *)(uintptr_t)long_text, 'x', FETCH_VALUE_MAX + 1);
	((char *)(uintptr_t)long_text)[FETCH_VALUE_MAX + 1] = '\0';
	for (size_t i = 0; i < LEN(many); i++)
		many[i] = two_headers[0];
	for (size_t i = 0; i < LEN(rows); i++)
		rows[i] = full_request;
	rows[0].method = "ABCDEFGHIJKLMNOPQ";
	rows[1].url = long_text;
	rows[2].headers = many, rows[2].headers_n = LEN(many);
	rows[3].headers = &wide, rows[3].headers_n = 1;
	rows[4].headers = &named, rows[4].headers_n = 1;
	rows[5].body.n = FETCH_BODY_MAX + 1;
	rows[6].answer_max = FETCH_ANSWER_MAX + 1;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct buf b;
		struct err e = { 0 };

		buf_make(&b, mem);
		assert_false(fetch_frame_request(&b, &rows[i], &e));
		assert_int_equal(e.code, ERR_INVALID);
	}
}

static char *
xs(size_t n)
{
	char *z = talloc_zero_size(mem, n + 1);

	memset(z, 'x', n);
	return z;
}

/* What is allowed one by one is so together, and as long as the other end takes it. */
static void
what_has_the_most_of_everything_is_sent_and_read(void **state)
{
	struct fetch_header  headers[FETCH_HEADERS_MAX];
	struct fetch_request q, most = {
		.method = xs(FETCH_METHOD_MAX),
		.url = xs(GUARD_URL_MAX),
		.headers = headers,
		.headers_n = LEN(headers),
		.body = { xs(FETCH_BODY_MAX), FETCH_BODY_MAX },
		.timeout_ms = FETCH_TIMEOUT_MAX,
		.answer_max = FETCH_ANSWER_MAX,
	};
	struct err e = { 0 };
	struct str content;

	(void)state;
	for (size_t i = 0; i < LEN(headers); i++)
		headers[i] = (struct fetch_header) { xs(FETCH_NAME_MAX), xs(FETCH_VALUE_MAX) };
	content = request_content(&most);
	assert_int_equal(content.n, FETCH_REQUEST_MAX);
	assert_true(fetch_frame_take_request(mem, content, &q, &e));
	assert_int_equal(strlen(q.headers[FETCH_HEADERS_MAX - 1].value), FETCH_VALUE_MAX);
	assert_int_equal(q.body.n, FETCH_BODY_MAX);
}

static void
a_deadline_is_kept_within_its_bounds(void **state)
{
	static const int64_t rows[][2] = { { -5, 1 }, { 0, 1 }, { 1, 1 },
		{ FETCH_TIMEOUT_MAX, FETCH_TIMEOUT_MAX }, { INT64_MAX, FETCH_TIMEOUT_MAX } };

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct fetch_request given = full_request, q;
		struct err           e = { 0 };

		given.timeout_ms = rows[i][0];
		assert_true(fetch_frame_take_request(mem, request_content(&given), &q, &e));
		assert_int_equal(q.timeout_ms, rows[i][1]);
	}
}

/* ---- hostile ones ---- */

static void
heads_that_are_none_are_refused(void **state)
{
	static const struct {
		uint8_t     head[HEAD];
		const char *why;
	} rows[] = {
		{ { 0, 0, 0, 0, 1 }, "another kind" },
		{ { FETCH_FRAME_ANSWER, 0, 0, 0, 1 }, "another kind" },
		{ { 'G', 'E', 'T', ' ', '/' }, "another kind" },
		{ { FETCH_FRAME_REQUEST, 0, 0, 0, 101 }, "too long" },
		{ { FETCH_FRAME_REQUEST, 0x80, 0, 0, 0 }, "too long" },
		{ { FETCH_FRAME_REQUEST, 0xFF, 0xFF, 0xFF, 0xFF }, "too long" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct err e = { 0 };
		size_t     n;

		assert_false(fetch_frame_head(rows[i].head, FETCH_FRAME_REQUEST, 100, &n, &e));
		assert_int_equal(e.code, ERR_UNAVAILABLE);
		assert_non_null(strstr(e.detail, rows[i].why));
	}
}

static void
whatever_is_cut_off_is_refused_and_so_is_what_follows(void **state)
{
	const struct err          none = { 0 };
	const struct fetch_answer given = { .status = 200, .body = STR("hello") };
	const struct str          request = request_content(&full_request);
	const struct str          answer = answer_content(&given, &none);
	struct fetch_request      q;
	struct fetch_answer       a;

	(void)state;
	for (size_t n = 0; n <= request.n + 1; n++) {
		char      *copy = malloc(n + 1); /* a read beyond it is found by the sanitizers */
		struct err e = { 0 };

		memcpy(copy, request.p, n <= request.n ? n : request.n);
		copy[n <= request.n ? n : request.n] = 'x';
		assert_int_equal(fetch_frame_take_request(mem, (struct str) { copy, n }, &q, &e),
		    n == request.n);
		free(copy);
	}
	for (size_t n = 0; n <= answer.n + 1; n++) {
		char      *copy = malloc(n + 1);
		struct err e = { 0 };

		memcpy(copy, answer.p, n <= answer.n ? n : answer.n);
		copy[n <= answer.n ? n : answer.n] = 'x';
		assert_int_equal(
		    fetch_frame_take_answer((struct str) { copy, n }, 5, &a, &e), n == answer.n);
		free(copy);
	}
}

/* Writes `size` bytes of `value` at a place of a good content. */
static struct str
with_number(struct str good, size_t at, size_t size, uint32_t value)
{
	char *copy = talloc_memdup(mem, good.p, good.n);

	for (size_t i = 0; i < size; i++)
		copy[at + i] = (char)(value >> (8 * (size - 1 - i)));
	return (struct str) { copy, good.n };
}

static void
numbers_beyond_their_bounds_are_refused(void **state)
{
	/* of full_request: where its numbers stand */
	enum {
		METHOD = 0,
		URL = 8,
		TIMEOUT = 8 + 4 + 28,
		ANSWER = TIMEOUT + 4,
		CUT = ANSWER + 4,
		BODY = CUT + 1,
		HEADERS = BODY + 4 + 6,
		NAME = HEADERS + 4,
	};
	static const struct {
		size_t   at, size;
		uint32_t value;
	} rows[] = {
		{ METHOD, 4, 17 },
		{ METHOD, 4, UINT32_MAX },
		{ METHOD, 4, 3 },
		{ METHOD, 4, 5 },
		{ URL, 4, 2049 },
		{ URL, 4, UINT32_MAX },
		{ URL, 4, 27 },
		{ TIMEOUT, 4, FETCH_TIMEOUT_MAX + 1 },
		{ ANSWER, 4, FETCH_ANSWER_MAX + 1 },
		{ ANSWER, 4, UINT32_MAX },
		{ CUT, 1, 2 },
		{ CUT, 1, 255 },
		{ BODY, 4, FETCH_BODY_MAX + 1 },
		{ BODY, 4, 7 },
		{ BODY, 4, UINT32_MAX - 3 },
		{ HEADERS, 4, 65 },
		{ HEADERS, 4, 3 },
		{ HEADERS, 4, 1 },
		{ HEADERS, 4, UINT32_MAX },
		{ NAME, 4, 129 },
		{ NAME, 4, 7 },
	};
	const struct str good = request_content(&full_request);

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct fetch_request q;
		struct err           e = { 0 };
		struct str bad = with_number(good, rows[i].at, rows[i].size, rows[i].value);

		assert_false(fetch_frame_take_request(mem, bad, &q, &e));
		assert_int_equal(e.code, ERR_UNAVAILABLE);
		assert_non_null(strstr(e.detail, "a request was malformed: "));
	}
}

static void
texts_of_more_than_a_line_are_refused(void **state)
{
	static const char places[] = "PhtA"; /* of POST, https and Accept */
	static const char bad[] = { '\0', '\r', '\n', '\x01', '\x1F' };
	const struct str  good = request_content(&full_request);

	(void)state;
	for (size_t i = 0; i < sizeof(places) - 1; i++) {
		const char *at = memchr(good.p, places[i], good.n);

		assert_non_null(at);
		for (size_t j = 0; j < sizeof(bad); j++) {
			struct fetch_request q;
			struct err           e = { 0 };
			struct str s = with_number(good, (size_t)(at - good.p), 1, (uint8_t)bad[j]);

			assert_false(fetch_frame_take_request(mem, s, &q, &e));
			assert_non_null(strstr(e.detail, "control character"));
		}
	}
}

static void
answers_that_no_fetch_gives_are_refused(void **state)
{
	enum { CODE = 0, SYS = 1, STATUS = 5, RETRY = 9, PUB = 13, DETAIL = 17, BODY = 21 };
	static const struct {
		size_t   at, size;
		uint32_t value;
	} rows[] = {
		{ CODE, 1, ERR_FORBIDDEN },
		{ CODE, 1, ERR_BUSY },
		{ CODE, 1, ERR__MAX },
		{ CODE, 1, 255 },
		{ SYS, 4, UINT32_MAX },
		{ STATUS, 4, 1000 },
		{ STATUS, 4, UINT32_MAX },
		{ RETRY, 4, 30 * 86400 + 2 },
		{ PUB, 4, 200 },
		{ PUB, 4, UINT32_MAX },
		{ DETAIL, 4, 400 },
		{ BODY, 4, 6 }, /* more than was asked for */
		{ BODY, 4, UINT32_MAX },
	};
	const struct err          none = { 0 };
	const struct fetch_answer given = { .status = 200, .body = STR("hello") };
	const struct str          good = answer_content(&given, &none);

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct fetch_answer a;
		struct err          e = { 0 };
		struct str bad = with_number(good, rows[i].at, rows[i].size, rows[i].value);

		assert_false(fetch_frame_take_answer(bad, 5, &a, &e));
		assert_int_equal(e.code, ERR_UNAVAILABLE);
		assert_string_equal(e.pub, "The request failed.");
	}
}

static void
a_body_longer_than_was_asked_for_is_refused(void **state)
{
	const struct err          none = { 0 };
	const struct fetch_answer given = { .status = 200, .body = STR("hello") };
	struct fetch_answer       a;
	struct err                e = { 0 };

	(void)state;
	assert_false(fetch_frame_take_answer(answer_content(&given, &none), 4, &a, &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
}

static void
sentences_that_are_no_plain_text_are_refused(void **state)
{
	static const char         bad[] = { '\0', '\n', '\x1B', '\x7F', '\xC3' };
	const struct fetch_answer given = { .retry_after_s = -1 };
	struct err                failure = { 0 };
	struct str                good;

	(void)state;
	err_set(&failure, ERR_UNAVAILABLE, 0, "P", "D");
	good = answer_content(&given, &failure);
	for (size_t i = 0; i < sizeof(bad); i++)
		for (size_t at = 17; at <= 22; at += 5) {
			struct fetch_answer a;
			struct err          e = { 0 };
			struct str          s = with_number(good, at, 1, (uint8_t)bad[i]);

			assert_true(good.p[at] == 'P' || good.p[at] == 'D');
			assert_false(fetch_frame_take_answer(s, 0, &a, &e));
			assert_string_equal(e.pub, "The request failed.");
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_is_read_as_it_was_written),
		TEST(an_answer_is_read_as_it_was_written),
		TEST(a_failure_arrives_with_both_its_texts),
		TEST(the_longest_texts_of_a_failure_fit),
		TEST(what_is_beyond_the_limits_is_not_sent),
		TEST(what_has_the_most_of_everything_is_sent_and_read),
		TEST(a_deadline_is_kept_within_its_bounds),
		TEST(heads_that_are_none_are_refused),
		TEST(whatever_is_cut_off_is_refused_and_so_is_what_follows),
		TEST(numbers_beyond_their_bounds_are_refused),
		TEST(texts_of_more_than_a_line_are_refused),
		TEST(answers_that_no_fetch_gives_are_refused),
		TEST(a_body_longer_than_was_asked_for_is_refused),
		TEST(sentences_that_are_no_plain_text_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
