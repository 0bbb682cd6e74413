#include "core/store/alert/gather.h"

#include <string.h>

#include "core/store/alert/alert_group.h"
#include "core/store/tx.h"

/* ---- making ---- */

struct find_in {
	struct uuid id, channel_id;
	int64_t     limit;
};
static const struct field find_fields[] = {
	COLUMN(struct find_in, id),
	COLUMN(struct find_in, channel_id),
	COLUMN(struct find_in, limit),
	FIELD_END,
};
static const struct schema find_in = SCHEMA("GatherFindIn", struct find_in, find_fields);

struct mark_in {
	struct uuid summary;
	const char *ids;
};
static const struct field mark_fields[] = {
	COLUMN(struct mark_in, ids),
	COLUMN(struct mark_in, summary),
	FIELD_END,
};
static const struct schema mark_in = SCHEMA("GatherMarkIn", struct mark_in, mark_fields);

SQL(gather_select_waiting, SQL_TENANT, &find_in, &id_in,
    "SELECT o.id FROM outbox o FORCE INDEX (waiting) WHERE o.channel_id = :channel_id"
    " AND o.state = 'pending' AND o.id <> :id AND o.lane_id IS NOT NULL AND o.template > 0"
    " AND o.told_in IS NULL AND o.group_id IS NULL AND NOT o.sending AND NOT EXISTS (SELECT 1 FROM "
    "outbox b FORCE INDEX"
    " (lane) WHERE b.lane_id = o.lane_id AND b.state = 'pending' AND b.id < o.id)"
    " ORDER BY o.id LIMIT :limit");
SQL(gather_update_marked, SQL_TENANT, &mark_in, NULL,
    "UPDATE " ID_LIST_ROWS
    " JOIN outbox o ON o.id = j.id SET o.told_in = :summary, o.sending = TRUE,"
    " o.group_id = NULL"
    " WHERE o.state = 'pending' AND o.told_in IS NULL AND NOT o.sending");

bool
gather_find(struct db *db, TALLOC_CTX *mem, const struct outbox *mine, struct uuid **ids, size_t *n,
    struct err *e)
{
	const struct find_in in = { mine->id, mine->channel_id, GATHER_MAX };
	struct id_in        *rows;
	size_t               found;

	if (!db_all(db, mem, &gather_select_waiting, &in, INTO(&rows, &found, GATHER_MAX), e))
		return false;
	*ids = talloc_size(mem, (found + 1) * sizeof(**ids));
	if (*ids == NULL)
		return err_memory(e);
	(*ids)[0] = mine->id;
	for (size_t i = 0; i < found; i++)
		(*ids)[i + 1] = rows[i].id;
	*n = found + 1;
	return true;
}

bool
gather_mark(struct db *db, TALLOC_CTX *mem, const struct uuid *summary, struct id_list ids,
    size_t *n, struct err *e)
{
	struct id_list_in list;
	struct mark_in    in = { .summary = *summary };
	uint64_t          marked = 0;

	if (!id_list_print(mem, ids, &list, e))
		return false;
	in.ids = list.ids;
	if (!db_run(db, &gather_update_marked, &in, &marked, e))
		return false;
	*n = (size_t)marked;
	return true;
}

/* ---- telling ---- */

struct list_in {
	struct uuid id;
	int64_t     limit;
};
static const struct field list_fields[] = {
	COLUMN(struct list_in, id),
	COLUMN(struct list_in, limit),
	FIELD_END,
};
static const struct schema list_in = SCHEMA("GatherListIn", struct list_in, list_fields);
static const struct field  gathered_fields[] = {
	 COLUMN_NULL(struct gathered, alert_id),
	 COLUMN(struct gathered, event),
	 COLUMN(struct gathered, severity),
	 COLUMN(struct gathered, kind),
	 COLUMN(struct gathered, status),
	 COLUMN(struct gathered, title),
	 COLUMN_NULL(struct gathered, config_id),
	 COLUMN_NULL(struct gathered, config_name),
	 COLUMN_NULL(struct gathered, opened_at),
	 COLUMN(struct gathered, never_sent),
	 FIELD_END,
};
static const struct schema gathered_schema = SCHEMA("Gathered", struct gathered, gathered_fields);
static const struct field  count_fields[] = {
	 COLUMN(struct gathered_count, severity),
	 COLUMN(struct gathered_count, resolved),
	 COLUMN(struct gathered_count, n),
	 FIELD_END,
};
static const struct schema count_schema =
    SCHEMA("GatheredCount", struct gathered_count, count_fields);

