#include "core/store/alert/watch.h"

#include "core/store/alert/channel.h"
#include "core/store/id_list.h"
#include "core/store/tx.h"

/* ---- marking ---- */

SQL(watch_call_mark, SQL_TENANT, NULL, NULL, "CALL bsx.watch_mark()");

bool
watch_mark(struct db *db, struct err *e)
{
	return tx_last(db, &watch_call_mark, NULL, e);
}

/* ---- what is due ---- */

struct due_in {
	int64_t limit;
};
static const struct field due_in_fields[] = {
	COLUMN(struct due_in, limit),
	FIELD_END,
};
static const struct schema due_in = SCHEMA("WatchDueIn", struct due_in, due_in_fields);
static const struct field  due_fields[] = {
	 COLUMN(struct watch_due, tenant_id),
	 COLUMN(struct watch_due, schema_name),
	 COLUMN(struct watch_due, marked),
	 COLUMN(struct watch_due, broken),
	 FIELD_END,
};
static const struct schema due_out = SCHEMA("WatchDue", struct watch_due, due_fields);
static const struct field  take_fields[] = {
	 COLUMN(struct watch_due, schema_name),
	 COLUMN(struct watch_due, marked),
	 FIELD_END,
};
static const struct schema take_in = SCHEMA("WatchTakeIn", struct watch_due, take_fields);
struct done_in {
	const char *schema_name;
	uint64_t    marked;
	int64_t     again_s;
};
static const struct field done_fields[] = {
	COLUMN(struct done_in, schema_name),
	COLUMN(struct done_in, marked),
	COLUMN(struct done_in, again_s),
	FIELD_END,
};
static const struct schema done_in = SCHEMA("WatchDoneIn", struct done_in, done_fields);

SQL(watch_select_due, SQL_CONTROL, &due_in, &due_out,
    "SELECT t.id AS tenant_id, w.schema_name, w.marked, w.broken FROM watches w STRAIGHT_JOIN "
    "tenants t"
    " ON t.schema_name = w.schema_name WHERE w.due_at <= NOW(3) AND t.status = 'active'"
    " ORDER BY w.due_at LIMIT :limit");
SQL(watch_update_take, SQL_CONTROL, &take_in, NULL,
    "UPDATE watches SET due_at = NOW(3) + INTERVAL 10 SECOND WHERE schema_name = :schema_name"
    " AND marked = :marked AND due_at <= NOW(3)");
SQL(watch_update_done, SQL_CONTROL, &done_in, NULL,
    "UPDATE watches SET due_at = NOW(3) + INTERVAL :again_s SECOND WHERE schema_name = "
    ":schema_name"
    " AND marked = :marked");
_Static_assert(WATCH_TAKEN_S == 10, "as in the statement");

bool
watch_due(struct database *d, TALLOC_CTX *mem, size_t limit, struct watch_due **rows, size_t *n,
    struct err *e)
{
	const struct due_in in = { (int64_t)limit };

	return db_all(database_control(d), mem, &watch_select_due, &in, INTO(rows, n, limit), e);
}

bool
watch_take(struct database *d, const struct watch_due *row, bool *won, struct err *e)
{
	uint64_t n = 0;

	*won = false;
	if (!db_run(database_control(d), &watch_update_take, row, &n, e))
		return false;
	*won = n == 1;
	return true;
}

bool
watch_done(struct database *d, const struct watch_due *row, int64_t again_s, struct err *e)
{
	const struct done_in in = { row->schema_name, row->marked, again_s };

	return db_run(database_control(d), &watch_update_done, &in, NULL, e);
}

/* ---- how far the trail was read ---- */

struct read_to {
	uint64_t seq;
};
static const struct field read_fields[] = {
	COLUMN(struct read_to, seq),
	FIELD_END,
};
static const struct schema read_schema = SCHEMA("WatchRead", struct read_to, read_fields);

SQL(watch_select_held, SQL_TENANT, NULL, &read_schema,
    "SELECT seq FROM alert_watch WHERE id = 1 FOR UPDATE");
SQL(watch_update_read, SQL_TENANT, &read_schema, NULL,
    "UPDATE alert_watch SET seq = :seq WHERE id = 1");

bool
watch_hold(struct db *db, TALLOC_CTX *mem, uint64_t *seq, struct err *e)
{
	struct read_to out;

	if (!db_one(db, mem, &watch_select_held, NULL, &out, e))
		return false;
	*seq = out.seq;
	return true;
}

bool
watch_move(struct db *db, uint64_t seq, struct err *e)
{
	const struct read_to in = { seq };

	return tx_later(db, &watch_update_read, &in, e);
}

/* ---- what is so now ---- */

