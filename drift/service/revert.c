#include "drift/service/revert.h"

#include <string.h>

#include "drift/service/report.h"
#include "drift/service/snapshot.h"
#include "drift/source/rest.h"

/* With a name or without; in an address as it stands there. */
#define MASK         "[masked"
#define MASK_ADDRESS "%5Bmasked"

/* The way from a resource to the changed place, and what is to be there. */
struct fix {
	TALLOC_CTX        *mem;
	struct str         path;
	const struct json *old;          /* NULL: nothing */
	bool               gained, lost; /* the place is there since, or is no more */
	struct buf        *out;
	struct buf        *place;      /* as far as what is written goes */
	const struct json *overwrites; /* what is there; NULL: nothing */
};

/* Cuts the first step off; it is unescaped. */
static bool
cut_step(TALLOC_CTX *mem, struct str *pointer, struct str *step, struct err *e)
{
	struct buf b;
	size_t     i = 1;

	buf_make(&b, mem);
	for (; i < pointer->n && pointer->p[i] != '/'; i++) {
		char c = pointer->p[i];

		if (c == '~' && i + 1 < pointer->n)
			c = pointer->p[++i] == '1' ? '/' : '~';
		buf_putc(&b, c);
	}
	*pointer = (struct str) { pointer->p + i, pointer->n - i };
	*step = buf_str(&b);
	return buf_ok(&b) || err_memory(e);
}

/* Of a step as cut_step gives it. */
static const struct json *
child_of(const struct json *v, struct str step)
{
	if (v->type != JSON_OBJECT)
		return json_child(v, step);
	for (uint32_t i = 0; i < v->n; i++)
		if (str_eq(v->names[i], step))
			return &v->items[i];
	return NULL;
}

static void
put_member(struct buf *out, bool *any, struct str name)
{
	if (*any)
		buf_putc(out, ',');
	*any = true;
	buf_json(out, name);
	buf_putc(out, ':');
}

/* An array with what was below it set back: it is written whole. */
static bool
put_fixed(const struct fix *f, const struct json *v, struct str rest, struct err *e)
{
	struct str step;
	bool       any = false, object = v->type == JSON_OBJECT;

	if (rest.n == 0) {
		json_print(f->out, f->old);
		return true;
	}
	if ((!object && v->type != JSON_ARRAY) || !cut_step(f->mem, &rest, &step, e))
		return err_set(
		    e, ERR_MISSING, 0, "The place is not there any more.", "no such place");
	buf_putc(f->out, object ? '{' : '[');
	for (uint32_t i = 0; i < v->n; i++) {
		char       index[16];
		struct str name;
		bool       here;

		snprintf(index, sizeof(index), "%u", (unsigned)i);
		name = object ? v->names[i] : str_of(index);
		here = str_eq(name, step);
		if (here && f->gained && rest.n == 0)
			continue;
		if (object)
			put_member(f->out, &any, name);
		else if (any)
			buf_putc(f->out, ',');
		any = true;
		if (here && !put_fixed(f, &v->items[i], rest, e))
			return false;
		if (!here)
			json_print(f->out, &v->items[i]);
	}
	buf_putc(f->out, object ? '}' : ']');
	return true;
}

/* Objects are merged by who gets it: only the way down is written. */
static bool
put_merge(struct fix *f, const struct json *v, struct str rest, struct err *e)
{
	const struct json *child;
	struct str         step;
	bool               ok = true, any = false;

	if (!cut_step(f->mem, &rest, &step, e))
		return false;
	child = child_of(v, step);
	if (child == NULL && !(f->lost && rest.n == 0))
		return err_set(
		    e, ERR_MISSING, 0, "The place is not there any more.", "no such place");
	json_pointer_add(f->place, step);
	buf_putc(f->out, '{');
	put_member(f->out, &any, step);
	f->overwrites = child;
	if (rest.n == 0 && f->gained)
		buf_puts(f->out, "null");
	else if (rest.n == 0)
		json_print(f->out, f->old);
	else if (child->type == JSON_OBJECT)
		ok = put_merge(f, child, rest, e);
	else
		ok = put_fixed(f, child, rest, e);
	buf_putc(f->out, '}');
	return ok;
}

