#include "drift/run/unusual.h"

#include "core/json/schema.h"
#include "drift/alert/condition.h"
#include "drift/run/plan.h"

/* ---- what is kept ---- */

struct kept_volume {
	char           *category;
	bool            over;
	int64_t         changes; /* in the report that stands; -1: not known */
	struct raw_json counts;
};
static const struct field kept_volume_fields[] = {
	FIELD(struct kept_volume, category, .flags = FIELD_REQUIRED),
	FIELD(struct kept_volume, over, .flags = FIELD_REQUIRED),
	FIELD(struct kept_volume, changes, .min = -1, .max = INT64_MAX, .flags = FIELD_REQUIRED),
	FIELD(struct kept_volume, counts, .flags = FIELD_REQUIRED),
	FIELD_END,
};
static const struct schema kept_volume_schema =
    SCHEMA("KeptVolume", struct kept_volume, kept_volume_fields);

struct kept_volumes {
	struct uuid  report; /* which one stood */
	struct items collections;
};
static const struct field kept_volumes_fields[] = {
	FIELD(struct kept_volumes, report, .flags = FIELD_REQUIRED),
	FIELD(struct kept_volumes, collections, .max = COLLECTIONS_MAX, .item = &kept_volume_schema,
	    .flags = FIELD_REQUIRED),
	FIELD_END,
};
static const struct schema kept_volumes_schema =
    SCHEMA("KeptVolumes", struct kept_volumes, kept_volumes_fields);

static bool
broken(struct err *e)
{
	err_clear(e); /* what is stored is no fault of the push */
	return err_set(e, ERR_INTERNAL, 0, "internal error", "stored counts are broken");
}

static bool
read_counts(const struct json *list, int64_t counts[ANOMALY_RUNS_MAX], size_t *n, struct err *e)
{
	*n = 0;
	if (list == NULL || list->type != JSON_ARRAY || list->n > ANOMALY_RUNS_MAX)
		return broken(e);
	while (*n < list->n) {
		const struct json *v = &list->items[*n];

		if (v->type != JSON_NUMBER || !str_to_i64(v->text, &counts[(*n)++]))
			return broken(e);
	}
	return true;
}

static char *
print_counts(TALLOC_CTX *mem, const int64_t *counts, size_t n, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	buf_putc(&b, '[');
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s%lld", i == 0 ? "" : ",", (long long)counts[i]);
	buf_putc(&b, ']');
	if (!buf_ok(&b))
		err_memory(e);
	return buf_ok(&b) ? b.p : NULL;
}

static void
begin_with(struct volume *v, const struct limits *l, const int64_t *counts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		volume_add(v, l, counts[i]);
}

static bool
take_kept(const struct plan *p, const struct limits *l, const struct kept_volumes *kept,
    const struct volumes *to, struct err *e)
{
	const bool                stands = uuid_eq(&kept->report, &p->before.report_id);
	const struct kept_volume *all = kept->collections.p;
	int64_t                   counts[ANOMALY_RUNS_MAX];
	size_t                    n;

	for (size_t i = 0; i < kept->collections.n; i++) {
		struct volume *v = volumes_find(to, str_of(all[i].category));

		if (!read_counts(all[i].counts.tree, counts, &n, e))
			return false;
		if (v == NULL || v->n > 0)
			continue;
		begin_with(v, l, counts, n);
		v->over = all[i].over;
		v->changes = stands ? all[i].changes : -1;
	}
	return true;
}

/* As the config's own. */
static void
take_config(const struct plan *p, const struct limits *l, const struct unusual *u)
{
	for (size_t i = 0; i < u->volumes.n; i++) {
		if (!p->collections.of[i].based)
			continue;
		begin_with(&u->volumes.of[i], l, u->counts, u->counts_n);
		u->volumes.of[i].over = true;
	}
}

static bool
is_awaited(const struct plan_collection *c)
{
	return c->read || (!c->retired && !c->spared);
}

