#include "core/store/alert/replay.h"

#include "core/store/id_list.h"
#include "core/store/tx.h"

/* ---- which ---- */

static const struct field row_fields[] = {
	COLUMN(struct replay_row, delivery_id),
	COLUMN(struct replay_row, id),
	COLUMN_NULL(struct replay_row, lane_id),
	COLUMN(struct replay_row, channel_id),
	COLUMN(struct replay_row, state),
	FIELD_END,
};
static const struct schema row_schema = SCHEMA("ReplayRow", struct replay_row, row_fields);

struct range_in {
	struct uuid channel_id, from, to;
	bool        delivered;
	int64_t     looked, limit;
};
#define RANGE                                                                                      \
	COLUMN(struct range_in, channel_id), COLUMN(struct range_in, from),                        \
	    COLUMN(struct range_in, to)
static const struct field end_fields[] = {
	RANGE,
	COLUMN(struct range_in, looked),
	FIELD_END,
};
static const struct schema end_in = SCHEMA("ReplayEndIn", struct range_in, end_fields);
static const struct field  find_fields[] = {
	 RANGE,
	 COLUMN(struct range_in, delivered),
	 COLUMN(struct range_in, limit),
	 FIELD_END,
};
static const struct schema find_in = SCHEMA("ReplayFindIn", struct range_in, find_fields);

SQL(replay_select_one, SQL_TENANT, &id_in, &row_schema,
    "SELECT d.id AS delivery_id, o.id, o.lane_id, o.channel_id, o.state"
    " FROM deliveries d JOIN outbox o ON o.id = d.outbox_id WHERE d.id = :id");
SQL(replay_select_end, SQL_TENANT, &end_in, &id_in,
    "SELECT id FROM deliveries FORCE INDEX (channel) WHERE channel_id = :channel_id"
    " AND id >= :from AND id < :to ORDER BY id LIMIT 1 OFFSET :looked");
/* What told several goes again as these do. */
SQL(replay_select, SQL_TENANT, &find_in, &row_schema,
    "SELECT MIN(d.id) AS delivery_id, o.id, o.lane_id, o.channel_id, o.state"
    " FROM deliveries d FORCE INDEX (channel) JOIN outbox o ON o.id = d.outbox_id"
    " WHERE d.channel_id = :channel_id AND d.id >= :from AND d.id < :to"
    " AND (o.state = 'dead' OR (o.state = 'delivered' AND :delivered)) AND o.event <> "
    "'drift.alerts.summary'"
    " GROUP BY o.id, o.lane_id, o.channel_id, o.state ORDER BY delivery_id LIMIT :limit");

bool
replay_by_delivery(struct db *db, TALLOC_CTX *mem, const struct uuid *delivery,
    struct replay_row *row, struct err *e)
{
	const struct id_in in = { *delivery };

	return db_one(db, mem, &replay_select_one, &in, row, e);
}

/* What stands behind those that are looked at; nil: nothing. */
static bool
find_end(struct db *db, TALLOC_CTX *mem, const struct range_in *in, struct uuid *end, struct err *e)
{
	struct id_in out = { 0 };

	if (!db_one(db, mem, &replay_select_end, in, &out, e) && !err_take(e, ERR_MISSING))
		return false;
	*end = out.id;
	return true;
}

bool
replay_find(struct db *db, TALLOC_CTX *mem, const struct replay_range *range,
    struct replay_found *out, struct err *e)
{
	struct range_in in = {
		.channel_id = range->channel_id,
		.from = range->from,
		.to = range->to,
		.delivered = range->delivered,
		.looked = REPLAY_LOOKED,
		.limit = REPLAY_MESSAGES + 1,
	};

	*out = (struct replay_found) { 0 };
	if (!find_end(db, mem, &in, &out->next, e))
		return false;
	if (!uuid_is_nil(&out->next))
		in.to = out->next;
	if (!db_all(db, mem, &replay_select, &in, INTO(&out->rows, &out->n, (size_t)in.limit), e))
		return false;
	if (out->n > REPLAY_MESSAGES)
		out->next = out->rows[--out->n].delivery_id;
	return true;
}

/* ---- again ---- */

struct again_in {
	struct uuid id, lane_id;
	bool        unheard;
};
static const struct field lane_fields[] = {
	COLUMN(struct again_in, lane_id),
	FIELD_END,
};
static const struct schema lane_in = SCHEMA("ReplayLaneIn", struct again_in, lane_fields);
static const struct field  rewind_fields[] = {
	 COLUMN(struct again_in, id),
	 COLUMN(struct again_in, lane_id),
	 FIELD_END,
};
static const struct schema rewind_in = SCHEMA("ReplayRewindIn", struct again_in, rewind_fields);
static const struct field  again_fields[] = {
	 COLUMN(struct again_in, unheard),
	 COLUMN(struct again_in, lane_id),
	 COLUMN(struct again_in, id),
	 FIELD_END,
};
static const struct schema again_in = SCHEMA("ReplayAgainIn", struct again_in, again_fields);

