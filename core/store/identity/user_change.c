/* user.h: lists of users, their locks, and changes. */
#include "core/store/identity/user.h"

#include "core/base/unicode.h"

/* ---- lists ---- */

struct list_in {
	struct user_filter f;
	const char        *q_email; /* folded as addresses are kept */
	const char        *q_name;  /* as names are kept (NFC) */
	const char        *q_apart; /* as a name from before that rule may be (NFD) */
	struct page        page;
};
static const struct field list_fields[] = {
	COLUMN_NULL(struct list_in, f.status),
	COLUMN_NULL(struct list_in, f.q),
	COLUMN_NULL(struct list_in, q_email),
	COLUMN_NULL(struct list_in, q_name),
	COLUMN_NULL(struct list_in, q_apart),
	COLUMN_NULL(struct list_in, f.role),
	PAGE_COLUMNS(struct list_in, page),
	FIELD_END,
};
static const struct schema list_schema = SCHEMA("UserListIn", struct list_in, list_fields);

SQL(user_select_list, SQL_TENANT, &list_schema, &user_schema,
    USER_COLUMNS "WHERE (:status IS NULL OR u.status = :status)"
		 " AND (:q IS NULL OR LOCATE(:q_email, u.email) > 0"
		 " OR LOCATE(LOWER(:q_name), LOWER(u.display_name)) > 0"
		 " OR LOCATE(LOWER(:q_apart), LOWER(u.display_name)) > 0)"
		 " AND (:role IS NULL OR EXISTS (SELECT 1 FROM user_roles ur JOIN roles rx"
		 " ON rx.id = ur.role_id WHERE ur.user_id = u.id AND rx.name = :role"
		 " AND " ROLE_COUNTS "))"
		 " AND (:after IS NULL OR u.id < :after) ORDER BY u.id DESC LIMIT :limit");

static bool
take_forms(TALLOC_CTX *mem, const char *q, struct list_in *in, struct err *e)
{
	struct str text = str_of(q), email, name, apart;

	if (q == NULL)
		return true;
	if (!unicode_identifier(mem, text, &email, e) || !unicode_nfc(mem, text, &name, e) ||
	    !unicode_nfd(mem, text, &apart, e))
		return false;
	in->q_email = email.n > 0 ? email.p : q; /* blanks are of no address, nothing is of each */
	in->q_name = name.p;
	in->q_apart = apart.p;
	return true;
}

bool
user_list(struct tenant_db *t, TALLOC_CTX *mem, const struct user_filter *f, struct page *p,
    struct err *e)
{
	struct list_in in = { .f = *f, .page = *p };
	struct user   *users;

	if (!take_forms(mem, f->q, &in, e) || !page_read(t->db, mem, &user_select_list, &in, p, e))
		return false;
	users = p->rows;
	for (size_t i = 0; i < p->n; i++)
		if (!user_complete(t, mem, &users[i], e))
			return false;
	return true;
}

/* ---- locks ---- */

struct user_id {
	struct uuid id;
};
static const struct field id_fields[] = {
	COLUMN(struct user_id, id),
	FIELD_END,
};
static const struct schema id_schema = SCHEMA("UserId", struct user_id, id_fields);

struct user_count {
	uint64_t n;
};
static const struct field count_fields[] = {
	COLUMN(struct user_count, n),
	FIELD_END,
};
static const struct schema count_schema = SCHEMA("UserNumber", struct user_count, count_fields);

SQL(user_admin_lock, SQL_TENANT, NULL, &id_schema,
    "SELECT id FROM roles WHERE name = 'admin' FOR UPDATE");
SQL(user_row_lock, SQL_TENANT, &id_schema, &id_schema,
    "SELECT id FROM users WHERE id = :id FOR UPDATE");
SQL(user_select_admins, SQL_TENANT, &id_schema, &count_schema,
    "SELECT COUNT(*) AS n FROM users u JOIN user_roles ur ON ur.user_id = u.id"
    " JOIN roles r ON r.id = ur.role_id"
    " WHERE r.name = 'admin' AND ur.ends_at IS NULL AND u.status = 'active' AND u.id <> :id");

bool
user_lock_admins(struct tenant_db *t, struct err *e)
{
	struct user_id role;

	return db_one(t->db, t->db, &user_admin_lock, NULL, &role, e);
}

bool
user_lock(struct tenant_db *t, const struct uuid *user, struct err *e)
{
	const struct user_id in = { *user };
	struct user_id       row;

	return db_one(t->db, t->db, &user_row_lock, &in, &row, e);
}

bool
user_count_other_admins(struct tenant_db *t, const struct uuid *user, uint64_t *n, struct err *e)
{
	const struct user_id in = { *user };
	struct user_count    count = { 0 };
	bool                 ok = db_one(t->db, t->db, &user_select_admins, &in, &count, e);

	*n = count.n;
	return ok;
}

/* ---- changes ---- */

struct user_set_in {
	const char *email, *display_name, *status;
	instant     updated_at;
	struct uuid id;
};
static const struct field set_fields[] = {
	COLUMN(struct user_set_in, email),
	COLUMN(struct user_set_in, display_name),
	COLUMN(struct user_set_in, status),
	COLUMN(struct user_set_in, updated_at),
	COLUMN(struct user_set_in, id),
	FIELD_END,
};
static const struct schema set_schema = SCHEMA("UserSetIn", struct user_set_in, set_fields);

SQL(user_update, SQL_TENANT, &set_schema, NULL,
    "UPDATE users SET email = :email, display_name = :display_name, status = :status,"
    " updated_at = :updated_at, epoch = epoch + 1"
    " WHERE id = :id");
SQL(user_roles_delete, SQL_TENANT, &id_schema, NULL, "DELETE FROM user_roles WHERE user_id = :id");
SQL(user_sessions_delete, SQL_TENANT, &id_schema, NULL,
    "DELETE FROM user_sessions WHERE user_id = :id");
SQL(user_codes_delete, SQL_TENANT, &id_schema, NULL,
    "DELETE FROM recovery_codes WHERE user_id = :id");
SQL(user_sign_ins_delete, SQL_TENANT, &id_schema, NULL,
    "DELETE FROM login_transactions WHERE user_id = :id");
SQL(user_links_delete, SQL_TENANT, &id_schema, NULL, "DELETE FROM mail_tokens WHERE user_id = :id");
SQL(user_identities_delete, SQL_TENANT, &id_schema, NULL,
    "DELETE FROM user_identities WHERE user_id = :id");
SQL(user_delete, SQL_TENANT, &id_schema, NULL, "DELETE FROM users WHERE id = :id");

bool
user_set(struct tenant_db *t, const struct user *u, instant now, struct err *e)
{
	const struct user_set_in in = { u->email, u->display_name, u->status, now, u->id };

	return db_run(t->db, &user_update, &in, NULL, e);
}

bool
user_drop(struct tenant_db *t, const struct uuid *user, struct err *e)
{
	static const struct sql *const rows[] = { &user_roles_delete, &user_sessions_delete,
		&user_codes_delete, &user_sign_ins_delete, &user_links_delete,
		&user_identities_delete };
	const struct user_id           in = { *user };
	uint64_t                       n = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!db_run(t->db, rows[i], &in, NULL, e))
			return false;
	if (!db_run(t->db, &user_delete, &in, &n, e))
		return false;
	return n == 1 || err_set(e, ERR_MISSING, 0, "Not found.", "no such user");
}
