#include "core/store/alert/pace.h"

#include "core/store/id_list.h"
#include "core/store/tx.h"

static const struct field pace_fields[] = {
	COLUMN(struct pace, channel_id),
	COLUMN(struct pace, next_in_ms),
	COLUMN(struct pace, held),
	COLUMN(struct pace, held_in_ms),
	FIELD_END,
};
static const struct schema pace_schema = SCHEMA("ChannelPace", struct pace, pace_fields);
static const struct field  rest_fields[] = {
	 COLUMN(struct pace, next_in_ms),
	 COLUMN(struct pace, channel_id),
	 FIELD_END,
};
static const struct schema rest_in = SCHEMA("PaceRestIn", struct pace, rest_fields);

#define FROM_NOW(at)  "COALESCE(TIMESTAMPDIFF(MICROSECOND, NOW(3), " at ") DIV 1000, 0)"
#define AFTER_NOW(ms) "NOW(3) + INTERVAL (" ms " * 1000) MICROSECOND"

/* It holds the row, whether it was there or not. */
SQL(pace_upsert, SQL_TENANT, &id_in, &pace_schema,
    "INSERT INTO channel_paces (channel_id, next_at) VALUES (:id, NOW(3))"
    " ON DUPLICATE KEY UPDATE next_at = next_at"
    " RETURNING channel_id, " FROM_NOW("next_at") " AS next_in_ms, held_until IS NOT NULL AS held,"
						  " " FROM_NOW("held_until") " AS held_in_ms");
SQL(pace_update, SQL_TENANT, &pace_schema, NULL,
    "UPDATE channel_paces SET next_at = " AFTER_NOW(
	":next_in_ms") ","
		       " held_until = IF(:held, " AFTER_NOW(
			   ":held_in_ms") ", NULL) WHERE channel_id = :channel_id");
SQL(pace_update_rest, SQL_TENANT, &rest_in, NULL,
    "UPDATE channel_paces SET next_at = GREATEST(next_at, " AFTER_NOW(
	":next_in_ms") ")"
		       " WHERE channel_id = :channel_id");
SQL(pace_delete, SQL_TENANT, &id_in, NULL, "DELETE FROM channel_paces WHERE channel_id = :id");

bool
pace_hold(
    struct db *db, TALLOC_CTX *mem, const struct uuid *channel, struct pace *out, struct err *e)
{
	const struct id_in in = { *channel };

	return db_one(db, mem, &pace_upsert, &in, out, e);
}

bool
pace_write(struct db *db, const struct pace *p, struct err *e)
{
	return tx_later(db, &pace_update, p, e);
}

bool
pace_rest(struct db *db, const struct uuid *channel, int64_t ms, struct err *e)
{
	const struct pace in = { .channel_id = *channel, .next_in_ms = ms };

	return tx_later(db, &pace_update_rest, &in, e);
}

bool
pace_drop(struct db *db, const struct uuid *channel, struct err *e)
{
	const struct id_in in = { *channel };

	return tx_later(db, &pace_delete, &in, e);
}
