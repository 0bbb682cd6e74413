#include "core/store/identity/keys.h"

#include <string.h>

#include "core/base/secret.h"
#include "core/store/tenant/database.h"
#include "core/store/tx.h"

#define KEYS_MAX 16

struct signing_key {
	char       *kid;
	char       *public_jwk;
	struct blob sealed;
	char       *state;
	instant     created_at;
	instant     retire_at;
};
static const struct field key_fields[] = {
	FIELD(struct signing_key, kid, .doc = "Name of the key: its RFC 7638 thumbprint."),
	FIELD(struct signing_key, public_jwk, .doc = "Public half."),
	FIELD(struct signing_key, sealed, .flags = FIELD_SECRET, .doc = "Private half."),
	FIELD(struct signing_key, state, .doc = "next, active or retired."),
	FIELD(struct signing_key, created_at, .doc = "When it was made."),
	FIELD(struct signing_key, retire_at, .flags = FIELD_NULLABLE,
	    .doc = "Until when it verifies."),
	FIELD_END,
};
static const struct schema key_schema = SCHEMA("SigningKey", struct signing_key, key_fields);

SQL(signing_key_list, SQL_CONTROL, NULL, &key_schema,
    "SELECT kid, public_jwk, sealed, state, created_at, retire_at FROM signing_keys"
    " WHERE state IN ('next', 'active') OR (state = 'retired' AND retire_at > NOW(3))"
    " ORDER BY state = 'active' DESC, created_at DESC, kid LIMIT 16");

struct new_key {
	const char *kid, *public_jwk;
	struct blob sealed;
};
static const struct field new_key_fields[] = {
	COLUMN(struct new_key, kid),
	COLUMN(struct new_key, public_jwk),
	FIELD(struct new_key, sealed, .flags = FIELD_SECRET | FIELD_NO_JSON),
	FIELD_END,
};
static const struct schema new_key_schema = SCHEMA("NewSigningKey", struct new_key, new_key_fields);
SQL(signing_key_add, SQL_CONTROL, &new_key_schema, NULL,
    "INSERT INTO signing_keys (kid, public_jwk, sealed, state, created_at, active_at)"
    " VALUES (:kid, :public_jwk, :sealed, 'active', NOW(3), NOW(3))");
SQL(signing_key_add_next, SQL_CONTROL, &new_key_schema, NULL,
    "INSERT INTO signing_keys (kid, public_jwk, sealed, state, created_at)"
    " VALUES (:kid, :public_jwk, :sealed, 'next', NOW(3))");

/* ---- reading ---- */

char *
signing_key_place(TALLOC_CTX *mem, struct str kid, struct err *e)
{
	char *place = seal_place(mem, "bsx", "signing_keys", "sealed", kid);

	if (place == NULL)
		err_memory(e);
	return place;
}

static bool
sealing_key(struct database *d, uint32_t version, struct seal_key *k, struct err *e)
{
	k->version = version;
	return keyring_subkey(d->env.keyring, version, KEY_CONTROL_SEAL, STR(""), k->key, e);
}

static bool
open_key(struct database *d, TALLOC_CTX *tmp, const struct signing_key *row, struct token_keys *ks,
    const struct token_key **active, struct err *e)
{
	char             *place = signing_key_place(tmp, str_of(row->kid), e);
	struct seal_key   seal = { 0 };
	struct token_key *k = NULL;
	struct str        der;
	bool              ok;

	if (place == NULL)
		return false;
	ok = sealing_key(d, seal_version(row->sealed), &seal, e) &&
	     seal_open(tmp, &seal, place, row->sealed, &der, e);
	secret_wipe(&seal, sizeof(seal));
	if (ok)
		k = token_key_import(tmp, (struct blob) { (const uint8_t *)der.p, der.n }, e);
	if (k == NULL)
		return err_note(e, "opening signing key %s", row->kid);
	if (strcmp(token_key_kid(k), row->kid) != 0)
		return err_set(e, ERR_INTERNAL, 0, "internal error",
		    "signing key %s is another one", row->kid);
	if (*active == NULL && strcmp(row->state, "active") == 0)
		*active = k;
	return token_keys_add(ks, k, e);
}

struct token_keys *
signing_keys_load(
    struct database *d, TALLOC_CTX *mem, const struct token_key **active, struct err *e)
{
	struct token_keys  *ks = token_keys_make(mem);
	TALLOC_CTX         *tmp = talloc_new(mem);
	struct signing_key *rows;
	size_t              n = 0;
	bool                ok;

