#include "core/store/alert/alert_group.h"

#include "core/store/alert/gather.h"
#include "core/store/drift/schedule.h"
#include "core/store/tx.h"

/* ---- waiting ---- */

static const struct field join_fields[] = {
	COLUMN_AS(struct group_join, group.id, "id"),
	COLUMN_AS(struct group_join, group.route_id, "route_id"),
	COLUMN_AS(struct group_join, group.channel_id, "channel_id"),
	COLUMN_AS(struct group_join, group.quiet, "quiet"),
	COLUMN_AS(struct group_join, group.interval_s, "interval_s"),
	COLUMN(struct group_join, wait_s),
	COLUMN(struct group_join, passes),
	COLUMN(struct group_join, rank),
	FIELD_END,
};
static const struct schema join_in = SCHEMA("GroupJoinIn", struct group_join, join_fields);

struct due {
	int64_t due_s;
};
static const struct field due_fields[] = {
	COLUMN(struct due, due_s),
	FIELD_END,
};
static const struct schema due_schema = SCHEMA("GroupDue", struct due, due_fields);

#define DUE_S(at)                                                                                  \
	"GREATEST((TIMESTAMPDIFF(MICROSECOND, NOW(3), " at ") + 999999) DIV 1000000, 0) AS due_s"
#define NEVER "TIMESTAMP'9999-12-31 00:00:00'"

/* It holds the row, whether it was there or not: whoever tells the group tells this too, or has
 * done so before. */
SQL(group_upsert, SQL_TENANT, &join_in, &due_schema,
    "INSERT INTO alert_groups (id, route_id, channel_id, quiet, interval_s, due_at, used_at)"
    " VALUES (:id, :route_id, :channel_id, :quiet, :interval_s,"
    " NOW(3) + INTERVAL :wait_s SECOND, NOW(3)) ON DUPLICATE KEY UPDATE used_at = NOW(3),"
    " interval_s = VALUES(interval_s), due_at = LEAST(COALESCE(due_at, " NEVER "),"
    " IF(:passes OR (told_at > NOW(3) - INTERVAL VALUES(interval_s) SECOND AND :rank > worst),"
    " NOW(3), GREATEST(VALUES(due_at), COALESCE(told_at + INTERVAL VALUES(interval_s) SECOND,"
    " NOW(3))))) RETURNING " DUE_S("due_at"));
SQL(group_select_due, SQL_TENANT, &id_in, &due_schema,
    "SELECT " DUE_S("COALESCE(due_at, NOW(3))") " FROM alert_groups WHERE id = :id");

bool
group_join(
    struct db *db, TALLOC_CTX *mem, const struct group_join *j, int64_t *due_s, struct err *e)
{
	struct due out;

	if (!db_one(db, mem, &group_upsert, j, &out, e))
		return false;
	*due_s = out.due_s;
	return true;
}

bool
group_await(struct db *db, const struct outbox *o, int64_t due_s, struct err *e)
{
	return outbox_index_add(db, &o->id, due_s + GROUP_LATE_S, e) &&
	       schedule_by(db, SCHEDULE_GROUP, &o->group_id, due_s, e);
}

bool
group_let_follow(struct db *db, const struct outbox *next, int64_t due_s, struct err *e)
{
	const struct id_in in = { next->group_id };
	TALLOC_CTX        *tmp;
	struct due         out = { 0 };
	bool               ok;

	if (uuid_is_nil(&next->group_id))
		return outbox_index_add(db, &next->id, due_s, e);
	tmp = talloc_new(db);
	if (tmp == NULL)
		return err_memory(e);
	ok = db_one(db, tmp, &group_select_due, &in, &out, e) || err_take(e, ERR_MISSING);
	talloc_free(tmp);
	return ok && group_await(db, next, out.due_s, e);
}

/* ---- it is due ---- */

static const struct field group_fields[] = {
	COLUMN(struct alert_group, id),
	COLUMN(struct alert_group, route_id),
	COLUMN(struct alert_group, channel_id),
	COLUMN(struct alert_group, quiet),
	COLUMN(struct alert_group, interval_s),
	COLUMN(struct alert_group, told),
	FIELD_END,
};
static const struct schema group_schema = SCHEMA("AlertGroup", struct alert_group, group_fields);

struct find_in {
	struct uuid id;
	int64_t     limit;
};
static const struct field find_fields[] = {
	COLUMN(struct find_in, id),
	COLUMN(struct find_in, limit),
	FIELD_END,
};
static const struct schema find_in = SCHEMA("GroupFindIn", struct find_in, find_fields);

struct waiting {
	struct uuid id;
	int64_t     rank;
};
static const struct field waiting_fields[] = {
	COLUMN(struct waiting, id),
	COLUMN(struct waiting, rank),
	FIELD_END,
};
static const struct schema waiting_schema = SCHEMA("GroupWaiting", struct waiting, waiting_fields);

