/* provision.h: a tenant that is made of an archive, from its registration until it is whole. */
#include <string.h>

#include "core/store/id_list.h"
#include "core/store/server/provision_priv.h"
#include "core/store/tenant/database.h"
#include "core/store/tx.h"

struct importing {
	struct uuid id;
	const char *quota, *mark;
	int64_t     schema_version;
};
static const struct field mark_fields[] = {
	COLUMN(struct importing, id),
	COLUMN(struct importing, quota),
	COLUMN(struct importing, mark),
	FIELD_END,
};
static const struct schema mark_in = SCHEMA("ImportMarkIn", struct importing, mark_fields);
static const struct field  end_fields[] = {
	 COLUMN(struct importing, id),
	 COLUMN(struct importing, schema_version),
	 FIELD_END,
};
static const struct schema end_in = SCHEMA("ImportEndIn", struct importing, end_fields);

struct of_schema {
	const char *schema_name;
};
static const struct field of_fields[] = {
	COLUMN(struct of_schema, schema_name),
	FIELD_END,
};
static const struct schema of_in = SCHEMA("ImportOfSchemaIn", struct of_schema, of_fields);

SQL(import_update_mark, SQL_CONTROL, &mark_in, NULL,
    "UPDATE tenants SET status_reason = :mark, quota = :quota WHERE id = :id");
SQL(import_update_end, SQL_CONTROL, &end_in, NULL,
    "UPDATE tenants SET status = 'active', status_reason = '', status_at = NOW(3),"
    " schema_version = :schema_version WHERE id = :id AND status = 'provisioning'");
SQL(import_delete_tenant, SQL_CONTROL, &id_in, NULL,
    "DELETE FROM tenants WHERE id = :id AND status = 'provisioning'");
SQL(import_delete_keys, SQL_CONTROL, &id_in, NULL, "DELETE FROM tenant_keys WHERE tenant_id = :id");
SQL(import_delete_head, SQL_CONTROL, &of_in, NULL,
    "DELETE FROM audit_heads WHERE schema_name = :schema_name");
SQL(import_delete_due, SQL_CONTROL, &of_in, NULL,
    "DELETE FROM schedules WHERE schema_name = :schema_name");
SQL(import_delete_uses, SQL_CONTROL, &of_in, NULL,
    "DELETE FROM golden_uses WHERE schema_name = :schema_name");
SQL(import_delete_pool, SQL_CONTROL, &of_in, NULL,
    "DELETE FROM schema_pool WHERE schema_name = :schema_name");

bool
provision_is_import(const struct tenant *t)
{
	return strcmp(t->status, "provisioning") == 0 &&
	       strncmp(t->status_reason, PROVISION_IMPORT, strlen(PROVISION_IMPORT)) == 0;
}

/* ---- one that was left unfinished ---- */

static bool
forget_body(struct db *db, void *arg, struct err *e)
{
	const struct tenant   *t = arg;
	const struct id_in     id = { t->id };
	const struct of_schema of = { t->schema_name };

	return db_run(db, &import_delete_keys, &id, NULL, e) &&
	       db_run(db, &import_delete_due, &of, NULL, e) &&
	       db_run(db, &import_delete_uses, &of, NULL, e) &&
	       db_run(db, &import_delete_pool, &of, NULL, e) &&
	       db_run(db, &import_delete_tenant, &id, NULL, e) &&
	       db_run(db, &import_delete_head, &of, NULL, e);
}

/* Its schema first: the head of its trail stays as long as that is there. */
static bool
clear_left(const struct provision *p, const struct tenant *t, struct err *e)
{
	struct tenant   row = *t;
	const struct tx tx = { .name = "import_clear", .body = forget_body, .arg = &row };

	database_close_all(p->d); /* what is connected there */
	if (!provision_drop(p, t->schema_name, e) || !tx_run(p->d->control, &tx, e))
		return false;
	registry_forget(p->d);
	return true;
}

static bool
make_room(const struct provision *p, const struct provision_import *in, struct err *e)
{
	const struct tenant *t;

	registry_forget(p->d);
	if (!tenant_by_slug(p->d, str_of(in->slug), &t, e))
		return err_take(e, ERR_MISSING);
	if (provision_is_import(t))
		return clear_left(p, t, e);
	return err_set(e, ERR_CONFLICT, 0, "A tenant of that name exists.", "tenant %s is %s",
	    in->slug, t->status);
}

/* ---- a new one ---- */

struct beginning {
	const struct provision           *p;
	const struct tenant_registration *r;
	const struct importing           *mark;
};

static bool
begin_body(struct db *db, void *arg, struct err *e)
{
	const struct beginning *x = arg;

	return provision_register(db, x->p->env, x->r, e) &&
	       db_run(db, &import_update_mark, x->mark, NULL, e);
}

static bool
begin_new(const struct provision *p, const struct provision_import *in, const struct uuid *id,
    struct err *e)
{
	char                             mark[sizeof(PROVISION_IMPORT) + UUID_TEXT_MAX];
	char                             archive[UUID_TEXT_MAX];
	const bool                       older = in->schema_version < migrate_newest(SQL_TENANT);
	const struct tenant_registration r = { *id, in->slug, in->name, in->settings, older };
	const struct importing           m = { .id = *id, .quota = in->quota, .mark = mark };
	struct beginning                 x = { p, &r, &m };
	const struct tx tx = { .name = "import_begin", .body = begin_body, .arg = &x };

	uuid_print(&in->archive, archive);
	snprintf(mark, sizeof(mark), PROVISION_IMPORT "%s", archive);
	return tx_run(p->d->control, &tx, e);
}

bool
provision_import_begin(const struct provision *p, const struct provision_import *in,
    const struct tenant **t, struct err *e)
{
	struct uuid id = uuid_make(p->env->clock, p->env->rand);

	if (!make_room(p, in, e) || !begin_new(p, in, &id, e))
		return false;
	registry_forget(p->d);
	return tenant_by_id(p->d, &id, t, e) && tenant_keys_import(p->d, &id, in->address_key, e) &&
	       provision_schema(p, *t, in->schema_version, e);
}

bool
provision_import_end(struct database *d, const struct uuid *id, struct err *e)
{
	const struct importing in = { .id = *id, .schema_version = migrate_newest(SQL_TENANT) };
	uint64_t               n;
	bool                   ok = db_run(d->control, &import_update_end, &in, &n, e);

	registry_forget(d);
	return ok && (n == 1 || err_set(e, ERR_GONE, 0, "The tenant is no longer being made.",
				    "not provisioning"));
}
