#include "core/store/identity/user_self.h"
#include "core/store/id_list.h"

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
    "UPDATE users SET password = :password, status = 'active', epoch = epoch + 1, updated_at = :now"
    " WHERE id = :id AND password <=> :was AND email = :email AND status = :status");

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
static const struct field text_fields[] = {
	COLUMN(struct text_in, text),
	COLUMN(struct text_in, now),
	COLUMN(struct text_in, id),
	FIELD_END,
};
static const struct schema text_schema = SCHEMA("UserTextIn", struct text_in, text_fields);

SQL(user_update_display_name, SQL_TENANT, &text_schema, NULL,
    "UPDATE users SET display_name = :text, epoch = epoch + 1, updated_at = :now WHERE id = :id");
SQL(user_update_email, SQL_TENANT, &text_schema, NULL,
    "UPDATE users SET email = :text, epoch = epoch + 1, updated_at = :now"
    " WHERE id = :id AND status = 'active'");

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

static const struct field epochs_fields[] = {
	COLUMN(struct user_epochs, sign_in),
	COLUMN(struct user_epochs, reset),
	COLUMN(struct user_epochs, invite),
	COLUMN(struct user_epochs, email),
	COLUMN(struct user_epochs, device),
	COLUMN(struct user_epochs, user),
	FIELD_END,
};
static const struct schema epochs_schema =
    SCHEMA("UserEpochsIn", struct user_epochs, epochs_fields);

struct epoch_row {
	uint64_t email_epoch;
};
static const struct field epoch_fields[] = {
	COLUMN(struct epoch_row, email_epoch),
	FIELD_END,
};
static const struct schema epoch_schema = SCHEMA("UserEpoch", struct epoch_row, epoch_fields);

SQL(user_update_epochs, SQL_TENANT, &epochs_schema, NULL,
    "UPDATE users SET epoch = epoch + :sign_in, reset_epoch = reset_epoch + :reset,"
    " invite_epoch = invite_epoch + :invite, email_epoch = email_epoch + :email,"
    " device_epoch = device_epoch + :device WHERE id = :user");
SQL(user_select_email_epoch, SQL_TENANT, &id_in, &epoch_schema,
    "SELECT email_epoch FROM users WHERE id = :id");

bool
user_raise_epochs(struct tenant_db *t, const struct user_epochs *up, struct err *e)
{
	return db_run(t->db, &user_update_epochs, up, NULL, e);
}

bool
user_email_epoch(struct tenant_db *t, const struct uuid *user, uint64_t *n, struct err *e)
{
	const struct id_in in = { *user };
	struct epoch_row   row = { 0 };
	bool               ok = db_one(t->db, t->db, &user_select_email_epoch, &in, &row, e);

	*n = row.email_epoch;
	return ok;
}
