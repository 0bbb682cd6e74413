#include "core/store/identity/audit_end.h"

#include "core/store/tx.h"

struct older_in {
	instant than;
};
static const struct field older_fields[] = {
	COLUMN(struct older_in, than),
	FIELD_END,
};
static const struct schema older_in = SCHEMA("AuditOlderIn", struct older_in, older_fields);
struct end_seq {
	uint64_t seq;
};
static const struct field seq_fields[] = {
	COLUMN(struct end_seq, seq),
	FIELD_END,
};
static const struct schema seq_schema = SCHEMA("AuditEndSeq", struct end_seq, seq_fields);

_Static_assert(AUDIT_END_ROWS == 500, "as in the statement");
SQL(audit_select_older, SQL_TENANT, &older_in, &seq_schema,
    "SELECT seq FROM audit WHERE at < :than ORDER BY at DESC LIMIT 1");
SQL(audit_call_floor, SQL_TENANT, &seq_schema, NULL, "CALL bsx.audit_floor(:seq)");
SQL(audit_delete_ended, SQL_TENANT, &seq_schema, NULL,
    "DELETE FROM audit WHERE seq <= :seq ORDER BY seq LIMIT 500");

bool
audit_older(struct tenant_db *t, instant than, uint64_t *seq, struct err *e)
{
	const struct older_in in = { than };
	struct end_seq        out = { 0 };

	*seq = 0;
	if (!db_one(t->db, t->db, &audit_select_older, &in, &out, e))
		return err_take(e, ERR_MISSING);
	*seq = out.seq;
	return true;
}

bool
audit_floor_raise(struct tenant_db *t, uint64_t seq, struct err *e)
{
	return tx_later_call(t->db, &audit_call_floor, &(struct end_seq) { seq }, e);
}

bool
audit_rows_end(struct tenant_db *t, uint64_t upto, uint64_t *n, struct err *e)
{
	const struct end_seq in = { upto };

	return db_run(t->db, &audit_delete_ended, &in, n, e);
}
