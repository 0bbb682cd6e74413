#include "core/store/drift/source_credential.h"
#include "core/store/id_list.h"
#include "core/store/tx.h"

static const struct field credential_fields[] = {
	COLUMN(struct source_credential, config_id),
	COLUMN(struct source_credential, secret),
	COLUMN(struct source_credential, digest),
	COLUMN_NULL(struct source_credential, ends_at),
	FIELD_END,
};
static const struct schema credential_row =
    SCHEMA("StoredCredential", struct source_credential, credential_fields);

SQL(credential_upsert, SQL_TENANT, &credential_row, NULL,
    "INSERT INTO source_credentials (config_id, secret, digest, ends_at)"
    " VALUES (:config_id, :secret, :digest, :ends_at)"
    " ON DUPLICATE KEY UPDATE secret = VALUES(secret), digest = VALUES(digest),"
    " ends_at = VALUES(ends_at)");
SQL(credential_delete, SQL_TENANT, &id_in, NULL,
    "DELETE FROM source_credentials WHERE config_id = :id");
SQL(credential_delete_troubles, SQL_TENANT, NULL, NULL,
    "DELETE t FROM credential_troubles t LEFT JOIN source_credentials c ON c.digest = t.digest"
    " WHERE c.config_id IS NULL");
SQL(credential_select, SQL_TENANT, &id_in, &credential_row,
    "SELECT config_id, secret, digest, ends_at FROM source_credentials WHERE config_id = :id");

bool
credential_put(struct db *db, const struct source_credential *c, struct err *e)
{
	return tx_later(db, &credential_upsert, c, e) &&
	       tx_later(db, &credential_delete_troubles, NULL, e);
}

bool
credential_drop(struct db *db, const struct uuid *config, struct err *e)
{
	const struct id_in in = { *config };

	return tx_later(db, &credential_delete, &in, e) &&
	       tx_later(db, &credential_delete_troubles, NULL, e);
}

bool
credential_by_config(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct source_credential *c, bool *there, struct err *e)
{
	const struct id_in in = { *config };

	*there = db_one(db, mem, &credential_select, &in, c, e);
	return *there || err_take(e, ERR_MISSING);
}
