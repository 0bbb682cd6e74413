/* resource.h: the normal form. */
#include <stdio.h>
#include <string.h>

#include "core/base/chunks.h"
#include "drift/engine/compare_priv.h"
#include "drift/engine/mark.h"
#include "drift/engine/number.h"
#include "drift/engine/resource.h"
#include "drift/engine/transform.h"

/* What is to be done at a place: bit 1 << enum normaliser. */
#define DO(how)    (1u << (how))
#define REMOVES    (DO(NORMALISE_IGNORE) | DO(NORMALISE_EMPTY_IS_ABSENT))
#define BLANK(how) (DO(how) << NORMALISER__MAX) /* of REMOVES: to an element named by its index */
#define TRANSFORMS ((DO(NORMALISER__MAX) - 1) & ~(REMOVES | DO(NORMALISE_MASK)))
#define PASSES_MAX 8

/* What the entries by name say about a member; names come again and again, so it is kept. */
struct known {
	struct str name; /* p == NULL: nothing kept */
	unsigned   todo;
	uint32_t   times; /* since it is kept */
};
#define KNOWN 128

struct norm {
	TALLOC_CTX                  *mem;
	struct chunks                room; /* for the nodes and texts that are made */
	const struct compare_spec   *spec;
	const struct resource       *r;
	enum resource_origin         from;
	struct compare_pick          pick;
	const struct compare_entry **speaking; /* room for all */
	struct work                 *work;
	struct err                  *e;
	unsigned                     depth; /* open containers */
	struct known                 known[KNOWN];
	unsigned                     named; /* all that is to be done by name */
};

/* A value's place: its row of patterns, the member that holds it (p == NULL: none), what is to be
 * done. */
struct spot {
	struct row *here;
	struct str  name;
	unsigned    todo;
};

static bool normal(
    struct norm *n, const struct json *v, const struct spot *at, struct json *out, bool *changed);

/* ---- which places ---- */

static void
met(const struct norm *n, const struct compare_entry *x, uint32_t times)
{
	n->spec->hits[x - n->spec->normalise.items] += times;
}

/* Counting once for all times a name came keeps the count out of the way of each member. */
static void
met_name(const struct norm *n, const struct known *k)
{
	for (uint32_t i = 0; k->todo != 0 && i < n->pick.n_names; i++)
		if (compare_names(&n->pick, n->pick.names[i], k->name))
			met(n, n->pick.names[i], k->times);
}

static void
met_names(const struct norm *n)
{
	for (uint32_t i = 0; n->named != 0 && i < KNOWN; i++)
		met_name(n, &n->known[i]);
}

static unsigned
judge_name(const struct norm *n, struct str name)
{
	unsigned todo = 0;

	for (uint32_t i = 0; i < n->pick.n_names; i++)
		if (compare_names(&n->pick, n->pick.names[i], name))
			todo |= DO(n->pick.names[i]->how);
	return todo;
}

static unsigned
by_name(struct norm *n, struct str name)
{
	size_t        slot = name.n;
	struct known *k;

	if (name.n > 0)
		slot += 3u * (uint8_t)name.p[0] + 7u * (uint8_t)name.p[name.n / 2] +
			31u * (uint8_t)name.p[name.n - 1];
	k = &n->known[slot % KNOWN];
	if (k->name.p != NULL && str_eq(k->name, name)) {
		k->times++;
		return k->todo;
	}
	met_name(n, k);
	*k = (struct known) { name, judge_name(n, name), 1 };
	n->named |= k->todo;
	return k->todo;
}

static unsigned
by_path(const struct norm *n, const struct row *here)
{
	unsigned todo = 0;
	uint32_t at = 0, path;

	while (places_next(&n->pick.places, here, &at, &path)) {
		todo |= DO(n->pick.paths[path]->how);
		met(n, n->pick.paths[path], 1);
	}
	return todo;
}

/* The resource itself is never left out. */
static void
unmeet_root(const struct norm *n)
{
	uint32_t at = 0, path;

	while (places_next(&n->pick.places, n->pick.start, &at, &path)) {
		enum normaliser how = n->pick.paths[path]->how;

		if (how == NORMALISE_IGNORE || how == NORMALISE_EMPTY_IS_ABSENT)
			n->spec->hits[n->pick.paths[path] - n->spec->normalise.items]--;
	}
}

