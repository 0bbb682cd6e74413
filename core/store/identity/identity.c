#include "core/store/identity/identity.h"
#include "core/store/id_list.h"

static const struct field provider_fields[] = {
	COLUMN(struct provider, id),
	COLUMN(struct provider, name),
	COLUMN(struct provider, kind),
	COLUMN(struct provider, client_id),
	COLUMN_NULL(struct provider, client_secret),
	COLUMN_NULL(struct provider, issuer),
	COLUMN_NULL(struct provider, entra_tenant_id),
	COLUMN(struct provider, allowed_domains),
	COLUMN(struct provider, role_map),
	COLUMN(struct provider, auto_provision),
	COLUMN(struct provider, trust_mfa),
	COLUMN_NULL(struct provider, claims),
	COLUMN(struct provider, authorized_parties),
	COLUMN(struct provider, mfa_acr),
	COLUMN(struct provider, mfa_amr),
	COLUMN(struct provider, absent_roles),
	COLUMN(struct provider, assume_email_verified),
	COLUMN(struct provider, group_lookup),
	COLUMN(struct provider, scopes),
	COLUMN(struct provider, own_address),
	COLUMN(struct provider, created_at),
	COLUMN(struct provider, updated_at),
	FIELD_END,
};
static const struct schema provider_schema =
    SCHEMA("StoredProvider", struct provider, provider_fields);

#define COLUMNS                                                                                    \
	"id, name, kind, client_id, client_secret, issuer, entra_tenant_id, allowed_domains, "     \
	"role_map,"                                                                                \
	" auto_provision, trust_mfa, claims, authorized_parties, mfa_acr, mfa_amr, absent_roles,"  \
	" assume_email_verified, group_lookup, scopes, own_address, created_at, updated_at"

struct name_in {
	const char *name;
};
static const struct field name_fields[] = {
	COLUMN(struct name_in, name),
	FIELD_END,
};
static const struct schema name_in = SCHEMA("ProviderName", struct name_in, name_fields);

static const struct field set_fields[] = {
	COLUMN(struct provider, name),
	COLUMN(struct provider, client_id),
	COLUMN_NULL(struct provider, client_secret),
	COLUMN_NULL(struct provider, issuer),
	COLUMN_NULL(struct provider, entra_tenant_id),
	COLUMN(struct provider, allowed_domains),
	COLUMN(struct provider, role_map),
	COLUMN(struct provider, auto_provision),
	COLUMN(struct provider, trust_mfa),
	COLUMN_NULL(struct provider, claims),
	COLUMN(struct provider, authorized_parties),
	COLUMN(struct provider, mfa_acr),
	COLUMN(struct provider, mfa_amr),
	COLUMN(struct provider, absent_roles),
	COLUMN(struct provider, assume_email_verified),
	COLUMN(struct provider, group_lookup),
	COLUMN(struct provider, scopes),
	COLUMN(struct provider, own_address),
	COLUMN(struct provider, updated_at),
	COLUMN(struct provider, id),
	FIELD_END,
};
static const struct schema set_in = SCHEMA("ProviderSetIn", struct provider, set_fields);

struct hold_row {
	instant updated_at;
};
static const struct field hold_fields[] = {
	COLUMN(struct hold_row, updated_at),
	FIELD_END,
};
static const struct schema hold_out = SCHEMA("ProviderHold", struct hold_row, hold_fields);

struct end_in {
	instant     now;
	const char *reason, *name;
};
static const struct field end_fields[] = {
	COLUMN(struct end_in, now),
	COLUMN(struct end_in, reason),
	COLUMN(struct end_in, name),
	FIELD_END,
};
static const struct schema end_in = SCHEMA("ProviderEndIn", struct end_in, end_fields);
static const struct field  waiting_fields[] = {
	 COLUMN(struct end_in, now),
	 COLUMN(struct end_in, name),
	 FIELD_END,
};
static const struct schema waiting_in = SCHEMA("ProviderWaitingIn", struct end_in, waiting_fields);

