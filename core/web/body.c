/* pass.h: the body, read, parsed and decoded by the row's table. */
#include <string.h>

#include "core/base/secret.h"
#include "core/web/body_type.h"
#include "core/web/pass.h"
#include "core/web/target.h"

#define READ_FIRST 16384 /* bytes of the first piece when the length is not known */
/* 0.02 to 0.5 s of CPU a MiB: what is smaller finds a worker as any request does. */
#define HEAVY_BYTES  (1 << 20)
#define CHARGE_BYTES (1 << 20) /* that one request stands for */

/* What is known of the body before it is read. */
struct plan {
	size_t  cap;      /* most bytes we take */
	int64_t declared; /* CONTENT_LENGTH; -1: unknown */
};

/* ---- reading ---- */

static size_t
body_max(const struct request *r)
{
	const struct conf *c = r->app->env->conf;

	return (size_t)(body_is_large(r->route) ? c->snapshot_max : c->body_max);
}

/* Web servers say "", "-1" or nothing of a chunked body. */
static bool
make_plan(const struct request *r, struct plan *p, struct err *e)
{
	struct str length = request_param(r, "CONTENT_LENGTH");

	p->cap = body_max(r);
	p->declared = -1;
	if (length.n == 0 || str_eqz(length, "-1"))
		return true;
	if (!str_to_i64(length, &p->declared) || p->declared < 0)
		return err_set(e, ERR_BAD_REQUEST, 0, "Content-Length is malformed.",
		    "CONTENT_LENGTH is no number");
	if ((uint64_t)p->declared > p->cap)
		return err_set(e, ERR_TOO_LARGE, 0, "The body is too large.",
		    "CONTENT_LENGTH over %zu bytes", p->cap);
	return true;
}

/* Bodies hold passwords: a piece that is outgrown is wiped. */
static char *
grow(TALLOC_CTX *mem, char *old, size_t used, size_t cap)
{
	char *p = talloc_size(mem, cap);

	if (p == NULL)
		return NULL;
	if (old != NULL) {
		memcpy(p, old, used);
		secret_wipe(old, used);
		talloc_free(old);
	}
	return p;
}

static bool
fault_of_read(struct request *r, int64_t end_ns, struct err *e)
{
	if (clock_ns(r->app->env->clock) >= end_ns)
		return err_set(e, ERR_TIMEOUT, 0, "The body did not arrive in time.",
		    "body incomplete at its deadline");
	r->client_gone = true;
	return err_set(e, ERR_GONE, 0, "The client went away.", "while its body was read");
}

/* More than was said, or more than we take: nothing further is read. */
static bool
check_size(const struct plan *p, size_t n, struct err *e)
{
	if (p->declared >= 0 && n > (size_t)p->declared)
		return err_set(e, ERR_BAD_REQUEST, 0, "The body's length is not Content-Length.",
		    "body longer than CONTENT_LENGTH");
	if (n > p->cap)
		return err_set(
		    e, ERR_TOO_LARGE, 0, "The body is too large.", "more than %zu bytes", p->cap);
	return true;
}

/* To the end, whatever was declared. Room is for one byte more than we take, to see whether there
 * is more. */
static bool
read_all(struct request *r, const struct plan *p, struct err *e)
{
	struct transport *t = r->transport;
	int64_t           end_ns =
	    clock_ns(r->app->env->clock) + r->app->env->conf->body_timeout_s * 1000000000;
	size_t cap = p->declared >= 0 ? (size_t)p->declared + 1 : READ_FIRST, n = 0;
	char  *b = grow(r->mem, NULL, 0, cap);

	while (b != NULL) {
		long got = t->ops->read(t, b + n, cap - n);

		if (got < 0 || (got > 0 && clock_ns(r->app->env->clock) >= end_ns))
			return fault_of_read(r, end_ns, e);
		n += (size_t)got;
		r->body = (struct str) { b, n };
		if (got == 0)
			return true;
		if (!check_size(p, n, e))
			return false;
		if (n == cap) {
			cap = cap * 2 < p->cap + 1 ? cap * 2 : p->cap + 1;
			r->body = (struct str) { NULL, 0 };
			b = grow(r->mem, b, n, cap);
		}
	}
	return err_memory(e);
}

/* ---- what it weighs ---- */

/* Few workers may be at heavy ones: a place among those comes before anything is made of its bytes.
 */
static bool
enter_lane(struct request *r, size_t n, struct err *e)
{
	return n <= HEAVY_BYTES || r->app->permits == NULL ||
	       permit_enter(r->app->permits, LANE_PUSH, e);
}

/* The first piece is the request's own. */
static void
charge(struct request *r, size_t n)
{
	if (n > CHARGE_BYTES)
		rate_more(r, (int64_t)((n - 1) / CHARGE_BYTES));
}