/* What is below a masked place is masked. */
static struct spot
spot_member(struct norm *n, const struct spot *up, struct str name)
{
	struct spot at = { places_down(&n->pick.places, up->here, name), name, by_name(n, name) };

	at.todo |= by_path(n, at.here) | (up->todo & DO(NORMALISE_MASK));
	return at;
}

/* Does the path lead to every element of an array, whatever its index? */
static bool
means_all(const struct norm *n, const struct spot *up, uint32_t path)
{
	const struct pattern *p = n->pick.places.patterns[path];

	return pattern_done(
	    p, pattern_step(p, places_states(&n->pick.places, up->here, path), STR("\0")));
}

/*
 * Where one element is left out, those behind it take its index, so that the next reading would
 * take out another: what names an element by its index puts null in its place instead.
 */
static struct spot
spot_element(struct norm *n, const struct spot *up, uint32_t i)
{
	struct spot at = { places_down_index(&n->pick.places, up->here, i), { NULL, 0 }, 0 };

	uint32_t j = 0, path;

	at.todo = up->todo & DO(NORMALISE_MASK);
	while (places_next(&n->pick.places, at.here, &j, &path)) {
		enum normaliser how = n->pick.paths[path]->how;

		met(n, n->pick.paths[path], 1);
		at.todo |=
		    (DO(how) & REMOVES) == 0 || means_all(n, up, path) ? DO(how) : BLANK(how);
	}
	return at;
}

/* ---- transforming a value, by every entry that speaks about its place ---- */

/* The entries that speak about it, in their order: both lists of them are parts of one array. */
static uint32_t
speaking(struct norm *n, const struct spot *at)
{
	const struct places        *p = &n->pick.places;
	const struct compare_entry *path = NULL;
	uint32_t                    row = 0, which, found = 0;

	for (uint32_t i = 0; i <= n->pick.n_names; i++) {
		const struct compare_entry *x = i < n->pick.n_names ? n->pick.names[i] : NULL;

		while (path != NULL || places_next(p, at->here, &row, &which)) {
			path = path != NULL ? path : n->pick.paths[which];
			if (x != NULL && x < path)
				break;
			if ((DO(path->how) & TRANSFORMS) != 0)
				n->speaking[found++] = path;
			path = NULL;
		}
		if (x != NULL && (DO(x->how) & TRANSFORMS) != 0 && at->name.p != NULL &&
		    compare_names(&n->pick, x, at->name))
			n->speaking[found++] = x;
	}
	return found;
}

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
	uint32_t found = 0, all = speaking(n, at);
	unsigned settled = 0;

	for (uint32_t i = 0; i < all; i++)
		if (transform_suits(n->speaking[i], element, (at->todo & DO(NORMALISE_MASK)) != 0))
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
mask(struct norm *n, const struct json *v, struct json *out)
{
	struct json clear = *v;
	uint8_t     mac[HASH_LEN];
	struct buf  b;
	char       *text;

	/* a stored string that begins with U+0000 has one more of them than its source */
	if (n->from == RESOURCE_STORED && v->type == JSON_STRING && v->text.n > 0 &&
	    v->text.p[0] == '\0')
		clear.text = (struct str) { v->text.p + 1, v->text.n - 1 };
	if (!work_spend(n->work, WORK_NORMALISE, 60 + v->text.n / 2, n->e))
		return false;
	buf_make(&b, n->mem);
	if (!json_canonical(&b, &clear, n->e))
		return false;
	hash_key_hmac(n->spec->mask_key, b.p, b.n, mac);
	explicit_bzero(b.p, b.n);
	talloc_free(b.p);
	text = chunks_take(&n->room, MARK_LEN + 2 * (size_t)HASH_LEN + 1);
	if (text == NULL)
		return err_memory(n->e);
	memcpy(text, MARK, MARK_LEN);
	hex_print(mac, HASH_LEN, text + MARK_LEN);
	*out = (struct json) { .type = JSON_STRING,
		.text = { text, MARK_LEN + 2 * (size_t)HASH_LEN } };
	return true;
}

/* No text from outside may pass for a mask. */
static bool
escape(struct norm *n, const struct json *v, struct json *out)
{
	char *text = chunks_take(&n->room, v->text.n + 1);

	if (text == NULL)
		return err_memory(n->e);
	text[0] = '\0';
	memcpy(text + 1, v->text.p, v->text.n);
	*out = (struct json) { .type = JSON_STRING, .text = { text, v->text.n + 1 } };
	return true;
}

