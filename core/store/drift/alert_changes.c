/* report.h: the changes that an alert has told of. */
#include "core/store/drift/report_priv.h"

struct of_in {
	struct uuid alert;
	struct page page;
};
static const struct field of_fields[] = {
	COLUMN(struct of_in, alert),
	COLUMN_AS(struct of_in, page.want, "limit"),
	FIELD_END,
};
static const struct schema of_in = SCHEMA("ChangeOfAlertIn", struct of_in, of_fields);

/* The index is walked from the alert's newest report down to the first with that value, which is
 * near. */
SQL(change_select_of_alert, SQL_TENANT, &of_in, &change_row_schema,
    CHANGE_SELECT
    " FROM (SELECT (SELECT m.id FROM drift_changes m FORCE INDEX (finding)"
    " WHERE m.config_id = a.config_id AND m.fingerprint = t.fingerprint"
    " AND m.report_id <= a.report_id AND m.value_hash = t.value_hash"
    " ORDER BY m.report_id DESC LIMIT 1) AS id, t.fingerprint"
    " FROM alerts a STRAIGHT_JOIN alert_findings t ON t.alert_id = a.id WHERE a.id = :alert"
    " ORDER BY t.fingerprint LIMIT :limit) p"
    " STRAIGHT_JOIN drift_changes c ON c.id = p.id" CHANGE_FINDING " ORDER BY p.fingerprint");

bool
change_of_alert(
    struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *alert, struct page *p, struct err *e)
{
	const struct of_in in = { *alert, *p };

	return page_read(t->db, mem, &change_select_of_alert, &in, p, e);
}
