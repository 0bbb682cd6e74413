#include "drift/run/replay_settle.h"

#include <string.h>

#include "drift/run/settle.h"
#include "drift/run/standing.h"

bool
replay_base(const struct replay_settling *s, struct side *out, struct err *e)
{
	const struct side_own own = { &s->r->unsettled, false };

	*out = *s->from;
	return s->r->unsettled.n == 0 || side_with(s->mem, s->from, &own, out, e);
}

/* ---- what was told ---- */

static bool
is_told(const void *arg, const struct change *c)
{
	const struct replay_settling *s = arg;
	const struct unsettled       *u = settle_find(&s->r->unsettled, c->category, c->key);

	return u != NULL && u->told;
}

static bool
add_change(void *arg, const struct resource *from, const struct resource *to, struct err *e)
{
	return diff_resource(arg, from, to, e);
}

bool
replay_told(
    const struct replay_settling *s, const struct both_sides *how, bool **ended, struct err *e)
{
	const struct side_own       own = { &s->r->unsettled, true };
	const struct standing_split split = {
		.seen = s->diff,
		.ended = talloc_zero_array(s->mem, bool, (unsigned)s->diff->n + 1),
		.is_told = is_told,
		.arg = s,
	};
	struct standing   all = { s->diff, NULL }, since = { 0 };
	struct side       from, to;
	struct both_sides both = *how;

	*ended = split.ended;
	if (split.ended == NULL)
		return err_memory(e);
	if (s->r->unsettled.n == 0)
		return true;
	since.diff = diff_make(s->mem, s->r->spec->compare, s->r->spec->rules, s->r->work, e);
	both.from = &from;
	both.to = &to;
	return since.diff != NULL && side_of_own(s->mem, s->from, &own, &from, e) &&
	       side_at_own(s->mem, s->to, &own, &to, e) &&
	       comparison_each(s->mem, &both, add_change, since.diff, e) &&
	       standing_split(s->mem, &split, &since, e) && standing_join(s->mem, &all, &since, e);
}

/* ---- what has moved ---- */

/* As it was: by its own baseline, or that which the others have. */
static bool
keep_version(const struct replay_settling *s, struct unsettled *u, struct err *e)
{
	const struct unsettled *was =
	    settle_find(&s->r->unsettled, str_of(u->category), str_of(u->key));
	struct blob at;

	if (was != NULL)
		at = was->address;
	else if (!side_address(s->from, str_of(u->category), str_of(u->key), &at))
		at = (struct blob) { 0 };
	u->address = (struct blob) { 0 };
	if (at.n != HASH_LEN)
		return true;
	u->address = (struct blob) { talloc_memdup(u->category, at.p, HASH_LEN), HASH_LEN };
	return u->address.p != NULL || err_memory(e);
}

static bool
put_row(struct unsettled_list *l, struct str category, struct str key, bool told, struct err *e)
{
	struct unsettled *u = &l->rows[l->n++];

	*u = (struct unsettled) {
		.category = str_dup(l->rows, category), .key = str_dup(l->rows, key), .told = told
	};
	return (u->category != NULL && u->key != NULL) || err_memory(e);
}

static bool
put_change(const struct replay_settling *s, size_t i, struct unsettled_list *l, struct err *e)
{
	const struct change   *c = &s->diff->changes[i];
	const struct settle_in in = { &s->r->spec->limits, c, s->findings->hold[i],
		s->findings->status[i], s->waits };
	enum settled           how = settle_change(&in);

	return how == SETTLED || !side_complete(s->to, c->category) ||
	       put_row(l, c->category, c->key, how == SETTLED_TOLD, e);
}

/* What was not read is as it was. */
static bool
put_unread(const struct replay_settling *s, struct unsettled_list *l, struct err *e)
{
	for (size_t i = 0; i < s->r->unsettled.n; i++) {
		const struct unsettled *u = &s->r->unsettled.rows[i];

		if (!side_complete(s->to, str_of(u->category)) &&
		    !put_row(l, str_of(u->category), str_of(u->key), u->told, e))
			return false;
	}
	return true;
}

bool
replay_settle(const struct replay_settling *s, struct err *e)
{
	size_t                room = s->diff->n + s->r->unsettled.n + 1;
	struct unsettled_list now = { talloc_zero_size(s->r->mem, room * sizeof(now.rows[0])), 0 };

	if (now.rows == NULL)
		return err_memory(e);
	for (size_t i = 0; i < s->diff->n; i++)
		if (!put_change(s, i, &now, e))
			return false;
	if (!put_unread(s, &now, e))
		return false;
	settle_fold(&now);
	for (size_t i = 0; i < now.n; i++)
		if (!keep_version(s, &now.rows[i], e))
			return false;
	talloc_free(s->r->unsettled.rows);
	s->r->unsettled = now;
	return true;
}
