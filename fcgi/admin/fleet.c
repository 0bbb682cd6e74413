/* routes.h: the tenants that somebody may look after, in numbers. */
#include "core/auth/tenant/fleet.h"
#include "core/auth/tenant/tenant_admin.h"
#include "fcgi/routes.h"

struct fleet_alerts {
	int64_t critical, high, medium, low, info;
	instant oldest_untaken_at;
};
static const struct field fleet_alerts_fields[] = {
	FIELD(struct fleet_alerts, critical, .doc = "So many are critical."),
	FIELD(struct fleet_alerts, high, .doc = "So many are high."),
	FIELD(struct fleet_alerts, medium, .doc = "So many are medium."),
	FIELD(struct fleet_alerts, low, .doc = "So many are low."),
	FIELD(struct fleet_alerts, info, .doc = "So many are info."),
	FIELD(struct fleet_alerts, oldest_untaken_at, .flags = FIELD_NULLABLE,
	    .doc = "When the oldest was opened that nobody has acknowledged or was assigned; null: "
		   "there is none."),
	FIELD_END,
};
static const struct schema fleet_alerts_schema =
    SCHEMA("FleetAlerts", struct fleet_alerts, fleet_alerts_fields);

struct fleet_security {
	int64_t open;
};
static const struct field fleet_security_fields[] = {
	FIELD(struct fleet_security, open, .doc = "So many are open."),
	FIELD_END,
};
static const struct schema fleet_security_schema =
    SCHEMA("FleetSecurity", struct fleet_security, fleet_security_fields);

struct fleet_configs {
	int64_t all, blind;
	instant last_snapshot_at;
};
static const struct field fleet_configs_fields[] = {
	FIELD(struct fleet_configs, all, .doc = "Drift configs."),
	FIELD(struct fleet_configs, blind, .doc = "Those whose complete snapshot has not come."),
	FIELD(struct fleet_configs, last_snapshot_at, .flags = FIELD_NULLABLE,
	    .doc = "When the last complete snapshot of any was collected; null: there was none."),
	FIELD_END,
};
static const struct schema fleet_configs_schema =
    SCHEMA("FleetConfigs", struct fleet_configs, fleet_configs_fields);

struct fleet_links {
	const char *acting_tenant, *alerts, *configs;
};
static const struct field fleet_links_fields[] = {
	FIELD(struct fleet_links, acting_tenant, .flags = FIELD_NULLABLE,
	    .doc = "What X-Acting-Tenant says to work there; null: it is the caller's own, or "
		   "nothing of it is lent to them."),
	FIELD(struct fleet_links, alerts, .flags = FIELD_NULLABLE,
	    .doc = "Where its open alerts are, asked so; null: the caller cannot."),
	FIELD(struct fleet_links, configs, .flags = FIELD_NULLABLE,
	    .doc = "Where its drift configs are, asked so; null: the caller cannot."),
	FIELD_END,
};
static const struct schema fleet_links_schema =
    SCHEMA("FleetLinks", struct fleet_links, fleet_links_fields);

struct fleet_out {
	struct uuid            tenant_id;
	const char            *slug, *name, *status;
	struct fleet_alerts   *alerts;
	struct fleet_security *security;
	struct fleet_configs  *configs;
	struct quota          *quota;
	struct tenant_usage   *usage;
	instant                counted_at;
	struct fleet_links    *links;
};
static const struct field fleet_out_fields[] = {
	FIELD(struct fleet_out, tenant_id, .doc = "Number of the tenant."),
	FIELD(struct fleet_out, slug, .doc = "Its short name."),
	FIELD(struct fleet_out, name, .doc = "Its name for people."),
	FIELD(struct fleet_out, status,
	    .doc = "active, suspended, or deleting; of one that is not active nothing is lent."),
	FIELD(struct fleet_out, alerts, .item = &fleet_alerts_schema, .flags = FIELD_NULLABLE,
	    .doc = "Open alerts that no silence holds back, but those of kind security; null: the "
		   "caller may not read alerts there."),
	FIELD(struct fleet_out, security, .item = &fleet_security_schema, .flags = FIELD_NULLABLE,
	    .doc = "Alerts of kind security; null: the caller may not read alerts and the audit "
		   "trail there."),
	FIELD(struct fleet_out, configs, .item = &fleet_configs_schema, .flags = FIELD_NULLABLE,
	    .doc = "Drift configs; null: the caller may not read drift there."),
	FIELD(struct fleet_out, quota, .item = &quota_schema, .flags = FIELD_NULLABLE,
	    .doc = "What the platform allows it; {}: no limits; null: the caller may not read "
		   "tenants there."),
	FIELD(struct fleet_out, usage, .item = &tenant_usage_schema, .flags = FIELD_NULLABLE,
	    .doc = "What it has, as it was counted; null with quota."),
	FIELD(struct fleet_out, counted_at, .flags = FIELD_NULLABLE,
	    .doc = "When this was counted: within seconds after what changes alerts or configs, "
		   "and within an hour; null: not yet, and then nothing of it is shown."),
	FIELD(struct fleet_out, links, .item = &fleet_links_schema, .doc = "Where it goes on."),
	FIELD_END,
};
static const struct schema fleet_out_schema =
    SCHEMA("FleetTenant", struct fleet_out, fleet_out_fields);

/* ---- showing ---- */

