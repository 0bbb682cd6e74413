#include <string.h>

#include "core/web/etag.h"
#include "drift/engine/compare.h"
#include "fcgi/drift/golden.h"
#include "fcgi/routes.h"

/* ---- what is taken and answered ---- */

static const struct field resource_fields[] = {
	FIELD(struct push_resource, category, .min = 1, .max = RESOURCE_CATEGORY_MAX,
	    .flags = FIELD_REQUIRED, .doc = "Collection it belongs to; taken as it is."),
	FIELD(struct push_resource, key, .max = RESOURCE_KEY_MAX, .flags = FIELD_REQUIRED,
	    .doc = "Its key in the collection; may hold %variables%."),
	FIELD(struct push_resource, value, .flags = FIELD_REQUIRED,
	    .doc = "Any JSON value. In its strings %name% is a variable (alone: its value of any "
		   "type; inside a text: its text) and %% a percent sign; what is always masked is "
		   "shown as [masked]."),
	FIELD_END,
};
const struct schema golden_resource_schema =
    SCHEMA("GoldenResource", struct push_resource, resource_fields);

struct version_out {
	uint64_t    version;
	const char *author;
	instant     at;
};
static const struct field version_fields[] = {
	FIELD(struct version_out, version, .doc = "Number of the version."),
	FIELD(struct version_out, author,
	    .doc = "Who made it: an address, or key:NAME of an API key."),
	FIELD(struct version_out, at, .doc = "When."),
	FIELD_END,
};
static const struct schema version_schema =
    SCHEMA("GoldenBaselineVersion", struct version_out, version_fields);

static const struct field golden_out_fields[] = {
	FIELD(struct golden_out, id, .doc = "Number of the golden baseline."),
	FIELD(struct golden_out, name, .doc = "Name, unique in its tenant."),
	FIELD(struct golden_out, description, .doc = "What it is for."),
	FIELD(struct golden_out, owner,
	    .doc = "tenant: this one's; platform: the platform's, which alone may change it."),
	FIELD(struct golden_out, shared, .doc = "Every tenant may bind configs to it."),
	FIELD(
	    struct golden_out, version, .doc = "Raised by every change of resources or variables."),
	FIELD(struct golden_out, resource_count, .doc = "How many resources it has."),
	FIELD(struct golden_out, created_at, .doc = "When it was made."),
	FIELD(struct golden_out, updated_at, .doc = "When it was last changed."),
	FIELD(struct golden_out, resources, .item = &golden_resource_schema,
	    .flags = FIELD_OMIT_ZERO,
	    .doc = "What there has to be; not in a list. Values are " VIEW_WITHHELD
		   " without read:snapshots."),
	FIELD(struct golden_out, variables, .item = &golden_variable_schema,
	    .flags = FIELD_OMIT_ZERO,
	    .doc = "What a config may or must give; not in a list. Defaults are " VIEW_WITHHELD
		   " without read:snapshots."),
	FIELD(struct golden_out, history, .item = &version_schema, .flags = FIELD_OMIT_ZERO,
	    .doc = "Its versions, the newest 200; to their owner only, and not in a list."),
	FIELD_END,
};
static const struct schema golden_out_schema =
    SCHEMA("GoldenBaseline", struct golden_out, golden_out_fields);

struct golden_query {
	int64_t version;
};
static const struct field golden_query_fields[] = {
	FIELD(struct golden_query, version, .min = 1, .max = INT64_MAX,
	    .doc = "What an earlier version held."),
	FIELD_END,
};
static const struct schema golden_query_schema =
    SCHEMA("GoldenBaselineQuery", struct golden_query, golden_query_fields);

const char *
golden_owner(const struct request *r, bool foreign)
{
	return foreign || tenant_is_platform(r->db->tenant) ? "platform" : "tenant";
}

static struct golden_out
head_show(const struct request *r, const struct golden *g, bool foreign)
{
	return (struct golden_out) { .id = g->id,
		.name = g->name,
		.description = g->description,
		.owner = golden_owner(r, foreign),
		.shared = g->shared,
		.version = g->version,
		.resource_count = g->resources,
		.created_at = g->created_at,
		.updated_at = g->updated_at };
}

/* ---- the list: this tenant's and those it is shared, in one order ---- */

struct golden_row {
	struct golden g;
	bool          foreign;
};

static bool
fetch_golden(struct request *r, struct list_page *p, struct err *e)
{
	struct golden_row *out = talloc_zero_size(r->mem, p->want * sizeof(*out));
	struct golden     *own, *all = NULL;
	size_t             own_n, all_n = 0, i = 0, j = 0;

	if (out == NULL)
		return err_memory(e);
	if (!golden_list(r->db->db, r->mem, &p->after, p->want, &own, &own_n, e) ||
	    (!tenant_is_platform(r->db->tenant) &&
		!golden_shared_list(r->db->db, r->mem, &p->after, p->want, &all, &all_n, e)))
		return false;
	while (p->n < p->want && (i < own_n || j < all_n)) {
		bool mine = j == all_n || (i < own_n && memcmp(own[i].id.b, all[j].id.b,
							    sizeof(own[i].id.b)) > 0);

		out[p->n++] = (struct golden_row) { mine ? own[i] : all[j], !mine };
		i += mine;
		j += !mine;
	}
	return list_rows(p, out);
}

static bool
show_golden(struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	const struct golden_row *g = row;

	(void)p, (void)e;
	*(struct golden_out *)out = head_show(r, &g->g, g->foreign);
	return true;
}
static const struct list_ops golden_list_ops = { fetch_golden, LIST_OF(struct golden_row, g.id),
	show_golden };

/* ---- one ---- */

