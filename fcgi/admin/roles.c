/* routes.h: roles, and the catalogue of permissions. */
#include <stdio.h>

#include "core/auth/user/user_roles.h"
#include "core/web/etag.h"
#include "fcgi/routes.h"

/* ---- roles ---- */

static bool
fetch_roles(struct request *r, struct list_page *p, struct err *e)
{
	const struct deed_by by = request_deed_by(r);

	return role_page(&by, &p->page, e);
}
static const struct list_ops role_list_ops = { fetch_roles, LIST_OF(struct role_view, id) };

static bool
get_role(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct deed_by    by = request_deed_by(r);
	const struct role_view *role = answer;
	struct buf              content;

	(void)body;
	if (!role_see(&by, &r->id0, answer, e))
		return false;
	buf_make(&content, r->mem);
	return schema_encode(&content, &role_view_schema, role, e) &&
	       etag_set(r, etag_content(&content), e);
}

/* ---- the catalogue ---- */

struct permission_out {
	const char *permission, *description;
	bool        platform_only;
};
static const struct field permission_out_fields[] = {
	FIELD(struct permission_out, permission, .doc = "action:resource."),
	FIELD(struct permission_out, description, .doc = "What it allows."),
	FIELD(struct permission_out, platform_only, .doc = "Counts in the tenant platform only."),
	FIELD_END,
};
static const struct schema permission_out_schema =
    SCHEMA("Permission", struct permission_out, permission_out_fields);

static const char *const verbs[ACTION__MAX] = {
	[ACTION_READ] = "See",
	[ACTION_CREATE] = "Make",
	[ACTION_UPDATE] = "Change",
	[ACTION_DELETE] = "Delete",
	[ACTION_ASSIGN] = "Assign",
	[ACTION_EXECUTE] = "Run",
	[ACTION_WRITE] = "Send in",
	[ACTION_MANAGE] = "Do everything with",
};
static const char *const things[RESOURCE__MAX] = {
	[RESOURCE_USERS] = "users",
	[RESOURCE_ROLES] = "roles",
	[RESOURCE_API_KEYS] = "API keys",
	[RESOURCE_TENANTS] = "tenants (outside the tenant platform: one's own)",
	[RESOURCE_SETTINGS] = "the settings of the tenant",
	[RESOURCE_DRIFT] = "drift configurations, their runs, reports and changes",
	[RESOURCE_SNAPSHOTS] = "snapshots",
	[RESOURCE_ALERTS] = "alerts",
	[RESOURCE_CHANNELS] = "channels and their deliveries",
	[RESOURCE_AUDIT] = "the audit trail",
	[RESOURCE_METRICS] = "metrics and errors of the installation",
};

static bool
describe(
    TALLOC_CTX *mem, enum action a, enum resource_kind k, struct permission_out *out, struct err *e)
{
	char text[PERMISSION_TEXT_MAX];

	permission_print(a, k, text);
	out->permission = talloc_strdup(mem, text);
	out->description = talloc_asprintf(mem, "%s %s.", verbs[a], things[k]);
	out->platform_only = k == RESOURCE_METRICS || (k == RESOURCE_TENANTS && a == ACTION_CREATE);
	return (out->permission != NULL && out->description != NULL) || err_memory(e);
}

static bool
list_permissions(struct request *r, const void *body, void *answer, struct err *e)
{
	unsigned               most = ACTION__MAX * RESOURCE__MAX;
	struct items          *out = answer;
	struct permission_out *all = talloc_zero_array(r->mem, struct permission_out, most);

	(void)body;
	if (all == NULL)
		return err_memory(e);
	*out = (struct items) { all, 0 };
	for (int k = 0; k < RESOURCE__MAX; k++)
		for (int a = 0; a < ACTION__MAX; a++)
			if (!describe(
				r->mem, (enum action)a, (enum resource_kind)k, &all[out->n++], e))
				return false;
	return true;
}

const struct route role_routes[] = {
	ROUTE_LIST("/api/roles", list_query, ALLOW(READ, ROLES), &role_list_ops,
	    OUT_LIST(role_view), "Lists the tenant's roles, newest first."),
	ROUTE(GET, "/api/roles/{id}", ALLOW(READ, ROLES), RATE_READ, 200, get_role, IN_NONE,
	    OUT_TAGGED(role_view), "Shows a role."),
	ROUTE(GET, "/api/permissions", ALLOW(READ, ROLES), RATE_READ, 200, list_permissions,
	    IN_NONE, OUT_LIST(permission_out), "Lists all permissions, each with what it allows."),
	ROUTE_END,
};
