#include "drift/engine/naming.h"

#include "drift/engine/compare_priv.h"
#include "drift/engine/element.h"
#include "drift/engine/identity.h"
#include "drift/engine/mark.h"
#include "drift/engine/spelling.h"

/* ---- what an element is known by ---- */

/* As values that compare as equal have it. */
static void
add_text(struct buf *b, const struct keys_text *found)
{
	char       spelt[SPELLING_INSTANT_MAX];
	struct str text = found->text;

	if (!found->own && spelling_instant(text, spelt))
		text = str_of(spelt);
	if (!found->own)
		buf_add(b, text.p, text.n);
}

static bool
is_masked(const struct keys *k, const struct json *element)
{
	for (uint32_t i = 0; i < k->n; i++) {
		struct json        room;
		const struct json *v = keys_value(k, i, element, &room);

		if (v != NULL && mark_at(v))
			return true;
	}
	return false;
}

/* Appends the first identity of an element's own: its rank and its value; "*": it has none. */
static bool
add_identity(struct buf *b, const struct json *element, struct err *e)
{
	uint8_t  ranks[IDENTITY_RANKS];
	uint32_t n =
	    element->type != JSON_OBJECT ? 0 : identity_ranks(COMPARE_EDITION_2, element, ranks);
	size_t before = b->n;

	for (uint32_t i = 0; i < n; i++) {
		struct keys      keys = identity_keys(COMPARE_EDITION_2, ranks[i]);
		struct keys_text found;
		uint32_t         hint = 0;
		bool             yes;

		b->n = before;
		buf_printf(b, "%u", ranks[i]);
		if (is_masked(&keys, element))
			continue;
		buf_putc(b, '=');
		if (!keys_text(b, &keys, element, &hint, &found, &yes, e))
			return false;
		if (!yes)
			continue;
		add_text(b, &found);
		return buf_ok(b) || err_memory(e);
	}
	b->n = before;
	buf_putc(b, '*');
	return buf_ok(b) || err_memory(e);
}

bool
naming_same(TALLOC_CTX *mem, const struct json *a, const struct json *b, bool *yes, struct err *e)
{
	struct buf x, y;
	bool       ok;

	buf_make(&x, mem);
	buf_make(&y, mem);
	ok = add_identity(&x, a, e) && add_identity(&y, b, e);
	*yes = ok && str_eq(buf_str(&x), buf_str(&y));
	talloc_free(x.p);
	talloc_free(y.p);
	return ok;
}

/* ---- places ---- */

struct naming_place
naming_root(const struct naming *n, const struct resource *r)
{
	struct naming_place out = { .done = true };
	uint8_t             of[HASH_LEN], category[HASH_LEN], key[HASH_LEN];

	hash_key_parts(n->spec->label_key, &n->of, 1, of);
	hash_key_parts(n->spec->label_key, &r->category, 1, category);
	hash_key_parts(n->spec->label_key, &r->key, 1, key);
	hash_key_parts(n->spec->label_key,
	    (const struct str[]) { STR("naming"),
		{ (const char *)n->spec->owner, COMPARE_OWNER_LEN }, { (const char *)of, HASH_LEN },
		{ (const char *)category, HASH_LEN }, { (const char *)key, HASH_LEN } },
	    5, out.hash);
	return out;
}

struct naming_place
naming_member(struct naming_place *up, struct str name)
{
	return (struct naming_place) { .up = up, .name = name };
}

struct naming_place
naming_element(struct naming_place *up, const struct json *element)
{
	return (struct naming_place) { .up = up, .element = element };
}

bool
naming_hash(TALLOC_CTX *mem, const struct naming *n, struct naming_place *at, struct err *e)
{
	struct buf step;
	bool       ok;

	if (at->done)
		return true;
	if (!naming_hash(mem, n, at->up, e))
		return false;
	buf_make(&step, mem);
	buf_putc(&step, at->element != NULL ? '*' : '/');
	if (at->element == NULL)
		buf_add(&step, at->name.p, at->name.n);
	ok = at->element == NULL || add_identity(&step, at->element, e);
	ok = ok && (buf_ok(&step) || err_memory(e));
	if (ok)
		hash_key_parts(n->spec->label_key,
		    (const struct str[]) {
			{ (const char *)at->up->hash, HASH_LEN }, buf_str(&step) },
		    2, at->hash);
	talloc_free(step.p);
	at->done = ok;
	return ok;
}

void
naming_print(struct buf *out, const struct naming *n, struct naming_place *at, struct str mark)
{
	const struct str place = { (const char *)at->hash, HASH_LEN };
	char             room[MARK_NAME + 1];
	struct err       e = { 0 };

	out->failed = out->failed || !naming_hash(out->mem, n, at, &e);
	mark_json(out, mark, mark_name(n->spec->label_key, mark, &place, 1, room));
}
