#include "drift/run/stability.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drift/alert/condition.h"
#include "drift/run/plan.h"

#define TITLE_MAX 200

/* ---- what is kept ---- */

static bool
read_counts(TALLOC_CTX *mem, struct stability *t, struct err *e)
{
	const struct json *list = json_parse(mem, str_of(t->row.counts), e);

	if (list == NULL || list->type != JSON_ARRAY || list->n > ANOMALY_RUNS_MAX)
		return err_set(e, ERR_INTERNAL, 0, "internal error", "stored counts are broken");
	for (uint32_t i = 0; i < list->n; i++)
		if (!str_to_i64(list->items[i].text, &t->counts[t->counts_n++]))
			return err_set(
			    e, ERR_INTERNAL, 0, "internal error", "a stored count is broken");
	return true;
}

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

static bool
print_anomaly(TALLOC_CTX *mem, const struct anomaly *a, struct raw_json *out, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	buf_printf(&b, "{\"anomalous\":%s,\"changes\":%lld,\"runs\":%lld",
	    a->over ? "true" : "false", (long long)a->changes, (long long)a->runs);
	if (a->known)
		buf_printf(&b,
		    ",\"median\":%.15g,\"mad\":%.15g,\"limit\":%.15g,\"reason\":\"%lld change%s; "
		    "unusual above %.15g, from a median of %.15g and a MAD of %.15g in the %lld "
		    "runs before.\"}",
		    a->median, a->mad, a->limit, (long long)a->changes, a->changes == 1 ? "" : "s",
		    a->limit, a->median, a->mad, (long long)a->runs);
	else
		buf_printf(&b,
		    ",\"needs\":%d,\"reason\":\"Nothing is unusual yet: %lld of the %d runs "
		    "needed.\"}",
		    ANOMALY_NEEDS, (long long)a->runs, ANOMALY_NEEDS);
	out->text = b.p;
	return buf_ok(&b) || err_memory(e);
}

static bool
plan_anomaly(const struct ingest *in, struct plan *p, struct err *e)
{
	struct stability *t = &p->stability;
	int64_t           changes;

	if (!read_counts(p, t, e))
		return false;
	if (!t->run)
		return true;
	if (p->kind == PLAN_SAME)
		changes = report_changes(&p->report);
	else /* where the baseline moves, what was told before is no change of this run */
		changes = diff_count(in->spec->mode == BASELINE_PREVIOUS ? &p->seen.summary
									 : &p->diff->summary) -
			  (p->findings == NULL ? 0 : p->findings->unconfirmed);
	anomaly_judge(&in->spec->limits, t->counts, t->counts_n, changes, &t->anomaly);
	anomaly_add(t->counts, &t->counts_n, changes);
	return p->kind == PLAN_SAME || print_anomaly(p, &t->anomaly, &p->report.anomaly, e);
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
	return (!l->flapping || plan_flaps(in, p, e)) && (!l->anomaly || plan_anomaly(in, p, e));
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

static bool
print_counts(TALLOC_CTX *mem, const struct stability *t, struct trend_row *row, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	buf_putc(&b, '[');
	for (size_t i = 0; i < t->counts_n; i++)
		buf_printf(&b, "%s%lld", i == 0 ? "" : ",", (long long)t->counts[i]);
	buf_putc(&b, ']');
	row->counts = b.p;
	return buf_ok(&b) || err_memory(e);
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
tell_anomaly(const struct plan *p, const struct alert_scope *a, bool now, struct err *e)
{
	const struct anomaly *x = &p->stability.anomaly;
	char                  text[TITLE_MAX];

	if (!now && p->stability.row.anomalous)
		return condition_close(
		    a, CONDITION_ANOMALY, "The number of changes is usual again.", e);
	if (!now || p->stability.row.anomalous)
		return true;
	snprintf(text, sizeof(text),
	    "%lld changes in one run, unusual above %.15g (median %.15g, MAD %.15g of %lld runs)",
	    (long long)x->changes, x->limit, x->median, x->mad, (long long)x->runs);
	return condition_update(a, CONDITION_ANOMALY, text, x->changes, e);
}

bool
stability_write(struct db *db, const struct ingest *in, struct plan *p, const struct alert_scope *a,
    struct err *e)
{
	const struct limits *l = &in->spec->limits;
	struct stability    *t = &p->stability;
	struct trend_row     after = t->row;
	bool                 kept = t->known && strcmp(t->row.counts, "[]") != 0;

	if (!t->known || (!t->run && l->flapping && l->anomaly))
		return true;
	if (t->run || !l->flapping) {
		after.flapping = (int64_t)t->flaps.flapping;
		after.checks = t->flaps.checks;
	}
	if (t->run || !l->anomaly)
		after.anomalous = t->anomaly.over;
	if (!tell_flapping(p, a, after.flapping, e) || !tell_anomaly(p, a, after.anomalous, e))
		return false;
	if (!l->flapping && (t->row.checks > 0 || (!l->anomaly && kept)) &&
	    !trend_drop(db, &in->config->id, e))
		return false;
	if (!l->flapping && !l->anomaly)
		return true;
	return print_counts(p, t, &after, e) && trend_set(db, &after, e) &&
	       write_flaps(db, p, &in->config->id, e);
}
