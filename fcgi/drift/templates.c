/* routes.h: templates, one config for many tenants. */
#include "core/web/etag.h"
#include "drift/template/bound.h"
#include "drift/template/rollout.h"
#include "fcgi/drift/drift.h"
#include "fcgi/routes.h"

/* ---- as it is answered ---- */

struct template_out {
	struct uuid     id;
	const char     *name, *description;
	uint64_t        version;
	struct raw_json config;
	struct items    variables;
	const char     *author;
	instant         version_at, created_at, updated_at;
};
static const struct field template_out_fields[] = {
	FIELD(struct template_out, id, .doc = "Number of the template."),
	FIELD(struct template_out, name, .doc = "Name, unique in its tenant."),
	FIELD(struct template_out, description, .doc = "What it is for."),
	FIELD(
	    struct template_out, version, .doc = "Raised by every change of config or variables."),
	FIELD(struct template_out, config, .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "A config as it is made, with %variables%; not in a list."),
	FIELD(struct template_out, variables, .item = &golden_variable_schema,
	    .flags = FIELD_OMIT_ZERO, .doc = "What is given for each tenant; not in a list."),
	FIELD(struct template_out, author, .flags = FIELD_OMIT_ZERO,
	    .doc = "Who made this version; not in a list."),
	FIELD(struct template_out, version_at, .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "When that was; not in a list."),
	FIELD(struct template_out, created_at, .doc = "When it was made."),
	FIELD(struct template_out, updated_at, .doc = "When it was last changed."),
	FIELD_END,
};
static const struct schema template_out_schema =
    SCHEMA("DriftTemplate", struct template_out, template_out_fields);

struct template_query {
	int64_t version;
};
static const struct field template_query_fields[] = {
	FIELD(struct template_query, version, .min = 1, .max = INT64_MAX,
	    .doc = "What an earlier version said; the newest 50 are kept, and those that are in a "
		   "tenant."),
	FIELD_END,
};
static const struct schema template_query_schema =
    SCHEMA("DriftTemplateQuery", struct template_query, template_query_fields);

static struct template_out
head_show(const struct config_template *t)
{
	return (struct template_out) {
		.id = t->id,
		.name = t->name,
		.description = t->description,
		.version = t->version,
		.created_at = t->created_at,
		.updated_at = t->updated_at,
	};
}

static void
seen_show(const struct template_seen *s, struct template_out *out)
{
	*out = head_show(&s->row);
	out->version = s->version.version;
	out->config = (struct raw_json) { .text = s->version.config };
	out->variables = (struct items) { s->says.variables, s->says.n };
	out->author = s->version.author;
	out->version_at = s->version.at;
}

/* As it is now: changes are held against its revision. */
static bool
answer_template(struct request *r, const struct template_seen *s, void *answer, struct err *e)
{
	seen_show(s, answer);
	return etag_set(r, etag_number(s->row.revision), e);
}

/* ---- as it is given ---- */

struct template_in {
	const char     *name, *description;
	struct raw_json config;
	struct items    variables; /* struct golden_variable */
	uint64_t        given;
};
#define TEMPLATE_MEMBERS(required)                                                                 \
	FIELD(struct template_in, name, .min = 1, .max = 200, .flags = (required) | FIELD_SEEN,    \
	    .doc = "Name, unique."),                                                               \
	    FIELD(struct template_in, description, .max = 2000,                                    \
		.flags = FIELD_NULLABLE | FIELD_SEEN, .doc = "What it is for."),                   \
	    FIELD(struct template_in, config, .flags = (required),                                 \
		.doc = "A config as POST /api/drift/configs takes it, without a credential. In "   \
		       "its strings %name% is a variable (alone: its value of any type; inside a " \
		       "text: its text) and %% a percent sign."),                                  \
	    FIELD(struct template_in, variables, .max = TEMPLATE_VARIABLES_MAX,                    \
		.item = &golden_variable_schema, .doc = "What is given for each tenant."),         \
	    FIELD_END
