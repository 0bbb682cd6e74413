#include "core/store/server/rewrap.h"

#include <string.h>

#include "core/base/secret.h"
#include "core/store/db_priv.h"
#include "core/store/ddl.h"
#include "core/store/identity/keys.h"
#include "core/store/server/provision_priv.h"
#include "core/store/server/rights.h"
#include "core/store/tenant/database.h"
#include "core/store/tx.h"

#define PAGE      100
#define KINDS_MAX 200 /* kinds times versions of a keyring */

/* ---- rows ---- */

struct row {
	struct blob at; /* its key */
	uint64_t    version;
	struct blob sealed;
};
static const struct field row_fields[] = {
	COLUMN(struct row, at),
	COLUMN(struct row, version),
	COLUMN(struct row, sealed),
	FIELD_END,
};
static const struct schema row_out = SCHEMA("RewrapRow", struct row, row_fields);

struct due_in {
	struct blob newest; /* as a sealed value has it */
};
static const struct field due_fields[] = {
	COLUMN(struct due_in, newest),
	FIELD_END,
};
static const struct schema due_in = SCHEMA("RewrapDueIn", struct due_in, due_fields);

struct set_in {
	struct row  was;
	struct blob now;
};
static const struct field set_fields[] = {
	COLUMN_AS(struct set_in, was.at, "at"),
	COLUMN_AS(struct set_in, was.version, "version"),
	COLUMN_AS(struct set_in, was.sealed, "sealed"),
	COLUMN(struct set_in, now),
	FIELD_END,
};
static const struct schema set_in = SCHEMA("RewrapSetIn", struct set_in, set_fields);

#define VERSION_OF(column) "SUBSTR(" column ", 2, 4)"

SQL(rewrap_select_keys, SQL_CONTROL, &due_in, &row_out,
    "SELECT tenant_id AS at, version, wrapped AS sealed FROM tenant_keys"
    " WHERE " VERSION_OF("wrapped") " <> :newest ORDER BY tenant_id, version LIMIT 100");
SQL(rewrap_update_keys, SQL_CONTROL, &set_in, NULL,
    "UPDATE tenant_keys SET wrapped = :now"
    " WHERE tenant_id = :at AND version = :version AND wrapped = :sealed");
SQL(rewrap_select_signing, SQL_CONTROL, &due_in, &row_out,
    "SELECT CAST(kid AS BINARY) AS at, 0 AS version, sealed FROM signing_keys"
    " WHERE " VERSION_OF("sealed") " <> :newest ORDER BY kid LIMIT 100");
SQL(rewrap_update_signing, SQL_CONTROL, &set_in, NULL,
    "UPDATE signing_keys SET sealed = :now"
    " WHERE CAST(kid AS BINARY) = :at AND :version = 0 AND sealed = :sealed");
SQL(rewrap_select_golden, SQL_CONTROL, &due_in, &row_out,
    "SELECT id AS at, version, body AS sealed FROM golden_shared"
    " WHERE " VERSION_OF("body") " <> :newest ORDER BY id LIMIT 20");
SQL(rewrap_update_golden, SQL_CONTROL, &set_in, NULL,
    "UPDATE golden_shared SET body = :now WHERE id = :at AND version = :version AND body = "
    ":sealed");

typedef char *place_fn(TALLOC_CTX *mem, const struct row *r, struct err *e);

static char *
place_of_key(TALLOC_CTX *mem, const struct row *r, struct err *e)
{
	struct uuid tenant;

	memcpy(tenant.b, r->at.p, sizeof(tenant.b));
	return tenant_keys_place(mem, &tenant, e);
}

static char *
place_of_signing(TALLOC_CTX *mem, const struct row *r, struct err *e)
{
	return signing_key_place(mem, (struct str) { (const char *)r->at.p, r->at.n }, e);
}

static char *
place_of_golden(TALLOC_CTX *mem, const struct row *r, struct err *e)
{
	struct uuid id;

	memcpy(id.b, r->at.p, sizeof(id.b));
	return tenant_golden_place(mem, &id, r->version, e);
}

static const struct kind {
	const char       *what;
	enum key_purpose  purpose;
	place_fn         *place;
	size_t            at; /* bytes of its key; 0: any */
	const struct sql *select, *update;
} kinds[] = {
	{ "tenant_keys", KEY_KEK, place_of_key, 16, &rewrap_select_keys, &rewrap_update_keys },
	{ "signing_keys", KEY_CONTROL_SEAL, place_of_signing, 0, &rewrap_select_signing,
	    &rewrap_update_signing },
	{ "golden_shared", KEY_GOLDEN, place_of_golden, 16, &rewrap_select_golden,
	    &rewrap_update_golden },
};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

/* ---- counting ---- */

static const struct field wrapped_fields[] = {
	COLUMN(struct wrapped, what),
	COLUMN(struct wrapped, version),
	COLUMN(struct wrapped, rows),
	FIELD_END,
};
static const struct schema wrapped_out = SCHEMA("Wrapped", struct wrapped, wrapped_fields);

