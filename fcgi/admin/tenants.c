/* routes.h: tenants, their settings and status. */
#include "core/auth/settings_second.h"
#include "core/auth/tenant/tenant_admin.h"
#include "core/auth/tenant/tenant_life.h"
#include "core/auth/tenant/tenant_make.h"
#include "core/auth/user/user_admin.h"
#include "core/web/cors.h"
#include "core/web/etag.h"
#include "core/web/rate.h"
#include "fcgi/routes.h"

static const struct field usage_fields[] = {
	FIELD(struct tenant_usage, users, .doc = "Accounts, disabled ones too."),
	FIELD(struct tenant_usage, api_keys, .doc = "API keys that are not revoked."),
	FIELD(struct tenant_usage, drift_configs, .doc = "Drift configs."),
	FIELD(struct tenant_usage, snapshots_today,
	    .doc = "Snapshots of this day (UTC), unchanged ones too."),
	FIELD(struct tenant_usage, storage_bytes,
	    .doc = "Bytes stored: sealed contents, changes and audit; what was deleted is counted "
		   "off in half a minute where a quota bounds it, else within a day."),
	FIELD(struct tenant_usage, near,
	    .doc = "Members of the quota of which 80 in a hundred are used, or more."),
	FIELD_END,
};
const struct schema tenant_usage_schema = SCHEMA("TenantUsage", struct tenant_usage, usage_fields);

struct tenant_out {
	struct uuid              id, tenant_id;
	const char              *slug, *name, *status;
	struct settings         *settings;
	struct settings_pending *four_eyes_pending;
	struct quota            *quota;
	struct tenant_usage     *usage;
	instant                  created_at;
	const char              *status_reason;
	instant                  status_at, erase_at;
	struct uuid              operation_id;
};
static const struct field tenant_out_fields[] = {
	FIELD(struct tenant_out, id, .doc = "Number of the tenant."),
	FIELD(struct tenant_out, tenant_id, .doc = "The same."),
	FIELD(struct tenant_out, slug, .doc = "Its short name, as typed at sign-in."),
	FIELD(struct tenant_out, name, .doc = "Its name for people."),
	FIELD(struct tenant_out, status,
	    .doc =
		"provisioning, active, suspended, deleting (until erase_at it can be had back) or "
		"erasing."),
	FIELD(struct tenant_out, settings, .item = &settings_schema,
	    .doc = "What its administrators decide, with the installation's defaults filled in."),
	FIELD(struct tenant_out, four_eyes_pending, .item = &settings_pending_schema,
	    .flags = FIELD_NULLABLE,
	    .doc = "What one person has asked for about settings.four_eyes.accept_from, and no "
		   "second one has confirmed yet; null: nothing, or it was over after 7 days."),
	FIELD(struct tenant_out, quota, .item = &quota_schema,
	    .doc = "What the platform allows it; {}: no limits."),
	FIELD(struct tenant_out, usage, .item = &tenant_usage_schema, .flags = FIELD_NULLABLE,
	    .doc = "What it has; null in lists, and while there is nothing to count."),
	FIELD(struct tenant_out, created_at, .doc = "When it was made."),
	FIELD(struct tenant_out, status_reason, .flags = FIELD_NULLABLE,
	    .doc = "Why it is suspended or deleted; null: no reason was given."),
	FIELD(struct tenant_out, status_at, .flags = FIELD_NULLABLE,
	    .doc = "Since when its status is what it is; null: since it was made."),
	FIELD(struct tenant_out, erase_at, .flags = FIELD_NULLABLE,
	    .doc = "When it is erased; null: it is not deleted."),
	FIELD(struct tenant_out, operation_id, .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "The long work that this request has begun, or that erases the tenant (GET "
		   "/api/operations/{id})."),
	FIELD_END,
};
static const struct schema tenant_out_schema =
    SCHEMA("TenantView", struct tenant_out, tenant_out_fields);

/* ---- showing ---- */