/* What was counted before this snapshot. */
static bool
read_kept(struct plan *p, const struct limits *l, struct unusual *u, struct err *e)
{
	const struct trend_row *row = &p->stability.row;
	const struct json      *tree;
	struct kept_volumes     kept;

	if (!read_counts(json_parse(p, str_of(row->counts), e), u->counts, &u->counts_n, e) ||
	    !volumes_make(p, l, p->collections.n, &u->volumes, e))
		return false;
	for (size_t i = 0; i < u->volumes.n; i++) {
		u->volumes.of[i].category = p->collections.of[i].category;
		u->volumes.of[i].changes = -1;
	}
	if (row->collections == NULL) {
		take_config(p, l, u);
	} else {
		tree = json_parse(p, str_of(row->collections), e);
		if (tree == NULL || !schema_decode(p, &kept_volumes_schema, tree, &kept, e))
			return broken(e);
		if (!take_kept(p, l, &kept, &u->volumes, e))
			return false;
	}
	for (size_t i = 0; i < u->volumes.n; i++)
		u->volumes.of[i].over =
		    u->volumes.of[i].over && row->anomalous && is_awaited(&p->collections.of[i]);
	return true;
}

bool
unusual_keep(struct plan *p, struct trend_row *row, struct err *e)
{
	const struct unusual *u = &p->stability.unusual;
	struct kept_volume   *all = talloc_zero_size(p, (u->volumes.n + 1) * sizeof(all[0]));
	struct kept_volumes   kept = { p->after.report_id, { all, 0 } };
	struct buf            b;

	if (all == NULL)
		return err_memory(e);
	for (size_t i = 0; i < u->volumes.n; i++) {
		const struct volume *v = &u->volumes.of[i];
		struct kept_volume  *to = &all[kept.collections.n];

		if ((v->n == 0 && v->changes < 0) || p->collections.of[i].retired)
			continue;
		*to = (struct kept_volume) { str_dup(p, v->category), v->over, v->changes,
			{ .text = print_counts(p, v->counts, v->n, e) } };
		if (to->category == NULL || to->counts.text == NULL)
			return err_memory(e);
		kept.collections.n++;
	}
	buf_make(&b, p);
	if (!schema_encode(&b, &kept_volumes_schema, &kept, e))
		return false;
	row->collections = buf_text(&b, e);
	row->counts = print_counts(p, u->counts, u->counts_n, e);
	return row->collections != NULL && row->counts != NULL;
}

/* ---- planning ---- */

/* Nothing was compared: as in the report that stands. */
static int64_t
count_same(struct plan *p, const struct volumes *all)
{
	const int64_t changes = report_changes(&p->report);

	for (size_t i = 0; i < all->n; i++) {
		struct volume *v = &all->of[i];

		if (!v->read || v->changes >= 0)
			continue;
		if (changes == 0 || all->n == 1) {
			v->changes = changes;
		} else {
			v->read = false;
			p->after.config_version = 0;
		}
	}
	return changes;
}

/* What stands of what was told before is no change of this run. */
static int64_t
count_compared(const struct ingest *in, const struct plan *p, struct volumes *all)
{
	const struct held_changes found = { p->diff->changes, p->findings->hold, p->seen.n, NULL,
		NULL };

	volumes_count(all, &found);
	for (size_t i = 0; i < all->n; i++)
		if (!p->collections.of[i].read)
			all->of[i].changes = -1;
	return diff_count(
		   in->spec->mode == BASELINE_PREVIOUS ? &p->seen.summary : &p->diff->summary) -
	       p->findings->unconfirmed;
}

/* Of whom something is said it is told which one it is, where there are several. */
static struct str
name_of(const struct unusual *u)
{
	return u->volumes.n > 1 ? u->news.most->category : STR("");
}

struct told_anomaly {
	bool            anomalous;
	int64_t         changes, runs;
	struct raw_json median, mad, limit; /* where there were enough runs, else ... */
	int64_t         needs;
	char           *category, *reason;
};
static const struct field told_anomaly_fields[] = {
	FIELD(struct told_anomaly, anomalous),
	FIELD(struct told_anomaly, changes),
	FIELD(struct told_anomaly, runs),
	FIELD(struct told_anomaly, median, .flags = FIELD_OMIT_ZERO),
	FIELD(struct told_anomaly, mad, .flags = FIELD_OMIT_ZERO),
	FIELD(struct told_anomaly, limit, .flags = FIELD_OMIT_ZERO),
	FIELD(struct told_anomaly, needs, .flags = FIELD_OMIT_ZERO),
	FIELD(struct told_anomaly, category, .flags = FIELD_OMIT_ZERO),
	FIELD(struct told_anomaly, reason),
	FIELD_END,
};
static const struct schema told_anomaly_schema =
    SCHEMA("ToldAnomaly", struct told_anomaly, told_anomaly_fields);