static const struct field  template_create_fields[] = { TEMPLATE_MEMBERS(FIELD_REQUIRED) };
static const struct field  template_update_fields[] = { TEMPLATE_MEMBERS(0) };
static const struct schema template_create_schema =
    SCHEMA_GIVEN("DriftTemplateCreate", struct template_in, template_create_fields, given);
static const struct schema template_update_schema =
    SCHEMA_GIVEN("DriftTemplateUpdate", struct template_in, template_update_fields, given);

static struct template_wish
wish_of(const struct schema *s, const struct template_in *in)
{
	bool described = (in->given & schema_bit(s, "description")) != 0;

	return (struct template_wish) {
		.name = in->name,
		.description = described && in->description == NULL ? "" : in->description,
		.says = { in->config.tree, in->variables.p, in->variables.n },
		.has_config = (in->given & schema_bit(s, "config")) != 0,
		.has_variables = (in->given & schema_bit(s, "variables")) != 0,
	};
}

/* ---- handlers ---- */

static bool
fetch_templates(struct request *r, struct list_page *p, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	return a != NULL && ctemplate_page(a, &p->page, e);
}

static bool
show_template(
    struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	(void)r, (void)p, (void)e;
	*(struct template_out *)out = head_show(row);
	return true;
}
static const struct list_ops template_list_ops = {
	fetch_templates,
	LIST_OF(struct config_template, id),
	show_template,
};

static bool
get_template(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct template_query *q = r->query;
	const struct acting         *a = acting_of(r, e);
	struct template_seen         seen;

	(void)body;
	if (a == NULL || !ctemplate_see(a, &r->id0, (uint64_t)q->version, &seen, e))
		return false;
	if (q->version == 0)
		return answer_template(r, &seen, answer, e);
	seen_show(&seen, answer);
	return true;
}

static bool
make_template(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct template_wish wish = wish_of(&template_create_schema, body);
	const struct acting       *a = acting_of(r, e);
	struct template_seen       made;

	return a != NULL && ctemplate_make(a, &wish, &made, e) &&
	       answer_template(r, &made, answer, e);
}

static bool
change_template(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct template_wish wish = wish_of(&template_update_schema, body);
	const struct acting       *a = acting_of(r, e);
	struct template_seen       now;

	return a != NULL && ctemplate_alter(a, &r->id0, &wish, &now, e) &&
	       answer_template(r, &now, answer, e);
}

static bool
drop_template(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	(void)body, (void)answer;
	return a != NULL && ctemplate_erase(a, &r->id0, e);
}

/* ---- applying it ---- */

static const struct field rollout_tenant_fields[] = {
	FIELD(struct rollout_tenant, tenant, .min = 1, .max = 63,
	    .flags = FIELD_REQUIRED | FIELD_SEEN, .doc = "Short name of the tenant, or its id."),
	FIELD(struct rollout_tenant, variables,
	    .doc = "Object: a value for each name; absent: as it has them, or the defaults."),
	FIELD_END,
};
static const struct schema rollout_tenant_schema =
    SCHEMA("DriftTemplateTenant", struct rollout_tenant, rollout_tenant_fields);

struct rollout_in {
	struct items    tenants; /* struct rollout_tenant */
	int64_t         first, version;
	struct raw_json credential;
};
#define TENANTS_DOC "The tenants; absent: all that have another version of it."
static const struct field rollout_in_fields[] = {
	FIELD(struct rollout_in, tenants, .min = 1, .max = ROLLOUT_TENANTS_MAX,
	    .item = &rollout_tenant_schema, .doc = TENANTS_DOC),
	FIELD(struct rollout_in, first, .min = 1, .max = ROLLOUT_TENANTS_MAX,
	    .doc = "Only so many of them, the first."),
	FIELD(struct rollout_in, version, .min = 1, .max = INT64_MAX,
	    .doc = "A version of it; the newest when absent."),
	FIELD(struct rollout_in, credential, .flags = FIELD_SECRET | FIELD_NULLABLE,
	    .doc =
		"What sources show in every one of these tenants, as source.credential of a "
		"config. It replaces what an application has given, never a tenant's own, and is "
		"not "
		"given where the tenant's source leads or asks otherwise than the template says."),
	FIELD_END,
};
static const struct schema rollout_in_schema =
    SCHEMA("DriftTemplateApply", struct rollout_in, rollout_in_fields);
