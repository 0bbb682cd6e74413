/* routes.h: the open alerts of all tenants that somebody may look after. */
#include "core/auth/tenant/fleet.h"
#include "fcgi/routes.h"

struct fleet_alert_links {
	const char *acting_tenant, *alert;
};
static const struct field fleet_alert_links_fields[] = {
	FIELD(struct fleet_alert_links, acting_tenant, .flags = FIELD_NULLABLE,
	    .doc = "What X-Acting-Tenant says to work there; null: it is the caller's own, or "
		   "nothing of it is lent to them."),
	FIELD(struct fleet_alert_links, alert, .flags = FIELD_NULLABLE,
	    .doc = "Where the alert is, asked so; null: the caller cannot."),
	FIELD_END,
};
static const struct schema fleet_alert_links_schema =
    SCHEMA("FleetAlertLinks", struct fleet_alert_links, fleet_alert_links_fields);

struct fleet_alert_out {
	struct uuid               tenant_id, alert_id;
	const char               *slug, *name, *kind, *severity, *status;
	instant                   opened_at, counted_at;
	bool                      taken;
	struct fleet_alert_links *links;
};
static const struct field fleet_alert_out_fields[] = {
	FIELD(struct fleet_alert_out, tenant_id, .doc = "Number of the tenant."),
	FIELD(struct fleet_alert_out, slug, .doc = "Its short name."),
	FIELD(struct fleet_alert_out, name, .doc = "Its name for people."),
	FIELD(struct fleet_alert_out, alert_id, .doc = "Number of the alert there."),
	FIELD(struct fleet_alert_out, kind, .doc = "As of an alert."),
	FIELD(struct fleet_alert_out, severity, .doc = "That of its worst finding still open."),
	FIELD(struct fleet_alert_out, status, .doc = "open, acknowledged or in_progress."),
	FIELD(struct fleet_alert_out, opened_at, .doc = "When it was opened."),
	FIELD(
	    struct fleet_alert_out, taken, .doc = "Somebody has acknowledged it, or was assigned."),
	FIELD(struct fleet_alert_out, counted_at,
	    .doc = "When it was so: within seconds after what changes it, and within an hour."),
	FIELD(struct fleet_alert_out, links, .item = &fleet_alert_links_schema,
	    .doc = "Where it goes on."),
	FIELD_END,
};
static const struct schema fleet_alert_out_schema =
    SCHEMA("FleetAlert", struct fleet_alert_out, fleet_alert_out_fields);

/* By a grant, or at home; the platform has none of another's. */
static bool
show_links(struct request *r, const struct fleet_alert_row *row, struct fleet_alert_out *out,
    struct err *e)
{
	char id[UUID_TEXT_MAX];

	out->links = talloc_zero(r->mem, struct fleet_alert_links);
	if (out->links == NULL)
		return err_memory(e);
	if (r->caller.acting || row->lent)
		out->links->acting_tenant = row->slug;
	if (!row->lent && !uuid_eq(&row->tenant_id, &r->db->tenant->id))
		return true;
	uuid_print(&row->a.alert_id, id);
	out->links->alert = talloc_asprintf(r->mem, "/api/drift/alerts/%s", id);
	return out->links->alert != NULL || err_memory(e);
}

static bool
show(struct request *r, const struct list_page *p, const void *from, void *to, struct err *e)
{
	const struct fleet_alert_row *row = from;
	struct fleet_alert_out       *out = to;

	(void)p;
	*out = (struct fleet_alert_out) {
		.tenant_id = row->tenant_id,
		.slug = row->slug,
		.name = row->name,
		.alert_id = row->a.alert_id,
		.kind = row->a.kind,
		.severity = row->a.severity,
		.status = row->a.status,
		.opened_at = row->a.opened_at,
		.taken = row->a.taken,
		.counted_at = row->counted_at,
	};
	return show_links(r, row, out, e);
}

struct fleet_alerts_query {
	struct list_query page;
	const char       *severity;
};
static const char *const  severities[] = { "critical", "high", "medium", "low", "info", NULL };
static const struct field fleet_alerts_query_fields[] = {
	LIST_FIELDS(struct fleet_alerts_query, "Most items of one answer; 50 when absent."),
	FIELD(struct fleet_alerts_query, severity, .choices = severities,
	    .doc = "Those so severe, or worse."),
	FIELD_END,
};
static const struct schema fleet_alerts_query_schema =
    SCHEMA("FleetAlertsQuery", struct fleet_alerts_query, fleet_alerts_query_fields);

static bool
fetch(struct request *r, struct list_page *p, struct err *e)
{
	const struct fleet_alerts_query *q = r->query;
	const struct deed_by             by = request_deed_by(r);
	const struct fleet_filter        f = { .severity = q->severity };

	return fleet_alerts_visible(&by, &f, &p->page, e);
}

static const struct list_ops fleet_alert_list_ops = {
	fetch,
	LIST_OF(struct fleet_alert_row, place),
	show,
};

const struct route fleet_alert_routes[] = {
	ROUTE_LIST("/api/fleet/alerts", fleet_alerts_query, ALLOW(READ, ALERTS),
	    &fleet_alert_list_ops, OUT_LIST(fleet_alert_out),
	    "Lists open alerts of the tenants of GET /api/fleet that no silence holds back, the "
	    "10 worst of each: by severity, then those that nobody took, then the oldest. None "
	    "has a title or a value: those are read there. None is of kind security."),
	ROUTE_END,
};
