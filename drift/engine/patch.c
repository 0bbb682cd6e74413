#include "drift/engine/patch.h"

#include <stdlib.h>
#include <string.h>

#include "drift/engine/mark.h"
#include "drift/engine/naming.h"
#include "drift/engine/walk.h"

#define STEPS_WAY 60  /* to name one place on the way to one */
#define STEPS_OP  100 /* to note, order and print one, beside its path */

enum op { OP_REPLACE, OP_ADD, OP_REMOVE, OP_MOVE };

struct patch_op {
	enum op            op;
	struct str         path;  /* of the value; of an element: of its array */
	uint32_t           depth; /* steps of the path to an element; 0: it is no element */
	uint32_t           index; /* element: where it is removed, or put where the order counts */
	uint32_t           from;  /* OP_MOVE: where it is when its turn comes */
	bool               last;  /* element: added behind the others */
	size_t             seq;   /* order of finding */
	const struct json *value; /* NULL: OP_REMOVE */
	struct str         key;   /* of the resource it is */
	bool               open;  /* the value is wrapped in a new category: {key: value} */
	uint8_t            place[HASH_LEN]; /* of the value (naming.h) */
};

/* A place on the way to a change. */
struct way {
	uint64_t            mark; /* of it (walk.h) */
	struct naming_place at;
	bool                renamed; /* an element that is known by another identity on each side */
};
#define NO_MARK UINT64_MAX

struct patch {
	struct diff     *d;
	struct patch_op *ops; /* found and not printed yet */
	size_t           n, cap;
	size_t           printed;
	TALLOC_CTX      *paths;      /* of the operations */
	struct str      *categories; /* that the document has, in their order */
	size_t           categories_n, categories_cap;
	bool             is_value; /* the resource at hand is the document itself */
	bool             masks;    /* there are some in it */
	struct naming    naming;
	uint64_t         replaced;                 /* mark of the element that was, all of it */
	struct way       ways[JSON_DEPTH_MAX + 1]; /* by depth */
};

/* ---- collecting ---- */

static struct patch_op *
op_next(struct patch *p, struct err *e)
{
	struct patch_op *more;

	if (p->n == p->cap) {
		p->cap = p->cap > 0 ? p->cap * 2 : 16;
		more = talloc_realloc(p, p->ops, struct patch_op, (unsigned)p->cap);
		if (more == NULL) {
			(void)err_memory(e);
			return NULL;
		}
		p->ops = more;
	}
	p->ops[p->n] = (struct patch_op) { .seq = p->n };
	return &p->ops[p->n++];
}

/* The pointer to a place in the old document; *depth: its steps. */
static void
place_path(const struct patch *p, const struct walk *w, const struct place *at, struct buf *out,
    uint32_t *depth)
{
	const struct resource *r = w->to != NULL ? w->to : w->from;

	if (at->kind != PLACE_ROOT) {
		place_path(p, w, at->up, out, depth);
		++*depth;
		if (at->kind == PLACE_MEMBER)
			json_pointer_add(out, at->name);
		else
			buf_printf(out, "/%u", at->old_i);
	} else if (!p->is_value) {
		json_pointer_add(out, r->category);
		json_pointer_add(out, r->key);
		*depth += 2;
	}
}

static bool
is_element(const struct place *at)
{
	return at->kind != PLACE_ROOT && at->kind != PLACE_MEMBER;
}

/* ---- what masks are called ---- */

static bool
name_way(struct patch *p, struct walk *w, const struct place *at, struct way *x)
{
	const uint32_t d = at->depth;
	bool           same = true;

	*x = (struct way) { .mark = at->mark };
	if (at->kind == PLACE_ROOT)
		x->at = naming_root(&p->naming, w->to != NULL ? w->to : w->from);
	else if (at->kind == PLACE_MEMBER)
		x->at = naming_member(&p->ways[d - 1].at, at->name);
	else
		x->at = naming_element(&p->ways[d - 1].at, w->around[1][d]);
	if (is_element(at) && !naming_same(w->tmp, w->around[0][d], w->around[1][d], &same, w->e))
		return false;
	x->renamed = !same;
	return work_spend(w->d->state->work, WORK_PATCH, STEPS_WAY, w->e);
}

/* All that the way to `at` leads through; *renamed: the first of it that is. */
static bool
name_ways(struct patch *p, struct walk *w, const struct place *at, const struct place **renamed)
{
	struct way *x;

	if (at == NULL)
		return true;
	if (!name_ways(p, w, at->up, renamed))
		return false;
	x = &p->ways[at->depth];
	if (x->mark != at->mark && !name_way(p, w, at, x))
		return false;
	if (x->renamed && *renamed == NULL)
		*renamed = at;
	return true;
}

