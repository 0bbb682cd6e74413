#include "core/store/alert/digest.h"

#include "core/store/db.h"

struct digest_in {
	int64_t limit;
};
static const struct field digest_in_fields[] = {
	COLUMN(struct digest_in, limit),
	FIELD_END,
};
static const struct schema digest_in = SCHEMA("DigestIn", struct digest_in, digest_in_fields);
static const struct field  config_fields[] = {
	 COLUMN(struct digest_config, name),
	 FIELD_END,
};
static const struct schema config_schema =
    SCHEMA("DigestConfig", struct digest_config, config_fields);
static const struct field quiet_fields[] = {
	COLUMN(struct digest_quiet, why),
	COLUMN(struct digest_quiet, n),
	FIELD_END,
};
static const struct schema quiet_schema = SCHEMA("DigestQuiet", struct digest_quiet, quiet_fields);

SQL(digest_select_blind, SQL_TENANT, &digest_in, &config_schema,
    "SELECT c.name FROM alerts a FORCE INDEX (open_key) STRAIGHT_JOIN drift_configs c"
    " ON c.id = a.config_id WHERE a.open_key >= 'blind:' AND a.open_key < 'blind;'"
    " ORDER BY a.open_key LIMIT :limit");
SQL(digest_select_quiet, SQL_TENANT, NULL, &quiet_schema,
    "SELECT SUBSTRING_INDEX(j.cover, ':', 1) AS why, CAST(SUM(j.changes) AS SIGNED) AS n"
    " FROM config_state s STRAIGHT_JOIN drift_reports r ON r.id = s.report_id,"
    " JSON_TABLE(r.suppressed, '$[*]' COLUMNS (cover VARCHAR(64) PATH '$.by',"
    " changes BIGINT PATH '$.changes')) j GROUP BY why ORDER BY why");

bool
digest_blind(
    struct tenant_db *t, TALLOC_CTX *mem, struct digest_config **rows, size_t *n, struct err *e)
{
	const struct digest_in in = { DIGEST_ROWS };

	return db_all(t->db, mem, &digest_select_blind, &in, INTO(rows, n, DIGEST_ROWS), e);
}

bool
digest_quiet(
    struct tenant_db *t, TALLOC_CTX *mem, struct digest_quiet **rows, size_t *n, struct err *e)
{
	return db_all(t->db, mem, &digest_select_quiet, NULL, INTO(rows, n, DIGEST_ROWS), e);
}

/* ---- how many there are ---- */

struct room_in {
	struct uuid id;
};
static const struct field room_in_fields[] = {
	COLUMN(struct room_in, id),
	FIELD_END,
};
static const struct schema room_in = SCHEMA("DigestRoomIn", struct room_in, room_in_fields);
struct room_out {
	int64_t n;
};
static const struct field room_fields[] = {
	COLUMN(struct room_out, n),
	FIELD_END,
};
static const struct schema room_schema = SCHEMA("DigestRoom", struct room_out, room_fields);

/* A row that there always is holds whoever comes at the same time. */
SQL(digest_hold_others, SQL_TENANT, NULL, NULL,
    "UPDATE alert_routing SET version = version WHERE id = 1");
SQL(digest_select_room, SQL_TENANT, &room_in, &room_schema,
    "SELECT COUNT(*) AS n FROM channels WHERE digest IS NOT NULL AND id <> :id"
    " LOCK IN SHARE MODE");

bool
digest_has_room(struct db *db, const struct uuid *channel, int64_t most, bool *room, struct err *e)
{
	const struct room_in in = { *channel };
	struct room_out      out = { 0 };

	*room = false;
	if (!db_run(db, &digest_hold_others, NULL, NULL, e) ||
	    !db_one(db, NULL, &digest_select_room, &in, &out, e))
		return false;
	*room = out.n < most;
	return true;
}