struct told_in {
	struct uuid id;
	int64_t     worst;
};
static const struct field told_fields[] = {
	COLUMN(struct told_in, worst),
	COLUMN(struct told_in, id),
	FIELD_END,
};
static const struct schema told_in = SCHEMA("GroupToldIn", struct told_in, told_fields);

SQL(group_select_held, SQL_TENANT, &id_in, &group_schema,
    "SELECT id, route_id, channel_id, quiet, interval_s, told_at IS NOT NULL AS told"
    " FROM alert_groups WHERE id = :id FOR UPDATE");
SQL(group_select_waiting, SQL_TENANT, &find_in, &waiting_schema,
    "SELECT o.id, IF(o.event = 'drift.alert.resolved', 0, GREATEST(FIELD(o.severity, 'info',"
    " 'low', 'medium', 'high', 'critical') - 1, 0)) AS rank FROM outbox o FORCE INDEX (grouped)"
    " WHERE o.group_id = :id AND o.state = 'pending' AND o.lane_id IS NOT NULL"
    " AND o.told_in IS NULL AND NOT o.sending AND NOT EXISTS (SELECT 1 FROM outbox b FORCE INDEX"
    " (lane) WHERE b.lane_id = o.lane_id AND b.state = 'pending' AND b.id < o.id)"
    " ORDER BY o.id LIMIT :limit");
SQL(group_update_released, SQL_TENANT, &id_in, NULL,
    "UPDATE outbox SET group_id = NULL WHERE id = :id");
SQL(group_update_told, SQL_TENANT, &told_in, NULL,
    "UPDATE alert_groups SET worst = IF(told_at > NOW(3) - INTERVAL interval_s SECOND,"
    " GREATEST(worst, :worst), :worst), told_at = NOW(3), due_at = NULL WHERE id = :id");
SQL(group_update_empty, SQL_TENANT, &id_in, NULL,
    "UPDATE alert_groups SET due_at = NULL WHERE id = :id");

bool
group_hold(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct alert_group *out, struct err *e)
{
	const struct id_in in = { *id };

	return db_one(db, mem, &group_select_held, &in, out, e);
}

bool
group_find(struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct id_list *out,
    int64_t *worst, struct err *e)
{
	const struct find_in in = { *id, GATHER_MAX + 1 };
	struct waiting      *rows;
	struct uuid         *ids;
	size_t               n;

	if (!db_all(db, mem, &group_select_waiting, &in, INTO(&rows, &n, GATHER_MAX + 1), e))
		return false;
	ids = talloc_size(mem, (n + 1) * sizeof(ids[0]));
	if (ids == NULL)
		return err_memory(e);
	*worst = 0;
	for (size_t i = 0; i < n; i++) {
		ids[i] = rows[i].id;
		*worst = rows[i].rank > *worst ? rows[i].rank : *worst;
	}
	*out = (struct id_list) { ids, n };
	return true;
}

bool
group_release(struct db *db, TALLOC_CTX *mem, struct id_list ids, struct err *e)
{
	struct id_in *in = talloc_size(mem, (ids.n + 1) * sizeof(in[0]));

	if (in == NULL)
		return err_memory(e);
	for (size_t i = 0; i < ids.n; i++)
		in[i].id = ids.p[i];
	if (!tx_later_many(db, &group_update_released, in, ids.n, e))
		return false;
	for (size_t i = 0; i < ids.n; i++)
		if (!outbox_index_add(db, &ids.p[i], 0, e))
			return false;
	return true;
}

bool
group_told(struct db *db, const struct uuid *id, const int64_t *worst, struct err *e)
{
	const struct told_in in = { *id, worst == NULL ? 0 : *worst };
	const struct id_in   empty = { *id };

	return worst == NULL ? tx_later(db, &group_update_empty, &empty, e)
			     : tx_later(db, &group_update_told, &in, e);
}

/* ---- what is still open ---- */

struct standing {
	int64_t n;
	bool    waits;
};
static const struct field standing_fields[] = {
	COLUMN(struct standing, n),
	COLUMN(struct standing, waits),
	FIELD_END,
};
static const struct schema standing_schema =
    SCHEMA("GroupStanding", struct standing, standing_fields);

SQL(group_select_open, SQL_TENANT, &id_in, &standing_schema,
    "SELECT COUNT(*) AS n, EXISTS (SELECT 1 FROM outbox o FORCE INDEX (grouped)"
    " WHERE o.group_id = :id AND o.state = 'pending' AND o.lane_id IS NULL) AS waits"
    " FROM alert_lanes l FORCE INDEX (grouped) STRAIGHT_JOIN alerts a ON a.id = l.alert_id"
    " WHERE l.group_id = :id AND l.sent > 0 AND a.status = 'open' AND a.suppressed_by IS NULL");

bool
group_count_open(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, int64_t *n, bool *waits, struct err *e)
{
	const struct id_in in = { *id };
	struct standing    out;

	if (!db_one(db, mem, &group_select_open, &in, &out, e))
		return false;
	*n = out.n;
	*waits = out.waits;
	return true;
}
