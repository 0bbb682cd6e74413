#include "core/store/identity/assignment.h"
#include "core/store/id_list.h"

#define READ_ONLY FIELD_READ_ONLY

static const struct field assignment_fields[] = {
	FIELD(struct assignment, role, .flags = READ_ONLY, .doc = "Name of the role."),
	FIELD_AS(struct assignment, ends_at, "until", .flags = READ_ONLY | FIELD_NULLABLE,
	    .doc = "When it counts no more; null: it does not end."),
	FIELD(struct assignment, given_by, .flags = READ_ONLY | FIELD_NULLABLE,
	    .doc =
		"User or API key who gave it; null: an identity provider, the admin tool, or not "
		"known."),
	FIELD_AS(struct assignment, given_name, "given_by_name",
	    .flags = READ_ONLY | FIELD_NULLABLE,
	    .doc = "What that was called then; null: not known."),
	FIELD_AS(struct assignment, given_at, "since", .flags = READ_ONLY | FIELD_NULLABLE,
	    .doc = "When it was given; null: not known."),
	FIELD_END,
};
const struct schema assignment_schema = SCHEMA("Assignment", struct assignment, assignment_fields);

static const struct field row_fields[] = {
	COLUMN(struct assignment, role),
	COLUMN_NULL(struct assignment, ends_at),
	COLUMN_NULL(struct assignment, given_by),
	COLUMN_NULL(struct assignment, given_name),
	COLUMN_NULL(struct assignment, given_at),
	COLUMN(struct assignment, role_id),
	FIELD_END,
};
static const struct schema row_schema = SCHEMA("AssignmentRow", struct assignment, row_fields);

struct assignment_in {
	struct uuid user_id;
	int64_t     position;
	struct uuid role_id;
	instant     ends_at;
	struct uuid given_by;
	const char *given_name;
	instant     given_at;
};
static const struct field in_fields[] = {
	COLUMN(struct assignment_in, user_id),
	COLUMN(struct assignment_in, position),
	COLUMN(struct assignment_in, role_id),
	COLUMN_NULL(struct assignment_in, ends_at),
	COLUMN_NULL(struct assignment_in, given_by),
	COLUMN_NULL(struct assignment_in, given_name),
	COLUMN_NULL(struct assignment_in, given_at),
	FIELD_END,
};
static const struct schema in_schema = SCHEMA("AssignmentIn", struct assignment_in, in_fields);

SQL(assignment_select_user, SQL_TENANT, &id_in, &row_schema,
    "SELECT r.name AS role, ur.ends_at, ur.given_by, ur.given_name, ur.given_at, ur.role_id"
    " FROM user_roles ur JOIN roles r ON r.id = ur.role_id WHERE ur.user_id = :id AND " ROLE_COUNTS
    " ORDER BY ur.position");
SQL(assignment_delete_user, SQL_TENANT, &id_in, NULL, "DELETE FROM user_roles WHERE user_id = :id");
SQL(assignment_insert, SQL_TENANT, &in_schema, NULL,
    "INSERT INTO user_roles (user_id, position, role_id, ends_at, given_by, given_name, given_at)"
    " VALUES (:user_id, :position, :role_id, :ends_at, :given_by, :given_name, :given_at)");

bool
assignment_list(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *user,
    struct assignment **list, size_t *n, struct err *e)
{
	const struct id_in in = { *user };

	return db_all(t->db, mem, &assignment_select_user, &in, INTO(list, n, ASSIGNMENTS_MAX), e);
}

bool
assignments_put(struct tenant_db *t, TALLOC_CTX *mem, const struct assignments *all, struct err *e)
{
	const struct id_in    in = { all->user };
	struct assignment_in *rows = talloc_array(mem, struct assignment_in, (unsigned)all->n + 1);

	if (rows == NULL)
		return err_memory(e);
	for (size_t i = 0; i < all->n; i++) {
		const struct assignment *a = &all->p[i];

		rows[i] = (struct assignment_in) { all->user, (int64_t)i, a->role_id, a->ends_at,
			a->given_by, a->given_name, a->given_at };
	}
	return db_run(t->db, &assignment_delete_user, &in, NULL, e) &&
	       (all->n == 0 || db_run_many(t->db, &assignment_insert, rows, all->n, e));
}

/* ---- those that have ended ---- */

struct ended_in {
	size_t limit;
};
static const struct field ended_in_fields[] = {
	COLUMN(struct ended_in, limit),
	FIELD_END,
};
static const struct schema ended_in_schema =
    SCHEMA("AssignmentEndedIn", struct ended_in, ended_in_fields);
static const struct field ended_fields[] = {
	COLUMN(struct assignment_ended, user_id),
	COLUMN(struct assignment_ended, role_id),
	COLUMN_NULL(struct assignment_ended, email),
	COLUMN_NULL(struct assignment_ended, role),
	COLUMN_NULL(struct assignment_ended, given_name),
	COLUMN(struct assignment_ended, ends_at),
	FIELD_END,
};
static const struct schema ended_schema =
    SCHEMA("AssignmentEnded", struct assignment_ended, ended_fields);

