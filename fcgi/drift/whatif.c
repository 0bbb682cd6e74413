/* routes.h: another spec tried on stored history. */
#include <string.h>

#include "drift/service/whatif.h"
#include "fcgi/drift/drift.h"
#include "fcgi/routes.h"

struct whatif_in {
	struct raw_json rules, compare, thresholds;
	struct strings  rule_packs;
	int64_t         days;
};
static const struct field whatif_in_fields[] = {
	FIELD(struct whatif_in, rules, .flags = FIELD_NULLABLE,
	    .doc = "Rules instead of the config's."),
	FIELD(struct whatif_in, compare, .flags = FIELD_NULLABLE,
	    .doc = "How values are compared instead; what the config masks stays masked."),
	FIELD(struct whatif_in, thresholds, .flags = FIELD_NULLABLE,
	    .doc = "Thresholds instead of the config's, all of them."),
	FIELD(struct whatif_in, rule_packs, .max = 16, .flags = FIELD_NULLABLE,
	    .doc = "Rule packs instead."),
	FIELD(struct whatif_in, days, .min = 1, .max = 366, .flags = FIELD_REQUIRED,
	    .doc = "How far back; at most 200 snapshots are replayed."),
	FIELD_END,
};
static const struct schema whatif_in_schema =
    SCHEMA("DriftWhatIf", struct whatif_in, whatif_in_fields);

struct tally_out {
	int64_t         opened, updated, resolved, suppressed, changes, findings;
	struct raw_json opened_by_severity, by_severity, conditions, held_back;
};
static const struct field tally_fields[] = {
	FIELD(struct tally_out, opened, .doc = "Alerts that would have been opened."),
	FIELD(struct tally_out, updated, .doc = "How often an open one would have told of more."),
	FIELD(struct tally_out, resolved, .doc = "Alerts that would have ended by themselves."),
	FIELD(struct tally_out, suppressed,
	    .doc = "Alerts that would have been kept in the list without being told at first."),
	FIELD(struct tally_out, opened_by_severity,
	    .doc = "Object: severity to how many alerts would have been opened with it."),
	FIELD(struct tally_out, conditions,
	    .doc = "Object: blind, suspicious_collection, flapping, anomaly to how many alerts of "
		   "that kind would have been opened beside them."),
	FIELD(struct tally_out, held_back,
	    .doc = "Object: code of not_alerted to how much was held back so: changes of all runs "
		   "for what holds changes, runs for below_min_changes, below_min_score and "
		   "clear_runs. What held nothing is left out."),
	FIELD(struct tally_out, changes, .doc = "Counted changes, of all runs together."),
	FIELD(struct tally_out, findings,
	    .doc = "Of them, of at least min_severity, and not held back."),
	FIELD(struct tally_out, by_severity, .doc = "Object: severity to how many changes."),
	FIELD_END,
};
static const struct schema tally_schema =
    SCHEMA("DriftWhatIfTally", struct tally_out, tally_fields);

struct whatif_out {
	int64_t           runs;
	bool              more;
	struct tally_out *before, *after;
	struct strings    not_replayed;
};
static const struct field whatif_out_fields[] = {
	FIELD(struct whatif_out, runs, .doc = "Snapshots that were replayed."),
	FIELD(struct whatif_out, more, .doc = "There were more in that time."),
	FIELD(struct whatif_out, before, .item = &tally_schema, .doc = "With the config as it is."),
	FIELD(struct whatif_out, after, .item = &tally_schema, .doc = "With what the body says."),
	FIELD(struct whatif_out, not_replayed,
	    .doc = "What takes no part on either side: silences; attribution, where rules ask who "
		   "made "
		   "a change, or when, which then never hold."),
	FIELD_END,
};
static const struct schema whatif_out_schema =
    SCHEMA("DriftWhatIfAnswer", struct whatif_out, whatif_out_fields);

/* ---- showing ---- */

