#include "drift/template/onboard.h"

#include <stdio.h>
#include <string.h>

#include "core/auth/audit_details.h"
#include "core/auth/caller_again.h"
#include "drift/source/auth.h"
#include "drift/source/rest.h"
#include "drift/template/consent.h"
#include "drift/template/template.h"

#define DAY_MS ((int64_t)86400 * 1000)

static const struct field pack_fields[] = {
	FIELD(struct onboard_pack, pack, .doc = "Source pack."),
	FIELD(struct onboard_pack, template_id, .doc = "Its template."),
	FIELD(struct onboard_pack, version, .doc = "Of that."),
	FIELD_END,
};
static const struct schema onboard_pack_schema =
    SCHEMA("OnboardPack", struct onboard_pack, pack_fields);

static const struct field order_fields[] = {
	FIELD(struct onboard_order, asked, .item = &caller_asked_schema, .doc = "Who."),
	FIELD(struct onboard_order, credential, .doc = "What is shown."),
	FIELD(struct onboard_order, parameters, .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "Of the packs."),
	FIELD_END,
};
const struct schema onboard_order_schema =
    SCHEMA("OnboardOrder", struct onboard_order, order_fields);

/* ---- asking ---- */

struct onboard_asking {
	const struct acting       *a;
	const struct onboard_wish *in;
	struct onboarding          row;
	struct source_credential   shown;
	struct onboard_pack       *packs;
	size_t                     n;
	struct str                 login;  /* of the first */
	struct template_seen      *chosen; /* those that are named */
	bool                       tries;  /* nothing is made */
};

/* What the pack says of itself, with the directory as what is given each time. */
static bool
make_template(struct onboard_asking *x, const char *pack, struct template_seen *out, struct err *e)
{
	struct template_wish    wish = { .name = pack,
		   .description = "Made for links to administrators (POST /api/drift/onboarding).",
		   .has_config = true,
		   .has_variables = true };
	struct golden_variable *v = talloc_zero(x->a->by.mem, struct golden_variable);
	struct buf              b;
	const char             *text;

	buf_make(&b, x->a->by.mem);
	buf_puts(&b, "{\"name\":");
	buf_json(&b, str_of(pack));
	buf_puts(&b, ",\"source\":{\"kind\":");
	buf_json(&b, str_of(pack));
	buf_puts(&b, ",\"parameters\":{\"tenant_id\":\"%tenant_id%\"");
	onboard_parameters(&b, x->in->parameters);
	buf_puts(&b, "}},\"schedule\":{\"interval_s\":21600}}");
	text = buf_text(&b, e);
	if (text == NULL || v == NULL)
		return err_memory(e);
	v->name = talloc_strdup(v, "tenant_id");
	wish.says.config = json_parse(x->a->by.mem, str_of(text), e);
	wish.says.variables = v;
	wish.says.n = 1;
	return v->name != NULL && wish.says.config != NULL && ctemplate_make(x->a, &wish, out, e);
}

static bool
is_of(const struct template_seen *t, const char *pack)
{
	const struct json *kind = json_at(t->says.config, STR("/source/kind"));

	return kind != NULL && kind->type == JSON_STRING && str_eqz(kind->text, pack);
}

/* *there false: it is only tried, and would be made. */
static bool
find_template(struct onboard_asking *x, const char *pack, struct template_seen *out, bool *there,
    struct err *e)
{
	struct config_template t;

	*there = true;
	for (size_t i = 0; i < x->in->templates.n; i++) {
		*out = x->chosen[i];
		if (is_of(out, pack))
			return true;
	}
	if (ctemplate_by_name(x->a->by.t->db, x->a->by.mem, pack, &t, e))
		return ctemplate_see(x->a, &t.id, 0, out, e);
	*there = !x->tries;
	return err_take(e, ERR_MISSING) && (x->tries || make_template(x, pack, out, e));
}

/* ---- templates that are named ---- */

