#include "tests/unit/pass_world.h"

#include "core/web/etag.h"

struct thing {
	const char *name;
	int64_t     size;
};
static const struct field thing_fields[] = {
	FIELD(struct thing, name, .min = 1, .max = 40, .flags = FIELD_REQUIRED, .doc = "Name."),
	FIELD(struct thing, size, .min = 0, .max = 10, .doc = "Size."),
	FIELD_END,
};
static const struct schema thing_schema = SCHEMA("Thing", struct thing, thing_fields);

static bool
get_thing(struct request *r, const void *body, void *answer, struct err *e)
{
	struct thing *out = answer;

	(void)body, (void)e;
	out->name = str_dup(r->mem, r->ids[0]);
	r->etag = "\"1-a\"";
	return out->name != NULL;
}

static bool
add_thing(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct thing *in = body;
	struct thing       *out = answer;

	(void)r, (void)e;
	*out = *in;
	return true;
}

struct thing_row {
	struct uuid id;
	const char *name;
};

/* Three things: two by their rows, and one that a page of two leaves. */
static bool
fetch_things(struct request *r, struct list_page *p, struct err *e)
{
	static struct thing_row all[] = { { { { 3 } }, "three" }, { { { 2 } }, "two" },
		{ { { 1 } }, "one" } };
	size_t                  from = uuid_is_nil(&p->page.after) ? 0 : 4u - p->page.after.b[0];

	(void)r, (void)e;
	p->page.n = 3 - from < p->page.want ? 3 - from : p->page.want;
	p->with = all;
	p->page.rows = &all[from];
	return true;
}

static bool
show_thing(struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	const struct thing_row *from = row;
	struct thing           *to = out;

	(void)r, (void)e;
	to->name = talloc_strdup(r->mem, from->name);
	to->size = (int64_t)(from - (const struct thing_row *)p->with);
	return to->name != NULL;
}
static const struct list_ops thing_list_ops = {
	fetch_things,
	LIST_OF(struct thing_row, id),
	show_thing,
};

static bool
change_thing(struct request *r, const void *body, void *answer, struct err *e)
{
	(void)body, (void)answer;
	return etag_may_change(r, etag_number(1), e);
}

/* Cookies were set, and then it breaks. */
static bool
break_thing(struct request *r, const void *body, void *answer, struct err *e)
{
	(void)body, (void)answer;
	return reply_cookie(r, "bsx_access", "secret-token", 600, e) &&
	       err_set(e, ERR_INTERNAL, 1234, "internal error", "the detail is for the log");
}

static bool
say_body(struct request *r, const void *body, void *answer, struct err *e)
{
	(void)body, (void)answer, (void)e;
	json_print(&r->out, r->json);
	return true;
}

static bool
find_document(struct request *r, struct err *e)
{
	return str_eqz(r->ids[0], "there") ||
	       err_set(e, ERR_MISSING, 0, "Not found.", "another name");
}

static bool
do_nothing(struct request *r, const void *body, void *answer, struct err *e)
{
	(void)r, (void)body, (void)answer, (void)e;
	return true;
}

/* Three pieces, and then the end, or a failure when it is asked for by the name. */
static bool
stream_piece(struct request *r, struct buf *out, struct err *e)
{
	int *left = r->more_arg;

	if (*left < 0)
		return err_set(e, ERR_UNAVAILABLE, 0, "away", "the database went away");
	if (*left == 0 && str_eqz(r->ids[0], "broken")) {
		*left = -1;
		buf_puts(out, "half ");
		return stream_piece(r, out, e);
	}
	if ((*left)-- > 0)
		buf_printf(out, "{\"left\":%d}\n", *left);
	return true;
}

static bool
stream(struct request *r, const void *body, void *answer, struct err *e)
{
	int *left = talloc(r->mem, int);

	(void)body, (void)answer;
	if (left == NULL)
		return err_memory(e);
	*left = 3;
	buf_make(&r->out, r->mem);
	r->content_type = "application/x-ndjson";
	r->more = stream_piece;
	r->more_arg = left;
	return !str_eqz(r->ids[0], "refused") || err_set(e, ERR_CONFLICT, 0, "No.", "refused");
}

