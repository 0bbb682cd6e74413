/*
 * Properties of frames between a worker and the fetcher: whatever bytes come, reading them ends;
 * what is taken for a request is within its limits and is written as the very same bytes; an answer
 * holds no more than was asked for, and a failure is one that a fetch may end in, told in plain
 * text.
 *
 * Input: a byte that says what it is (and how long a body was asked for); a content.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/net/fetch_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
try_request(TALLOC_CTX *mem, struct str content)
{
	struct fetch_request q;
	struct buf           b;
	struct err           e = { 0 };

	if (!fetch_frame_take_request(mem, content, &q, &e)) {
		assert(e.code == ERR_UNAVAILABLE);
		return;
	}
	assert(q.answer_max <= FETCH_ANSWER_MAX && q.body.n <= FETCH_BODY_MAX);
	assert(q.timeout_ms >= 0 && q.timeout_ms <= FETCH_TIMEOUT_MAX);
	for (size_t i = 0; i < q.headers_n; i++)
		assert(strpbrk(q.headers[i].value, "\r\n") == NULL &&
		       strpbrk(q.headers[i].name, "\r\n") == NULL);
	buf_make(&b, mem);
	assert(fetch_frame_request(&b, &q, &e));
	/* A deadline of 0 is written as 1. */
	assert(q.timeout_ms == 0 || (b.n == content.n + FETCH_FRAME_HEAD &&
					memcmp(b.p + FETCH_FRAME_HEAD, content.p, content.n) == 0));
}

static void
check_plain(const char *z)
{
	for (; *z != '\0'; z++)
		assert(*z >= 0x20 && *z < 0x7F);
}

static void
try_answer(TALLOC_CTX *mem, struct str content, size_t answer_max)
{
	const struct err    none = { 0 };
	struct fetch_answer a;
	struct buf          b;
	struct err          e = { 0 };

	if (!fetch_frame_take_answer(content, answer_max, &a, &e)) {
		assert(
		    e.code == ERR_UNAVAILABLE || e.code == ERR_INVALID || e.code == ERR_INTERNAL);
		check_plain(e.pub);
		check_plain(e.detail);
		return;
	}
	assert(e.code == ERR_OK && a.body.n <= answer_max);
	assert(a.status >= 0 && a.status <= 999 && a.retry_after_s >= -1);
	buf_make(&b, mem);
	assert(fetch_frame_answer(&b, &a, &none, &e));
	assert(b.n <=
	       content.n + FETCH_FRAME_HEAD); /* sentences beside an answer are not written again */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	char       *copy = malloc(n); /* whoever reads beyond it is found */
	struct str  content = { copy, n > 0 ? n - 1 : 0 };

	assert(mem != NULL && (copy != NULL || n == 0));
	if (n > 0) {
		memcpy(copy, data + 1, n - 1);
		if (data[0] % 2 == 0)
			try_request(mem, content);
		else
			try_answer(mem, content, data[0] * 4u);
	}
	free(copy);
	talloc_free(mem);
	return 0;
}
