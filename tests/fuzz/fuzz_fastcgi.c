/*
 * Properties of FastCGI records: whatever a peer says and in whatever pieces it comes,
 * reading ends, the same is read, and what libfcgi is given of it, it takes whole: every
 * parameter once, with its name and value, nothing left over, nothing written.
 *
 * Input: a byte that says how large the pieces are; what the peer sends.
 */
#include <assert.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fcgi/record.h"

#define SAID_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct peer {
	const uint8_t *p;
	size_t         n, piece;
	size_t         said; /* bytes of our answers */
};

static long
hear(void *who, void *p, size_t n)
{
	struct peer *x = who;
	size_t       part = x->piece == 0 || x->piece > n ? n : x->piece;

	if (part > x->n)
		part = x->n;
	if (part > 0)
		memcpy(p, x->p, part);
	x->p += part;
	x->n -= part;
	return (long)part;
}

/* Answers are whole records, and few. */
static bool
say(void *who, const void *p, size_t n)
{
	struct peer   *x = who;
	const uint8_t *h = p;

	assert(n >= 8 && h[0] == 1 && n == 8 + (size_t)(h[4] << 8 | h[5]) + h[6]);
	x->said += n;
	return x->said < SAID_MAX;
}

static const struct record_ops ops = { hear, say };

/* All of the body; -1 at its end: it broke off. */
static long
read_body(struct record *r, uint8_t *out, size_t max, size_t piece)
{
	size_t all = 0;
	long   got;

	while ((got = record_body(r, out + all, piece < max - all ? piece : max - all)) > 0)
		all += (size_t)got;
	assert(record_body(r, out, 0) == 0);
	return got < 0 ? -1 : (long)all;
}

/* As the responder gives it to libfcgi, which reads it to its end. */
static void
check_library(struct record *r, size_t pairs)
{
	FCGX_Request   q;
	size_t         n, count = 0;
	const uint8_t *head = record_head(r, &n);
	int            fd = memfd_create("head", MFD_CLOEXEC);

	assert(fd >= 0 && write(fd, head, n) == (ssize_t)n && lseek(fd, 0, SEEK_SET) == 0);
	assert(FCGX_InitRequest(&q, -1, FCGI_FAIL_ACCEPT_ON_INTR) == 0);
	q.ipcFd = fd;
	q.keepConnection = 1;
	assert(FCGX_Accept_r(&q) == 0);
	assert(lseek(fd, 0, SEEK_CUR) == (off_t)n);
	for (char **e = q.envp; *e != NULL; e++)
		count += strchr(*e, '=') != NULL;
	assert(count == pairs + 1); /* and FCGI_ROLE */
	q.ipcFd = open("/dev/null", O_RDWR | O_CLOEXEC);
	q.keepConnection = 1;
	close(fd);
	FCGX_Finish_r(&q);
	close(q.ipcFd);
}

/* By a reader of its own. */
static size_t
count_pairs(struct record *r)
{
	size_t         n, count = 0;
	const uint8_t *p = record_head(r, &n) + 24, *end = p + n - 32;

	if (n < 32)
		return 0;
	while (p < end) {
		size_t len[2];

		for (int i = 0; i < 2; i++) {
			len[i] = *p;
			if (*p >= 128)
				len[i] = (size_t)(p[0] & 127) << 24 | (size_t)p[1] << 16 |
					 (size_t)p[2] << 8 | p[3];
			p += *p >= 128 ? 4 : 1;
		}
		assert(len[0] > 0 && len[0] + len[1] <= (size_t)(end - p));
		assert(memchr(p, '=', len[0]) == NULL && memchr(p, 0, len[0] + len[1]) == NULL);
		p += len[0] + len[1];
		count++;
	}
	assert(p == end);
	return count;
}

struct outcome {
	bool              begun;
	long              body;
	size_t            pairs, head_n;
	enum record_fault fault;
};

static struct outcome
run(struct record *r, const uint8_t *data, size_t n, size_t piece, uint8_t *body)
{
	struct peer    x = { data, n, piece, 0 };
	struct outcome o = { 0 };
	const char    *value;
	size_t         value_n;

	record_open(r, &ops, &x);
	o.begun = record_begin(r);
	if (!o.begun)
		return o;
	assert(r->id != 0 && r->pairs <= RECORD_PAIRS);
	o.fault = r->fault;
	if (record_param(r, "REQUEST_METHOD", &value, &value_n))
		assert(memchr(value, 0, value_n) == NULL);
	o.pairs = count_pairs(r);
	(void)record_head(r, &o.head_n);
	o.body = read_body(r, body, n, piece == 0 ? n + 1 : piece);
	assert(o.body <= (long)n);
	return o;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct record whole, pieces;
	static bool          begun;
	uint8_t             *body = malloc(2 * n + 2);
	struct outcome       a, b;

	assert(body != NULL);
	if (!begun)
		assert(FCGX_Init() == 0);
	begun = true;
	if (n > 0) {
		a = run(&whole, data + 1, n - 1, 0, body);
		b = run(&pieces, data + 1, n - 1, 1 + data[0] % 16, body + n);
		assert(a.begun == b.begun && a.body == b.body && a.pairs == b.pairs);
		assert(a.head_n == b.head_n && a.fault == b.fault);
		assert(a.body <= 0 || memcmp(body, body + n, (size_t)a.body) == 0);
		if (a.begun)
			check_library(&whole, a.pairs);
	}
	free(body);
	return 0;
}