struct option {
	const char *note;
};
static const struct field option_fields[] = {
	FIELD(struct option, note, .doc = "May be left out."),
	FIELD_END,
};
static const struct schema option_schema = SCHEMA("Option", struct option, option_fields);

static const struct route routes[] = {
	ROUTE(
	    POST, "/api/option", ANYONE, RATE_OPEN, 204, do_nothing, IN(option), OUT_NONE, "May."),
	ROUTE_LIST("/api/things", list_query, ANYONE, &thing_list_ops, OUT_LIST(thing), "Lists."),
	ROUTE(
	    POST, "/api/things", ANYONE, RATE_OPEN, 201, add_thing, IN(thing), OUT(thing), "Adds."),
	ROUTE(GET, "/api/things/{name}", ANYONE, RATE_OPEN, 200, get_thing, IN_NONE,
	    OUT_TAGGED(thing), "Reads."),
	ROUTE(PUT, "/api/things/{name}", ANYONE, RATE_OPEN, 204, change_thing, IN_NONE, OUT_NONE,
	    "Changes."),
	ROUTE(DELETE_, "/api/numbered/{id}", ANYONE, RATE_OPEN, 204, do_nothing, IN_NONE, OUT_NONE,
	    "Drops."),
	ROUTE(
	    POST, "/api/broken", ANYONE, RATE_OPEN, 204, break_thing, IN_NONE, OUT_NONE, "Breaks."),
	ROUTE(POST, "/api/documents", ANYONE, RATE_OPEN, 200, say_body, IN_DOCUMENT,
	    OUT_RAW("application/json"), "Says it again."),
	ROUTE_FOUND(find_document, NULL, POST, "/api/documents/{name}", ANYONE, RATE_OPEN, 200,
	    say_body, IN_DOCUMENT, OUT_RAW("application/json"),
	    "Says it again, of one that is there."),
	ROUTE(GET, "/api/streams/{name}", ANYONE, RATE_OPEN, 200, stream, IN_NONE,
	    OUT_LIST_OR(thing, "application/x-ndjson"), "Streams."),
	ROUTE(GET, "/api/mine", SIGNED_IN, RATE_READ, 200, get_thing, IN_NONE, OUT(thing), "Mine."),
	ROUTE(POST, "/api/mine", SIGNED_IN, RATE_READ, 200, add_thing, IN(thing), OUT(thing),
	    "Mine."),
	ROUTE(POST, "/api/notify/{token}", ANYONE, RATE_OPEN, 204, do_nothing, IN_NONE, OUT_NONE,
	    "Notifies."),
	ROUTE_END,
};
static const struct route *const tables[] = { routes, NULL };

struct world pass_world;

int
pass_open(void **state)
{
	(void)state;
	world_open(&pass_world, tables);
	return 0;
}

int
pass_close(void **state)
{
	(void)state;
	world_close(&pass_world);
	return 0;
}

struct exchange *
pass_ask(const char *method, const char *uri)
{
	struct exchange *x = exchange_make(pass_world.mem, method, uri);

	pass_run(&pass_world.app, &x->t);
	return x;
}

struct exchange *
pass_send(const char *uri, const char *json)
{
	struct exchange *x = exchange_make(pass_world.mem, "POST", uri);

	exchange_json(x, json);
	pass_run(&pass_world.app, &x->t);
	return x;
}

void
pass_assert(const struct exchange *x, int status, const char *code)
{
	if (exchange_status(x) != status || strcmp(exchange_code(x), code) != 0)
		fail_msg("want %d %s, got:\n%s", status, code, exchange_text(x));
}

char *
pass_letters(size_t n)
{
	char *p = talloc_zero_size(pass_world.mem, n + 1);

	assert_non_null(p);
	memset(p, 'a', n);
	return p;
}
