#include <stdio.h>
#include <string.h>

#include "core/store/golden_shared.h"
#include "core/store/history.h"
#include "drift/engine/compare.h"
#include "drift/run/golden.h"
#include "drift/source/push.h"
#include "fcgi/drift.h"
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
	FIELD_END
};
static const struct schema resource_schema =
    SCHEMA("GoldenResource", struct push_resource, resource_fields);

struct golden_in {
	const char  *name, *description;
	struct items resources; /* struct push_resource */
	struct uuid  snapshot_id;
	struct items variables; /* struct golden_variable */
	bool         shared;
	uint64_t     given;
};
#define BODY(required)                                                                             \
	FIELD(struct golden_in, name, .min = 1, .max = 200, .flags = required,                     \
	    .doc = "Name, unique."),                                                               \
	    FIELD(struct golden_in, description, .max = 2000, .flags = FIELD_NULLABLE,             \
		.doc = "What it is for."),                                                         \
	    FIELD(struct golden_in, resources, .min = 1, .max = GOLDEN_RESOURCES_MAX,              \
		.item = &resource_schema, .doc = "What there has to be; this or `snapshot_id`."),  \
	    FIELD(struct golden_in, snapshot_id, .flags = FIELD_NULLABLE,                          \
		.doc = "A complete snapshot of this tenant: its resources, with percent signs "    \
		       "doubled."),                                                                \
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

struct version_out {
	uint64_t    version;
	const char *author;
	instant     at;
};
static const struct field  version_fields[] = { FIELD(struct version_out, version,
						    .doc = "Number of the version."),
	 FIELD(struct version_out, author, .doc = "Who made it."),
	 FIELD(struct version_out, at, .doc = "When."), FIELD_END };
static const struct schema version_schema =
    SCHEMA("GoldenBaselineVersion", struct version_out, version_fields);

struct golden_out {
	struct uuid  id;
	const char  *name, *description, *owner;
	bool         shared;
	uint64_t     version;
	int64_t      resource_count;
	instant      created_at, updated_at;
	struct items resources, variables, history;
};
static const struct field  golden_out_fields[] = { FIELD(struct golden_out, id,
						       .doc = "Number of the golden baseline."),
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
	 FIELD(struct golden_out, resources, .item = &resource_schema, .flags = FIELD_OMIT_ZERO,
	     .doc = "What there has to be; not in a list."),
	 FIELD(struct golden_out, variables, .item = &golden_variable_schema,
	     .flags = FIELD_OMIT_ZERO, .doc = "What a config may or must give; not in a list."),
	 FIELD(struct golden_out, history, .item = &version_schema, .flags = FIELD_OMIT_ZERO,
	     .doc = "Its versions, the newest 200; to their owner only, and not in a list."),
	 FIELD_END };
static const struct schema golden_out_schema =
    SCHEMA("GoldenBaseline", struct golden_out, golden_out_fields);

struct golden_query {
	int64_t version;
};
static const struct field  golden_query_fields[] = { FIELD(struct golden_query, version, .min = 1,
							 .max = INT64_MAX,
							 .doc = "What an earlier version held."),
	 FIELD_END };
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

static bool
list_golden(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct list_query *q = r->query;
	int64_t                  limit = q == NULL ? 0 : q->limit;
	size_t                   most = list_rows(limit), own_n, all_n = 0, i = 0, j = 0, n = 0;
	struct golden           *own, *all = NULL;
	struct golden_out       *out = talloc_zero_size(r->mem, (most + 1) * sizeof(*out));
	struct uuid              after;

	(void)body;
	if (out == NULL)
		return err_memory(e);
	if (!list_cursor_read(q == NULL ? NULL : q->cursor, &after, e) ||
	    !golden_list(r->db->db, r->mem, &after, most, &own, &own_n, e) ||
	    (!tenant_is_platform(r->db->tenant) &&
		!golden_shared_list(r->db->db, r->mem, &after, most, &all, &all_n, e)))
		return false;
	while (n < most && (i < own_n || j < all_n)) {
		bool mine = j == all_n || (i < own_n && memcmp(own[i].id.b, all[j].id.b,
							    sizeof(own[i].id.b)) > 0);

		out[n++] = mine ? head_show(r, &own[i], false) : head_show(r, &all[j], true);
		i += mine;
		j += !mine;
	}
	return list_answer(
	    r, answer, out, n, sizeof(*out), offsetof(struct golden_out, id), limit, e);
}

/* ---- one ---- */