	*active = NULL;
	if (ks == NULL || tmp == NULL) {
		err_memory(e);
		return NULL;
	}
	ok = db_all(d->control, tmp, &signing_key_list, NULL, INTO(&rows, &n, KEYS_MAX), e);
	for (size_t i = 0; i < n && ok; i++)
		ok = open_key(d, tmp, &rows[i], ks, active, e);
	talloc_free(tmp);
	if (ok)
		return ks;
	*active = NULL;
	talloc_free(ks);
	return NULL;
}

/* ---- making ---- */

static bool
seal_key(struct database *d, TALLOC_CTX *tmp, const struct token_key *k, struct new_key *row,
    struct err *e)
{
	char           *place;
	struct seal_key seal = { 0 };
	struct blob     der;
	bool            ok;

	row->kid = token_key_kid(k);
	row->public_jwk = token_key_jwk(tmp, k);
	place = signing_key_place(tmp, str_of(row->kid), e);
	if (row->public_jwk == NULL || place == NULL)
		return err_memory(e);
	ok = token_key_export(tmp, k, &der, e) &&
	     sealing_key(d, keyring_newest(d->env.keyring), &seal, e) &&
	     seal_close(tmp, &seal, d->env.rand, place, (struct str) { (const char *)der.p, der.n },
		 &row->sealed, e);
	secret_wipe(&seal, sizeof(seal));
	return ok;
}

static bool
make_key(struct database *d, TALLOC_CTX *tmp, struct new_key *row, struct err *e)
{
	struct token_key *k = token_key_make(tmp, e);

	return k != NULL && seal_key(d, tmp, k, row, e);
}

bool
signing_keys_ensure(struct database *d, struct err *e)
{
	TALLOC_CTX             *tmp = talloc_new(d);
	const struct token_key *active;
	struct new_key          row;
	bool                    ok = tmp != NULL && signing_keys_load(d, tmp, &active, e) != NULL;

	if (tmp == NULL)
		return err_memory(e);
	if (ok && active == NULL)
		ok = make_key(d, tmp, &row, e) &&
		     db_run(d->control, &signing_key_add, &row, NULL, e);
	talloc_free(tmp);
	return ok;
}

/* ---- turning ----
 *
 * Who changes the active key's row by a conditional UPDATE first has done it;
 * for the others nothing is left to do.
 */

static const struct field rotation_fields[] = {
	COLUMN(struct signing_turn, active),
	COLUMN_NULL(struct signing_turn, successor),
	COLUMN(struct signing_turn, active_s),
	COLUMN(struct signing_turn, published_s),
	FIELD_END,
};
static const struct schema rotation_schema =
    SCHEMA("SigningTurn", struct signing_turn, rotation_fields);
SQL(signing_turn_read, SQL_CONTROL, NULL, &rotation_schema,
    "SELECT a.kid AS active, n.kid AS successor,"
    " COALESCE(TIMESTAMPDIFF(SECOND, a.active_at, NOW(3)), 0) AS active_s,"
    " COALESCE(TIMESTAMPDIFF(SECOND, n.created_at, NOW(3)), -1) AS published_s"
    " FROM signing_keys a LEFT JOIN signing_keys n ON n.kid = a.successor AND n.state = 'next'"
    " WHERE a.state = 'active' ORDER BY a.created_at DESC, a.kid LIMIT 1");

struct name_next {
	const char *successor, *kid;
};
static const struct field name_next_fields[] = {
	COLUMN(struct name_next, successor),
	COLUMN(struct name_next, kid),
	FIELD_END,
};
static const struct schema name_next_schema =
    SCHEMA("NameNextKey", struct name_next, name_next_fields);
SQL(signing_key_name_next, SQL_CONTROL, &name_next_schema, NULL,
    "UPDATE signing_keys SET successor = :successor"
    " WHERE kid = :kid AND state = 'active' AND successor IS NULL");

struct retire {
	int64_t     keep_s;
	const char *kid, *successor;
};
static const struct field retire_fields[] = {
	COLUMN(struct retire, keep_s),
	COLUMN(struct retire, kid),
	COLUMN(struct retire, successor),
	FIELD_END,
};
static const struct schema retire_schema = SCHEMA("RetireKey", struct retire, retire_fields);
SQL(signing_key_retire, SQL_CONTROL, &retire_schema, NULL,
    "UPDATE signing_keys SET state = 'retired', retire_at = NOW(3) + INTERVAL :keep_s SECOND"
    " WHERE kid = :kid AND state = 'active' AND successor = :successor");

