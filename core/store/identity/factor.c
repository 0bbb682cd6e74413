#include "core/store/identity/factor.h"
#include "core/store/id_list.h"

struct user_in {
	struct uuid user_id;
};
static const struct field user_in_fields[] = {
	COLUMN(struct user_in, user_id),
	FIELD_END,
};
static const struct schema user_in_schema = SCHEMA("FactorUserIn", struct user_in, user_in_fields);

static bool
run(struct tenant_db *t, const struct sql *q, const void *in, bool *one, struct err *e)
{
	uint64_t n = 0;

	if (!db_run(t->db, q, in, &n, e))
		return false;
	*one = n == 1;
	return true;
}

/* ---- the authenticator ---- */

static const struct field factor_fields[] = {
	COLUMN_AS(struct factor, enabled, "2fa_enabled"),
	COLUMN_AS_NULL(struct factor, secret, "2fa_secret"),
	COLUMN(struct factor, last_step),
	COLUMN_AS_NULL(struct factor, pending, "2fa_pending"),
	COLUMN_AS_NULL(struct factor, pending_at, "2fa_pending_at"),
	COLUMN_AS_NULL(struct factor, tries_since, "2fa_tries_since"),
	FIELD_END,
};
static const struct schema factor_schema = SCHEMA("Factor", struct factor, factor_fields);

SQL(factor_select, SQL_TENANT, &user_in_schema, &factor_schema,
    "SELECT `2fa_enabled`, `2fa_secret`, last_step, `2fa_pending`, `2fa_pending_at`,"
    " `2fa_tries_since` FROM users WHERE id = :user_id");

bool
factor_by_user(
    struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *user, struct factor *f, struct err *e)
{
	return db_one(t->db, mem, &factor_select, &(struct user_in) { *user }, f, e);
}

struct pending_in {
	struct blob sealed;
	instant     now;
	struct uuid id;
};
static const struct field pending_in_fields[] = {
	COLUMN(struct pending_in, sealed),
	COLUMN(struct pending_in, now),
	COLUMN(struct pending_in, id),
	FIELD_END,
};
static const struct schema pending_in_schema =
    SCHEMA("FactorPendingIn", struct pending_in, pending_in_fields);

SQL(factor_update_pending, SQL_TENANT, &pending_in_schema, NULL,
    "UPDATE users SET `2fa_pending` = :sealed, `2fa_pending_at` = :now WHERE id = :id");

bool
factor_set_pending(
    struct tenant_db *t, const struct uuid *user, struct blob sealed, instant now, struct err *e)
{
	const struct pending_in in = { sealed, now, *user };

	return db_run(t->db, &factor_update_pending, &in, NULL, e);
}

struct step_in {
	int64_t     step;
	struct uuid id;
	struct blob secret;
};
static const struct field step_in_fields[] = {
	COLUMN(struct step_in, step),
	COLUMN(struct step_in, id),
	COLUMN(struct step_in, secret),
	FIELD_END,
};
static const struct schema step_in_schema = SCHEMA("FactorStepIn", struct step_in, step_in_fields);

SQL(factor_update_enabled, SQL_TENANT, &step_in_schema, NULL,
    "UPDATE users SET `2fa_secret` = `2fa_pending`, `2fa_enabled` = TRUE, last_step = :step,"
    " `2fa_pending` = NULL, `2fa_pending_at` = NULL, `2fa_tries` = 0, epoch = epoch + 1"
    " WHERE id = :id AND `2fa_pending` = :secret");
SQL(factor_update_step, SQL_TENANT, &step_in_schema, NULL,
    "UPDATE users SET last_step = :step, `2fa_tries` = 0"
    " WHERE id = :id AND `2fa_enabled` AND `2fa_secret` = :secret AND last_step < :step");

bool
factor_enable(struct tenant_db *t, const struct uuid *user, struct blob pending, int64_t step,
    bool *enabled, struct err *e)
{
	const struct step_in in = { step, *user, pending };

	return run(t, &factor_update_enabled, &in, enabled, e);
}

bool
factor_take_step(struct tenant_db *t, const struct uuid *user, struct blob secret, int64_t step,
    bool *taken, struct err *e)
{
	const struct step_in in = { step, *user, secret };

	return run(t, &factor_update_step, &in, taken, e);
}

SQL(factor_update_none, SQL_TENANT, &user_in_schema, NULL,
    "UPDATE users SET `2fa_enabled` = FALSE, `2fa_secret` = NULL, `2fa_pending` = NULL,"
    " `2fa_pending_at` = NULL, `2fa_tries` = 0, last_step = 0, epoch = epoch + 1"
    " WHERE id = :user_id");
SQL(factor_update_tries_forgotten, SQL_TENANT, &user_in_schema, NULL,
    "UPDATE users SET `2fa_tries` = 0 WHERE id = :user_id");
SQL(recovery_delete, SQL_TENANT, &user_in_schema, NULL,
    "DELETE FROM recovery_codes WHERE user_id = :user_id");
