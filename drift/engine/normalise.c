/* resource.h: the normal form. */
#include <stdio.h>
#include <string.h>

#include "drift/engine/norm.h"
#include "drift/engine/number.h"
#include "drift/engine/secret.h"
#include "drift/engine/transform.h"

#define PASSES_MAX  8
#define LOOKED_STEP 64 /* bytes of texts looked into for one step */

static bool normal(
    struct norm *n, const struct json *v, const struct spot *at, struct json *out, bool *changed);

/* ---- transforming a value, by every entry that speaks about its place ---- */

/* What needs no telling twice: applied again it changes nothing until another has changed it. */
#define SETTLES (DO(NORMALISE_CASEFOLD) | DO(NORMALISE_NFC) | DO(NORMALISE_EMBEDDED_JSON))

/* Each of them once.  *settled: of SETTLES, what has been applied since it last changed. */
static bool
transform_once(struct norm *n, uint32_t speaking, unsigned *settled, struct json *v, bool *changed)
{
	bool timed = false;

	for (uint32_t i = 0; i < speaking; i++) {
		const struct compare_entry *x = n->speaking[i];
		bool                        moved = false;

		if (v->type == JSON_STRING && v->text.n > 0 && v->text.p[0] == '\0')
			return true; /* a mask, or what was escaped so as not to pass for one */
		if ((DO(x->how) & *settled) != 0 || (timed && x->seconds > 0))
			continue;
		timed = timed || x->seconds > 0; /* of two steps of time the first counts */
		if (!transform_apply(
			n->mem, x, JSON_DEPTH_MAX - n->depth, v, &moved, n->work, n->e))
			return false;
		*settled = (moved ? 0 : *settled) | (DO(x->how) & SETTLES);
		*changed = *changed || moved;
	}
	return true;
}

/*
 * By every entry, until nothing changes: one may make of a text what an earlier one speaks about,
 * and a normal form must be its own.
 */
static bool
transform(struct norm *n, const struct spot *at, struct json *v, bool *changed)
{
	bool     element = n->depth > 0 && at->name.p == NULL;
	bool     masked = (at->todo & (DO(NORMALISE_MASK) | SECRET | CONNECTION)) != 0;
	uint32_t found = 0, all = norm_speaking(n, at);
	unsigned settled = 0;

	for (uint32_t i = 0; i < all; i++)
		if (transform_suits(n->speaking[i], element, masked))
			n->speaking[found++] = n->speaking[i];

	for (int pass = 0; pass < PASSES_MAX; pass++) {
		struct json before = *v;
		bool        moved = false;

		if (!transform_once(n, found, &settled, v, &moved))
			return false;
		*changed = *changed || moved;
		if (!moved || v->type == JSON_ARRAY || v->type == JSON_OBJECT ||
		    str_eq(before.text, v->text))
			break;
	}
	return n->e->code == ERR_OK; /* names fail by it alone */
}

/* ---- scalars ---- */

static bool
check_number(struct norm *n, const struct json *v)
{
	return number_in_limits(v->text) ||
	       err_fault(n->e, n->mem, "/resources",
		   "a number of %.*s / %.*s is too long or its exponent too large",
		   (int)n->r->category.n, n->r->category.p, (int)n->r->key.n, n->r->key.p);
}

/* ---- containers: copied from the first part that changes on ---- */

struct copy {
	struct json *items;
	struct str  *names;
	uint32_t     n;
};

static bool
copy_start(struct norm *n, const struct json *v, uint32_t kept, struct copy *c)
{
	bool object = v->type == JSON_OBJECT;

	if (c->items != NULL)
		return true;
	c->items = chunks_take(&n->room, v->n * sizeof *c->items);
	c->names = object ? chunks_take(&n->room, v->n * sizeof *c->names) : NULL;
	if (c->items == NULL || (object && c->names == NULL))
		return err_memory(n->e);
	memcpy(c->items, v->items, kept * sizeof *c->items);
	if (object)
		memcpy(c->names, v->names, kept * sizeof *c->names);
	c->n = kept;
	return true;
}

static bool
is_empty(const struct json *v)
{
	return v->type == JSON_NULL || (v->type == JSON_STRING && v->text.n == 0) ||
	       ((v->type == JSON_ARRAY || v->type == JSON_OBJECT) && v->n == 0);
}

