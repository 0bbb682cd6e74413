#include "drift/engine/masked.h"

#include <string.h>

#include "drift/engine/mark.h"
#include "drift/engine/walk.h"

#define STEPS_PLACE 200 /* to name and hash one */

bool
diff_watch_masked(struct diff *d, struct err *e)
{
	d->state->masked = talloc_zero(d, struct masked_places);
	return d->state->masked != NULL || err_memory(e);
}

const struct masked_places *
diff_masked(const struct diff *d)
{
	return d->state->masked;
}

/* Its array, where an element on the way is known by what it has masked; else itself. */
static const struct place *
place_of(const struct walk *w, const struct place *at)
{
	uint32_t guessed = w->d->state->trail->steps[at->depth].guessed;

	while (guessed > 0 && at->depth >= guessed)
		at = at->up;
	return at;
}

/* Of category, key and path, each behind its length. */
static bool
hash_place(
    struct walk *w, const struct place *at, const struct change *c, uint8_t out[static HASH_LEN])
{
	uint8_t tag[HASH_LEN];

	memcpy(tag, trail_tag(w, at, TRAIL_CANONICAL), HASH_LEN);
	w->text.n = 0;
	buf_puts(&w->text, "masked:");
	buf_i64(&w->text, (int64_t)c->category.n);
	buf_putc(&w->text, ':');
	buf_add(&w->text, c->category.p, c->category.n);
	buf_add(&w->text, c->key.p, c->key.n);
	if (!buf_ok(&w->text))
		return err_memory(w->e);
	hash_key_parts(w->d->state->spec->label_key,
	    (const struct str[]) { buf_str(&w->text), { (const char *)tag, HASH_LEN } }, 2, out);
	return true;
}

static bool
name_place(struct walk *w, const struct place *at, bool elements, const struct change *c,
    struct masked_place *out)
{
	struct chunks *room = &w->d->state->kept;

	w->text.n = 0;
	(void)trail_show(w, at, TRAIL_CANONICAL, MASKED_PATH_MAX, &w->text);
	buf_puts(&w->text, elements ? "/*" : "");
	if (!buf_ok(&w->text))
		return err_memory(w->e);
	out->category = (struct str) { chunks_text(room, c->category), c->category.n };
	out->key = (struct str) { chunks_text(room, c->key), c->key.n };
	out->path = (struct str) { chunks_text(room, buf_str(&w->text)), w->text.n };
	return (out->category.p != NULL && out->key.p != NULL && out->path.p != NULL) ||
	       err_memory(w->e);
}

/* Changes of one place come one behind another. */
static struct masked_place *
find_place(struct walk *w, const struct place *at, const struct change *c)
{
	struct masked_places *m = w->d->state->masked;
	const struct place   *place = place_of(w, at);
	struct masked_place   now = { .changes = 0 };

	if (!hash_place(w, place, c, now.place))
		return NULL;
	if (m->n > 0 && memcmp(m->items[m->n - 1].place, now.place, HASH_LEN) == 0)
		return &m->items[m->n - 1];
	if (m->n == MASKED_PLACES_MAX) {
		if (memcmp(m->last, now.place, HASH_LEN) != 0)
			m->last_changes = 0;
		memcpy(m->last, now.place, HASH_LEN);
		return &m->beyond;
	}
	if (m->items == NULL)
		m->items = talloc_array(w->d, struct masked_place, MASKED_PLACES_MAX);
	if (m->items == NULL) {
		(void)err_memory(w->e);
		return NULL;
	}
	if (!name_place(w, place, place != at, c, &now))
		return NULL;
	m->items[m->n] = now;
	return &m->items[m->n++];
}

bool
walk_masked(struct walk *w, const struct place *at, const struct change *c,
    const uint8_t fingerprint[static HASH_LEN], const uint8_t value[static HASH_LEN])
{
	struct masked_places *m = w->d->state->masked;
	struct masked_place  *p = find_place(w, at, c);

	if (p == NULL)
		return false;
	for (size_t i = 0; i < HASH_LEN; i++)
		p->values[i] ^= fingerprint[i] ^ value[i];
	if (p != &m->beyond)
		p->changes++;
	else if (++m->last_changes > p->changes)
		p->changes = m->last_changes;
	return work_spend(w->d->state->work, WORK_CHANGES, STEPS_PLACE, w->e);
}

bool
walk_is_masked(const struct walk *w, const struct place *at, const struct change *c)
{
	if (w->d->state->masked == NULL)
		return false;
	if (w->d->state->trail->steps[at->depth].guessed > 0)
		return true;
	return c->op == CHANGE_MODIFIED && (mark_within(c->old_value) || mark_within(c->new_value));
}
