#include "core/net/fetch_frame.h"

#include <stdio.h>
#include <string.h>

#include "core/base/secret.h"

#define STATUS_MAX 999
#define RETRY_MAX  (30 * 86400)

/* ---- writing ---- */

struct u32 {
	uint8_t b[4];
};

static struct u32
u32_bytes(uint32_t v)
{
	return (struct u32) { { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
	    (uint8_t)v } };
}

static void
add_u32(struct buf *b, uint32_t v)
{
	const struct u32 u = u32_bytes(v);

	buf_add(b, u.b, sizeof(u.b));
}

static void
add_text(struct buf *b, struct str s)
{
	add_u32(b, (uint32_t)s.n);
	buf_add(b, s.p, s.n);
}

/* The length is known when the content is there. */
static size_t
begin_frame(struct buf *b, enum fetch_frame_kind kind)
{
	buf_putc(b, (char)kind);
	add_u32(b, 0);
	return b->n;
}

static bool
end_frame(struct buf *b, size_t start, struct err *e)
{
	const struct u32 length = u32_bytes((uint32_t)(b->n - start));

	if (!buf_ok(b))
		return err_memory(e);
	memcpy(b->p + start - sizeof(length.b), length.b, sizeof(length.b));
	return true;
}

static bool
is_line(struct str s, size_t max)
{
	for (size_t i = 0; i < s.n; i++)
		if ((uint8_t)s.p[i] < 0x20 && s.p[i] != '\t')
			return false;
	return s.n <= max;
}

static bool
fits(const struct fetch_request *q)
{
	if (!is_line(str_of(q->method), FETCH_METHOD_MAX) ||
	    !is_line(str_of(q->url), GUARD_URL_MAX) || q->headers_n > FETCH_HEADERS_MAX ||
	    q->body.n > FETCH_BODY_MAX || q->answer_max > FETCH_ANSWER_MAX)
		return false;
	for (size_t i = 0; i < q->headers_n; i++)
		if (!is_line(str_of(q->headers[i].name), FETCH_NAME_MAX) ||
		    !is_line(str_of(q->headers[i].value), FETCH_VALUE_MAX))
			return false;
	return true;
}

static uint32_t
timeout_of(const struct fetch_request *q)
{
	return q->timeout_ms < 1                   ? 1
	       : q->timeout_ms > FETCH_TIMEOUT_MAX ? FETCH_TIMEOUT_MAX
						   : (uint32_t)q->timeout_ms;
}

bool
fetch_frame_request(struct buf *b, const struct fetch_request *q, struct err *e)
{
	size_t start = begin_frame(b, FETCH_FRAME_REQUEST);

	if (!fits(q))
		return err_set(e, ERR_INVALID, 0, "The request is malformed or too large.",
		    "fetch: a part of the request is too long, or holds a control character");
	add_text(b, str_of(q->method));
	add_text(b, str_of(q->url));
	add_u32(b, timeout_of(q));
	add_u32(b, (uint32_t)q->answer_max);
	buf_putc(b, q->cut ? 1 : 0);
	add_text(b, q->body);
	add_u32(b, (uint32_t)q->headers_n);
	for (size_t i = 0; i < q->headers_n; i++) {
		add_text(b, str_of(q->headers[i].name));
		add_text(b, str_of(q->headers[i].value));
	}
	return end_frame(b, start, e);
}

/* A sentence of ours, and what libcurl said of it: printable ASCII, or else it is no sentence. */
static void
add_sentence(struct buf *b, const char *z)
{
	size_t n = strlen(z);

	add_u32(b, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		buf_putc(b, z[i] >= 0x20 && z[i] < 0x7F ? z[i] : '?');
}

bool
fetch_frame_answer(
    struct buf *b, const struct fetch_answer *a, const struct err *failure, struct err *e)
{
	size_t start = begin_frame(b, FETCH_FRAME_ANSWER);

	buf_putc(b, (char)failure->code);
	add_u32(b, (uint32_t)failure->sys);
	add_u32(b, (uint32_t)a->status);
	add_u32(b, (uint32_t)(a->retry_after_s + 1));
	add_sentence(b, failure->pub);
	add_sentence(b, failure->detail);
	add_text(b, failure->code == ERR_OK ? a->body : STR(""));
	return end_frame(b, start, e);
}

/* ---- reading: what is wrong stays, and only the end needs a test ---- */

struct reader {
	struct str  rest;
	const char *wrong; /* NULL: nothing yet */
};

static const char *
take_bytes(struct reader *r, size_t n)
{
	const char *p = r->rest.p;

	if (r->wrong == NULL && n > r->rest.n)
		r->wrong = "it ends too soon";
	if (r->wrong != NULL)
		return NULL;
	r->rest = (struct str) { p + n, r->rest.n - n };
	return p;
}

static uint32_t
u32_of(const void *bytes)
{
	const uint8_t *p = bytes;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* A number of `size` bytes, at most `max`. */
static uint32_t
take_number(struct reader *r, size_t size, uint32_t max)
{
	const char *p = take_bytes(r, size);
	uint32_t    v = p == NULL ? 0 : size == 1 ? (uint8_t)*p : u32_of(p);

	if (v <= max)
		return v;
	r->wrong = "a number is too large";
	return 0;
}

static struct str
take_text(struct reader *r, size_t max)
{
	size_t n = take_number(r, 4, (uint32_t)max);

	return (struct str) { take_bytes(r, n), r->wrong == NULL ? n : 0 };
}

/* As add_sentence() writes it. */
static struct str
take_sentence(struct reader *r, size_t max)
{
	struct str s = take_text(r, max);

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] >= 0x7F)
			r->wrong = "a sentence is no plain text";
	return s;
}

