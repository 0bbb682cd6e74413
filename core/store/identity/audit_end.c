#include "core/store/identity/audit_end.h"

#include "core/store/tx.h"

struct span_in {
	uint64_t after, upto;
	instant  than, now;
};
static const struct field older_fields[] = {
	COLUMN(struct span_in, after),
	COLUMN(struct span_in, upto),
	COLUMN(struct span_in, than),
	FIELD_END,
};
static const struct schema older_in = SCHEMA("AuditOlderIn", struct span_in, older_fields);
static const struct field  young_fields[] = {
	 COLUMN(struct span_in, after),
	 COLUMN(struct span_in, upto),
	 COLUMN(struct span_in, than),
	 COLUMN(struct span_in, now),
	 FIELD_END,
};
static const struct schema young_in = SCHEMA("AuditYoungIn", struct span_in, young_fields);
struct end_seq {
	uint64_t seq;
};
static const struct field seq_fields[] = {
	COLUMN(struct end_seq, seq),
	FIELD_END,
};
static const struct schema seq_schema = SCHEMA("AuditEndSeq", struct end_seq, seq_fields);

_Static_assert(AUDIT_END_ROWS == 500, "as in the statement");
SQL(audit_select_young, SQL_TENANT, &young_in, &seq_schema,
    "SELECT seq FROM audit FORCE INDEX (PRIMARY) WHERE seq > :after AND seq <= :upto"
    " AND at >= :than AND at <= :now ORDER BY seq LIMIT 1");
SQL(audit_select_last_older, SQL_TENANT, &older_in, &seq_schema,
    "SELECT seq FROM audit FORCE INDEX (PRIMARY) WHERE seq > :after AND seq <= :upto"
    " AND at < :than ORDER BY seq DESC LIMIT 1");
SQL(audit_select_any_older, SQL_TENANT, &older_in, &seq_schema,
    "SELECT seq FROM audit WHERE seq > :after AND seq <= :upto AND at < :than ORDER BY seq LIMIT "
    "1");
SQL(audit_call_floor, SQL_TENANT, &seq_schema, NULL, "CALL bsx.audit_floor(:seq)");
SQL(audit_delete_ended, SQL_TENANT, &seq_schema, NULL,
    "DELETE FROM audit WHERE seq <= :seq ORDER BY seq LIMIT 500");

static bool
find_seq(struct tenant_db *t, const struct sql *q, const struct span_in *in, uint64_t *seq,
    bool *found, struct err *e)
{
	struct end_seq out;

	*found = db_one(t->db, t->db, q, in, &out, e);
	if (!*found)
		return err_take(e, ERR_MISSING);
	*seq = out.seq;
	return true;
}

bool
audit_older(struct tenant_db *t, const struct audit_head *h, const struct audit_age *age,
    uint64_t *seq, struct err *e)
{
	struct span_in in = { h->floor, h->seq, age->than, age->now };
	uint64_t       young;
	bool           found;

	if (in.upto - in.after > AUDIT_END_READ)
		in.upto = in.after + AUDIT_END_READ;
	*seq = h->floor;
	if (!find_seq(t, &audit_select_young, &in, &young, &found, e))
		return false;
	if (found)
		in.upto = young - 1;
	return find_seq(t, &audit_select_last_older, &in, seq, &found, e);
}

bool
audit_any_older(
    struct tenant_db *t, uint64_t after, uint64_t upto, instant than, bool *any, struct err *e)
{
	const struct span_in in = { .after = after, .upto = upto, .than = than };
	uint64_t             seq;

	return find_seq(t, &audit_select_any_older, &in, &seq, any, e);
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