struct held {
	int64_t sent;
};
static const struct field held_fields[] = {
	COLUMN(struct held, sent),
	FIELD_END,
};
static const struct schema held_schema = SCHEMA("ReplayHeld", struct held, held_fields);

SQL(replay_hold, SQL_TENANT, &lane_in, &held_schema,
    "SELECT sent FROM alert_lanes WHERE id = :lane_id FOR UPDATE");
SQL(replay_select_waiting, SQL_TENANT, &lane_in, &id_in,
    "SELECT id FROM outbox FORCE INDEX (lane) WHERE lane_id = :lane_id AND state = 'pending'"
    " ORDER BY id LIMIT 1 FOR UPDATE");
/* What the receiver had heard before the first of them. */
SQL(replay_update_lane, SQL_TENANT, &rewind_in, NULL,
    "UPDATE alert_lanes SET severity = (SELECT o.severity FROM outbox o FORCE INDEX (lane)"
    " WHERE o.lane_id = alert_lanes.id AND o.state = 'delivered' AND o.id < :id"
    " ORDER BY o.id DESC LIMIT 1) WHERE id = :lane_id");
#define AGAIN                                                                                      \
	"state = 'pending', replayed = attempts, done_at = NULL, wait_s = 0, sending = FALSE,"     \
	" told_in = NULL"
SQL(replay_update_messages, SQL_TENANT, &again_in, NULL,
    "UPDATE outbox SET " AGAIN ", opens = opens AND :unheard"
    " WHERE lane_id = :lane_id AND state IN ('delivered', 'dead') AND id >= :id");
SQL(replay_update_alone, SQL_TENANT, &id_in, NULL,
    "UPDATE outbox SET " AGAIN " WHERE id = :id AND lane_id IS NULL"
    " AND state IN ('delivered', 'dead')");

bool
replay_alone(struct db *db, const struct uuid *id, int64_t *n, struct err *e)
{
	const struct id_in in = { *id };
	uint64_t           changed = 0;

	if (!db_run(db, &replay_update_alone, &in, &changed, e))
		return false;
	*n += (int64_t)changed;
	return outbox_index_add(db, id, 0, e);
}

bool
replay_lane(
    struct db *db, TALLOC_CTX *mem, const struct replay_row *first, int64_t *n, struct err *e)
{
	struct again_in in = { .id = first->id, .lane_id = first->lane_id };
	struct held     held = { 0 };
	struct id_in    waiting = { 0 };
	uint64_t        changed = 0;

	/* one whose alert is forgotten holds nothing */
	if (!db_one(db, mem, &replay_hold, &in, &held, e) && !err_take(e, ERR_MISSING))
		return false;
	if (db_one(db, mem, &replay_select_waiting, &in, &waiting, e))
		return outbox_index_add(db, &waiting.id, 0, e);
	in.unheard = held.sent == 0;
	if (!err_take(e, ERR_MISSING) || !tx_later(db, &replay_update_lane, &in, e) ||
	    !db_run(db, &replay_update_messages, &in, &changed, e))
		return false;
	*n += (int64_t)changed;
	return changed == 0 || outbox_index_add(db, &first->id, 0, e);
}

/* ---- what waits ---- */

struct due_in {
	struct uuid channel_id;
	int64_t     limit;
};
static const struct field due_fields[] = {
	COLUMN(struct due_in, channel_id),
	COLUMN(struct due_in, limit),
	FIELD_END,
};
static const struct schema due_in = SCHEMA("ReplayDueIn", struct due_in, due_fields);

SQL(replay_select_due, SQL_TENANT, &due_in, &id_in,
    "SELECT o.id FROM outbox o FORCE INDEX (state) WHERE o.state = 'pending'"
    " AND o.channel_id = :channel_id AND o.told_in IS NULL"
    " AND (o.group_id IS NULL OR o.lane_id IS NULL)"
    " AND NOT EXISTS (SELECT 1 FROM outbox p FORCE INDEX (lane)"
    " WHERE p.lane_id = o.lane_id AND p.state = 'pending' AND p.id < o.id)"
    " ORDER BY o.id LIMIT :limit");

bool
replay_due(struct db *db, TALLOC_CTX *mem, const struct uuid *channel, struct err *e)
{
	const struct due_in in = { *channel, REPLAY_DUE };
	struct id_in       *rows;
	size_t              n;

	if (!db_all(db, mem, &replay_select_due, &in, INTO(&rows, &n, REPLAY_DUE), e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!outbox_index_add(db, &rows[i].id, 0, e))
			return false;
	return true;
}
