/* golden.h: golden baselines made, changed and dropped. */
#include <stdio.h>
#include <string.h>

#include "core/store/drift/history.h"
#include "core/web/etag.h"
#include "drift/engine/compare.h"
#include "fcgi/drift/golden.h"

/* ---- what is taken ---- */

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
static const struct field create_fields[] = { BODY(FIELD_REQUIRED) };
static const struct field update_fields[] = { BODY(0) };
const struct schema       golden_create_schema =
    SCHEMA_GIVEN("GoldenBaselineCreate", struct golden_in, create_fields, given);
const struct schema golden_update_schema =
    SCHEMA_GIVEN("GoldenBaselineUpdate", struct golden_in, update_fields, given);

/* ---- making and changing ---- */

struct golden_edit {
	struct request *r;
	TALLOC_CTX     *mem;    /* of the contents: given back before the answer reads them anew */
	struct golden   was, g; /* was.revision 0: it is new */
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
	TALLOC_CTX                 *mem = x->mem;

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

	if (!view_demand(view_of(r),
		"A template made of a snapshot could be held against guesses: it needs the "
		"permission read:snapshots.",
		e))
		return false;
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
	if (!golden_of_snapshot(r->db, x->mem, &s, &c, e))
		return false;
	if (c.n == 0)
		return err_fault(e, r->mem, "/snapshot_id", "the snapshot has no resources");
	c.variables = x->content.variables;
	c.variables_n = x->content.variables_n;
	x->content = c;
	return true;
}

/* What was shown without values is not sent back as if it were all there is. */
static bool
refuse_withheld(struct request *r, const struct golden_in *in, struct err *e)
{
	const struct push_resource   *one = in->resources.p;
	const struct golden_variable *v = in->variables.p;
	char                          at[48];

	for (size_t i = 0; i < in->resources.n; i++) {
		snprintf(at, sizeof(at), "/resources/%zu/value", i);
		if (!view_refuse(r, one[i].value.tree, at, e))
			return false;
	}
	for (size_t i = 0; i < in->variables.n; i++) {
		snprintf(at, sizeof(at), "/variables/%zu/default", i);
		if (!view_refuse(r, v[i].fallback.tree, at, e))
			return false;
	}
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

	if (!refuse_withheld(x->r, in, e))
		return false;
	if ((list && copy) || (fresh && !list && !copy))
		return err_fault(e, x->r->mem, "", "needs either resources or snapshot_id");
	if (given(s, in, "variables")) {
		x->content.variables = in->variables.p;
		x->content.variables_n = in->variables.n;
	}
	if ((list && !take_resources(x, in, e)) || (copy && !take_snapshot(x, &in->snapshot_id, e)))
		return false;
	return golden_check(x->r->mem, &x->content, from, &x->r->work, e);
}

/* Each value has a normal form, with numbers as long as they may be; what that is nobody needs
 * here. */
static bool
check_values(struct golden_edit *x, struct err *e)
{
	struct request            *r = x->r;
	const struct compare_spec *none =
	    compare_compile(x->mem, NULL, NULL, 0, r->db->address_key, &r->work, e);
	bool ok = none != NULL;

	for (size_t i = 0; ok && i < x->content.n; i++) {
		TALLOC_CTX     *one = talloc_new(x->mem);
		struct resource copy = x->content.resources[i];

		ok = one == NULL
			 ? err_memory(e)
			 : resource_normalise(one, none, &copy, RESOURCE_STORED, &r->work, e);
		if (ok) /* else the fault is told from there */
			talloc_free(one);
	}
	return ok;
}

/* The text is what is compared with the version before. */
static bool
pack_content(struct golden_edit *x, struct err *e)
{
	struct request *r = x->r;
	uint8_t        *address = talloc_size(r->mem, HASH_LEN);

	if (address == NULL)
		return err_memory(e);
	if (!check_values(x, e) || !golden_print(x->mem, &x->content, &x->text.text, e))
		return false;
	content_address(r->db, x->text.text, x->text.address);
	memcpy(address, x->text.address, HASH_LEN);
	x->renewed =
	    x->was.address.n != HASH_LEN || memcmp(x->was.address.p, address, HASH_LEN) != 0;
	x->g.address = (struct blob) { address, HASH_LEN };
	x->g.resources = (int64_t)x->content.n;
	x->g.masked = x->content.masked;
	x->g.version = x->was.version + x->renewed;
	return !x->renewed ||
	       content_pack(r->db, x->mem, r->app->env->rand, &x->text, 1, &x->rows, e);
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
	return golden_seal(r->db, x->mem, r->app->env->rand, &x->g, x->text.text, &x->body, e);
}

