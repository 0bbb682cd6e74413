#include "core/store/alert/pace.h"

#include "core/store/alert/channel.h"
#include "core/store/tx.h"

/* As it is kept. */
struct kept {
	struct uuid channel_id;
	instant     now, next_at, held_until;
	int64_t     rest_ms;
};
static const struct field read_fields[] = {
	COLUMN(struct kept, channel_id),
	COLUMN(struct kept, now),
	COLUMN(struct kept, next_at),
	COLUMN_NULL(struct kept, held_until),
	FIELD_END,
};
static const struct schema read_schema = SCHEMA("ChannelPace", struct kept, read_fields);
static const struct field  write_fields[] = {
	 COLUMN(struct kept, next_at),
	 COLUMN_NULL(struct kept, held_until),
	 COLUMN(struct kept, channel_id),
	 FIELD_END,
};
static const struct schema write_in = SCHEMA("PaceWriteIn", struct kept, write_fields);
static const struct field  rest_fields[] = {
	 COLUMN(struct kept, rest_ms),
	 COLUMN(struct kept, channel_id),
	 FIELD_END,
};
static const struct schema rest_in = SCHEMA("PaceRestIn", struct kept, rest_fields);

static const struct field resting_fields[] = {
	COLUMN(struct pace_rest, channel_id),
	COLUMN(struct pace_rest, rest_ms),
	FIELD_END,
};
static const struct schema resting_schema =
    SCHEMA("ChannelResting", struct pace_rest, resting_fields);

struct change_in {
	struct uuid channel_id;
	int64_t     was, per_minute;
};
static const struct field change_fields[] = {
	COLUMN(struct change_in, was),
	COLUMN(struct change_in, per_minute),
	COLUMN(struct change_in, channel_id),
	FIELD_END,
};
static const struct schema change_in = SCHEMA("PaceChangeIn", struct change_in, change_fields);

/* It holds the row, whether it was there or not. */
SQL(pace_upsert, SQL_TENANT, &id_in, &read_schema,
    "INSERT INTO channel_paces (channel_id, next_at) VALUES (:id, NOW(3))"
    " ON DUPLICATE KEY UPDATE next_at = next_at"
    " RETURNING channel_id, NOW(3) AS now, next_at, held_until");
SQL(pace_update, SQL_TENANT, &write_in, NULL,
    "UPDATE channel_paces SET next_at = :next_at, held_until = :held_until"
    " WHERE channel_id = :channel_id");
SQL(pace_upsert_rest, SQL_TENANT, &rest_in, NULL,
    "INSERT INTO channel_paces (channel_id, next_at)"
    " SELECT id, NOW(3) + INTERVAL (:rest_ms * 1000) MICROSECOND FROM channels"
    " WHERE id = :channel_id"
    " ON DUPLICATE KEY UPDATE next_at = GREATEST(channel_paces.next_at, VALUES(next_at))");
SQL(pace_select_resting, SQL_TENANT, &id_list_in_schema, &resting_schema,
    "SELECT p.channel_id, TIMESTAMPDIFF(MICROSECOND, NOW(3), p.next_at) DIV 1000 AS rest_ms"
    " FROM " ID_LIST_ROWS
    " STRAIGHT_JOIN channel_paces p ON p.channel_id = j.id WHERE p.next_at > NOW(3)");
SQL(pace_update_change, SQL_TENANT, &change_in, NULL,
    "UPDATE channel_paces SET held_until = NULL, next_at = NOW(3) + INTERVAL"
    " (TIMESTAMPDIFF(MICROSECOND, NOW(3), next_at) * :was DIV :per_minute) MICROSECOND"
    " WHERE channel_id = :channel_id");
SQL(pace_delete, SQL_TENANT, &id_in, NULL, "DELETE FROM channel_paces WHERE channel_id = :id");

bool
pace_hold(
    struct db *db, TALLOC_CTX *mem, const struct uuid *channel, struct pace *out, struct err *e)
{
	const struct id_in in = { *channel };
	struct kept        k;

	if (!db_one(db, mem, &pace_upsert, &in, &k, e))
		return false;
	*out = (struct pace) {
		.channel_id = *channel,
		.now = k.now,
		.next_in_ms = k.next_at.ms - k.now.ms,
		.held = k.held_until.ms != 0,
	};
	if (out->held)
		out->held_in_ms = k.held_until.ms - k.now.ms;
	return true;
}

bool
pace_write(struct db *db, const struct pace *p, struct err *e)
{
	const struct kept in = {
		.channel_id = p->channel_id,
		.next_at = { p->now.ms + p->next_in_ms },
		.held_until = { p->held ? p->now.ms + p->held_in_ms : 0 },
	};

	return tx_later(db, &pace_update, &in, e);
}

bool
pace_rest(struct db *db, const struct uuid *channel, int64_t ms, struct err *e)
{
	const struct kept in = { .channel_id = *channel, .rest_ms = ms };

	return tx_later(db, &pace_upsert_rest, &in, e);
}

void
pace_ask_resting(struct trip *trip, const struct id_list_in *in, struct pace_rest **rows, size_t *n)
{
	trip_all(trip, &pace_select_resting, in, INTO(rows, n, CHANNELS_ASKED_MAX));
}

bool
pace_change(
    struct db *db, const struct uuid *channel, int64_t was, int64_t per_minute, struct err *e)
{
	const struct change_in in = { *channel, was, per_minute };

	return tx_later(db, &pace_update_change, &in, e);
}

bool
pace_drop(struct db *db, const struct uuid *channel, struct err *e)
{
	const struct id_in in = { *channel };

	return tx_later(db, &pace_delete, &in, e);
}