/* The place of the value that an operation brings. */
static bool
name_value(struct patch *p, struct walk *w, const struct place *at, struct patch_op *op)
{
	struct naming_place here;

	if (at->kind == PLACE_ROOT)
		here = naming_root(&p->naming, w->to != NULL ? w->to : w->from);
	else if (at->kind == PLACE_MEMBER)
		here = naming_member(&p->ways[at->depth - 1].at, at->name);
	else
		here = naming_element(&p->ways[at->depth - 1].at, op->value);
	if (!naming_hash(w->tmp, &p->naming, &here, w->e))
		return false;
	memcpy(op->place, here.hash, HASH_LEN);
	return true;
}

static bool
spend_op(struct walk *w, const struct buf *path)
{
	return work_spend(w->d->state->work, WORK_PATCH, STEPS_OP + 4 * WORK_BYTES(path->n), w->e);
}

/* All of an element, once, for whatever differs in it. */
static bool
note_replaced(struct patch *p, struct walk *w, const struct place *at)
{
	struct patch_op *op;
	struct buf       path;
	uint32_t         depth = 0;

	if (p->replaced == at->mark)
		return true;
	p->replaced = at->mark;
	op = op_next(p, w->e);
	if (op == NULL)
		return false;
	buf_make(&path, p->paths);
	place_path(p, w, at, &path, &depth);
	if (!buf_ok(&path))
		return err_memory(w->e);
	op->path = buf_str(&path);
	op->op = OP_REPLACE;
	op->value = w->around[1][at->depth];
	return name_value(p, w, at, op) && spend_op(w, &path);
}

/* Takes the place of walk_change. */
static bool
note(struct walk *w, const struct place *at, const struct json *old_value,
    const struct json *new_value)
{
	struct patch       *p = w->d->state->note_arg;
	const struct place *renamed = NULL;
	struct patch_op    *op;
	struct buf          path;

	if (p->masks && !name_ways(p, w, at->up, &renamed))
		return false;
	if (renamed != NULL)
		return note_replaced(p, w, renamed);
	op = op_next(p, w->e);
	if (op == NULL)
		return false;
	buf_make(&path, p->paths);
	place_path(p, w, is_element(at) ? at->up : at, &path, &op->depth);
	if (!buf_ok(&path))
		return err_memory(w->e);
	op->path = buf_str(&path);
	op->op = at->moved           ? OP_MOVE
		 : old_value == NULL ? OP_ADD
		 : new_value == NULL ? OP_REMOVE
				     : OP_REPLACE;
	op->value = at->moved ? NULL : new_value;
	op->depth = is_element(at) ? op->depth + 1 : 0;
	op->index = op->op == OP_ADD || at->moved ? at->to_i : at->old_i;
	op->from = at->at_i;
	op->last = !at->ordered;
	if (p->masks && op->value != NULL && !name_value(p, w, at, op))
		return false;
	return spend_op(w, &path);
}

void
patch_of(struct patch *p, struct str what)
{
	p->naming.of = what;
}

struct patch *
patch_make(TALLOC_CTX *mem, const struct compare_spec *spec, struct work *work, struct err *e)
{
	struct patch *p = talloc_zero(mem, struct patch);

	if (p == NULL) {
		(void)err_memory(e);
		return NULL;
	}
	p->d = diff_make(p, spec, NULL, work, e);
	p->paths = talloc_new(p);
	if (p->d == NULL || p->paths == NULL) {
		(void)err_memory(e);
		talloc_free(p);
		return NULL;
	}
	p->naming.spec = spec;
	p->replaced = NO_MARK;
	p->d->state->note = note;
	p->d->state->note_arg = p;
	return p;
}

/* Where a category stands or would stand; they usually come in their order. */
static size_t
category_place(const struct patch *p, struct str category, bool *there)
{
	size_t low = 0, high = p->categories_n;

	while (low < high) {
		size_t at = low + (high - low) / 2;
		int    c = str_cmp(p->categories[at], category);

		if (c == 0) {
			*there = true;
			return at;
		}
		if (c < 0)
			low = at + 1;
		else
			high = at;
	}
	*there = false;
	return low;
}

static bool
has_category(const struct patch *p, struct str category)
{
	bool there;

	(void)category_place(p, category, &there);
	return there;
}

bool
patch_category(struct patch *p, struct str category, struct err *e)
{
	struct str *more;
	bool        there;
	size_t      at = category_place(p, category, &there);

	if (there)
		return true;
	if (p->categories_n == p->categories_cap) {
		p->categories_cap = p->categories_cap > 0 ? p->categories_cap * 2 : 16;
		more = talloc_realloc(p, p->categories, struct str, (unsigned)p->categories_cap);
		if (more == NULL)
			return err_memory(e);
		p->categories = more;
	}
	memmove(p->categories + at + 1, p->categories + at,
	    (p->categories_n - at) * sizeof(p->categories[0]));
	p->categories[at] = category;
	p->categories_n++;
	return true;
}