static const struct field undo_tenant_fields[] = {
	FIELD(struct rollout_tenant, tenant, .min = 1, .max = 63,
	    .flags = FIELD_REQUIRED | FIELD_SEEN, .doc = "Short name of the tenant, or its id."),
	FIELD_END,
};
static const struct schema undo_tenant_schema =
    SCHEMA("DriftTemplateUndoTenant", struct rollout_tenant, undo_tenant_fields);
static const struct field undo_in_fields[] = {
	FIELD(struct rollout_in, tenants, .min = 1, .max = ROLLOUT_TENANTS_MAX,
	    .item = &undo_tenant_schema, .doc = "The tenants; absent: all that have it."),
	FIELD(struct rollout_in, first, .min = 1, .max = ROLLOUT_TENANTS_MAX,
	    .doc = "Only so many of them, the first."),
	FIELD_END,
};
static const struct schema undo_in_schema =
    SCHEMA("DriftTemplateUndo", struct rollout_in, undo_in_fields);

struct rollout_out {
	struct uuid operation_id;
	uint64_t    tenants;
};
static const struct field rollout_out_fields[] = {
	FIELD(struct rollout_out, operation_id,
	    .doc = "How far it is: GET /api/operations/{id}; what came of it in each tenant: GET "
		   ".../results?operation=."),
	FIELD(struct rollout_out, tenants, .doc = "So many tenants."),
	FIELD_END,
};
static const struct schema rollout_out_schema =
    SCHEMA("DriftTemplateOperation", struct rollout_out, rollout_out_fields);

static bool
ask(struct request *r, enum rollout_kind kind, const struct rollout_in *in, struct rollout_out *out,
    struct err *e)
{
	const struct rollout_wish wish = {
		.kind = kind,
		.tenants = in->tenants.p,
		.n = in->tenants.n,
		.first = in->first,
		.version = (uint64_t)in->version,
		.credential = in->credential.tree != NULL && in->credential.tree->type != JSON_NULL
				  ? in->credential.tree
				  : NULL,
	};
	const struct acting *a = acting_of(r, e);
	struct operation     o;

	if (a == NULL || !rollout_ask(a, &r->id0, &wish, &o, e))
		return false;
	*out = (struct rollout_out) { o.id, o.total };
	return true;
}

static bool
preview_template(struct request *r, const void *body, void *answer, struct err *e)
{
	return ask(r, ROLLOUT_PREVIEW, body, answer, e);
}

static bool
apply_template(struct request *r, const void *body, void *answer, struct err *e)
{
	return ask(r, ROLLOUT_APPLY, body, answer, e);
}

static bool
undo_template(struct request *r, const void *body, void *answer, struct err *e)
{
	return ask(r, ROLLOUT_UNDO, body, answer, e);
}

/* ---- where it is ---- */

