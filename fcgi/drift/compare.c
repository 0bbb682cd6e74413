/* routes.h: two things compared by choice. */
#include "fcgi/drift/compare.h"
#include "fcgi/routes.h"

/* ---- what is compared ---- */

struct golden_side {
	struct uuid     id;
	struct raw_json variables;
};
static const struct field golden_side_fields[] = {
	FIELD(struct golden_side, id, .flags = FIELD_REQUIRED, .doc = "A golden baseline."),
	FIELD(struct golden_side, variables, .doc = "Object: name of a variable to its value."),
	FIELD_END,
};
static const struct schema golden_side_schema =
    SCHEMA("CompareGolden", struct golden_side, golden_side_fields);

struct side_in {
	struct uuid         snapshot_id;
	struct raw_json     value;
	struct golden_side *golden;
};
static const struct field side_fields[] = {
	FIELD(struct side_in, snapshot_id, .flags = FIELD_NULLABLE,
	    .doc = "A stored snapshot of this tenant."),
	FIELD(struct side_in, value, .doc = "Or a document."),
	FIELD(struct side_in, golden, .item = &golden_side_schema, .flags = FIELD_NULLABLE,
	    .doc = "Or a golden baseline, rendered with these variables."),
	FIELD_END,
};
static const struct schema side_schema = SCHEMA("CompareSide", struct side_in, side_fields);

struct one_resource {
	const char *category, *key;
};
static const struct field one_resource_fields[] = {
	FIELD(struct one_resource, category, .min = 1, .max = RESOURCE_CATEGORY_MAX,
	    .flags = FIELD_REQUIRED, .doc = "Its category."),
	FIELD(struct one_resource, key, .max = RESOURCE_KEY_MAX, .flags = FIELD_REQUIRED,
	    .doc = "Its key."),
	FIELD_END,
};
static const struct schema one_resource_schema =
    SCHEMA("CompareResource", struct one_resource, one_resource_fields);

struct compare_in {
	struct side_in      *left, *right;
	struct one_resource *resource;
	struct raw_json      compare, rules;
	struct strings       rule_packs;
};
static const struct field compare_in_fields[] = {
	FIELD(struct compare_in, left, .item = &side_schema, .flags = FIELD_REQUIRED,
	    .doc = "The old side."),
	FIELD(struct compare_in, right, .item = &side_schema, .flags = FIELD_REQUIRED,
	    .doc = "The new side."),
	FIELD(struct compare_in, resource, .item = &one_resource_schema, .flags = FIELD_NULLABLE,
	    .doc = "Only this resource; all of them when absent."),
	FIELD(struct compare_in, compare, .flags = FIELD_NULLABLE,
	    .doc = "How values are compared; as in the config of a snapshot when absent. What that "
		   "config does to values, its masks too, is done to both sides in any case, "
		   "before this."),
	FIELD(struct compare_in, rules, .flags = FIELD_NULLABLE,
	    .doc = "Severity rules; as in the config of a snapshot when absent."),
	FIELD(struct compare_in, rule_packs, .max = 16, .flags = FIELD_NULLABLE,
	    .doc = "Rule packs; those of the config of a snapshot when absent."),
	FIELD_END,
};
static const struct schema compare_in_schema =
    SCHEMA("DriftCompare", struct compare_in, compare_in_fields);

/* ---- the route ---- */

static struct compare_side
side_of(const struct side_in *in)
{
	const struct golden_side *g = in->golden;

	return (struct compare_side) {
		.snapshot_id = in->snapshot_id,
		.document = in->value.tree,
		.golden = g == NULL ? NULL : &g->id,
		.variables = g == NULL ? NULL : g->variables.tree,
	};
}

static bool
compare_two(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct compare_in   *in = body;
	const struct one_resource *one = in->resource;
	const struct compare_wish  wish = {
		 .left = side_of(in->left),
		 .right = side_of(in->right),
		 .category = one == NULL ? NULL : one->category,
		 .key = one == NULL ? NULL : one->key,
		 .text = r->json,
	};
	const struct acting *a = acting_of(r, e);
	struct compared      found;

	return a != NULL && compare_any(a, &wish, &found, e) && compare_show(a, &found, answer, e);
}

const struct route compare_routes[] = {
	ROUTE(POST, "/api/drift/compare", ALLOW(READ, DRIFT), RATE_SNAPSHOT, 200, compare_two,
	    IN_SNAPSHOT(compare_in), OUT(compare_out),
	    "Compares any two things: stored snapshots, documents or golden baselines. Masked "
	    "values are left out and named, unless both are documents. Nothing is stored. Without "
	    "read:snapshots what is stored is shown without values, and compared only with a "
	    "snapshot "
	    "of the same config or an empty document."),
	ROUTE_END,
};
