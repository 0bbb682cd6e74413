#include "core/store/tenant/tenant_db.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/secret.h"
#include "core/store/ddl.h"
#include "core/store/tenant/database.h"
#include "core/store/tx.h"

#define PASSWORD_LINE_MAX 1024

/* ---- making ---- */

static bool
read_line(int fd, const char *path, char *line, struct err *e)
{
	struct stat st;
	ssize_t     n;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_mode & 007) != 0)
		return err_set(e, ERR_INTERNAL, 0,
		    "a password file must be a file that others cannot read",
		    "%s is no file, or others can read it", path);
	n = read(fd, line, PASSWORD_LINE_MAX);
	if (n <= 0)
		return err_set(e, ERR_INTERNAL, 0, "a password file is empty", "%s is empty", path);
	line[n] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	return true;
}

char *
database_password_file(TALLOC_CTX *mem, const char *path, struct err *e)
{
	char *line = secret_alloc(mem, PASSWORD_LINE_MAX + 1);
	int   fd = open(path, O_RDONLY | O_CLOEXEC);
	bool  ok;

	if (line == NULL || fd < 0) {
		if (fd >= 0)
			close(fd);
		err_set(e, ERR_INTERNAL, 0, "a password file cannot be read", "%s cannot be read",
		    path);
		return NULL;
	}
	ok = read_line(fd, path, line, e);
	close(fd);
	return ok ? line : NULL;
}

struct db_options
database_options(const struct env *d)
{
	return (struct db_options) {
		.host = d->conf->db_host,
		.port = (unsigned)d->conf->db_port,
		.socket = d->conf->db_socket,
		.control = d->conf->db_control,
		.tls_ca = d->conf->db_tls_ca,
		.one_account = conf_one_account(d->conf),
		.keep = (unsigned)d->conf->db_kept_statements,
		.segment = d->segment,
		.clock = d->clock,
		.log = d->log,
	};
}

/* Under the service's account. */
static struct db *
make_service(struct database *d, TALLOC_CTX *mem, struct db_options *o, struct err *e)
{
	const struct conf *c = d->env.conf;
	const char       **derived = NULL;
	char              *line = NULL;
	struct db         *db;

	o->user = c->db_user;
	if (*c->db_password_file != '\0') {
		line = database_password_file(d, c->db_password_file, e);
		if (line == NULL)
			return NULL;
		o->password = line;
	} else {
		/* The server asks for it only when the account is not one of unix_socket. */
		derived = account_passwords(d, d->env.keyring, c->db_user, e);
		if (derived == NULL)
			return NULL;
		o->password = derived[0];
		o->older = derived + 1;
		o->keyring = d->env.keyring;
	}
	db = db_make(mem, o, e);
	talloc_free(line);
	talloc_free(derived);
	return db;
}

static bool
make_control(struct database *d, struct err *e)
{
	struct db_options o = database_options(&d->env);

	o.schema = d->env.conf->db_control;
	o.kind = "control";
	d->control = make_service(d, d, &o, e);
	return d->control != NULL;
}

static bool
check_conf(const struct conf *c, struct err *e)
{
	bool single = conf_one_account(c);

	if (single ? !ddl_is_place(c->db_control) : !ddl_is_schema(c->db_control))
		return err_set(e, ERR_INTERNAL, 0,
		    single ? "db.control must be of A-Z, a-z, 0-9 and _"
			   : "db.control must be 1 to 48 of a-z and 0-9",
		    "db.control is no schema name");
	if (single && *c->db_password_file == '\0')
		return err_set(e, ERR_INTERNAL, 0,
		    "db.isolation \"schema\" needs db.password_file: the account is the host's, "
		    "and so is its password",
		    "no password file");
	return true;
}

struct database *
database_make(TALLOC_CTX *mem, const struct env *env, struct err *e)
{
	struct database *d;

	if (!check_conf(env->conf, e))
		return NULL;
	d = talloc_zero(mem, struct database);
	if (d == NULL) {
		err_memory(e);
		return NULL;
	}
	d->env = *env;
	if (!make_control(d, e)) {
		talloc_free(d);
		return NULL;
	}
	return d;
}

struct db *
database_control(struct database *d)
{
	return d->control;
}

/* ---- tenant connections ---- */

