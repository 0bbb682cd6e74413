#include "drift/run/stability.h"

#include <stdio.h>
#include <string.h>

#include "drift/alert/condition.h"
#include "drift/run/plan.h"

#define TITLE_MAX 200

/* ---- what is kept ---- */

/* At which check it is, before this snapshot or after it: that of its collection, else of the
 * config. */
static uint64_t
check_of(const struct plan *p, struct str category, bool after, uint64_t of_config)
{
	const struct plan_collection *c =
	    category.n == 0 ? NULL : collections_find(&p->collections, category);

	if (category.n == 0)
		return of_config;
	return c == NULL ? 0 : after ? c->row.checks : c->was.checks;
}

static bool
read_flaps(
    struct db *db, struct plan *p, const struct uuid *config, struct flaps *out, struct err *e)
{
	struct flap_row *rows;

	if (!flap_list(db, p, config, &rows, &out->n, e))
		return false;
	out->items = talloc_zero_size(p, (out->n + 1) * sizeof(out->items[0]));
	if (out->items == NULL)
		return err_memory(e);
	for (size_t i = 0; i < out->n; i++) {
		struct flap *f = &out->items[i];

		*f = (struct flap) { .present = rows[i].value_hash.n == HASH_LEN,
			.bits = (uint32_t)rows[i].bits,
			.category = str_of(rows[i].category),
			.flapping = rows[i].flapping };
		/* a clock that began anew: it was long ago */
		f->behind = check_of(p, f->category, false, out->checks) - rows[i].checked;
		memcpy(f->fingerprint, rows[i].fingerprint.p, HASH_LEN);
		if (f->present)
			memcpy(f->value_hash, rows[i].value_hash.p, HASH_LEN);
		out->flapping += f->flapping;
	}
	return true;
}

/* ---- planning ---- */

/* What is retired is over, and calms; of what nothing is known either. */
static bool
is_checked(const void *of, struct str category)
{
	const struct plan_collections *all = of;
	const struct plan_collection  *c = collections_find(all, category);

	return c == NULL || c->read || c->retired;
}

static uint64_t
check_after(const struct plan *p, const struct plan_collection *c)
{
	return c->was.checks + is_checked(&p->collections, c->category);
}

/* Collections are counted as long as something of them comes and goes; all NULL: as before. */
static void
count_checks(struct plan *p, const struct flaps *all)
{
	for (size_t i = 0; i < p->collections.n; i++) {
		struct plan_collection *c = &p->collections.of[i];

		c->row.checks = all == NULL && c->was.checks > 0 ? check_after(p, c) : 0;
	}
	for (size_t i = 0; all != NULL && i < all->n; i++) {
		const struct flap      *f = &all->items[i];
		struct plan_collection *c = flap_over(f) || f->category.n == 0
						? NULL
						: collections_find(&p->collections, f->category);

		if (c != NULL)
			c->row.checks = check_after(p, c);
	}
}

static bool
plan_flaps(const struct ingest *in, struct plan *p, struct err *e)
{
	struct stability   *t = &p->stability;
	struct flaps        before = { .checks = t->row.checks };
	const bool          same = p->kind == PLAN_SAME;
	struct held_changes found;

	if (same) {
		t->flaps.checks = t->row.checks + t->run;
		t->flaps.flapping = (size_t)t->row.flapping;
	}
	if (same && t->run)
		count_checks(p, NULL);
	if (same)
		return true;
	if (p->findings == NULL || !read_flaps(in->t->db, p, &in->config->id, &before, e))
		return p->findings == NULL;
	t->flaps = before;
	found = (struct held_changes) { p->diff->changes, p->findings->hold, p->diff->n, is_checked,
		&p->collections };
	if (t->run && !flaps_check(p, &in->spec->limits, &before, &found, &t->flaps, e))
		return false;
	if (t->run)
		count_checks(p, &t->flaps);
	flaps_hold(&t->flaps, &found);
	p->findings->go_on = p->findings->go_on || t->flaps.flapping > 0;
	return true;
}

