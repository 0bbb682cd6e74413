/* lane.h: the lanes of many messages at once. */
#include <stdlib.h>
#include <string.h>

#include "core/store/alert/lane.h"
#include "core/store/id_list.h"
#include "core/store/trip.h"

struct begin_in {
	const char *messages; /* JSON: of each its id, and the wire_id it was read with */
};
static const struct field begin_fields[] = {
	COLUMN(struct begin_in, messages),
	FIELD_END,
};
static const struct schema begin_in = SCHEMA("LanesBeginIn", struct begin_in, begin_fields);
static const struct field  behind_fields[] = {
	 COLUMN(struct outbox, id),
	 COLUMN(struct outbox, lane_id),
	 COLUMN(struct outbox, wait_s),
	 COLUMN_NULL(struct outbox, group_id),
	 FIELD_END,
};
static const struct schema behind_schema = SCHEMA("LaneBehind", struct outbox, behind_fields);

SQL(lanes_mark, SQL_TENANT, &begin_in, NULL,
    "UPDATE (SELECT UNHEX(REPLACE(t.id, '-', '')) AS id, UNHEX(REPLACE(t.wire, '-', '')) AS wire"
    " FROM JSON_TABLE(:messages, '$[*]' COLUMNS (id CHAR(36) PATH '$.id', wire CHAR(36) PATH"
    " '$.wire')) t) j STRAIGHT_JOIN outbox o ON o.id = j.id SET o.sending = TRUE"
    " WHERE o.state = 'pending' AND o.told_in IS NULL AND o.wire_id = j.wire");
SQL(lanes_hold, SQL_TENANT, &id_list_in_schema, &id_in,
    "SELECT l.id FROM " ID_LIST_ROWS " STRAIGHT_JOIN alert_lanes l ON l.id = j.id FOR UPDATE");
SQL(lanes_select_behind, SQL_TENANT, &id_list_in_schema, &behind_schema,
    "SELECT o.id, o.lane_id, o.wait_s, o.group_id FROM " ID_LIST_ROWS
    " STRAIGHT_JOIN outbox o FORCE INDEX (lane)"
    " ON o.lane_id = j.id AND o.state = 'pending' FOR UPDATE");

static int
by_id(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct uuid));
}

bool
lane_begin_many(struct db *db, TALLOC_CTX *mem, const struct lane_message *m, size_t n, bool *all,
    struct err *e)
{
	struct begin_in in;
	struct buf      b;
	char            id[UUID_TEXT_MAX], wire[UUID_TEXT_MAX];
	uint64_t        marked = 0;

	buf_make(&b, mem);
	buf_putc(&b, '[');
	for (size_t i = 0; i < n; i++) {
		uuid_print(&m[i].id, id);
		uuid_print(&m[i].wire_id, wire);
		buf_printf(&b, "%s{\"id\":\"%s\",\"wire\":\"%s\"}", i == 0 ? "" : ",", id, wire);
	}
	buf_putc(&b, ']');
	in.messages = b.p;
	if (!buf_ok(&b))
		return err_memory(e);
	if (!db_run(db, &lanes_mark, &in, &marked, e))
		return false;
	*all = marked == n;
	return true;
}

static void
find_next(const struct outbox *rows, size_t n, const struct outbox *of, struct outbox *next)
{
	*next = (struct outbox) { 0 };
	for (size_t i = 0; i < n; i++)
		if (uuid_eq(&rows[i].lane_id, &of->lane_id) && !uuid_eq(&rows[i].id, &of->id) &&
		    (uuid_is_nil(&next->id) ||
			memcmp(&rows[i].id, &next->id, sizeof(next->id)) < 0))
			*next = rows[i];
}

bool
lane_next_many(struct db *db, TALLOC_CTX *mem, const struct outbox *o, size_t n,
    struct outbox *next, bool *whole, struct err *e)
{
	const size_t      most = n * LANE_BEHIND;
	struct uuid      *lanes = talloc_array(mem, struct uuid, (unsigned)n);
	struct id_list_in in;
	struct id_in     *held;
	struct outbox    *rows;
	struct trip      *trip;
	size_t            held_n, rows_n;

	if (lanes == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		lanes[i] = o[i].lane_id;
	qsort(lanes, n, sizeof(lanes[0]), by_id);
	if (!id_list_print(mem, (struct id_list) { lanes, n }, &in, e))
		return false;
	trip = trip_make(mem, db);
	trip_all(trip, &lanes_hold, &in, INTO(&held, &held_n, n));
	trip_all(trip, &lanes_select_behind, &in, INTO(&rows, &rows_n, most));
	if (!trip_go(trip, e))
		return false;
	*whole = rows_n < most;
	for (size_t i = 0; i < n; i++)
		find_next(rows, rows_n, &o[i], &next[i]);
	return true;
}
