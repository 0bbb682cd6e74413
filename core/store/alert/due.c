#include "core/store/alert/due.h"

#include "core/store/alert/outbox.h"

struct waiting {
	struct uuid id;
	bool        behind; /* another of its lane, or told by another (gather.h) */
};
struct page_in {
	struct uuid after;
	int64_t     limit;
};
struct lane_in {
	struct uuid lane_id;
};
static const struct field waiting_fields[] = {
	COLUMN(struct waiting, id),
	COLUMN(struct waiting, behind),
	FIELD_END,
};
static const struct schema waiting_schema = SCHEMA("DueWaiting", struct waiting, waiting_fields);
static const struct field  page_fields[] = {
	 COLUMN(struct page_in, after),
	 COLUMN(struct page_in, limit),
	 FIELD_END,
};
static const struct schema page_in = SCHEMA("DuePageIn", struct page_in, page_fields);
static const struct field  lane_fields[] = {
	 COLUMN(struct lane_in, lane_id),
	 FIELD_END,
};
static const struct schema lane_in = SCHEMA("DueLaneIn", struct lane_in, lane_fields);

SQL(due_select_page, SQL_TENANT, &page_in, &waiting_schema,
    "SELECT o.id, o.told_in IS NOT NULL OR EXISTS (SELECT 1 FROM outbox b FORCE INDEX (lane)"
    " WHERE b.lane_id = o.lane_id"
    " AND b.state = 'pending' AND b.id < o.id) AS behind"
    " FROM outbox o FORCE INDEX (state) WHERE o.state = 'pending' AND o.id > :after ORDER BY o.id"
    " LIMIT :limit");
SQL(due_select_first, SQL_TENANT, &lane_in, &id_in,
    "SELECT f.id FROM (SELECT id, told_in FROM outbox FORCE INDEX (lane)"
    " WHERE lane_id = :lane_id AND state = 'pending' ORDER BY id LIMIT 1) f"
    " WHERE f.told_in IS NULL");
SQL(due_select_missing, SQL_CONTROL, &id_list_in_schema, &id_in,
    "SELECT j.id FROM " ID_LIST_ROWS
    " WHERE NOT EXISTS (SELECT 1 FROM outbox_index i WHERE i.id = j.id)");

/* Of messages that were just read as waiting. */
static bool
put_back(const struct due *d, TALLOC_CTX *mem, struct id_list ids, size_t *back, struct err *e)
{
	struct id_list_in in;
	struct id_in     *rows;
	size_t            n;

	if (ids.n == 0)
		return true;
	if (!id_list_print(mem, ids, &in, e) ||
	    !db_all(d->control, mem, &due_select_missing, &in, INTO(&rows, &n, ids.n), e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!outbox_index_add(d->tenant, &rows[i].id, 0, e))
			return false;
	*back += n;
	return true;
}

bool
due_check_lane(
    const struct due *d, TALLOC_CTX *mem, const struct uuid *lane, size_t *back, struct err *e)
{
	const struct lane_in in = { *lane };
	struct id_in         first;

	if (!db_one(d->tenant, mem, &due_select_first, &in, &first, e))
		return err_take(e, ERR_MISSING);
	return put_back(d, mem, (struct id_list) { &first.id, 1 }, back, e);
}

bool
due_check_page(
    const struct due *d, TALLOC_CTX *mem, struct uuid *after, size_t *back, struct err *e)
{
	const struct page_in in = { *after, DUE_ROWS };
	struct uuid          ids[DUE_ROWS];
	struct waiting      *rows;
	size_t               n, first = 0;

	if (!db_all(d->tenant, mem, &due_select_page, &in, INTO(&rows, &n, DUE_ROWS), e))
		return false;
	*after = n == DUE_ROWS ? rows[n - 1].id : (struct uuid) { 0 };
	for (size_t i = 0; i < n; i++)
		if (!rows[i].behind)
			ids[first++] = rows[i].id;
	return put_back(d, mem, (struct id_list) { ids, first }, back, e);
}
