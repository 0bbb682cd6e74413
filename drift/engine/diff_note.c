/* diff.h: why an array was compared without keys, and what else a comparison did without. */
#include <string.h>

#include "core/json/schema.h"
#include "drift/engine/match.h"
#include "drift/engine/view.h"

#define NOTE_PATH_MAX 512
#define STEPS_NOTE    200

/* What the elements of both sides have to be known by. */
struct census {
	uint32_t elements, objects;
	uint32_t have[IDENTITY_RANKS]; /* by rank: objects that have it */
};

static bool
count_keys(struct walk *w, const struct match *m, const struct json *array, struct census *c)
{
	struct buf room;

	buf_make(&room, m->of_a);
	for (uint32_t i = 0; i < array->n; i++) {
		const struct json *v = &array->items[i];
		uint8_t            ranks[IDENTITY_RANKS];
		uint32_t           n = v->type == JSON_OBJECT ? match_ranks(m, v, ranks) : 0;

		c->elements++;
		c->objects += v->type == JSON_OBJECT;
		for (uint32_t k = 0; k < n; k++) {
			struct keys      keys = match_keys(m, ranks[k]);
			struct keys_text t;
			uint32_t         hint = 0;
			bool             yes;

			room.n = 0;
			if (!keys_text(&room, &keys, v, &hint, &t, &yes, w->e))
				return false;
			c->have[ranks[k]] += yes;
		}
	}
	talloc_free(room.p);
	return true;
}

/* "id", or "p, q" of several. */
static void
add_names(struct buf *b, const struct keys *k)
{
	for (uint32_t i = 0; i < k->n; i++) {
		buf_puts(b, i > 0 ? ", " : "");
		buf_add(b, k->names[i].p,
		    k->names[i].n < CHANGE_STEP_HEAD ? k->names[i].n : CHANGE_STEP_HEAD);
	}
}

static void
add_few(struct buf *b, uint32_t n, const char *one, const char *many)
{
	buf_printf(b, "%u element%s ", n, n == 1 ? "" : "s");
	buf_puts(b, n == 1 ? one : many);
}

/* The identity that most have says what the others lack. */
static void
say_why(const struct match *m, const struct census *c, struct buf *b)
{
	uint32_t    best = 0;
	struct keys keys;

	if (c->objects < c->elements) {
		add_few(b, c->elements - c->objects, "is no object", "are no objects");
		buf_puts(b, "; ");
	}
	for (uint32_t i = 1; i < IDENTITY_RANKS; i++)
		if (c->have[i] > c->have[best])
			best = i;
	keys = match_keys(m, best);
	if (c->have[best] == 0 && m->keys == NULL) {
		buf_puts(b, "no element has a member that it could be known by");
		return;
	}
	if (c->have[best] < c->objects)
		add_few(b, c->objects - c->have[best], "has no ", "have no ");
	else
		buf_puts(b, "elements share their ");
	add_names(b, &keys);
}

static bool
make_room(struct diff *d)
{
	if (d->notes == NULL)
		d->notes = talloc_array(d, struct diff_note, DIFF_NOTES_MAX);
	return d->notes != NULL;
}

bool
match_note(struct walk *w, const struct place *at, const struct match *m, const struct likeness *l)
{
	const struct resource *r = w->to != NULL ? w->to : w->from;
	struct diff           *d = w->d;
	struct chunks         *room = &d->state->kept;
	struct census          c = { .elements = 0 };
	struct diff_note      *note;

	if (d->state->note != NULL || d->notes_n == DIFF_NOTES_MAX)
		return true;
	if (!make_room(d))
		return err_memory(w->e);
	if (!trail_to(w, at) || !count_keys(w, m, m->both->a, &c) ||
	    !count_keys(w, m, m->both->b, &c))
		return false;
	note = &d->notes[d->notes_n];
	w->text.n = 0;
	(void)trail_show(w, at, TRAIL_NEW, NOTE_PATH_MAX, &w->text);
	*note = (struct diff_note) { .category = { chunks_text(room, r->category), r->category.n },
		.key = { chunks_text(room, r->key), r->key.n },
		.path = { chunks_text(room, buf_str(&w->text)), w->text.n } };
	w->text.n = 0;
	say_why(m, &c, &w->text);
	if (l->too_many)
		buf_puts(&w->text, "; they are too many to be paired by likeness");
	note->text = (struct str) { chunks_text(room, buf_str(&w->text)), w->text.n };
	if (!buf_ok(&w->text) || note->category.p == NULL || note->key.p == NULL ||
	    note->path.p == NULL || note->text.p == NULL)
		return err_memory(w->e);
	d->notes_n++;
	return work_spend(d->state->work, WORK_COMPARE, STEPS_NOTE + c.elements, w->e);
}

bool
diff_note_category(struct diff *d, struct str category, const char *text, struct err *e)
{
	struct chunks   *room = &d->state->kept;
	struct diff_note note = { .key = STR(""), .path = STR("") };

	if (d->notes_n == DIFF_NOTES_MAX)
		return true;
	note.category = (struct str) { chunks_text(room, category), category.n };
	note.text = str_of(chunks_text(room, str_of(text)));
	if (!make_room(d) || note.category.p == NULL || note.text.p == NULL)
		return err_memory(e);
	d->notes[d->notes_n++] = note;
	return work_spend(d->state->work, WORK_COMPARE, STEPS_NOTE, e);
}

/* ---- printing ---- */

struct note_shown {
	struct raw_json category, key, path, note;
};
static const struct field note_fields[] = {
	FIELD(struct note_shown, category),
	FIELD(struct note_shown, key),
	FIELD(struct note_shown, path),
	FIELD(struct note_shown, note),
	FIELD_END,
};
static const struct schema note_schema = SCHEMA("DriftNote", struct note_shown, note_fields);

/* As JSON text. */
static bool
text_of(TALLOC_CTX *mem, struct str s, struct raw_json *out, struct err *e)
{
	const char *shown = view_zeros(mem, s);
	struct buf  b;

	if (shown == NULL)
		return err_memory(e);
	buf_make(&b, mem);
	buf_json(&b, str_of(shown));
	out->text = buf_text(&b, e);
	return out->text != NULL;
}

bool
diff_notes_print(TALLOC_CTX *mem, const struct diff *d, struct raw_json *out, struct err *e)
{
	struct buf b;

	out->text = NULL;
	if (d->notes_n == 0)
		return true;
	buf_make(&b, mem);
	for (size_t i = 0; i < d->notes_n; i++) {
		const struct diff_note *n = &d->notes[i];
		struct note_shown       shown = { .note = { NULL } };

		buf_putc(&b, i == 0 ? '[' : ',');
		if (!text_of(mem, n->category, &shown.category, e) ||
		    !text_of(mem, n->key, &shown.key, e) ||
		    !text_of(mem, n->path, &shown.path, e) ||
		    !text_of(mem, n->text, &shown.note, e) ||
		    !schema_encode(&b, &note_schema, &shown, e))
			return false;
	}
	buf_putc(&b, ']');
	out->text = buf_text(&b, e);
	return out->text != NULL;
}