static bool
show_resources(
    struct request *r, const struct golden_content *c, struct golden_out *out, struct err *e)
{
	struct push_resource *rows = talloc_zero_size(r->mem, (c->n + 1) * sizeof(*rows));
	struct compare_spec  *none = compare_compile(r->mem, NULL, NULL, 0, r->db->address_key, e);

	if (rows == NULL || none == NULL)
		return err_memory(e);
	for (size_t i = 0; i < c->n; i++) {
		struct resource one = c->resources[i];
		struct buf      b;

		if (!resource_normalise(r->mem, none, &one, RESOURCE_STORED, e))
			return err_note(e, "showing a stored template");
		buf_make(&b, r->mem);
		resource_print(&b, one.value);
		rows[i] = (struct push_resource) { .category = str_dup(r->mem, one.category),
			.key = str_dup(r->mem, one.key),
			.value = { .text = b.p } };
		if (!buf_ok(&b) || rows[i].category == NULL || rows[i].key == NULL)
			return err_memory(e);
	}
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

static bool
set_etag(struct request *r, const struct golden *g, struct err *e)
{
	r->etag = talloc_asprintf(r->mem, "\"%llu\"", (unsigned long long)g->revision);
	return r->etag != NULL || err_memory(e);
}

static bool
show_one(struct request *r, struct golden *g, bool foreign, struct golden_out *out, struct err *e)
{
	struct golden_content c;

	if (!golden_load(r->db, r->mem, g, foreign, &c, e))
		return false;
	*out = head_show(r, g, foreign);
	return show_resources(r, &c, out, e) &&
	       (foreign || show_history(r, &g->id, &out->history, e));
}

/* What a template held: only its owner has the earlier ones. */
static bool
turn_back(struct request *r, struct golden *g, bool foreign, uint64_t version, struct err *e)
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
		if (!turn_back(r, &g, foreign, (uint64_t)q->version, e) ||
		    !show_one(r, &g, foreign, out, e))
			return false;
		out->resource_count = (int64_t)out->resources.n;
		return true;
	}
	return set_etag(r, &g, e) && show_one(r, &g, foreign, out, e);
}

/* ---- making and changing ---- */

struct golden_edit {
	struct request       *r;
	struct golden         was, g; /* was.revision 0: it is new */
	struct golden_content content;
	struct content        text;
	struct content_rows   rows;
	struct golden_body    body; /* of a shared one */
	struct golden_version version;
	bool                  renewed; /* the contents are others */
};

static bool
given(const struct schema *s, const struct golden_in *in, const char *name)
{
	return (in->given & schema_bit(s, name)) != 0;
}

static bool
take_resources(struct golden_edit *x, const struct golden_in *in, struct err *e)
{
	const struct push_resource *from = in->resources.p;
	TALLOC_CTX                 *mem = x->r->mem;

	x->content.resources =
	    talloc_zero_size(mem, (in->resources.n + 1) * sizeof(struct resource));
	if (x->content.resources == NULL)
		return err_memory(e);
	x->content.n = in->resources.n;
	x->content.masked = false;
	for (size_t i = 0; i < in->resources.n; i++)
		x->content.resources[i] = (struct resource) { str_of(from[i].category),
			str_of(from[i].key), from[i].value.tree };
	return true;
}

