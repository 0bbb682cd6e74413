#include "core/store/server/provision_priv.h"

#include <string.h>

#include "core/base/unicode.h"
#include "core/store/db_priv.h"
#include "core/store/ddl.h"
#include "core/store/identity/audit_rows.h"
#include "core/store/identity/keys.h"
#include "core/store/server/placement.h"
#include "core/store/server/rights.h"
#include "core/store/tenant/database.h"
#include "core/store/tx.h"

#define ROUTINES_MAX 200
#define HEAD_GUARDS  36 /* that of the control schema for its heads */

static const struct field routine_fields[] = {
	FIELD(struct routine, name, .doc = "Procedure."),
	FIELD_END,
};
static const struct schema routine_schema = SCHEMA("Routine", struct routine, routine_fields);

struct by_text {
	char *text;
};
static const struct field by_text_fields[] = {
	FIELD(struct by_text, text, .doc = "Name."),
	FIELD_END,
};
static const struct schema by_text_schema =
    SCHEMA("ProvisionByText", struct by_text, by_text_fields);

struct count {
	int64_t n;
};
static const struct field count_fields[] = {
	FIELD(struct count, n, .doc = "How many."),
	FIELD_END,
};
static const struct schema count_schema = SCHEMA("UserCount", struct count, count_fields);

struct done {
	int64_t     schema_version;
	struct uuid id;
};
static const struct field done_fields[] = {
	FIELD(struct done, schema_version, .doc = "Newest migration applied."),
	FIELD(struct done, id, .doc = "Tenant."),
	FIELD_END,
};
static const struct schema done_schema = SCHEMA("TenantDone", struct done, done_fields);

SQL(routine_list, SQL_CONTROL, &by_text_schema, &routine_schema,
    "SELECT ROUTINE_NAME AS name FROM information_schema.ROUTINES"
    " WHERE ROUTINE_SCHEMA = :text AND ROUTINE_TYPE = 'PROCEDURE' ORDER BY 1");
struct begin_in {
	struct tenant_registration r;
	const char                *schema_name;
	int64_t                    newest;
	instant                    created_at;
};
static const struct field begin_fields[] = {
	COLUMN_AS(struct begin_in, r.id, "id"),
	COLUMN_AS(struct begin_in, r.slug, "slug"),
	COLUMN_AS(struct begin_in, r.name, "name"),
	COLUMN_AS(struct begin_in, r.settings, "settings"),
	COLUMN(struct begin_in, schema_name),
	COLUMN(struct begin_in, newest),
	COLUMN(struct begin_in, created_at),
	FIELD_END,
};
static const struct schema begin_schema = SCHEMA("TenantBeginIn", struct begin_in, begin_fields);
SQL(tenant_call_begin, SQL_TENANT, &begin_schema, NULL,
    "CALL bsx.tenant_begin(:id, :slug, :name, :settings, :schema_name, :newest, :created_at)");
SQL(tenant_made, SQL_CONTROL, &done_schema, NULL,
    "UPDATE tenants SET schema_version = :schema_version, status = 'active'"
    " WHERE id = :id AND status = 'provisioning'");
SQL(tenant_any_user, SQL_TENANT, NULL, &count_schema,
    "SELECT COUNT(*) AS n FROM (SELECT 1 FROM users LIMIT 1) AS one");

static bool
run_each(
    struct db *prov, const char *name, const struct ddl *d, const char *const *texts, struct err *e)
{
	for (; *texts != NULL; texts++)
		if (!ddl_run(prov, name, d, *texts, e))
			return false;
	return true;
}

/* ---- control schema ---- */

/*
 * Procedures run as an account that nobody can sign in to, so that they go on
 * working when the provisioning account is dropped, and can do no more than
 * what this grants.
 */
static const char *const control_sql[] = {
	"CREATE DATABASE IF NOT EXISTS `{schema}` CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
	"CREATE USER IF NOT EXISTS '{control}definer'@'localhost'"
	" IDENTIFIED VIA mysql_native_password USING 'invalid' ACCOUNT LOCK",
	"GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE, TRIGGER ON `{control}`.*"
	" TO '{control}definer'@'localhost'",
	NULL
};

/* Somebody else has made it. */
static const char *const control_single_sql[] = {
	"ALTER DATABASE `{schema}` CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin", NULL
};