static bool
show(struct request *r, const struct tenant *t, struct tenant_out *out, struct err *e)
{
	*out = (struct tenant_out) {
		.id = t->id,
		.tenant_id = t->id,
		.slug = t->slug,
		.name = t->name,
		.status = t->status,
		.created_at = t->created_at,
		.status_reason = *t->status_reason == '\0' ? NULL : t->status_reason,
		.status_at = t->status_at,
		.erase_at = t->erase_at,
		.operation_id = t->erase_op,
	};
	out->settings = talloc_zero(r->mem, struct settings);
	out->quota = talloc_zero(r->mem, struct quota);
	if (out->settings == NULL || out->quota == NULL)
		return err_memory(e);
	return tenant_quota(r->mem, t, out->quota, e) &&
	       settings_parse(r->mem, r->app->env->conf, t->settings.text, out->settings, e) &&
	       settings_pending(r->mem, t->settings_pending,
		   (instant) { clock_ms(r->app->env->clock) }, &out->four_eyes_pending, e);
}

static struct buf
content_of(struct request *r, const struct tenant *t)
{
	struct buf b;

	buf_make(&b, r->mem);
	buf_json(&b, str_of(t->name));
	buf_json(&b, str_of(t->status));
	buf_puts(&b, t->settings.text);
	buf_puts(&b, t->settings_pending);
	buf_puts(&b, t->quota.text);
	buf_json(&b, str_of(t->status_reason));
	buf_printf(&b, "%lld", (long long)t->erase_at.ms);
	return b;
}

static bool
answer_tenant(struct request *r, const struct tenant *t, struct tenant_out *out, struct err *e)
{
	const struct deed_by by = request_deed_by(r);
	struct buf           content = content_of(r, t);

	return show(r, t, out, e) && tenant_usage_of(&by, t, &out->usage, e) &&
	       etag_set(r, etag_content(&content), e);
}

/* ---- reading ---- */

static bool
fetch_tenants(struct request *r, struct list_page *p, struct err *e)
{
	const struct deed_by by = request_deed_by(r);

	return tenants_visible(&by, &p->page, e);
}

static bool
show_row(struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	(void)p;
	return show(r, row, out, e);
}
static const struct list_ops tenant_list_ops = {
	fetch_tenants,
	LIST_OF(struct tenant, id),
	show_row,
};

static bool
get_tenant(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct deed_by by = request_deed_by(r);
	const struct tenant *t;

	(void)body;
	return tenant_visible(&by, &r->id0, &t, e) && answer_tenant(r, t, answer, e);
}

/* ---- making ---- */

struct tenant_admin_body {
	const char *email, *display_name, *password;
};
static const struct field tenant_admin_fields[] = {
	FIELD(struct tenant_admin_body, email, .min = 3, .max = 254, .format = "email",
	    .flags = FIELD_REQUIRED, .doc = "What the administrator signs in with."),
	FIELD(struct tenant_admin_body, display_name, .min = 1, .max = 200, .flags = FIELD_SEEN,
	    .doc = "Name shown to others; left out: the address."),
	FIELD(struct tenant_admin_body, password, .min = 1, .max = 1024, .flags = FIELD_SECRET,
	    .format = "password", .doc = "The first password; left out: invited by mail."),
	FIELD_END,
};
static const struct schema tenant_admin_schema =
    SCHEMA("TenantAdminCreate", struct tenant_admin_body, tenant_admin_fields);

struct tenant_create {
	const char               *slug, *name;
	struct settings          *settings;
	struct quota             *quota;
	struct tenant_admin_body *admin;
};
static const struct field tenant_create_fields[] = {
	FIELD(struct tenant_create, slug, .min = 2, .max = 63, .flags = FIELD_REQUIRED,
	    .doc = "Its short name, as typed at sign-in: a-z, 0-9 and -; it never changes."),
	FIELD(struct tenant_create, name, .min = 1, .max = 200,
	    .flags = FIELD_REQUIRED | FIELD_SEEN, .doc = "Its name for people."),
	FIELD(struct tenant_create, settings, .item = &settings_schema,
	    .doc = "Members that differ from the defaults."),
	FIELD(struct tenant_create, quota, .item = &quota_schema,
	    .doc = "What it may have; left out: no limits."),
	FIELD(struct tenant_create, admin, .item = &tenant_admin_schema,
	    .doc = "Its first administrator; left out: none is made."),
	FIELD_END,
};
static const struct schema tenant_create_schema =
    SCHEMA("TenantCreate", struct tenant_create, tenant_create_fields);

static const int made_statuses[] = { 202, 400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 500,
	503, 0 };

static bool check_settings(struct request *r, const struct json *settings, struct err *e);

