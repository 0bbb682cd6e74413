/* routes.h: health: live, ready, details. */
#include "core/health/health.h"
#include "fcgi/routes.h"

struct health {
	const char *status;
};
static const char *const  health_states[] = { "ok", "degraded", NULL };
static const struct field health_fields[] = {
	FIELD(struct health, status, .choices = health_states,
	    .doc = "degraded: requests are served, but no daemon "
		   "looks after alerts and deliveries."),
	FIELD_END,
};
static const struct schema health_schema = SCHEMA("Health", struct health, health_fields);

static const char *const part_states[] = { "ok", "unavailable", "read_only", "full", NULL };

struct health_details {
	const char         *version;
	struct health_facts facts;
};
static const struct field health_details_fields[] = {
	FIELD(struct health_details, version, .doc = "Version of this program."),
	FIELD_AS(struct health_details, facts.database, "database", .choices = part_states,
	    .doc = "The database; unavailable: the counts below are 0 and the ages -1; read_only, "
		   "full: it takes no changes."),
	FIELD_AS(struct health_details, facts.control_schema, "control_schema",
	    .doc = "Newest control migration this program knows."),
	FIELD_AS(struct health_details, facts.tenant_schema, "tenant_schema",
	    .doc = "Newest tenant migration this program knows."),
	FIELD_AS(struct health_details, facts.tenants, "tenants", .doc = "Active tenants."),
	FIELD_AS(struct health_details, facts.tenants_behind, "tenants_behind",
	    .doc = "Active tenants with an older schema."),
	FIELD_AS(struct health_details, facts.driftd_count, "driftd_count",
	    .doc = "Daemons seen within a day."),
	FIELD_AS(struct health_details, facts.driftd_heartbeat_age_ms, "driftd_heartbeat_age_ms",
	    .doc = "Since a daemon last said it is alive; -1: none has."),
	FIELD_AS(struct health_details, facts.outbox_pending, "outbox_pending",
	    .doc = "Deliveries waiting."),
	FIELD_AS(struct health_details, facts.signing_key_age_s, "signing_key_age_s",
	    .doc = "Age of the key that signs access tokens; -1: there is none."),
	FIELD_END,
};
static const struct schema health_details_schema =
    SCHEMA("HealthDetails", struct health_details, health_details_fields);

static bool
get_live(struct request *r, const void *body, void *answer, struct err *e)
{
	struct health *out = answer;

	(void)r, (void)body, (void)e;
	out->status = "ok";
	return true;
}

/* For who looks at the whole: 503 when hardly any request can be served. */
static bool
get_health(struct request *r, const void *body, void *answer, struct err *e)
{
	struct health *out = answer;
	bool           daemon;

	(void)body;
	if (!health_serves(r->app->database, r->mem, &daemon, e))
		return false;
	out->status = daemon ? "ok" : "degraded";
	return true;
}

/* Which part is missing is said, why only in the log. */
static bool
get_ready(struct request *r, const void *body, void *answer, struct err *e)
{
	struct health *out = answer;

	(void)body;
	out->status = "ok";
	return health_ready(r->app->database, r->mem, e);
}

static bool
get_details(struct request *r, const void *body, void *answer, struct err *e)
{
	struct health_details *out = answer;

	(void)body, (void)e;
	out->version = BSX_VERSION;
	health_facts(r->app->database, r->mem, r->app->env->log, &out->facts);
	return true;
}

const struct route health_routes[] = {
	ROUTE(GET, "/api/health", ANYONE, RATE_OPEN, 200, get_health, IN_NONE, OUT(health),
	    "Says whether requests can be served: with the database there, "
	    "migrated and taking changes; degraded without a daemon."),
	ROUTE(GET, "/api/health/live", ANYONE, RATE_OPEN, 200, get_live, IN_NONE, OUT(health),
	    "Says that the responder answers, whatever else is there: it asks nobody."),
	ROUTE(GET, "/api/health/ready", ANYONE, RATE_OPEN, 200, get_ready, IN_NONE, OUT(health),
	    "Says whether the database is there, migrated and taking changes, and a daemon is "
	    "running."),
	ROUTE(GET, "/api/health/details", METRICS_READER, RATE_READ, 200, get_details, IN_NONE,
	    OUT(health_details), "Versions, ages and counts for whoever runs the installation."),
	ROUTE_END,
};
