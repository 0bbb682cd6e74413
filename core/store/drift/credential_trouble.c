#include "core/store/drift/credential_trouble.h"
#include "core/store/tx.h"

struct digest_in {
	struct blob digest;
	struct uuid told_in;
	int64_t     wait_ms, days;
};
static const struct field digest_fields[] = {
	COLUMN(struct digest_in, digest),
	FIELD_END,
};
static const struct schema digest_in = SCHEMA("CredentialIn", struct digest_in, digest_fields);
static const struct field  wait_fields[] = {
	 COLUMN(struct digest_in, digest),
	 COLUMN(struct digest_in, wait_ms),
	 FIELD_END,
};
static const struct schema wait_in = SCHEMA("CredentialWaitIn", struct digest_in, wait_fields);
static const struct field  refused_fields[] = {
	 COLUMN(struct digest_in, digest),
	 COLUMN(struct digest_in, told_in),
	 COLUMN(struct digest_in, wait_ms),
	 FIELD_END,
};
static const struct schema refused_in =
    SCHEMA("CredentialRefusedIn", struct digest_in, refused_fields);
static const struct field days_fields[] = {
	COLUMN(struct digest_in, digest),
	COLUMN(struct digest_in, days),
	FIELD_END,
};
static const struct schema days_in = SCHEMA("CredentialDaysIn", struct digest_in, days_fields);

static const struct field trouble_fields[] = {
	COLUMN(struct credential_trouble, failures),
	COLUMN(struct credential_trouble, wait_ms),
	COLUMN_NULL(struct credential_trouble, told_in),
	COLUMN_NULL(struct credential_trouble, told_days),
	COLUMN_NULL(struct credential_trouble, eldest),
	COLUMN(struct credential_trouble, configs),
	FIELD_END,
};
static const struct schema trouble_row =
    SCHEMA("CredentialTrouble", struct credential_trouble, trouble_fields);

SQL(credential_select_trouble, SQL_TENANT, &digest_in, &trouble_row,
    "SELECT COALESCE(MAX(t.failures), 0) AS failures,"
    " GREATEST(0, COALESCE(MAX(TIMESTAMPDIFF(MICROSECOND, NOW(3), t.try_at)) DIV 1000, 0))"
    " AS wait_ms, MAX(IF(c.config_id = t.told_in, t.told_in, NULL)) AS told_in,"
    " MAX(t.told_days) AS told_days, MIN(c.config_id) AS eldest, COUNT(c.config_id) AS configs"
    " FROM source_credentials c LEFT JOIN credential_troubles t ON t.digest = c.digest"
    " WHERE c.digest = :digest");
SQL(credential_update_try, SQL_TENANT, &wait_in, NULL,
    "UPDATE credential_troubles SET try_at = NOW(3) + INTERVAL :wait_ms * 1000 MICROSECOND"
    " WHERE digest = :digest AND failures > 0 AND (try_at IS NULL OR try_at <= NOW(3))");
SQL(credential_update_untried, SQL_TENANT, &digest_in, NULL,
    "UPDATE credential_troubles SET try_at = NOW(3) WHERE digest = :digest AND failures > 0");
SQL(credential_upsert_refused, SQL_TENANT, &refused_in, NULL,
    "INSERT INTO credential_troubles (digest, failures, try_at, told_in)"
    " VALUES (:digest, 1, NOW(3) + INTERVAL :wait_ms * 1000 MICROSECOND, :told_in)"
    " ON DUPLICATE KEY UPDATE failures = failures + 1, try_at = VALUES(try_at),"
    " told_in = VALUES(told_in)");
SQL(credential_update_works, SQL_TENANT, &digest_in, NULL,
    "UPDATE credential_troubles SET failures = 0, try_at = NULL, told_in = NULL"
    " WHERE digest = :digest");
SQL(credential_update_untold, SQL_TENANT, &digest_in, NULL,
    "UPDATE credential_troubles SET told_days = NULL WHERE digest = :digest");
SQL(credential_insert_trouble, SQL_TENANT, &digest_in, NULL,
    "INSERT IGNORE INTO credential_troubles (digest) VALUES (:digest)");
SQL(credential_update_told, SQL_TENANT, &days_in, NULL,
    "UPDATE credential_troubles SET told_days = :days"
    " WHERE digest = :digest AND (told_days IS NULL OR told_days > :days)");

bool
credential_trouble(
    struct db *db, TALLOC_CTX *mem, struct blob digest, struct credential_trouble *t, struct err *e)
{
	const struct digest_in in = { .digest = digest };

	return db_one(db, mem, &credential_select_trouble, &in, t, e);
}

bool
credential_try(struct db *db, struct blob digest, int64_t lease_s, bool *won, struct err *e)
{
	const struct digest_in in = { .digest = digest, .wait_ms = lease_s * 1000 };
	uint64_t               n = 0;

	if (!db_run(db, &credential_update_try, &in, &n, e))
		return false;
	*won = n == 1;
	return true;
}

bool
credential_untried(struct db *db, struct blob digest, struct err *e)
{
	const struct digest_in in = { .digest = digest };

	return db_run(db, &credential_update_untried, &in, NULL, e);
}

bool
credential_refused(
    struct db *db, struct blob digest, const struct uuid *told_in, int64_t wait_ms, struct err *e)
{
	const struct digest_in in = { digest, *told_in, wait_ms, 0 };

	return tx_later(db, &credential_upsert_refused, &in, e);
}

bool
credential_end_untold(struct db *db, struct blob digest, struct err *e)
{
	const struct digest_in in = { .digest = digest };

	return tx_later(db, &credential_update_untold, &in, e);
}

bool
credential_works(struct db *db, struct blob digest, struct err *e)
{
	const struct digest_in in = { .digest = digest };

	return tx_later(db, &credential_update_works, &in, e);
}

bool
credential_tell_end(struct db *db, struct blob digest, int64_t days, bool *first, struct err *e)
{
	const struct digest_in in = { .digest = digest, .days = days };
	uint64_t               n = 0;

	if (!db_run(db, &credential_insert_trouble, &in, NULL, e) ||
	    !db_run(db, &credential_update_told, &in, &n, e))
		return false;
	*first = n == 1;
	return true;
}
