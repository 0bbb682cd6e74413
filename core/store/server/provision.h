/*
 * provision.h - what needs DDL and GRANT: the control schema, its accounts,
 * and a tenant's schema and account.  Used by bsxctl only: the accounts of the
 * responder and of driftd have DML on their schemas and nothing else.
 *
 * Every step is repeatable; an interrupted provisioning is finished by calling
 * it again.
 */
#ifndef BSX_STORE_SERVER_PROVISION_H
#define BSX_STORE_SERVER_PROVISION_H

#include "core/store/migrate.h"
#include "core/store/tenant/tenant_db.h"

/* Who makes schemas and accounts, and for which installation. */
struct provision {
	struct db        *prov; /* under the provisioning account */
	struct database  *d;
	const struct env *env;
};

/* Its name: db.provision_user, or without that the name of the unix user who runs the tool. */
const char *provision_user(TALLOC_CTX *mem, const struct conf *c);
/* A connection under the provisioning account, without a default schema. */
MUST_USE struct db *provision_db(TALLOC_CTX *mem, const struct conf *c, const struct clock *clock,
    struct log *log, struct err *e);
/* Signs in with it.  ERR_FORBIDDEN: the database refuses it, or it may not make accounts; nothing was begun. */
MUST_USE bool provision_check(struct db *prov, struct err *e);
/* Creates the control schema and the service account (DML + EXECUTE on it), applies control migrations, makes the first signing key. */
MUST_USE bool provision_control(const struct provision *p, struct err *e);
/* The service's account alone, with the password that the newest version of the keyring gives it, and its rights. */
MUST_USE bool provision_service(const struct provision *p, struct err *e);
/* Registers a tenant (or finds its unfinished registration), makes schema, account, data key; applies tenant migrations; sets it active. */
MUST_USE bool provision_tenant(const struct provision *p, TALLOC_CTX *mem, const char *slug,
    const char *name, struct tenant *out, struct err *e);
/*
 * The same in two: until it is finished the tenant is "provisioning" and nobody can sign in to it, so that its
 * first administrator can be made in between.
 */
MUST_USE bool provision_tenant_begin(const struct provision *p, TALLOC_CTX *mem, const char *slug,
    const char *name, struct tenant *out, struct err *e);
MUST_USE bool provision_tenant_finish(struct database *d, const struct uuid *id, struct err *e);
/*
 * Inside a transaction of the platform's connection, or of the control schema's: a tenant is registered,
 * "provisioning", with a schema of the pool (schema_version above 0), or with the name of one that is to be made
 * (provision_schema).  ERR_CONFLICT (db_was_duplicate): the slug is taken.
 */
struct tenant_registration {
	struct uuid id;
	const char *slug, *name, *settings;
	bool        apart; /* its schema is to be made in any case */
};
MUST_USE bool provision_register(struct db *db, const struct env *env,
    const struct tenant_registration *in, struct err *e);
/* Its schema, at that version, and account; recorded in its row.  Repeatable; of one of the pool there is nothing to do. */
MUST_USE bool provision_schema(const struct provision *p, const struct tenant *t, int64_t version, struct err *e);
/* No schema of that name, no account, no rights on it: whatever is there of them goes.  Repeatable. */
MUST_USE bool provision_drop(const struct provision *p, const char *schema_name, struct err *e);
/* ERR_INVALID with a sentence: the names that provision_tenant() would refuse.  *kept: `name` as it is stored. */
#define TENANT_NAME_MAX 200
MUST_USE bool provision_check_slug(const char *slug, struct err *e);
MUST_USE bool provision_check_names(
    TALLOC_CTX *mem, const char *slug, const char *name, const char **kept, struct err *e);
/*
 * One that stands (tenant_stands): applies missing migrations, repairs account (password by the newest keyring version),
 * rights and the guards of its trail, and then says so in its row.  Where nothing of that lacks, nothing is done.
 * Repeatable, and any number of tenants at once, each by connections of its own.
 */
struct provision_migrated {
	int  applied; /* migrations */
	bool current; /* it lacked nothing */
};
MUST_USE bool provision_migrate_tenant(const struct provision *p, const struct tenant *t,
    struct provision_migrated *out, struct err *e);

/*
 * A tenant that is made of an archive: registered and "provisioning", marked as what it is by its reason, with that address
 * key and an empty schema of that version; what an earlier try has left under that slug, of whatever archive, is dropped before.
 * ERR_CONFLICT: there is another tenant of that slug.
 */
#define PROVISION_IMPORT "import of archive "
struct provision_import {
	struct uuid    archive;
	const char    *slug, *name, *settings, *quota;
	const uint8_t *address_key; /* KEY_LEN bytes */
	int64_t        schema_version;
};
MUST_USE bool provision_import_begin(const struct provision *p, const struct provision_import *in, const struct tenant **t,
    struct err *e);
/* It is whole, of this program's version, and active.  ERR_GONE: it is no longer what was begun. */
MUST_USE bool provision_import_end(struct database *d, const struct uuid *id, struct err *e);
/* It was begun so, and is not whole. */
bool provision_is_import(const struct tenant *t);

/* False for a tenant whose first administrator was not made yet. */
MUST_USE bool tenant_has_users(struct tenant_db *t, bool *has, struct err *e);

#endif