static bool
show_conditions(TALLOC_CTX *mem, const int64_t *n, struct raw_json *out, struct err *e)
{
	static const char *const kinds[] = {
#define X(id, wire) wire,
		WHATIF_KINDS(X)
#undef X
	};
	struct buf b;

	buf_make(&b, mem);
	for (enum whatif_kind k = 0; k < WHATIF_KIND__MAX; k++)
		buf_printf(&b, "%s\"%s\":%lld", k == 0 ? "{" : ",", kinds[k], (long long)n[k]);
	buf_putc(&b, '}');
	out->text = b.p;
	return buf_ok(&b) || err_memory(e);
}

static void
show_one(struct buf *b, const char *code, int64_t n)
{
	if (n > 0)
		buf_printf(b, "%s\"%s\":%lld", b->n > 1 ? "," : "", code, (long long)n);
}

static bool
show_held(TALLOC_CTX *mem, const struct whatif_tally *in, struct raw_json *out, struct err *e)
{
	static const enum why whys[] = { WHY_MIN_CHANGES, WHY_MIN_SCORE, WHY_CLEAR_RUNS };
	struct buf            b;

	buf_make(&b, mem);
	buf_putc(&b, '{');
	show_one(&b, why_code(WHY_MIN_SEVERITY), in->held[HOLD_NONE]);
	for (enum hold_reason h = HOLD_NONE + 1; h < HOLD__MAX; h++)
		show_one(&b, hold_code(h), in->held[h]);
	for (size_t i = 0; i < sizeof(whys) / sizeof(whys[0]); i++)
		show_one(&b, why_code(whys[i]), in->why[whys[i]]);
	buf_putc(&b, '}');
	out->text = b.p;
	return buf_ok(&b) || err_memory(e);
}

static bool
show(TALLOC_CTX *mem, const struct whatif_tally *in, struct tally_out **out, struct err *e)
{
	*out = talloc_zero(mem, struct tally_out);
	if (*out == NULL)
		return err_memory(e);
	**out = (struct tally_out) {
		.opened = in->opened,
		.updated = in->updated,
		.resolved = in->resolved,
		.suppressed = in->suppressed,
		.changes = in->changes,
		.findings = in->findings,
	};
	return severities_print(mem, in->opened_by_severity, &(*out)->opened_by_severity, e) &&
	       severities_print(mem, in->by_severity, &(*out)->by_severity, e) &&
	       show_conditions(mem, in->conditions, &(*out)->conditions, e) &&
	       show_held(mem, in, &(*out)->held_back, e);
}

static bool
what_if(struct request *r, const void *body, void *answer, struct err *e)
{
	static const char *const without[] = { "silences", "attribution" };
	const struct whatif_in  *in = body;
	const struct acting     *a = acting_of(r, e);
	struct whatif_out       *out = answer;
	struct whatif            w;

	if (a == NULL || !whatif_ask(a, &r->id0, r->json, in->days, &w, e))
		return false;
	out->runs = w.runs;
	out->more = w.more;
	out->not_replayed.items = talloc_memdup(r->mem, without, sizeof(without));
	if (out->not_replayed.items == NULL)
		return err_memory(e);
	out->not_replayed.n = w.makers ? 2 : 1;
	return show(r->mem, &w.before, &out->before, e) && show(r->mem, &w.after, &out->after, e);
}

const struct route whatif_routes[] = {
	ROUTE(POST, "/api/drift/configs/{id}/what-if", ALLOW(READ, DRIFT), RATE_SNAPSHOT, 200,
	    what_if, IN(whatif_in), OUT(whatif_out),
	    "Replays stored history: the alerts that would have been sent, before and after. "
	    "rules, rule_packs, compare and thresholds.tolerance need read:snapshots, and so does "
	    "a "
	    "golden baseline for those who may write one. Masked values are not held against one."),
	ROUTE_END,
};
