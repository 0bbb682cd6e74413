/* routes.h: what tenants let people of other tenants do in them. */
#include "core/auth/tenant/grant_admin.h"
#include "fcgi/routes.h"

struct grant_out {
	struct uuid    id, tenant_id, grantee_tenant_id, grantee_user;
	const char    *tenant, *grantee_tenant, *grantee_name, *reason, *state, *given_by;
	struct strings roles;
	instant        created_at, expires_at, used_at, revoked_at;
	const char    *revoked_by;
};
static const char *const  states[] = { "active", "ended", "revoked", NULL };
static const struct field grant_out_fields[] = {
	FIELD(struct grant_out, id, .doc = "Number of the grant."),
	FIELD(struct grant_out, tenant_id, .doc = "The tenant that gives."),
	FIELD(struct grant_out, tenant, .flags = FIELD_NULLABLE, .doc = "Its short name."),
	FIELD(struct grant_out, grantee_tenant, .flags = FIELD_NULLABLE,
	    .doc = "Short name of the tenant whose people may act."),
	FIELD(struct grant_out, grantee_tenant_id, .doc = "Its number."),
	FIELD(struct grant_out, grantee_name, .flags = FIELD_NULLABLE,
	    .doc = "Its name for people; null for who is of another tenant, and knows it by "
		   "its short name."),
	FIELD(struct grant_out, grantee_user, .flags = FIELD_NULLABLE,
	    .doc = "The only user of that tenant who may; null: all of its people and API keys."),
	FIELD(struct grant_out, roles, .doc = "As the roles were called when it was given."),
	FIELD(struct grant_out, reason, .doc = "Why it was given."),
	FIELD(struct grant_out, state, .choices = states, .doc = "Only an active one counts."),
	FIELD(struct grant_out, given_by, .doc = "Who gave it: an address, or the name of a key."),
	FIELD(struct grant_out, created_at, .doc = "When it was given."),
	FIELD(struct grant_out, expires_at, .doc = "When it ends by itself."),
	FIELD(struct grant_out, used_at, .flags = FIELD_NULLABLE,
	    .doc = "When somebody acted by it last, within ten minutes; null: never."),
	FIELD(struct grant_out, revoked_at, .flags = FIELD_NULLABLE,
	    .doc = "When it was taken back."),
	FIELD(struct grant_out, revoked_by, .flags = FIELD_NULLABLE, .doc = "Who took it back."),
	FIELD_END,
};
static const struct schema grant_out_schema = SCHEMA("Grant", struct grant_out, grant_out_fields);

static bool
show(struct request *r, const struct grant *g, struct grant_out *out, struct err *e)
{
	const struct caller *c = &r->caller;
	bool                 known = c->platform || uuid_eq(&c->tenant, &g->grantee_tenant);

	*out = (struct grant_out) {
		.id = g->id,
		.tenant_id = g->tenant_id,
		.grantee_tenant_id = g->grantee_tenant,
		.grantee_user = g->grantee_user,
		.tenant = g->slug,
		.grantee_tenant = g->grantee_slug,
		.grantee_name = known ? g->grantee_name : NULL,
		.reason = g->reason,
		.state = g->revoked_at.ms != 0 ? "revoked"
			 : g->counts           ? "active"
					       : "ended",
		.given_by = g->given_name,
		.created_at = g->created_at,
		.expires_at = g->expires_at,
		.used_at = g->used_at,
		.revoked_at = g->revoked_at,
		.revoked_by = g->revoked_name,
	};
	return grant_roles(r->mem, g, &out->roles, e);
}

/* ---- reading ---- */

struct grant_query {
	struct list_query page;
	const char       *direction;
};
static const char *const  directions[] = { "given", "received", NULL };
static const struct field grant_query_fields[] = {
	LIST_FIELDS(struct grant_query, "Most items of one answer; 50 when absent."),
	FIELD(struct grant_query, direction, .choices = directions,
	    .doc = "Those that the tenant has given (when absent), or was given."),
	FIELD_END,
};
static const struct schema grant_query_schema =
    SCHEMA("GrantQuery", struct grant_query, grant_query_fields);

