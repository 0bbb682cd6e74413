/* patch.h: applying a patch. */
#include <stdio.h>
#include <string.h>

#include "drift/engine/patch.h"

/* The copy that is worked on: every container in it has an array of its own that may grow. */
struct apply {
	TALLOC_CTX  *mem;
	struct work *work;
	struct json  root;
	size_t       values; /* made so far */
	size_t       op;     /* the operation at hand */
	struct err  *e;
};

/* A place named by a pointer: a member of `in`, or the whole document (in NULL). */
struct target {
	struct json *in;
	struct str   name; /* unescaped; object */
	uint32_t     i;    /* where it stands; where it would: in->n */
	bool         there;
	uint32_t     depth; /* steps of the pointer */
};

static bool
fault(struct apply *w, const char *member, const char *what)
{
	char pointer[48];

	snprintf(pointer, sizeof(pointer), "/%zu%s", w->op, member);
	return err_fault(w->e, w->mem, pointer, "%s", what);
}

/* n members or elements passed over. */
static bool
pass(struct apply *w, uint32_t n)
{
	return work_spend(w->work, WORK_PATCH, 1 + n / 4, w->e);
}

/* ---- copies ---- */

static bool copy(struct apply *w, const struct json *from, uint32_t depth, struct json *to);

static bool
copy_below(struct apply *w, const struct json *from, uint32_t depth, struct json *to)
{
	if (!work_spend(w->work, WORK_PATCH, 8 + 2 * (uint64_t)from->n, w->e))
		return false;
	to->items = talloc_array(w->mem, struct json, from->n + 1);
	to->names =
	    from->type == JSON_OBJECT ? talloc_array(w->mem, struct str, from->n + 1) : NULL;
	if (to->items == NULL || (from->type == JSON_OBJECT && to->names == NULL))
		return err_memory(w->e);
	if (from->type == JSON_OBJECT && from->n > 0)
		memcpy(to->names, from->names, from->n * sizeof(to->names[0]));
	for (uint32_t i = 0; i < from->n; i++)
		if (!copy(w, &from->items[i], depth + 1, &to->items[i]))
			return false;
	return true;
}

/* `depth`: containers around it. */
static bool
copy(struct apply *w, const struct json *from, uint32_t depth, struct json *to)
{
	bool container = from->type == JSON_ARRAY || from->type == JSON_OBJECT;

	*to = *from;
	if (container && depth >= JSON_DEPTH_MAX)
		return fault(w, "", "makes the document too deep");
	if (w->values++ >= 2 * (size_t)JSON_VALUES_MAX)
		return fault(w, "", "makes the document too large");
	return !container || copy_below(w, from, depth, to);
}

/* ---- pointers ---- */

static bool
unescape(struct apply *w, struct str token, struct str *name)
{
	char  *p = talloc_size(w->mem, token.n + 1);
	size_t n = 0;

	if (p == NULL)
		return err_memory(w->e);
	for (size_t i = 0; i < token.n; i++) {
		p[n] = token.p[i];
		if (token.p[i] == '~') {
			if (++i == token.n || (token.p[i] != '0' && token.p[i] != '1'))
				return fault(w, "", "has a pointer with a bad escape");
			p[n] = token.p[i] == '0' ? '~' : '/';
		}
		n++;
	}
	*name = (struct str) { p, n };
	return true;
}

/* RFC 6901: digits without a leading zero; "-" is behind the last. */
static bool
array_index(struct apply *w, const struct json *array, struct str token, uint32_t *i)
{
	uint64_t n;

	if (str_eqz(token, "-")) {
		*i = array->n;
		return true;
	}
	if (token.n == 0 || token.n > 10 || (token.n > 1 && token.p[0] == '0') ||
	    token.p[0] < '0' || token.p[0] > '9' || !str_to_u64(token, &n))
		return fault(w, "", "has a pointer with a step that is no index");
	if (n > array->n)
		return fault(w, "", "points behind the end of an array");
	*i = (uint32_t)n;
	return true;
}

