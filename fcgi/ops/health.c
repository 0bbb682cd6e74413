/* routes.h: health: live, ready, details. */
#include "core/store/migrate.h"
#include "core/store/server/ops.h"
#include "core/store/server/server.h"
#include "fcgi/routes.h"

#define HEARTBEAT_MS 30000 /* a daemon that was not seen for longer is not there */

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
static const struct field health_details_fields[] = {
	FIELD(struct health_details, version, .doc = "Version of this program."),
	FIELD(struct health_details, database, .choices = part_states,
	    .doc = "The database; unavailable: the counts below are 0 and the ages -1; read_only, "
		   "full: it takes no changes."),
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

#define RETRY_S 5 /* after what somebody has to do something about */

static bool
unavailable(struct err *e, const char *sentence, const struct err *why)
{
	err_set(e, ERR_UNAVAILABLE, why->sys, sentence, "%s", why->detail);
	e->retry_s = why->retry_s > 0 ? why->retry_s : RETRY_S;
	return false;
}

/* It answers and takes changes; else which of the two is not so. */
static bool
is_there(struct request *r, struct err *e)
{
	struct err        why = { 0 };
	enum server_state state;

	if (server_check(database_control(r->app->database), r->mem, &state, &why))
		return true;
	return unavailable(
	    e, state == SERVER_UNAVAILABLE ? "The database cannot be reached." : why.pub, &why);
}

static bool
is_migrated(struct request *r, struct err *e)
{
	struct err why = { 0 };

	if (migrate_check(database_control(r->app->database), SQL_CONTROL, migrations, &why))
		return true;
	/* A migration's own failure has no number: its sentence says what to do. */
	return unavailable(e, why.sys == 0 ? why.pub : "The database cannot be reached.", &why);
}

static bool
read_daemons(struct request *r, struct ops_daemons *d, struct err *e)
{
	struct err why = { 0 };

	return ops_daemons(database_control(r->app->database), r->mem, d, &why) ||
	       unavailable(e, "The database cannot be reached.", &why);
}

static bool
is_alive(const struct ops_daemons *d)
{
	return d->age_ms >= 0 && d->age_ms < HEARTBEAT_MS;
}

static bool
has_heartbeat(struct request *r, struct err *e)
{
	struct ops_daemons d = { 0 };
	struct err         why = { 0 };

	if (!read_daemons(r, &d, e))
		return false;
	if (is_alive(&d))
		return true;
	err_set(&why, ERR_UNAVAILABLE, 0, "", "last heartbeat %lld ms ago", (long long)d.age_ms);
	return unavailable(e, "The daemon driftd is not running.", &why);
}

/* For who looks at the whole: 503 when hardly any request can be served. */
static bool
get_health(struct request *r, const void *body, void *answer, struct err *e)
{
	struct ops_daemons d = { 0 };
	struct health     *out = answer;

	(void)body;
	if (!is_there(r, e) || !is_migrated(r, e) || !read_daemons(r, &d, e))
		return false;
	out->status = is_alive(&d) ? "ok" : "degraded";
	return true;
}

/* Which part is missing is said, why only in the log. */
static bool
get_ready(struct request *r, const void *body, void *answer, struct err *e)
{
	struct health *out = answer;

	(void)body;
	if (!is_there(r, e) || !is_migrated(r, e) || !has_heartbeat(r, e))
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
	struct db             *control = database_control(r->app->database);
	struct err             why = { 0 };
	enum server_state      state;

	(void)body, (void)e;
	*out = (struct health_details) { .version = BSX_VERSION,
		.control_schema = migrate_newest(SQL_CONTROL),
		.tenant_schema = migrate_newest(SQL_TENANT),
		.driftd_heartbeat_age_ms = -1,
		.signing_key_age_s = -1 };
	if (!server_check(control, r->mem, &state, &why))
		log_err(r->app->env->log, LOG_SYSTEM,
		    "health details of a database that is not well", &why);
	err_clear(&why);
	if (state != SERVER_UNAVAILABLE && !read_details(control, r->mem, out, &why)) {
		state = SERVER_UNAVAILABLE;
		log_err(r->app->env->log, LOG_SYSTEM, "health details without the database", &why);
	}
	out->database = server_state_text(state);
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