static void
drop_conn(struct database *d, struct tenant_conn **at)
{
	struct tenant_conn *x = *at;

	*at = x->next;
	d->conns_n--;
	db_close(x->tdb.db);
	talloc_free(x);
}

/* Closes the least recently used ones that nobody holds, until there is room for `room` more. */
static void
make_room(struct database *d, int64_t room)
{
	while (d->conns_n + room > d->env.conf->db_tenant_connections) {
		struct tenant_conn **last = NULL;

		for (struct tenant_conn **at = &d->conns; *at != NULL; at = &(*at)->next)
			if ((*at)->turn != d->turn)
				last = at;
		if (last == NULL)
			return;
		drop_conn(d, last);
	}
}

void
database_tidy(struct database *d)
{
	int64_t              idle_ms = d->env.conf->db_idle_s * 1000;
	int64_t              now = clock_ms(d->env.clock);
	struct tenant_conn **at = &d->conns;

	d->turn++;
	tx_rollback(d->control);
	while (*at != NULL) {
		tx_rollback((*at)->tdb.db);
		(*at)->tdb.tenant = NULL;
		if (now - db_used_ms((*at)->tdb.db) > idle_ms)
			drop_conn(d, at);
		else
			at = &(*at)->next;
	}
	make_room(d, 0);
	registry_tidy(d);
}

void
database_close_all(struct database *d)
{
	while (d->conns != NULL)
		drop_conn(d, &d->conns);
	registry_forget(d);
	tx_rollback(d->control);
	db_close(d->control);
}

struct placed_in {
	const char *schema_name;
};
static const struct field placed_in_fields[] = {
	COLUMN(struct placed_in, schema_name),
	FIELD_END,
};
static const struct schema placed_in = SCHEMA("PlacedIn", struct placed_in, placed_in_fields);
struct placed {
	char *place;
};
static const struct field placed_fields[] = {
	COLUMN(struct placed, place),
	FIELD_END,
};
static const struct schema placed_out = SCHEMA("Placed", struct placed, placed_fields);
SQL(database_select_place, SQL_CONTROL, &placed_in, &placed_out,
    "SELECT place FROM schema_places WHERE schema_name = :schema_name");

bool
database_place(
    struct database *d, TALLOC_CTX *mem, const char *schema_name, char **place, struct err *e)
{
	const struct placed_in in = { schema_name };
	struct placed          row;

	if (!db_one(d->control, mem, &database_select_place, &in, &row, e))
		return false;
	*place = row.place;
	return ddl_is_place(*place) ||
	       err_set(e, ERR_INTERNAL, 0, "internal error", "%s: bad place", schema_name);
}

/* Under an account of its own, which may do nothing elsewhere. */
static struct db *
make_apart(struct database *d, TALLOC_CTX *mem, struct db_options *o, bool older, struct err *e)
{
	const char **derived = account_passwords(mem, d->env.keyring, o->schema, e);
	struct db   *db;

	if (derived == NULL)
		return NULL;
	o->user = o->schema;
	o->keyring = older ? d->env.keyring : NULL;
	o->password = derived[0];
	o->older = older ? derived + 1 : NULL;
	db = db_make(mem, o, e);
	talloc_free(derived);
	return db;
}

struct db *
database_schema(
    struct database *d, TALLOC_CTX *mem, const char *schema_name, bool older, struct err *e)
{
	struct db_options o = database_options(&d->env);
	char             *place = NULL;
	struct db        *db;

	o.schema = schema_name;
	o.kind = "tenant";
	if (!o.one_account)
		return make_apart(d, mem, &o, older, e);
	if (!database_place(d, mem, schema_name, &place, e))
		return NULL;
	o.place = place;
	db = make_service(d, mem, &o, e);
	talloc_free(place);
	return db;
}

/* Its newest keys: those that were read with its row, else read now. */
static bool
first_keys(struct tenant_conn *x, struct err *e)
{
	struct database             *d = x->owner;
	const struct registry_entry *have = registry_have(d, &x->tenant_id);

	if (have == NULL || !have->has_key)
		return tenant_keys_load(
		    d, &x->tenant_id, 0, &x->tdb.data_key, x->tdb.address_key, e);
	return tenant_key_unwrap(d, &have->key, &x->tdb.data_key, x->tdb.address_key, e);
}