/* The first resource of a category that the document has not: the category comes with it. */
static bool
open_category(struct patch *p, const struct resource *to, struct err *e)
{
	const struct naming_place root = naming_root(&p->naming, to);
	struct patch_op          *op = op_next(p, e);
	struct buf                path;

	if (op == NULL)
		return false;
	buf_make(&path, p->paths);
	json_pointer_add(&path, to->category);
	if (!buf_ok(&path))
		return err_memory(e);
	op->op = OP_ADD;
	op->path = buf_str(&path);
	op->value = to->value;
	op->open = true;
	op->key = to->key;
	memcpy(op->place, root.hash, HASH_LEN);
	return patch_category(p, to->category, e);
}

/* Of a resource or value of its own. */
static bool
compare(struct patch *p, const struct resource *from, const struct resource *to, struct err *e)
{
	p->masks = (from != NULL && from->masks) || (to != NULL && to->masks);
	p->ways[0].mark = NO_MARK;
	return diff_resource(p->d, from, to, e);
}

bool
patch_resource(
    struct patch *p, const struct resource *from, const struct resource *to, struct err *e)
{
	if (from != NULL && !patch_category(p, from->category, e))
		return false;
	if (from == NULL && to != NULL && !has_category(p, to->category))
		return open_category(p, to, e);
	p->is_value = false;
	return compare(p, from, to, e);
}

bool
patch_value(struct patch *p, struct str category, const struct json *from, const struct json *to,
    struct err *e)
{
	const struct resource a = { category, STR(""), from, mark_within(from) },
			      b = { category, STR(""), to, mark_within(to) };

	p->is_value = true;
	return compare(p, &a, &b, e);
}

/* ---- the order of application ---- */

static int
less(size_t a, size_t b)
{
	return a < b ? -1 : a > b;
}

static int
op_cmp(const void *x, const void *y)
{
	const struct patch_op *a = x, *b = y;
	int                    c;

	if (a->depth == 0 || b->depth == 0)
		return a->depth != b->depth ? less(a->depth, b->depth) : less(a->seq, b->seq);
	if (a->depth != b->depth)
		return less(b->depth, a->depth);
	c = str_cmp(a->path, b->path);
	if (c != 0)
		return c;
	if ((a->op == OP_REMOVE) != (b->op == OP_REMOVE))
		return a->op == OP_REMOVE ? -1 : 1;
	if (a->op == OP_REMOVE)
		return less(b->index, a->index);
	return less(a->seq, b->seq);
}

/* ---- printing ---- */

static bool
print_pointer(
    struct buf *out, const char *member, const struct patch_op *op, uint32_t index, struct err *e)
{
	struct buf path;

	buf_make(&path, out->mem);
	buf_add(&path, op->path.p, op->path.n);
	if (op->depth > 0 && op->op == OP_ADD && op->last)
		buf_puts(&path, "/-");
	else if (op->depth > 0)
		buf_printf(&path, "/%u", index);
	buf_printf(out, ",\"%s\":", member);
	buf_json(out, buf_str(&path));
	talloc_free(path.p);
	return buf_ok(&path) || err_memory(e);
}

static bool
print_paths(struct buf *out, const struct patch_op *op, struct err *e)
{
	return (op->op != OP_MOVE || print_pointer(out, "from", op, op->from, e)) &&
	       print_pointer(out, "path", op, op->index, e);
}

static void
print_value(struct buf *out, const struct patch *p, const struct patch_op *op)
{
	struct naming_place at = { .done = true };

	buf_puts(out, ",\"value\":");
	if (op->open) {
		buf_putc(out, '{');
		buf_json(out, op->key);
		buf_putc(out, ':');
	}
	memcpy(at.hash, op->place, HASH_LEN);
	naming_print_value(out, &p->naming, &at, op->value);
	if (op->open)
		buf_putc(out, '}');
}

bool
patch_flush(struct buf *out, struct patch *p, struct err *e)
{
	static const char *const names[] = { "replace", "add", "remove", "move" };

	if (p->n > 1)
		qsort(p->ops, p->n, sizeof(p->ops[0]), op_cmp);
	for (size_t i = 0; i < p->n; i++) {
		const struct patch_op *op = &p->ops[i];

		if (op->op == OP_MOVE && op->from == op->index) /* what was before it did it */
			continue;
		buf_puts(out, p->printed++ > 0 ? ",\n{\"op\":\"" : "[{\"op\":\"");
		buf_puts(out, names[op->op]);
		buf_putc(out, '"');
		if (!print_paths(out, op, e))
			return false;
		if (op->value != NULL)
			print_value(out, p, op);
		buf_putc(out, '}');
	}
	p->n = 0;
	talloc_free_children(p->paths);
	return buf_ok(out) || err_memory(e);
}

bool
patch_end(struct buf *out, const struct patch *p, struct err *e)
{
	buf_puts(out, p->printed == 0 ? "[]" : "]");
	return buf_ok(out) || err_memory(e);
}

bool
patch_print(struct buf *out, struct patch *p, struct err *e)
{
	return patch_flush(out, p, e) && patch_end(out, p, e);
}
