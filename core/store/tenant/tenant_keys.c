/* database.h and data_keys.h: a tenant's data keys, wrapped in the control schema. */
#include <string.h>

#include "core/base/secret.h"
#include "core/store/id_list.h"
#include "core/store/tenant/data_keys.h"
#include "core/store/tenant/database.h"

#define PAIR_LEN (2 * KEY_LEN) /* data key, address key */

struct which {
	struct uuid tenant_id;
	uint64_t    version;
};
static const struct field which_fields[] = {
	FIELD(struct which, tenant_id, .doc = "Tenant."),
	FIELD(struct which, version, .doc = "Version of the key."),
	FIELD_END,
};
static const struct schema which_schema = SCHEMA("TenantKeyWhich", struct which, which_fields);

static const struct field key_fields[] = {
	FIELD(struct tenant_key, tenant_id, .doc = "Tenant."),
	FIELD(struct tenant_key, version, .doc = "Version of the key."),
	FIELD(
	    struct tenant_key, wrapped, .flags = FIELD_SECRET, .doc = "Sealed under the keyring."),
	FIELD(struct tenant_key, created_at, .doc = "When it was made."),
	FIELD_END,
};
const struct schema tenant_key_schema = SCHEMA("TenantKey", struct tenant_key, key_fields);

SQL(tenant_key_newest, SQL_CONTROL, &which_schema, &tenant_key_schema,
    "SELECT tenant_id, version, wrapped, created_at FROM tenant_keys"
    " WHERE tenant_id = :tenant_id AND (:version = 0 OR version = :version) ORDER BY version DESC"
    " LIMIT 1");
SQL(tenant_key_add, SQL_CONTROL, &tenant_key_schema, NULL,
    "INSERT INTO tenant_keys (tenant_id, version, wrapped, created_at) VALUES (:tenant_id,"
    " :version, :wrapped, :created_at)");

char *
tenant_keys_place(TALLOC_CTX *mem, const struct uuid *tenant, struct err *e)
{
	char *place = seal_place(mem, "bsx", "tenant_keys", "wrapped",
	    (struct str) { (const char *)tenant->b, sizeof(tenant->b) });

	if (place == NULL)
		err_memory(e);
	return place;
}

static bool
unwrap(struct database *d, TALLOC_CTX *tmp, const struct tenant_key *k, struct str *pair,
    struct err *e)
{
	struct seal_key kek = { .version = seal_version(k->wrapped) };
	char           *place = tenant_keys_place(tmp, &k->tenant_id, e);
	bool            ok;

	if (place == NULL)
		return false;
	ok = keyring_subkey(d->env.keyring, kek.version, KEY_KEK, STR(""), kek.key, e) &&
	     seal_open(tmp, &kek, place, k->wrapped, pair, e);
	secret_wipe(&kek, sizeof(kek));
	if (ok && pair->n != PAIR_LEN)
		ok = err_set(
		    e, ERR_INTERNAL, 0, "internal error", "a tenant key has %zu bytes", pair->n);
	return ok;
}

bool
tenant_key_unwrap(struct database *d, const struct tenant_key *k, struct seal_key *data,
    uint8_t address[static KEY_LEN], struct err *e)
{
	TALLOC_CTX *tmp = talloc_new(d);
	struct str  pair = { 0 };
	bool        ok;

	if (tmp == NULL)
		return err_memory(e);
	ok = unwrap(d, tmp, k, &pair, e);
	if (ok) {
		data->version = (uint32_t)k->version;
		memcpy(data->key, pair.p, KEY_LEN);
		memcpy(address, pair.p + KEY_LEN, KEY_LEN);
	}
	talloc_free(tmp); /* seal_open guards its answer */
	return ok || err_note(e, "opening a tenant's keys");
}

bool
tenant_keys_load(struct database *d, const struct uuid *tenant, uint32_t version,
    struct seal_key *data, uint8_t address[static KEY_LEN], struct err *e)
{
	struct which      in = { .tenant_id = *tenant, .version = version };
	TALLOC_CTX       *tmp = talloc_new(d);
	struct tenant_key row;
	bool              ok;

	if (tmp == NULL)
		return err_memory(e);
	ok = db_one(d->control, tmp, &tenant_key_newest, &in, &row, e)
		 ? tenant_key_unwrap(d, &row, data, address, e)
		 : err_note(e, "reading a tenant's keys");
	talloc_free(tmp);
	return ok;
}

static bool
store_pair(struct database *d, TALLOC_CTX *tmp, const struct uuid *tenant, uint64_t version,
    struct str pair, struct err *e)
{
	struct seal_key   kek = { .version = keyring_newest(d->env.keyring) };
	struct tenant_key row = {
		.tenant_id = *tenant, .version = version, .created_at = { clock_ms(d->env.clock) }
	};
	char *place = tenant_keys_place(tmp, tenant, e);
	bool  ok;

