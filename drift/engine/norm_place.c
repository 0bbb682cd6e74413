/* norm.h: what is to be done at a place. */
#include "drift/engine/norm.h"
#include "drift/engine/secret.h"

static void
met(const struct norm *n, const struct compare_entry *x, uint32_t times)
{
	n->spec->hits[x - n->spec->normalise.items] += times;
}

static bool
is_scalar(const struct json *v)
{
	return v->type != JSON_ARRAY && v->type != JSON_OBJECT;
}

/* Does an entry that leads to a value mean it? */
static bool
means(const struct compare_entry *x, const struct json *v)
{
	return !x->scalars || is_scalar(v);
}

/* ---- by name ---- */

/* Counting once for all times a name came keeps the count out of the way of each member. */
static void
met_name(const struct norm *n, const struct known *k)
{
	for (uint32_t i = 0; (k->todo & ~(ASKS | HIDES)) != 0 && i < n->pick.n_names; i++)
		if (compare_names(&n->pick, n->pick.names[i], k->name))
			met(n, n->pick.names[i], k->times);
}

void
norm_met(const struct norm *n)
{
	for (uint32_t i = 0; n->named != 0 && i < KNOWN; i++)
		met_name(n, &n->known[i]);
}

/* What a name says by itself, and what it asks. */
static unsigned
judge_itself(struct str name)
{
	if (name.n == 5 && str_caseeqz(name, "value"))
		return IS_VALUE;
	if ((name.n == 4 && str_eqz(name, "data")) || (name.n == 10 && str_eqz(name, "stringData")))
		return IS_DATA;
	if (name.n == 5 && str_eqz(name, "items"))
		return IS_ITEMS;
	switch (secret_name(name)) {
	case SECRET_NAME_WHOLE:
		return SECRET;
	case SECRET_NAME_CONNECTION:
		return CONNECTION;
	case SECRET_NAME_NONE:
		break;
	}
	return 0;
}

static unsigned
judge_name(struct norm *n, struct str name)
{
	unsigned todo = 0;

	for (uint32_t i = 0; i < n->pick.n_names; i++)
		if (compare_names(&n->pick, n->pick.names[i], name))
			todo |=
			    n->pick.names[i]->scalars ? IGNORE_SCALAR : DO(n->pick.names[i]->how);
	n->named |= todo;
	if (!n->second)
		return todo;
	todo |= norm_hides(name) ? HIDES : 0;
	if ((todo & DO(NORMALISE_MASK)) != 0)
		todo = (todo & ~DO(NORMALISE_MASK)) | SECRET;
	return todo | judge_itself(name);
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
	return k->todo;
}

/* What a name says of the value that it has. */
static unsigned
by_name_of(struct norm *n, struct str name, const struct json *v)
{
	unsigned todo = by_name(n, name);

	if ((todo & IGNORE_SCALAR) != 0 && is_scalar(v))
		todo |= DO(NORMALISE_IGNORE);
	return todo & ~IGNORE_SCALAR;
}

/* ---- by path ---- */

static unsigned
by_path(const struct norm *n, const struct row *here, const struct json *v)
{
	unsigned todo = 0;
	uint32_t at = 0, path;

	while (places_next(&n->pick.places, here, &at, &path)) {
		if (means(n->pick.paths[path], v))
			todo |= DO(n->pick.paths[path]->how);
		met(n, n->pick.paths[path], 1);
	}
	return todo;
}

/*
 * The resource itself is never left out: what names it, and nothing else, puts null in its place,
 * in edition 1 nothing.
 */
static unsigned
by_path_of_root(const struct norm *n)
{
	unsigned todo = 0;
	uint32_t at = 0, path;

	while (places_next(&n->pick.places, n->pick.start, &at, &path)) {
		const struct compare_entry *x = n->pick.paths[path];

		if (!means(x, n->r->value) ||
		    ((DO(x->how) & REMOVES) != 0 && (!n->second || x->path.n > 0)))
			continue;
		todo |= DO(x->how);
		met(n, x, 1);
	}
	return todo;
}

/* ---- by what stands beside it ---- */

static bool
has_kind(const struct json *object, const char *kind)
{
	const struct json *v = json_get(object, "kind");

	return v != NULL && v->type == JSON_STRING && str_eqz(v->text, kind);
}

