#include <string.h>

#include "drift/run/whatif.h"
#include "fcgi/drift.h"
#include "fcgi/routes.h"

#define DAY_MS INT64_C(86400000)

struct whatif_in {
	struct raw_json rules, compare, thresholds;
	struct strings  rule_packs;
	int64_t         days;
};
static const struct field  whatif_in_fields[] = { FIELD(struct whatif_in, rules,
						      .flags = FIELD_NULLABLE,
						      .doc = "Rules instead of the config's."),
	 FIELD(struct whatif_in, compare, .flags = FIELD_NULLABLE,
	     .doc = "How values are compared instead."),
	 FIELD(struct whatif_in, thresholds, .flags = FIELD_NULLABLE,
	     .doc = "{min_severity} instead of the config's; the others are not replayed and "
		     "refused."),
	 FIELD(struct whatif_in, rule_packs, .max = 16, .flags = FIELD_NULLABLE,
	     .doc = "Rule packs instead."),
	 FIELD(struct whatif_in, days, .min = 1, .max = 366, .flags = FIELD_REQUIRED,
	     .doc = "How far back; at most 200 snapshots are replayed."),
	 FIELD_END };
static const struct schema whatif_in_schema =
    SCHEMA("DriftWhatIf", struct whatif_in, whatif_in_fields);

struct tally_out {
	int64_t         opened, updated, resolved, changes, findings;
	struct raw_json by_severity;
};
static const struct field  tally_fields[] = { FIELD(struct tally_out, opened,
						  .doc = "Alerts that would have been opened."),
	 FIELD(struct tally_out, updated, .doc = "How often an open one would have told of more."),
	 FIELD(struct tally_out, resolved, .doc = "Alerts that would have ended by themselves."),
	 FIELD(struct tally_out, changes, .doc = "Counted changes, of all runs together."),
	 FIELD(struct tally_out, findings, .doc = "Of them, of at least min_severity."),
	 FIELD(struct tally_out, by_severity, .doc = "Object: severity to how many changes."),
	 FIELD_END };
static const struct schema tally_schema =
    SCHEMA("DriftWhatIfTally", struct tally_out, tally_fields);

struct whatif_out {
	int64_t           runs;
	bool              more;
	struct tally_out *before, *after;
	struct strings    not_replayed;
};
static const struct field  whatif_out_fields[] = { FIELD(struct whatif_out, runs,
						       .doc = "Snapshots that were replayed."),
	 FIELD(struct whatif_out, more, .doc = "There were more in that time."),
	 FIELD(struct whatif_out, before, .item = &tally_schema, .doc = "With the config as it is."),
	 FIELD(struct whatif_out, after, .item = &tally_schema, .doc = "With what the body says."),
	 FIELD(struct whatif_out, not_replayed,
	     .doc = "Thresholds of the config that take no part on either side."),
	 FIELD_END };
static const struct schema whatif_out_schema =
    SCHEMA("DriftWhatIfAnswer", struct whatif_out, whatif_out_fields);

static bool
check_thresholds(struct request *r, const struct json *t, struct err *e)
{
	for (uint32_t i = 0; t != NULL && t->type == JSON_OBJECT && i < t->n; i++)
		if (!str_eqz(t->names[i], "min_severity"))
			return err_fault(e, r->mem, "/thresholds",
			    "only min_severity can be replayed over history");
	return true;
}

/* What the config has beyond min_severity, so that nobody takes the numbers for more than they are.
 */
static bool
not_replayed(struct request *r, const char *spec, struct strings *out, struct err *e)
{
	const struct json *tree = json_parse(r->mem, str_of(spec), e);
	const struct json *t = tree != NULL ? json_get(tree, "thresholds") : NULL;
	uint32_t           n = t != NULL && t->type == JSON_OBJECT ? t->n : 0;

	if (tree == NULL)
		return err_note(e, "reading a stored config");
	out->items = talloc_zero_array(r->mem, const char *, n + 1);
	if (out->items == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < n; i++) {
		if (str_eqz(t->names[i], "min_severity") || t->items[i].type == JSON_NULL)
			continue;
		out->items[out->n] = str_dup(r->mem, t->names[i]);
		if (out->items[out->n++] == NULL)
			return err_memory(e);
	}
	return true;
}

static bool
show(TALLOC_CTX *mem, const struct whatif_tally *in, struct tally_out **out, struct err *e)
{
	struct buf b;

	*out = talloc_zero(mem, struct tally_out);
	if (*out == NULL)
		return err_memory(e);
	buf_make(&b, mem);
	for (enum severity v = 0; v < SEVERITY__MAX; v++)
		buf_printf(&b, "%s\"%s\":%lld", v == 0 ? "{" : ",", severity_name(v),
		    (long long)in->by_severity[v]);
	buf_putc(&b, '}');
	**out = (struct tally_out) { in->opened, in->updated, in->resolved, in->changes,
		in->findings, { .text = b.p } };
	return buf_ok(&b) || err_memory(e);
}

static bool
what_if(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct whatif_in *in = body;
	struct whatif_out      *out = answer;
	struct drift           *d = drift_of(r->app, e);
	struct drift_config     c;
	struct drift_spec      *before, *after;
	struct whatif           w;
	char                   *text;
	instant                 since = { clock_ms(r->app->clock) - in->days * DAY_MS };

	if (d == NULL || !check_thresholds(r, in->thresholds.tree, e) ||
	    !config_by_id(r->db, r->mem, &r->id0, &c, e))
		return false;
	text = spec_merge(r->mem, c.spec, r->json, e);
	before = text != NULL ? spec_compile(r->mem, d, r->db, c.spec, e) : NULL;
	after = before != NULL ? spec_compile(r->mem, d, r->db, text, e) : NULL;
	if (after == NULL || !whatif_run(r->db, r->mem, &c, before, after, since, &w, e))
		return false;
	out->runs = w.runs;
	out->more = w.more;
	return not_replayed(r, c.spec, &out->not_replayed, e) &&
	       show(r->mem, &w.before, &out->before, e) && show(r->mem, &w.after, &out->after, e);
}

const struct route whatif_routes[] = {
	ROUTE(POST, "/api/drift/configs/{id}/what-if", ALLOW(READ, DRIFT), RATE_SNAPSHOT, 200,
	    what_if, IN(whatif_in), OUT(whatif_out),
	    "Replays stored history: the alerts that would have been sent, before and after."),
	ROUTE_END
};
