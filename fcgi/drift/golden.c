/* routes.h: golden baselines. */
#include "drift/service/golden.h"
#include "core/web/etag.h"
#include "drift/engine/compare.h"
#include "fcgi/drift/drift.h"
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
static const struct schema golden_resource_schema =
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

/* A golden baseline as it is answered. */
struct golden_out {
	struct uuid  id;
	const char  *name, *description, *owner;
	bool         shared;
	uint64_t     version;
	int64_t      resource_count;
	instant      created_at, updated_at;
	struct items resources, variables, history;
};
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

struct golden_in {
	const char  *name, *description;
	struct items resources; /* struct push_resource */
	struct uuid  snapshot_id;
	struct items variables; /* struct golden_variable */
	bool         shared;
	uint64_t     given;
};
#define BODY(required)                                                                             \
	FIELD(struct golden_in, name, .min = 1, .max = 200, .flags = required | FIELD_SEEN,        \
	    .doc = "Name, unique."),                                                               \
	    FIELD(struct golden_in, description, .max = 2000,                                      \
		.flags = FIELD_NULLABLE | FIELD_SEEN, .doc = "What it is for."),                   \
	    FIELD(struct golden_in, resources, .min = 1, .max = GOLDEN_RESOURCES_MAX,              \
		.item = &golden_resource_schema,                                                   \
		.doc = "What there has to be; this or `snapshot_id`."),                            \
	    FIELD(struct golden_in, snapshot_id, .flags = FIELD_NULLABLE,                          \
		.doc = "A complete snapshot of this tenant: its resources, with percent signs "    \
		       "doubled; needs read:snapshots."),                                          \
	    FIELD(struct golden_in, variables, .max = GOLDEN_VARIABLES_MAX,                        \
		.item = &golden_variable_schema, .doc = "What a config may or must give."),        \
	    FIELD(struct golden_in, shared,                                                        \
		.doc = "Every tenant may bind configs to it; of the platform only."),              \
	    FIELD_END
static const struct field  create_fields[] = { BODY(FIELD_REQUIRED) };
static const struct field  update_fields[] = { BODY(0) };
static const struct schema golden_create_schema =
    SCHEMA_GIVEN("GoldenBaselineCreate", struct golden_in, create_fields, given);
static const struct schema golden_update_schema =
    SCHEMA_GIVEN("GoldenBaselineUpdate", struct golden_in, update_fields, given);

/* ---- showing ---- */

static struct golden_out
head_show(const struct acting *a, const struct golden_seen *s)
{
	const struct golden *g = &s->row;

	return (struct golden_out) {
		.id = g->id,
		.name = g->name,
		.description = g->description,
		.owner = golden_owner(a, s->foreign),
		.shared = g->shared,
		.version = g->version,
		.resource_count = g->resources,
		.created_at = g->created_at,
		.updated_at = g->updated_at,
	};
}

/* Without values not even what they are made of is read. */
static bool
value_show(const struct acting *a, const struct compare_spec *none, struct resource *one,
    struct raw_json *out, struct err *e)
{
	struct buf b;

	*out = (struct raw_json) { .text = VIEW_WITHHELD_JSON };
	if (!a->view.values)
		return true;
	if (!resource_normalise(a->by.mem, none, one, RESOURCE_STORED, a->work, e))
		return err_note(e, "showing a stored template");
	buf_make(&b, a->by.mem);
	resource_print(&b, one->value);
	out->text = buf_text(&b, e);
	return out->text != NULL;
}

static bool
content_show(
    const struct acting *a, const struct golden_content *c, struct golden_out *out, struct err *e)
{
	TALLOC_CTX           *mem = a->by.mem;
	struct push_resource *rows = talloc_zero_size(mem, (c->n + 1) * sizeof(*rows));
	struct compare_spec  *none =
	    compare_compile(mem, NULL, NULL, 0, a->by.t->address_key, a->work, e);

	if (rows == NULL || none == NULL)
		return err_memory(e);
	for (size_t i = 0; i < c->n; i++) {
		struct resource one = c->resources[i];

		if (!value_show(a, none, &one, &rows[i].value, e))
			return false;
		rows[i].category = str_dup(mem, one.category);
		rows[i].key = str_dup(mem, one.key);
		if (rows[i].category == NULL || rows[i].key == NULL)
			return err_memory(e);
	}
	for (size_t i = 0; i < c->variables_n; i++)
		view_raw(a->view, &c->variables[i].fallback);
	out->resources = (struct items) { rows, c->n };
	out->variables = (struct items) { c->variables, c->variables_n };
	return true;
}

