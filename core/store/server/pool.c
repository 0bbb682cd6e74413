#include "core/store/server/pool.h"

#include "core/store/id_list.h"
#include "core/store/server/placement.h"
#include "core/store/server/provision_priv.h"
#include "core/store/tenant/database.h"
#include "core/store/tx.h"

struct pool_in {
	const char *schema_name;
	int64_t     newest, stale_s;
};
static const struct field name_fields[] = {
	COLUMN(struct pool_in, schema_name),
	FIELD_END,
};
static const struct schema name_in = SCHEMA("PoolNameIn", struct pool_in, name_fields);
static const struct field  newest_fields[] = {
	 COLUMN(struct pool_in, newest),
	 FIELD_END,
};
static const struct schema newest_in = SCHEMA("PoolNewestIn", struct pool_in, newest_fields);
static const struct field  stale_fields[] = {
	 COLUMN(struct pool_in, stale_s),
	 FIELD_END,
};
static const struct schema stale_in = SCHEMA("PoolStaleIn", struct pool_in, stale_fields);
static const struct field  again_fields[] = {
	 COLUMN(struct pool_in, schema_name),
	 COLUMN(struct pool_in, stale_s),
	 FIELD_END,
};
static const struct schema again_in = SCHEMA("PoolAgainIn", struct pool_in, again_fields);
static const struct field  ready_fields[] = {
	 COLUMN(struct pool_in, schema_name),
	 COLUMN(struct pool_in, newest),
	 FIELD_END,
};
static const struct schema ready_in = SCHEMA("PoolReadyIn", struct pool_in, ready_fields);

struct pooled {
	char *schema_name;
};
static const struct field pooled_fields[] = {
	COLUMN(struct pooled, schema_name),
	FIELD_END,
};
static const struct schema pooled_schema = SCHEMA("Pooled", struct pooled, pooled_fields);

static const struct field count_fields[] = {
	COLUMN(struct pool_count, ready),
	COLUMN(struct pool_count, behind),
	COLUMN(struct pool_count, making),
	FIELD_END,
};
static const struct schema count_schema = SCHEMA("PoolCount", struct pool_count, count_fields);

SQL(pool_select_count, SQL_CONTROL, &newest_in, &count_schema,
    "SELECT COALESCE(SUM(state = 'ready' AND schema_version >= :newest), 0) AS ready,"
    " COALESCE(SUM(state = 'ready' AND schema_version < :newest), 0) AS behind,"
    " COALESCE(SUM(state = 'making'), 0) AS making FROM schema_pool");
SQL(pool_insert, SQL_CONTROL, &name_in, NULL,
    "INSERT INTO schema_pool (schema_name, state, at) VALUES (:schema_name, 'making', NOW(3))");
SQL(pool_select_stale, SQL_CONTROL, &stale_in, &pooled_schema,
    "SELECT schema_name FROM schema_pool WHERE state = 'making'"
    " AND at < NOW(3) - INTERVAL :stale_s SECOND ORDER BY at LIMIT 1");
SQL(pool_update_again, SQL_CONTROL, &again_in, NULL,
    "UPDATE schema_pool SET at = NOW(3) WHERE schema_name = :schema_name AND state = 'making'"
    " AND at < NOW(3) - INTERVAL :stale_s SECOND");
SQL(pool_update_ready, SQL_CONTROL, &ready_in, NULL,
    "UPDATE schema_pool SET state = 'ready', schema_version = :newest, at = NOW(3)"
    " WHERE schema_name = :schema_name AND state IN ('making', 'ready')");
SQL(pool_select_behind, SQL_CONTROL, &newest_in, &pooled_schema,
    "SELECT schema_name FROM schema_pool WHERE state = 'ready' AND schema_version < :newest"
    " ORDER BY at LIMIT 1");

bool
pool_count(struct database *d, struct pool_count *out, struct err *e)
{
	const struct pool_in in = { .newest = migrate_newest(SQL_TENANT) };

	return db_one(d->control, d, &pool_select_count, &in, out, e);
}