static bool
none(struct revert *out, const char *why)
{
	*out = (struct revert) { .why = why };
	return true;
}

static bool
is_masked(const struct revert *r)
{
	return strstr(r->body, MASK) != NULL || strstr(r->overwrites, MASK) != NULL ||
	       strstr(r->url, MASK_ADDRESS) != NULL;
}

static bool
make(const struct acting *a, const struct json *now, struct fix *f, struct revert *out,
    struct err *e)
{
	struct buf body, place, overwrites;

	buf_make(&body, a->by.mem);
	buf_make(&place, a->by.mem);
	buf_make(&overwrites, a->by.mem);
	f->out = &body;
	f->place = &place;
	if (now->type != JSON_OBJECT)
		return none(out, "The resource is no object, of which a part could be set.");
	if (!put_merge(f, now, f->path, e))
		return err_take(e, ERR_MISSING) &&
		       none(out, "The place is not there any more in what was read.");
	if (f->overwrites != NULL)
		json_print(&overwrites, f->overwrites);
	else
		buf_puts(&overwrites, "null");
	out->body = buf_text(&body, e);
	out->place = buf_text(&place, e);
	out->overwrites = buf_text(&overwrites, e);
	if (out->body == NULL || out->place == NULL || out->overwrites == NULL)
		return false;
	return !is_masked(out) ||
	       none(out, "A value that would have to be written is masked: only the mask is kept.");
}

/* How the source could be asked. */
static bool
ask(const struct acting *a, const struct change_row *c, const struct json *now, struct revert *out,
    struct err *e)
{
	const struct drift_spec *spec;
	struct drift_config      config;

	if (!config_by_id(a->by.t, a->by.mem, &c->config_id, &config, e))
		return false;
	spec = acting_spec(a, &config, e);
	if (spec == NULL)
		return false;
	if (!rest_write(
		a->by.mem, &spec->source, str_of(c->category), now, &out->method, &out->url, e)) {
		const char *why = acting_copy(a, e->pub);

		return err_take(e, ERR_INVALID) && none(out, why);
	}
	if (out->method == NULL)
		return none(out, "Its source does not say how this collection is written.");
	if (strcmp(out->method, "PATCH") != 0)
		return none(out,
		    "Its source takes resources whole, of which only what is compared is kept.");
	return true;
}

/* The resource as a snapshot has it; *out NULL: it is not kept. */
static bool
read_in(const struct acting *a, const struct uuid *snapshot, const struct change_row *c,
    struct json **out, struct err *e)
{
	struct snapshot       s;
	struct snapshot_value v;

	*out = NULL;
	if (!snapshot_see(a, snapshot, &s, e) ||
	    !snapshot_resource(a, &s, c->category, c->key, &v, e))
		return err_take(e, ERR_MISSING);
	*out = json_parse(a->by.mem, str_of(v.text), e);
	return *out != NULL;
}

/* What was read last with the change in it. */
static bool
read_now(const struct acting *a, const struct change_row *c, struct report *report,
    struct json **now, struct err *e)
{
	*now = NULL;
	if (!report_by_id(a->by.t, a->by.mem, &c->report_id, report, e))
		return err_take(e, ERR_MISSING);
	return read_in(a, &report->snapshot_id, c, now, e);
}

static bool
read_old(
    const struct acting *a, const struct change_row *c, struct fix *f, bool *cut, struct err *e)
{
	struct str text;

	f->old = NULL;
	if (!change_value(a, c, CHANGE_OLD, &text, cut, e))
		return false;
	if (f->gained || *cut)
		return true;
	f->old = json_parse(a->by.mem, text, e);
	return f->old != NULL;
}

/* ---- what is no more in a list ---- */

