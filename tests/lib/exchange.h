/*
 * exchange.h - one request through the real pass, without a web server: CGI
 * parameters and a body in, the bytes of the answer out.  Included by one test
 * program each.
 */
#ifndef BSX_TESTS_LIB_EXCHANGE_H
#define BSX_TESTS_LIB_EXCHANGE_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/shm/metric.h"
#include "core/web/pass.h"

#define HELPER     __attribute__((unused)) static
#define PARAMS_MAX 400

/* An application without a database: open routes need none. */
struct world {
	TALLOC_CTX *mem;
	char        dir[32];
	char       *log_path, *segment_path;
	struct conf conf;
	struct env  env;
	struct app  app;
};

struct exchange {
	struct transport t;
	char            *params[PARAMS_MAX + 1];
	size_t           n;
	TALLOC_CTX      *mem;
	struct str       body;
	size_t           at, piece; /* bytes given so far; most bytes of one read (0: any) */
	size_t           cut;       /* the client goes away after so many (SIZE_MAX: never) */
	bool             gone;      /* it is gone before the handler */
	bool             deaf;      /* it takes no answer */
	struct buf       out;
	size_t           writes;
};

HELPER struct exchange *
exchange_of(struct transport *t)
{
	return (struct exchange *)(void *)t; /* its first member */
}

HELPER long
exchange_read(struct transport *t, void *p, size_t n)
{
	struct exchange *x = exchange_of(t);
	size_t           left = x->body.n - x->at;

	if (x->at >= x->cut)
		return -1;
	if (n > left)
		n = left;
	if (x->piece > 0 && n > x->piece)
		n = x->piece;
	if (n > 0)
		memcpy(p, x->body.p + x->at, n);
	x->at += n;
	return (long)n;
}

HELPER bool
exchange_write(struct transport *t, const void *p, size_t n)
{
	struct exchange *x = exchange_of(t);

	x->writes++;
	if (x->deaf)
		return false;
	buf_add(&x->out, p, n);
	return buf_ok(&x->out);
}

HELPER bool
exchange_gone(struct transport *t)
{
	return exchange_of(t)->gone;
}

HELPER void
exchange_param(struct exchange *x, const char *name, const char *value)
{
	assert_true(x->n < PARAMS_MAX);
	x->params[x->n++] = talloc_asprintf(x->mem, "%s=%s", name, value);
	assert_non_null(x->params[x->n - 1]);
}

HELPER struct exchange *
exchange_make(TALLOC_CTX *mem, const char *method, const char *uri)
{
	static const struct transport_ops ops = { exchange_read, exchange_write, exchange_gone };
	struct exchange                  *x = talloc_zero(mem, struct exchange);

	assert_non_null(x);
	x->mem = x;
	x->t.ops = &ops;
	x->t.params = x->params;
	x->cut = SIZE_MAX;
	buf_make(&x->out, x);
	exchange_param(x, "REQUEST_METHOD", method);
	if (uri != NULL)
		exchange_param(x, "REQUEST_URI", uri);
	exchange_param(x, "REMOTE_ADDR", "192.0.2.7");
	return x;
}

/* With its length declared, as JSON. */
HELPER void
exchange_json(struct exchange *x, const char *text)
{
	char length[32];

	x->body = str_of(text);
	snprintf(length, sizeof(length), "%zu", x->body.n);
	exchange_param(x, "CONTENT_TYPE", "application/json");
	exchange_param(x, "CONTENT_LENGTH", length);
}

/* ---- the answer ---- */

HELPER const char *
exchange_text(const struct exchange *x)
{
	return x->out.n > 0 ? x->out.p : "";
}

HELPER int
exchange_status(const struct exchange *x)
{
	return strncmp(exchange_text(x), "Status: ", 8) == 0 ? atoi(x->out.p + 8) : 0;
}

HELPER const char *
exchange_body(const struct exchange *x)
{
	const char *end = strstr(exchange_text(x), "\r\n\r\n");

	return end != NULL ? end + 4 : "";
}

