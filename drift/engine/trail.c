#include "drift/engine/trail.h"

#include <stdio.h>
#include <string.h>

#include "drift/engine/mark.h"
#include "drift/engine/walk.h"

#define TAG_SHOWN 8 /* bytes of a hash behind a shortened text */

struct trail *
trail_make(TALLOC_CTX *mem, struct err *e)
{
	struct trail *t = talloc_zero(mem, struct trail);

	if (t == NULL) {
		(void)err_memory(e);
		return NULL;
	}
	for (int i = 0; i < TRAIL__MAX; i++)
		buf_make(&t->texts[i], t);
	for (size_t i = 0; i <= TRAIL_STEPS; i++) {
		label_make(&t->steps[i].label, t);
		buf_make(&t->steps[i].names.text, t);
	}
	return t;
}

/* ---- shortening ---- */

/* At most `max` bytes that end with a character, and not within an escape of a JSON Pointer. */
static struct str
head(struct str s, size_t max)
{
	struct str out = str_head(s, max);

	if (out.n > 0 && out.n < s.n && s.p[out.n - 1] == '~')
		out.n--;
	return out;
}

static void
add_tag(struct buf *out, const uint8_t *tag)
{
	char hex[2 * TAG_SHOWN + 1];

	hex_print(tag, TAG_SHOWN, hex);
	buf_puts(out, "\xe2\x80\xa6~#");
	buf_add(out, hex, 2 * TAG_SHOWN);
}

/* One step, unescaped; true: as it is. */
static bool
add_name(const struct walk *w, struct buf *out, struct str name)
{
	const struct str parts[] = { STR("step:"), name };
	uint8_t          tag[HASH_LEN];

	if (name.n <= CHANGE_STEP_MAX) {
		json_pointer_add(out, name);
		return true;
	}
	json_pointer_add(out, head(name, CHANGE_STEP_HEAD));
	hash_key_parts(w->d->state->spec->finger_key, parts, 2, tag);
	add_tag(out, tag);
	return false;
}

/* ---- the steps ---- */

static void
add_member(struct walk *w, const struct place *at, struct trail_step *s)
{
	struct trail *t = w->d->state->trail;
	struct buf   *first = &t->texts[TRAIL_NEW];
	size_t        from = first->n;
	bool          whole = add_name(w, first, at->name);

	t->names[TRAIL_NEW][at->depth - 1] = t->names[TRAIL_OLD][at->depth - 1] = at->name;
	for (int i = TRAIL_NEW; i < TRAIL__MAX; i++) {
		s->cut[i] = s->cut[i] || !whole;
		if (i != TRAIL_NEW && buf_ok(first))
			buf_add(&t->texts[i], first->p + from, first->n - from);
	}
}

/* The hash of an element is not escaped, and too short to be cut. */
static bool
add_counted(struct walk *w, struct trail_step *s)
{
	struct trail       *t = w->d->state->trail;
	const struct label *l = &s->label;
	const struct buf   *labels[] = { &l->shown, l->is_renamed ? &l->former : &l->shown };

	for (int i = TRAIL_CANONICAL; i <= TRAIL_FORMER; i++) {
		struct str text = buf_str(labels[i - TRAIL_CANONICAL]);

		buf_putc(&t->texts[i], '/');
		buf_add(&t->texts[i], text.p, text.n);
	}
	s->renamed = s->renamed || l->is_renamed;
	return true;
}

static bool
add_keyed(struct walk *w, const struct place *at, struct trail_step *s)
{
	struct trail       *t = w->d->state->trail;
	const struct label *l = &s->label;
	struct str          shown = buf_str(&l->shown);
	struct str          former = l->is_renamed ? buf_str(&l->former) : shown;

	t->labels[at->depth - 1] = shown;
	t->spoken[at->depth - 1] = l->is_spoken ? buf_str(&l->spoken) : STR("");
	s->cut[TRAIL_CANONICAL] =
	    !add_name(w, &t->texts[TRAIL_CANONICAL], shown) || s->cut[TRAIL_CANONICAL];
	s->cut[TRAIL_FORMER] =
	    !add_name(w, &t->texts[TRAIL_FORMER], former) || s->cut[TRAIL_FORMER];
	s->renamed = s->renamed || l->is_renamed;
	return true;
}

