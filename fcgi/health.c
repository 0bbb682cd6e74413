#include "core/store/migrate.h"
#include "core/store/ops.h"
#include "fcgi/routes.h"

#define HEARTBEAT_MS 30000 /* a daemon that was not seen for longer is not there */

struct health {
	const char *status;
};
static const struct field  health_fields[] = { FIELD(struct health, status, .doc = "\"ok\""),
	 FIELD_END };
static const struct schema health_schema = SCHEMA("Health", struct health, health_fields);

static const char *const part_states[] = { "ok", "unavailable", NULL };

struct health_details {
	const char *version;
	const char *database;
	int64_t     control_schema;
	int64_t     tenant_schema;
	int64_t     tenants;
	int64_t     tenants_behind;
	int64_t     driftd_count;
	int64_t     driftd_heartbeat_age_ms;
	int64_t     outbox_pending;
	int64_t     signing_key_age_s;
};
static const struct field  health_details_fields[] = { FIELD(struct health_details, version,
							   .doc = "Version of this program."),
	 FIELD(struct health_details, database, .choices = part_states,
	     .doc = "The control database; when it is not there the counts below are 0 and the ages "
		     "-1."),
	 FIELD(struct health_details, control_schema,
	     .doc = "Newest control migration this program knows."),
	 FIELD(struct health_details, tenant_schema,
	     .doc = "Newest tenant migration this program knows."),
	 FIELD(struct health_details, tenants, .doc = "Active tenants."),
	 FIELD(struct health_details, tenants_behind, .doc = "Active tenants with an older schema."),
	 FIELD(struct health_details, driftd_count, .doc = "Daemons seen within a day."),
	 FIELD(struct health_details, driftd_heartbeat_age_ms,
	     .doc = "Since a daemon last said it is alive; -1: none has."),
	 FIELD(struct health_details, outbox_pending, .doc = "Deliveries waiting."),
	 FIELD(struct health_details, signing_key_age_s,
	     .doc = "Age of the key that signs access tokens; -1: there is none."),
	 FIELD_END };
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

static bool
is_migrated(struct db *control, struct err *e)
{
	struct err inner = { 0 };

	if (migrate_check(control, SQL_CONTROL, migrations, &inner))
		return true;
	return err_set(e, ERR_UNAVAILABLE, inner.sys,
	    inner.sys != 0 ? "The database cannot be reached." : "The database is not migrated.",
	    "%s", inner.detail);
}

static bool
has_heartbeat(struct db *control, TALLOC_CTX *mem, struct err *e)
{
	struct ops_daemons d = { 0 };
	struct err         inner = { 0 };

	if (!ops_daemons(control, mem, &d, &inner))
		return err_set(e, ERR_UNAVAILABLE, inner.sys, "The database cannot be reached.",
		    "%s", inner.detail);
	if (d.age_ms >= 0 && d.age_ms < HEARTBEAT_MS)
		return true;
	return err_set(e, ERR_UNAVAILABLE, 0, "The daemon driftd is not running.",
	    "last heartbeat %lld ms ago", (long long)d.age_ms);
}

/* Which part is missing is said, why only in the log. */
static bool
get_ready(struct request *r, const void *body, void *answer, struct err *e)
{
	struct db     *control = database_control(r->app->database);
	struct health *out = answer;

	(void)body;
	if (!is_migrated(control, e) || !has_heartbeat(control, r->mem, e))
		return false;
	out->status = "ok";
	return true;
}

static bool
read_details(struct db *control, TALLOC_CTX *mem, struct health_details *out, struct err *e)
{
	struct ops_daemons daemons;
	struct ops_outbox  outbox;
	struct ops_schemas schemas;
	struct ops_key     key;

	if (!ops_daemons(control, mem, &daemons, e) || !ops_outbox(control, mem, &outbox, e) ||
	    !ops_schemas(control, mem, out->tenant_schema, &schemas, e) ||
	    !ops_key(control, mem, &key, e))
		return false;
	out->driftd_count = daemons.n;
	out->driftd_heartbeat_age_ms = daemons.age_ms;
	out->outbox_pending = outbox.pending;
	out->tenants = schemas.tenants;
	out->tenants_behind = schemas.behind;
	out->signing_key_age_s = key.age_s;
	return true;
}

/* An operator asks this when something is wrong: it answers without a database too. */
static bool
get_details(struct request *r, const void *body, void *answer, struct err *e)
{
	struct health_details *out = answer;
	struct err             inner = { 0 };

	(void)body, (void)e;
	*out = (struct health_details) { .version = BSX_VERSION,
		.database = "ok",
		.control_schema = migrate_newest(SQL_CONTROL),
		.tenant_schema = migrate_newest(SQL_TENANT),
		.driftd_heartbeat_age_ms = -1,
		.signing_key_age_s = -1 };
	if (read_details(database_control(r->app->database), r->mem, out, &inner))
		return true;
	log_err(r->app->log, LOG_SYSTEM, "health details without the database", &inner);
	out->database = "unavailable";
	return true;
}

const struct route health_routes[] = { ROUTE(GET, "/api/health", ANYONE, RATE_OPEN, 200, get_live,
					   IN_NONE, OUT(health),
					   "Says that the responder answers."),
	ROUTE(GET, "/api/health/live", ANYONE, RATE_OPEN, 200, get_live, IN_NONE, OUT(health),
	    "Says that the responder answers."),
	ROUTE(GET, "/api/health/ready", ANYONE, RATE_OPEN, 200, get_ready, IN_NONE, OUT(health),
	    "Says whether the database is there and migrated, and a daemon is running."),
	ROUTE(GET, "/api/health/details", METRICS_READER, RATE_READ, 200, get_details, IN_NONE,
	    OUT(health_details), "Versions, ages and counts for whoever runs the installation."),
	ROUTE_END };