bool
stability_plan(const struct ingest *in, struct plan *p, struct err *e)
{
	const struct limits *l = &in->spec->limits;
	struct stability    *t = &p->stability;
	bool                 wanted = l->flapping || l->anomaly;

	/* what is left of thresholds the config had goes with the first snapshot after */
	if (p->kind == PLAN_LATE ||
	    (!wanted && (p->before.seq == 0 || p->before.config_version == in->config->version)))
		return true;
	if (!trend_by_id(in->t->db, p, &in->config->id, &t->row, e))
		return false;
	t->known = true;
	t->run = p->kind != PLAN_AGAIN && p->collections.any &&
		 (p->kind == PLAN_SAME || p->findings != NULL);
	return (!l->flapping || plan_flaps(in, p, e)) && (!l->anomaly || unusual_plan(in, p, e));
}

/* ---- writing ---- */

static bool
write_flaps(struct db *db, const struct plan *p, const struct uuid *config, struct err *e)
{
	const struct flaps *f = &p->stability.flaps;
	TALLOC_CTX         *tmp = talloc_new(NULL);
	struct flap_row    *put = talloc_zero_size(tmp, (f->n + 1) * sizeof(put[0]));
	struct flap_row    *drop = talloc_zero_size(tmp, (f->n + 1) * sizeof(drop[0]));
	size_t              put_n = 0, drop_n = 0;
	bool                ok = put != NULL && drop != NULL ? true : err_memory(e);

	for (size_t i = 0; ok && i < f->n; i++) {
		const struct flap    *x = &f->items[i];
		const struct flap_row row = { *config, { x->fingerprint, HASH_LEN },
			{ x->present ? x->value_hash : NULL, x->present ? HASH_LEN : 0 }, x->bits,
			check_of(p, x->category, true, f->checks) - x->behind, x->flapping,
			x->category.n == 0 ? NULL : str_dup(tmp, x->category) };

		if (flap_over(x))
			drop[drop_n++] = row;
		else if (x->dirty)
			put[put_n++] = row;
	}
	ok = ok && flap_put(db, put, put_n, e) && flap_drop(db, drop, drop_n, e);
	talloc_free(tmp);
	return ok;
}

/* `now` of what `was`: what the config has no threshold for is nothing. */
static bool
tell_flapping(const struct plan *p, const struct alert_scope *a, int64_t now, struct err *e)
{
	const struct flaps *f = &p->stability.flaps;
	char                text[TITLE_MAX];
	size_t              most = 0;

	if (now == 0 && p->stability.row.flapping > 0)
		return condition_close(a, CONDITION_FLAPPING, "It has calmed.", e);
	if (now == 0 || f->began == 0)
		return true;
	for (size_t i = 0; i < f->n; i++)
		if (f->items[i].flapping && flap_count(&f->items[i]) > most)
			most = flap_count(&f->items[i]);
	snprintf(text, sizeof(text),
	    "%lld finding%s flapping, with up to %zu changes of state in 21 checks; told again "
	    "when "
	    "calm",
	    (long long)now, now == 1 ? " is" : "s are", most);
	return condition_update(a, CONDITION_FLAPPING, text, now, e);
}

static bool
is_same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
write_row(struct db *db, const struct trend_row *was, const struct trend_row *row, struct err *e)
{
	const bool same = was->checks == row->checks && was->flapping == row->flapping &&
			  was->anomalous == row->anomalous &&
			  is_same_text(was->counts, row->counts) &&
			  is_same_text(was->collections, row->collections);

	return same || trend_set(db, row, e);
}

bool
stability_write(struct db *db, const struct ingest *in, struct plan *p, const struct alert_scope *a,
    struct err *e)
{
	const struct limits *l = &in->spec->limits;
	struct stability    *t = &p->stability;
	struct trend_row     after = t->row;
	bool                 kept = t->known && strcmp(t->row.counts, "[]") != 0;
	bool                 drops = !l->flapping && (t->row.checks > 0 || (!l->anomaly && kept));
	static char          none[] = "[]";

	if (!t->known)
		return true;
	if (t->run || !l->flapping) {
		after.flapping = (int64_t)t->flaps.flapping;
		after.checks = t->flaps.checks;
	}
	if (t->run || !l->anomaly)
		after.anomalous = t->unusual.news.over > 0;
	after.counts = none;
	after.collections = NULL;
	if ((l->anomaly && !unusual_keep(p, &after, e)) ||
	    !tell_flapping(p, a, after.flapping, e) || !unusual_tell(p, a, after.anomalous, e) ||
	    (drops && !trend_drop(db, &in->config->id, e)))
		return false;
	if (!l->flapping && !l->anomaly)
		return true;
	return (drops ? trend_set(db, &after, e) : write_row(db, &t->row, &after, e)) &&
	       write_flaps(db, p, &in->config->id, e);
}