struct promote {
	struct uuid audit_id;
	const char *kid;
};
static const struct field promote_fields[] = {
	COLUMN(struct promote, audit_id),
	COLUMN(struct promote, kid),
	FIELD_END,
};
static const struct schema promote_schema = SCHEMA("PromoteKey", struct promote, promote_fields);
SQL(signing_key_promote, SQL_CONTROL, &promote_schema, NULL,
    "UPDATE signing_keys SET state = 'active', active_at = NOW(3), audit_id = :audit_id"
    " WHERE kid = :kid AND state = 'next'");

SQL(signing_key_drop, SQL_CONTROL, NULL, NULL,
    "DELETE FROM signing_keys WHERE state = 'retired' AND retire_at <= NOW(3)"
    " AND audit_id IS NULL");

bool
signing_turn_get(struct database *d, TALLOC_CTX *mem, struct signing_turn *out, struct err *e)
{
	return db_one(d->control, mem, &signing_turn_read, NULL, out, e);
}

struct preparing {
	const char    *active;
	struct new_key next;
};

static bool
prepare_body(struct db *db, void *arg, struct err *e)
{
	const struct preparing *in = arg;
	struct name_next        name = { in->next.kid, in->active };
	uint64_t                named = 0;

	if (!db_run(db, &signing_key_name_next, &name, &named, e))
		return false;
	return named == 0 || db_run(db, &signing_key_add_next, &in->next, NULL, e);
}

bool
signing_turn_prepare(struct database *d, const char *active, struct err *e)
{
	TALLOC_CTX      *tmp = talloc_new(d);
	struct preparing in = { .active = active };
	struct tx        tx = { .name = "signing_key_next", .body = prepare_body, .arg = &in };
	bool             ok;

	if (tmp == NULL)
		return err_memory(e);
	ok = make_key(d, tmp, &in.next, e) && tx_run(d->control, &tx, e);
	talloc_free(tmp);
	return ok;
}

struct turning {
	struct retire  retire;
	struct promote promote;
};

static bool
rotation_body(struct db *db, void *arg, struct err *e)
{
	const struct turning *in = arg;
	uint64_t              n = 0;

	if (!db_run(db, &signing_key_retire, &in->retire, &n, e))
		return false;
	if (n == 0)
		return true; /* another daemon was first */
	if (!db_run(db, &signing_key_promote, &in->promote, &n, e))
		return false;
	return n == 1 || err_set(e, ERR_INTERNAL, 0, "internal error",
			     "the next signing key %s is not there", in->promote.kid);
}

bool
signing_turn_make(struct database *d, const struct signing_turn *t, int64_t keep_s, struct err *e)
{
	struct turning in = { { keep_s, t->active, t->successor },
		{ uuid_make(d->env.clock, d->env.rand), t->successor } };
	struct tx      tx = { .name = "signing_key_turn", .body = rotation_body, .arg = &in };

	return tx_run(d->control, &tx, e);
}

bool
signing_keys_drop_ended(struct database *d, struct err *e)
{
	return db_run(d->control, &signing_key_drop, NULL, NULL, e);
}

/* ---- what is to be written into the audit log ---- */

static const struct field turned_fields[] = {
	COLUMN(struct signing_turned, kid),
	COLUMN(struct signing_turned, audit_id),
	COLUMN(struct signing_turned, retired),
	FIELD_END,
};
static const struct schema turned_schema =
    SCHEMA("SigningTurned", struct signing_turned, turned_fields);
SQL(signing_turned_list, SQL_CONTROL, NULL, &turned_schema,
    "SELECT n.kid, n.audit_id, COALESCE(o.kid, '') AS retired"
    " FROM signing_keys n LEFT JOIN signing_keys o ON o.successor = n.kid"
    " WHERE n.audit_id IS NOT NULL ORDER BY n.active_at, n.kid LIMIT 16");
SQL(signing_turned_done, SQL_CONTROL, &promote_schema, NULL,
    "UPDATE signing_keys SET audit_id = NULL WHERE audit_id = :audit_id AND kid = :kid");

bool
signing_turned_get(
    struct database *d, TALLOC_CTX *mem, struct signing_turned **list, size_t *n, struct err *e)
{
	return db_all(d->control, mem, &signing_turned_list, NULL, INTO(list, n, KEYS_MAX), e);
}

bool
signing_turned_audited(struct database *d, const struct signing_turned *t, struct err *e)
{
	const struct promote in = { t->audit_id, t->kid };

	return db_run(d->control, &signing_turned_done, &in, NULL, e);
}
