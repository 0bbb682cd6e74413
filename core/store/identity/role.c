#include "core/store/identity/role.h"
#include "core/store/tenant/fleet.h"

static const struct field role_fields[] = {
	FIELD(struct role_row, id, .doc = "Number of the role."),
	FIELD(struct role_row, name, .doc = "Name."),
	FIELD(struct role_row, description, .doc = "What it is for."),
	FIELD(struct role_row, built_in, .doc = "Part of the product: cannot be changed."),
	FIELD(struct role_row, created_at, .doc = "When it was made."),
	FIELD_END,
};
static const struct schema role_schema = SCHEMA("RoleRow", struct role_row, role_fields);

static const struct field role_set_fields[] = {
	COLUMN(struct role_row, name),
	COLUMN(struct role_row, description),
	COLUMN(struct role_row, id),
	FIELD_END,
};
static const struct schema role_set_schema = SCHEMA("RoleSetIn", struct role_row, role_set_fields);

struct role_name_in {
	const char *name;
};
static const struct field role_name_fields[] = {
	FIELD(struct role_name_in, name, .doc = "Name."),
	FIELD_END,
};
static const struct schema role_name_schema =
    SCHEMA("RoleNameIn", struct role_name_in, role_name_fields);

struct role_id_in {
	struct uuid role_id;
};
static const struct field role_id_fields[] = {
	FIELD(struct role_id_in, role_id, .doc = "Role."),
	FIELD_END,
};
static const struct schema role_id_schema = SCHEMA("RoleIdIn", struct role_id_in, role_id_fields);

struct role_permission_in {
	struct uuid role_id;
	const char *permission;
};
static const struct field role_permission_fields[] = {
	FIELD(struct role_permission_in, role_id, .doc = "Role."),
	FIELD(struct role_permission_in, permission, .doc = "action:resource."),
	FIELD_END,
};
static const struct schema role_permission_schema =
    SCHEMA("RolePermissionIn", struct role_permission_in, role_permission_fields);

SQL(role_select_by_name, SQL_TENANT, &role_name_schema, &role_schema,
    "SELECT id, name, description, built_in, created_at FROM roles WHERE name = :name");
SQL(role_upsert, SQL_TENANT, &role_schema, NULL,
    "INSERT INTO roles (id, name, description, built_in, created_at) VALUES (:id, :name,"
    " :description, :built_in, :created_at)"
    " ON DUPLICATE KEY UPDATE description = VALUES(description), built_in = VALUES(built_in)");
SQL(role_insert, SQL_TENANT, &role_schema, NULL,
    "INSERT INTO roles (id, name, description, built_in, created_at) VALUES (:id, :name,"
    " :description, :built_in, :created_at)");
SQL(role_update, SQL_TENANT, &role_set_schema, NULL,
    "UPDATE roles SET name = :name, description = :description WHERE id = :id AND NOT built_in");
SQL(role_delete_row, SQL_TENANT, &role_id_schema, NULL,
    "DELETE FROM roles WHERE id = :role_id AND NOT built_in");
SQL(role_permission_clear, SQL_TENANT, &role_id_schema, NULL,
    "DELETE FROM role_permissions WHERE role_id = :role_id");
SQL(role_permission_insert, SQL_TENANT, &role_permission_schema, NULL,
    "INSERT INTO role_permissions (role_id, permission) VALUES (:role_id, :permission)");

bool
role_by_name(
    struct tenant_db *t, TALLOC_CTX *mem, const char *name, struct role_row *r, struct err *e)
{
	const struct role_name_in in = { name };

	return db_one(t->db, mem, &role_select_by_name, &in, r, e);
}

bool
role_put(struct tenant_db *t, const struct role_row *r, struct err *e)
{
	return db_run(t->db, &role_upsert, r, NULL, e) && fleet_mark_roles(t->db, e);
}

bool
role_add(struct tenant_db *t, const struct role_row *r, struct err *e)
{
	return db_run(t->db, &role_insert, r, NULL, e);
}

bool
role_set(struct tenant_db *t, const struct role_row *r, struct err *e)
{
	return db_run(t->db, &role_update, r, NULL, e) && fleet_mark_roles(t->db, e);
}

bool
role_delete(struct tenant_db *t, const struct uuid *role, struct err *e)
{
	const struct role_id_in in = { *role };

	return db_run(t->db, &role_permission_clear, &in, NULL, e) &&
	       db_run(t->db, &role_delete_row, &in, NULL, e) && fleet_mark_roles(t->db, e);
}

bool
role_set_permissions(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *role,
    struct strings permissions, struct err *e)
{
	const struct role_id_in    in = { *role };
	unsigned                   n = (unsigned)permissions.n;
	struct role_permission_in *rows = talloc_array(mem, struct role_permission_in, n + 1);

	if (rows == NULL)
		return err_memory(e);
	for (size_t i = 0; i < permissions.n; i++)
		rows[i] = (struct role_permission_in) { *role, permissions.items[i] };
	return db_run(t->db, &role_permission_clear, &in, NULL, e) &&
	       (permissions.n == 0 ||
		   db_run_many(t->db, &role_permission_insert, rows, permissions.n, e)) &&
	       fleet_mark_roles(t->db, e);
}
