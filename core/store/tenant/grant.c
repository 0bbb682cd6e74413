#include "core/store/tenant/grant.h"

#include "core/store/id_list.h"
#include "core/store/tenant/database.h"
#include "core/store/tenant/fleet.h"

static const struct field row_fields[] = {
	COLUMN(struct grant, id),
	COLUMN(struct grant, tenant_id),
	COLUMN(struct grant, grantee_tenant),
	COLUMN_NULL(struct grant, grantee_user),
	COLUMN(struct grant, roles),
	COLUMN(struct grant, role_names),
	COLUMN(struct grant, reason),
	COLUMN(struct grant, given_tenant),
	COLUMN_NULL(struct grant, given_by),
	COLUMN(struct grant, given_name),
	COLUMN(struct grant, created_at),
	COLUMN(struct grant, expires_at),
	COLUMN_NULL(struct grant, revoked_at),
	COLUMN_NULL(struct grant, used_at),
	COLUMN_NULL(struct grant, revoked_name),
	COLUMN_NULL(struct grant, slug),
	COLUMN_NULL(struct grant, name),
	COLUMN_NULL(struct grant, grantee_slug),
	COLUMN_NULL(struct grant, grantee_name),
	COLUMN(struct grant, counts),
	FIELD_END,
};
static const struct schema row_schema = SCHEMA("GrantRow", struct grant, row_fields);

#define COUNTS "g.revoked_at IS NULL AND g.expires_at > NOW(3)"
#define SELECT_ROW                                                                                 \
	"SELECT g.id, g.tenant_id, g.grantee_tenant, g.grantee_user, g.roles, g.role_names,"       \
	" g.reason, g.given_tenant, g.given_by, g.given_name, g.created_at, g.expires_at,"         \
	" g.revoked_at, g.used_at, g.revoked_name, t.slug, t.name, o.slug AS grantee_slug,"        \
	" o.name AS grantee_name, (" COUNTS ") AS counts FROM grants g"                            \
	" LEFT JOIN tenants t ON t.id = g.tenant_id LEFT JOIN tenants o ON o.id = "                \
	"g.grantee_tenant"

/* ---- giving and ending ---- */

struct add_in {
	struct grant g;
	bool         by_platform;
	int64_t      most;
};
static const struct field add_fields[] = {
	COLUMN_AS(struct add_in, g.id, "id"),
	COLUMN_AS(struct add_in, g.grantee_tenant, "grantee_tenant"),
	COLUMN_AS_NULL(struct add_in, g.grantee_user, "grantee_user"),
	COLUMN_AS(struct add_in, g.roles, "roles"),
	COLUMN_AS(struct add_in, g.role_names, "role_names"),
	COLUMN_AS(struct add_in, g.reason, "reason"),
	COLUMN(struct add_in, by_platform),
	COLUMN_AS_NULL(struct add_in, g.given_by, "given_by"),
	COLUMN_AS(struct add_in, g.given_name, "given_name"),
	COLUMN_AS(struct add_in, g.expires_at, "expires_at"),
	COLUMN(struct add_in, most),
	FIELD_END,
};
static const struct schema add_in = SCHEMA("GrantAddIn", struct add_in, add_fields);

struct revoke_in {
	struct uuid id;
	bool        by_platform;
	const char *name;
};
static const struct field revoke_fields[] = {
	COLUMN(struct revoke_in, id),
	COLUMN(struct revoke_in, by_platform),
	COLUMN(struct revoke_in, name),
	FIELD_END,
};
static const struct schema revoke_in = SCHEMA("GrantRevokeIn", struct revoke_in, revoke_fields);

SQL(grant_call_add, SQL_TENANT, &add_in, NULL,
    "CALL bsx.grant_add(:id, :grantee_tenant, :grantee_user, :roles, :role_names, :reason,"
    " :by_platform, :given_by, :given_name, :expires_at, :most)");
SQL(grant_call_revoke, SQL_TENANT, &revoke_in, NULL,
    "CALL bsx.grant_revoke(:id, :by_platform, :name)");

bool
grant_add(struct tenant_db *t, const struct grant *g, bool by_platform, struct err *e)
{
	const struct add_in in = { *g, by_platform, GRANTS_MOST };

	return db_run(t->db, &grant_call_add, &in, NULL, e) && fleet_mark(t->db, e);
}

bool
grant_revoke(
    struct tenant_db *t, const struct uuid *id, bool by_platform, const char *name, struct err *e)
{
	const struct revoke_in in = { *id, by_platform, name };

	return db_run(t->db, &grant_call_revoke, &in, NULL, e);
}

/* ---- reading ---- */

struct page_in {
	struct page page;
	struct uuid tenant;
};
static const struct field page_fields[] = {
	PAGE_COLUMNS(struct page_in, page),
	COLUMN(struct page_in, tenant),
	FIELD_END,
};
static const struct schema page_in = SCHEMA("GrantPageIn", struct page_in, page_fields);

SQL(grant_select, SQL_CONTROL, &id_in, &row_schema, SELECT_ROW " WHERE g.id = :id");
SQL(grant_select_given, SQL_CONTROL, &page_in, &row_schema,
    SELECT_ROW " WHERE g.tenant_id = :tenant AND (:after IS NULL OR g.id < :after)"
	       " ORDER BY g.id DESC LIMIT :limit");
SQL(grant_select_received, SQL_CONTROL, &page_in, &row_schema,
    SELECT_ROW " WHERE g.grantee_tenant = :tenant AND (:after IS NULL OR g.id < :after)"
	       " ORDER BY g.id DESC LIMIT :limit");

