#include "fcgi/record.h"

#include <string.h>

#define OTHERS_MAX 100               /* records of no request in a row */
#define OVER_MAX   ((size_t)4 << 20) /* parameters that are passed over */

#define HEADER       8
#define VERSION      1
#define ROLE         1 /* responder */
#define CANT_MPX     1
#define UNKNOWN_ROLE 3

enum {
	BEGIN_REQUEST = 1,
	ABORT_REQUEST = 2,
	END_REQUEST = 3,
	PARAMS = 4,
	STDIN = 5,
	DATA = 8,
	GET_VALUES = 9,
	GET_VALUES_RESULT = 10,
	UNKNOWN_TYPE = 11
};

/* Where the pairs stand in `head`: begin with its body, and their own header, come before. */
#define PAIRS_AT (HEADER + 8 + HEADER)

static bool
refuse(struct record *r, const char *why)
{
	r->why = why;
	return false;
}

static void
put_header(uint8_t out[static HEADER], uint8_t type, uint16_t id, size_t n)
{
	const uint8_t h[HEADER] = { VERSION, type, (uint8_t)(id >> 8), (uint8_t)id,
		(uint8_t)(n >> 8), (uint8_t)n, 0, 0 };

	memcpy(out, h, HEADER);
}

/* ---- bytes ---- */

static bool
fill(struct record *r)
{
	long n = r->ops->read(r->peer, r->buffer, sizeof(r->buffer));

	r->at = 0;
	r->n = n > 0 ? (size_t)n : 0;
	return n > 0;
}

/* `to` NULL: they are passed over. */
static bool
take(struct record *r, uint8_t *to, size_t n)
{
	while (n > 0) {
		size_t part = r->n - r->at;

		if (part == 0 && !fill(r))
			return false;
		part = r->n - r->at < n ? r->n - r->at : n;
		if (to != NULL) {
			memcpy(to, r->buffer + r->at, part);
			to += part;
		}
		r->at += part;
		n -= part;
	}
	return true;
}

/* ---- records ---- */

static bool
next(struct record *r)
{
	uint8_t h[HEADER];

	if (!take(r, NULL, r->left + r->padding) || !take(r, h, sizeof(h)))
		return false;
	if (h[0] != VERSION)
		return refuse(r, "another version of FastCGI");
	r->type = h[1];
	r->of = (uint16_t)(h[2] << 8 | h[3]);
	r->left = (size_t)(h[4] << 8 | h[5]);
	r->padding = h[6];
	return true;
}

static bool
end_request(struct record *r, uint16_t id, uint8_t status)
{
	uint8_t out[HEADER + 8] = { 0 };

	put_header(out, END_REQUEST, id, 8);
	out[HEADER + 4] = status;
	return r->ops->write(r->peer, out, sizeof(out));
}

/* All values there are, whichever were asked for. */
static bool
answer_values(struct record *r)
{
	static const char values[] = "\016\001FCGI_MAX_CONNS1"
				     "\015\001FCGI_MAX_REQS1"
				     "\017\001FCGI_MPXS_CONNS0";
	uint8_t           out[HEADER + sizeof(values) - 1];

	put_header(out, GET_VALUES_RESULT, 0, sizeof(values) - 1);
	memcpy(out + HEADER, values, sizeof(values) - 1);
	return r->ops->write(r->peer, out, sizeof(out));
}

static bool
answer_unknown(struct record *r)
{
	uint8_t out[HEADER + 8] = { 0 };

	put_header(out, UNKNOWN_TYPE, 0, 8);
	out[HEADER] = r->type;
	return r->ops->write(r->peer, out, sizeof(out));
}

/* A record that is not of our request. */
static bool
pass_over(struct record *r)
{
	if (r->of == 0)
		return r->type == GET_VALUES ? answer_values(r) : answer_unknown(r);
	return r->type != BEGIN_REQUEST || end_request(r, r->of, CANT_MPX);
}

/* The next record of our request, or while there is none, of the first that comes. */
static bool
next_of_ours(struct record *r)
{
	for (int i = 0; i < OTHERS_MAX; i++) {
		if (!next(r))
			return false;
		if (r->of != 0 && (r->id == 0 || r->of == r->id))
			return true;
		if (!pass_over(r))
			return false;
	}
	return refuse(r, "too many records of no request");
}

/* ---- names and values ---- */

static bool
take_length(const uint8_t **p, const uint8_t *end, size_t *out)
{
	const uint8_t *b = *p;

	if (b < end && b[0] < 0x80) {
		*out = b[0];
		*p += 1;
		return true;
	}
	if (end - b < 4)
		return false;
	*out = (size_t)(b[0] & 0x7F) << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
	*p += 4;
	return true;
}

struct pair {
	const uint8_t *name, *value;
	size_t         name_n, value_n;
};

static bool
take_pair(const uint8_t **p, const uint8_t *end, struct pair *out)
{
	if (!take_length(p, end, &out->name_n) || !take_length(p, end, &out->value_n) ||
	    out->name_n > (size_t)(end - *p) || out->value_n > (size_t)(end - *p) - out->name_n)
		return false;
	out->name = *p;
	out->value = *p + out->name_n;
	*p = out->value + out->value_n;
	return true;
}