struct use_out {
	struct uuid     tenant_id;
	const char     *tenant;
	struct raw_json variables;
	uint64_t        version;
	struct uuid     config_id;
	struct raw_json kept;
	const char     *outcome, *detail;
	struct uuid     operation_id;
	instant         at;
};
static const struct field use_out_fields[] = {
	FIELD(struct use_out, tenant_id, .doc = "The tenant."),
	FIELD(struct use_out, tenant, .doc = "Its short name."),
	FIELD(struct use_out, variables, .doc = "What was given for it."),
	FIELD(struct use_out, version, .doc = "That it has."),
	FIELD(struct use_out, config_id, .doc = "The config there."),
	FIELD(struct use_out, kept,
	    .doc = "Places in which the tenant says otherwise, as JSON Pointers, when they were "
		   "looked at last: by an operation, a preview too."),
	FIELD(struct use_out, outcome, .doc = "Of the last operation, as in .../results."),
	FIELD(struct use_out, detail, .flags = FIELD_NULLABLE, .doc = "In a sentence."),
	FIELD(struct use_out, operation_id, .doc = "The operation."),
	FIELD(struct use_out, at, .doc = "When."),
	FIELD_END,
};
static const struct schema use_out_schema =
    SCHEMA("DriftTemplateUse", struct use_out, use_out_fields);

static bool
fetch_uses(struct request *r, struct list_page *p, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	return a != NULL && rollout_uses(a, &r->id0, &p->page, e);
}

static bool
show_use(struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	const struct ctemplate_use *u = row;

	(void)r, (void)p, (void)e;
	*(struct use_out *)out = (struct use_out) {
		.tenant_id = u->tenant_id,
		.tenant = u->slug,
		.variables = u->variables,
		.version = u->version,
		.config_id = u->config_id,
		.kept = u->kept,
		.outcome = u->outcome,
		.detail = u->detail,
		.operation_id = u->operation,
		.at = u->at,
	};
	return true;
}
static const struct list_ops use_list_ops = {
	fetch_uses,
	LIST_OF(struct ctemplate_use, id),
	show_use,
};

struct result_out {
	struct uuid     operation_id;
	const char     *tenant;
	struct uuid     tenant_id;
	const char     *outcome, *detail;
	struct raw_json changes;
	instant         at;
};
static const struct field result_out_fields[] = {
	FIELD(struct result_out, operation_id, .doc = "The operation."),
	FIELD(struct result_out, tenant, .doc = "The tenant, as it was named."),
	FIELD(struct result_out, tenant_id, .flags = FIELD_NULLABLE,
	    .doc = "Its id; null: there is none in which the caller may act."),
	FIELD(struct result_out, outcome,
	    .doc = "waiting, made, changed, unchanged, kept (the tenant says otherwise, and that "
		   "stays), removed, failed or cancelled; of a preview what it would be."),
	FIELD(struct result_out, detail, .flags = FIELD_NULLABLE, .doc = "Why, in a sentence."),
	FIELD(struct result_out, changes,
	    .doc = "The first 50 places: [{path, how: changed | kept, was, now}], where was and "
		   "now are what the template said and says; null: nothing, left out: longer than "
		   "500 bytes, or, of what is taken back, not what the template said. What the "
		   "tenant says itself is shown in the tenant (GET "
		   "/api/drift/configs/{id}/template)."),
	FIELD(struct result_out, at, .flags = FIELD_NULLABLE, .doc = "When; null: it waits."),
	FIELD_END,
};
static const struct schema result_out_schema =
    SCHEMA("DriftTemplateResult", struct result_out, result_out_fields);

static const char *const outcomes[] = { TEMPLATE_WAITING,
#define X(word) word,
	ROLLOUT_OUTCOMES(X)
#undef X
	    NULL };
struct result_query {
	struct list_query page;
	struct uuid       operation;
	const char       *outcome;
};
static const struct field result_query_fields[] = {
	LIST_FIELDS(struct result_query, "Most items of one answer."),
	FIELD(struct result_query, operation, .doc = "Only of this operation."),
	FIELD(struct result_query, outcome, .choices = outcomes, .doc = "Only with this outcome."),
	FIELD_END,
};
static const struct schema result_query_schema =
    SCHEMA("DriftTemplateResultQuery", struct result_query, result_query_fields);

static bool
fetch_results(struct request *r, struct list_page *p, struct err *e)
{
	const struct result_query           *q = r->query;
	const struct ctemplate_result_filter f = { r->id0, q->operation, q->outcome };
	const struct acting                 *a = acting_of(r, e);

	return a != NULL && rollout_results(a, &f, &p->page, e);
}

