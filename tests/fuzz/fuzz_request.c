/*
 * Properties of the pass: whatever parameters and body come, there is exactly
 * one answer, well formed, with a status the contract knows; what the answer's
 * head repeats of the request cannot break its lines.
 *
 * Input: NUL-separated parameters, an empty one ends them; the rest is the body.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/web/etag.h"
#include "core/web/pass.h"

#define PARAMS_MAX 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct thing {
	const char  *name;
	int64_t      size;
	struct items things;
};
extern const struct schema thing_schema;
static const struct field  thing_fields[] = {
	 FIELD(struct thing, name, .max = 40, .doc = "Name."),
	 FIELD(struct thing, size, .max = 10, .doc = "Size."),
	 FIELD(struct thing, things, .item = &thing_schema, .doc = "Things."),
	 FIELD_END,
};
const struct schema thing_schema = SCHEMA("Thing", struct thing, thing_fields);

static bool
echo(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct thing *in = body;
	struct thing       *out = answer;

	if (in != NULL)
		*out = *in;
	if (r->ids[0].p != NULL)
		out->name = str_dup(r->mem, r->ids[0]);
	return etag_may_change(r, etag_number(1), e);
}

static bool
repeat(struct request *r, const void *body, void *answer, struct err *e)
{
	(void)body, (void)answer;
	json_print(&r->out, r->json);
	if (!reply_header(r, "X-Agent", r->origin.user_agent, e))
		err_clear(e); /* refused: the answer goes without it */
	return true;
}

static const struct route routes[] = {
	ROUTE_Q(GET, "/t", list_query, ANYONE, RATE_OPEN, 200, echo, IN_NONE, OUT(thing), "Reads."),
	ROUTE(POST, "/t", ANYONE, RATE_OPEN, 201, echo, IN(thing), OUT(thing), "Adds."),
	ROUTE(PUT, "/t/{name}", ANYONE, RATE_OPEN, 200, echo, IN(thing), OUT(thing), "Changes."),
	ROUTE(DELETE_, "/t/{id}", ANYONE, RATE_OPEN, 200, echo, IN_NONE, OUT(thing), "Drops."),
	ROUTE(POST, "/d", ANYONE, RATE_OPEN, 200, repeat, IN_DOCUMENT, OUT_RAW("application/json"),
	    "Repeats."),
	ROUTE(GET, "/m", SIGNED_IN, RATE_OPEN, 200, echo, IN_NONE, OUT(thing), "Mine."),
	ROUTE_END,
};
static const struct route *const tables[] = { routes, NULL };

struct exchange {
	struct transport t;
	struct str       body;
	struct buf       out;
};

static struct exchange *
exchange_of(struct transport *t)
{
	return (struct exchange *)(void *)t; /* its first member */
}

static long
read_body(struct transport *t, void *p, size_t n)
{
	struct exchange *x = exchange_of(t);
	size_t           part = x->body.n < n ? x->body.n : n;

	if (part == 0)
		return 0;
	memcpy(p, x->body.p, part);
	x->body = (struct str) { x->body.p + part, x->body.n - part };
	return (long)part;
}

static bool
write_answer(struct transport *t, const void *p, size_t n)
{
	buf_add(&exchange_of(t)->out, p, n);
	return true;
}

static bool
is_gone(struct transport *t)
{
	(void)t;
	return false;
}

static const struct conf conf = { .public_url = "https://a.example",
	.base_path = "",
	.body_max = 4096,
	.snapshot_max = 8192,
	.body_timeout_s = 30,
	.log_slow_ms = 1000,
	.db_host = "",
	.db_socket = "/nonexistent/mysqld.sock",
	.db_user = "bsx",
	.db_control = "bsx",
	.db_password_file = "",
	.db_tls_ca = "",
	.db_isolation = "account",
	.db_tenant_connections = 1,
	.db_idle_s = 60 };

static const struct keyring *
make_keyring(struct err *e)
{
	char                  dir[] = "/tmp/bsx-fuzz-XXXXXX";
	char                 *path = talloc_asprintf(NULL, "%s/keyring", mkdtemp(dir));
	const struct keyring *k = NULL;

	if (keyring_create(path, &rand_system, e))
		k = keyring_open(NULL, path, e);
	unlink(path);
	rmdir(dir);
	talloc_free(path);
	return k;
}

/* Its database is away: a credential that looks like one ends there. */
static struct app *
make_app(void)
{
	static struct env  env = { .conf = &conf, .clock = &clock_system, .rand = &rand_system };
	static struct auth auth = { .env = &env };
	static struct app  app = { .env = &env, .auth = &auth, .routes = tables, .slot = -1 };
	const struct log_options o = {
		.target = "/dev/null", .service = "fuzz", .clock = &clock_system
	};
	struct err e = { 0 };

	if (env.log != NULL)
		return &app;
	env.log = log_open(NULL, &o, &e);
	env.keyring = make_keyring(&e);
	app.database = auth.database = database_make(NULL, &env, &e);
	assert(e.code == ERR_OK);
	return &app;
}

/* Lines "Name: value" without controls, then an empty one; as many bytes after it as promised. */
static void
check_answer(struct str all)
{
	struct str line, name;
	int        status = 0;
	long       length = -1;

	assert(str_starts(all, "Status: "));
	for (;;) {
		all = str_cut(all, '\n', &line);
		assert(all.p != NULL && line.n > 0 && line.p[line.n - 1] == '\r');
		line.n--;
		if (line.n == 0)
			break;
		for (size_t i = 0; i < line.n; i++)
			assert(line.p[i] != '\r' && line.p[i] != '\0');
		str_cut(line, ':', &name);
		assert(name.n > 0 && name.n < line.n);
		if (str_eqz(name, "Status"))
			status = atoi(line.p + 8);
		if (str_eqz(name, "Content-Length"))
			length = atol(line.p + 16);
	}
	assert((status >= 200 && status < 500) || status == 503);
	assert(length < 0 ? all.n == 0 : all.n == 0 || (size_t)length == all.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct transport_ops ops = { read_body, write_answer, is_gone };
	TALLOC_CTX                       *mem = talloc_new(NULL);
	char                             *params[PARAMS_MAX + 1] = { NULL };
	char                             *p = talloc_zero_size(mem, n + 2), *end = p + n;
	struct exchange                   x = { .t = { .ops = &ops, .params = params } };

	assert(p != NULL);
	if (n > 0)
		memcpy(p, data, n);
	for (size_t i = 0; i < PARAMS_MAX && p < end && *p != '\0'; i++, p += strlen(p) + 1)
		params[i] = p;
	if (p < end)
		x.body = (struct str) { p + 1, (size_t)(end - p - 1) };
	buf_make(&x.out, mem);
	pass_run(make_app(), &x.t);
	check_answer(buf_str(&x.out));
	talloc_free(mem);
	return 0;
}