/* A header's value, a talloc child of the exchange; NULL: not there. */
HELPER const char *
exchange_header(const struct exchange *x, const char *name)
{
	struct str rest = { exchange_text(x), (size_t)(exchange_body(x) - exchange_text(x)) }, line,
		   key;

	while (rest.n > 0) {
		struct str value;

		rest = str_cut(rest, '\n', &line);
		value = str_cut(line, ':', &key);
		if (str_caseeqz(key, name)) {
			while (value.n > 0 && value.p[value.n - 1] == '\r')
				value.n--;
			return str_dup(x->mem, str_trim(value));
		}
	}
	return NULL;
}

/* "code" of the problem in the answer; "" when it is none. */
HELPER const char *
exchange_code(const struct exchange *x)
{
	struct err         e = { 0 };
	struct json       *v = json_parse(x->mem, str_of(exchange_body(x)), &e);
	const struct json *code = v != NULL ? json_get(v, "code") : NULL;

	return code != NULL && code->type == JSON_STRING ? str_dup(x->mem, code->text) : "";
}

/* ---- the world ---- */

HELPER void
world_open(struct world *w, const struct route *const *tables)
{
	struct segment_options so = { 0 };
	struct log_options     lo = { .service = "blindspotx", .clock = &clock_system };
	struct err             e = { 0 };

	*w = (struct world) { .mem = talloc_new(NULL), .dir = "/tmp/bsx-test-XXXXXX" };
	assert_non_null(mkdtemp(w->dir));
	w->log_path = talloc_asprintf(w->mem, "%s/log", w->dir);
	w->segment_path = talloc_asprintf(w->mem, "%s/segment", w->dir);
	so.path = w->segment_path;
	lo.target = w->log_path;
	for (int d = 0; d < LOG_DATASET__MAX; d++)
		lo.levels[d] = LOG_LEVEL_DEBUG;
	w->conf = (struct conf) { .public_url = "https://drift.example.org",
		.base_path = "",
		.body_max = 1 << 20,
		.snapshot_max = 1 << 22,
		.body_timeout_s = 30,
		.log_slow_ms = 10000 };
	w->env = (struct env) {
		.conf = &w->conf,
		.clock = &clock_system,
		.rand = &rand_system,
		.log = log_open(w->mem, &lo, &e),
		.segment = segment_open(w->mem, &so, &e),
	};
	w->app = (struct app) { .env = &w->env, .routes = tables, .slot = 0 };
	if (e.code != ERR_OK)
		fail_msg("%s", e.detail);
}

HELPER void
world_close(struct world *w)
{
	char *lock = talloc_asprintf(w->mem, "%s.lock", w->segment_path);

	unlink(w->log_path);
	unlink(w->segment_path);
	unlink(lock);
	rmdir(w->dir);
	talloc_free(w->mem);
}

/* All of the log so far. */
HELPER struct str
world_log(const struct world *w, TALLOC_CTX *mem)
{
	FILE      *f = fopen(w->log_path, "r");
	struct buf b;
	char       piece[8192];
	size_t     n;

	buf_make(&b, mem);
	assert_non_null(f);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(&b, piece, n);
	fclose(f);
	return buf_str(&b);
}

/* Sum over all series of /metrics whose name and labels begin so. */
HELPER uint64_t
world_metric(const struct world *w, const char *prefix)
{
	struct buf b;
	struct str rest, line;
	uint64_t   sum = 0;

	buf_make(&b, w->mem);
	metric_print(&b, w->app.env->segment);
	for (rest = buf_str(&b); rest.n > 0;) {
		const char *space;

		rest = str_cut(rest, '\n', &line);
		if (!str_starts(line, prefix))
			continue;
		space = memrchr(line.p, ' ', line.n);
		assert_non_null(space);
		sum += strtoull(space + 1, NULL, 10);
	}
	talloc_free(b.p);
	return sum;
}

#endif
