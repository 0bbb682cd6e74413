#include "core/health/health.h"

#include "core/store/migrate.h"
#include "core/store/server/ops.h"
#include "core/store/server/server.h"

#define RETRY_S 5 /* after what somebody has to do something about */

/* ---- parts ---- */

static bool
unavailable(struct err *e, const char *sentence, const struct err *why)
{
	err_set(e, ERR_UNAVAILABLE, why->sys, sentence, "%s", why->detail);
	e->retry_s = why->retry_s > 0 ? why->retry_s : RETRY_S;
	return false;
}

/* It answers and takes changes; else which of the two is not so. */
static bool
is_there(struct db *control, TALLOC_CTX *mem, struct err *e)
{
	struct err        why = { 0 };
	enum server_state state;

	if (server_check(control, mem, &state, &why))
		return true;
	return unavailable(
	    e, state == SERVER_UNAVAILABLE ? "The database cannot be reached." : why.pub, &why);
}

static bool
is_migrated(struct db *control, struct err *e)
{
	struct err why = { 0 };

	if (migrate_check(control, SQL_CONTROL, migrations, &why))
		return true;
	/* A migration's own failure has no number: its sentence says what to do. */
	return unavailable(e, why.sys == 0 ? why.pub : "The database cannot be reached.", &why);
}

static bool
read_daemons(struct db *control, TALLOC_CTX *mem, struct ops_daemons *d, struct err *e)
{
	struct err why = { 0 };

	return ops_daemons(control, mem, d, &why) ||
	       unavailable(e, "The database cannot be reached.", &why);
}

static bool
is_alive(const struct ops_daemons *d)
{
	return d->age_ms >= 0 && d->age_ms < HEALTH_HEARTBEAT_MS;
}

/* ---- the whole ---- */

static bool
serves(struct database *d, TALLOC_CTX *mem, struct ops_daemons *daemons, struct err *e)
{
	struct db *control = database_control(d);

	return is_there(control, mem, e) && is_migrated(control, e) &&
	       read_daemons(control, mem, daemons, e);
}

bool
health_serves(struct database *d, TALLOC_CTX *mem, bool *daemon, struct err *e)
{
	struct ops_daemons daemons = { 0 };

	if (!serves(d, mem, &daemons, e))
		return false;
	*daemon = is_alive(&daemons);
	return true;
}

bool
health_ready(struct database *d, TALLOC_CTX *mem, struct err *e)
{
	struct ops_daemons daemons = { 0 };
	struct err         why = { 0 };

	if (!serves(d, mem, &daemons, e))
		return false;
	if (is_alive(&daemons))
		return true;
	err_set(
	    &why, ERR_UNAVAILABLE, 0, "", "last heartbeat %lld ms ago", (long long)daemons.age_ms);
	return unavailable(e, "The daemon driftd is not running.", &why);
}

bool
health_gauges(struct database *d, TALLOC_CTX *mem, struct health_facts *out, struct err *e)
{
	struct db         *control = database_control(d);
	struct ops_daemons daemons;
	struct ops_outbox  outbox;
	struct ops_feeds   feeds;

	if (!ops_daemons(control, mem, &daemons, e) || !ops_outbox(control, mem, &outbox, e) ||
	    !ops_feeds(control, mem, &feeds, e))
		return false;
	out->driftd_count = daemons.n;
	out->driftd_heartbeat_age_ms = daemons.age_ms;
	out->outbox_pending = outbox.pending;
	out->outbox_oldest_ms = outbox.oldest_ms;
	out->audit_behind = feeds.behind;
	out->audit_entries = feeds.entries;
	out->audit_oldest_ms = feeds.oldest_ms;
	return true;
}

static bool
read_facts(struct database *d, TALLOC_CTX *mem, struct health_facts *out, struct err *e)
{
	struct db          *control = database_control(d);
	struct health_facts seen = *out;
	struct ops_schemas  schemas;
	struct ops_key      key;

	if (!health_gauges(d, mem, &seen, e) ||
	    !ops_schemas(control, mem, out->tenant_schema, &schemas, e) ||
	    !ops_key(control, mem, &key, e))
		return false;
	*out = seen;
	out->tenants = schemas.tenants;
	out->tenants_behind = schemas.behind;
	out->signing_key_age_s = key.age_s;
	return true;
}

void
health_facts(struct database *d, TALLOC_CTX *mem, struct log *log, struct health_facts *out)
{
	struct err        why = { 0 };
	enum server_state state;

	*out = (struct health_facts) { .control_schema = migrate_newest(SQL_CONTROL),
		.tenant_schema = migrate_newest(SQL_TENANT),
		.driftd_heartbeat_age_ms = -1,
		.signing_key_age_s = -1 };
	if (!server_check(database_control(d), mem, &state, &why))
		log_err(log, LOG_SYSTEM, "health details of a database that is not well", &why);
	err_clear(&why);
	if (state != SERVER_UNAVAILABLE && !read_facts(d, mem, out, &why)) {
		state = SERVER_UNAVAILABLE;
		log_err(log, LOG_SYSTEM, "health details without the database", &why);
	}
	out->database = server_state_text(state);
}

bool
health_limits(struct database *d, struct health_limits *l, struct err *e)
{
	struct server_limits has;

	if (!server_limits(database_control(d), d, &has, e))
		return false;
	*l = (struct health_limits) { has.max_connections, has.most_kept };
	return true;
}