static bool
show_result(struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	const struct ctemplate_result *x = row;

	(void)r, (void)p, (void)e;
	*(struct result_out *)out = (struct result_out) {
		.operation_id = x->operation,
		.tenant = x->tenant,
		.tenant_id = x->tenant_id,
		.outcome = x->outcome,
		.detail = x->detail,
		.changes = x->changes,
		.at = x->at,
	};
	return true;
}
static const struct list_ops result_list_ops = {
	fetch_results,
	LIST_OF(struct ctemplate_result, id),
	show_result,
};

/* ---- in the tenant ---- */

struct deviation_out {
	const char     *path;
	struct raw_json says, own;
};
static const struct field deviation_fields[] = {
	FIELD(struct deviation_out, path, .doc = "JSON Pointer into the config."),
	FIELD_AS(struct deviation_out, says, "template", .flags = FIELD_NULLABLE,
	    .doc = "What the template says; null: nothing."),
	FIELD(struct deviation_out, own, .flags = FIELD_NULLABLE,
	    .doc = "What the config says; null: nothing."),
	FIELD_END,
};
static const struct schema deviation_schema =
    SCHEMA("DriftTemplateDeviation", struct deviation_out, deviation_fields);

struct bound_out {
	struct uuid  template_id, owner_id;
	const char  *owner, *name;
	uint64_t     version;
	struct uuid  operation_id;
	const char  *applied_by;
	instant      applied_at;
	struct items deviations;
};
static const struct field bound_out_fields[] = {
	FIELD(struct bound_out, template_id, .doc = "The template, which its owner keeps."),
	FIELD(struct bound_out, owner_id, .doc = "The tenant that keeps it."),
	FIELD(struct bound_out, owner, .flags = FIELD_NULLABLE,
	    .doc = "Its short name; null: it is no more."),
	FIELD(struct bound_out, name, .doc = "Name of the template, as it was applied last."),
	FIELD(struct bound_out, version, .doc = "Version that was applied last."),
	FIELD(struct bound_out, operation_id, .doc = "By this operation of its owner."),
	FIELD(struct bound_out, applied_by, .doc = "By whom."),
	FIELD(struct bound_out, applied_at, .doc = "When."),
	FIELD(struct bound_out, deviations, .item = &deviation_schema,
	    .doc = "Where the config says otherwise: it stays so when another version is applied."),
	FIELD_END,
};
static const struct schema bound_out_schema =
    SCHEMA("DriftTemplateBinding", struct bound_out, bound_out_fields);

static bool
deviations_show(
    const struct acting *a, const struct bound_seen *s, struct items *out, struct err *e)
{
	struct deviation_out *d = talloc_zero_size(a->by.mem, (s->n + 1) * sizeof(*d));

	if (d == NULL)
		return err_memory(e);
	for (size_t i = 0; i < s->n; i++)
		d[i] = (struct deviation_out) { s->deviations[i].path,
			{ .tree = s->deviations[i].now }, { .tree = s->deviations[i].own } };
	*out = (struct items) { d, s->n };
	return true;
}

static bool
get_bound(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);
	struct bound_out    *out = answer;
	struct bound_seen    s;

	(void)body;
	if (a == NULL || !config_bound(a, &r->id0, &s, e))
		return false;
	*out = (struct bound_out) {
		.template_id = s.binding.template_id,
		.owner_id = s.binding.owner,
		.owner = s.owner,
		.name = s.binding.name,
		.version = s.binding.version,
		.operation_id = s.binding.operation,
		.applied_by = s.binding.applied_by,
		.applied_at = s.binding.at,
	};
	return deviations_show(a, &s, &out->deviations, e);
}

static bool
drop_bound(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	(void)body, (void)answer;
	return a != NULL && config_let_go(a, &r->id0, e);
}