/* How much it is shows only while it is unpacked: what is not heavy ends before the lane. */
static bool
unpack_weighed(struct request *r, enum coding coding, struct str packed, size_t cap, struct err *e)
{
	size_t light = cap < HEAVY_BYTES ? cap : HEAVY_BYTES;

	if (unpack(r->mem, coding, packed, light, &r->work, &r->body, e))
		return true;
	if (light == cap || !err_take(e, ERR_TOO_LARGE) || !enter_lane(r, light + 1, e))
		return false;
	if (unpack(r->mem, coding, packed, cap, &r->work, &r->body, e))
		return true;
	charge(r, cap); /* how far it came is not told: as much as it might have been */
	return false;
}

/* From here on it is as if it had come plain: also for who hashes or counts it. */
static bool
unpack_body(struct request *r, const struct plan *p, struct err *e)
{
	struct str  packed = r->body;
	enum coding coding;

	if (packed.n == 0)
		return true;
	if (!body_type_coding(r, &coding, e))
		return false;
	if (coding == CODING_NONE)
		return true;
	if (!unpack_weighed(r, coding, packed, p->cap, e))
		return false;
	talloc_free((void *)(uintptr_t)packed.p);
	return true;
}

static bool
read_body(struct request *r, struct err *e)
{
	struct plan p;

	if (!make_plan(r, &p, e) || !read_all(r, &p, e))
		return false;
	if (p.declared >= 0 && (size_t)p.declared != r->body.n)
		return err_set(e, ERR_BAD_REQUEST, 0, "The body's length is not Content-Length.",
		    "CONTENT_LENGTH and %zu bytes read", r->body.n);
	if (!unpack_body(r, &p, e) || !enter_lane(r, r->body.n, e))
		return false;
	charge(r, r->body.n);
	return true;
}

/* ---- by kind ---- */

/* One body in two encodings is one body: also for who hashes it. */
static bool
parse(struct request *r, struct str text, struct err *e)
{
	r->body = text;
	r->json = json_parse(r->mem, text, e);
	return r->json != NULL;
}

static bool
parse_utf8(struct request *r, struct err *e)
{
	struct str text;

	return json_decode_utf8(r->body, &text, e) && parse(r, text, e);
}

static bool
take_none(struct request *r, struct err *e)
{
	if (!read_body(r, e))
		return false;
	if (r->body.n == 0)
		return true;
	if (!body_type_json(r, e) || !parse_utf8(r, e))
		return false;
	if (r->json->type == JSON_OBJECT && r->json->n == 0)
		return true;
	return err_fault(e, r->mem, "", "this request takes no body");
}

static bool
has_required(const struct schema *s)
{
	for (const struct field *f = s->fields; f->name != NULL; f++)
		if (f->flags & FIELD_REQUIRED)
			return true;
	return false;
}

/* Where every member may be left out, so may the body: no type, no bytes. */
static bool
is_left_out(const struct request *r)
{
	struct str length = request_param(r, "CONTENT_LENGTH");

	return r->route->in != NULL && !has_required(r->route->in) &&
	       request_param(r, "CONTENT_TYPE").n == 0 && (length.n == 0 || str_eqz(length, "0"));
}

static bool
take_json(struct request *r, struct err *e)
{
	bool left_out = is_left_out(r);

	if (r->route->in != NULL)
		r->in = talloc_zero_size(r->mem, r->route->in->size);
	if (r->route->in != NULL && r->in == NULL)
		return err_memory(e);
	if ((!left_out && !body_type_json(r, e)) || !read_body(r, e))
		return false;
	if (left_out && r->body.n == 0)
		return true;
	if (!body_type_json(r, e) || !parse_utf8(r, e))
		return false;
	return r->route->in == NULL || schema_decode_new(r->mem, r->route->in, r->json, r->in, e);
}

/* What a member gives may be worth a proof where the rest of its body is not. */
static bool
check_fresh(const struct request *r, struct err *e)
{
	const struct schema *s = r->route->in;

	if (s == NULL || r->json == NULL)
		return true;
	for (const struct field *f = s->fields; f->name != NULL; f++)
		if ((f->flags & FIELD_FRESH) && json_get(r->json, f->name) != NULL)
			return request_fresh(r, e);
	return true;
}

/* A form is read as a query is. */
static bool
take_form(struct request *r, struct err *e)
{
	struct query_param *params;
	size_t              n;

	return body_type_form(r, e) && read_body(r, e) &&
	       query_parse(r->mem, r->body, &params, &n, e) &&
	       query_decode(r->mem, r->route->in, params, n, &r->in, e);
}

static bool
take_document(struct request *r, struct err *e)
{
	struct str text;

	return body_type_document(r, e) && read_body(r, e) &&
	       json_decode_max(r->mem, r->body, body_max(r), &text, e) &&
	       enter_lane(r, text.n, e) && parse(r, text, e);
}

bool
step_body(struct request *r, struct err *e)
{
	switch (r->route->in_kind) {
	case ROUTE_IN_NONE:
		return take_none(r, e);
	case ROUTE_IN_JSON:
	case ROUTE_IN_SNAPSHOT:
		return take_json(r, e) && check_fresh(r, e);
	case ROUTE_IN_FORM:
		return take_form(r, e);
	case ROUTE_IN_DOCUMENT:
		return take_document(r, e);
	}
	return err_set(e, ERR_INTERNAL, 0, "internal error", "route without a kind of body");
}
