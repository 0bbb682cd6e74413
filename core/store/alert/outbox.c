#include "core/store/alert/outbox.h"
#include "core/store/tx.h"

#include "core/store/alert/expire.h"
#include "core/store/claim_again.h"

/* ---- messages ---- */

#define AS_ADDED                                                                                   \
	COLUMN(struct outbox, id), COLUMN(struct outbox, channel_id), COLUMN(struct outbox, kind), \
	    COLUMN(struct outbox, template), COLUMN_NULL(struct outbox, alert_id),                 \
	    COLUMN(struct outbox, event), COLUMN(struct outbox, body),                             \
	    COLUMN(struct outbox, state), COLUMN(struct outbox, attempts),                         \
	    COLUMN(struct outbox, created_at), COLUMN_NULL(struct outbox, done_at),                \
	    COLUMN_NULL(struct outbox, group_id)
static const struct field outbox_fields[] = {
	AS_ADDED,
	FIELD_END,
};
static const struct schema outbox_schema = SCHEMA("StoredMessage", struct outbox, outbox_fields);
static const struct field  read_fields[] = {
	 AS_ADDED,
	 COLUMN_NULL(struct outbox, lane_id),
	 COLUMN_NULL(struct outbox, wire_id),
	 COLUMN_NULL(struct outbox, severity),
	 COLUMN_NULL(struct outbox, worst),
	 COLUMN(struct outbox, folded),
	 COLUMN(struct outbox, opens),
	 COLUMN(struct outbox, below),
	 COLUMN_NULL(struct outbox, told_severity),
	 COLUMN(struct outbox, replayed),
	 COLUMN(struct outbox, behind),
	 COLUMN_NULL(struct outbox, told_in),
	 FIELD_END,
};
static const struct schema read_schema = SCHEMA("ReadMessage", struct outbox, read_fields);

#define OUTBOX_REST                                                                                \
	"template, alert_id, event, body, state, attempts, created_at, done_at, group_id"

struct index_in {
	struct uuid id;
	uint64_t    fence;
	int64_t     due;
};
static const struct field index_add_fields[] = {
	COLUMN(struct index_in, id),
	COLUMN(struct index_in, due),
	FIELD_END,
};
static const struct schema index_add_in = SCHEMA("IndexAddIn", struct index_in, index_add_fields);
static const struct field  index_end_fields[] = {
	 COLUMN(struct index_in, id),
	 COLUMN(struct index_in, fence),
	 FIELD_END,
};
static const struct schema index_end_in = SCHEMA("IndexEndIn", struct index_in, index_end_fields);
static const struct field  index_again_fields[] = {
	 COLUMN(struct index_in, id),
	 COLUMN(struct index_in, fence),
	 COLUMN(struct index_in, due),
	 FIELD_END,
};
static const struct schema index_again_in =
    SCHEMA("IndexAgainIn", struct index_in, index_again_fields);

SQL(outbox_insert, SQL_TENANT, &outbox_schema, NULL,
    "INSERT INTO outbox (id, channel_id, kind, " OUTBOX_REST
    ") VALUES (:id, :channel_id, :kind, :template, :alert_id, :event, :body, :state, :attempts,"
    " :created_at, :done_at, :group_id)");
/* One that was made before there were kinds is a mail when it has no channel, else a webhook. */
#define READ                                                                                       \
	"SELECT o.id, o.channel_id, COALESCE(o.kind, IF(o.channel_id = REPEAT(CHAR(0), 16),"       \
	" '" OUTBOX_MAIL "', 'webhook')) AS kind, o.template, o.alert_id, o.event, o.body,"        \
	" o.state, o.attempts, o.created_at, o.done_at, o.group_id, o.lane_id, o.wire_id,"         \
	" o.severity, o.worst, o.folded, o.opens, o.below, l.severity AS told_severity,"           \
	" o.replayed, EXISTS (SELECT 1 FROM outbox b FORCE INDEX (lane)"                           \
	" WHERE b.lane_id = o.lane_id AND b.state = 'pending' AND b.id < o.id) AS behind,"         \
	" o.told_in"
#define TOLD_BEFORE " LEFT JOIN alert_lanes l ON l.id = o.lane_id"
SQL(outbox_select, SQL_TENANT, &id_in, &read_schema,
    READ " FROM outbox o" TOLD_BEFORE " WHERE o.id = :id");
