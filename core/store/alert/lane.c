#include "core/store/alert/lane.h"

#include "core/store/id_list.h"
#include "core/store/tx.h"

/* ---- telling ---- */

static const struct field row_fields[] = {
	COLUMN_AS(struct lane_row, lane.id, "id"),
	COLUMN_AS(struct lane_row, lane.alert_id, "alert_id"),
	COLUMN_AS(struct lane_row, lane.channel_id, "channel_id"),
	COLUMN_AS(struct lane_row, lane.sent, "sent"),
	COLUMN_AS_NULL(struct lane_row, lane.severity, "severity"),
	COLUMN_AS_NULL(struct lane_row, lane.told_at, "told_at"),
	COLUMN_AS(struct lane_row, lane.below, "below"),
	COLUMN_AS(struct lane_row, lane.untold, "untold"),
	COLUMN_AS_NULL(struct lane_row, lane.route_id, "route_id"),
	COLUMN_AS_NULL(struct lane_row, lane.group_id, "group_id"),
	COLUMN_AS_NULL(struct lane_row, waiting.id, "message_id"),
	COLUMN_AS_NULL(struct lane_row, waiting.event, "event"),
	COLUMN_AS_NULL(struct lane_row, waiting.worst, "worst"),
	COLUMN_AS(struct lane_row, waiting.attempts, "attempts"),
	COLUMN_AS(struct lane_row, waiting.folded, "folded"),
	COLUMN_AS(struct lane_row, waiting.opens, "opens"),
	COLUMN_AS(struct lane_row, waiting.wait_s, "wait_s"),
	COLUMN_AS(struct lane_row, waiting.sending, "sending"),
	COLUMN_AS_NULL(struct lane_row, waiting.group_id, "waits_in"),
	FIELD_END,
};
static const struct schema row_schema = SCHEMA("LaneRow", struct lane_row, row_fields);

static const struct field lane_fields[] = {
	COLUMN(struct alert_lane, id),
	COLUMN(struct alert_lane, alert_id),
	COLUMN(struct alert_lane, channel_id),
	COLUMN(struct alert_lane, below),
	COLUMN(struct alert_lane, untold),
	COLUMN_NULL(struct alert_lane, route_id),
	COLUMN_NULL(struct alert_lane, group_id),
	FIELD_END,
};
static const struct schema lane_schema = SCHEMA("StoredLane", struct alert_lane, lane_fields);

SQL(lane_select, SQL_TENANT, &id_in, &row_schema,
    "SELECT l.id, l.alert_id, l.channel_id, l.sent, l.severity, l.told_at, l.below, l.untold,"
    " l.route_id, l.group_id,"
    " o.id AS message_id, o.event, o.worst, COALESCE(o.attempts, 0) AS attempts,"
    " COALESCE(o.folded, 0) AS folded, COALESCE(o.opens, FALSE) AS opens,"
    " COALESCE(o.wait_s, 0) AS wait_s, COALESCE(o.sending, FALSE) AS sending,"
    " o.group_id AS waits_in"
    " FROM alert_lanes l LEFT JOIN outbox o FORCE INDEX (lane) ON o.lane_id = l.id AND o.state = "
    "'pending'"
    " WHERE l.alert_id = :id ORDER BY l.id, o.id FOR UPDATE");
SQL(lane_upsert, SQL_TENANT, &lane_schema, NULL,
    "INSERT INTO alert_lanes (id, alert_id, channel_id, below, untold, route_id, group_id)"
    " VALUES (:id, :alert_id, :channel_id, :below, :untold, :route_id, :group_id)"
    " ON DUPLICATE KEY UPDATE below = VALUES(below), untold = VALUES(untold)");

bool
lane_list(struct db *db, TALLOC_CTX *mem, const struct uuid *alert, struct lane_row **rows,
    size_t *n, struct err *e)
{
	const struct id_in in = { *alert };

	return db_all(db, mem, &lane_select, &in, INTO(rows, n, LANES_MAX), e);
}

bool
lane_put(struct db *db, const struct alert_lane *l, size_t n, struct err *e)
{
	return tx_later_many(db, &lane_upsert, l, n, e);
}

static const struct field post_fields[] = {
	COLUMN(struct outbox, id),
	COLUMN(struct outbox, channel_id),
	COLUMN(struct outbox, kind),
	COLUMN(struct outbox, template),
	COLUMN(struct outbox, alert_id),
	COLUMN(struct outbox, event),
	COLUMN(struct outbox, body),
	COLUMN(struct outbox, state),
	COLUMN(struct outbox, created_at),
	COLUMN_NULL(struct outbox, done_at),
	COLUMN(struct outbox, lane_id),
	COLUMN(struct outbox, wire_id),
	COLUMN(struct outbox, severity),
	COLUMN(struct outbox, worst),
	COLUMN(struct outbox, folded),
	COLUMN(struct outbox, opens),
	COLUMN(struct outbox, below),
	COLUMN(struct outbox, wait_s),
	COLUMN_NULL(struct outbox, group_id),
	FIELD_END,
};
static const struct schema post_schema = SCHEMA("LanePost", struct outbox, post_fields);