SQL(provider_insert, SQL_TENANT, &provider_schema, NULL,
    "INSERT INTO identity_providers (" COLUMNS
    ") VALUES (:id, :name, :kind, :client_id, :client_secret, :issuer, :entra_tenant_id,"
    " :allowed_domains, :role_map, :auto_provision, :trust_mfa, :claims, :authorized_parties,"
    " :mfa_acr, :mfa_amr, :absent_roles, :assume_email_verified, :group_lookup,"
    " :scopes, :own_address, :created_at, :updated_at)");
SQL(provider_select, SQL_TENANT, &id_in, &provider_schema,
    "SELECT " COLUMNS " FROM identity_providers WHERE id = :id");
SQL(provider_select_lock, SQL_TENANT, &id_in, &provider_schema,
    "SELECT " COLUMNS " FROM identity_providers WHERE id = :id FOR UPDATE");
SQL(provider_select_name, SQL_TENANT, &name_in, &provider_schema,
    "SELECT " COLUMNS " FROM identity_providers WHERE name = :name");
SQL(provider_select_list, SQL_TENANT, &page_schema, &provider_schema,
    "SELECT " COLUMNS
    " FROM identity_providers WHERE (:after IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit");
SQL(provider_select_hold, SQL_TENANT, &id_in, &hold_out,
    "SELECT updated_at FROM identity_providers WHERE id = :id LOCK IN SHARE MODE");
SQL(provider_update, SQL_TENANT, &set_in, NULL,
    "UPDATE identity_providers SET name = :name, client_id = :client_id,"
    " client_secret = :client_secret, issuer = :issuer,"
    " entra_tenant_id = :entra_tenant_id, allowed_domains = :allowed_domains, role_map = :role_map,"
    " auto_provision = :auto_provision, trust_mfa = :trust_mfa,"
    " claims = :claims, authorized_parties = :authorized_parties, mfa_acr = :mfa_acr,"
    " mfa_amr = :mfa_amr, absent_roles = :absent_roles,"
    " assume_email_verified = :assume_email_verified, group_lookup = :group_lookup,"
    " scopes = :scopes, own_address = :own_address, updated_at = :updated_at "
    "WHERE id = :id");
SQL(provider_delete, SQL_TENANT, &id_in, NULL, "DELETE FROM identity_providers WHERE id = :id");
SQL(provider_delete_identities, SQL_TENANT, &id_in, NULL,
    "DELETE FROM user_identities WHERE provider_id = :id");
SQL(provider_update_sessions, SQL_TENANT, &end_in, NULL,
    "UPDATE user_sessions SET revoked_at = :now, revoked_reason = :reason, epoch = epoch + 1"
    " WHERE provider = :name AND revoked_at IS NULL");
SQL(provider_update_waiting, SQL_TENANT, &waiting_in, NULL,
    "UPDATE login_transactions SET ended_at = :now WHERE provider = :name AND ended_at IS NULL");

bool
provider_add(struct db *db, const struct provider *p, struct err *e)
{
	return db_run(db, &provider_insert, p, NULL, e);
}

bool
provider_by_id(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct provider *p, struct err *e)
{
	const struct id_in in = { .id = *id };

	return db_one(db, mem, &provider_select, &in, p, e);
}

bool
provider_lock(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct provider *p, struct err *e)
{
	const struct id_in in = { .id = *id };

	return db_one(db, mem, &provider_select_lock, &in, p, e);
}

bool
provider_by_name(
    struct db *db, TALLOC_CTX *mem, const char *name, struct provider *p, struct err *e)
{
	const struct name_in in = { name };

	return db_one(db, mem, &provider_select_name, &in, p, e);
}

bool
provider_list(struct db *db, TALLOC_CTX *mem, struct page *p, struct err *e)
{
	return page_read_plain(db, mem, &provider_select_list, p, e);
}