/* {"name": "API_TOKEN", "value": ...} */
static bool
is_secret_pair(struct norm *n, const struct json *object)
{
	n->looked += 8 * (uint64_t)object->n;
	for (uint32_t i = 0; i < object->n; i++)
		if ((str_caseeqz(object->names[i], "name") ||
			str_caseeqz(object->names[i], "key")) &&
		    object->items[i].type == JSON_STRING &&
		    secret_name(object->items[i].text) != SECRET_NAME_NONE)
			return true;
	return false;
}

/* What the object that has the member answers to what its name asks. */
static unsigned
asked(struct norm *n, const struct spot *up, const struct json *object, unsigned todo)
{
	unsigned out = todo & ~ASKS;

	if ((todo & IS_VALUE) != 0 && is_secret_pair(n, object))
		out |= SECRET;
	if ((todo & IS_DATA) != 0 && ((up->todo & IN_LIST) != 0 || has_kind(object, "Secret")))
		out |= IN_DATA;
	if ((todo & IS_ITEMS) != 0 && has_kind(object, "SecretList"))
		out |= IN_LIST;
	return out;
}

/* What is said to be readable is masked by nothing. */
static unsigned
unmasked(unsigned todo)
{
	if ((todo & DO(NORMALISE_UNMASK)) == 0)
		return todo;
	if ((todo & DO(NORMALISE_MASK)) != 0)
		todo |= MASK_BELOW;
	return todo & ~(SECRET | CONNECTION | IN_DATA | DO(NORMALISE_MASK));
}

/* What is below a place that is masked by its path is masked. */
static unsigned
masked_above(const struct spot *up)
{
	return (up->todo & (DO(NORMALISE_MASK) | MASK_BELOW)) != 0 ? DO(NORMALISE_MASK) : 0;
}

/* ---- a part of a container ---- */

struct spot
norm_root(struct norm *n)
{
	struct spot at = { .here = n->pick.start };

	at.todo = unmasked(by_path_of_root(n));
	return at;
}

void
norm_member(
    struct norm *n, const struct spot *up, const struct json *v, uint32_t i, struct spot *at)
{
	unsigned todo = by_name_of(n, v->names[i], &v->items[i]) | masked_above(up);

	at->here = places_down(&n->pick.places, up->here, v->names[i]);
	at->name = v->names[i];
	at->up = up;
	todo |= by_path(n, at->here, &v->items[i]);
	if (n->second && (todo & ASKS) != 0)
		todo = asked(n, up, v, todo);
	if (n->second && (up->todo & IN_DATA) != 0)
		todo |= SECRET;
	at->todo = n->second ? unmasked(todo) : todo;
}

/* Does the path lead to every element of an array, whatever its index? */
static bool
means_all(const struct norm *n, const struct spot *up, uint32_t path)
{
	const struct pattern *p = n->pick.places.patterns[path];

	return pattern_done(
	    p, pattern_step(p, places_states(&n->pick.places, up->here, path), STR("\0")));
}

/* What an element has of its list. */
static unsigned
inherited(const struct spot *up, const struct json *element)
{
	unsigned todo = masked_above(up) | (up->todo & IN_LIST);

	if (element->type == JSON_STRING || element->type == JSON_ARRAY)
		todo |= up->todo & GOES_DOWN;
	if (element->type != JSON_OBJECT)
		todo |= up->todo & DO(NORMALISE_UNMASK);
	return todo;
}

/*
 * Where one element is left out, those behind it take its index, so that the next reading would
 * take out another: what names an element by its index puts null in its place instead.
 */
void
norm_element(struct norm *n, const struct spot *up, const struct json *element, uint32_t index,
    struct spot *at)
{
	unsigned todo = inherited(up, element);
	uint32_t j = 0, path;

	at->here = places_down_index(&n->pick.places, up->here, index);
	at->name = (struct str) { NULL, 0 };
	at->up = up;
	while (places_next(&n->pick.places, at->here, &j, &path)) {
		enum normaliser how = n->pick.paths[path]->how;

		met(n, n->pick.paths[path], 1);
		if (!means(n->pick.paths[path], element))
			continue;
		todo |= (DO(how) & REMOVES) == 0 || means_all(n, up, path) ? DO(how) : BLANK(how);
	}
	at->todo = unmasked(todo);
}

/* ---- the entries that speak about it, in their order: both lists of them are parts of one array
 * ---- */

uint32_t
norm_speaking(struct norm *n, const struct spot *at)
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