SQL(login_transaction_delete, SQL_TENANT, &user_in_schema, NULL,
    "DELETE FROM login_transactions WHERE user_id = :user_id");

bool
factor_drop(struct tenant_db *t, const struct uuid *user, bool *found, struct err *e)
{
	const struct user_in in = { *user };

	return run(t, &factor_update_none, &in, found, e) &&
	       db_run(t->db, &login_transaction_delete, &in, NULL, e);
}

bool
factor_forget_tries(struct tenant_db *t, const struct uuid *user, struct err *e)
{
	return db_run(t->db, &factor_update_tries_forgotten, &(struct user_in) { *user }, NULL, e);
}

struct try_in {
	instant     hour_ago, now;
	struct uuid id;
	int64_t     max;
};
static const struct field try_in_fields[] = {
	COLUMN(struct try_in, hour_ago),
	COLUMN(struct try_in, now),
	COLUMN(struct try_in, id),
	COLUMN(struct try_in, max),
	FIELD_END,
};
static const struct schema try_in_schema = SCHEMA("FactorTryIn", struct try_in, try_in_fields);

SQL(factor_update_tries, SQL_TENANT, &try_in_schema, NULL,
    "UPDATE users SET `2fa_tries` = IF(`2fa_tries_since` > :hour_ago, `2fa_tries` + 1, 1),"
    " `2fa_tries_since` = IF(`2fa_tries_since` > :hour_ago, `2fa_tries_since`, :now)"
    " WHERE id = :id AND (`2fa_tries_since` IS NULL OR `2fa_tries_since` <= :hour_ago"
    " OR `2fa_tries` < :max)");

bool
factor_count_try(struct tenant_db *t, const struct uuid *user, instant now, instant hour_ago,
    int64_t max, bool *may, struct err *e)
{
	const struct try_in in = { hour_ago, now, *user, max };

	return run(t, &factor_update_tries, &in, may, e);
}

/* ---- recovery codes ---- */

static const struct field recovery_row_fields[] = {
	COLUMN(struct recovery_row, user_id),
	COLUMN(struct recovery_row, code_hash),
	COLUMN(struct recovery_row, pepper),
	COLUMN(struct recovery_row, created_at),
	FIELD_END,
};
static const struct schema recovery_row_schema =
    SCHEMA("RecoveryRow", struct recovery_row, recovery_row_fields);

struct recovery_take_in {
	instant     now;
	struct uuid user_id;
	struct blob code_hash;
};
static const struct field recovery_take_fields[] = {
	COLUMN(struct recovery_take_in, now),
	COLUMN(struct recovery_take_in, user_id),
	COLUMN(struct recovery_take_in, code_hash),
	FIELD_END,
};
static const struct schema recovery_take_schema =
    SCHEMA("RecoveryTakeIn", struct recovery_take_in, recovery_take_fields);

struct recovery_count {
	int64_t codes;
};
static const struct field recovery_count_fields[] = {
	COLUMN(struct recovery_count, codes),
	FIELD_END,
};
static const struct schema recovery_count_schema =
    SCHEMA("RecoveryCount", struct recovery_count, recovery_count_fields);

static const struct field recovery_find_fields[] = {
	COLUMN(struct recovery_take_in, user_id),
	COLUMN(struct recovery_take_in, code_hash),
	FIELD_END,
};
static const struct schema recovery_find_schema =
    SCHEMA("RecoveryFindIn", struct recovery_take_in, recovery_find_fields);

SQL(recovery_select_one, SQL_TENANT, &recovery_find_schema, &recovery_count_schema,
    "SELECT COUNT(*) AS codes FROM recovery_codes"
    " WHERE user_id = :user_id AND code_hash = :code_hash AND used_at IS NULL");
SQL(recovery_insert, SQL_TENANT, &recovery_row_schema, NULL,
    "INSERT INTO recovery_codes (user_id, code_hash, pepper, created_at) VALUES (:user_id,"
    " :code_hash, :pepper, :created_at)");
SQL(recovery_update_used, SQL_TENANT, &recovery_take_schema, NULL,
    "UPDATE recovery_codes SET used_at = :now"
    " WHERE user_id = :user_id AND code_hash = :code_hash AND used_at IS NULL");
SQL(recovery_select_left, SQL_TENANT, &user_in_schema, &recovery_count_schema,
    "SELECT COUNT(*) AS codes FROM recovery_codes WHERE user_id = :user_id AND used_at IS NULL");

bool
recovery_add(struct tenant_db *t, const struct recovery_row *rows, size_t n, struct err *e)
{
	return db_run_many(t->db, &recovery_insert, rows, n, e);
}

bool
recovery_drop(struct tenant_db *t, const struct uuid *user, struct err *e)
{
	return db_run(t->db, &recovery_delete, &(struct user_in) { *user }, NULL, e);
}

