#include "drift/engine/label.h"

#include <string.h>

#include "drift/engine/mark.h"
#include "drift/engine/number.h"
#include "drift/engine/walk.h"

#define HASH_SHOWN 8  /* bytes of it */
#define STEPS_HASH 60 /* beside what is hashed */

enum form { FORM_FORMER, FORM_SPOKEN, FORM_SHOWN };

void
label_make(struct label *l, TALLOC_CTX *mem)
{
	buf_make(&l->shown, mem);
	buf_make(&l->spoken, mem);
	buf_make(&l->former, mem);
}

/* ---- hashes ---- */

static void
add_part(struct buf *b, struct str s)
{
	buf_i64(b, (int64_t)s.n);
	buf_putc(b, ':');
	buf_add(b, s.p, s.n);
}

/* Where the array stands, however long the way to it is. */
static struct str
array_of(struct walk *w, const struct place *at)
{
	struct str path = trail_text(w, at->up, TRAIL_CANONICAL);

	if (path.n <= CHANGE_PATH_MAX)
		return path;
	return (struct str) { (const char *)trail_tag(w, at->up, TRAIL_CANONICAL), HASH_LEN };
}

/* Of the text in w->text, at its place. */
static bool
place_hash(struct walk *w, const struct place *at, bool masked, char hex[static 2 * HASH_SHOWN + 1])
{
	const struct compare_spec *spec = w->d->state->spec;
	const struct resource     *r = w->to != NULL ? w->to : w->from;
	struct str owner = { (const char *)spec->owner, masked ? sizeof spec->owner : 0 };
	struct str array = array_of(w, at);
	uint8_t    hash[HASH_LEN];

	add_part(&w->text, r->category);
	add_part(&w->text, r->key);
	if (!buf_ok(&w->text))
		return err_memory(w->e);
	hash_key_parts(
	    spec->label_key, (const struct str[]) { buf_str(&w->text), owner, array }, 3, hash);
	hex_print(hash, HASH_SHOWN, hex);
	return work_spend(
	    w->d->state->work, WORK_CHANGES, STEPS_HASH + WORK_BYTES(w->text.n + array.n), w->e);
}

/* ---- by members ---- */

static bool
is_long(const struct json *v)
{
	return (v->type == JSON_STRING || v->type == JSON_NUMBER) && v->text.n > LABEL_VALUE_MAX;
}

static bool
add_hash(
    struct walk *w, const struct place *at, struct str name, const struct json *v, struct buf *b)
{
	char       hex[2 * HASH_SHOWN + 1];
	struct buf text;

	buf_make(&text, w->tmp);
	if (!json_canonical(&text, v, w->e))
		return false;
	w->text.n = 0;
	add_part(&w->text, name);
	add_part(&w->text, buf_str(&text));
	talloc_free(text.p);
	if (!place_hash(w, at, mark_at(v), hex))
		return false;
	buf_putc(b, '#');
	buf_add(b, hex, 2 * HASH_SHOWN);
	return true;
}

/* Numbers as people write them; the first edition has them in canonical text. */
static bool
add_clear(struct walk *w, const struct json *v, struct buf *b)
{
	size_t     before = b->n;
	char       text[LABEL_VALUE_MAX + 16];
	struct str canonical;

	if (!json_canonical(b, v, w->e))
		return false;
	canonical = (struct str) { text, b->n - before };
	if (v->type != JSON_NUMBER || canonical.n > sizeof text || !buf_ok(b) ||
	    w->d->state->spec->edition == COMPARE_EDITION_1)
		return true;
	memcpy(text, b->p + before, canonical.n);
	b->n = before;
	number_print(b, canonical);
	return true;
}

static bool
add_value(struct walk *w, const struct place *at, struct str name, const struct json *v,
    enum form form, struct label *l, struct buf *b)
{
	struct str hex;
	bool       masked = resource_masked(v, &hex), lengthy = !masked && is_long(v);

	l->is_masked = l->is_masked || masked;
	l->is_renamed = l->is_renamed || masked || lengthy;
	l->is_spoken = l->is_spoken || lengthy;
	if (form != FORM_FORMER && (masked || (form == FORM_SHOWN && lengthy)))
		return add_hash(w, at, name, v, b);
	if (!masked)
		return add_clear(w, v, b);
	buf_printf(b, "\"[masked:%.16s]\"", hex.p);
	return true;
}

/* "[id=\"x\"]" */
static bool
add_keys(struct walk *w, const struct place *at, enum form form, struct label *l, struct buf *b)
{
	b->n = 0;
	buf_putc(b, '[');
	w->d->compared += at->element->n;
	for (uint32_t i = 0; i < at->keys->n; i++) {
		struct str         name = at->keys->names[i];
		struct json        room;
		const struct json *v = keys_value(at->keys, i, at->element, &room);

		if (i > 0)
			buf_putc(b, ',');
		buf_add(b, name.p, name.n);
		buf_putc(b, '=');
		if (v != NULL && !add_value(w, at, name, v, form, l, b))
			return false;
	}
	buf_putc(b, ']');
	return buf_ok(b) || err_memory(w->e);
}

bool
label_keyed(struct walk *w, const struct place *at, struct label *l)
{
	l->is_renamed = l->is_spoken = l->is_masked = false;
	return add_keys(w, at, FORM_SHOWN, l, &l->shown) &&
	       (!l->is_spoken || add_keys(w, at, FORM_SPOKEN, l, &l->spoken)) &&
	       (!l->is_renamed || add_keys(w, at, FORM_FORMER, l, &l->former));
}

/* ---- counted: the identity is the value; paired: it is that of the baseline ---- */

static bool
add_counted(struct walk *w, const struct place *at, const char *hex, struct buf *b)
{
	b->n = 0;
	buf_puts(b, at->kind == PLACE_PAIRED ? "[~" : "[#");
	buf_add(b, hex, 2 * HASH_SHOWN);
	buf_putc(b, ']');
	if (at->repeat > 1)
		buf_printf(b, "~%u", at->repeat);
	return buf_ok(b) || err_memory(w->e);
}

bool
label_counted(struct walk *w, const struct place *at, struct label *l)
{
	char hex[2 * HASH_SHOWN + 1];

	if (!walk_hash(w, at, at->element))
		return false;
	hex_print(w->hash, HASH_SHOWN, hex);
	l->is_spoken = false;
	l->is_renamed = l->is_masked = mark_within(at->element);
	if (!l->is_renamed)
		return add_counted(w, at, hex, &l->shown);
	if (!add_counted(w, at, hex, &l->former))
		return false;
	w->text.n = 0;
	add_part(&w->text, STR("#"));
	add_part(&w->text, (struct str) { (const char *)w->hash, HASH_LEN });
	return place_hash(w, at, true, hex) && add_counted(w, at, hex, &l->shown);
}
