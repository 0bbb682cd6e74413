#include "core/store/identity/mail_token.h"

static const struct field row_fields[] = {
	COLUMN(struct mail_token_row, id),
	COLUMN(struct mail_token_row, user_id),
	COLUMN(struct mail_token_row, purpose),
	COLUMN(struct mail_token_row, email),
	COLUMN(struct mail_token_row, token_hash),
	COLUMN(struct mail_token_row, created_at),
	COLUMN(struct mail_token_row, expires_at),
	COLUMN_NULL(struct mail_token_row, used_at),
	COLUMN(struct mail_token_row, alive),
	FIELD_END,
};
static const struct schema row_schema = SCHEMA("MailToken", struct mail_token_row, row_fields);

/* Of a row m and its user u: the number that the user's links of this purpose had, and have now. */
#define EPOCH_NOW(purpose)                                                                         \
	"(CASE " purpose " WHEN 'reset' THEN u.reset_epoch WHEN 'invite' THEN u.invite_epoch"      \
	" WHEN 'email' THEN u.email_epoch END)"
#define ALIVE "m.epoch <=> " EPOCH_NOW("m.purpose")

struct add_in {
	struct uuid id, user_id;
	const char *purpose, *email;
	struct blob token_hash;
	instant     created_at, expires_at;
	const char *password, *status;
	uint64_t    change;
};
static const struct field add_fields[] = {
	COLUMN(struct add_in, id),
	COLUMN(struct add_in, user_id),
	COLUMN(struct add_in, purpose),
	COLUMN(struct add_in, email),
	COLUMN(struct add_in, token_hash),
	COLUMN(struct add_in, created_at),
	COLUMN(struct add_in, expires_at),
	FIELD(struct add_in, password, .flags = FIELD_NO_JSON | FIELD_NULLABLE | FIELD_SECRET),
	COLUMN(struct add_in, status),
	COLUMN(struct add_in, change),
	FIELD_END,
};
static const struct schema add_schema = SCHEMA("MailTokenAddIn", struct add_in, add_fields);

SQL(mail_token_insert, SQL_TENANT, &add_schema, NULL,
    "INSERT INTO mail_tokens (id, user_id, purpose, email, token_hash, created_at, expires_at,"
    " epoch) SELECT :id, :user_id, :purpose, :email, :token_hash, :created_at, :expires_at,"
    " " EPOCH_NOW(
	":purpose") " FROM users u"
		    " WHERE u.id = :user_id AND u.password <=> :password AND u.status = :status"
		    " AND (:purpose <> 'email' OR u.email_epoch = :change)");

bool
mail_token_add(struct tenant_db *t, const struct mail_token_row *row, const char *password,
    const char *status, uint64_t change, bool *added, struct err *e)
{
	const struct add_in in = { row->id, row->user_id, row->purpose, row->email, row->token_hash,
		row->created_at, row->expires_at, password, status, change };
	uint64_t            n = 0;

	if (!db_run(t->db, &mail_token_insert, &in, &n, e))
		return false;
	*added = n == 1;
	return true;
}

struct hash_in {
	struct blob token_hash;
};
static const struct field hash_fields[] = {
	COLUMN(struct hash_in, token_hash),
	FIELD_END,
};
static const struct schema hash_schema = SCHEMA("MailTokenHashIn", struct hash_in, hash_fields);

SQL(mail_token_select, SQL_TENANT, &hash_schema, &row_schema,
    "SELECT m.id, m.user_id, m.purpose, m.email, m.token_hash, m.created_at, m.expires_at,"
    " m.used_at, " ALIVE " AS alive FROM mail_tokens m JOIN users u ON u.id = m.user_id"
    " WHERE m.token_hash = :token_hash");

bool
mail_token_by_hash(struct tenant_db *t, TALLOC_CTX *mem, struct blob hash,
    struct mail_token_row *row, struct err *e)
{
	const struct hash_in in = { hash };

	return db_one(t->db, mem, &mail_token_select, &in, row, e);
}

struct use_in {
	struct uuid id;
	instant     now;
};
static const struct field use_fields[] = {
	COLUMN(struct use_in, id),
	COLUMN(struct use_in, now),
	FIELD_END,
};
static const struct schema use_schema = SCHEMA("MailTokenUseIn", struct use_in, use_fields);
SQL(mail_token_update_used, SQL_TENANT, &use_schema, NULL,
    "UPDATE mail_tokens m JOIN users u ON u.id = m.user_id SET m.used_at = :now"
    " WHERE m.id = :id AND m.used_at IS NULL AND m.expires_at > :now AND " ALIVE);
bool
mail_token_use(struct tenant_db *t, const struct uuid *id, instant now, bool *won, struct err *e)
{
	const struct use_in in = { *id, now };
	uint64_t            n = 0;

	if (!db_run(t->db, &mail_token_update_used, &in, &n, e))
		return false;
	*won = n == 1;
	return true;
}