bool
recovery_take(struct tenant_db *t, const struct uuid *user, struct blob code_hash, instant now,
    bool *taken, struct err *e)
{
	const struct recovery_take_in in = { now, *user, code_hash };

	return run(t, &recovery_update_used, &in, taken, e);
}

bool
recovery_is_there(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *user,
    struct blob code_hash, bool *there, struct err *e)
{
	const struct recovery_take_in in = { .user_id = *user, .code_hash = code_hash };
	struct recovery_count         row = { 0 };

	if (!db_one(t->db, mem, &recovery_select_one, &in, &row, e))
		return false;
	*there = row.codes > 0;
	return true;
}

bool
recovery_left(
    struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *user, int64_t *left, struct err *e)
{
	struct recovery_count row = { 0 };

	if (!db_one(t->db, mem, &recovery_select_left, &(struct user_in) { *user }, &row, e))
		return false;
	*left = row.codes;
	return true;
}

/* ---- sign-ins that wait for the second factor ---- */

#define TRANSACTION_COLUMNS                                                                        \
	COLUMN(struct login_transaction, id), COLUMN(struct login_transaction, token_hash),        \
	    COLUMN(struct login_transaction, user_id),                                             \
	    COLUMN(struct login_transaction, user_epoch),                                          \
	    COLUMN(struct login_transaction, provider), COLUMN(struct login_transaction, in_body), \
	    COLUMN_NULL(struct login_transaction, return_to),                                      \
	    COLUMN(struct login_transaction, created_at),                                          \
	    COLUMN(struct login_transaction, expires_at)

static const struct field transaction_new_fields[] = {
	TRANSACTION_COLUMNS,
	FIELD_END,
};
static const struct schema transaction_new_schema =
    SCHEMA("LoginTransactionNew", struct login_transaction, transaction_new_fields);
static const struct field transaction_fields[] = {
	TRANSACTION_COLUMNS,
	COLUMN_NULL(struct login_transaction, ended_at),
	FIELD_END,
};
static const struct schema transaction_schema =
    SCHEMA("LoginTransaction", struct login_transaction, transaction_fields);

struct transaction_try_in {
	struct uuid id;
	int64_t     max;
	instant     now;
};
static const struct field transaction_try_fields[] = {
	COLUMN(struct transaction_try_in, id),
	COLUMN(struct transaction_try_in, max),
	COLUMN(struct transaction_try_in, now),
	FIELD_END,
};
static const struct schema transaction_try_schema =
    SCHEMA("LoginTransactionTryIn", struct transaction_try_in, transaction_try_fields);

struct transaction_end_in {
	instant     now;
	struct uuid id;
};
static const struct field transaction_end_fields[] = {
	COLUMN(struct transaction_end_in, now),
	COLUMN(struct transaction_end_in, id),
	FIELD_END,
};
static const struct schema transaction_end_schema =
    SCHEMA("LoginTransactionEndIn", struct transaction_end_in, transaction_end_fields);

SQL(login_transaction_insert, SQL_TENANT, &transaction_new_schema, NULL,
    "INSERT INTO login_transactions (id, token_hash, user_id, user_epoch, provider, in_body,"
    " return_to, created_at, expires_at) VALUES (:id, :token_hash, :user_id, :user_epoch,"
    " :provider, :in_body, :return_to, :created_at, :expires_at)");
SQL(login_transaction_select, SQL_TENANT, &id_in, &transaction_schema,
    "SELECT id, token_hash, user_id, user_epoch, provider, in_body, return_to, created_at,"
    " expires_at, ended_at FROM login_transactions WHERE id = :id");
SQL(login_transaction_update_tries, SQL_TENANT, &transaction_try_schema, NULL,
    "UPDATE login_transactions SET tries = tries + 1"
    " WHERE id = :id AND tries < :max AND ended_at IS NULL AND expires_at > :now");
SQL(login_transaction_update_ended, SQL_TENANT, &transaction_end_schema, NULL,
    "UPDATE login_transactions SET ended_at = :now"
    " WHERE id = :id AND ended_at IS NULL AND expires_at > :now");

bool
login_transaction_add(struct tenant_db *t, const struct login_transaction *l, struct err *e)
{
	return db_run(t->db, &login_transaction_insert, l, NULL, e);
}

bool
login_transaction_by_id(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id,
    struct login_transaction *l, struct err *e)
{
	return db_one(t->db, mem, &login_transaction_select, &(struct id_in) { *id }, l, e);
}

bool
login_transaction_try(
    struct tenant_db *t, const struct uuid *id, instant now, int64_t max, bool *may, struct err *e)
{
	const struct transaction_try_in in = { *id, max, now };

	return run(t, &login_transaction_update_tries, &in, may, e);
}

bool
login_transaction_end(
    struct tenant_db *t, const struct uuid *id, instant now, bool *ended, struct err *e)
{
	const struct transaction_end_in in = { now, *id };

	return run(t, &login_transaction_update_ended, &in, ended, e);
}
