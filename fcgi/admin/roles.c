/* routes.h: roles, and the catalogue of permissions. */
#include <stdio.h>

#include "core/auth/user/role_preview.h"
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
content_of(struct request *r, const struct role_view *role, struct buf *content, struct err *e)
{
	buf_make(content, r->mem);
	return schema_encode(content, &role_view_schema, role, e);
}

static bool
tag_role(struct request *r, const struct role_view *role, struct err *e)
{
	struct buf content;

	return content_of(r, role, &content, e) && etag_set(r, etag_content(&content), e);
}

static bool
get_role(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct deed_by by = request_deed_by(r);

	(void)body;
	return role_see(&by, &r->id0, answer, e) && tag_role(r, answer, e);
}

/* ---- making, changing, deleting ---- */

#define ROLE_FIELDS(T, with)                                                                       \
	FIELD(T, name, .min = 1, .max = ROLE_NAME_MAX, .flags = FIELD_SEEN | (with),               \
	    .doc = "Name, unique in whatever letters; not that of a built-in role.  What a "       \
		   "provider's role_map or mfa.required_for names keeps its name."),               \
	    FIELD(T, description, .max = ROLE_DESCRIPTION_MAX, .flags = FIELD_SEEN,                \
		.doc = "What it is for."),                                                         \
	    FIELD(T, permissions, .max = ROLE_PERMISSIONS_MAX, .flags = (with),                    \
		.doc = "As action:resource; * stands for any, manage for every action.  At most "  \
		       "the caller's own.")

struct role_create {
	const char    *name, *description;
	struct strings permissions;
};
static const struct field role_create_fields[] = {
	ROLE_FIELDS(struct role_create, FIELD_REQUIRED),
	FIELD_END,
};
static const struct schema role_create_schema =
    SCHEMA("RoleCreate", struct role_create, role_create_fields);

static bool
make_role(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct role_create *in = body;
	const struct deed_by      by = request_deed_by(r);
	struct role_new new = {
		.name = in->name,
		.description = in->description,
		.permissions = in->permissions,
		.body = r->body,
	};

	return request_idempotency_key(r, &new.idempotency_key, e) &&
	       role_make(&by, &new, answer, e) && tag_role(r, answer, e);
}

struct role_update {
	const char    *name, *description;
	struct strings permissions;
	uint64_t       given;
};
static const struct field role_update_fields[] = {
	ROLE_FIELDS(struct role_update, 0),
	FIELD_END,
};
static const struct schema role_update_schema =
    SCHEMA_GIVEN("RoleUpdate", struct role_update, role_update_fields, given);

static bool
is_unchanged(void *arg, const struct role_view *was, struct err *e)
{
	struct request *r = arg;
	struct buf      content;

	return content_of(r, was, &content, e) && etag_may_change(r, etag_content(&content), e);
}

static bool
change_role(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct role_update *in = body;
	const struct deed_by      by = request_deed_by(r);
	const struct role_change  c = {
		 .name = in->name,
		 .description = in->description,
		 .permissions = in->permissions,
		 .set_permissions =
		     (in->given & schema_bit(&role_update_schema, "permissions")) != 0,
		 .check = is_unchanged,
		 .check_arg = r,
	};

	return role_alter(&by, &r->id0, &c, answer, e) && tag_role(r, answer, e);
}

static bool
drop_role(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct deed_by     by = request_deed_by(r);
	const struct role_change c = { .check = is_unchanged, .check_arg = r };

	(void)body;
	(void)answer;
	return role_drop(&by, &r->id0, &c, e);
}

/* ---- before it is done ---- */

struct role_draft {
	const char    *name;
	struct strings permissions;
	bool           drop;
	uint64_t       given;
};
static const struct field role_draft_fields[] = {
	FIELD(struct role_draft, name, .min = 1, .max = ROLE_NAME_MAX, .flags = FIELD_SEEN,
	    .doc = "Name that it would have."),
	FIELD(struct role_draft, permissions, .max = ROLE_PERMISSIONS_MAX,
	    .doc = "Permissions that it would have."),
	FIELD_AS(struct role_draft, drop, "delete",
	    .doc = "True: what would be if it were deleted; with nothing else."),
	FIELD_END,
};
static const struct schema role_draft_schema =
    SCHEMA_GIVEN("RoleDraft", struct role_draft, role_draft_fields, given);

static bool
preview_role(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct role_draft *in = body;
	const struct list_query *q = r->query;
	const struct deed_by     by = request_deed_by(r);
	struct role_preview     *out = answer;
	struct page              p = { .want = (size_t)(q->limit > 0 ? q->limit : LIST_PAGE) + 1 };
	const struct role_change c = {
		.name = in->name,
		.permissions = in->permissions,
		.set_permissions = (in->given & schema_bit(&role_draft_schema, "permissions")) != 0,
		.drop = in->drop,
	};

	if (in->drop && (in->name != NULL || c.set_permissions))
		return err_fault(e, r->mem, "/delete", "stands alone");
	if (!list_cursor_read(q->cursor, &p.after, e) ||
	    !role_foresee(&by, &r->id0, &c, &p, out, e))
		return false;
	if (out->items.n < p.want)
		return true;
	out->items.n--;
	if (!list_cursor_write(
		r, &((const struct role_effect *)out->items.p)[out->items.n - 1].user, e))
		return false;
	out->next_cursor = r->next_cursor;
	return true;
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
	ROUTE(POST, "/api/roles", ALLOW_FRESH(CREATE, ROLES), RATE_WRITE, 201, make_role,
	    IN(role_create), OUT(role_view),
	    "Makes a role; with an Idempotency-Key only once. No permission can be given that the "
	    "caller does not have."),
	ROUTE(PUT, "/api/roles/{id}", ALLOW_FRESH(UPDATE, ROLES), RATE_WRITE, 200, change_role,
	    IN(role_update), OUT(role_view),
	    "Changes the members it names, at once for all who have the role. One that permits "
	    "more than the caller may is not changed; to widen one that somebody has needs "
	    "assign:roles too."),
	ROUTE(DELETE_, "/api/roles/{id}", ALLOW_FRESH(DELETE, ROLES), RATE_WRITE, 204, drop_role,
	    IN_NONE, OUT_NONE,
	    "Deletes a role that nobody has and nothing names; else 409 in_use, which says how "
	    "many."),
	ROUTE_Q(POST, "/api/roles/{id}/preview", list_query, ALLOW(UPDATE, ROLES), RATE_READ, 200,
	    preview_role, IN(role_draft), OUT(role_preview),
	    "Says, and does nothing: who would gain and who would lose what if the role had these "
	    "permissions or were deleted, and whether the caller may do so."),
	ROUTE(GET, "/api/permissions", ALLOW(READ, ROLES), RATE_READ, 200, list_permissions,
	    IN_NONE, OUT_LIST(permission_out), "Lists all permissions, each with what it allows."),
	ROUTE_END,
};