static const char *const account_sql[] = {
	"CREATE USER IF NOT EXISTS '{user}'@'{host}' IDENTIFIED BY '{password}'",
	"ALTER USER '{user}'@'{host}' IDENTIFIED BY '{password}'", NULL
};

static const char *const service_sql[] = {
	"GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE ON `{control}`.* TO '{user}'@'{host}'", NULL
};

/*
 * The account, with that password.  What it may do beyond its due is taken back, and only then: for
 * the moment until it is granted its due again it may do nothing.
 */
static bool
make_account(struct db *prov, const struct ddl *names, const struct rights_due *due, struct err *e)
{
	TALLOC_CTX   *tmp = talloc_new(prov);
	struct rights have;
	bool          ok = tmp != NULL;

	if (!ok)
		err_memory(e);
	ok = ok && run_each(prov, "provision_account", names, account_sql, e) &&
	     rights_look_at(prov, tmp, names->user, names->host, due, &have, e);
	if (ok && *have.excess != '\0')
		ok = ddl_run(prov, "provision_take_back", names,
		    "REVOKE ALL PRIVILEGES, GRANT OPTION FROM '{user}'@'{host}'", e);
	talloc_free(tmp);
	return ok;
}

bool
provision_service(const struct provision *p, struct err *e)
{
	struct db         *prov = p->prov;
	struct database   *d = p->d;
	const struct conf *c = p->env->conf;
	struct ddl         names = { .control = c->db_control,
			.user = c->db_user,
			.host = c->db_account_host,
			.password = d->control->o.password };
	struct rights_due  due = { .schema = c->db_control, .execute = true };

	if (conf_one_account(c)) /* it is the host's, with what that gives it */
		return true;
	if (strcmp(c->db_user, prov->o.user) == 0)
		return err_set(e, ERR_INTERNAL, 0, "db.user must not be the provisioning account",
		    "the service account is the provisioning account");
	if (make_account(prov, &names, &due, e) &&
	    run_each(prov, "provision_service", &names, service_sql, e)) {
		db_close(d->control); /* the server reads rights at sign-in */
		return true;
	}
	return err_note(
	    e, "making the service account (its password may hold A-Z a-z 0-9 - _ only)");
}

/* Somebody with the database has taken the triggers of the heads away. */
static bool
guard_heads(struct db *control, struct err *e)
{
	bool guarded;

	return audit_heads_guarded(control, &guarded, e) &&
	       (guarded || migrate_repeat(control, SQL_CONTROL, HEAD_GUARDS, e));
}

bool
provision_control(const struct provision *p, struct err *e)
{
	const char *control = p->env->conf->db_control;
	bool        single = conf_one_account(p->env->conf);
	struct ddl  names = { .schema = control, .control = control, .one_account = single };
	struct db  *db;
	bool        ok;

	if (!run_each(
		p->prov, "provision_control", &names, single ? control_single_sql : control_sql, e))
		return single ? err_note(e, "in the schema %s, which must be there", control)
			      : false;
	db = provision_schema_db(p, control, e);
	ok = db != NULL && migrate_run(db, SQL_CONTROL, migrations, NULL, e) &&
	     guard_heads(db, e) && provision_service(p, e) && signing_keys_ensure(p->d, e);
	if (db != NULL)
		db_close(db);
	talloc_free(db);
	return ok;
}

/* ---- tenants ---- */

static const char *const tenant_sql[] = {
	"CREATE DATABASE IF NOT EXISTS `{schema}` CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
	"GRANT SELECT, INSERT, UPDATE, DELETE ON `{schema}`.* TO '{user}'@'{host}'",
	"GRANT SELECT, TRIGGER ON `{schema}`.* TO '{control}definer'@'localhost'", /* of audit */
	NULL
};

bool
provision_routines(struct db *db, TALLOC_CTX *mem, const char *control, struct routine **list,
    size_t *n, struct err *e)
{
	struct by_text  in = { talloc_strdup(mem, control) };
	struct routine *all;

	if (in.text == NULL)
		return err_memory(e);
	return db_all(
	    db, mem, &routine_list, &in, INTO(list != NULL ? list : &all, n, ROUTINES_MAX), e);
}

