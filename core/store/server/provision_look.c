/* provision.h: whether a tenant's schema has all that migrating would give it; looking changes
 * nothing. */
#include "core/store/ddl.h"
#include "core/store/identity/audit_rows.h"
#include "core/store/identity/audit_tree_rows.h"
#include "core/store/server/provision_priv.h"
#include "core/store/server/rights.h"
#include "core/store/tenant/database.h"

struct definer_in {
	const char *definer, *schema_name;
};
static const struct field definer_fields[] = {
	COLUMN(struct definer_in, definer),
	COLUMN(struct definer_in, schema_name),
	FIELD_END,
};
static const struct schema definer_in = SCHEMA("DefinerIn", struct definer_in, definer_fields);

struct definer_rights {
	int64_t n;
};
static const struct field definer_rights_fields[] = {
	COLUMN(struct definer_rights, n),
	FIELD_END,
};
static const struct schema definer_rights =
    SCHEMA("DefinerRights", struct definer_rights, definer_rights_fields);

#define RIGHTS_OF_DEFINER 2
SQL(definer_select_rights, SQL_CONTROL, &definer_in, &definer_rights,
    "SELECT COUNT(*) AS n FROM information_schema.SCHEMA_PRIVILEGES WHERE grantee = :definer"
    " AND table_schema = :schema_name AND privilege_type IN ('SELECT', 'TRIGGER')");

struct db *
provision_sign_in(
    const struct provision *p, TALLOC_CTX *mem, const char *schema_name, struct err *e)
{
	return database_schema(p->d, mem, schema_name, false, e);
}

/* An account sees the procedures that it may execute, and no others. */
static bool
may_execute(const struct provision *p, TALLOC_CTX *tmp, struct db *db, bool *yes, struct err *e)
{
	const char *control = p->env->conf->db_control;
	size_t      due, has;

	if (!provision_routines(p->prov, tmp, control, NULL, &due, e) ||
	    !provision_routines(db, tmp, control, NULL, &has, e))
		return false;
	*yes = has == due;
	return true;
}

static bool
has_rights(const struct provision *p, TALLOC_CTX *tmp, struct db *db, bool *yes, struct err *e)
{
	const struct conf      *c = p->env->conf;
	const char             *schema = db_schema(db);
	const struct rights_due due = { .schema = schema };
	struct definer_in       in = { .schema_name = schema };
	struct definer_rights   definer;
	struct rights           r;

	*yes = conf_one_account(c); /* which nobody has granted here */
	if (*yes)
		return true;
	in.definer = talloc_asprintf(tmp, "'%sdefiner'@'localhost'", c->db_control);
	if (in.definer == NULL)
		return err_memory(e);
	if (!rights_look_at(db, tmp, schema, c->db_account_host, &due, &r, e) ||
	    !db_one(p->prov, tmp, &definer_select_rights, &in, &definer, e) ||
	    !may_execute(p, tmp, db, yes, e))
		return false;
	*yes = *yes && *r.missing == '\0' && *r.excess == '\0' && definer.n == RIGHTS_OF_DEFINER;
	return true;
}

static bool
is_guarded(const struct tenant *t, struct db *db, bool *yes, struct err *e)
{
	struct tenant_db tdb = { .tenant = t, .db = db };
	bool             tree;

	if (!audit_guarded(&tdb, yes, e) || !audit_tree_guarded(&tdb, &tree, e))
		return false;
	*yes = *yes && tree;
	return true;
}

bool
provision_lacks_nothing(const struct provision *p, const struct tenant *t)
{
	TALLOC_CTX *tmp = talloc_new(p->d);
	struct err  e = { 0 };
	struct db  *db = tmp != NULL ? provision_sign_in(p, tmp, t->schema_name, &e) : NULL;
	bool        rights = false, guarded = false, ok;

	ok = db != NULL && t->schema_version >= migrate_newest(SQL_TENANT) &&
	     migrate_check(db, SQL_TENANT, migrations, &e) && has_rights(p, tmp, db, &rights, &e) &&
	     is_guarded(t, db, &guarded, &e);
	if (db != NULL)
		db_close(db);
	talloc_free(tmp);
	return ok && rights && guarded;
}