static bool
take_snapshot(struct golden_edit *x, const struct uuid *id, struct err *e)
{
	struct request       *r = x->r;
	struct golden_content c;
	struct snapshot       s;
	bool                  complete;

	if (!snapshot_by_id(r->db, r->mem, id, &s, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return err_fault(e, r->mem, "/snapshot_id", "no such snapshot of this tenant");
	}
	if (!snapshot_complete(r->mem, &s, &complete, e))
		return false;
	if (!complete)
		return err_fault(e, r->mem, "/snapshot_id",
		    "the snapshot is incomplete: what was not read is not what there has to be");
	if (!golden_of_snapshot(r->db, r->mem, &s, &c, e))
		return false;
	if (c.n == 0)
		return err_fault(e, r->mem, "/snapshot_id", "the snapshot has no resources");
	c.variables = x->content.variables;
	c.variables_n = x->content.variables_n;
	x->content = c;
	return true;
}

/* What the body names takes the place of what is there. */
static bool
take_content(
    struct golden_edit *x, const struct schema *s, const struct golden_in *in, struct err *e)
{
	bool list = given(s, in, "resources"), copy = !uuid_is_nil(&in->snapshot_id);
	bool fresh = x->was.revision == 0;
	enum resource_origin from = list ? RESOURCE_SOURCE : RESOURCE_STORED;

	if ((list && copy) || (fresh && !list && !copy))
		return err_fault(e, x->r->mem, "", "needs either resources or snapshot_id");
	if (given(s, in, "variables")) {
		x->content.variables = in->variables.p;
		x->content.variables_n = in->variables.n;
	}
	if ((list && !take_resources(x, in, e)) || (copy && !take_snapshot(x, &in->snapshot_id, e)))
		return false;
	return golden_check(x->r->mem, &x->content, from, e);
}

/* Numbers are as long as they may be; the text is what is compared with the version before. */
static bool
pack_content(struct golden_edit *x, struct err *e)
{
	struct request      *r = x->r;
	struct compare_spec *none = compare_compile(r->mem, NULL, NULL, 0, r->db->address_key, e);
	uint8_t             *address = talloc_size(r->mem, HASH_LEN);

	if (none == NULL || address == NULL)
		return err_memory(e);
	for (size_t i = 0; i < x->content.n; i++) {
		struct resource one = x->content.resources[i];

		if (!resource_normalise(r->mem, none, &one, RESOURCE_STORED, e))
			return false;
	}
	if (!golden_print(r->mem, &x->content, &x->text.text, e))
		return false;
	content_address(r->db, x->text.text, x->text.address);
	memcpy(address, x->text.address, HASH_LEN);
	x->renewed =
	    x->was.address.n != HASH_LEN || memcmp(x->was.address.p, address, HASH_LEN) != 0;
	x->g.address = (struct blob) { address, HASH_LEN };
	x->g.resources = (int64_t)x->content.n;
	x->g.masked = x->content.masked;
	x->g.version = x->was.version + x->renewed;
	return !x->renewed || content_pack(r->db, r->mem, r->app->rand, &x->text, 1, &x->rows, e);
}

static bool
check_shared(struct golden_edit *x, struct err *e)
{
	struct request *r = x->r;

	if (!x->g.shared)
		return true;
	if (!tenant_is_platform(r->db->tenant))
		return err_fault(e, r->mem, "/shared",
		    "only golden baselines of the platform can be shared: there are no grants "
		    "between tenants in this version");
	if (x->g.masked)
		return err_fault(e, r->mem, "/shared",
		    "it holds masked values, which mean nothing to another tenant");
	return golden_seal(r->db, r->mem, r->app->rand, &x->g, x->text.text, &x->body, e);
}

static bool
take_body(struct golden_edit *x, const struct schema *s, const struct golden_in *in, struct err *e)
{
	TALLOC_CTX *mem = x->r->mem;

	x->g.updated_at.ms = clock_ms(x->r->app->clock);
	if (in->name != NULL)
		x->g.name = talloc_strdup(mem, in->name);
	if (given(s, in, "description") || x->g.description == NULL)
		x->g.description =
		    talloc_strdup(mem, in->description == NULL ? "" : in->description);
	if (given(s, in, "shared"))
		x->g.shared = in->shared;
	if (!take_content(x, s, in, e) || !pack_content(x, e) || !check_shared(x, e))
		return false;
	x->version = (struct golden_version) { .golden_id = x->g.id,
		.version = x->g.version,
		.address = x->g.address,
		.author = talloc_strdup(mem, x->r->caller.name),
		.at = x->g.updated_at };
	return (x->g.name != NULL && x->g.description != NULL && x->version.author != NULL) ||
	       err_memory(e);
}

static bool
write_content(struct db *db, const struct golden_edit *x, struct err *e)
{
	return !x->renewed ||
	       (content_add(db, &x->rows, e) && golden_version_add(db, &x->version, e));
}

static bool
add_body(struct db *db, void *arg, struct err *e)
{
	struct golden_edit *x = arg;

	return golden_add(db, &x->g, e) && write_content(db, x, e) &&
	       (!x->g.shared || golden_publish(db, &x->g, &x->body, e));
}

static bool
set_body(struct db *db, void *arg, struct err *e)
{
	struct golden_edit *x = arg;
	struct golden       shown = x->g;
	bool                done;

	if (!golden_set(db, &x->g, &done, e))
		return false;
	if (!done)
		return err_set(e, ERR_CONFLICT, 0,
		    "The golden baseline was changed at the same time.", "the revision was outrun");
	shown.revision++;
	if (x->g.shared && !golden_publish(db, &shown, &x->body, e))
		return false;
	if (x->was.shared && !x->g.shared && !golden_withdraw(db, &x->g.id, e))
		return false;
	return write_content(db, x, e);
}

static bool
deed(struct request *r, tx_fn *body, void *arg, const struct golden *g, enum audit_action action,
    struct err *e)
{
	struct audit_entry entry = { .action = action,
		.success = true,
		.caller = &r->caller,
		.origin = &r->origin,
		.target_kind = "golden_baseline",
		.target_id = g->id };
	struct buf         b;

	buf_make(&b, r->mem);
	buf_puts(&b, "{\"name\":");
	buf_json(&b, str_of(g->name));
	buf_printf(&b, ",\"version\":%llu,\"shared\":%s}", (unsigned long long)g->version,
	    g->shared ? "true" : "false");
	entry.details = b.p;
	if (!buf_ok(&b))
		return err_memory(e);
	if (audit_deed(r->db, r->mem, r->app->auth, body, arg, &entry, e))
		return true;
	drift_taken(e, "A golden baseline of that name exists.");
	return false;
}

static bool
make_golden(struct request *r, const void *body, void *answer, struct err *e)
{
	struct golden_edit x = { .r = r,
		.g = { .id = uuid_make(r->app->clock, r->app->rand), .revision = 1 } };

	x.g.created_at.ms = clock_ms(r->app->clock);
	return take_body(&x, &golden_create_schema, body, e) &&
	       deed(r, add_body, &x, &x.g, AUDIT_GOLDEN_CREATE, e) && set_etag(r, &x.g, e) &&
	       show_one(r, &x.g, false, answer, e);
}

/* One that is shared with this tenant is not its to change. */
static bool
find_own(struct request *r, struct golden *g, struct err *e)
{
	bool foreign;

	if (!golden_find(r->db, r->mem, &r->id0, g, &foreign, e))
		return false;
	if (foreign)
		return err_set(e, ERR_FORBIDDEN, 0, "This golden baseline is the platform's.",
		    "changing a shared template");
	return set_etag(r, g, e) && request_if_match(r, r->etag, e);
}

static bool
change_golden(struct request *r, const void *body, void *answer, struct err *e)
{
	struct golden_edit x = { .r = r };

	if (!find_own(r, &x.was, e) || !golden_load(r->db, r->mem, &x.was, false, &x.content, e))
		return false;
	x.g = x.was;
	if (!take_body(&x, &golden_update_schema, body, e) ||
	    !deed(r, set_body, &x, &x.g, AUDIT_GOLDEN_UPDATE, e))
		return false;
	x.g.revision++;
	return set_etag(r, &x.g, e) && show_one(r, &x.g, false, answer, e);
}

/* ---- dropping ---- */

static bool
drop_body(struct db *db, void *arg, struct err *e)
{
	struct golden_edit *x = arg;
	struct golden       now;
	int64_t             n;

	if (!golden_lock(db, x->r->mem, &x->g.id, &now, e) || !golden_bound(db, &x->g.id, &n, e))
		return false;
	if (n > 0)
		return err_set(e, ERR_IN_USE, 0, "Configs are bound to this golden baseline.",
		    "%lld configs are bound to it", (long long)n);
	return (!now.shared || golden_withdraw(db, &x->g.id, e)) &&
	       golden_drop(db, x->r->mem, &x->g.id, e);
}

static bool
drop_golden(struct request *r, const void *body, void *answer, struct err *e)
{
	struct golden_edit x = { .r = r };

	(void)body;
	(void)answer;
	return find_own(r, &x.g, e) && deed(r, drop_body, &x, &x.g, AUDIT_GOLDEN_DELETE, e);
}

const struct route golden_routes[] = {
	ROUTE_Q(GET, "/api/drift/golden-baselines", list_query, ALLOW(READ, DRIFT), RATE_READ, 200,
	    list_golden, IN_NONE, OUT_LIST(golden_out),
	    "Lists golden baselines, this tenant's and those the platform shares, newest first."),
	ROUTE(POST, "/api/drift/golden-baselines", ALLOW(CREATE, DRIFT), RATE_WRITE, 201,
	    make_golden, IN_SNAPSHOT(golden_create), OUT(golden_out),
	    "Makes a golden baseline: a template that configs are bound to by PUT .../baseline."),
	ROUTE_Q(GET, "/api/drift/golden-baselines/{id}", golden_query, ALLOW(READ, DRIFT),
	    RATE_READ, 200, get_golden, IN_NONE, OUT(golden_out),
	    "Shows a golden baseline with what it holds."),
	ROUTE(PUT, "/api/drift/golden-baselines/{id}", ALLOW(UPDATE, DRIFT), RATE_WRITE, 200,
	    change_golden, IN_SNAPSHOT(golden_update), OUT(golden_out),
	    "Changes the members it names; bound configs follow with their next snapshot."),
	ROUTE(DELETE_, "/api/drift/golden-baselines/{id}", ALLOW(DELETE, DRIFT), RATE_WRITE, 204,
	    drop_golden, IN_NONE, OUT_NONE, "Drops a golden baseline that no config is bound to."),
	ROUTE_END
};