/* The outermost list on the way; false: none is on it. */
static bool
cut_at_list(const struct fix *f, const struct json *now, struct str *list, bool *any, struct err *e)
{
	const struct json *v = now;
	struct str         rest = f->path, step;

	*any = false;
	while (v != NULL && v->type != JSON_ARRAY && rest.n > 0) {
		if (!cut_step(f->mem, &rest, &step, e))
			return false;
		v = child_of(v, step);
	}
	*any = v != NULL && v->type == JSON_ARRAY && rest.n > 0;
	*list = (struct str) { f->path.p, f->path.n - rest.n };
	return true;
}

static bool
print_canonical(const struct fix *f, const struct json *v, struct buf *out, struct err *e)
{
	buf_make(out, f->mem);
	return json_canonical(out, v, e) && (buf_ok(out) || err_memory(e));
}

/* The path counts elements as they were: is the list as it was, but for the place? */
static bool
is_otherwise_same(const struct fix *f, const struct json *was, const struct json *now,
    struct str place, bool *same, struct err *e)
{
	struct buf         text, x, y;
	const struct fix   without = { .mem = f->mem, .gained = true, .out = &text };
	const struct json *left;

	*same = false;
	buf_make(&text, f->mem);
	if (was == NULL)
		return true;
	if (!put_fixed(&without, was, place, e))
		return err_take(e, ERR_MISSING);
	if (!buf_ok(&text))
		return err_memory(e);
	left = json_parse(f->mem, buf_str(&text), e);
	if (left == NULL || !print_canonical(f, left, &x, e) || !print_canonical(f, now, &y, e))
		return false;
	*same = str_eq(buf_str(&x), buf_str(&y));
	return true;
}

/* Such a list is written as it was, whole. */
static bool
mend_list(const struct acting *a, const struct change_row *c, const struct report *report,
    const struct json *now, struct fix *f, struct revert *out, struct err *e)
{
	struct json       *resource;
	const struct json *was;
	struct str         list;
	bool               any, same;

	if (!cut_at_list(f, now, &list, &any, e))
		return false;
	if (!any)
		return true;
	if (!read_in(a, &report->baseline_id, c, &resource, e))
		return false;
	was = resource != NULL ? json_at(resource, list) : NULL;
	if (!is_otherwise_same(f, was, json_at(now, list),
		(struct str) { f->path.p + list.n, f->path.n - list.n }, &same, e))
		return false;
	if (!same)
		return none(out,
		    "It stood in a list that is otherwise not as it was: where it was to stand is "
		    "not known.");
	f->path = list;
	f->old = was;
	f->lost = false;
	return true;
}

bool
revert_of(const struct acting *a, const struct uuid *change, struct revert *out, struct err *e)
{
	struct fix        f = { .mem = a->by.mem };
	struct change_row c;
	struct report     report;
	struct json      *now;
	bool              cut;

	*out = (struct revert) { 0 };
	if (!view_demand(
		a->view, "It is made of values: it needs the permission read:snapshots.", e) ||
	    !change_by_id(a->by.t->db, a->by.mem, change, &c, e))
		return false;
	f.gained = strcmp(c.op, "created") == 0;
	f.lost = strcmp(c.op, "deleted") == 0;
	if (c.path[0] == '\0')
		return none(
		    out, "A whole resource came or went: what is not compared of it is not kept.");
	if (strstr(c.path, "~#") != NULL) /* no escape of a JSON Pointer: it was shortened */
		return none(out, "Its path is too long to be kept whole.");
	if (strcmp(c.op, "moved") == 0)
		return none(out, "It stands elsewhere in a list, which is written whole.");
	f.path = str_of(c.path);
	if (!read_now(a, &c, &report, &now, e) || !read_old(a, &c, &f, &cut, e))
		return false;
	if (now == NULL)
		return none(out, "The snapshot that had it is not kept any more.");
	if (cut)
		return none(out, "The value is too long to be kept with the change.");
	if (f.lost && !mend_list(a, &c, &report, now, &f, out, e))
		return false;
	if (out->why != NULL)
		return true;
	return ask(a, &c, now, out, e) && (out->why != NULL || make(a, now, &f, out, e));
}
