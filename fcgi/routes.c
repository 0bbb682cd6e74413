#include "fcgi/routes.h"

const struct route *const route_tables[] = { auth_routes, session_routes, user_routes, role_routes,
	tenant_routes, audit_routes, api_key_routes, config_routes, snapshot_routes, report_routes,
	life_routes, silence_routes, alert_routes, channel_routes, health_routes, metrics_routes, docs_routes,
	issuer_routes, NULL };
