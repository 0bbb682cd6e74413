#include "core/store/drift/promotion.h"

#include "core/store/drift/report_priv.h"
#include "core/store/tx.h"

static const struct field decision_fields[] = {
	COLUMN(struct promotion, config),
	COLUMN(struct promotion, number),
	COLUMN(struct promotion, owner),
	COLUMN(struct promotion, reason),
	COLUMN(struct promotion, now),
	FIELD_END,
};
static const struct schema decision_in =
    SCHEMA("PromotionDecision", struct promotion, decision_fields);
static const struct field event_fields[] = {
	COLUMN(struct promotion, report),
	COLUMN(struct promotion, event),
	COLUMN(struct promotion, number),
	COLUMN(struct promotion, owner),
	COLUMN(struct promotion, now),
	FIELD_END,
};
static const struct schema event_in = SCHEMA("PromotionEvents", struct promotion, event_fields);
static const struct field  finding_fields[] = {
	 COLUMN(struct promotion, report),
	 COLUMN(struct promotion, number),
	 COLUMN(struct promotion, now),
	 FIELD_END,
};
static const struct schema finding_in =
    SCHEMA("PromotionFindings", struct promotion, finding_fields);

SQL(promotion_insert_decision, SQL_TENANT, &decision_in, NULL,
    "INSERT INTO drift_decisions (config_id, number, owner, reason, at)"
    " VALUES (:config, :number, :owner, :reason, :now)");
/* Before the findings are written: from which status each comes. */
SQL(promotion_insert_events, SQL_TENANT, &event_in, NULL,
    "INSERT INTO drift_history (id, config_id, subject, value_hash, at, actor, from_status,"
    " to_status, note, decision) SELECT CONCAT(LEFT(:event, 12), UNHEX(LPAD(HEX(c.position), 8, "
    "'0'))),"
    " c.config_id, c.fingerprint, c.value_hash, :now, :owner, " CHANGE_STATUS ","
    " 'accepted', '', :number FROM drift_changes c FORCE INDEX (report)" CHANGE_FINDING
    " WHERE c.report_id = :report ORDER BY c.position");
/* In the order of the table: its pages are visited once.  No row gets longer: its page has room for
 * it. */
SQL(promotion_upsert_findings, SQL_TENANT, &finding_in, NULL,
    "INSERT INTO drift_findings (config_id, fingerprint, value_hash, status, present, runs,"
    " promoted, decision, created_at, updated_at) SELECT config_id, fingerprint, value_hash,"
    " 'accepted', FALSE, 0, TRUE, :number, :now, :now FROM drift_changes"
    " FORCE INDEX (report) WHERE report_id = :report ORDER BY config_id, fingerprint, value_hash"
    " ON DUPLICATE KEY UPDATE status = VALUES(status), present = VALUES(present),"
    " runs = VALUES(runs), promoted = VALUES(promoted), decision = VALUES(decision),"
    " reason = NULL, owner = NULL, expires_at = NULL, assigned_to = NULL,"
    " updated_at = VALUES(updated_at)");

bool
promotion_write(struct db *db, const struct promotion *p, struct err *e)
{
	return tx_later(db, &promotion_insert_decision, p, e) &&
	       tx_later(db, &promotion_insert_events, p, e) &&
	       tx_later(db, &promotion_upsert_findings, p, e);
}