/* Of one line: what a method, a URL and a header field can hold. */
static const char *
take_string(struct reader *r, TALLOC_CTX *mem, size_t max)
{
	struct str s = take_text(r, max);
	char      *z = str_dup(mem, s);

	if (r->wrong == NULL && !is_line(s, max))
		r->wrong = "a text holds a control character";
	if (z == NULL && r->wrong == NULL)
		r->wrong = "there is no memory for it";
	if (z != NULL)
		secret_guard(z);
	return z;
}

static bool
check_end(const struct reader *r, const char *what, struct err *e)
{
	const char *wrong = r->wrong != NULL ? r->wrong
			    : r->rest.n != 0 ? "something follows it"
					     : NULL;

	return wrong == NULL || err_set(e, ERR_UNAVAILABLE, 0, "The request failed.",
				    "fetch: %s was malformed: %s", what, wrong);
}

bool
fetch_frame_head(const uint8_t head[static FETCH_FRAME_HEAD], enum fetch_frame_kind kind,
    size_t max, size_t *n, struct err *e)
{
	struct reader r = { .wrong = head[0] != kind ? "it is of another kind" : NULL };

	*n = u32_of(head + 1);
	if (r.wrong == NULL && *n > max)
		r.wrong = "it is too long";
	return check_end(&r, "a frame", e);
}

bool
fetch_frame_take_request(
    TALLOC_CTX *mem, struct str content, struct fetch_request *q, struct err *e)
{
	struct reader        r = { .rest = content };
	struct fetch_header *headers;
	uint32_t             n;

	*q = (struct fetch_request) {
		.method = take_string(&r, mem, FETCH_METHOD_MAX),
	};
	q->url = take_string(&r, mem, GUARD_URL_MAX);
	q->timeout_ms = take_number(&r, 4, FETCH_TIMEOUT_MAX);
	q->answer_max = take_number(&r, 4, FETCH_ANSWER_MAX);
	q->cut = take_number(&r, 1, 1) == 1;
	q->body = take_text(&r, FETCH_BODY_MAX);
	n = take_number(&r, 4, FETCH_HEADERS_MAX);
	headers = talloc_zero_array(mem, struct fetch_header, n + 1);
	if (headers == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < n && r.wrong == NULL; i++) {
		headers[i].name = take_string(&r, mem, FETCH_NAME_MAX);
		headers[i].value = take_string(&r, mem, FETCH_VALUE_MAX);
	}
	q->headers = headers;
	q->headers_n = n;
	return check_end(&r, "a request", e);
}

/* What a fetch may end in (fetch.h). */
static bool
is_outcome(enum err_code code)
{
	return code == ERR_OK || code == ERR_INVALID || code == ERR_UNAVAILABLE ||
	       code == ERR_INTERNAL;
}

bool
fetch_frame_take_answer(
    struct str content, size_t answer_max, struct fetch_answer *a, struct err *e)
{
	struct reader r = { .rest = content };
	enum err_code code = take_number(&r, 1, ERR__MAX - 1);
	int           sys = (int)take_number(&r, 4, INT32_MAX);
	struct str    pub, detail;
	char          sentence[sizeof(e->pub)];

	*a = (struct fetch_answer) {
		.status = (int)take_number(&r, 4, STATUS_MAX),
	};
	a->retry_after_s = (int64_t)take_number(&r, 4, RETRY_MAX + 1) - 1;
	pub = take_sentence(&r, sizeof(e->pub) - 1);
	detail = take_sentence(&r, sizeof(e->detail) - 1);
	a->body = take_text(&r, answer_max);
	if (!is_outcome(code) && r.wrong == NULL)
		r.wrong = "no fetch ends so";
	if (!check_end(&r, "an answer", e))
		return false;
	if (code == ERR_OK)
		return true;
	snprintf(sentence, sizeof(sentence), "%.*s", (int)pub.n, pub.p);
	return err_set(e, code, sys, sentence, "%.*s", (int)detail.n, detail.p);
}
