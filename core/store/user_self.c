#include "core/store/user_self.h"

struct password_in {
	const char *password;
	instant     now;
	struct uuid id;
	const char *was, *email, *status;
};
static const struct field password_fields[] = {
	FIELD(struct password_in, password, .flags = FIELD_NO_JSON | FIELD_SECRET),
	COLUMN(struct password_in, now),
	COLUMN(struct password_in, id),
	FIELD(struct password_in, was, .flags = FIELD_NO_JSON | FIELD_NULLABLE | FIELD_SECRET),
	COLUMN(struct password_in, email),
	COLUMN(struct password_in, status),
	FIELD_END,
};
static const struct schema password_schema =
    SCHEMA("UserPasswordIn", struct password_in, password_fields);

SQL(user_update_password, SQL_TENANT, &password_schema, NULL,
    "UPDATE users SET password = ?, status = 'active', epoch = epoch + 1, updated_at = ?"
    " WHERE id = ? AND password <=> ? AND email = ? AND status = ?");

bool
user_set_password(struct tenant_db *t, const struct user_password *p, bool *changed, struct err *e)
{
	const struct password_in in = { p->password, p->now, p->user, p->was, p->email, p->status };
	uint64_t                 n = 0;

	if (!db_run(t->db, &user_update_password, &in, &n, e))
		return false;
	*changed = n == 1;
	return true;
}

struct text_in {
	const char *text;
	instant     now;
	struct uuid id;
};
static const struct field  text_fields[] = { COLUMN(struct text_in, text),
	 COLUMN(struct text_in, now), COLUMN(struct text_in, id), FIELD_END };
static const struct schema text_schema = SCHEMA("UserTextIn", struct text_in, text_fields);

SQL(user_update_display_name, SQL_TENANT, &text_schema, NULL,
    "UPDATE users SET display_name = ?, epoch = epoch + 1, updated_at = ? WHERE id = ?");
SQL(user_update_email, SQL_TENANT, &text_schema, NULL,
    "UPDATE users SET email = ?, epoch = epoch + 1, updated_at = ?"
    " WHERE id = ? AND status = 'active'");

bool
user_set_display_name(
    struct tenant_db *t, const struct uuid *user, const char *name, instant now, struct err *e)
{
	const struct text_in in = { name, now, *user };

	return db_run(t->db, &user_update_display_name, &in, NULL, e);
}

bool
user_set_email(struct tenant_db *t, const struct uuid *user, const char *email, instant now,
    bool *changed, struct err *e)
{
	const struct text_in in = { email, now, *user };
	uint64_t             n = 0;

	if (!db_run(t->db, &user_update_email, &in, &n, e))
		return false;
	*changed = n == 1;
	return true;
}

struct others_in {
	instant     now;
	const char *reason;
	struct uuid user, but;
};
static const struct field  others_fields[] = { COLUMN(struct others_in, now),
	 COLUMN(struct others_in, reason), COLUMN(struct others_in, user),
	 COLUMN(struct others_in, but), FIELD_END };
static const struct schema others_schema =
    SCHEMA("SessionOthersIn", struct others_in, others_fields);

SQL(session_update_others_revoked, SQL_TENANT, &others_schema, NULL,
    "UPDATE user_sessions SET revoked_at = ?, revoked_reason = ?, epoch = epoch + 1"
    " WHERE user_id = ? AND id <> ? AND revoked_at IS NULL");

bool
session_revoke_others(struct tenant_db *t, const struct uuid *user, const struct uuid *but,
    const char *reason, instant now, struct err *e)
{
	const struct others_in in = { now, reason, *user, *but };

	return db_run(t->db, &session_update_others_revoked, &in, NULL, e);
}