#define RESOLVED "o.event = 'drift.alert.resolved'"
SQL(gather_select_list, SQL_TENANT, &list_in, &gathered_schema,
    "SELECT o.alert_id, o.event, COALESCE(o.severity, 'info') AS severity,"
    " COALESCE(a.kind, '') AS kind, COALESCE(a.status, '') AS status,"
    " COALESCE(a.title, '') AS title, a.config_id, c.name AS config_name, a.opened_at,"
    " o.opens AND " RESOLVED " AS never_sent"
    " FROM outbox o FORCE INDEX (told_in) LEFT JOIN alerts a ON a.id = o.alert_id"
    " LEFT JOIN drift_configs c ON c.id = a.config_id WHERE o.told_in = :id"
    " ORDER BY " RESOLVED ", FIELD(o.severity, 'critical', 'high', 'medium', 'low', 'info'), o.id"
    " LIMIT :limit");
SQL(gather_select_counts, SQL_TENANT, &id_in, &count_schema,
    "SELECT COALESCE(o.severity, 'info') AS severity, " RESOLVED " AS resolved, COUNT(*) AS n"
    " FROM outbox o FORCE INDEX (told_in) WHERE o.told_in = :id GROUP BY 1, 2");
/* As group_select_open (alert_group.c) counts them. */
#define STILL_OPEN                                                                                 \
	" FROM alert_lanes l FORCE INDEX (grouped) STRAIGHT_JOIN alerts a ON a.id = l.alert_id"    \
	" LEFT JOIN drift_configs c ON c.id = a.config_id WHERE l.group_id = :id AND l.sent > 0"   \
	" AND a.status = 'open' AND a.suppressed_by IS NULL"
SQL(gather_select_open, SQL_TENANT, &list_in, &gathered_schema,
    "SELECT l.alert_id, 'drift.alert.updated' AS event, a.severity, a.kind, a.status, a.title,"
    " a.config_id, c.name AS config_name, a.opened_at, FALSE AS never_sent" STILL_OPEN
    " ORDER BY FIELD(a.severity, 'critical', 'high', 'medium', 'low', 'info'), l.id LIMIT :limit");
SQL(gather_select_open_counts, SQL_TENANT, &id_in, &count_schema,
    "SELECT a.severity, FALSE AS resolved, COUNT(*) AS n" STILL_OPEN " GROUP BY 1, 2");

bool
gather_list(struct db *db, TALLOC_CTX *mem, const struct gather_what *of, size_t most,
    struct gathered **rows, size_t *n, struct err *e)
{
	const struct list_in in = { of->id, (int64_t)most };

	return db_all(db, mem, of->group ? &gather_select_open : &gather_select_list, &in,
	    INTO(rows, n, most), e);
}

bool
gather_count(struct db *db, TALLOC_CTX *mem, const struct gather_what *of,
    struct gathered_count **rows, size_t *n, struct err *e)
{
	const struct id_in in = { of->id };

	return db_all(db, mem, of->group ? &gather_select_open_counts : &gather_select_counts, &in,
	    INTO(rows, n, GATHERED_COUNTS), e);
}

/* ---- its end ---- */

struct member {
	struct uuid id, lane_id;
	int64_t     attempts;
	const char *event;
};
static const struct field member_fields[] = {
	COLUMN(struct member, id),
	COLUMN_NULL(struct member, lane_id),
	COLUMN(struct member, attempts),
	COLUMN(struct member, event),
	FIELD_END,
};
static const struct schema member_schema = SCHEMA("GatherMember", struct member, member_fields);

struct end_in {
	struct uuid summary;
	const char *state;
	instant     at;
};
static const struct field end_fields[] = {
	COLUMN(struct end_in, state),
	COLUMN(struct end_in, at),
	COLUMN(struct end_in, summary),
	FIELD_END,
};
static const struct schema end_in = SCHEMA("GatherEndIn", struct end_in, end_fields);
static const struct field  lanes_fields[] = {
	 COLUMN(struct end_in, at),
	 COLUMN(struct end_in, summary),
	 FIELD_END,
};
static const struct schema lanes_in = SCHEMA("GatherLanesIn", struct end_in, lanes_fields);