static bool
versions_show(TALLOC_CTX *mem, const struct golden_seen *s, struct items *out, struct err *e)
{
	struct version_out *v = talloc_zero_size(mem, (s->versions_n + 1) * sizeof(*v));

	if (v == NULL)
		return err_memory(e);
	for (size_t i = 0; i < s->versions_n; i++)
		v[i] = (struct version_out) { s->versions[i].version, s->versions[i].author,
			s->versions[i].at };
	*out = (struct items) { v, s->versions_n };
	return true;
}

static bool
golden_show(
    const struct acting *a, const struct golden_seen *s, struct golden_out *out, struct err *e)
{
	*out = head_show(a, s);
	return content_show(a, &s->content, out, e) &&
	       (s->foreign || versions_show(a->by.mem, s, &out->history, e));
}

/* As it is now: changes are held against its revision. */
static bool
answer_golden(struct request *r, const struct acting *a, const struct golden_seen *s, void *answer,
    struct err *e)
{
	return etag_set(r, etag_number(s->row.revision), e) && golden_show(a, s, answer, e);
}

/* ---- handlers ---- */

static bool
fetch_golden(struct request *r, struct list_page *p, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	p->with = a;
	return a != NULL && golden_page(a, &p->page, e);
}

static bool
show_row(struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	(void)r, (void)e;
	*(struct golden_out *)out = head_show(p->with, row);
	return true;
}
static const struct list_ops golden_list_ops = {
	fetch_golden,
	LIST_OF(struct golden_seen, row.id),
	show_row,
};

static bool
get_golden(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct golden_query *q = r->query;
	const struct acting       *a = acting_of(r, e);
	struct golden_seen         seen;

	(void)body;
	if (a == NULL || !golden_see(a, &r->id0, (uint64_t)q->version, &seen, e))
		return false;
	return q->version != 0 ? golden_show(a, &seen, answer, e)
			       : answer_golden(r, a, &seen, answer, e);
}

static bool
golden_found(struct request *r, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	return a != NULL && golden_there(a, &r->id0, e);
}

static struct golden_wish
wish_of(const struct schema *s, const struct golden_in *in)
{
	bool described = (in->given & schema_bit(s, "description")) != 0;

	return (struct golden_wish) {
		.name = in->name,
		.description = described && in->description == NULL ? "" : in->description,
		.resources = in->resources.p,
		.resources_n = in->resources.n,
		.has_resources = (in->given & schema_bit(s, "resources")) != 0,
		.variables = in->variables.p,
		.variables_n = in->variables.n,
		.has_variables = (in->given & schema_bit(s, "variables")) != 0,
		.snapshot_id = in->snapshot_id,
		.shared = in->shared,
		.has_shared = (in->given & schema_bit(s, "shared")) != 0,
	};
}

static bool
make_golden(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct golden_wish wish = wish_of(&golden_create_schema, body);
	const struct acting     *a = acting_of(r, e);
	struct golden_seen       made;

	return a != NULL && golden_make(a, &wish, &made, e) &&
	       answer_golden(r, a, &made, answer, e);
}

static bool
change_golden(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct golden_wish wish = wish_of(&golden_update_schema, body);
	const struct acting     *a = acting_of(r, e);
	struct golden_seen       now;

	return a != NULL && golden_alter(a, &r->id0, &wish, &now, e) &&
	       answer_golden(r, a, &now, answer, e);
}

static bool
drop_golden(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	(void)body, (void)answer;
	return a != NULL && golden_erase(a, &r->id0, e);
}

const struct route golden_routes[] = {
	ROUTE_LIST("/api/drift/golden-baselines", list_query, ALLOW(READ, DRIFT), &golden_list_ops,
	    OUT_LIST(golden_out),
	    "Lists golden baselines, this tenant's and those the platform shares, newest first."),
	ROUTE(POST, "/api/drift/golden-baselines", ALLOW(CREATE, DRIFT), RATE_WRITE, 201,
	    make_golden, IN_SNAPSHOT(golden_create), OUT(golden_out),
	    "Makes a golden baseline: a template that configs are bound to by PUT .../baseline. It "
	    "does "
	    "not watch places that a config masks."),
	ROUTE_Q(GET, "/api/drift/golden-baselines/{id}", golden_query, ALLOW(READ, DRIFT),
	    RATE_READ, 200, get_golden, IN_NONE, OUT_TAGGED(golden_out),
	    "Shows a golden baseline with what it holds."),
	ROUTE_FOUND(golden_found, NULL, PUT, "/api/drift/golden-baselines/{id}",
	    ALLOW(UPDATE, DRIFT), RATE_WRITE, 200, change_golden, IN_SNAPSHOT(golden_update),
	    OUT(golden_out),
	    "Changes the members it names; bound configs follow with their next snapshot."),
	ROUTE(DELETE_, "/api/drift/golden-baselines/{id}", ALLOW(DELETE, DRIFT), RATE_WRITE, 204,
	    drop_golden, IN_NONE, OUT_NONE, "Drops a golden baseline that no config is bound to."),
	ROUTE_END,
};