#define NUMBER_OF(column) "CAST(CONV(HEX(" VERSION_OF(column) "), 16, 10) AS UNSIGNED)"
#define COUNTED(what, column)                                                                      \
	"SELECT '" what                                                                            \
	"' AS what, " NUMBER_OF(column) " AS version, COUNT(*) AS `rows` FROM " what " GROUP BY 2"

SQL(rewrap_select_count, SQL_CONTROL, NULL, &wrapped_out,
    COUNTED("tenant_keys", "wrapped") " UNION ALL " COUNTED(
	"signing_keys", "sealed") " UNION ALL " COUNTED("golden_shared", "body"));

bool
rewrap_count(struct database *d, TALLOC_CTX *mem, struct wrapped **list, size_t *n, struct err *e)
{
	return db_all(d->control, mem, &rewrap_select_count, NULL, INTO(list, n, KINDS_MAX), e);
}

/* ---- by the newest ---- */

struct page_of {
	const struct kind *kind;
	struct set_in     *sets;
	size_t             n;
};

static bool
open_one(struct database *d, TALLOC_CTX *mem, const struct kind *k, const struct row *r,
    struct str *plain, struct err *e)
{
	struct seal_key key = { .version = seal_version(r->sealed) };
	char           *place = k->place(mem, r, e);
	bool            ok = place != NULL &&
		  keyring_subkey(d->env.keyring, key.version, k->purpose, STR(""), key.key, e) &&
		  seal_open(mem, &key, place, r->sealed, plain, e);

	secret_wipe(&key, sizeof(key));
	return ok;
}

static bool
wrap_one(struct database *d, TALLOC_CTX *mem, const struct kind *k, struct set_in *s, struct err *e)
{
	struct seal_key key = { .version = keyring_newest(d->env.keyring) };
	struct str      plain = { 0 };
	char           *place;
	bool            ok;

	if (k->at != 0 && s->was.at.n != k->at)
		return err_set(e, ERR_INTERNAL, 0, "internal error", "%s: a key of %zu bytes",
		    k->what, s->was.at.n);
	ok = open_one(d, mem, k, &s->was, &plain, e) &&
	     (place = k->place(mem, &s->was, e)) != NULL &&
	     keyring_subkey(d->env.keyring, key.version, k->purpose, STR(""), key.key, e) &&
	     seal_close(mem, &key, d->env.rand, place, plain, &s->now, e);
	secret_wipe(&key, sizeof(key));
	return ok || err_note(e, "a row of %s", k->what);
}

static bool
page_body(struct db *db, void *arg, struct err *e)
{
	const struct page_of *p = arg;

	return db_run_many(db, p->kind->update, p->sets, p->n, e);
}

/* The next ones that are not of the newest version; what was changed is none of them any more. */
static bool
rewrap_page(struct database *d, TALLOC_CTX *mem, const struct kind *k, size_t *n, struct err *e)
{
	uint32_t            version = keyring_newest(d->env.keyring);
	uint8_t             newest[4];
	const struct due_in in = { { newest, sizeof(newest) } };
	struct page_of      p = { .kind = k };
	const struct tx     tx = { .name = "rewrap", .body = page_body, .arg = &p };
	struct row         *rows;

	for (size_t i = 0; i < sizeof(newest); i++)
		newest[i] = (uint8_t)(version >> (24 - 8 * i));
	if (!db_all(d->control, mem, k->select, &in, INTO(&rows, n, PAGE), e))
		return false;
	p.n = *n;
	p.sets = talloc_zero_array(mem, struct set_in, (unsigned)*n + 1);
	if (p.sets == NULL)
		return err_memory(e);
	for (size_t i = 0; i < *n; i++) {
		p.sets[i].was = rows[i];
		if (!wrap_one(d, mem, k, &p.sets[i], e))
			return false;
	}
	return *n == 0 || tx_run(d->control, &tx, e);
}

static bool
stopped(const struct rewrap_watch *w, const struct rewrap_at *at, struct err *e)
{
	return w->at(w->arg, at) &&
	       !err_set(e, ERR_GONE, 0, "It was stopped: run it again.", "stopped");
}

static bool
rewrap_kind(struct database *d, const struct kind *k, const struct rewrap_watch *w, int64_t total,
    int64_t *done, struct err *e)
{
	struct rewrap_at at = { .what = k->what, .total = total };
	size_t           n;
	bool             ok;

	do {
		TALLOC_CTX *mem = talloc_new(d);

		ok = (mem != NULL || err_memory(e)) && !stopped(w, &at, e) &&
		     rewrap_page(d, mem, k, &n, e);
		talloc_free(mem);
		at.done += ok ? (int64_t)n : 0;
	} while (ok && n > 0);
	*done += at.done;
	return ok && !stopped(w, &at, e);
}