static bool
normal_scalar(struct norm *n, const struct json *v, bool masked, struct json *out, bool *changed)
{
	bool zero = v->type == JSON_STRING && v->text.n > 0 && v->text.p[0] == '\0';

	*changed = true;
	if (masked && v->type != JSON_NULL &&
	    !(zero && n->from == RESOURCE_STORED && mark_is(v->text)))
		return mask(n, v, out);
	if (zero && n->from == RESOURCE_SOURCE)
		return escape(n, v, out);
	*changed = false;
	return true;
}

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
stays(const struct json *v, unsigned todo)
{
	if (todo != 0 || v->type == JSON_ARRAY || v->type == JSON_OBJECT)
		return false;
	if (v->type == JSON_STRING)
		return v->text.n == 0 || v->text.p[0] != '\0';
	return v->type != JSON_NUMBER || number_in_limits(v->text);
}

/* One part of a container: ignored, copied because something changed, or left. */
static bool
normal_part(struct norm *n, const struct json *v, uint32_t i, const struct spot *at, struct copy *c)
{
	const struct json *part = &v->items[i];
	bool               changed = false, gone = (at->todo & DO(NORMALISE_IGNORE)) != 0;
	bool               blank = (at->todo & BLANK(NORMALISE_IGNORE)) != 0, empty;
	struct json        value = { .type = JSON_NULL };

	if (c->items == NULL && stays(part, at->todo))
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
	if ((gone || changed) && !copy_start(n, v, i, c))
		return false;
	if (gone || c->items == NULL)
		return true;
	if (c->names != NULL)
		c->names[c->n] = v->names[i];
	c->items[c->n++] = changed ? value : *part;
	return true;
}

static bool
normal_container(
    struct norm *n, const struct json *v, const struct spot *at, struct json *out, bool *changed)
{
	struct copy c = { 0 };
	bool        ok = true;
	uint32_t    first = 0;

	if (!work_spend(n->work, WORK_NORMALISE, 1 + v->n, n->e))
		return false;
	n->depth++;
	if (v->type == JSON_ARRAY && n->pick.n_paths == 0 && (at->todo & DO(NORMALISE_MASK)) == 0)
		while (first < v->n && stays(&v->items[first], 0))
			first++;
	for (uint32_t i = first; ok && i < v->n; i++) {
		struct spot below = v->type == JSON_OBJECT
					? spot_member(n, at, v->names[i])
					: spot_element(n, at, c.items != NULL ? c.n : i);

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

static bool
normal(struct norm *n, const struct json *v, const struct spot *at, struct json *out, bool *changed)
{
	enum resource_origin from = n->from;
	bool                 moved = false, ok;
	struct json          other;

	if (v->type == JSON_NUMBER && !check_number(n, v))
		return false;
	if ((at->todo & TRANSFORMS) != 0) {
		other = *v;
		if (!transform(n, at, &other, &moved))
			return false;
		if (moved)
			v = &other;
		if (moved)
			n->from = RESOURCE_SOURCE; /* what a text held was never escaped */
	}
	ok = v->type == JSON_ARRAY || v->type == JSON_OBJECT
		 ? normal_container(n, v, at, out, changed)
		 : normal_scalar(n, v, (at->todo & DO(NORMALISE_MASK)) != 0, out, changed);
	n->from = from;
	if (moved && !*changed)
		*out = other;
	*changed = *changed || moved;
	return ok;
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
		.work = work,
		.e = e,
	};
	TALLOC_CTX *tmp = talloc_new(NULL);
	struct spot at = { 0 };
	bool        changed = false, ok;
	struct json value, *root;

	if (tmp == NULL)
		return err_memory(e);
	ok = compare_pick(tmp, &spec->normalise, WORK_NORMALISE, r->category, &n.pick, work, e);
	n.speaking =
	    talloc_array(tmp, const struct compare_entry *, n.pick.n_names + n.pick.n_paths);
	ok = ok && (n.speaking != NULL || err_memory(e));
	at.here = n.pick.start;
	at.todo = by_path(&n, at.here);
	unmeet_root(&n);
	ok = ok && normal(&n, r->value, &at, &value, &changed);
	met_names(&n);
	if (ok && changed) {
		root = talloc(mem, struct json);
		ok = root != NULL || err_memory(e);
		if (root != NULL) {
			*root = value;
			r->value = root;
		}
	}
	talloc_free(tmp);
	return ok;
}