SQL(outbox_select_ids, SQL_TENANT, &id_list_in_schema, &read_schema,
    READ " FROM " ID_LIST_ROWS " STRAIGHT_JOIN outbox o ON o.id = j.id" TOLD_BEFORE);
SQL(outbox_call_add, SQL_TENANT, &index_add_in, NULL, "CALL bsx.outbox_index_add(:id, :due)");
SQL(outbox_call_done, SQL_TENANT, &index_end_in, NULL, "CALL bsx.outbox_index_done(:id, :fence)");
SQL(outbox_call_retry, SQL_TENANT, &index_again_in, NULL,
    "CALL bsx.outbox_index_retry(:id, :fence, :due)");

SQL(outbox_find, SQL_TENANT, &id_in, &id_in, "SELECT id FROM outbox WHERE id = :id");

const struct sql *
outbox_mark(void)
{
	return &outbox_find;
}

SQL(outbox_select_told, SQL_TENANT, &id_in, &id_in,
    "SELECT told_in AS id FROM outbox WHERE id = :id AND told_in IS NOT NULL");

bool
outbox_told_in(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct id_in *out, struct err *e)
{
	const struct id_in in = { *id };

	*out = (struct id_in) { 0 };
	return db_one(db, mem, &outbox_select_told, &in, out, e) || err_take(e, ERR_MISSING);
}

bool
outbox_add(struct db *db, const struct outbox *o, struct err *e)
{
	const struct index_in in = { .id = o->id };

	return tx_later(db, &outbox_insert, o, e) && tx_later(db, &outbox_call_add, &in, e);
}

bool
outbox_by_id(struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct outbox *o, struct err *e)
{
	const struct id_in in = { *id };

	return db_one(db, mem, &outbox_select, &in, o, e);
}

bool
outbox_by_ids(struct db *db, TALLOC_CTX *mem, struct id_list ids, struct outbox **rows, size_t *n,
    struct err *e)
{
	struct id_list_in in;

	return id_list_print(mem, ids, &in, e) &&
	       db_all(db, mem, &outbox_select_ids, &in, INTO(rows, n, ids.n), e);
}

static const struct field set_fields[] = {
	COLUMN(struct outbox, attempts),
	COLUMN(struct outbox, state),
	COLUMN_NULL(struct outbox, done_at),
	COLUMN(struct outbox, id),
	FIELD_END,
};
static const struct schema set_in = SCHEMA("OutboxSetIn", struct outbox, set_fields);

SQL(outbox_update, SQL_TENANT, &set_in, NULL,
    "UPDATE outbox SET attempts = :attempts, state = :state, done_at = :done_at, sending = FALSE"
    " WHERE id = :id"
    " AND state = 'pending'");

/* With each that ends as many old ones as that takes. */
static bool
forget_old(struct db *db, instant now, size_t n, struct err *e)
{
	const instant old = { now.ms - MESSAGE_KEEP_DAYS * 86400000LL };
	TALLOC_CTX   *tmp = talloc_new(db);
	bool          ok;

	ok = tmp != NULL ? expire_messages(db, tmp, old, MESSAGES_FORGOTTEN * (int64_t)n, e)
			 : err_memory(e);
	talloc_free(tmp);
	return ok;
}

bool
outbox_set(struct db *db, const struct outbox *o, struct err *e)
{
	return db_run(db, &outbox_update, o, NULL, e) &&
	       (o->done_at.ms == 0 || forget_old(db, o->done_at, 1, e));
}

bool
outbox_set_many(struct db *db, const struct outbox *o, size_t n, struct err *e)
{
	return tx_later_many(db, &outbox_update, o, n, e) && forget_old(db, o[0].done_at, n, e);
}

bool
outbox_index_add(struct db *db, const struct uuid *id, int64_t due_s, struct err *e)
{
	const struct index_in in = { .id = *id, .due = due_s };

	return tx_later(db, &outbox_call_add, &in, e);
}

bool
outbox_index_end(struct db *db, const struct uuid *id, uint64_t fence, struct err *e)
{
	const struct index_in in = { .id = *id, .fence = fence };

	return db_run(db, &outbox_call_done, &in, NULL, e);
}

bool
outbox_index_again(
    struct db *db, const struct uuid *id, uint64_t fence, int64_t due_s, struct err *e)
{
	const struct index_in in = { *id, fence, due_s };