static const struct field thing_fields[] = {
	COLUMN(struct watch_thing, id),
	COLUMN(struct watch_thing, name),
	COLUMN(struct watch_thing, detail),
	FIELD_END,
};
static const struct schema thing_schema = SCHEMA("WatchThing", struct watch_thing, thing_fields);

struct ending_in {
	instant now, until;
	int64_t days;
};
static const struct field ending_fields[] = {
	COLUMN(struct ending_in, now),
	COLUMN(struct ending_in, until),
	COLUMN(struct ending_in, days),
	FIELD_END,
};
static const struct schema ending_in = SCHEMA("WatchEndingIn", struct ending_in, ending_fields);

struct since_in {
	instant since;
};
static const struct field since_fields[] = {
	COLUMN(struct since_in, since),
	FIELD_END,
};
static const struct schema since_in = SCHEMA("WatchSinceIn", struct since_in, since_fields);

_Static_assert(WATCH_THINGS_MAX == 100 && WATCH_SILENT_S == 300, "as in the statements");
SQL(watch_select_channels, SQL_TENANT, NULL, &thing_schema,
    "SELECT id, name, status_reason AS detail FROM channels WHERE status = 'disabled'"
    " AND status_reason <> '" CHANNEL_BY_USER "' ORDER BY id LIMIT 100");
_Static_assert(WATCH_FEED_TRIES == 9, "as in the statement");
SQL(watch_select_feeds, SQL_TENANT, &since_in, &thing_schema,
    "SELECT c.id, c.name, f.detail FROM audit_feeds f JOIN channels c ON c.id = f.channel_id"
    " WHERE f.tries > 0 AND (f.failed_at <= :since OR (f.failed_at IS NULL AND f.tries >= 9))"
    " AND c.status = 'active' AND c.paused_at IS NULL ORDER BY c.id LIMIT 100");
SQL(watch_select_keys, SQL_TENANT, &ending_in, &thing_schema,
    "SELECT id, name, prefix AS detail FROM api_keys WHERE kind = 'service' AND revoked_at IS NULL"
    " AND expires_at > :now AND expires_at <= :until AND expires_at > created_at + INTERVAL :days "
    "DAY"
    " ORDER BY id LIMIT 100");
SQL(watch_select_trails, SQL_CONTROL, &id_in, &thing_schema,
    "SELECT t.id, t.slug AS name, '' AS detail FROM watches w FORCE INDEX (broken) STRAIGHT_JOIN "
    "tenants t"
    " ON t.schema_name = w.schema_name WHERE w.broken = TRUE AND t.id <> :id"
    " AND t.status IN ('active', 'suspended') ORDER BY t.id LIMIT 100");
SQL(watch_select_daemons, SQL_CONTROL, NULL, &thing_schema,
    "SELECT MAX(id) AS id, host AS name, '' AS detail FROM daemons GROUP BY host"
    " HAVING MAX(heartbeat_at) < NOW(3) - INTERVAL 300 SECOND ORDER BY host LIMIT 100");

bool
watch_dead_channels(
    struct db *db, TALLOC_CTX *mem, struct watch_thing **rows, size_t *n, struct err *e)
{
	return db_all(db, mem, &watch_select_channels, NULL, INTO(rows, n, WATCH_THINGS_MAX), e);
}

bool
watch_behind_feeds(struct db *db, TALLOC_CTX *mem, instant now, struct watch_thing **rows,
    size_t *n, struct err *e)
{
	const struct since_in in = { { now.ms - WATCH_FEED_S * 1000 } };

	return db_all(db, mem, &watch_select_feeds, &in, INTO(rows, n, WATCH_THINGS_MAX), e);
}

bool
watch_ending_keys(struct db *db, TALLOC_CTX *mem, instant now, instant until,
    struct watch_thing **rows, size_t *n, struct err *e)
{
	const struct ending_in in = { now, until, (until.ms - now.ms) / INT64_C(86400000) };

	return db_all(db, mem, &watch_select_keys, &in, INTO(rows, n, WATCH_THINGS_MAX), e);
}

bool
watch_broken_trails(struct db *control, TALLOC_CTX *mem, const struct uuid *but,
    struct watch_thing **rows, size_t *n, struct err *e)
{
	const struct id_in in = { *but };

	return db_all(control, mem, &watch_select_trails, &in, INTO(rows, n, WATCH_THINGS_MAX), e);
}

bool
watch_silent_daemons(
    struct db *control, TALLOC_CTX *mem, struct watch_thing **rows, size_t *n, struct err *e)
{
	return db_all(
	    control, mem, &watch_select_daemons, NULL, INTO(rows, n, WATCH_THINGS_MAX), e);
}
