#include "drift/run/first_look.h"

#include "drift/engine/view.h"

#define BATCH 500 /* resources that are judged before what was made of them goes */

const struct field look_change_fields[] = {
	FIELD(struct look_change, category, .doc = "Collection."),
	FIELD(struct look_change, key, .doc = "Key of the resource in it."),
	FIELD(struct look_change, path, .doc = "JSON Pointer to what the rule speaks of."),
	FIELD(struct look_change, severity, .doc = "critical or high."),
	FIELD(struct look_change, rule, .doc = "The rule."),
	FIELD(struct look_change, reason, .doc = "Its reason."),
	FIELD_END,
};
static const struct schema look_change_schema =
    SCHEMA("LookChange", struct look_change, look_change_fields);

/* What was found so far; of each severity the first ones. */
struct look {
	struct plan       *p;
	struct diff       *diff; /* of the batch at hand */
	size_t             n;    /* resources in it */
	struct look_change found[SEVERITY__MAX][LOOK_MAX];
	int64_t            count[SEVERITY__MAX];
};

/* Where the rule has found it; as whoever sees no values may know it. */
static bool
print_path(struct plan *p, const struct change *c, struct raw_json *out, struct err *e)
{
	const struct view none = { 0 };
	struct buf        whole, text;
	struct str        seen;

	buf_make(&whole, p);
	buf_add(&whole, c->path.p, c->path.n);
	buf_add(&whole, c->rule_place.p, c->rule_place.n);
	buf_make(&text, p);
	if (!buf_ok(&whole))
		return err_memory(e);
	if (!view_path(p, none, buf_str(&whole), &seen, NULL, e))
		return false;
	buf_json(&text, seen);
	out->text = buf_text(&text, e);
	return out->text != NULL;
}

static bool
keep(struct look *l, const struct change *c, struct err *e)
{
	int64_t             at = l->count[c->severity]++;
	struct look_change *to;

	if (c->severity < SEVERITY_HIGH || at >= LOOK_MAX)
		return true;
	to = &l->found[c->severity][at];
	*to = (struct look_change) { .category = str_dup(l->p, c->category),
		.key = str_dup(l->p, c->key),
		.severity = severity_name(c->severity),
		.rule = talloc_strdup(l->p, c->rule),
		.reason = talloc_strdup(l->p, c->reason) };
	if (to->category == NULL || to->key == NULL || to->rule == NULL || to->reason == NULL)
		return err_memory(e);
	return print_path(l->p, c, &to->path, e);
}

static bool
end_batch(struct look *l, struct err *e)
{
	for (size_t i = 0; l->diff != NULL && i < l->diff->n; i++)
		if (!keep(l, &l->diff->changes[i], e))
			return false;
	TALLOC_FREE(l->diff); /* with what its resources were */
	l->n = 0;
	return true;
}

/* ---- what a value was before it became what it is ---- */

/* What is off, or on by half. */
static bool
was_enabled(struct str s)
{
	return str_caseeqz(s, "disabled") || (s.n > 7 && str_starts(s, "enabled"));
}

/* Booleans were the other one, words of that kind "enabled"; all else was not there: *out stays
 * null. */
static bool
before(TALLOC_CTX *mem, const struct json *v, struct json *out, struct err *e)
{
	*out = (struct json) { .type = JSON_NULL };
	if (v->type == JSON_TRUE || v->type == JSON_FALSE)
		out->type = v->type == JSON_TRUE ? JSON_FALSE : JSON_TRUE;
	if (v->type == JSON_STRING && was_enabled(v->text))
		*out = (struct json) { .type = JSON_STRING, .text = STR("enabled") };
	if (v->type != JSON_OBJECT)
		return true;
	out->items = talloc_array(mem, struct json, v->n + 1);
	out->names = talloc_array(mem, struct str, v->n + 1);
	if (out->items == NULL || out->names == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < v->n; i++) {
		if (!before(mem, &v->items[i], &out->items[out->n], e))
			return false;
		out->names[out->n] = v->names[i];
		out->n += out->items[out->n].type != JSON_NULL;
	}
	out->type = out->n > 0 ? JSON_OBJECT : JSON_NULL;
	return true;
}

/* Each member of an object for itself: of a whole value that is new only the worst place is named.
 */
static bool
judge(const struct ingest *in, struct look *l, const struct resource *r, struct err *e)
{
	struct json     was;
	struct resource from = { r->category, r->key, &was };
	bool            object = r->value->type == JSON_OBJECT;

	if (l->diff == NULL)
		l->diff = diff_make(l->p, in->spec->compare, in->spec->rules, in->work, e);
	if (l->diff == NULL || (object && !before(l->diff, r->value, &was, e)))
		return false;
	if (object)
		was.type = JSON_OBJECT; /* of nothing, where there was nothing */
	if (!diff_resource(l->diff, object ? &from : NULL, r, e) || !diff_detach(l->diff, 0, e))
		return false;
	return ++l->n < BATCH || end_batch(l, e);
}

static int64_t
grave(const struct look *l)
{
	return l->count[SEVERITY_CRITICAL] + l->count[SEVERITY_HIGH];
}

static bool
print_look(struct look *l, struct raw_json *out, struct err *e)
{
	struct buf b;
	int64_t    told = 0;

	buf_make(&b, l->p);
	buf_printf(&b, "{\"critical\":%lld,\"high\":%lld,\"changes\":[",
	    (long long)l->count[SEVERITY_CRITICAL], (long long)l->count[SEVERITY_HIGH]);
	for (enum severity v = SEVERITY__MAX; v-- > SEVERITY_HIGH;)
		for (int64_t i = 0; i < l->count[v] && i < LOOK_MAX && told < LOOK_MAX; i++) {
			buf_puts(&b, told++ == 0 ? "" : ",");
			if (!schema_encode(&b, &look_change_schema, &l->found[v][i], e))
				return false;
		}
	buf_printf(&b, "],\"more\":%lld}", (long long)(grave(l) - told));
	out->text = buf_text(&b, e);
	return out->text != NULL;
}

static bool
look_at(const struct ingest *in, struct look *l, struct plan_collection *c, struct err *e)
{
	const struct normal_snapshot *s = in->snapshot;
	int64_t                       before = grave(l);
	size_t                        low = 0, high = s->n;

	while (low < high) {
		size_t at = low + (high - low) / 2;

		if (str_cmp(s->items[at].r.category, c->category) < 0)
			low = at + 1;
		else
			high = at;
	}
	for (; low < s->n && str_eq(s->items[low].r.category, c->category); low++)
		if (!judge(in, l, &s->items[low].r, e))
			return false;
	if (!end_batch(l, e))
		return false;
	c->row.look_due = false;
	c->row.look_report = grave(l) > before ? l->p->report.id : (struct uuid) { 0 };
	return true;
}

static bool
is_due(const struct plan *p, const struct plan_collection *c)
{
	return c->enters || (c->read && c->was.look_due && !p->before.golden);
}

bool
first_look_make(const struct ingest *in, struct plan *p, struct err *e)
{
	struct look *l;

	if (p->kind != PLAN_NEXT)
		return true;
	l = talloc_zero(p, struct look);
	if (l == NULL)
		return err_memory(e);
	l->p = p;
	for (size_t i = 0; i < p->collections.n; i++)
		if (is_due(p, &p->collections.of[i]) && !look_at(in, l, &p->collections.of[i], e))
			return false;
	return grave(l) == 0 || print_look(l, &p->report.first_look, e);
}