static bool
make_tenant(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct tenant_create *in = body;
	const struct deed_by        by = request_deed_by(r);
	struct tenant_out          *out = answer;
	struct tenant_new           x = { .slug = in->slug, .name = in->name, .body = r->body };
	struct tenant_made          made;
	const struct tenant        *t;

	if (in->settings != NULL)
		x.settings = json_get(r->json, "settings");
	if (in->quota != NULL)
		x.quota = json_get(r->json, "quota");
	if (in->admin != NULL) {
		x.email = in->admin->email;
		x.display_name = in->admin->display_name;
		x.password = in->admin->password;
	}
	if (!check_settings(r, x.settings, e) ||
	    !request_idempotency_key(r, &x.idempotency_key, e) || !tenant_make(&by, &x, &made, e) ||
	    !tenant_visible(&by, &made.tenant, &t, e) || !answer_tenant(r, t, out, e))
		return false;
	out->operation_id = made.operation;
	r->status = made.ready ? 201 : 202;
	return true;
}

/* ---- writing ---- */

struct tenant_update {
	const char      *name, *status, *reason;
	struct settings *settings;
	struct quota    *quota;
};
static const char *const  settable[] = { "active", "suspended", NULL };
static const struct field tenant_update_fields[] = {
	FIELD(struct tenant_update, name, .min = 1, .max = 200, .flags = FIELD_SEEN,
	    .doc = "Its name for people."),
	FIELD(struct tenant_update, settings, .item = &settings_schema,
	    .doc =
		"Members named are changed; null takes one back to its default. What this version "
		"does not act upon is refused. What is new in a version counts on hosts that have "
		"it: set it once all have."),
	FIELD(struct tenant_update, quota, .item = &quota_schema,
	    .doc =
		"Members named are changed; null takes a limit away. One below what there is takes "
		"nothing away. The platform only."),
	FIELD(struct tenant_update, status, .choices = settable,
	    .doc = "suspended: nobody can sign in or work there, and nothing is collected or "
		   "delivered: it "
		   "waits. The platform only."),
	FIELD(struct tenant_update, reason, .min = 1, .max = TENANT_REASON_MAX, .flags = FIELD_SEEN,
	    .doc = "Why the status changes; shown beside it, and in both audit trails."),
	FIELD_END,
};
static const struct schema tenant_update_schema =
    SCHEMA("TenantUpdate", struct tenant_update, tenant_update_fields);

/* What the settings name of other rooms is held against those. */
static bool
check_settings(struct request *r, const struct json *settings, struct err *e)
{
	if (settings == NULL || settings->type != JSON_OBJECT)
		return true;
	return cors_origins_check(r->mem, json_at(settings, STR("/cors/allowed_origins")), e) &&
	       rate_limits_check(r->app->routes, r->mem, json_get(settings, "rate_limits"), e);
}

static bool
change_tenant(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct tenant_update *in = body;
	const struct deed_by        by = request_deed_by(r);
	struct tenant_change        c = {
		       .name = in->name,
		       .status = in->status,
		       .reason = in->reason,
		       .exact = etag_is_named(r),
	};
	const struct tenant *t;
	struct buf           content;

	if (in->settings != NULL)
		c.settings = json_get(r->json, "settings");
	if (in->quota != NULL)
		c.quota = json_get(r->json, "quota");
	if (!tenant_visible(&by, &r->id0, &t, e) || !check_settings(r, c.settings, e))
		return false;
	content = content_of(r, t);
	return etag_may_change(r, etag_content(&content), e) && tenant_alter(&by, t, &c, e) &&
	       tenant_visible(&by, &r->id0, &t, e) && answer_tenant(r, t, answer, e);
}

/* ---- deleting, and having back ---- */

struct tenant_drop_query {
	bool        now;
	const char *reason;
};
static const struct field tenant_drop_query_fields[] = {
	FIELD(struct tenant_drop_query, now,
	    .doc = "At once, without the time in which it can be had back "
		   "(tenants.erase_grace_s)."),
	FIELD(struct tenant_drop_query, reason, .min = 1, .max = TENANT_REASON_MAX,
	    .flags = FIELD_SEEN, .doc = "Why; it is in both audit trails and on the receipt."),
	FIELD_END,
};
static const struct schema tenant_drop_query_schema =
    SCHEMA("TenantDropQuery", struct tenant_drop_query, tenant_drop_query_fields);

