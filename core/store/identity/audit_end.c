#include "core/store/identity/audit_end.h"

#include "core/store/tx.h"

struct older_in {
	uint64_t after, upto;
	instant  than;
};
static const struct field older_fields[] = {
	COLUMN(struct older_in, after),
	COLUMN(struct older_in, than),
	FIELD_END,
};
static const struct schema older_in = SCHEMA("AuditOlderIn", struct older_in, older_fields);
static const struct field  any_fields[] = {
	 COLUMN(struct older_in, after),
	 COLUMN(struct older_in, upto),
	 COLUMN(struct older_in, than),
	 FIELD_END,
};
static const struct schema any_in = SCHEMA("AuditAnyOlderIn", struct older_in, any_fields);
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
    "SELECT seq FROM audit FORCE INDEX (PRIMARY) WHERE seq > :after AND at >= :than ORDER BY seq"
    " LIMIT 1");
SQL(audit_select_any_older, SQL_TENANT, &any_in, &seq_schema,
    "SELECT seq FROM audit WHERE seq > :after AND seq <= :upto AND at < :than ORDER BY seq LIMIT "
    "1");
SQL(audit_call_floor, SQL_TENANT, &seq_schema, NULL, "CALL bsx.audit_floor(:seq)");
SQL(audit_delete_ended, SQL_TENANT, &seq_schema, NULL,
    "DELETE FROM audit WHERE seq <= :seq ORDER BY seq LIMIT 500");

bool
audit_older(
    struct tenant_db *t, const struct audit_head *h, instant than, uint64_t *seq, struct err *e)
{
	const struct older_in in = { .after = h->floor, .than = than };
	struct end_seq        out;

	*seq = h->seq;
	if (!db_one(t->db, t->db, &audit_select_older, &in, &out, e))
		return err_take(e, ERR_MISSING);
	*seq = out.seq - 1;
	return true;
}

bool
audit_any_older(
    struct tenant_db *t, uint64_t after, uint64_t upto, instant than, bool *any, struct err *e)
{
	const struct older_in in = { after, upto, than };
	struct end_seq        out;

	*any = db_one(t->db, t->db, &audit_select_any_older, &in, &out, e);
	return *any || err_take(e, ERR_MISSING);
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