static struct raw_json
number(TALLOC_CTX *mem, double v, bool *ok)
{
	const struct raw_json raw = { .text = talloc_asprintf(mem, "%.15g", v) };

	*ok = *ok && raw.text != NULL;
	return raw;
}

static bool
known_anomaly(TALLOC_CTX *mem, const struct anomaly *a, struct str name, struct told_anomaly *out)
{
	bool ok = true;

	out->median = number(mem, a->median, &ok);
	out->mad = number(mem, a->mad, &ok);
	out->limit = number(mem, a->limit, &ok);
	out->reason = talloc_asprintf(mem,
	    "%lld change%s%s%.*s; unusual above %.15g, from a median of %.15g and a MAD of %.15g "
	    "in the %lld runs before%s.",
	    (long long)a->changes, a->changes == 1 ? "" : "s", name.n > 0 ? " of " : "",
	    (int)name.n, name.n > 0 ? name.p : "", a->limit, a->median, a->mad, (long long)a->runs,
	    name.n > 0 ? " that read it" : "");
	return ok && out->reason != NULL;
}

static bool
print_anomaly(TALLOC_CTX *mem, const struct unusual *u, struct raw_json *out, struct err *e)
{
	const struct anomaly *a = &u->news.of;
	const struct str      name = name_of(u);
	struct told_anomaly told = { .anomalous = a->over, .changes = a->changes, .runs = a->runs };
	bool                ok = true;
	struct buf          b;

	if (a->known) {
		ok = known_anomaly(mem, a, name, &told);
	} else {
		told.needs = ANOMALY_NEEDS;
		told.reason =
		    talloc_asprintf(mem, "Nothing is unusual yet: %lld of the %d runs needed%s.",
			(long long)a->runs, ANOMALY_NEEDS, name.n > 0 ? " have read it" : "");
	}
	if (name.n > 0)
		told.category = str_dup(mem, name);
	if (!ok || told.reason == NULL || (name.n > 0 && told.category == NULL))
		return err_memory(e);
	buf_make(&b, mem);
	if (!schema_encode(&b, &told_anomaly_schema, &told, e))
		return false;
	out->text = buf_text(&b, e);
	return out->text != NULL;
}

bool
unusual_plan(const struct ingest *in, struct plan *p, struct err *e)
{
	const struct limits *l = &in->spec->limits;
	struct unusual      *u = &p->stability.unusual;
	int64_t              changes = 0;

	if (!read_kept(p, l, u, e))
		return false;
	for (size_t i = 0; i < u->volumes.n; i++)
		u->volumes.of[i].read =
		    p->stability.run && p->collections.of[i].read && p->collections.of[i].based;
	if (p->kind == PLAN_SAME)
		changes = count_same(p, &u->volumes);
	else if (p->findings != NULL)
		changes = count_compared(in, p, &u->volumes);
	if (!p->stability.run)
		return true;
	anomaly_add(u->counts, &u->counts_n, changes);
	volumes_judge(&u->volumes, l, &u->news);
	return p->kind == PLAN_SAME || u->news.most == NULL ||
	       print_anomaly(p, u, &p->report.anomaly, e);
}

/* ---- telling ---- */

static char *
say(TALLOC_CTX *mem, const struct unusual *u, struct err *e)
{
	const struct anomaly *a = &u->news.of;
	const struct str      name = name_of(u);
	struct buf            b;

	buf_make(&b, mem);
	buf_printf(&b, "%lld changes", (long long)a->changes);
	if (name.n > 0) {
		buf_puts(&b, " of ");
		buf_add(&b, name.p, name.n);
	}
	buf_printf(&b, " in one run, unusual above %.15g (median %.15g, MAD %.15g of %lld runs)",
	    a->limit, a->median, a->mad, (long long)a->runs);
	if (u->news.over > 1)
		buf_printf(&b, "; so are those of %zu more", u->news.over - 1);
	return buf_text(&b, e);
}

bool
unusual_tell(const struct plan *p, const struct alert_scope *a, bool now, struct err *e)
{
	const struct unusual *u = &p->stability.unusual;
	const char           *text;

	if (!now && p->stability.row.anomalous)
		return condition_close(
		    a, CONDITION_ANOMALY, "The number of changes is usual again.", e);
	if (!now || u->news.began == 0)
		return true;
	text = say(a->mem, u, e);
	return text != NULL && condition_update(a, CONDITION_ANOMALY, text, u->news.of.changes, e);
}