static bool
is_odd(const struct pair *x)
{
	return x->name_n == 0 || memchr(x->name, '=', x->name_n) != NULL ||
	       memchr(x->name, '\0', x->name_n + x->value_n) != NULL;
}

/* Whole pairs that have one reading stay; of a head that is too long the last one may be half. */
static bool
check_pairs(struct record *r)
{
	const uint8_t *p = r->head + PAIRS_AT, *end = p + r->pairs;
	uint8_t       *kept = r->head + PAIRS_AT;
	struct pair    x;

	while (p < end) {
		const uint8_t *from = p;

		if (!take_pair(&p, end, &x)) {
			if (r->fault != RECORD_LONG)
				return refuse(r, "a parameter longer than all of them");
			break;
		}
		if (is_odd(&x)) {
			r->fault = r->fault == RECORD_WHOLE ? RECORD_ODD : r->fault;
			continue;
		}
		memmove(kept, from, (size_t)(p - from));
		kept += p - from;
	}
	r->pairs = (size_t)(kept - (r->head + PAIRS_AT));
	return true;
}

/* The content of one record. */
static bool
add_pairs(struct record *r, size_t *over)
{
	size_t part = RECORD_PAIRS - r->pairs;

	if (part > r->left)
		part = r->left;
	if (!take(r, r->head + PAIRS_AT + r->pairs, part))
		return false;
	r->pairs += part;
	r->left -= part;
	if (r->left == 0)
		return true;
	r->fault = RECORD_LONG; /* the next record is looked for behind it */
	*over += r->left;
	return *over <= OVER_MAX || refuse(r, "parameters without end");
}

static bool
read_pairs(struct record *r)
{
	size_t over = 0;

	for (;;) {
		if (!next_of_ours(r))
			return false;
		if (r->type == ABORT_REQUEST)
			return false;
		if (r->type != PARAMS)
			return refuse(r, "a record that does not belong there");
		if (r->left == 0)
			return check_pairs(r);
		if (!add_pairs(r, &over))
			return false;
	}
}

/* ---- */

void
record_open(struct record *r, const struct record_ops *ops, void *peer)
{
	memset(r, 0, offsetof(struct record, buffer));
	r->ops = ops;
	r->peer = peer;
	r->at = r->n = r->pairs = 0;
}

bool
record_begin(struct record *r)
{
	uint8_t body[8];

	if (!next_of_ours(r))
		return false;
	if (r->type != BEGIN_REQUEST || r->left != sizeof(body))
		return refuse(r, "a request that was not begun");
	if (!take(r, body, sizeof(body)))
		return false;
	r->left = 0;
	if (body[0] != 0 || body[1] != ROLE) {
		(void)end_request(r, r->of, UNKNOWN_ROLE);
		return refuse(r, "another role than responder");
	}
	r->id = r->of;
	return read_pairs(r);
}

bool
record_param(const struct record *r, const char *name, const char **value, size_t *n)
{
	const uint8_t *p = r->head + PAIRS_AT, *end = p + r->pairs;
	size_t         name_n = strlen(name);
	struct pair    x;

	if (r->fault != RECORD_WHOLE)
		return false;
	while (take_pair(&p, end, &x)) {
		if (x.name_n != name_n || memcmp(x.name, name, name_n) != 0)
			continue;
		*value = (const char *)x.value;
		*n = x.value_n;
		return true;
	}
	return false;
}

const uint8_t *
record_head(struct record *r, size_t *n)
{
	uint8_t *end = r->head + PAIRS_AT + r->pairs;

	memset(r->head, 0, PAIRS_AT);
	put_header(r->head, BEGIN_REQUEST, r->id, 8);
	r->head[HEADER + 1] = ROLE;
	put_header(r->head + HEADER + 8, PARAMS, r->id, r->pairs);
	*n = PAIRS_AT + r->pairs;
	if (r->pairs > 0) { /* without any, their header is their end */
		put_header(end, PARAMS, r->id, 0);
		*n += HEADER;
	}
	return r->head;
}

/* The next record of the body that has something in it, or its end. */
static bool
next_of_body(struct record *r)
{
	while (r->left == 0 && !r->body_ended) {
		if (!next_of_ours(r) || r->type == ABORT_REQUEST)
			return false;
		if (r->type == DATA) {
			r->padding += r->left;
			r->left = 0;
			continue;
		}
		if (r->type != STDIN)
			return refuse(r, "a record that does not belong there");
		r->body_ended = r->left == 0;
	}
	return true;
}

long
record_body(struct record *r, void *p, size_t n)
{
	size_t have;
	long   got;

	if (n == 0 || r->body_ended)
		return 0;
	if (!next_of_body(r))
		return -1;
	if (r->body_ended)
		return 0;
	have = r->n - r->at;
	n = n < r->left ? n : r->left;
	if (have > 0) {
		n = n < have ? n : have;
		memcpy(p, r->buffer + r->at, n);
		r->at += n;
		got = (long)n;
	} else {
		got = r->ops->read(r->peer, p, n);
	}
	if (got <= 0)
		return -1;
	r->left -= (size_t)got;
	return got;
}