static bool
see_named(struct onboard_asking *x, size_t i, const char *at, struct err *e)
{
	const struct acting   *a = x->a;
	const char            *name = x->in->templates.items[i];
	struct config_template t;
	struct uuid            id;
	bool                   found;

	if (uuid_parse(str_of(name), &id))
		found = ctemplate_by_id(a->by.t->db, a->by.mem, &id, &t, e);
	else
		found = ctemplate_by_name(a->by.t->db, a->by.mem, name, &t, e);
	if (!found)
		return err_take(e, ERR_MISSING) &&
		       err_fault(e, a->by.mem, at, "is no template of this tenant");
	return ctemplate_see(a, &t.id, 0, &x->chosen[i], e);
}

/* One of each pack at most. */
static bool
take_named(struct onboard_asking *x, size_t i, struct err *e)
{
	const struct strings packs = x->in->packs;
	const char          *pack = NULL;
	char                 at[32];

	snprintf(at, sizeof(at), "/templates/%zu", i);
	if (!see_named(x, i, at, e))
		return false;
	for (size_t j = 0; pack == NULL && j < packs.n; j++)
		if (is_of(&x->chosen[i], packs.items[j]))
			pack = packs.items[j];
	if (pack == NULL)
		return err_fault(e, x->a->by.mem, at, "is the template of none of the packs");
	for (size_t j = 0; j < i; j++)
		if (is_of(&x->chosen[j], pack))
			return err_fault(
			    e, x->a->by.mem, at, "is another template of the same pack");
	return true;
}