static bool
grant_routines(struct db *prov, struct ddl *names, struct err *e)
{
	TALLOC_CTX     *tmp = talloc_new(prov);
	struct routine *r;
	size_t          n = 0;
	bool            ok = provision_routines(prov, tmp, names->control, &r, &n, e);

	for (size_t i = 0; i < n && ok; i++) {
		names->routine = r[i].name;
		ok = ddl_run(prov, "provision_grant", names,
		    "GRANT EXECUTE ON PROCEDURE `{control}`.`{routine}` TO '{user}'@'{host}'", e);
	}
	talloc_free(tmp);
	return ok;
}

/* With an account of its own. */
static bool
make_apart(struct db *prov, const struct env *env, const char *schema_name, struct err *e)
{
	struct ddl        names = { .schema = schema_name,
		       .control = env->conf->db_control,
		       .user = schema_name,
		       .host = env->conf->db_account_host };
	struct rights_due due = { .schema = schema_name };
	const char      **passwords = account_passwords(prov, env->keyring, schema_name, e);
	bool              ok;

	if (passwords == NULL)
		return false;
	names.password = passwords[0];
	ok = make_account(prov, &names, &due, e) &&
	     run_each(prov, "provision_tenant", &names, tenant_sql, e) &&
	     grant_routines(prov, &names, e);
	talloc_free(passwords);
	return ok;
}

bool
provision_account(const struct provision *p, const char *schema_name, struct err *e)
{
	return conf_one_account(p->env->conf) ? placement_take(p, schema_name, e)
					      : make_apart(p->prov, p->env, schema_name, e);
}

bool
provision_migrate(const struct provision *p, const char *schema_name, int64_t version, int *applied,
    struct err *e)
{
	struct db              *db = provision_schema_db(p, schema_name, e);
	struct migrate_watch    w = { 0 };
	const struct migration *list;
	bool                    ok;

	ok = db != NULL && (list = migrate_list(db, SQL_TENANT, version, e)) != NULL &&
	     migrate_run(db, SQL_TENANT, list, &w, e);

	*applied = w.applied;
	if (db != NULL)
		db_close(db);
	talloc_free(db);
	return ok;
}

char *
provision_schema_name(TALLOC_CTX *mem, struct rand *r, struct err *e)
{
	uint8_t number[8];
	char    hex[2 * sizeof(number) + 1], *name;

	rand_fill(r, number, sizeof(number));
	hex_print(number, sizeof(number), hex);
	name = talloc_asprintf(mem, "bsxt%s", hex);
	if (name == NULL)
		err_memory(e);
	return name;
}

static bool
is_slug(const char *z)
{
	size_t n = strlen(z);

	return n >= 2 && n <= 63 && strspn(z, "abcdefghijklmnopqrstuvwxyz0123456789-") == n &&
	       z[0] != '-' && z[n - 1] != '-';
}

bool
provision_register(
    struct db *db, const struct env *env, const struct tenant_registration *in, struct err *e)
{
	TALLOC_CTX     *tmp = talloc_new(db);
	struct begin_in x = { .r = *in,
		.newest = in->apart ? INT32_MAX : migrate_newest(SQL_TENANT),
		.created_at = { clock_ms(env->clock) } };
	bool            ok;

	if (tmp == NULL)
		return err_memory(e);
	x.schema_name = provision_schema_name(tmp, env->rand, e);
	ok = x.schema_name != NULL && db_run(db, &tenant_call_begin, &x, NULL, e);
	talloc_free(tmp);
	return ok;
}

struct registering {
	const struct env                 *env;
	const struct tenant_registration *in;
};

static bool
register_body(struct db *db, void *arg, struct err *e)
{
	const struct registering *w = arg;

	return provision_register(db, w->env, w->in, e);
}

static bool
register_tenant(
    struct database *d, const struct env *env, const char *slug, const char *name, struct err *e)
{
	const struct tenant_registration in = { uuid_make(env->clock, env->rand), slug, name,
		"{}" };
	struct registering               w = { env, &in };
	const struct tx tx = { .name = "tenant_begin", .body = register_body, .arg = &w };

	return tx_run(d->control, &tx, e);
}

