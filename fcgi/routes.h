/*
 * routes.h - all routes of the responder: one table per resource, each in the
 * file that holds its handlers.
 */
#ifndef BSX_FCGI_ROUTES_H
#define BSX_FCGI_ROUTES_H

#include "core/web/route.h"

extern const struct schema tenant_usage_schema; /* of struct tenant_usage */

extern const struct route auth_routes[];
extern const struct route session_routes[];
extern const struct route user_routes[];
extern const struct route role_routes[];
extern const struct route access_review_routes[];
extern const struct route tenant_routes[];
extern const struct route grant_routes[];
extern const struct route fleet_routes[];
extern const struct route fleet_alert_routes[];
extern const struct route audit_routes[];
extern const struct route audit_proof_routes[];
extern const struct route factor_routes[];
extern const struct route password_routes[];
extern const struct route api_key_routes[];
extern const struct route oidc_routes[];
extern const struct route identity_provider_routes[];
extern const struct route config_routes[];
extern const struct route source_routes[];
extern const struct route snapshot_routes[];
extern const struct route history_routes[];
extern const struct route baseline_routes[];
extern const struct route golden_routes[];
extern const struct route template_routes[];
extern const struct route onboarding_routes[];
extern const struct route report_routes[];
extern const struct route compare_routes[];
extern const struct route whatif_routes[];
extern const struct route rule_routes[];
extern const struct route change_routes[];
extern const struct route revert_routes[];
extern const struct route acceptance_routes[];
extern const struct route analytics_routes[];
extern const struct route canary_routes[];
extern const struct route register_routes[];
extern const struct route run_routes[];
extern const struct route intent_routes[];
extern const struct route silence_routes[];
extern const struct route silence_series_routes[];
extern const struct route alert_routes[];
extern const struct route answer_routes[];
extern const struct route evidence_routes[];
extern const struct route channel_routes[];
extern const struct route alert_route_routes[];
extern const struct route health_routes[];
extern const struct route operation_routes[];
extern const struct route metrics_routes[];
extern const struct route docs_routes[];
extern const struct route issuer_routes[];
extern const struct route console_routes[];

/* All of the above, NULL-terminated. */
extern const struct route *const route_tables[];

#endif
