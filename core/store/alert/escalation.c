#include "core/store/alert/escalation.h"

#include "core/store/id_list.h"
#include "core/store/tx.h"

static const struct field row_fields[] = {
	COLUMN(struct alert_escalation, id),
	COLUMN(struct alert_escalation, alert_id),
	COLUMN(struct alert_escalation, route_id),
	COLUMN(struct alert_escalation, step),
	COLUMN(struct alert_escalation, repeats),
	COLUMN(struct alert_escalation, waited_s),
	FIELD_END,
};
static const struct schema row_schema =
    SCHEMA("AlertEscalation", struct alert_escalation, row_fields);
static const struct field put_fields[] = {
	COLUMN(struct alert_escalation, id),
	COLUMN(struct alert_escalation, alert_id),
	COLUMN(struct alert_escalation, route_id),
	FIELD_END,
};
static const struct schema put_schema =
    SCHEMA("AlertEscalationPut", struct alert_escalation, put_fields);
static const struct field set_fields[] = {
	COLUMN(struct alert_escalation, step),
	COLUMN(struct alert_escalation, repeats),
	COLUMN(struct alert_escalation, id),
	FIELD_END,
};
static const struct schema set_schema =
    SCHEMA("AlertEscalationSet", struct alert_escalation, set_fields);
static const struct field news_fields[] = {
	COLUMN(struct outbox, id),
	COLUMN(struct outbox, template),
	COLUMN(struct outbox, event),
	COLUMN(struct outbox, body),
	FIELD_END,
};
static const struct schema news_schema = SCHEMA("AlertNews", struct outbox, news_fields);

#define ROW                                                                                        \
	"SELECT id, alert_id, route_id, step, repeats,"                                            \
	" GREATEST(TIMESTAMPDIFF(SECOND, begun_at, NOW(3)), 0) AS waited_s FROM alert_escalations"

SQL(escalation_select_of, SQL_TENANT, &id_in, &row_schema,
    ROW " WHERE alert_id = :id ORDER BY route_id");
SQL(escalation_select_held, SQL_TENANT, &id_in, &row_schema, ROW " WHERE id = :id FOR UPDATE");
SQL(escalation_upsert, SQL_TENANT, &put_schema, NULL,
    "INSERT INTO alert_escalations (id, alert_id, route_id, step, repeats, begun_at)"
    " VALUES (:id, :alert_id, :route_id, 0, 0, NOW(3))"
    " ON DUPLICATE KEY UPDATE step = 0, repeats = 0, begun_at = NOW(3)");
SQL(escalation_update, SQL_TENANT, &set_schema, NULL,
    "UPDATE alert_escalations SET step = :step, repeats = :repeats WHERE id = :id");
SQL(escalation_select_news, SQL_TENANT, &id_in, &news_schema,
    "SELECT o.id, o.template, o.event, o.body FROM alert_lanes l STRAIGHT_JOIN outbox o"
    " FORCE INDEX (lane) ON o.lane_id = l.id WHERE l.alert_id = :id AND o.template > 0"
    " AND o.event IN ('drift.alert.opened', 'drift.alert.updated', 'drift.alert.attributed',"
    " 'drift.alert.reopened', 'drift.alert.unacknowledged')"
    " ORDER BY o.created_at DESC, o.id DESC LIMIT 1");

bool
escalation_list(struct db *db, TALLOC_CTX *mem, const struct uuid *alert,
    struct alert_escalation **rows, size_t *n, struct err *e)
{
	const struct id_in in = { *alert };

	return db_all(db, mem, &escalation_select_of, &in, INTO(rows, n, ESCALATIONS_MAX), e);
}

bool
escalation_put(struct db *db, const struct alert_escalation *r, struct err *e)
{
	return tx_later(db, &escalation_upsert, r, e);
}

bool
escalation_hold(struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct alert_escalation *out,
    struct err *e)
{
	const struct id_in in = { *id };

	return db_one(db, mem, &escalation_select_held, &in, out, e);
}

bool
escalation_set(struct db *db, const struct alert_escalation *r, struct err *e)
{
	return tx_later(db, &escalation_update, r, e);
}

bool
escalation_news(struct db *db, TALLOC_CTX *mem, const struct uuid *alert, struct outbox *out,
    bool *found, struct err *e)
{
	const struct id_in in = { *alert };

	*out = (struct outbox) { 0 };
	*found = db_one(db, mem, &escalation_select_news, &in, out, e);
	return *found || err_take(e, ERR_MISSING);
}