static bool
connect_tenant(struct tenant_conn *x, const struct tenant *t, struct err *e)
{
	struct database *d = x->owner;

	x->tdb.db = database_schema(d, x, t->schema_name, true, e);
	x->tdb.rand = d->env.rand;
	x->keys_ms = clock_ms(d->env.clock);
	return x->tdb.db != NULL && first_keys(x, e);
}

static void
keep_key(struct tenant_conn *x, const struct seal_key *k)
{
	x->others[x->others_n++ % TENANT_KEYS_KEPT] = *k;
}

static bool
read_keys(struct tenant_conn *x, struct err *e)
{
	struct seal_key now = { 0 };
	bool ok = tenant_keys_load(x->owner, &x->tenant_id, 0, &now, x->tdb.address_key, e);

	if (ok && now.version != x->tdb.data_key.version) {
		keep_key(x, &x->tdb.data_key);
		x->tdb.data_key = now;
	}
	x->keys_ms = clock_ms(x->owner->env.clock);
	secret_wipe(&now, sizeof(now));
	return ok;
}

/* What cannot be read now is as it was; a tenant that has no key any more is being erased. */
static bool
look_at_keys(struct tenant_conn *x, struct err *e)
{
	struct err why = { 0 };

	if (clock_ms(x->owner->env.clock) - x->keys_ms < TENANT_KEYS_MS || read_keys(x, &why) ||
	    why.code != ERR_MISSING)
		return true;
	*e = why;
	return false;
}

static struct tenant_conn *
make_conn(struct database *d, const struct tenant *t, struct err *e)
{
	struct tenant_conn *x = talloc_zero(d, struct tenant_conn);

	if (x == NULL) {
		err_memory(e);
		return NULL;
	}
	secret_guard(x);
	x->owner = d;
	x->tenant_id = t->id;
	if (!connect_tenant(x, t, e)) {
		talloc_free(x);
		return NULL;
	}
	d->conns_n++;
	return x;
}

/* Out of the list, or NULL. */
static struct tenant_conn *
take_conn(struct database *d, const struct tenant *t)
{
	for (struct tenant_conn **at = &d->conns; *at != NULL; at = &(*at)->next) {
		struct tenant_conn *x = *at;

		if (!uuid_eq(&x->tenant_id, &t->id) ||
		    strcmp(db_schema(x->tdb.db), t->schema_name) != 0)
			continue;
		*at = x->next;
		return x;
	}
	return NULL;
}

bool
tenant_db_open(struct database *d, const struct tenant *t, bool any_status, struct tenant_db **tdb,
    struct err *e)
{
	struct tenant_conn *x;

	if (!any_status && strcmp(t->status, "active") != 0)
		return err_set(e, ERR_FORBIDDEN, 0, "This tenant is not active.", "tenant %s is %s",
		    t->slug, t->status);
	if (!ddl_is_schema(t->schema_name))
		return err_set(
		    e, ERR_INTERNAL, 0, "internal error", "tenant %s: bad schema name", t->slug);
	x = take_conn(d, t);
	if (x == NULL) {
		make_room(d, 1);
		x = make_conn(d, t, e);
	}
	if (x == NULL)
		return false;
	x->next = d->conns;
	d->conns = x;
	x->turn = d->turn;
	x->tdb.tenant = t;
	*tdb = &x->tdb;
	return look_at_keys(x, e);
}

static struct tenant_conn *
conn_of(struct tenant_db *t)
{
	return (struct tenant_conn *)(void *)((char *)t - offsetof(struct tenant_conn, tdb));
}

static bool
tenant_db_key(struct tenant_db *tdb, uint32_t version, struct seal_key *out, struct err *e)
{
	struct tenant_conn *x = conn_of(tdb);
	uint8_t             address[KEY_LEN];
	bool                ok;

	if (version == tdb->data_key.version) {
		*out = tdb->data_key;
		return true;
	}
	for (unsigned i = 0; version != 0 && i < TENANT_KEYS_KEPT; i++)
		if (x->others[i].version == version) {
			*out = x->others[i];
			return true;
		}
	if (version == 0) /* no sealed value; 0 would mean the newest below */
		return err_set(e, ERR_INTERNAL, SEAL_REFUSED, "internal error",
		    "ciphertext refused: no key version");
	ok = tenant_keys_load(x->owner, &x->tenant_id, version, out, address, e);
	secret_wipe(address, sizeof(address));
	if (ok)
		keep_key(x, out);
	if (!ok && e->code == ERR_MISSING) {
		err_clear(e);
		return err_set(e, ERR_INTERNAL, SEAL_REFUSED, "internal error",
		    "ciphertext refused: the tenant has no key of version %u", (unsigned)version);
	}
	return ok;
}