SQL(lane_insert, SQL_TENANT, &post_schema, NULL,
    "INSERT INTO outbox (id, channel_id, kind, template, alert_id, event, body, state, created_at,"
    " done_at, lane_id, wire_id, severity, worst, folded, opens, below, wait_s, group_id)"
    " VALUES (:id, :channel_id, :kind, :template, :alert_id, :event, :body, :state, :created_at,"
    " :done_at, :lane_id, :wire_id, :severity, :worst, :folded, :opens, :below, :wait_s, :group_id)"
    " ON DUPLICATE KEY UPDATE template = VALUES(template), event = VALUES(event),"
    " body = VALUES(body), state = VALUES(state), created_at = VALUES(created_at),"
    " done_at = VALUES(done_at), wire_id = VALUES(wire_id), severity = VALUES(severity),"
    " worst = VALUES(worst), folded = VALUES(folded), opens = VALUES(opens),"
    " below = VALUES(below), wait_s = VALUES(wait_s), group_id = VALUES(group_id)");

bool
lane_post(struct db *db, const struct outbox *o, size_t n, struct err *e)
{
	return tx_later_many(db, &lane_insert, o, n, e);
}

/* ---- from before there were lanes ---- */

struct former {
	struct uuid id, alert_id, channel_id, lane_id;
	const char *worst;
	int64_t     limit;
};
static const struct field former_in_fields[] = {
	COLUMN(struct former, alert_id),
	COLUMN(struct former, channel_id),
	COLUMN(struct former, limit),
	FIELD_END,
};
static const struct schema former_in = SCHEMA("LaneFormerIn", struct former, former_in_fields);
static const struct field  former_take_fields[] = {
	 COLUMN(struct former, id),
	 COLUMN(struct former, lane_id),
	 COLUMN(struct former, worst),
	 FIELD_END,
};
static const struct schema former_take_in =
    SCHEMA("LaneFormerTakeIn", struct former, former_take_fields);

/* Nothing is held by looking: all mails stand in that part of the index. */
SQL(lane_select_former, SQL_TENANT, &former_in, &id_in,
    "SELECT id FROM outbox FORCE INDEX (lane) WHERE lane_id IS NULL AND state = 'pending'"
    " AND alert_id = :alert_id AND channel_id = :channel_id ORDER BY id LIMIT :limit");
SQL(lane_update_former, SQL_TENANT, &former_take_in, NULL,
    "UPDATE outbox SET lane_id = :lane_id, worst = :worst, sending = TRUE,"
    " opens = event = 'drift.alert.opened' WHERE id = :id AND lane_id IS NULL"
    " AND state = 'pending'");

bool
lane_take_former(struct db *db, TALLOC_CTX *mem, const struct alert_lane *l, const char *worst,
    size_t *n, struct err *e)
{
	struct former in = { .alert_id = l->alert_id,
		.channel_id = l->channel_id,
		.lane_id = l->id,
		.worst = worst,
		.limit = LANE_TAKES };
	struct id_in *rows;
	size_t        found;
	uint64_t      changed;

	*n = 0;
	if (!db_all(db, mem, &lane_select_former, &in, INTO(&rows, &found, LANE_TAKES), e))
		return false;
	for (size_t i = 0; i < found; i++) {
		in.id = rows[i].id;
		if (!db_run(db, &lane_update_former, &in, &changed, e))
			return false;
		*n += changed;
	}
	return true;
}

/* ---- sending ---- */

static const struct field next_in_fields[] = {
	COLUMN(struct outbox, id),
	COLUMN(struct outbox, lane_id),
	FIELD_END,
};
static const struct schema next_in = SCHEMA("LaneNextIn", struct outbox, next_in_fields);
static const struct field  next_fields[] = {
	 COLUMN(struct outbox, id),
	 COLUMN(struct outbox, template),
	 COLUMN(struct outbox, event),
	 COLUMN(struct outbox, state),
	 COLUMN(struct outbox, attempts),
	 COLUMN(struct outbox, worst),
	 COLUMN(struct outbox, folded),
	 COLUMN(struct outbox, opens),
	 COLUMN(struct outbox, wait_s),
	 COLUMN(struct outbox, replayed),
	 COLUMN_NULL(struct outbox, group_id),
	 FIELD_END,
};
static const struct schema next_schema = SCHEMA("LaneNext", struct outbox, next_fields);
static const struct field  take_fields[] = {
	 COLUMN(struct outbox, event),
	 COLUMN(struct outbox, state),
	 COLUMN(struct outbox, attempts),
	 COLUMN_NULL(struct outbox, done_at),
	 COLUMN(struct outbox, worst),
	 COLUMN(struct outbox, folded),
	 COLUMN(struct outbox, opens),
	 COLUMN(struct outbox, id),
	 FIELD_END,
};
static const struct schema take_in = SCHEMA("LaneTakeIn", struct outbox, take_fields);
static const struct field  of_fields[] = {
	 COLUMN_NULL(struct outbox, lane_id),
	 COLUMN_NULL(struct outbox, worst),
	 COLUMN(struct outbox, opens),
	 FIELD_END,
};
static const struct schema of_schema = SCHEMA("LaneOf", struct outbox, of_fields);
static const struct field  arrived_fields[] = {
	 COLUMN(struct outbox, severity),
	 COLUMN(struct outbox, done_at),
	 COLUMN(struct outbox, lane_id),
	 FIELD_END,
};
static const struct schema arrived_in = SCHEMA("LaneArrivedIn", struct outbox, arrived_fields);