/* One that somebody has begun and left, or a new one. */
static bool
begin(const struct provision *p, TALLOC_CTX *mem, struct pool_in *x, struct err *e)
{
	struct pooled row;
	uint64_t      n = 0;

	x->stale_s = POOL_STALE_S;
	if (!db_one(p->d->control, mem, &pool_select_stale, x, &row, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
	} else {
		x->schema_name = row.schema_name;
		if (!db_run(p->d->control, &pool_update_again, x, &n, e))
			return false;
	}
	if (n == 1)
		return true;
	x->schema_name = provision_schema_name(mem, p->env->rand, e);
	return x->schema_name != NULL && db_run(p->d->control, &pool_insert, x, NULL, e);
}

/* Its account with all rights, and all migrations. */
static bool
bring_up(const struct provision *p, struct pool_in *x, struct err *e)
{
	int applied;

	x->newest = migrate_newest(SQL_TENANT);
	return (provision_account(p, x->schema_name, e) &&
		   provision_migrate(p, x->schema_name, x->newest, &applied, e) &&
		   db_run(p->d->control, &pool_update_ready, x, NULL, e)) ||
	       err_note(e, "making the schema %s for the pool", x->schema_name);
}

/* Whether there is something to make one of. */
static bool
is_exhausted(struct database *d, bool *yes, struct err *e)
{
	struct placement_count places = { .empty = 1 };
	bool ok = !conf_one_account(d->env.conf) || placement_count(d, &places, e);

	*yes = places.empty == 0;
	return ok;
}

bool
pool_fill(const struct provision *p, int64_t target, int64_t *made, struct err *e)
{
	struct pool_count now;

	for (*made = 0;; (*made)++) {
		TALLOC_CTX    *tmp = talloc_new(p->d);
		struct pool_in x = { 0 };
		bool           ok = tmp != NULL ? pool_count(p->d, &now, e) : err_memory(e);
		bool           full = ok && now.ready >= target;

		ok = ok && (full || is_exhausted(p->d, &full, e)) &&
		     (full || (begin(p, tmp, &x, e) && bring_up(p, &x, e)));
		talloc_free(tmp);
		if (!ok || full)
			return ok;
	}
}

bool
pool_migrate(const struct provision *p, int64_t *n, struct err *e)
{
	for (*n = 0;; (*n)++) {
		TALLOC_CTX    *tmp = talloc_new(p->d);
		struct pool_in x = { .newest = migrate_newest(SQL_TENANT) };
		struct pooled  row;
		bool ok = tmp != NULL ? db_one(p->d->control, tmp, &pool_select_behind, &x, &row, e)
				      : err_memory(e);

		x.schema_name = ok ? row.schema_name : NULL;
		ok = ok && bring_up(p, &x, e);
		talloc_free(tmp);
		if (!ok)
			return err_take(e, ERR_MISSING);
	}
}

/* ---- back ---- */

SQL(pool_insert_begun, SQL_CONTROL, &id_in, NULL,
    "INSERT INTO schema_pool (schema_name, state, at) SELECT schema_name, 'making', NOW(3)"
    " FROM tenants WHERE id = :id AND status = 'provisioning' AND schema_version = 0");
SQL(pool_delete_tenant, SQL_CONTROL, &id_in, NULL,
    "DELETE FROM tenants WHERE id = :id AND status = 'provisioning' AND schema_version = 0");

struct taking_back {
	struct id_in in;
	uint64_t     n;
};

static bool
take_back_body(struct db *db, void *arg, struct err *e)
{
	struct taking_back *w = arg;

	return db_run(db, &pool_insert_begun, &w->in, NULL, e) &&
	       db_run(db, &pool_delete_tenant, &w->in, &w->n, e);
}

bool
pool_take_back(struct database *d, const struct uuid *tenant, bool *gone, struct err *e)
{
	struct taking_back w = { { *tenant }, 0 };
	const struct tx    tx = { .name = "pool", .body = take_back_body, .arg = &w };

	if (!tx_run(d->control, &tx, e))
		return false;
	*gone = w.n == 1;
	return true;
}
