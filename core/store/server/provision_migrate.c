/* provision.h: schemas brought up to date, with their accounts, rights and guards. */
#include <string.h>

#include "core/store/identity/audit_rows.h"
#include "core/store/identity/audit_tree_rows.h"
#include "core/store/server/provision_priv.h"
#include "core/store/tenant/database.h"

#define AUDIT_GUARDS                                                                               \
	24             /* the migrations of tenants that make the triggers of the audit trail ... */
#define TREE_GUARDS 53 /* ... and of its tree */

struct done {
	int64_t     schema_version;
	struct uuid id;
};
static const struct field done_fields[] = {
	COLUMN(struct done, schema_version),
	COLUMN(struct done, id),
	FIELD_END,
};
static const struct schema done_schema = SCHEMA("TenantMigratedIn", struct done, done_fields);
SQL(tenant_migrated, SQL_CONTROL, &done_schema, NULL,
    "UPDATE tenants SET schema_version = :schema_version WHERE id = :id");

/* Also of one of the pool: whatever an earlier try has left is repaired. */
bool
provision_schema(const struct provision *p, const struct tenant *t, int64_t version, struct err *e)
{
	struct done done = { version, t->id };
	int         applied;

	return provision_account(p, t->schema_name, e) &&
	       provision_migrate(p, t->schema_name, version, &applied, e) &&
	       db_run(p->d->control, &tenant_migrated, &done, NULL, e);
}

/* Somebody with the database has taken the triggers away: the migration that makes them is
 * repeated. */
static bool
guard_tenant(const struct provision *p, const struct tenant *t, struct err *e)
{
	struct tenant_db *tdb;
	struct db        *db;
	bool              guarded, tree, ok;

	if (!tenant_db_open(p->d, t, true, &tdb, e) || !audit_guarded(tdb, &guarded, e) ||
	    !audit_tree_guarded(tdb, &tree, e))
		return false;
	if (guarded && tree)
		return true;
	db = provision_schema_db(p, t->schema_name, e);
	ok = db != NULL && (guarded || migrate_repeat(db, SQL_TENANT, AUDIT_GUARDS, e)) &&
	     (tree || migrate_repeat(db, SQL_TENANT, TREE_GUARDS, e));
	if (db != NULL)
		db_close(db);
	talloc_free(db);
	return ok;
}

bool
provision_migrate_tenant(const struct provision *p, const struct tenant *t,
    struct provision_migrated *out, struct err *e)
{
	struct done done = { migrate_newest(SQL_TENANT), t->id };

	*out = (struct provision_migrated) { .current = provision_lacks_nothing(p, t) };
	return out->current ||
	       (provision_account(p, t->schema_name, e) &&
		   provision_migrate(p, t->schema_name, done.schema_version, &out->applied, e) &&
		   guard_tenant(p, t, e) &&
		   db_run(p->d->control, &tenant_migrated, &done, NULL, e)) ||
	       err_note(e, "migrating tenant %s", t->slug);
}