SQL(lane_mark, SQL_TENANT, &id_in, NULL,
    "UPDATE outbox SET sending = TRUE WHERE id = :id AND state = 'pending' AND told_in IS NULL");
SQL(lane_select_of, SQL_TENANT, &id_in, &of_schema,
    "SELECT lane_id, worst, opens FROM outbox WHERE id = :id FOR UPDATE");
SQL(lane_hold, SQL_TENANT, &id_in, &id_in, "SELECT id FROM alert_lanes WHERE id = :id FOR UPDATE");
SQL(lane_select_next, SQL_TENANT, &next_in, &next_schema,
    "SELECT id, template, event, state, attempts, worst, folded, opens, wait_s, replayed,"
    " group_id"
    " FROM outbox FORCE INDEX (lane)"
    " WHERE lane_id = :lane_id AND state = 'pending' AND id <> :id ORDER BY id LIMIT 1 FOR UPDATE");
SQL(lane_update_next, SQL_TENANT, &take_in, NULL,
    "UPDATE outbox SET event = :event, state = :state, attempts = :attempts, done_at = :done_at,"
    " worst = :worst, folded = :folded, opens = :opens, group_id = NULL WHERE id = :id");
SQL(lane_update_arrived, SQL_TENANT, &arrived_in, NULL,
    "UPDATE alert_lanes SET sent = sent + 1, severity = :severity, told_at = :done_at"
    " WHERE id = :lane_id");
SQL(lane_update_untold, SQL_TENANT, &id_in, NULL,
    "UPDATE alert_lanes SET untold = TRUE WHERE id = :id");

bool
lane_begin(struct db *db, const struct uuid *message, bool *pending, struct err *e)
{
	const struct id_in in = { *message };
	uint64_t           n = 0;

	*pending = false;
	if (!db_run(db, &lane_mark, &in, &n, e))
		return false;
	*pending = n == 1;
	return true;
}

bool
lane_now(struct db *db, TALLOC_CTX *mem, struct outbox *o, struct err *e)
{
	const struct id_in in = { o->id };
	struct outbox      now = { 0 };

	if (!db_one(db, mem, &lane_select_of, &in, &now, e))
		return err_take(e, ERR_MISSING); /* its alert is forgotten, and it */
	o->lane_id = now.lane_id;
	o->worst = now.worst;
	o->opens = now.opens;
	return true;
}

bool
lane_next(
    struct db *db, TALLOC_CTX *mem, const struct outbox *o, struct outbox *next, struct err *e)
{
	const struct id_in in = { o->lane_id };
	struct id_in       held;

	*next = (struct outbox) { 0 };
	if (!db_one(db, mem, &lane_hold, &in, &held, e) && !err_take(e, ERR_MISSING))
		return false;
	return db_one(db, mem, &lane_select_next, o, next, e) || err_take(e, ERR_MISSING);
}

bool
lane_take_in(struct db *db, const struct outbox *next, struct err *e)
{
	return tx_later(db, &lane_update_next, next, e);
}

bool
lane_arrived(struct db *db, const struct outbox *o, instant at, struct err *e)
{
	struct outbox in = *o;

	in.done_at = at;
	return tx_later(db, &lane_update_arrived, &in, e);
}

bool
lane_arrived_many(struct db *db, const struct outbox *o, size_t n, struct err *e)
{
	return tx_later_many(db, &lane_update_arrived, o, n, e);
}

bool
lane_untold(struct db *db, const struct uuid *lane, struct err *e)
{
	const struct id_in in = { *lane };

	return tx_later(db, &lane_update_untold, &in, e);
}

/* ---- counting ---- */

struct untold {
	int64_t n;
};
static const struct field untold_fields[] = {
	COLUMN(struct untold, n),
	FIELD_END,
};
static const struct schema untold_schema = SCHEMA("LanesUntold", struct untold, untold_fields);

SQL(lane_select_untold, SQL_TENANT, &id_in, &untold_schema,
    "SELECT COUNT(*) AS n FROM alert_lanes WHERE alert_id = :id AND untold");

bool
lane_count_untold(
    struct db *db, TALLOC_CTX *mem, const struct uuid *alert, int64_t *n, struct err *e)
{
	const struct id_in in = { *alert };
	struct untold      out = { 0 };

	if (!db_one(db, mem, &lane_select_untold, &in, &out, e))
		return false;
	*n = out.n;
	return true;
}