	return db_run(db, &outbox_call_retry, &in, NULL, e);
}

/* ---- attempts ---- */

static const struct field delivery_fields[] = {
	COLUMN(struct delivery, id),
	COLUMN(struct delivery, outbox_id),
	COLUMN(struct delivery, channel_id),
	COLUMN(struct delivery, attempt),
	COLUMN(struct delivery, at),
	COLUMN(struct delivery, outcome),
	COLUMN_NULL(struct delivery, http_status),
	COLUMN(struct delivery, took_ms),
	COLUMN(struct delivery, detail),
	COLUMN_NULL(struct delivery, wire_id),
	COLUMN_NULL(struct delivery, event),
	COLUMN_NULL(struct delivery, request_bytes),
	FIELD_END,
};
static const struct schema delivery_schema =
    SCHEMA("StoredDelivery", struct delivery, delivery_fields);
static const struct field mark_fields[] = {
	COLUMN(struct delivery_mark, id),
	FIELD_END,
};
static const struct schema mark_schema = SCHEMA("DeliveryMark", struct delivery_mark, mark_fields);

SQL(delivery_insert, SQL_TENANT, &delivery_schema, NULL,
    "INSERT INTO deliveries (id, outbox_id, channel_id, attempt, at, outcome, http_status, took_ms,"
    " detail, wire_id, event, request_bytes) VALUES (:id, :outbox_id, :channel_id, :attempt, :at, "
    ":outcome,"
    " :http_status, :took_ms, :detail, :wire_id, :event, :request_bytes)");
SQL(delivery_find, SQL_TENANT, &mark_schema, &mark_schema,
    "SELECT id FROM deliveries WHERE id = :id");

bool
delivery_add(struct db *db, const struct delivery *d, struct err *e)
{
	return db_run(db, &delivery_insert, d, NULL, e);
}

bool
delivery_add_many(struct db *db, const struct delivery *d, size_t n, struct err *e)
{
	return tx_later_many(db, &delivery_insert, d, n, e);
}

const struct sql *
delivery_mark(void)
{
	return &delivery_find;
}

static const struct field row_fields[] = {
	COLUMN(struct delivery_row, id),
	COLUMN(struct delivery_row, message_id),
	COLUMN(struct delivery_row, channel_id),
	COLUMN_NULL(struct delivery_row, alert_id),
	COLUMN_NULL(struct delivery_row, route_id),
	COLUMN(struct delivery_row, event),
	COLUMN(struct delivery_row, state),
	COLUMN(struct delivery_row, attempt),
	COLUMN(struct delivery_row, at),
	COLUMN(struct delivery_row, outcome),
	COLUMN_NULL(struct delivery_row, http_status),
	COLUMN(struct delivery_row, took_ms),
	COLUMN(struct delivery_row, detail),
	COLUMN_NULL(struct delivery_row, request_bytes),
	FIELD_END,
};
static const struct schema row_schema = SCHEMA("DeliveryRow", struct delivery_row, row_fields);

struct list_in {
	struct uuid channel_id;
	struct page page;
};
static const struct field list_fields[] = {
	COLUMN(struct list_in, channel_id),
	PAGE_COLUMNS(struct list_in, page),
	FIELD_END,
};
static const struct schema list_in = SCHEMA("DeliveryListIn", struct list_in, list_fields);

static const struct field of_alert_fields[] = {
	COLUMN_AS(struct list_in, channel_id, "alert_id"),
	COLUMN_AS(struct list_in, page.want, "limit"),
	FIELD_END,
};
static const struct schema of_alert_in =
    SCHEMA("DeliveryOfAlertIn", struct list_in, of_alert_fields);

#define ATTEMPT                                                                                    \
	"SELECT d.id, COALESCE(d.wire_id, d.outbox_id) AS message_id, d.channel_id, o.alert_id,"   \
	" l.route_id,"                                                                             \
	" COALESCE(d.event, o.event) AS event, o.state, d.attempt,"                                \
	" d.at, d.outcome, d.http_status, d.took_ms, d.detail, d.request_bytes"
SQL(delivery_select_list, SQL_TENANT, &list_in, &row_schema,
    ATTEMPT " FROM deliveries d JOIN outbox o ON o.id = d.outbox_id"
	    " LEFT JOIN alert_lanes l ON l.id = o.lane_id"
	    " WHERE d.channel_id = :channel_id AND (:after IS NULL OR d.id < :after)"
	    " ORDER BY d.id DESC LIMIT :limit");