bool
rewrap_rows(struct database *d, const struct rewrap_watch *w, int64_t *done, struct err *e)
{
	TALLOC_CTX     *mem = talloc_new(d);
	uint32_t        newest = keyring_newest(d->env.keyring);
	struct wrapped *list;
	size_t          n = 0;
	bool            ok = mem != NULL ? rewrap_count(d, mem, &list, &n, e) : err_memory(e);

	*done = 0;
	for (size_t i = 0; ok && i < KINDS; i++) {
		int64_t total = 0;

		for (size_t j = 0; j < n; j++)
			if (list[j].version != newest && strcmp(list[j].what, kinds[i].what) == 0)
				total += list[j].rows;
		ok = rewrap_kind(d, &kinds[i], w, total, done, e);
	}
	talloc_free(mem);
	return ok;
}

/* ---- accounts ---- */

struct name_in {
	const char *after;
};
static const struct field name_fields[] = {
	COLUMN(struct name_in, after),
	FIELD_END,
};
static const struct schema name_in = SCHEMA("RewrapNameIn", struct name_in, name_fields);
struct name_out {
	char *schema_name;
};
static const struct field name_out_fields[] = {
	COLUMN(struct name_out, schema_name),
	FIELD_END,
};
static const struct schema name_out = SCHEMA("RewrapName", struct name_out, name_out_fields);

/* One that is being made, or erased, is left to who does that. */
SQL(rewrap_select_accounts, SQL_CONTROL, &name_in, &name_out,
    "SELECT schema_name FROM (SELECT schema_name FROM tenants"
    " WHERE status IN ('active', 'suspended', 'deleting') AND schema_name > :after"
    " UNION SELECT schema_name FROM schema_pool WHERE state = 'ready' AND schema_name > :after) s"
    " ORDER BY schema_name LIMIT 100");
SQL(rewrap_count_accounts, SQL_CONTROL, NULL, &wrapped_out,
    "SELECT 'accounts' AS what, 0 AS version, (SELECT COUNT(*) FROM tenants"
    " WHERE status IN ('active', 'suspended', 'deleting'))"
    " + (SELECT COUNT(*) FROM schema_pool WHERE state = 'ready') AS `rows`");

/* *in: the newest password opens it. */
static bool
is_let_in(
    const struct provision *p, TALLOC_CTX *mem, const char *schema_name, bool *in, struct err *e)
{
	struct db *db = provision_sign_in(p, mem, schema_name, e);

	*in = db != NULL && db_exec(db, "rewrap_sign_in", "DO 1", e);
	if (db != NULL)
		db_close(db);
	if (*in || db == NULL || !rights_refused(e))
		return *in;
	err_clear(e);
	return true;
}

static bool
set_password(const struct provision *p, TALLOC_CTX *mem, const char *schema_name, struct err *e)
{
	const char **passwords = account_passwords(mem, p->env->keyring, schema_name, e);
	struct ddl   names = { .user = schema_name, .host = p->env->conf->db_account_host };

	if (passwords == NULL)
		return false;
	names.password = passwords[0];
	return ddl_run(p->prov, "rewrap_password", &names,
	    "ALTER USER IF EXISTS '{user}'@'{host}' IDENTIFIED BY '{password}'", e);
}

static bool
see_account(
    const struct provision *p, const char *schema_name, bool set, int64_t *behind, struct err *e)
{
	TALLOC_CTX *mem = talloc_new(p->d);
	bool        in = true, ok;

	ok = (mem != NULL || err_memory(e)) && is_let_in(p, mem, schema_name, &in, e) &&
	     (in || !set || set_password(p, mem, schema_name, e));
	*behind += ok && !in;
	talloc_free(mem);
	return ok || err_note(e, "the account %s", schema_name);
}

bool
rewrap_accounts(const struct provision *p, const struct rewrap_watch *w, bool set, int64_t *behind,
    struct err *e)
{
	TALLOC_CTX      *mem = talloc_new(p->d);
	struct rewrap_at at = { .what = "accounts" };
	struct name_in   in = { "" };
	struct wrapped   all;
	struct name_out *rows;
	size_t           n = PAGE;
	bool             ok;

	*behind = 0;
	if (conf_one_account(p->env->conf)) { /* its password is the host's */
		talloc_free(mem);
		return true;
	}
	ok = mem != NULL ? db_one(p->d->control, mem, &rewrap_count_accounts, NULL, &all, e)
			 : err_memory(e);
	at.total = ok ? all.rows : 0;
	while (ok && n == PAGE) {
		ok = db_all(
		    p->d->control, mem, &rewrap_select_accounts, &in, INTO(&rows, &n, PAGE), e);
		for (size_t i = 0; ok && i < n; i++, at.done++) {
			in.after = rows[i].schema_name;
			ok = !stopped(w, &at, e) && see_account(p, in.after, set, behind, e);
		}
	}
	ok = ok && !stopped(w, &at, e);
	talloc_free(mem);
	return ok;
}