/* One step down; the place need not be there. */
static bool
find(struct apply *w, struct json *in, struct str token, struct target *t)
{
	t->in = in;
	t->depth++;
	if (in->type == JSON_ARRAY) {
		if (!array_index(w, in, token, &t->i))
			return false;
		t->there = t->i < in->n;
		return true;
	}
	if (in->type != JSON_OBJECT)
		return fault(w, "", "points into a value that is neither object nor array");
	if (!unescape(w, token, &t->name))
		return false;
	for (t->i = 0; t->i < in->n && !str_eq(in->names[t->i], t->name);)
		t->i++;
	t->there = t->i < in->n;
	return pass(w, t->i);
}

static struct json *
at(struct apply *w, const struct target *t)
{
	return t->in == NULL ? &w->root : &t->in->items[t->i];
}

static bool
locate(struct apply *w, struct str pointer, struct target *t)
{
	struct str rest = pointer, token;

	*t = (struct target) { .there = true };
	if (pointer.n == 0)
		return true;
	if (pointer.p[0] != '/')
		return fault(w, "", "has a pointer that does not begin with /");
	rest = (struct str) { pointer.p + 1, pointer.n - 1 };
	do {
		rest = str_cut(rest, '/', &token);
		if (!t->there)
			return fault(w, "", "points below a place that is not there");
		if (!find(w, at(w, t), token, t))
			return false;
	} while (rest.p != NULL);
	return true;
}

/* ---- what operations do ---- */

static bool
grow(struct apply *w, struct json *in)
{
	size_t room = talloc_get_size(in->items) / sizeof(in->items[0]);

	if (in->n < room)
		return true;
	room = room * 2 + 4;
	in->items = talloc_realloc(w->mem, in->items, struct json, (unsigned)room);
	if (in->type == JSON_OBJECT)
		in->names = talloc_realloc(w->mem, in->names, struct str, (unsigned)room);
	if (in->items == NULL || (in->type == JSON_OBJECT && in->names == NULL))
		return err_memory(w->e);
	return true;
}

static bool
put(struct apply *w, const struct target *t, const struct json *v)
{
	if (t->in == NULL || (t->in->type == JSON_OBJECT && t->there)) {
		*at(w, t) = *v;
		return true;
	}
	if (!grow(w, t->in) || !pass(w, t->in->n - t->i))
		return false;
	memmove(&t->in->items[t->i + 1], &t->in->items[t->i],
	    (t->in->n - t->i) * sizeof(t->in->items[0]));
	if (t->in->type == JSON_OBJECT)
		t->in->names[t->i] = t->name;
	t->in->items[t->i] = *v;
	t->in->n++;
	return true;
}

static bool
take(struct apply *w, const struct target *t)
{
	if (t->in == NULL)
		return fault(w, "/path", "takes the whole document away");
	if (!pass(w, t->in->n - t->i))
		return false;
	t->in->n--;
	memmove(&t->in->items[t->i], &t->in->items[t->i + 1],
	    (t->in->n - t->i) * sizeof(t->in->items[0]));
	if (t->in->type == JSON_OBJECT)
		memmove(&t->in->names[t->i], &t->in->names[t->i + 1],
		    (t->in->n - t->i) * sizeof(t->in->names[0]));
	return true;
}

/* Members in any order, elements in theirs, numbers by value: that is what canonical text says. */
static bool
same(struct apply *w, const struct json *a, const struct json *b, bool *yes)
{
	struct err limits = { 0 };
	struct buf x, y;
	uint64_t   bytes;
	bool       ok;

	buf_make(&x, w->mem);
	buf_make(&y, w->mem);
	ok = json_canonical(&x, a, &limits) && json_canonical(&y, b, &limits);
	*yes = ok && str_eq(buf_str(&x), buf_str(&y));
	bytes = x.n + y.n;
	talloc_free(x.p);
	talloc_free(y.p);
	if (ok)
		return work_spend(w->work, WORK_PATCH, 1 + bytes / 4, w->e);
	return limits.code == ERR_INVALID
		   ? fault(w, "", "tests a number that is too long or whose exponent is too large")
		   : err_memory(w->e);
}

static bool
member_text(struct apply *w, const struct json *op, const char *name, struct str *out)
{
	const struct json *v = json_get(op, name);
	char               member[16];

	snprintf(member, sizeof(member), "/%s", name);
	if (v == NULL || v->type != JSON_STRING)
		return fault(w, member, "must be there and a string");
	*out = v->text;
	return true;
}