static bool
show_alerts(struct request *r, const struct fleet_row *row, struct fleet_out *out, struct err *e)
{
	out->alerts = talloc(r->mem, struct fleet_alerts);
	if (out->alerts == NULL)
		return err_memory(e);
	*out->alerts = (struct fleet_alerts) {
		.critical = row->critical,
		.high = row->high,
		.medium = row->medium,
		.low = row->low,
		.info = row->info,
		.oldest_untaken_at = row->untaken_at,
	};
	return true;
}

/* Who may not read alerts there does not read these. */
static bool
show_security(struct request *r, const struct fleet_row *row, struct fleet_out *out, struct err *e)
{
	out->security = talloc(r->mem, struct fleet_security);
	if (out->security == NULL)
		return err_memory(e);
	out->security->open = row->security;
	return true;
}

static bool
show_configs(struct request *r, const struct fleet_row *row, struct fleet_out *out, struct err *e)
{
	out->configs = talloc(r->mem, struct fleet_configs);
	if (out->configs == NULL)
		return err_memory(e);
	*out->configs = (struct fleet_configs) { row->configs, row->blind, row->snapshot_at };
	return true;
}

#define DAY_MS INT64_C(86400000)

static bool
show_quota(struct request *r, const struct fleet_row *row, struct fleet_out *out, struct err *e)
{
	const struct tenant t = { .quota = row->quota };
	const bool          today = row->day == clock_ms(r->app->env->clock) / DAY_MS;
	const int64_t       used[USAGE__MAX] = {
		      [USAGE_USERS] = row->users,
		      [USAGE_API_KEYS] = row->api_keys,
		      [USAGE_CONFIGS] = row->configs,
		      [USAGE_SNAPSHOTS] = today ? row->snapshots : 0,
		      [USAGE_STORAGE] = row->storage_bytes,
	};

	out->quota = talloc_zero(r->mem, struct quota);
	out->usage = talloc_zero(r->mem, struct tenant_usage);
	if (out->quota == NULL || out->usage == NULL)
		return err_memory(e);
	return tenant_quota(r->mem, &t, out->quota, e) &&
	       tenant_usage_fill(r->mem, out->quota, used, out->usage, e);
}

/* By a grant, or at home; the platform has none of another's. */
static bool
show_links(struct request *r, const struct fleet_row *row, struct fleet_out *out, struct err *e)
{
	const bool enters = row->lent || uuid_eq(&row->id, &r->db->tenant->id);

	out->links = talloc_zero(r->mem, struct fleet_links);
	if (out->links == NULL)
		return err_memory(e);
	if (r->caller.acting || row->lent)
		out->links->acting_tenant = row->slug;
	if (enters && (row->bits & FLEET_ALERTS) != 0)
		out->links->alerts = "/api/drift/alerts?status=open";
	if (enters && (row->bits & FLEET_DRIFT) != 0)
		out->links->configs = "/api/drift/configs";
	return true;
}

static bool
show(struct request *r, const struct list_page *p, const void *from, void *to, struct err *e)
{
	const struct fleet_row *row = from;
	struct fleet_out       *out = to;

	(void)p;
	*out = (struct fleet_out) {
		.tenant_id = row->id,
		.slug = row->slug,
		.name = row->name,
		.status = row->status,
		.counted_at = row->counted_at,
	};
	if (!show_links(r, row, out, e))
		return false;
	if (row->counted_at.ms == 0)
		return true;
	return ((row->bits & FLEET_ALERTS) == 0 || show_alerts(r, row, out, e)) &&
	       ((row->bits & FLEET_ALERTS) == 0 || (row->bits & FLEET_AUDIT) == 0 ||
		   show_security(r, row, out, e)) &&
	       ((row->bits & FLEET_DRIFT) == 0 || show_configs(r, row, out, e)) &&
	       ((row->bits & FLEET_TENANTS) == 0 || show_quota(r, row, out, e));
}

/* ---- asking ---- */

struct fleet_query {
	struct list_query page;
	const char       *status, *severity, *blind;
};
static const char *const  statuses[] = { "active", "suspended", "deleting", NULL };
static const char *const  severities[] = { "critical", "high", "medium", "low", "info", NULL };
static const char *const  truths[] = { "true", "false", NULL };
static const struct field fleet_query_fields[] = {
	LIST_FIELDS(struct fleet_query, "Most items of one answer; 50 when absent."),
	FIELD(struct fleet_query, status, .choices = statuses, .doc = "Those with that status."),
	FIELD(struct fleet_query, severity, .choices = severities,
	    .doc = "Those with an open alert so severe, or worse."),
	FIELD(struct fleet_query, blind, .choices = truths,
	    .doc = "true: those with a blind config; false: those without one."),
	FIELD_END,
};
static const struct schema fleet_query_schema =
    SCHEMA("FleetQuery", struct fleet_query, fleet_query_fields);

static bool
fetch(struct request *r, struct list_page *p, struct err *e)
{
	const struct fleet_query *q = r->query;
	const struct deed_by      by = request_deed_by(r);
	const struct fleet_filter f = { q->status, q->severity, q->blind };

	return fleet_visible(&by, &f, &p->page, e);
}

static const struct list_ops fleet_list_ops = {
	fetch,
	LIST_OF(struct fleet_row, id),
	show,
};

const struct route fleet_routes[] = {
	ROUTE_LIST("/api/fleet", fleet_query, ALLOW(READ, ALERTS), &fleet_list_ops,
	    OUT_LIST(fleet_out),
	    "Lists the tenants that the caller may read, one row each, worst first: its own, those "
	    "that grants let it act in, and for the platform with read:tenants all. Acting in "
	    "another tenant, that one."),
	ROUTE_END,
};
