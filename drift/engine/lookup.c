#include "drift/engine/lookup.h"

#include <stdlib.h>
#include <string.h>

#define SMALL   32 /* members up to which an object is looked through */
#define OBJECTS 64 /* that are kept in order */
#define WAYS    8  /* places an object may be kept at */

struct member {
	struct str name;
	uint32_t   i;
};

struct ordered {
	const struct json *object;  /* NULL: none */
	struct member     *members; /* by name; NULL: those of the object are */
};

struct lookup {
	struct work   *work;
	enum work_kind kind;
	unsigned       turn;
	struct ordered objects[OBJECTS];
};

struct lookup *
lookup_make(TALLOC_CTX *mem, struct work *work, enum work_kind kind, struct err *e)
{
	struct lookup *l = talloc_zero(mem, struct lookup);

	if (l == NULL) {
		(void)err_memory(e);
		return NULL;
	}
	l->work = work;
	l->kind = kind;
	return l;
}

static int
by_name(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return str_cmp(x->name, y->name);
}

/* Stored objects are in order as they stand. */
static bool
is_ordered(const struct json *object)
{
	for (uint32_t i = 1; i < object->n; i++)
		if (str_cmp(object->names[i - 1], object->names[i]) >= 0)
			return false;
	return true;
}

static uint64_t
log2_of(uint32_t n)
{
	return 64 - (uint64_t)__builtin_clzll((uint64_t)n | 1);
}

static bool
put_in_order(struct lookup *l, const struct json *object, struct ordered *to, struct err *e)
{
	*to = (struct ordered) { object, NULL };
	if (is_ordered(object))
		return work_spend(l->work, l->kind, object->n, e);
	if (!work_spend(l->work, l->kind, object->n * (2 + log2_of(object->n)), e))
		return false;
	to->members = talloc_array(l, struct member, object->n);
	if (to->members == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < object->n; i++)
		to->members[i] = (struct member) { object->names[i], i };
	qsort(to->members, object->n, sizeof *to->members, by_name);
	return true;
}

static struct ordered *
ordered_of(struct lookup *l, const struct json *object, struct err *e)
{
	size_t          first = ((uintptr_t)object / sizeof *object) * 0x9E3779B1u % OBJECTS;
	struct ordered *to = NULL;

	for (size_t i = 0; i < WAYS; i++) {
		to = &l->objects[(first + i) % OBJECTS];
		if (to->object == object)
			return to;
		if (to->object == NULL)
			break;
	}
	if (to->object != NULL) /* all are taken: each in turn has to go */
		to = &l->objects[(first + l->turn++ % WAYS) % OBJECTS];
	talloc_free(to->members);
	return put_in_order(l, object, to, e) ? to : NULL;
}

static const struct json *
find(const struct ordered *o, struct str name)
{
	uint32_t low = 0, high = o->object->n;

	while (low < high) {
		uint32_t   at = low + (high - low) / 2;
		struct str here = o->members != NULL ? o->members[at].name : o->object->names[at];
		int        c = str_cmp(name, here);

		if (c == 0)
			return &o->object->items[o->members != NULL ? o->members[at].i : at];
		low = c > 0 ? at + 1 : low;
		high = c < 0 ? at : high;
	}
	return NULL;
}

/* Without its escapes; false in *well: it has one that there is not. */
static bool
unescape(struct lookup *l, struct str step, struct str *out, bool *well, struct err *e)
{
	char *p;

	*out = step;
	*well = true;
	if (step.n == 0 || memchr(step.p, '~', step.n) == NULL)
		return true;
	p = talloc_size(l, step.n);
	if (p == NULL)
		return err_memory(e);
	*out = (struct str) { p, 0 };
	for (size_t i = 0; *well && i < step.n; i++) {
		bool escape = step.p[i] == '~';

		i += escape;
		*well = !escape || (i < step.n && (step.p[i] == '0' || step.p[i] == '1'));
		if (*well)
			p[out->n++] = !escape ? step.p[i] : step.p[i] == '0' ? '~' : '/';
	}
	return true;
}

static bool
large_child(
    struct lookup *l, const struct json *v, struct str step, const struct json **out, struct err *e)
{
	struct ordered *o = ordered_of(l, v, e);
	struct str      name;
	bool            well;

	*out = NULL;
	if (o == NULL || !work_spend(l->work, l->kind, 4 * log2_of(v->n) + step.n / 4, e) ||
	    !unescape(l, step, &name, &well, e))
		return false;
	if (well)
		*out = find(o, name);
	return true;
}

bool
lookup_at(struct lookup *l, const struct json *root, struct str pointer, const struct json **out,
    struct err *e)
{
	struct str rest, step;

	*out = pointer.n == 0 || pointer.p[0] == '/' ? root : NULL;
	if (*out == NULL || pointer.n == 0)
		return true;
	rest = (struct str) { pointer.p + 1, pointer.n - 1 };
	do {
		rest = str_cut(rest, '/', &step);
		if ((*out)->type == JSON_OBJECT && (*out)->n > SMALL) {
			if (!large_child(l, *out, step, out, e))
				return false;
			continue;
		}
		if (!work_spend(l->work, l->kind, 1 + SMALL / 4, e))
			return false;
		*out = json_child(*out, step);
	} while (*out != NULL && rest.p != NULL);
	return true;
}