static bool
take_all_named(struct onboard_asking *x, struct err *e)
{
	const size_t n = x->in->templates.n;

	x->chosen = talloc_zero_array(x->a->by.mem, struct template_seen, (unsigned)n + 1);
	if (x->chosen == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		if (!take_named(x, i, e))
			return false;
	return true;
}

/* ---- packs ---- */

static bool
take_pack(struct onboard_asking *x, size_t i, struct err *e)
{
	const char          *pack = x->in->packs.items[i];
	struct template_seen seen;
	struct drift_spec   *spec;
	char                 at[32];
	bool                 there;
	struct onboard_lead  lead = { pack, x->in->directory, x->in->parameters, at };

	snprintf(at, sizeof(at), "/packs/%zu", i);
	for (size_t j = 0; j < i; j++)
		if (strcmp(x->packs[j].pack, pack) == 0)
			return err_fault(e, x->a->by.mem, at, "is there twice");
	/* before a template is made of its name */
	spec = onboard_pack(x->a, &lead, e);
	if (spec == NULL || !find_template(x, pack, &seen, &there, e))
		return false;
	if (there)
		spec = onboard_source(x->a, &lead, &seen.says, e);
	if (spec == NULL)
		return false;
	if (!source_auth_check(x->a->by.mem, spec->source.rest->pack, &x->shown, "/credential", e))
		return false;
	if (i == 0)
		x->login = onboard_login(spec);
	if (there)
		x->packs[i] = (struct onboard_pack) { pack, seen.row.id, seen.version.version };
	x->n++;
	return true;
}

static bool
print_packs(struct onboard_asking *x, struct err *e)
{
	struct buf b;

	buf_make(&b, x->a->by.mem);
	buf_putc(&b, '[');
	for (size_t i = 0; i < x->n; i++) {
		if (i > 0)
			buf_putc(&b, ',');
		if (!schema_encode(&b, &onboard_pack_schema, &x->packs[i], e))
			return false;
	}
	buf_putc(&b, ']');
	x->row.packs.text = buf_text(&b, e);
	return x->row.packs.text != NULL;
}

static bool
seal_order(struct onboard_asking *x, struct err *e)
{
	struct caller_asked  asked;
	struct onboard_order order = { &asked, { .tree = x->in->credential },
		{ .tree = x->in->parameters } };
	struct buf           b;

	caller_asked_of(&x->a->by, &asked);
	buf_make_secret(&b, x->a->by.mem);
	return schema_encode(&b, &onboard_order_schema, &order, e) &&
	       (buf_ok(&b) || err_memory(e)) &&
	       tenant_seal(x->a->by.t, x->a->by.mem, ONBOARD_SECRET_PLACE(&x->row.id), buf_str(&b),
		   &x->row.secret, e);
}

/* As a template's application. */
bool
onboard_may(const struct caller *c, struct err *e)
{
	return (permission_has(&c->permissions, ACTION_CREATE, RESOURCE_DRIFT) &&
		   permission_has(&c->permissions, ACTION_UPDATE, RESOURCE_DRIFT)) ||
	       err_set(e, ERR_FORBIDDEN, 0, "It needs create:drift and update:drift.",
		   "no permission to apply a template");
}

/* Where it is done, and whether they may. */
static bool
check_there(struct onboard_asking *x, struct err *e)
{
	const struct acting *a = x->a;
	struct caller        acting;
	struct deed_by       there;

	if (a->by.caller->acting)
		return err_set(e, ERR_FORBIDDEN, 0,
		    "This is not done in another tenant: leave X-Acting-Tenant out.",
		    "an onboarding of another tenant");
	if (!caller_enter(&a->by, a->by.caller, x->in->tenant, &acting, &there, e))
		return false;
	x->row.tenant_id = there.t->tenant->id;
	x->row.tenant = acting_copy(a, there.t->tenant->slug);
	if (x->row.tenant == NULL)
		return err_memory(e);
	return permission_has(&there.caller->permissions, ACTION_CREATE, RESOURCE_DRIFT) ||
	       err_set(e, ERR_FORBIDDEN, 0, "It needs create:drift in that tenant.",
		   "create:drift is not lent");
}

static bool
check_wish(struct onboard_asking *x, struct err *e)
{
	const struct onboard_wish *in = x->in;

	if (!directory_is(in->directory))
		err_fault(e, x->a->by.mem, "/directory",
		    "is the directory (tenant) ID of its overview page, or one of its domains");
	if (in->parameters != NULL && in->parameters->type != JSON_OBJECT)
		err_fault(e, x->a->by.mem, "/parameters", "is an object: of the packs");
	else if (json_get(in->parameters, "tenant_id") != NULL)
		err_fault(e, x->a->by.mem, "/parameters/tenant_id", "is the directory's ID");
	if (in->credential == NULL || in->credential->type != JSON_OBJECT)
		err_fault(e, x->a->by.mem, "/credential", "is an object: what the app shows");
	if (e->code != ERR_OK || !schema_decode_at(x->a->by.mem, &source_credential_schema,
				     in->credential, "/credential", &x->shown, e))
		return false;
	x->packs = talloc_zero_array(x->a->by.mem, struct onboard_pack, (unsigned)in->packs.n + 1);
	if (x->packs == NULL)
		return err_memory(e);
	if (!take_all_named(x, e))
		return false;
	for (size_t i = 0; i < in->packs.n; i++)
		if (!take_pack(x, i, e))
			return false;
	return true;
}

bool
onboard_try(const struct acting *a, const struct onboard_wish *in, struct err *e)
{
	struct onboard_asking x = { .a = a, .in = in, .tries = true };

	return onboard_may(a->by.caller, e) && check_wish(&x, e);
}

static bool
add_body(struct db *db, void *arg, struct err *e)
{
	const struct onboard_asking *x = arg;
	struct onboarding_load       load;

	if (!ctemplate_hold(db, e) || !onboarding_load_of(db, x->row.created_at, &load, e))
		return false;
	if (load.open >= ONBOARD_OPEN_MAX)
		return err_set(e, ERR_CONFLICT, 0,
		    "2000 links are open: drop those that nobody will use.", "ONBOARD_OPEN_MAX");
	return onboarding_add(db, &x->row, e);
}

struct asked_told {
	const char    *tenant, *directory;
	struct strings packs;
	instant        ends_at;
	const char    *as; /* in whose name the operator has asked */
};
static const struct field asked_fields[] = {
	TOLD(struct asked_told, tenant),
	TOLD(struct asked_told, directory),
	TOLD(struct asked_told, packs),
	TOLD(struct asked_told, ends_at),
	TOLD_IF(struct asked_told, as),
	FIELD_END,
};
static const struct schema asked_told = SCHEMA("OnboardTold", struct asked_told, asked_fields);

static bool
link_of(struct onboard_asking *x, const char **url, struct err *e)
{
	const struct onboard_linked l = { x->row.id, x->row.ends_at, x->row.directory,
		x->shown.client_id, x->login };

	return onboard_link_of(x->a, &l, url, e);
}

bool
onboard_ask(const struct acting *a, const struct onboard_wish *in, struct onboard_seen *out,
    const char **url, struct err *e)
{
	const instant         now = acting_now(a);
	struct onboard_asking x = { .a = a, .in = in };
	struct audit_entry    entry = { .action = AUDIT_ONBOARDING_CREATE };
	struct asked_told     told;

	x.row = (struct onboarding) { .id = acting_id(a),
		.directory = in->directory,
		.state = "waiting",
		.operations = { .text = "[]" },
		.asked_name = a->name,
		.created_at = now,
		.ends_at = { now.ms + (in->days > 0 ? in->days : ONBOARD_DAYS) * DAY_MS } };
	if (!onboard_may(a->by.caller, e) || !check_there(&x, e) || !check_wish(&x, e) ||
	    !print_packs(&x, e) || !seal_order(&x, e) || !link_of(&x, url, e))
		return false;
	told = (struct asked_told) { x.row.tenant, x.row.directory, in->packs, x.row.ends_at,
		a->by.actor != NULL ? a->name : NULL };
	entry.target_id = x.row.id;
	entry.details = audit_details(a->by.mem, &asked_told, &told, e);
	return entry.details != NULL && audit_deed(&a->by, add_body, &x, &entry, e) &&
	       onboard_read(a, &x.row, out, e);
}

/* ---- reading ---- */

static bool
read_packs(TALLOC_CTX *mem, const char *text, struct onboard_seen *out, struct err *e)
{
	const struct json *list = json_parse(mem, str_of(text), e);

	if (list == NULL)
		return false;
	out->packs = talloc_zero_array(mem, struct onboard_pack, list->n + 1);
	if (out->packs == NULL)
		return err_memory(e);
	for (; out->n < list->n; out->n++)
		if (!schema_decode(
			mem, &onboard_pack_schema, &list->items[out->n], &out->packs[out->n], e))
			return false;
	return true;
}

static bool
read_operations(TALLOC_CTX *mem, const char *text, struct onboard_seen *out, struct err *e)
{
	const struct json *list = json_parse(mem, str_of(text), e);

	if (list == NULL)
		return false;
	out->operations = talloc_zero_array(mem, struct uuid, list->n + 1);
	if (out->operations == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < list->n; i++)
		if (uuid_parse(list->items[i].text, &out->operations[out->operations_n]))
			out->operations_n++;
	return true;
}

bool
onboard_read(
    const struct acting *a, const struct onboarding *o, struct onboard_seen *out, struct err *e)
{
	*out = (struct onboard_seen) { .row = *o, .state = o->state };
	if (strcmp(o->state, "waiting") == 0 && o->ends_at.ms <= acting_now(a).ms)
		out->state = "expired";
	return read_packs(a->by.mem, o->packs.text, out, e) &&
	       read_operations(a->by.mem, o->operations.text, out, e);
}

bool
onboard_list(const struct acting *a, struct page *p, struct err *e)
{
	return onboarding_page(a->by.t->db, a->by.mem, p, e);
}

bool
onboard_see(const struct acting *a, const struct uuid *id, struct onboard_seen *out, struct err *e)
{
	struct onboarding o;

	return onboarding_by_id(a->by.t->db, a->by.mem, id, &o, e) && onboard_read(a, &o, out, e);
}

/* ---- taking back ---- */

static bool
drop_body(struct db *db, void *arg, struct err *e)
{
	const struct onboarding *o = arg;

	return onboarding_drop(db, &o->id, e);
}

bool
onboard_drop(const struct acting *a, const struct uuid *id, struct err *e)
{
	struct audit_entry entry = { .action = AUDIT_ONBOARDING_DELETE, .target_id = *id };
	struct onboarding  o;

	return onboarding_by_id(a->by.t->db, a->by.mem, id, &o, e) &&
	       acting_deed(a, drop_body, &o, &entry, o.tenant, e);
}