SQL(grant_select_counting, SQL_CONTROL, &id_in, &row_schema,
    SELECT_ROW " WHERE g.tenant_id = :id AND " COUNTS " ORDER BY g.id DESC");

bool
grant_by_id(
    struct database *d, TALLOC_CTX *mem, const struct uuid *id, struct grant *g, struct err *e)
{
	return db_one(d->control, mem, &grant_select, &(struct id_in) { *id }, g, e);
}

bool
grant_page(struct database *d, TALLOC_CTX *mem, const struct uuid *tenant, bool received,
    struct page *p, struct err *e)
{
	struct page_in in = { *p, *tenant };

	return page_read(
	    d->control, mem, received ? &grant_select_received : &grant_select_given, &in, p, e);
}

bool
grants_counting(struct database *d, TALLOC_CTX *mem, const struct uuid *tenant, struct grant **list,
    size_t *n, struct err *e)
{
	return db_all(d->control, mem, &grant_select_counting, &(struct id_in) { *tenant },
	    INTO(list, n, GRANTS_MOST), e);
}

/* ---- using ---- */

static const struct field by_slug_fields[] = {
	COLUMN(struct grant_asked, home),
	COLUMN(struct grant_asked, user),
	COLUMN(struct grant_asked, slug),
	FIELD_END,
};
static const struct schema by_slug_in = SCHEMA("GrantBySlugIn", struct grant_asked, by_slug_fields);
static const struct field  by_id_fields[] = {
	 COLUMN(struct grant_asked, home),
	 COLUMN(struct grant_asked, user),
	 COLUMN(struct grant_asked, id),
	 FIELD_END,
};
static const struct schema by_id_in = SCHEMA("GrantByIdIn", struct grant_asked, by_id_fields);
static const struct field  lent_fields[] = {
	 COLUMN(struct grant_lent, id),
	 COLUMN(struct grant_lent, tenant_id),
	 COLUMN(struct grant_lent, roles),
	 COLUMN(struct grant_lent, expires_at),
	 FIELD_END,
};
static const struct schema lent_schema = SCHEMA("GrantLentRow", struct grant_lent, lent_fields);

#define SELECT_LENT(WHICH)                                                                         \
	"SELECT g.id, g.tenant_id, g.roles, g.expires_at FROM tenants t JOIN grants g"             \
	" ON g.tenant_id = t.id WHERE " WHICH " AND t.status = 'active'"                           \
	" AND g.grantee_tenant = :home AND (g.grantee_user IS NULL OR g.grantee_user = :user)"     \
	" AND " COUNTS " ORDER BY g.expires_at DESC LIMIT 20"
_Static_assert(GRANTS_USED == 20, "as in the statement");
SQL(grant_select_lent_by_slug, SQL_CONTROL, &by_slug_in, &lent_schema,
    SELECT_LENT("t.slug = :slug"));
SQL(grant_select_lent_by_id, SQL_CONTROL, &by_id_in, &lent_schema, SELECT_LENT("t.id = :id"));
SQL(grant_update_used, SQL_CONTROL, &id_in, NULL,
    "UPDATE grants SET used_at = NOW(3) WHERE id = :id");

bool
grants_lent(struct database *d, TALLOC_CTX *mem, const struct grant_asked *in,
    struct grant_lent **list, size_t *n, struct err *e)
{
	const struct sql *q =
	    in->slug != NULL ? &grant_select_lent_by_slug : &grant_select_lent_by_id;

	return db_all(d->control, mem, q, in, INTO(list, n, GRANTS_USED), e);
}

bool
grant_used(struct database *d, const struct uuid *id, struct err *e)
{
	return db_run(d->control, &grant_update_used, &(struct id_in) { *id }, NULL, e);
}

/* ---- ---- */

struct role_in {
	struct uuid tenant;
	const char *role;
};
static const struct field role_fields[] = {
	COLUMN(struct role_in, tenant),
	COLUMN(struct role_in, role),
	FIELD_END,
};
static const struct schema role_in = SCHEMA("GrantRoleIn", struct role_in, role_fields);
struct days_in {
	int64_t days;
};
static const struct field days_fields[] = {
	COLUMN(struct days_in, days),
	FIELD_END,
};
static const struct schema days_in = SCHEMA("GrantDaysIn", struct days_in, days_fields);
static const struct field  id_fields[] = {
	 COLUMN(struct id_in, id),
	 FIELD_END,
};
static const struct schema id_out = SCHEMA("GrantIdRow", struct id_in, id_fields);

SQL(grant_select_role, SQL_CONTROL, &role_in, &id_out,
    "SELECT g.id FROM grants g WHERE g.tenant_id = :tenant AND " COUNTS
    " AND FIND_IN_SET(:role, g.roles) > 0 LIMIT 1");
SQL(grant_delete_old, SQL_CONTROL, &days_in, NULL,
    "DELETE FROM grants WHERE expires_at < NOW(3) - INTERVAL :days DAY LIMIT 1000");

bool
grant_has_role(struct database *d, const struct uuid *tenant, const struct uuid *role, bool *yes,
    struct err *e)
{
	char           text[UUID_TEXT_MAX];
	struct role_in in = { *tenant, text };
	struct id_in   found;

	uuid_print(role, text);
	*yes = db_one(d->control, d, &grant_select_role, &in, &found, e);
	return *yes || err_take(e, ERR_MISSING);
}

bool
grants_forget(struct database *d, struct err *e)
{
	return db_run(
	    d->control, &grant_delete_old, &(struct days_in) { GRANT_KEPT_DAYS }, NULL, e);
}
