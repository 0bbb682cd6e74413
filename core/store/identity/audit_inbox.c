#include "core/store/identity/audit_inbox.h"

#include "core/store/id_list.h"

#define SAID_FIELDS                                                                                \
	COLUMN(struct audit_inbox, action), COLUMN(struct audit_inbox, outcome),                   \
	    COLUMN(struct audit_inbox, actor_kind), COLUMN_NULL(struct audit_inbox, actor_id),     \
	    COLUMN(struct audit_inbox, actor_name), COLUMN_NULL(struct audit_inbox, actor_tenant), \
	    COLUMN_NULL(struct audit_inbox, target_id), COLUMN(struct audit_inbox, address),       \
	    COLUMN(struct audit_inbox, user_agent), COLUMN(struct audit_inbox, request_id),        \
	    COLUMN(struct audit_inbox, details), COLUMN(struct audit_inbox, at)

static const struct field add_fields[] = {
	COLUMN(struct audit_inbox, id),
	COLUMN(struct audit_inbox, tenant_id),
	SAID_FIELDS,
	FIELD_END,
};
static const struct schema add_in = SCHEMA("AuditInboxIn", struct audit_inbox, add_fields);
static const struct field  row_fields[] = {
	 COLUMN(struct audit_inbox, id),
	 COLUMN(struct audit_inbox, tenant_id),
	 COLUMN(struct audit_inbox, from_tenant),
	 SAID_FIELDS,
	 FIELD_END,
};
static const struct schema row_schema = SCHEMA("AuditInboxRow", struct audit_inbox, row_fields);

SQL(audit_inbox_call, SQL_TENANT, &add_in, NULL,
    "CALL bsx.audit_forward(:id, :tenant_id, :action, :outcome, :actor_kind, :actor_id,"
    " :actor_name, :actor_tenant, :target_id, :address, :user_agent, :request_id, :details, :at)");
SQL(audit_inbox_select, SQL_CONTROL, &page_schema, &row_schema,
    "SELECT id, tenant_id, from_tenant, action, outcome, actor_kind, actor_id, actor_name,"
    " actor_tenant, target_id, address, user_agent, request_id, details, at FROM audit_inbox"
    " WHERE (:after IS NULL OR id > :after) ORDER BY id LIMIT :limit");
SQL(audit_inbox_delete, SQL_CONTROL, &id_in, NULL, "DELETE FROM audit_inbox WHERE id = :id");

bool
audit_inbox_add(struct tenant_db *t, const struct audit_inbox *x, struct err *e)
{
	return db_run(t->db, &audit_inbox_call, x, NULL, e);
}

bool
audit_inbox_after(struct database *d, TALLOC_CTX *mem, struct page *p, struct err *e)
{
	return page_read_plain(database_control(d), mem, &audit_inbox_select, p, e);
}

bool
audit_inbox_drop(struct database *d, const struct uuid *id, struct err *e)
{
	return db_run(database_control(d), &audit_inbox_delete, &(struct id_in) { *id }, NULL, e);
}