static bool
take_body(struct golden_edit *x, const struct schema *s, const struct golden_in *in, struct err *e)
{
	TALLOC_CTX *mem = x->r->mem;

	x->g.updated_at.ms = clock_ms(x->r->app->env->clock);
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
	const struct deed_by by = request_deed_by(r);
	struct audit_entry   entry = { .action = action, .target_id = g->id };
	struct buf           b;

	buf_make(&b, r->mem);
	buf_puts(&b, "{\"name\":");
	buf_json(&b, str_of(g->name));
	buf_printf(&b, ",\"version\":%llu,\"shared\":%s}", (unsigned long long)g->version,
	    g->shared ? "true" : "false");
	entry.details = b.p;
	if (!buf_ok(&b))
		return err_memory(e);
	if (audit_deed(&by, body, arg, &entry, e))
		return true;
	return db_taken(e, "A golden baseline of that name exists.");
}

static bool
show_edited(struct golden_edit *x, void *answer, struct err *e)
{
	struct request *r = x->r;

	talloc_free(x->mem);
	x->mem = NULL;
	return golden_tag(r, &x->g, e) && golden_show(r, view_of(r), &x->g, false, answer, e);
}

bool
golden_make(struct request *r, const void *body, void *answer, struct err *e)
{
	struct golden_edit x = { .r = r,
		.mem = talloc_new(r->mem),
		.g = { .id = uuid_make(r->app->env->clock, r->app->env->rand), .revision = 1 } };

	x.g.created_at.ms = clock_ms(r->app->env->clock);
	if (x.mem == NULL)
		return err_memory(e);
	return take_body(&x, &golden_create_schema, body, e) &&
	       deed(r, add_body, &x, &x.g, AUDIT_GOLDEN_CREATE, e) && show_edited(&x, answer, e);
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
	return etag_may_change(r, etag_number(g->revision), e);
}

/* Whatever is watched by it is held against what it says. */
static bool
may_say(struct request *r, const struct golden *g, const struct golden_in *in, struct err *e)
{
	const struct schema *s = &golden_update_schema;
	int64_t              n;

	if (view_of(r).values || (!given(s, in, "resources") && !given(s, in, "variables")))
		return true;
	return golden_bound(r->db->db, &g->id, &n, e) &&
	       (n == 0 || view_demand(view_of(r),
			      "Configs are bound to it, and each value that is equal tells what "
			      "they watch: "
			      "to change it needs the permission read:snapshots.",
			      e));
}

bool
golden_change(struct request *r, const void *body, void *answer, struct err *e)
{
	struct golden_edit x = { .r = r, .mem = talloc_new(r->mem) };

	if (x.mem == NULL)
		return err_memory(e);
	if (!find_own(r, &x.was, e) || !refuse_withheld(r, body, e) ||
	    !may_say(r, &x.was, body, e) ||
	    !golden_load(r->db, x.mem, &x.was, false, &x.content, e))
		return false;
	x.g = x.was;
	if (!take_body(&x, &golden_update_schema, body, e) ||
	    !deed(r, set_body, &x, &x.g, AUDIT_GOLDEN_UPDATE, e))
		return false;
	x.g.revision++;
	return show_edited(&x, answer, e);
}

/* ---- dropping ---- */

static bool
drop_body(struct db *db, void *arg, struct err *e)
{
	struct golden_edit *x = arg;
	struct golden       now;
	int64_t             n;

	if (!golden_lock(db, x->r->mem, &x->g.id, &now, e) ||
	    !etag_may_change(x->r, etag_number(now.revision), e) ||
	    !golden_bound(db, &x->g.id, &n, e))
		return false;
	if (n > 0)
		return err_set(e, ERR_IN_USE, 0, "Configs are bound to this golden baseline.",
		    "%lld configs are bound to it", (long long)n);
	return (!now.shared || golden_withdraw(db, &x->g.id, e)) &&
	       golden_drop(db, x->r->mem, &x->g.id, e);
}

bool
golden_drop_one(struct request *r, const void *body, void *answer, struct err *e)
{
	struct golden_edit x = { .r = r };

	(void)body;
	(void)answer;
	return find_own(r, &x.g, e) && deed(r, drop_body, &x, &x.g, AUDIT_GOLDEN_DELETE, e);
}