#define ACTS                                                                                       \
	" Each tenant is the caller's own or one that has granted it by a cross-tenant grant; in " \
	"it, no more is done than the caller may do there when its turn comes"
const struct route template_routes[] = {
	ROUTE_LIST("/api/drift/templates", list_query, ALLOW(READ, DRIFT), &template_list_ops,
	    OUT_LIST(template_out), "Lists templates of configs, newest first."),
	ROUTE(POST, "/api/drift/templates", ALLOW(CREATE, DRIFT), RATE_WRITE, 201, make_template,
	    IN(template_create), OUT(template_out),
	    "Makes a template: one config for many tenants."),
	ROUTE_Q(GET, "/api/drift/templates/{id}", template_query, ALLOW(READ, DRIFT), RATE_READ,
	    200, get_template, IN_NONE, OUT_TAGGED(template_out),
	    "Shows a template with what it says."),
	ROUTE(PUT, "/api/drift/templates/{id}", ALLOW(UPDATE, DRIFT), RATE_WRITE, 200,
	    change_template, IN(template_update), OUT(template_out),
	    "Changes the members it names: a new version, which is nowhere before it is applied."),
	ROUTE(DELETE_, "/api/drift/templates/{id}", ALLOW(DELETE, DRIFT), RATE_WRITE, 204,
	    drop_template, IN_NONE, OUT_NONE,
	    "Drops a template; the configs that were made of it stay."),
	ROUTE(POST, "/api/drift/templates/{id}/preview", ALLOW(UPDATE, DRIFT), RATE_WRITE, 202,
	    preview_template, IN(rollout_in), OUT(rollout_out),
	    "Says of each tenant what applying it would make or change, and does nothing "
	    "there." ACTS "."),
	ROUTE(POST, "/api/drift/templates/{id}/apply", ALLOW_FRESH(UPDATE, DRIFT), RATE_WRITE, 202,
	    apply_template, IN(rollout_in), OUT(rollout_out),
	    "Makes the config in each tenant, or brings the one that was made of it up to a "
	    "version; where a tenant says otherwise than the template had, that stays." ACTS
	    ": create:drift to make one, update:drift to change it. What is refused in one is "
	    "told by its result, and the others go on."),
	ROUTE(POST, "/api/drift/templates/{id}/undo", ALLOW_FRESH(UPDATE, DRIFT), RATE_WRITE, 202,
	    undo_template, IN(undo_in), OUT(rollout_out),
	    "Takes the last application back in each tenant: the config is again as it was before, "
	    "but for what the tenant has changed since; one that was made by it is dropped with "
	    "its snapshots, where the tenant has not changed it. A credential that it gave or "
	    "replaced stays. Where the tenant has dropped the config, the template lets go of it, "
	    "and "
	    "may be applied there anew." ACTS ": update:drift, and delete:drift to drop one."),
	ROUTE_LIST("/api/drift/templates/{id}/tenants", list_query, ALLOW(READ, DRIFT),
	    &use_list_ops, OUT_LIST(use_out), "Lists where it is, newest first."),
	ROUTE_LIST("/api/drift/templates/{id}/results", result_query, ALLOW(READ, DRIFT),
	    &result_list_ops, OUT_LIST(result_out),
	    "Lists what came of its operations in each tenant, newest first, for 90 days."),
	ROUTE(GET, "/api/drift/configs/{id}/template", ALLOW(READ, DRIFT), RATE_READ, 200,
	    get_bound, IN_NONE, OUT(bound_out),
	    "Shows of which template a config was made, and where it says otherwise; 404: of "
	    "none."),
	ROUTE(DELETE_, "/api/drift/configs/{id}/template", ALLOW(UPDATE, DRIFT), RATE_WRITE, 204,
	    drop_bound, IN_NONE, OUT_NONE,
	    "Lets go of the template that a config was made of, also of one that has been dropped: "
	    "the config stays as it is, no application changes it any more, and where the template "
	    "is applied again it makes another."),
	ROUTE_END,
};