static const struct field behind_fields[] = {
	COLUMN(struct outbox, id),
	COLUMN(struct outbox, wait_s),
	COLUMN_NULL(struct outbox, group_id),
	FIELD_END,
};
static const struct schema behind_schema = SCHEMA("GatherBehind", struct outbox, behind_fields);

#define MEMBERS "o.told_in = :summary AND o.state = 'pending'"
SQL(gather_select_members, SQL_TENANT, &id_in, &member_schema,
    "SELECT id, lane_id, attempts, event FROM outbox FORCE INDEX (told_in)"
    " WHERE told_in = :id AND state = 'pending' ORDER BY id");
SQL(gather_hold_lanes, SQL_TENANT, &id_list_in_schema, &id_in,
    "SELECT l.id FROM " ID_LIST_ROWS " STRAIGHT_JOIN alert_lanes l ON l.id = j.id FOR UPDATE");
SQL(gather_update_lanes, SQL_TENANT, &lanes_in, NULL,
    "UPDATE outbox o FORCE INDEX (told_in) JOIN alert_lanes l ON l.id = o.lane_id"
    " SET l.sent = l.sent + 1, l.severity = o.severity, l.told_at = :at WHERE " MEMBERS);
SQL(gather_select_behind, SQL_TENANT, &id_in, &behind_schema,
    "SELECT n.id, n.wait_s, n.group_id FROM outbox o FORCE INDEX (told_in) JOIN outbox n FORCE "
    "INDEX (lane)"
    " ON n.lane_id = o.lane_id AND n.state = 'pending' AND n.id > o.id"
    " WHERE o.told_in = :id AND o.state = 'pending' AND NOT EXISTS (SELECT 1 FROM outbox b"
    " FORCE INDEX (lane) WHERE b.lane_id = o.lane_id AND b.state = 'pending' AND b.id > o.id"
    " AND b.id < n.id)");
SQL(gather_update_members, SQL_TENANT, &end_in, NULL,
    "UPDATE outbox o FORCE INDEX (told_in) SET o.state = :state, o.done_at = :at,"
    " o.attempts = o.attempts + 1, o.sending = FALSE WHERE " MEMBERS);

static bool
hold_lanes(struct db *db, TALLOC_CTX *mem, const struct member *m, size_t n, struct err *e)
{
	struct uuid      *ids = talloc_size(mem, (n + 1) * sizeof(ids[0]));
	struct id_list_in in;
	struct id_in     *rows;
	size_t            found;

	if (ids == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		ids[i] = m[i].lane_id;
	return id_list_print(mem, (struct id_list) { ids, n }, &in, e) &&
	       db_all(db, mem, &gather_hold_lanes, &in, INTO(&rows, &found, GATHER_MAX), e);
}

static bool
log_members(struct db *db, TALLOC_CTX *mem, const struct gather_end *g, const struct member *m,
    size_t n, struct err *e)
{
	struct delivery *rows = talloc_size(mem, (n + 1) * sizeof(rows[0]));

	if (rows == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++) {
		rows[i] = *g->row;
		rows[i].id = uuid_make(g->env->clock, g->env->rand);
		rows[i].outbox_id = m[i].id;
		rows[i].attempt = m[i].attempts + 1;
		rows[i].event = m[i].event;
	}
	return delivery_add_many(db, rows, n, e);
}

static bool
let_follow(struct db *db, TALLOC_CTX *mem, const struct id_in *in, struct err *e)
{
	struct outbox *rows;
	size_t         n;

	if (!db_all(db, mem, &gather_select_behind, in, INTO(&rows, &n, GATHER_MAX), e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!group_let_follow(db, &rows[i], rows[i].wait_s, e))
			return false;
	return true;
}

bool
gather_finish(struct db *db, TALLOC_CTX *mem, const struct gather_end *g, struct err *e)
{
	const struct id_in  in = { g->summary };
	const struct end_in end = { g->summary, g->arrived ? "delivered" : "dead", g->row->at };
	struct member      *m;
	size_t              n;

	if (!db_all(db, mem, &gather_select_members, &in, INTO(&m, &n, GATHER_MAX), e))
		return false;
	return n == 0 || (hold_lanes(db, mem, m, n, e) && let_follow(db, mem, &in, e) &&
			     (!g->arrived || db_run(db, &gather_update_lanes, &end, NULL, e)) &&
			     db_run(db, &gather_update_members, &end, NULL, e) &&
			     log_members(db, mem, g, m, n, e));
}