struct pair_in {
	struct uuid user_id, role_id;
};
static const struct field pair_fields[] = {
	COLUMN(struct pair_in, user_id),
	COLUMN(struct pair_in, role_id),
	FIELD_END,
};
static const struct schema pair_schema = SCHEMA("AssignmentPair", struct pair_in, pair_fields);

SQL(assignment_select_ended, SQL_TENANT, &ended_in_schema, &ended_schema,
    "SELECT ur.user_id, ur.role_id, u.email, r.name AS role, ur.given_name, ur.ends_at"
    " FROM user_roles ur LEFT JOIN users u ON u.id = ur.user_id LEFT JOIN roles r ON r.id ="
    " ur.role_id WHERE ur.ends_at <= NOW(3) ORDER BY ur.ends_at LIMIT :limit");
SQL(assignment_delete_ended, SQL_TENANT, &pair_schema, NULL,
    "DELETE FROM user_roles WHERE user_id = :user_id AND role_id = :role_id AND ends_at <= NOW(3)");

bool
assignment_ended_list(struct tenant_db *t, TALLOC_CTX *mem, size_t limit,
    struct assignment_ended **list, size_t *n, struct err *e)
{
	const struct ended_in in = { limit };

	return db_all(t->db, mem, &assignment_select_ended, &in, INTO(list, n, limit), e);
}

bool
assignment_clear(struct tenant_db *t, const struct uuid *user, const struct uuid *role, bool *first,
    struct err *e)
{
	const struct pair_in in = { *user, *role };
	uint64_t             n = 0;

	*first = false;
	if (!db_run(t->db, &assignment_delete_ended, &in, &n, e))
		return false;
	*first = n == 1;
	return true;
}

/* ---- of one role ---- */

struct holders_out {
	uint64_t n;
};
static const struct field holders_fields[] = {
	COLUMN(struct holders_out, n),
	FIELD_END,
};
static const struct schema holders_schema =
    SCHEMA("RoleHolders", struct holders_out, holders_fields);

struct holder_in {
	struct uuid role;
	struct page page;
};
static const struct field holder_in_fields[] = {
	COLUMN(struct holder_in, role),
	PAGE_COLUMNS(struct holder_in, page),
	FIELD_END,
};
static const struct schema holder_in_schema =
    SCHEMA("RoleHolderIn", struct holder_in, holder_in_fields);
static const struct field holder_fields[] = {
	COLUMN(struct role_holder, id),
	COLUMN(struct role_holder, email),
	COLUMN(struct role_holder, display_name),
	COLUMN_NULL(struct role_holder, others),
	COLUMN(struct role_holder, personal_keys),
	FIELD_END,
};
static const struct schema holder_schema = SCHEMA("RoleHolder", struct role_holder, holder_fields);

SQL(role_select_holder_count, SQL_TENANT, &id_in, &holders_schema,
    "SELECT COUNT(*) AS n FROM user_roles ur WHERE ur.role_id = :id AND " ROLE_COUNTS);
SQL(role_update_holders, SQL_TENANT, &id_in, NULL,
    "UPDATE users u JOIN user_roles ur ON ur.user_id = u.id SET u.epoch = u.epoch + 1"
    " WHERE ur.role_id = :id");
SQL(role_select_holders, SQL_TENANT, &holder_in_schema, &holder_schema,
    "SELECT u.id, u.email, u.display_name,"
    " (SELECT GROUP_CONCAT(DISTINCT rp.permission SEPARATOR '\n') FROM user_roles ur"
    " JOIN role_permissions rp ON rp.role_id = ur.role_id WHERE ur.user_id = u.id"
    " AND ur.role_id <> :role AND " ROLE_COUNTS ") AS others,"
    " (SELECT COUNT(*) FROM api_keys k WHERE k.created_by = u.id AND k.kind = 'personal'"
    " AND k.revoked_at IS NULL) AS personal_keys"
    " FROM user_roles ur JOIN users u ON u.id = ur.user_id WHERE ur.role_id = :role "
    "AND " ROLE_COUNTS
    " AND (:after IS NULL OR ur.user_id < :after) ORDER BY ur.user_id DESC LIMIT :limit");

bool
role_count_holders(struct tenant_db *t, const struct uuid *role, uint64_t *n, struct err *e)
{
	const struct id_in in = { *role };
	struct holders_out out = { 0 };
	bool               ok = db_one(t->db, t->db, &role_select_holder_count, &in, &out, e);

	*n = out.n;
	return ok;
}

bool
role_raise_holders(struct tenant_db *t, const struct uuid *role, struct err *e)
{
	const struct id_in in = { *role };

	return db_run(t->db, &role_update_holders, &in, NULL, e);
}

bool
role_holder_list(
    struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *role, struct page *p, struct err *e)
{
	const struct holder_in in = { *role, *p };

	return page_read(t->db, mem, &role_select_holders, &in, p, e);
}