/* What stands there now: also where an earlier request with that key has done it. */
static bool
live(struct request *r, struct tenant_life *x, void *answer, struct err *e)
{
	const struct deed_by by = request_deed_by(r);
	const struct tenant *t;
	struct uuid          operation;

	if (!tenant_visible(&by, &r->id0, &t, e) || !tenant_live(&by, &r->id0, x, &operation, e) ||
	    !tenant_visible(&by, &r->id0, &t, e) || !answer_tenant(r, t, answer, e))
		return false;
	if (!uuid_is_nil(&operation))
		((struct tenant_out *)answer)->operation_id = operation;
	return true;
}

/* Who may not is told that, whatever the tag is. */
static bool
is_as_named(struct request *r, struct err *e)
{
	const struct deed_by by = request_deed_by(r);
	const struct tenant *t;
	struct buf           content;

	if (!r->caller.platform)
		return true;
	if (!tenant_visible(&by, &r->id0, &t, e))
		return false;
	content = content_of(r, t);
	return etag_may_change(r, etag_content(&content), e);
}

static bool
drop_tenant(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct tenant_drop_query *q = r->query;
	struct tenant_life              x = { .to = TENANT_DELETED, .reason = q->reason };

	(void)body;
	x.grace_s = q->now ? 0 : r->app->env->conf->tenants_grace_s;
	return is_as_named(r, e) && request_idempotency_key(r, &x.idempotency_key, e) &&
	       live(r, &x, answer, e);
}

struct tenant_undrop {
	const char *reason;
};
static const struct field tenant_undrop_fields[] = {
	FIELD(struct tenant_undrop, reason, .min = 1, .max = TENANT_REASON_MAX, .flags = FIELD_SEEN,
	    .doc = "Why; it is in both audit trails."),
	FIELD_END,
};
static const struct schema tenant_undrop_schema =
    SCHEMA("TenantUndelete", struct tenant_undrop, tenant_undrop_fields);

static bool
undrop_tenant(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct tenant_undrop *in = body;
	struct tenant_life          x = { .to = TENANT_UNDELETED, .reason = in->reason };

	return live(r, &x, answer, e);
}

static const int drop_statuses[] = { 400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 503, 0 };

const struct route tenant_routes[] = {
	ROUTE_LIST("/api/tenants", list_query, ALLOW(READ, TENANTS), &tenant_list_ops,
	    OUT_LIST(tenant_out),
	    "Lists the caller's own tenant; for the platform all, newest first."),
	{ ROUTE_Y(POST, "/api/tenants", NULL, ALLOW_FRESH(CREATE, TENANTS), RATE_WRITE, 201,
	      make_tenant, IN(tenant_create), OUT(tenant_out),
	      "Makes a tenant, with its first administrator; with an Idempotency-Key only once. "
	      "202: "
	      "its schema is yet to be made, and the tenant is provisioning until operation_id is "
	      "done."),
	    .hashes = true, .statuses = made_statuses },
	ROUTE(GET, "/api/tenants/{id}", ALLOW(READ, TENANTS), RATE_READ, 200, get_tenant, IN_NONE,
	    OUT_TAGGED(tenant_out), "Shows the caller's own tenant; for the platform any."),
	ROUTE(PUT, "/api/tenants/{id}", ALLOW_FRESH(UPDATE, TENANTS), RATE_WRITE, 200,
	    change_tenant, IN(tenant_update), OUT(tenant_out),
	    "Changes name and settings (those need update:settings too) of the caller's own "
	    "tenant; "
	    "the platform also the status, and other tenants."),
	{ ROUTE_Y(DELETE_, "/api/tenants/{id}", &tenant_drop_query_schema,
	      ALLOW_FRESH(DELETE, TENANTS), RATE_WRITE, 202, drop_tenant, IN_NONE, OUT(tenant_out),
	      "Deletes a tenant: nobody signs in or works there any more, until erase_at it can be "
	      "had back, then it is erased by operation_id, with a signed receipt in the "
	      "platform's "
	      "audit trail. The platform only, and never itself; with an Idempotency-Key only "
	      "once."),
	    .statuses = drop_statuses },
	ROUTE(POST, "/api/tenants/{id}/undelete", ALLOW_FRESH(DELETE, TENANTS), RATE_WRITE, 200,
	    undrop_tenant, IN(tenant_undrop), OUT(tenant_out),
	    "Has a deleted tenant back, as it was, before it is erased."),
	ROUTE_END,
};
