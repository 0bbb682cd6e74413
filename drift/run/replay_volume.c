#include "drift/run/replay_volume.h"

#include <string.h>

/* Those that are read, of which nothing is known yet. */
static size_t
count_new(const struct replay *r, const struct side *to)
{
	struct str category;
	size_t     n = 0, i = 0;

	while (side_next_complete(to, &i, &category))
		n += volumes_find(&r->volumes, category) == NULL;
	return n;
}

static bool
take(struct volumes *all, size_t at, const struct volume *was, struct str category, struct err *e)
{
	struct volume *v = &all->of[at];
	char          *name = str_dup(all->of, category);

	if (name == NULL)
		return err_memory(e);
	v->category = str_of(name);
	if (was == NULL)
		return true;
	memcpy(v->counts, was->counts, was->n * sizeof(v->counts[0]));
	v->n = was->n;
	v->over = was->over;
	return true;
}

/* Both are by category. */
static bool
add_new(struct replay *r, size_t more, const struct side *to, struct err *e)
{
	const struct volumes was = r->volumes;
	struct volumes       all;
	struct str           category;
	size_t               a = 0, n = 0, i = 0;
	bool                 ok = volumes_make(r->mem, &r->spec->limits, was.n + more, &all, e);

	while (ok && side_next_complete(to, &i, &category)) {
		if (volumes_find(&was, category) != NULL)
			continue;
		for (; ok && a < was.n && str_cmp(was.of[a].category, category) < 0; a++)
			ok = take(&all, n++, &was.of[a], was.of[a].category, e);
		ok = ok && take(&all, n++, NULL, category, e);
	}
	for (; ok && a < was.n; a++)
		ok = take(&all, n++, &was.of[a], was.of[a].category, e);
	if (!ok)
		return false;
	talloc_free(was.of);
	r->volumes = all;
	return true;
}

static void
set_read(struct replay *r, const struct side *to)
{
	struct str category;
	size_t     i = 0;

	for (size_t k = 0; k < r->volumes.n; k++)
		r->volumes.of[k].read = false;
	while (side_next_complete(to, &i, &category)) {
		struct volume *v = volumes_find(&r->volumes, category);

		if (v != NULL)
			v->read = true;
	}
}

/* Of what nobody reads any more nothing stands out. */
static void
let_go(struct replay *r)
{
	for (size_t i = 0; i < r->volumes.n; i++)
		if (!r->volumes.of[i].read &&
		    spec_unread(r->spec, r->volumes.of[i].category) != NULL)
			r->volumes.of[i].over = false;
}

bool
replay_volume(
    struct replay *r, const struct held_changes *found, const struct side *to, struct err *e)
{
	struct volume_news news = { 0 };
	size_t             more;

	if (!r->spec->limits.anomaly)
		return true;
	more = count_new(r, to);
	if (r->template && more > 0 && !add_new(r, more, to, e))
		return false;
	set_read(r, to);
	let_go(r);
	if (found != NULL) {
		volumes_count(&r->volumes, found);
		volumes_judge(&r->volumes, &r->spec->limits, &news);
		replay_condition(r, WHATIF_ANOMALY, news.over > 0);
	}
	return r->template || more == 0 || add_new(r, more, to, e);
}