/* A scalar that nothing speaks about. */
static inline bool
stays(struct norm *n, const struct json *v, unsigned todo)
{
	if (todo != 0 || v->type == JSON_ARRAY || v->type == JSON_OBJECT)
		return false;
	if (v->type == JSON_STRING)
		return norm_is_plain(n, v->text);
	return v->type != JSON_NUMBER || number_in_limits(v->text);
}

/* One part of a container: ignored, copied because something changed, or left. */
static bool
normal_part(struct norm *n, const struct json *v, uint32_t i, const struct spot *at, struct copy *c)
{
	const struct json *part = &v->items[i];
	bool               changed = false, gone = (at->todo & DO(NORMALISE_IGNORE)) != 0;
	bool               blank = (at->todo & BLANK(NORMALISE_IGNORE)) != 0, empty;
	bool               hides = (at->todo & HIDES) != 0;
	struct str         name = at->name;
	struct json        value = { .type = JSON_NULL };

	if (c->items == NULL && stays(n, part, at->todo))
		return true;
	if (!gone && !blank) {
		if (!normal(n, part, at, &value, &changed))
			return false;
		empty = is_empty(changed ? &value : part);
		gone = empty && (at->todo & DO(NORMALISE_EMPTY_IS_ABSENT)) != 0;
		blank = empty && (at->todo & BLANK(NORMALISE_EMPTY_IS_ABSENT)) != 0;
	}
	if (blank && !gone) {
		changed = part->type != JSON_NULL;
		value = (struct json) { .type = JSON_NULL };
	}
	if (!gone && hides && !norm_name(n, at, &name))
		return false;
	if ((gone || changed || name.p != at->name.p) && !copy_start(n, v, i, c))
		return false;
	if (gone || c->items == NULL)
		return true;
	if (c->names != NULL)
		c->names[c->n] = name;
	c->items[c->n++] = changed ? value : *part;
	return true;
}

/* Of a list of words the one behind an option that names a secret; another option is no value. */
static bool
is_option_value(const struct norm *n, const struct json *before, const struct json *v)
{
	return n->second && v->type == JSON_STRING && before->type == JSON_STRING &&
	       before->text.n > 1 && before->text.p[0] == '-' && secret_option(before->text) &&
	       (v->text.n == 0 || v->text.p[0] != '-');
}

/* How many elements from the first on stay as they are, where nothing speaks about any. */
static uint32_t
staying(struct norm *n, const struct json *v)
{
	uint32_t i = 0;

	while (i < v->n && stays(n, &v->items[i], 0) &&
	       (i == 0 || !is_option_value(n, &v->items[i - 1], &v->items[i])))
		i++;
	return i;
}

/* As it is in the normal form, so that what is stored is masked the same. */
static unsigned
by_word_before(
    const struct norm *n, const struct json *v, uint32_t i, const struct copy *c, unsigned todo)
{
	const struct json *before = i > 0 ? &v->items[i - 1] : NULL;

	if (c->items != NULL)
		before = c->n > 0 ? &c->items[c->n - 1] : NULL;
	return before != NULL && (todo & DO(NORMALISE_UNMASK)) == 0 &&
		       is_option_value(n, before, &v->items[i])
		   ? SECRET
		   : 0;
}

static bool
normal_container(
    struct norm *n, const struct json *v, const struct spot *at, struct json *out, bool *changed)
{
	struct copy c = { 0 };
	bool        ok = true;
	uint32_t    first = 0;

	if (!work_spend(n->work, WORK_NORMALISE, 1 + v->n + n->looked / LOOKED_STEP, n->e))
		return false;
	n->looked %= LOOKED_STEP;
	n->depth++;
	if (v->type == JSON_ARRAY && n->pick.n_paths == 0 &&
	    (at->todo & (DO(NORMALISE_MASK) | GOES_DOWN)) == 0)
		first = staying(n, v);
	for (uint32_t i = first; ok && i < v->n; i++) {
		struct spot below;

		if (v->type == JSON_OBJECT)
			norm_member(n, at, v, i, &below);
		else
			norm_element(n, at, &v->items[i], c.items != NULL ? c.n : i, &below);
		if (v->type == JSON_ARRAY)
			below.todo |= by_word_before(n, v, i, &c, below.todo);
		ok = n->e->code == ERR_OK && /* patterns and names fail by it alone */
		     normal_part(n, v, i, &below, &c);
	}
	n->depth--;
	*changed = c.items != NULL;
	if (*changed)
		*out =
		    (struct json) { .type = v->type, .n = c.n, .items = c.items, .names = c.names };
	return ok;
}

/*
 * By what a text held before it was transformed: a secret in lower case, or cut into parts, looks
 * like none any more.
 */