/* The row of an unfinished registration, made when there is none. */
static bool
find_or_register(struct database *d, const struct env *env, const char *slug, const char *name,
    const struct tenant **t, struct err *e)
{
	registry_forget(d);
	if (!tenant_by_slug(d, str_of(slug), t, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		if (!register_tenant(d, env, slug, name, e) ||
		    !tenant_by_slug(d, str_of(slug), t, e))
			return false;
	}
	if (strcmp((*t)->status, "provisioning") == 0 && !provision_is_import(*t))
		return true;
	return err_set(e, ERR_CONFLICT, 0, "A tenant of that name exists.", "tenant %s is %s", slug,
	    (*t)->status);
}

static bool
copy_tenant(TALLOC_CTX *mem, const struct tenant *t, struct tenant *out, struct err *e)
{
	*out = *t;
	out->slug = talloc_strdup(mem, t->slug);
	out->name = talloc_strdup(mem, t->name);
	out->schema_name = talloc_strdup(mem, t->schema_name);
	out->status = talloc_strdup(mem, t->status);
	out->settings.text = talloc_strdup(mem, t->settings.text);
	out->settings_pending = talloc_strdup(mem, t->settings_pending);
	out->quota.text = talloc_strdup(mem, t->quota.text);
	out->status_reason = talloc_strdup(mem, t->status_reason);
	if (out->slug == NULL || out->name == NULL || out->schema_name == NULL ||
	    out->status == NULL || out->settings.text == NULL || out->quota.text == NULL ||
	    out->status_reason == NULL || out->settings_pending == NULL)
		return err_memory(e);
	return true;
}

/* What stands in the place of a name elsewhere, or would be taken for somebody else. */
static const char *const reserved[] = { "all", "api", "bsx", "bsxctl", "console", "driftd",
	"health", "localhost", "me", "metrics", "none", "null", "root", "self", "system",
	"undefined", NULL };

bool
provision_check_slug(const char *slug, struct err *e)
{
	if (!is_slug(slug))
		return err_set(e, ERR_INVALID, 0,
		    "A tenant's name in addresses is 2 to 63 of a-z, 0-9 and -, without - at the "
		    "ends.",
		    "bad slug");
	for (const char *const *word = reserved; *word != NULL; word++)
		if (strcmp(slug, *word) == 0)
			return err_set(
			    e, ERR_INVALID, 0, "This name is reserved.", "reserved slug");
	return true;
}

bool
provision_check_names(
    TALLOC_CTX *mem, const char *slug, const char *name, const char **kept, struct err *e)
{
	struct str out;
	struct err why = { 0 };

	if (!provision_check_slug(slug, e))
		return false;
	if (!unicode_name(mem, str_of(name), TENANT_NAME_MAX, &out, &why)) {
		*e = why;
		if (e->code == ERR_INVALID)
			snprintf(e->pub, sizeof(e->pub), "A tenant's name %.150s.", why.pub);
		return false;
	}
	*kept = out.p;
	return true;
}

bool
provision_tenant_begin(const struct provision *p, TALLOC_CTX *mem, const char *slug,
    const char *name, struct tenant *out, struct err *e)
{
	const struct tenant *t;

	if (!provision_check_names(mem, slug, name, &name, e) ||
	    (conf_one_account(p->env->conf) && !placement_check(p->d, e)) ||
	    !find_or_register(p->d, p->env, slug, name, &t, e))
		return false;
	if (!tenant_keys_ensure(p->d, &t->id, e) ||
	    !provision_schema(p, t, migrate_newest(SQL_TENANT), e))
		return err_note(e, "making tenant %s", slug);
	return copy_tenant(mem, t, out, e);
}

bool
provision_tenant_finish(struct database *d, const struct uuid *id, struct err *e)
{
	struct done done = { migrate_newest(SQL_TENANT), *id };
	bool        ok = db_run(d->control, &tenant_made, &done, NULL, e);

	registry_forget(d);
	return ok;
}

bool
provision_tenant(const struct provision *p, TALLOC_CTX *mem, const char *slug, const char *name,
    struct tenant *out, struct err *e)
{
	struct tenant        begun;
	const struct tenant *t;

	return provision_tenant_begin(p, mem, slug, name, &begun, e) &&
	       provision_tenant_finish(p->d, &begun.id, e) &&
	       tenant_by_id(p->d, &begun.id, &t, e) && copy_tenant(mem, t, out, e);
}

bool
tenant_has_users(struct tenant_db *t, bool *has, struct err *e)
{
	struct count c;

	if (!db_one(t->db, t->db, &tenant_any_user, NULL, &c, e))
		return false;
	*has = c.n > 0;
	return true;
}
