#include "core/store/identity/audit_former.h"

static const struct field former_fields[] = {
	COLUMN(struct audit_row, seq),
	COLUMN(struct audit_row, id),
	COLUMN(struct audit_row, at),
	COLUMN(struct audit_row, action),
	COLUMN(struct audit_row, outcome),
	COLUMN(struct audit_row, actor_kind),
	COLUMN_NULL(struct audit_row, actor_id),
	COLUMN(struct audit_row, actor_name),
	COLUMN_NULL(struct audit_row, acting_tenant),
	COLUMN(struct audit_row, target_kind),
	COLUMN(struct audit_row, target_id),
	COLUMN(struct audit_row, address),
	COLUMN(struct audit_row, user_agent),
	COLUMN(struct audit_row, request_id),
	COLUMN(struct audit_row, details),
	COLUMN(struct audit_row, prev_mac),
	COLUMN(struct audit_row, mac),
	COLUMN(struct audit_row, salt),
	FIELD_END,
};
static const struct schema former_schema =
    SCHEMA("AuditFormerRow", struct audit_row, former_fields);

struct after_in {
	uint64_t    chain, after;
	struct page page;
};
static const struct field after_fields[] = {
	COLUMN(struct after_in, chain),
	COLUMN(struct after_in, after),
	COLUMN_AS(struct after_in, page.want, "limit"),
	FIELD_END,
};
static const struct schema after_in = SCHEMA("AuditFormerIn", struct after_in, after_fields);

static const struct field closed_fields[] = {
	COLUMN(struct audit_closed_row, chain),
	COLUMN(struct audit_closed_row, size),
	COLUMN(struct audit_closed_row, mac),
	COLUMN(struct audit_closed_row, closed_at),
	FIELD_END,
};
static const struct schema closed_schema =
    SCHEMA("AuditClosedRow", struct audit_closed_row, closed_fields);

SQL(audit_select_former, SQL_TENANT, &after_in, &former_schema,
    "SELECT seq, id, at, action, outcome, actor_kind, actor_id, actor_name, acting_tenant,"
    " target_kind, target_id, address, user_agent, request_id, details, prev_mac, mac, salt"
    " FROM audit_former WHERE chain = :chain AND seq > :after ORDER BY seq LIMIT :limit");
SQL(audit_select_closed, SQL_TENANT, NULL, &closed_schema,
    "SELECT chain, size, mac, closed_at FROM audit_chains ORDER BY chain LIMIT 1000");
SQL(audit_insert_closed, SQL_TENANT, &closed_schema, NULL,
    "INSERT INTO audit_chains (chain, size, mac, closed_at) VALUES (:chain, :size, :mac,"
    " :closed_at)");

bool
audit_former_after(struct tenant_db *t, TALLOC_CTX *mem, uint64_t chain, uint64_t after,
    struct page *p, struct err *e)
{
	const struct after_in in = { chain, after, *p };
	struct audit_row     *rows = NULL;
	bool ok = db_all(t->db, mem, &audit_select_former, &in, INTO(&rows, &p->n, p->want), e);

	p->rows = rows;
	return ok;
}

bool
audit_closed_list(
    struct tenant_db *t, TALLOC_CTX *mem, struct audit_closed_row **list, size_t *n, struct err *e)
{
	return db_all(t->db, mem, &audit_select_closed, NULL, INTO(list, n, AUDIT_CLOSED_MAX), e);
}

bool
audit_closed_add(struct db *db, const struct audit_closed_row *row, struct err *e)
{
	return db_run(db, &audit_insert_closed, row, NULL, e);
}