SQL(delivery_select_of_alert, SQL_TENANT, &of_alert_in, &row_schema,
    ATTEMPT " FROM alert_lanes l STRAIGHT_JOIN outbox o ON o.lane_id = l.id"
	    " STRAIGHT_JOIN deliveries d ON d.outbox_id = o.id"
	    " WHERE l.alert_id = :alert_id ORDER BY d.id DESC LIMIT :limit");

bool
delivery_list(
    struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *channel, struct page *p, struct err *e)
{
	const struct list_in in = { *channel, *p };

	return page_read(t->db, mem, &delivery_select_list, &in, p, e);
}

bool
delivery_of_alert(
    struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *alert, struct page *p, struct err *e)
{
	const struct list_in in = { *alert, *p };

	return page_read(t->db, mem, &delivery_select_of_alert, &in, p, e);
}

/* ---- the control schema ---- */

static const struct field off_fields[] = {
	COLUMN(struct index_in, due),
	COLUMN(struct index_in, id),
	COLUMN(struct index_in, fence),
	FIELD_END,
};
static const struct schema off_in = SCHEMA("ClaimOffIn", struct index_in, off_fields);

SQL(claim_update_off, SQL_CONTROL, &off_in, NULL,
    "UPDATE outbox_index SET next_due = NOW(3) + INTERVAL :due * 1000 MICROSECOND,"
    " lease_owner = NULL,"
    " lease_until = NULL WHERE id = :id AND fence = :fence");
SQL(claim_update_again, SQL_CONTROL, &index_end_in, NULL,
    "UPDATE outbox_index SET " CLAIM_AGAIN_SET(
	"next_due") " WHERE id = :id AND fence = :fence" CLAIM_AGAIN_HELD);
SQL(claim_delete, SQL_CONTROL, &index_end_in, NULL,
    "DELETE FROM outbox_index WHERE id = :id AND fence = :fence");
SQL(claim_update_release, SQL_CONTROL, &id_in, NULL,
    "UPDATE outbox_index SET lease_owner = NULL, lease_until = NULL WHERE lease_owner = :id");

bool
claim_put_off(struct db *control, const struct claim *c, int64_t due_ms, struct err *e)
{
	const struct index_in in = { c->id, c->fence, due_ms };

	return db_run(control, &claim_update_off, &in, NULL, e);
}

bool
claim_again(struct db *control, const struct claim *c, struct err *e)
{
	const struct index_in in = { .id = c->id, .fence = c->fence };

	return db_run(control, &claim_update_again, &in, NULL, e);
}

bool
claim_forget(struct db *control, const struct claim *c, struct err *e)
{
	const struct index_in in = { .id = c->id, .fence = c->fence };

	return db_run(control, &claim_delete, &in, NULL, e);
}

bool
claim_release(struct db *control, const struct uuid *owner, struct err *e)
{
	const struct id_in in = { *owner };

	return db_run(control, &claim_update_release, &in, NULL, e);
}

static const struct field daemon_fields[] = {
	COLUMN(struct daemon_row, id),
	COLUMN(struct daemon_row, host),
	COLUMN(struct daemon_row, pid),
	COLUMN(struct daemon_row, version),
	FIELD_END,
};
static const struct schema daemon_in = SCHEMA("DaemonIn", struct daemon_row, daemon_fields);

SQL(daemon_upsert, SQL_CONTROL, &daemon_in, NULL,
    "INSERT INTO daemons (id, host, pid, version, started_at, heartbeat_at)"
    " VALUES (:id, :host, :pid, :version, NOW(3), NOW(3)) ON DUPLICATE KEY UPDATE heartbeat_at ="
    " NOW(3)");
SQL(daemon_delete, SQL_CONTROL, &id_in, NULL,
    "DELETE FROM daemons WHERE id = :id OR heartbeat_at < NOW(3) - INTERVAL 1 DAY");

bool
daemon_beat(struct db *control, const struct daemon_row *d, struct err *e)
{
	return db_run(control, &daemon_upsert, d, NULL, e);
}

bool
daemon_gone(struct db *control, const struct uuid *id, struct err *e)
{
	const struct id_in in = { *id };

	return db_run(control, &daemon_delete, &in, NULL, e);
}