static bool
add_element(struct walk *w, const struct place *at, struct trail_step *s)
{
	struct trail  *t = w->d->state->trail;
	const uint32_t index[] = { [TRAIL_NEW] = at->new_i, [TRAIL_OLD] = at->old_i };

	for (int i = TRAIL_NEW; i <= TRAIL_OLD; i++) {
		int n = snprintf(s->numbers[i], sizeof s->numbers[i], "%u", index[i]);

		t->names[i][at->depth - 1] = (struct str) { s->numbers[i], (size_t)n };
		buf_putc(&t->texts[i], '/');
		buf_add(&t->texts[i], s->numbers[i], (size_t)n);
	}
	if (at->kind != PLACE_KEYED && walk_full(w) &&
	    !w->d->state->naming) { /* its hash is not for nothing */
		s->label.is_masked = mark_within(at->element);
		return true;
	}
	return at->kind == PLACE_KEYED ? label_keyed(w, at, &s->label) && add_keyed(w, at, s)
				       : label_counted(w, at, &s->label) && add_counted(w, s);
}

bool
trail_to(struct walk *w, const struct place *at)
{
	struct trail            *t = w->d->state->trail;
	struct trail_step       *s = &t->steps[at->depth];
	const struct trail_step *up = s - 1;
	bool                     ok = true;

	if (at->depth == 0 || s->mark == at->mark)
		return true;
	if (!trail_to(w, at->up))
		return false;
	t->labels[at->depth - 1] = t->spoken[at->depth - 1] = STR("");
	s->tagged[0] = s->tagged[1] = false;
	s->renamed = up->renamed;
	s->guessed = up->guessed;
	memcpy(s->cut, up->cut, sizeof s->cut);
	for (int i = 0; i < TRAIL__MAX; i++)
		t->texts[i].n = up->ends[i];
	if (at->kind == PLACE_MEMBER)
		add_member(w, at, s);
	else
		ok = add_element(w, at, s);
	if (at->kind != PLACE_MEMBER && s->guessed == 0 && s->label.is_masked)
		s->guessed = at->depth;
	for (int i = 0; i < TRAIL__MAX; i++) {
		ok = ok && (buf_ok(&t->texts[i]) || err_memory(w->e));
		s->ends[i] = t->texts[i].n;
	}
	s->mark = at->mark;
	return ok;
}

bool
trail_named(struct walk *w, const struct place *at)
{
	struct trail *t = w->d->state->trail;
	bool          ok;

	for (const struct place *p = at; p->depth > 0; p = p->up)
		t->steps[p->depth].mark = 0;
	w->d->state->naming = true;
	ok = trail_to(w, at);
	w->d->state->naming = false;
	return ok;
}

/* ---- what stands there ---- */

struct str
trail_text(const struct walk *w, const struct place *at, enum trail_text which)
{
	const struct trail *t = w->d->state->trail;

	return (struct str) { t->texts[which].p, t->steps[at->depth].ends[which] };
}

/* Of a long path each step is hashed once: it is hashed behind the hash of what is before it. */
const uint8_t *
trail_tag(struct walk *w, const struct place *at, enum trail_text which)
{
	struct trail_step *s = &w->d->state->trail->steps[at->depth];
	struct str         text = trail_text(w, at, which);
	bool              *tagged = &s->tagged[which == TRAIL_FORMER];
	uint8_t           *tag = s->tag[which == TRAIL_FORMER];
	struct str         parts[] = { STR("path:"), text, STR("") };

	if (*tagged)
		return tag;
	if (text.n > CHANGE_PATH_MAX) {
		size_t before = (s - 1)->ends[which];

		parts[0] = STR("path behind:");
		parts[1] = (struct str) { (const char *)trail_tag(w, at->up, which), HASH_LEN };
		parts[2] = (struct str) { text.p + before, text.n - before };
	}
	hash_key_parts(w->d->state->spec->finger_key, parts, sizeof parts / sizeof *parts, tag);
	*tagged = true;
	return tag;
}

bool
trail_show(
    struct walk *w, const struct place *at, enum trail_text which, size_t room, struct buf *out)
{
	struct str text = trail_text(w, at, which);

	if (text.n <= room) {
		buf_add(out, text.p, text.n);
		return !w->d->state->trail->steps[at->depth].cut[which];
	}
	text = head(text, CHANGE_PATH_HEAD);
	buf_add(out, text.p, text.n);
	add_tag(out, trail_tag(w, at, TRAIL_CANONICAL));
	return false;
}