static unsigned
still_secret(struct norm *n, size_t secrets, const struct json *v)
{
	size_t found = norm_secrets(n, v);

	for (uint32_t i = 0; secrets > 0 && v->type == JSON_ARRAY && i < v->n; i++)
		found += norm_secrets(n, &v->items[i]);
	return found < secrets ? SECRET : 0;
}

/* Transformed where it changes, in `room`; *todo is what is to be done then. */
static bool
transformed(
    struct norm *n, const struct spot *at, const struct json **v, struct json *room, unsigned *todo)
{
	bool   unmask = (at->todo & DO(NORMALISE_UNMASK)) != 0, moved = false;
	size_t secrets = unmask ? 0 : norm_secrets(n, *v);

	*room = **v;
	if (!transform(n, at, room, &moved))
		return false;
	if (!moved)
		return true;
	n->from = RESOURCE_SOURCE; /* what a text held was never escaped */
	*v = room;
	*todo |= still_secret(n, secrets, room);
	return true;
}

static bool
normal(struct norm *n, const struct json *v, const struct spot *at, struct json *out, bool *changed)
{
	enum resource_origin from = n->from;
	const struct json   *was = v;
	struct json          other;
	struct spot          now = *at;
	bool                 ok;

	if (v->type == JSON_NUMBER && !check_number(n, v))
		return false;
	if ((at->todo & TRANSFORMS) != 0 && !transformed(n, at, &v, &other, &now.todo))
		return false;
	ok = v->type == JSON_ARRAY || v->type == JSON_OBJECT
		 ? normal_container(n, v, &now, out, changed)
		 : norm_scalar(n, v, now.todo, out, changed);
	n->from = from;
	if (v != was && !*changed)
		*out = other;
	*changed = *changed || v != was;
	return ok;
}

/* The whole: null where it is ignored, or empty and an entry says that this is as good as absent.
 */
static bool
normal_root(struct norm *n, const struct json *v, struct json *out, bool *changed)
{
	struct spot at = norm_root(n);
	bool        gone = (at.todo & DO(NORMALISE_IGNORE)) != 0;

	if (!gone && !normal(n, v, &at, out, changed))
		return false;
	gone = gone ||
	       ((at.todo & DO(NORMALISE_EMPTY_IS_ABSENT)) != 0 && is_empty(*changed ? out : v));
	if (!gone)
		return true;
	*out = (struct json) { .type = JSON_NULL };
	*changed = v->type != JSON_NULL;
	return true;
}

/* At its end: whoever shows it goes by what it is then. */
static bool
put(struct norm *n, struct resource *r, const struct json *value, bool changed)
{
	struct json *root = changed ? talloc(n->mem, struct json) : NULL;

	r->masks = n->masks;
	if (!changed)
		return true;
	if (root == NULL)
		return err_memory(n->e);
	*root = *value;
	r->value = root;
	return true;
}

bool
resource_name(TALLOC_CTX *mem, const struct compare_spec *spec, struct resource *r,
    enum resource_origin from, struct err *e)
{
	struct norm n = {
		.mem = mem,
		.room = { .mem = mem },
		.spec = spec,
		.r = r,
		.from = from,
		.second = spec->edition >= COMPARE_EDITION_2,
		.e = e,
	};

	return norm_resource(&n, r);
}

bool
resource_normalise(TALLOC_CTX *mem, const struct compare_spec *spec, struct resource *r,
    enum resource_origin from, struct work *work, struct err *e)
{
	struct norm n = {
		.mem = mem,
		.room = { .mem = mem },
		.spec = spec,
		.r = r,
		.from = from,
		.second = spec->edition >= COMPARE_EDITION_2,
		.work = work,
		.e = e,
	};
	TALLOC_CTX *tmp = talloc_new(NULL);
	bool        changed = false, ok;
	struct json value;

	if (tmp == NULL)
		return err_memory(e);
	ok = (from == RESOURCE_STORED || norm_resource(&n, r)) &&
	     compare_pick(tmp, &spec->normalise, WORK_NORMALISE, r->category, &n.pick, work, e);
	n.speaking =
	    talloc_array(tmp, const struct compare_entry *, n.pick.n_names + n.pick.n_paths);
	ok = ok && (n.speaking != NULL || err_memory(e));
	ok = ok && normal_root(&n, r->value, &value, &changed);
	norm_met(&n);
	ok = ok && put(&n, r, &value, changed);
	talloc_free(tmp);
	return ok;
}