static bool
locate_there(struct apply *w, struct str pointer, const char *member, struct target *t)
{
	return locate(w, pointer, t) &&
	       (t->there || fault(w, member, "points to a place that is not there"));
}

static bool
apply_value(struct apply *w, const struct json *op, struct str name, struct str path)
{
	const struct json *value = json_get(op, "value");
	bool               adds = str_eqz(name, "add"), yes = false;
	struct target      t;
	struct json        v;

	if (value == NULL)
		return fault(w, "/value", "must be there");
	if (!(adds ? locate(w, path, &t) : locate_there(w, path, "/path", &t)))
		return false;
	if (str_eqz(name, "test"))
		return same(w, at(w, &t), value, &yes) &&
		       (yes || fault(w, "", "tests for another value than is there"));
	if (!copy(w, value, t.depth, &v))
		return false;
	if (adds)
		return put(w, &t, &v);
	*at(w, &t) = v;
	return true;
}

static bool
is_below(struct str path, struct str from)
{
	return path.n > from.n && (from.n == 0 || memcmp(path.p, from.p, from.n) == 0) &&
	       path.p[from.n] == '/';
}

static bool
apply_from(struct apply *w, const struct json *op, bool move, struct str path)
{
	struct str    from;
	struct target t;
	struct json   v, own;

	if (!member_text(w, op, "from", &from) || !locate_there(w, from, "/from", &t))
		return false;
	if (move && str_eq(from, path))
		return true;
	if (move && is_below(path, from))
		return fault(w, "/path", "moves a value into itself");
	v = *at(w, &t);
	if (move && !take(w, &t))
		return false;
	/* a copy in both cases: it may stand deeper now than is allowed */
	return locate(w, path, &t) && copy(w, &v, t.depth, &own) && put(w, &t, &own);
}

static bool
apply_op(struct apply *w, const struct json *op)
{
	struct str    name, path;
	struct target t;

	if (op->type != JSON_OBJECT)
		return fault(w, "", "is no object");
	if (!member_text(w, op, "op", &name) || !member_text(w, op, "path", &path))
		return false;
	if (str_eqz(name, "remove"))
		return locate_there(w, path, "/path", &t) && take(w, &t);
	if (str_eqz(name, "move") || str_eqz(name, "copy"))
		return apply_from(w, op, str_eqz(name, "move"), path);
	if (str_eqz(name, "add") || str_eqz(name, "replace") || str_eqz(name, "test"))
		return apply_value(w, op, name, path);
	return fault(w, "/op", "is none of add, remove, replace, move, copy, test");
}

static bool
begin(struct apply *w, const struct json *doc, const struct json *patch)
{
	if (patch->type != JSON_ARRAY)
		return err_fault(w->e, w->mem, "", "a patch is an array of operations");
	return copy(w, doc, 0, &w->root);
}

static struct json *
result(const struct apply *w)
{
	struct json *out = talloc(w->mem, struct json);

	if (out == NULL)
		(void)err_memory(w->e);
	else
		*out = w->root;
	return out;
}

struct json *
patch_apply(TALLOC_CTX *mem, const struct json *doc, const struct json *patch, struct work *work,
    struct err *e)
{
	struct apply w = { .mem = mem, .work = work, .e = e };

	if (!begin(&w, doc, patch))
		return NULL;
	for (w.op = 0; w.op < patch->n; w.op++)
		if (!apply_op(&w, &patch->items[w.op]))
			return NULL;
	return result(&w);
}

/* One that fails has changed nothing: it fails before it puts or takes. */
struct json *
patch_apply_each(TALLOC_CTX *mem, const struct json *doc, const struct json *patch,
    const char **why, struct work *work, struct err *e)
{
	struct apply w = { .mem = mem, .work = work, .e = e };

	if (!begin(&w, doc, patch))
		return NULL;
	for (w.op = 0; w.op < patch->n; w.op++) {
		struct err own = { 0 };

		w.e = &own;
		why[w.op] = NULL;
		if (apply_op(&w, &patch->items[w.op]))
			continue;
		if (own.code != ERR_INVALID || own.faults == NULL) {
			*e = own;
			return NULL;
		}
		why[w.op] = own.faults->detail;
	}
	w.e = e;
	return result(&w);
}
