#include "core/store/mail_token.h"

static const struct field  row_fields[] = { COLUMN(struct mail_token_row, id),
	 COLUMN(struct mail_token_row, user_id), COLUMN(struct mail_token_row, purpose),
	 COLUMN(struct mail_token_row, email), COLUMN(struct mail_token_row, token_hash),
	 COLUMN(struct mail_token_row, created_at), COLUMN(struct mail_token_row, expires_at),
	 COLUMN_NULL(struct mail_token_row, used_at), FIELD_END };
static const struct schema row_schema = SCHEMA("MailToken", struct mail_token_row, row_fields);

struct add_in {
	struct uuid id, user_id;
	const char *purpose, *email;
	struct blob token_hash;
	instant     created_at, expires_at;
	struct uuid user_again;
	const char *password, *status;
};
static const struct field  add_fields[] = { COLUMN(struct add_in, id),
	 COLUMN(struct add_in, user_id), COLUMN(struct add_in, purpose),
	 COLUMN(struct add_in, email), COLUMN(struct add_in, token_hash),
	 COLUMN(struct add_in, created_at), COLUMN(struct add_in, expires_at),
	 COLUMN(struct add_in, user_again),
	 FIELD(struct add_in, password, .flags = FIELD_NO_JSON | FIELD_NULLABLE | FIELD_SECRET),
	 COLUMN(struct add_in, status), FIELD_END };
static const struct schema add_schema = SCHEMA("MailTokenAddIn", struct add_in, add_fields);

SQL(mail_token_insert, SQL_TENANT, &add_schema, NULL,
    "INSERT INTO mail_tokens (id, user_id, purpose, email, token_hash, created_at, expires_at)"
    " SELECT ?, ?, ?, ?, ?, ?, ? FROM users WHERE id = ? AND password <=> ? AND status = ?");

bool
mail_token_add(struct tenant_db *t, const struct mail_token_row *row, const char *password,
    const char *status, bool *added, struct err *e)
{
	const struct add_in in = { row->id, row->user_id, row->purpose, row->email, row->token_hash,
		row->created_at, row->expires_at, row->user_id, password, status };
	uint64_t            n = 0;

	if (!db_run(t->db, &mail_token_insert, &in, &n, e))
		return false;
	*added = n == 1;
	return true;
}

struct hash_in {
	struct blob token_hash;
};
static const struct field  hash_fields[] = { COLUMN(struct hash_in, token_hash), FIELD_END };
static const struct schema hash_schema = SCHEMA("MailTokenHashIn", struct hash_in, hash_fields);

SQL(mail_token_select, SQL_TENANT, &hash_schema, &row_schema,
    "SELECT id, user_id, purpose, email, token_hash, created_at, expires_at, used_at"
    " FROM mail_tokens WHERE token_hash = ?");

bool
mail_token_by_hash(struct tenant_db *t, TALLOC_CTX *mem, struct blob hash,
    struct mail_token_row *row, struct err *e)
{
	const struct hash_in in = { hash };

	return db_one(t->db, mem, &mail_token_select, &in, row, e);
}

struct use_in {
	instant     used_at;
	struct uuid id;
	instant     now;
};
static const struct field  use_fields[] = { COLUMN(struct use_in, used_at),
	 COLUMN(struct use_in, id), COLUMN(struct use_in, now), FIELD_END };
static const struct schema use_schema = SCHEMA("MailTokenUseIn", struct use_in, use_fields);
static const struct field  void_fields[] = { COLUMN(struct use_in, used_at),
	 COLUMN(struct use_in, id), FIELD_END };
static const struct schema void_schema = SCHEMA("MailTokenVoidIn", struct use_in, void_fields);
static const struct field  tidy_fields[] = { COLUMN(struct use_in, now), FIELD_END };
static const struct schema tidy_schema = SCHEMA("MailTokenTidyIn", struct use_in, tidy_fields);

SQL(mail_token_update_used, SQL_TENANT, &use_schema, NULL,
    "UPDATE mail_tokens SET used_at = ? WHERE id = ? AND used_at IS NULL AND expires_at > ?");
SQL(mail_token_update_void, SQL_TENANT, &void_schema, NULL,
    "UPDATE mail_tokens SET used_at = ? WHERE user_id = ? AND used_at IS NULL");
SQL(mail_token_delete_old, SQL_TENANT, &tidy_schema, NULL,
    "DELETE FROM mail_tokens WHERE expires_at < ? LIMIT 1000");

bool
mail_token_use(struct tenant_db *t, const struct uuid *id, instant now, bool *won, struct err *e)
{
	const struct use_in in = { now, *id, now };
	uint64_t            n = 0;

	if (!db_run(t->db, &mail_token_update_used, &in, &n, e))
		return false;
	*won = n == 1;
	return true;
}

bool
mail_token_void(struct tenant_db *t, const struct uuid *user, instant now, struct err *e)
{
	const struct use_in in = { .used_at = now, .id = *user };

	return db_run(t->db, &mail_token_update_void, &in, NULL, e);
}

bool
mail_token_tidy(struct tenant_db *t, instant before, struct err *e)
{
	const struct use_in in = { .now = before };

	return db_run(t->db, &mail_token_delete_old, &in, NULL, e);
}
