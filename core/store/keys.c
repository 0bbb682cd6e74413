#include "core/store/keys.h"

#include <string.h>

#include "core/base/secret.h"
#include "core/store/database.h"

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
	FIELD(struct signing_key, retire_at, .flags = FIELD_NULLABLE, .doc = "Until when it verifies."),
	FIELD_END
};
static const struct schema key_schema = SCHEMA("SigningKey", struct signing_key, key_fields);

SQL(signing_key_list, SQL_CONTROL, NULL, &key_schema,
    "SELECT kid, public_jwk, sealed, state, created_at, retire_at FROM signing_keys"
    " WHERE state IN ('next', 'active') OR (state = 'retired' AND retire_at > NOW(3))"
    " ORDER BY state = 'active' DESC, created_at DESC, kid LIMIT 16");
SQL(signing_key_add, SQL_CONTROL, &key_schema, NULL,
    "INSERT INTO signing_keys (kid, public_jwk, sealed, state, created_at, retire_at)"
    " VALUES (?, ?, ?, ?, ?, ?)");

static bool
sealing_key(struct database *d, uint32_t version, struct seal_key *k, struct err *e)
{
	k->version = version;
	return keyring_subkey(d->d.keyring, version, KEY_CONTROL_SEAL, STR(""), k->key, e);
}

static bool
open_key(struct database *d, TALLOC_CTX *tmp, const struct signing_key *row, struct token_keys *ks,
    const struct token_key **active, struct err *e)
{
	char *place = seal_place(tmp, "bsx", "signing_keys", "sealed", str_of(row->kid));
	struct seal_key   seal = { 0 };
	struct token_key *k = NULL;
	struct str        der;
	bool              ok;

	if (place == NULL)
		return err_memory(e);
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
	ok = db_all(d->control, tmp, &signing_key_list, NULL, KEYS_MAX, &rows, &n, e);
	for (size_t i = 0; i < n && ok; i++)
		ok = open_key(d, tmp, &rows[i], ks, active, e);
	talloc_free(tmp);
	if (ok)
		return ks;
	*active = NULL;
	talloc_free(ks);
	return NULL;
}

static bool
store_key(struct database *d, TALLOC_CTX *tmp, const struct token_key *k, struct err *e)
{
	struct signing_key row = { .state = talloc_strdup(tmp, "active"),
		.kid = talloc_strdup(tmp, token_key_kid(k)),
		.public_jwk = token_key_jwk(tmp, k),
		.created_at = { clock_ms(d->d.clock) } };
	char *place = seal_place(tmp, "bsx", "signing_keys", "sealed", str_of(row.kid));
	struct seal_key    seal = { 0 };
	struct blob        der;
	bool               ok;

	if (row.state == NULL || row.kid == NULL || row.public_jwk == NULL || place == NULL)
		return err_memory(e);
	ok = token_key_export(tmp, k, &der, e) &&
	    sealing_key(d, keyring_newest(d->d.keyring), &seal, e) &&
	    seal_close(tmp, &seal, d->d.rand, place, (struct str) { (const char *)der.p, der.n },
	        &row.sealed, e);
	secret_wipe(&seal, sizeof(seal));
	return ok && db_run(d->control, &signing_key_add, &row, NULL, e);
}

bool
signing_keys_ensure(struct database *d, struct err *e)
{
	TALLOC_CTX             *tmp = talloc_new(d);
	const struct token_key *active;
	struct token_key       *k;
	bool                    ok = tmp != NULL && signing_keys_load(d, tmp, &active, e) != NULL;

	if (tmp == NULL)
		return err_memory(e);
	if (ok && active == NULL) {
		k = token_key_make(tmp, e);
		ok = k != NULL && store_key(d, tmp, k, e);
	}
	talloc_free(tmp);
	return ok;
}