	ok = place != NULL &&
	     keyring_subkey(d->env.keyring, kek.version, KEY_KEK, STR(""), kek.key, e) &&
	     seal_close(tmp, &kek, d->env.rand, place, pair, &row.wrapped, e);
	secret_wipe(&kek, sizeof(kek));
	return ok && db_run(d->control, &tenant_key_add, &row, NULL, e);
}

bool
tenant_keys_ensure(struct database *d, const struct uuid *tenant, struct err *e)
{
	TALLOC_CTX     *tmp = talloc_new(d);
	struct seal_key have;
	uint8_t         address[KEY_LEN];
	char           *pair = tmp == NULL ? NULL : secret_alloc(tmp, PAIR_LEN);
	bool            ok;

	if (pair == NULL) {
		talloc_free(tmp);
		return err_memory(e);
	}
	ok = tenant_keys_load(d, tenant, 0, &have, address, e);
	secret_wipe(&have, sizeof(have));
	secret_wipe(address, sizeof(address));
	if (!ok && e->code == ERR_MISSING) {
		err_clear(e);
		rand_fill(d->env.rand, pair, PAIR_LEN);
		ok = store_pair(d, tmp, tenant, 1, (struct str) { pair, PAIR_LEN }, e);
		if (!ok && e->code == ERR_CONFLICT) { /* somebody else was first */
			err_clear(e);
			ok = true;
		}
	}
	talloc_free(tmp);
	return ok;
}

bool
tenant_keys_import(struct database *d, const struct uuid *tenant,
    const uint8_t address[static KEY_LEN], struct err *e)
{
	TALLOC_CTX *tmp = talloc_new(d);
	char       *pair = tmp == NULL ? NULL : secret_alloc(tmp, PAIR_LEN);
	bool        ok = pair != NULL || err_memory(e);

	if (ok) {
		rand_fill(d->env.rand, pair, KEY_LEN);
		memcpy(pair + KEY_LEN, address, KEY_LEN);
		ok = store_pair(d, tmp, tenant, 1, (struct str) { pair, PAIR_LEN }, e);
	}
	talloc_free(tmp);
	return ok;
}

/* ---- the next one ---- */

static const struct field state_fields[] = {
	COLUMN(struct data_keys, newest),
	COLUMN(struct data_keys, n),
	COLUMN(struct data_keys, age_s),
	FIELD_END,
};
static const struct schema state_schema = SCHEMA("DataKeys", struct data_keys, state_fields);
SQL(tenant_key_state, SQL_CONTROL, &id_in, &state_schema,
    "SELECT COALESCE(MAX(version), 0) AS newest, COUNT(*) AS n,"
    " COALESCE(TIMESTAMPDIFF(SECOND, MAX(created_at), NOW(3)), 0) AS age_s"
    " FROM tenant_keys WHERE tenant_id = :id");
SQL(tenant_key_drop, SQL_CONTROL, &which_schema, NULL,
    "DELETE FROM tenant_keys WHERE tenant_id = :tenant_id AND version < :version");
SQL(tenant_key_several, SQL_CONTROL, &id_in, &id_in,
    "SELECT tenant_id AS id FROM tenant_keys WHERE tenant_id > :id GROUP BY tenant_id"
    " HAVING COUNT(*) > 1 ORDER BY tenant_id LIMIT 1");

bool
data_keys_state(struct database *d, const struct uuid *tenant, struct data_keys *out, struct err *e)
{
	return db_one(d->control, d, &tenant_key_state, &(struct id_in) { *tenant }, out, e);
}

bool
data_keys_add(struct database *d, const struct uuid *tenant, struct err *e)
{
	TALLOC_CTX     *tmp = talloc_new(d);
	struct seal_key have = { 0 };
	char           *pair = tmp == NULL ? NULL : secret_alloc(tmp, PAIR_LEN);
	bool            ok = pair != NULL || err_memory(e);

	ok = ok && tenant_keys_load(d, tenant, 0, &have, (uint8_t *)pair + KEY_LEN, e);
	if (ok) {
		rand_fill(d->env.rand, pair, KEY_LEN);
		ok = store_pair(d, tmp, tenant, (uint64_t)have.version + 1,
			 (struct str) { pair, PAIR_LEN }, e) ||
		     db_was_duplicate(e); /* somebody else was first */
	}
	secret_wipe(&have, sizeof(have));
	talloc_free(tmp);
	return ok;
}

bool
data_keys_drop(
    struct database *d, const struct uuid *tenant, uint64_t below, uint64_t *n, struct err *e)
{
	const struct which in = { *tenant, below };

	return db_run(d->control, &tenant_key_drop, &in, n, e);
}

bool
data_keys_several(struct database *d, const struct uuid *after, struct uuid *tenant, struct err *e)
{
	struct id_in row;
	bool ok = db_one(d->control, d, &tenant_key_several, &(struct id_in) { *after }, &row, e);

	*tenant = ok ? row.id : (struct uuid) { 0 };
	return ok || err_take(e, ERR_MISSING);
}