bool
tenant_db_fresh(struct tenant_db *tdb, struct err *e)
{
	return read_keys(conn_of(tdb), e);
}

bool
tenant_golden_key(
    const struct tenant_db *tdb, uint32_t version, struct seal_key *out, struct err *e)
{
	const struct tenant_conn *x =
	    (const struct tenant_conn *)(const void *)((const char *)tdb -
						       offsetof(struct tenant_conn, tdb));
	const struct keyring *k = x->owner->env.keyring;

	out->version = version == 0 ? keyring_newest(k) : version;
	return keyring_subkey(k, out->version, KEY_GOLDEN, STR(""), out->key, e);
}

char *
tenant_golden_place(TALLOC_CTX *mem, const struct uuid *id, uint64_t version, struct err *e)
{
	char  text[UUID_TEXT_MAX];
	char *row, *place;

	uuid_print(id, text);
	row = talloc_asprintf(mem, "%s.%llu", text, (unsigned long long)version);
	place = row == NULL ? NULL : seal_place(mem, "bsx", "golden_shared", "body", str_of(row));
	if (place == NULL)
		err_memory(e);
	return place;
}

/* ---- sealed fields ---- */

/* Also what tells the tenants apart: the schema is part of it. */
static char *
place_text(TALLOC_CTX *mem, const struct tenant_db *t, const struct sealed_place *at, struct err *e)
{
	char *text = seal_place(mem, db_schema(t->db), at->table, at->column,
	    (struct str) { (const char *)at->row->b, sizeof(at->row->b) });

	if (text == NULL)
		err_memory(e);
	return text;
}

bool
tenant_seal(struct tenant_db *t, TALLOC_CTX *mem, struct sealed_place place, struct str plain,
    struct blob *sealed, struct err *e)
{
	char *text = place_text(mem, t, &place, e);
	bool  ok = text != NULL && seal_close(mem, &t->data_key, t->rand, text, plain, sealed, e);

	talloc_free(text);
	return ok;
}

static void
remember(struct tenant_conn *x, const struct sealed_place *at)
{
	struct database      *d = x->owner;
	struct sealed_refusal now = { .tenant = x->tenant_id, .row = *at->row };

	snprintf(now.table, sizeof(now.table), "%s", at->table);
	snprintf(now.column, sizeof(now.column), "%s", at->column);
	for (unsigned i = 0; i < d->refusals_n; i++)
		if (uuid_eq(&d->refusals[i].tenant, &now.tenant) &&
		    uuid_eq(&d->refusals[i].row, &now.row) &&
		    strcmp(d->refusals[i].table, now.table) == 0 &&
		    strcmp(d->refusals[i].column, now.column) == 0)
			return;
	if (d->refusals_n < SEALED_REFUSALS)
		d->refusals[d->refusals_n++] = now;
	else
		d->refusals_more++;
}

bool
database_refusal(struct database *d, struct sealed_refusal *out)
{
	if (d->refusals_n == 0)
		return false;
	*out = d->refusals[--d->refusals_n];
	out->more = d->refusals_more;
	d->refusals_more = 0;
	return true;
}

/* The place, for who reads the log. */
static bool
refuse_place(struct tenant_db *t, const struct sealed_place *at, struct err *e)
{
	char row[UUID_TEXT_MAX];

	if (e->sys != SEAL_REFUSED)
		return false;
	remember(conn_of(t), at);
	uuid_print(at->row, row);
	return err_note(e, "%s.%s of %s", at->table, at->column, row);
}

bool
tenant_open(struct tenant_db *t, TALLOC_CTX *mem, struct sealed_place place, struct blob sealed,
    struct str *plain, struct err *e)
{
	struct seal_key key = { 0 };
	char           *text = place_text(mem, t, &place, e);
	bool            ok;

	ok = text != NULL && tenant_db_key(t, seal_version(sealed), &key, e) &&
	     seal_open(mem, &key, text, sealed, plain, e);
	secret_wipe(&key, sizeof(key));
	talloc_free(text);
	return ok || refuse_place(t, &place, e);
}