bool
provider_hold(struct db *db, const struct provider *p, bool *holds, struct err *e)
{
	const struct id_in in = { .id = p->id };
	struct hold_row    row;

	*holds = db_one(db, db, &provider_select_hold, &in, &row, e) &&
		 row.updated_at.ms == p->updated_at.ms;
	return e->code == ERR_OK || err_take(e, ERR_MISSING);
}

bool
provider_set(struct db *db, const struct provider *p, struct err *e)
{
	return db_run(db, &provider_update, p, NULL, e);
}

/* What waits first: of a sign-in that ends just now, either the session is seen or there is none.
 */
bool
provider_end_sessions(
    struct db *db, const char *name, const char *reason, instant now, struct err *e)
{
	const struct end_in in = { now, reason, name };

	return db_run(db, &provider_update_waiting, &in, NULL, e) &&
	       db_run(db, &provider_update_sessions, &in, NULL, e);
}

bool
provider_drop(struct db *db, const struct provider *p, struct err *e)
{
	const struct id_in in = { .id = p->id };
	uint64_t           n = 0;

	if (!db_run(db, &provider_delete, &in, &n, e))
		return false;
	if (n != 1)
		return err_set(e, ERR_MISSING, 0, "Not found.", "no such identity provider");
	return db_run(db, &provider_delete_identities, &in, NULL, e);
}

/* ---- identities ---- */

static const struct field identity_key_fields[] = {
	COLUMN(struct identity, provider_id),
	COLUMN(struct identity, issuer),
	COLUMN(struct identity, subject),
	FIELD_END,
};
static const struct schema identity_key =
    SCHEMA("IdentityKey", struct identity, identity_key_fields);
static const struct field identity_fields[] = {
	COLUMN(struct identity, provider_id),
	COLUMN(struct identity, issuer),
	COLUMN(struct identity, subject),
	COLUMN(struct identity, user_id),
	COLUMN(struct identity, provisioned),
	COLUMN(struct identity, created_at),
	COLUMN(struct identity, last_login),
	COLUMN_NULL(struct identity, unasked_since),
	COLUMN_NULL(struct identity, told_at),
	FIELD_END,
};
static const struct schema identity_schema = SCHEMA("Identity", struct identity, identity_fields);
static const struct field  known_fields[] = {
	 COLUMN(struct identity, user_id),
	 FIELD_END,
};
static const struct schema known_out = SCHEMA("IdentityKnown", struct identity, known_fields);
static const struct field  identity_touch_fields[] = {
	 COLUMN(struct identity, last_login),
	 COLUMN_NULL(struct identity, unasked_since),
	 COLUMN_NULL(struct identity, told_at),
	 COLUMN(struct identity, provider_id),
	 COLUMN(struct identity, issuer),
	 COLUMN(struct identity, subject),
	 FIELD_END,
};
static const struct schema identity_touch_in =
    SCHEMA("IdentityTouchIn", struct identity, identity_touch_fields);

SQL(identity_select, SQL_TENANT, &identity_key, &identity_schema,
    "SELECT provider_id, issuer, subject, user_id, provisioned, created_at, last_login,"
    " unasked_since, told_at FROM user_identities WHERE provider_id = :provider_id"
    " AND issuer = :issuer AND subject "
    "= :subject");
SQL(identity_select_any, SQL_TENANT, &id_in, &known_out,
    "SELECT user_id FROM user_identities WHERE provider_id = :id LIMIT 1 LOCK IN SHARE MODE");
SQL(identity_delete, SQL_TENANT, &identity_key, NULL,
    "DELETE FROM user_identities WHERE provider_id = :provider_id AND issuer = :issuer"
    " AND subject = :subject");
SQL(identity_insert, SQL_TENANT, &identity_schema, NULL,
    "INSERT INTO user_identities (provider_id, issuer, subject, user_id, provisioned, created_at,"
    " last_login, unasked_since, told_at) VALUES (:provider_id, :issuer, :subject, :user_id,"
    " :provisioned, :created_at, :last_login, :unasked_since, :told_at)");
