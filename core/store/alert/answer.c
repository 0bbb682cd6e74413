#include "core/store/alert/answer.h"

#include "core/store/id_list.h"

static const struct field row_fields[] = {
	COLUMN(struct alert_answer, id),
	COLUMN(struct alert_answer, alert_id),
	COLUMN(struct alert_answer, deed),
	COLUMN(struct alert_answer, name),
	COLUMN(struct alert_answer, used_at),
	COLUMN(struct alert_answer, expires_at),
	FIELD_END,
};
static const struct schema row_schema = SCHEMA("AlertAnswer", struct alert_answer, row_fields);

SQL(alert_answer_select, SQL_TENANT, &id_in, &row_schema,
    "SELECT id, alert_id, deed, name, used_at, expires_at FROM alert_answers WHERE id = :id");
SQL(alert_answer_insert, SQL_TENANT, &row_schema, NULL,
    "INSERT INTO alert_answers (id, alert_id, deed, name, used_at, expires_at)"
    " VALUES (:id, :alert_id, :deed, :name, :used_at, :expires_at)");

bool
alert_answer_find(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct alert_answer *out, struct err *e)
{
	const struct id_in in = { *id };

	return db_one(db, mem, &alert_answer_select, &in, out, e);
}

bool
alert_answer_add(struct db *db, const struct alert_answer *row, struct err *e)
{
	return db_run(db, &alert_answer_insert, row, NULL, e);
}

/* ---- whom a mailed one speaks for ---- */

struct email_in {
	const char *email;
};
static const struct field email_fields[] = {
	COLUMN(struct email_in, email),
	FIELD_END,
};
static const struct schema email_in = SCHEMA("AnswerEmailIn", struct email_in, email_fields);
static const struct field  user_fields[] = {
	 COLUMN(struct answer_user, id),
	 COLUMN(struct answer_user, status),
	 COLUMN(struct answer_user, epoch),
	 FIELD_END,
};
static const struct schema user_schema = SCHEMA("AnswerUser", struct answer_user, user_fields);

#define WHO "SELECT id, status, device_epoch AS epoch FROM users"
SQL(answer_user_select_by_email, SQL_TENANT, &email_in, &user_schema, WHO " WHERE email = :email");
SQL(answer_user_select, SQL_TENANT, &id_in, &user_schema, WHO " WHERE id = :id");

bool
answer_user_by_email(
    struct tenant_db *t, TALLOC_CTX *mem, const char *email, struct answer_user *out, struct err *e)
{
	const struct email_in in = { email };

	return db_one(t->db, mem, &answer_user_select_by_email, &in, out, e);
}

bool
answer_user_by_id(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id,
    struct answer_user *out, struct err *e)
{
	const struct id_in in = { *id };

	return db_one(t->db, mem, &answer_user_select, &in, out, e);
}
