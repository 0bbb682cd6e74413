/* routes.h: the rules of a config, and what they have met. */
#include "drift/service/config.h"
#include "fcgi/drift/drift.h"
#include "fcgi/routes.h"

struct rule_view {
	const char     *kind, *source, *name, *does, *path;
	int64_t         position;
	struct raw_json names, category, rule;
	instant         since, last_matched_at;
	int64_t         snapshots, matches, quiet_snapshots;
	bool            dead;
};
static const struct field rule_view_fields[] = {
	FIELD(struct rule_view, kind, .doc = "normalise or severity."),
	FIELD(struct rule_view, source, .doc = "config, or the rule pack it comes from."),
	FIELD(struct rule_view, position, .doc = "In that list of its source, from 0."),
	FIELD(struct rule_view, name, .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "As a change names it; absent of a normaliser."),
	FIELD(struct rule_view, does, .doc = "What it does: ignore, mask ..., or its severity."),
	FIELD(struct rule_view, path, .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "Its path pattern; absent when it goes by the names of members."),
	FIELD(struct rule_view, names, .flags = FIELD_OMIT_ZERO,
	    .doc = "Its globs on the names of members."),
	FIELD(struct rule_view, category, .flags = FIELD_OMIT_ZERO, .doc = "In which categories."),
	FIELD(struct rule_view, rule, .doc = "The whole rule, as it was written."),
	FIELD(struct rule_view, since, .flags = FIELD_NULLABLE,
	    .doc = "When the first snapshot came that it took part in; null: none so far, or a "
		   "rule of a pack that never matched."),
	FIELD(struct rule_view, snapshots, .doc = "How many snapshots it has taken part in."),
	FIELD(struct rule_view, matches,
	    .doc = "Places it met, or changes it decided, in the newest snapshot."),
	FIELD(struct rule_view, last_matched_at, .flags = FIELD_NULLABLE,
	    .doc = "When a snapshot came that it last matched in; null: never."),
	FIELD(struct rule_view, quiet_snapshots,
	    .doc = "Snapshots since that one; 0: it matched in the newest, -1: it never did."),
	FIELD(struct rule_view, dead,
	    .doc = "It has matched nothing in the last 20 snapshots, and does nothing else than "
		   "leave out or change values: only rules of the config itself are held to that."),
	FIELD_END,
};
static const struct schema rule_view_schema =
    SCHEMA("DriftRule", struct rule_view, rule_view_fields);

static bool
print(TALLOC_CTX *mem, const struct json *v, struct raw_json *out, struct err *e)
{
	struct buf b;

	if (v == NULL)
		return true;
	buf_make(&b, mem);
	json_print(&b, v);
	out->text = b.p;
	return buf_ok(&b) || err_memory(e);
}

static bool
text_of(
    TALLOC_CTX *mem, const struct json *rule, const char *member, const char **out, struct err *e)
{
	const struct json *v = json_get(rule, member);

	if (v == NULL || v->type != JSON_STRING)
		return true;
	*out = str_dup(mem, v->text);
	return *out != NULL || err_memory(e);
}

static bool
rule_show(TALLOC_CTX *mem, const struct rule_seen *s, struct rule_view *out, struct err *e)
{
	const struct json *rule = s->origin->text;

	*out = (struct rule_view) {
		.kind = s->severity ? "severity" : "normalise",
		.source = "config",
		.position = s->origin->index,
		.name = s->name,
		.since = s->since,
		.last_matched_at = s->last,
		.snapshots = s->runs,
		.matches = s->matches,
		.quiet_snapshots = s->quiet,
		.dead = s->dead,
	};
	if (s->origin->pack.n > 0)
		out->source = str_dup(mem, s->origin->pack);
	return out->source == NULL
		   ? err_memory(e)
		   : text_of(mem, rule, s->severity ? "severity" : "how", &out->does, e) &&
			 text_of(mem, rule, "path", &out->path, e) &&
			 print(mem, json_get(rule, "names"), &out->names, e) &&
			 print(mem, json_get(rule, "category"), &out->category, e) &&
			 print(mem, rule, &out->rule, e);
}

struct rules_query {
	bool dead;
};
static const struct field rules_query_fields[] = {
	FIELD(struct rules_query, dead, .doc = "true: dead ones only."),
	FIELD_END,
};
static const struct schema rules_query_schema =
    SCHEMA("DriftRulesQuery", struct rules_query, rules_query_fields);

static bool
list_rules(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct rules_query *q = r->query;
	struct items             *out = answer;
	struct rule_view         *views;
	struct rule_seen         *seen;
	const struct acting      *a = acting_of(r, e);
	size_t                    n;

	(void)body;
	if (a == NULL || !config_rules(a, &r->id0, &seen, &n, e))
		return false;
	views = talloc_zero_size(r->mem, (n + 1) * sizeof(*views));
	if (views == NULL)
		return err_memory(e);
	*out = (struct items) { views, 0 };
	for (size_t i = 0; i < n; i++)
		if ((q == NULL || !q->dead || seen[i].dead) &&
		    !rule_show(r->mem, &seen[i], &views[out->n++], e))
			return false;
	return true;
}

const struct route rule_routes[] = {
	ROUTE_Q(GET, "/api/drift/configs/{id}/rules", rules_query, ALLOW(READ, DRIFT), RATE_READ,
	    200, list_rules, IN_NONE, OUT_LIST(rule_view),
	    "Lists all rules of a config and its packs, with what "
	    "they have met and which are dead."),
	ROUTE_END,
};
