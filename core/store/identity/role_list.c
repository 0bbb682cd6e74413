/* role.h: roles as answers show them. */
#include "core/store/id_list.h"
#include "core/store/identity/role.h"
#include "core/store/identity/user.h"

#define READ_ONLY FIELD_READ_ONLY

static const struct field view_fields[] = {
	FIELD(struct role_view, id, .flags = READ_ONLY, .doc = "Number of the role."),
	FIELD(struct role_view, name, .flags = READ_ONLY, .doc = "Name."),
	FIELD(struct role_view, description, .flags = READ_ONLY, .doc = "What it is for."),
	FIELD(struct role_view, built_in, .flags = READ_ONLY,
	    .doc = "Part of the product: cannot be changed."),
	FIELD(struct role_view, permissions, .flags = READ_ONLY | FIELD_NO_SQL,
	    .doc = "As action:resource; * stands for any."),
	FIELD(struct role_view, created_at, .flags = READ_ONLY, .doc = "When it was made."),
	FIELD(struct role_view, granted, .flags = FIELD_NO_JSON | FIELD_NULLABLE,
	    .doc = "Permissions, LF between."),
	FIELD_END,
};
const struct schema role_view_schema = SCHEMA("Role", struct role_view, view_fields);

struct view_name {
	const char *name;
};
static const struct field name_fields[] = {
	COLUMN(struct view_name, name),
	FIELD_END,
};
static const struct schema name_schema = SCHEMA("RoleViewName", struct view_name, name_fields);

#define COLUMNS                                                                                    \
	"SELECT r.id, r.name, r.description, r.built_in, r.created_at,"                            \
	" (SELECT GROUP_CONCAT(p.permission ORDER BY p.permission SEPARATOR '\n')"                 \
	" FROM role_permissions p WHERE p.role_id = r.id) AS granted FROM roles r "
SQL(role_view_select_id, SQL_TENANT, &id_in, &role_view_schema, COLUMNS "WHERE r.id = :id");
SQL(role_view_select_name, SQL_TENANT, &name_schema, &role_view_schema,
    COLUMNS "WHERE r.name ="
	    " :name");
SQL(role_view_select_list, SQL_TENANT, &page_schema, &role_view_schema,
    COLUMNS "WHERE (:after IS NULL OR r.id < :after) ORDER BY r.id DESC LIMIT :limit");

static bool
complete(TALLOC_CTX *mem, struct role_view *r, struct err *e)
{
	return strings_of_lines(mem, r->granted, &r->permissions, e);
}

bool
role_view_by_id(
    struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id, struct role_view *r, struct err *e)
{
	const struct id_in in = { *id };

	return db_one(t->db, mem, &role_view_select_id, &in, r, e) && complete(mem, r, e);
}

bool
role_view_by_name(
    struct tenant_db *t, TALLOC_CTX *mem, const char *name, struct role_view *r, struct err *e)
{
	const struct view_name in = { name };

	return db_one(t->db, mem, &role_view_select_name, &in, r, e) && complete(mem, r, e);
}

bool
role_list(struct tenant_db *t, TALLOC_CTX *mem, struct page *p, struct err *e)
{
	struct role_view *roles;

	if (!page_read_plain(t->db, mem, &role_view_select_list, p, e))
		return false;
	roles = p->rows;
	for (size_t i = 0; i < p->n; i++)
		if (!complete(mem, &roles[i], e))
			return false;
	return true;
}
