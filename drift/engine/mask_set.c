#include "drift/engine/mask_set.h"

#include <stdlib.h>
#include <string.h>

#include "drift/engine/compare_priv.h"
#include "drift/engine/mark.h"

/* Each is 8 bytes of a keyed hash of resource and mask. */
struct mask_set {
	uint64_t *items;
	size_t    n, room, sorted; /* the first `sorted` are in order, each once */
};

struct mask_set *
mask_set_make(TALLOC_CTX *mem, struct err *e)
{
	struct mask_set *s = talloc_zero(mem, struct mask_set);

	if (s == NULL)
		(void)err_memory(e);
	return s;
}

static uint64_t
member_of(const struct compare_spec *spec, const struct resource *r, struct str hex)
{
	uint8_t  hash[HASH_LEN];
	uint64_t out;

	hash_key_parts(spec->label_key, (const struct str[]) { r->category, r->key, hex }, 3, hash);
	memcpy(&out, hash, sizeof(out));
	return out;
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void
sort(struct mask_set *s)
{
	size_t n = 0;

	if (s->sorted == s->n)
		return;
	qsort(s->items, s->n, sizeof(s->items[0]), by_number);
	for (size_t i = 0; i < s->n; i++)
		if (n == 0 || s->items[i] != s->items[n - 1])
			s->items[n++] = s->items[i];
	s->n = s->sorted = n;
}

/* When it is full, what is there twice goes before it grows. */
static bool
add(struct mask_set *s, uint64_t member, struct err *e)
{
	uint64_t *more;

	if (s->n == s->room) {
		sort(s);
		if (2 * s->n >= s->room) {
			s->room = s->room == 0 ? 64 : 2 * s->room;
			more = talloc_realloc(s, s->items, uint64_t, (unsigned)s->room);
			if (more == NULL)
				return err_memory(e);
			s->items = more;
		}
	}
	s->items[s->n++] = member;
	return true;
}

static bool
has(const struct mask_set *s, uint64_t member)
{
	return s->n > 0 && bsearch(&member, s->items, s->n, sizeof(member), by_number) != NULL;
}

static bool
note(struct mask_set *s, const struct compare_spec *spec, const struct resource *r,
    const struct json *v, struct err *e)
{
	struct str hex;

	if (v->type == JSON_STRING)
		return !resource_masked(v, &hex) || add(s, member_of(spec, r, hex), e);
	if (v->type != JSON_ARRAY && v->type != JSON_OBJECT)
		return true;
	for (uint32_t i = 0; i < v->n; i++)
		if (!note(s, spec, r, &v->items[i], e))
			return false;
	return true;
}

bool
mask_set_note(
    struct mask_set *s, const struct compare_spec *spec, const struct resource *r, struct err *e)
{
	return note(s, spec, r, r->value, e);
}

/* ---- applying ---- */

struct applying {
	TALLOC_CTX                *mem;
	const struct mask_set     *set;
	const struct compare_spec *spec;
	const struct resource     *r;
	struct err                *e;
};

static bool
apply_text(const struct applying *a, struct json *v)
{
	struct json clear = *v;
	char        hex[MARK_HEX + 1];
	char       *text;
	struct str  masked;

	if (resource_masked(v, &masked))
		return true;
	clear.text = mark_clear(v->text);
	if (!mark_hmac(a->mem, a->spec->mask_key, &clear, hex, a->e))
		return false;
	if (!has(a->set, member_of(a->spec, a->r, (struct str) { hex, MARK_HEX })))
		return true;
	text = talloc_size(a->mem, MARK_LEN + MARK_HEX);
	if (text == NULL)
		return err_memory(a->e);
	memcpy(text, MARK, MARK_LEN);
	memcpy(text + MARK_LEN, hex, MARK_HEX);
	v->text = (struct str) { text, MARK_LEN + MARK_HEX };
	return true;
}

/* In a copy of the containers. */
static bool
apply(const struct applying *a, struct json *v)
{
	struct json *items;

	if (v->type == JSON_STRING)
		return apply_text(a, v);
	if ((v->type != JSON_ARRAY && v->type != JSON_OBJECT) || v->n == 0)
		return true;
	items = talloc_memdup(a->mem, v->items, v->n * sizeof(*items));
	if (items == NULL)
		return err_memory(a->e);
	v->items = items;
	for (uint32_t i = 0; i < v->n; i++)
		if (!apply(a, &items[i]))
			return false;
	return true;
}

bool
mask_set_apply(TALLOC_CTX *mem, struct mask_set *s, const struct compare_spec *spec,
    struct resource *r, struct err *e)
{
	const struct applying a = { mem, s, spec, r, e };
	struct json          *copy = talloc_memdup(mem, r->value, sizeof(*copy));

	if (copy == NULL)
		return err_memory(e);
	sort(s);
	if (!apply(&a, copy))
		return false;
	r->value = copy;
	return true;
}