static bool
fetch_grants(struct request *r, struct list_page *p, struct err *e)
{
	const struct grant_query *q = r->query;
	const struct deed_by      by = request_deed_by(r);
	bool received = q->direction != NULL && str_eqz(STR("received"), q->direction);

	return grants_visible(&by, &r->id0, received, &p->page, e);
}

static bool
show_row(struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	(void)p;
	return show(r, row, out, e);
}
static const struct list_ops grant_list_ops = {
	fetch_grants,
	LIST_OF(struct grant, id),
	show_row,
};

/* ---- giving ---- */

struct grant_create {
	const char    *grantee_tenant;
	struct uuid    grantee_user;
	struct strings roles;
	const char    *reason;
	instant        expires_at;
};
static const struct field grant_create_fields[] = {
	FIELD(struct grant_create, grantee_tenant, .min = 2, .max = 63, .flags = FIELD_REQUIRED,
	    .doc = "Short name or number of the tenant whose people may act here."),
	FIELD(struct grant_create, grantee_user,
	    .doc = "Number of a user of that tenant: nobody else may; left out: all of its people "
		   "and API keys."),
	FIELD(struct grant_create, roles, .min = 1, .max = GRANT_ROLES_MAX, .flags = FIELD_REQUIRED,
	    .doc = "Names of roles of the tenant that gives. Lent of them are drift, snapshots and "
		   "alerts whole, and reading alone of users, roles, API keys, settings, channels "
		   "and the audit trail; each of them within what who acts may do at home."),
	FIELD(struct grant_create, reason, .min = 1, .max = GRANT_REASON_MAX,
	    .flags = FIELD_REQUIRED | FIELD_SEEN, .doc = "Why; in the trail of both tenants."),
	FIELD(struct grant_create, expires_at, .flags = FIELD_REQUIRED,
	    .doc = "When it ends, at most 366 days away."),
	FIELD_END,
};
static const struct schema grant_create_schema =
    SCHEMA("GrantCreate", struct grant_create, grant_create_fields);

static bool
give(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct grant_create *in = body;
	const struct deed_by       by = request_deed_by(r);
	const struct grant_new     x = {
		    .grantee = in->grantee_tenant,
		    .user = in->grantee_user,
		    .roles = in->roles,
		    .reason = in->reason,
		    .expires_at = in->expires_at,
	};
	struct grant g;

	return grant_make(&by, &r->id0, &x, &g, e) && show(r, &g, answer, e);
}

static bool
take_back(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct deed_by by = request_deed_by(r);

	(void)body;
	(void)answer;
	return grant_end(&by, &r->id0, &r->id1, e);
}

const struct route grant_routes[] = {
	ROUTE_LIST("/api/tenants/{id}/grants", grant_query, ALLOW(READ, TENANTS), &grant_list_ops,
	    OUT_LIST(grant_out),
	    "Lists what the caller's own tenant (for the platform any) lets people of other "
	    "tenants do, or may do in others, newest first."),
	ROUTE(POST, "/api/tenants/{id}/grants", ALLOW_FRESH(MANAGE, TENANTS), RATE_MAIL, 201, give,
	    IN(grant_create), OUT(grant_out),
	    "Lets people of another tenant act here until a day, with X-Acting-Tenant; nobody "
	    "lends what they do not hold. The tenant's administrators are told by mail."),
	ROUTE(DELETE_, "/api/tenants/{id}/grants/{id}", ALLOW(MANAGE, TENANTS), RATE_WRITE, 204,
	    take_back, IN_NONE, OUT_NONE,
	    "Takes back at once what the tenant has given, or gives up what it was given."),
	ROUTE_END,
};