/* Without values not even what they are made of is read. */
static bool
show_text(struct request *r, struct view v, const struct compare_spec *none, struct resource *one,
    struct raw_json *out, struct err *e)
{
	struct buf b;

	*out = (struct raw_json) { .text = VIEW_WITHHELD_JSON };
	if (!v.values)
		return true;
	if (!resource_normalise(r->mem, none, one, RESOURCE_STORED, &r->work, e))
		return err_note(e, "showing a stored template");
	buf_make(&b, r->mem);
	resource_print(&b, one->value);
	out->text = b.p;
	return buf_ok(&b) || err_memory(e);
}

static bool
show_resources(struct request *r, struct view v, const struct golden_content *c,
    struct golden_out *out, struct err *e)
{
	struct push_resource *rows = talloc_zero_size(r->mem, (c->n + 1) * sizeof(*rows));
	struct compare_spec  *none =
	    compare_compile(r->mem, NULL, NULL, 0, r->db->address_key, &r->work, e);

	if (rows == NULL || none == NULL)
		return err_memory(e);
	for (size_t i = 0; i < c->n; i++) {
		struct resource one = c->resources[i];

		if (!show_text(r, v, none, &one, &rows[i].value, e))
			return false;
		rows[i].category = str_dup(r->mem, one.category);
		rows[i].key = str_dup(r->mem, one.key);
		if (rows[i].category == NULL || rows[i].key == NULL)
			return err_memory(e);
	}
	for (size_t i = 0; i < c->variables_n; i++)
		view_raw(v, &c->variables[i].fallback);
	out->resources = (struct items) { rows, c->n };
	out->variables = (struct items) { c->variables, c->variables_n };
	return true;
}

static bool
show_history(struct request *r, const struct uuid *id, struct items *out, struct err *e)
{
	struct golden_version *rows;
	struct version_out    *v;
	size_t                 n;

	if (!golden_versions(r->db->db, r->mem, id, &rows, &n, e))
		return false;
	v = talloc_zero_size(r->mem, (n + 1) * sizeof(*v));
	if (v == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		v[i] = (struct version_out) { rows[i].version, rows[i].author, rows[i].at };
	*out = (struct items) { v, n };
	return true;
}

bool
golden_tag(struct request *r, const struct golden *g, struct err *e)
{
	return etag_set(r, etag_number(g->revision), e);
}

bool
golden_show(struct request *r, struct view v, struct golden *g, bool foreign,
    struct golden_out *out, struct err *e)
{
	struct golden_content c;

	if (!golden_load(r->db, r->mem, g, foreign, &c, e))
		return false;
	*out = head_show(r, g, foreign);
	return show_resources(r, v, &c, out, e) &&
	       (foreign || show_history(r, &g->id, &out->history, e));
}

/* What a template held: only its owner has the earlier ones. */
static bool
rotation_back(struct request *r, struct golden *g, bool foreign, uint64_t version, struct err *e)
{
	struct golden_version v;

	if (version == g->version)
		return true;
	if (foreign)
		return err_set(e, ERR_MISSING, 0,
		    "Of a shared golden baseline only the newest version is to be had.",
		    "an earlier version of a shared template");
	if (!golden_version_of(r->db->db, r->mem, &g->id, version, &v, e))
		return false;
	g->address = v.address;
	g->version = v.version;
	return true;
}

static bool
get_golden(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct golden_query *q = r->query;
	struct golden_out         *out = answer;
	struct golden              g;
	bool                       foreign;

	(void)body;
	if (!golden_find(r->db, r->mem, &r->id0, &g, &foreign, e))
		return false;
	if (q != NULL && q->version != 0) {
		if (!rotation_back(r, &g, foreign, (uint64_t)q->version, e) ||
		    !golden_show(r, view_of(r), &g, foreign, out, e))
			return false;
		out->resource_count = (int64_t)out->resources.n;
		return true;
	}
	return golden_tag(r, &g, e) && golden_show(r, view_of(r), &g, foreign, out, e);
}

static bool
golden_there(struct request *r, struct err *e)
{
	struct golden g;
	bool          foreign;

	return golden_find(r->db, r->mem, &r->id0, &g, &foreign, e);
}

const struct route golden_routes[] = {
	ROUTE_LIST("/api/drift/golden-baselines", list_query, ALLOW(READ, DRIFT), &golden_list_ops,
	    OUT_LIST(golden_out),
	    "Lists golden baselines, this tenant's and those the platform shares, newest first."),
	ROUTE(POST, "/api/drift/golden-baselines", ALLOW(CREATE, DRIFT), RATE_WRITE, 201,
	    golden_make, IN_SNAPSHOT(golden_create), OUT(golden_out),
	    "Makes a golden baseline: a template that configs are bound to by PUT .../baseline. It "
	    "does "
	    "not watch places that a config masks."),
	ROUTE_Q(GET, "/api/drift/golden-baselines/{id}", golden_query, ALLOW(READ, DRIFT),
	    RATE_READ, 200, get_golden, IN_NONE, OUT_TAGGED(golden_out),
	    "Shows a golden baseline with what it holds."),
	ROUTE_FOUND(golden_there, PUT, "/api/drift/golden-baselines/{id}", ALLOW(UPDATE, DRIFT),
	    RATE_WRITE, 200, golden_change, IN_SNAPSHOT(golden_update), OUT(golden_out),
	    "Changes the members it names; bound configs follow with their next snapshot."),
	ROUTE(DELETE_, "/api/drift/golden-baselines/{id}", ALLOW(DELETE, DRIFT), RATE_WRITE, 204,
	    golden_drop_one, IN_NONE, OUT_NONE,
	    "Drops a golden baseline that no config is bound to."),
	ROUTE_END,
};