SQL(identity_update_login, SQL_TENANT, &identity_touch_in, NULL,
    "UPDATE user_identities SET last_login = :last_login, unasked_since = :unasked_since,"
    " told_at = :told_at"
    " WHERE provider_id = :provider_id AND issuer = :issuer AND subject = :subject");

bool
identity_find(struct db *db, TALLOC_CTX *mem, struct identity *i, struct err *e)
{
	const struct identity in = *i;

	return db_one(db, mem, &identity_select, &in, i, e);
}

bool
identity_known(struct db *db, const struct uuid *provider, bool *known, struct err *e)
{
	const struct id_in in = { .id = *provider };
	struct identity    row;

	*known = db_one(db, db, &identity_select_any, &in, &row, e);
	return *known || err_take(e, ERR_MISSING);
}

bool
identity_add(struct db *db, const struct identity *i, struct err *e)
{
	return db_run(db, &identity_insert, i, NULL, e);
}

bool
identity_drop(struct db *db, const struct identity *i, struct err *e)
{
	return db_run(db, &identity_delete, i, NULL, e);
}

bool
identity_touch(struct db *db, const struct identity *i, struct err *e)
{
	return db_run(db, &identity_update_login, i, NULL, e);
}

/* ---- marks ---- */

struct mark_in {
	struct blob id;
	instant     expires_at;
};
static const struct field mark_fields[] = {
	COLUMN(struct mark_in, id),
	COLUMN(struct mark_in, expires_at),
	FIELD_END,
};
static const struct schema mark_in = SCHEMA("OidcMark", struct mark_in, mark_fields);
static const struct field  mark_old_fields[] = {
	 COLUMN(struct mark_in, expires_at),
	 FIELD_END,
};
static const struct schema mark_old_in = SCHEMA("OidcMarkOld", struct mark_in, mark_old_fields);

SQL(oidc_mark_insert, SQL_TENANT, &mark_in, NULL,
    "INSERT INTO oidc_marks (id, expires_at) VALUES (:id, :expires_at)");

bool
oidc_mark_take(struct db *db, const uint8_t id[static 32], instant expires, struct err *e)
{
	const struct mark_in in = { { id, 32 }, expires };

	return db_run(db, &oidc_mark_insert, &in, NULL, e);
}

static const struct field mark_id_fields[] = {
	COLUMN(struct mark_in, id),
	FIELD_END,
};
static const struct schema mark_id_in = SCHEMA("OidcMarkId", struct mark_in, mark_id_fields);

SQL(oidc_mark_select, SQL_TENANT, &mark_id_in, &mark_old_in,
    "SELECT expires_at FROM oidc_marks WHERE id = :id");

bool
oidc_mark_look(struct db *db, const uint8_t id[static 32], bool *taken, struct err *e)
{
	const struct mark_in in = { .id = { id, 32 } };
	struct mark_in       row;

	*taken = db_one(db, db, &oidc_mark_select, &in, &row, e);
	return *taken || err_take(e, ERR_MISSING);
}

/* ---- roles ---- */

static const struct field mapped_role_fields[] = {
	COLUMN(struct mapped_role, id),
	COLUMN(struct mapped_role, name),
	COLUMN_NULL(struct mapped_role, granted),
	FIELD_END,
};
static const struct schema mapped_role_schema =
    SCHEMA("MappedRole", struct mapped_role, mapped_role_fields);

SQL(mapped_role_select, SQL_TENANT, &name_in, &mapped_role_schema,
    "SELECT r.id, r.name, (SELECT GROUP_CONCAT(p.permission SEPARATOR '\n') FROM role_permissions p"
    " WHERE p.role_id = r.id) AS granted FROM roles r WHERE r.name = :name");
bool
mapped_role_by_name(
    struct db *db, TALLOC_CTX *mem, const char *name, struct mapped_role *r, struct err *e)
{
	const struct name_in in = { name };

	return db_one(db, mem, &mapped_role_select, &in, r, e);
}
