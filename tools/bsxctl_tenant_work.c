/* bsxctl.h: `tenant work`, and the pool by itself: `schema list` and `schema add`. */
#include <getopt.h>
#include <string.h>

#include "core/auth/audit_details.h"
#include "core/auth/tenant/restore_left.h"
#include "core/auth/tenant/tenant_make.h"
#include "core/store/server/pool.h"
#include "tools/bsxctl.h"

#define POOL_MAX 1000

static bool
carry(struct ctl *c, size_t *n, struct err *e)
{
	struct auth                 a = { .env = &c->env, .database = c->d };
	struct tenant_carrier       with = { c->prov };
	const struct operation_work work = {
		.auth = &a,
		.carrier = uuid_make(c->env.clock, c->env.rand),
		.kinds = tenant_operations,
		.arg = &with,
	};

	return operation_hasten(c->d, operation_kind_names[OPERATION_TENANT_CREATE], e) &&
	       operation_hasten(c->d, operation_kind_names[OPERATION_TENANT_ERASE], e) &&
	       operations_carry(&work, n, e);
}

struct pool_told {
	int64_t made, ready;
};
static const struct field pool_told_fields[] = {
	TOLD(struct pool_told, made),
	TOLD(struct pool_told, ready),
	FIELD_END,
};
static const struct schema pool_told = SCHEMA("PoolTold", struct pool_told, pool_told_fields);

static bool
tell(struct ctl *c, int64_t made, int64_t ready, struct err *e)
{
	const struct pool_told told = { made, ready };
	struct audit_entry     entry = { .action = AUDIT_POOL_FILL };

	if (made == 0)
		return true;
	ctl_say("pool: %lld made, %lld ready", (long long)made, (long long)ready);
	entry.details = audit_details(c->mem, &pool_told, &told, e);
	return entry.details != NULL && ctl_audit(c, &entry, e);
}

static bool
work(struct ctl *c, int64_t pool, struct err *e)
{
	struct auth            a = { .env = &c->env, .database = c->d };
	const struct provision p = { c->prov, c->d, &c->env };
	struct pool_count      now;
	int64_t                made;
	size_t                 n;

	if (!carry(c, &n, e))
		return false;
	if (n > 0)
		ctl_say("operations: %zu turns", n);
	if (!restore_left_work(&p, &a, &n, e))
		return false;
	if (n > 0)
		ctl_say("restores: %zu schemas tidied up", n);
	return pool_fill(&p, pool, &made, e) && pool_count(c->d, &now, e) &&
	       tell(c, made, now.ready, e);
}

int
cmd_tenant_work(struct ctl *c, int argc, char **argv)
{
	static const struct option options[] = { { "pool", required_argument, NULL, 'p' }, { 0 } };
	int64_t                    pool = -1;
	struct err                 e = { 0 };
	int                        o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (o != 'p' || pool >= 0 || !str_to_i64(str_of(optarg), &pool) || pool < 0 ||
		    pool > POOL_MAX)
			return ctl_usage("tenant work", false);
	if (optind != argc)
		return ctl_usage("tenant work", false);
	if (!ctl_open(c, &e) || !ctl_provision(c, &e) ||
	    !work(c, pool >= 0 ? pool : c->conf->tenants_pool, &e))
		return ctl_failed(&e);
	return 0;
}

/* ---- schema ---- */

static const struct field seen_fields[] = {
	FIELD(struct pool_count, ready),
	FIELD(struct pool_count, behind),
	FIELD(struct pool_count, making),
	FIELD_END,
};
static const struct schema seen_schema = SCHEMA("PoolSeen", struct pool_count, seen_fields);

static bool
show(struct ctl *c, bool json, struct err *e)
{
	struct pool_count now;

	if (!pool_count(c->d, &now, e))
		return false;
	if (json)
		return ctl_json(c, &seen_schema, &now, e);
	ctl_say("%lld ready, %lld behind (bsxctl migrate), %lld being made", (long long)now.ready,
	    (long long)now.behind, (long long)now.making);
	return true;
}

int
cmd_schema_list(struct ctl *c, int argc, char **argv)
{
	bool       json = argc == 2 && strcmp(argv[1], "--json") == 0;
	struct err e = { 0 };

	if (argc != 1 && !json)
		return ctl_usage("schema list", false);
	return ctl_open(c, &e) && show(c, json, &e) ? 0 : ctl_failed(&e);
}

static bool
add(struct ctl *c, int64_t n, struct err *e)
{
	const struct provision p = { c->prov, c->d, &c->env };
	struct pool_count      now;
	int64_t                made;

	if (!pool_count(c->d, &now, e))
		return false;
	if (now.ready + n > POOL_MAX)
		return err_set(e, ERR_INVALID, 0, "The pool has at most 1000 schemas.",
		    "%lld are ready", (long long)now.ready);
	return pool_fill(&p, now.ready + n, &made, e) && pool_count(c->d, &now, e) &&
	       tell(c, made, now.ready, e);
}

int
cmd_schema_add(struct ctl *c, int argc, char **argv)
{
	struct err e = { 0 };
	int64_t    n = 0;

	if (argc != 2 || !str_to_i64(str_of(argv[1]), &n) || n < 1 || n > POOL_MAX)
		return ctl_usage("schema add", false);
	return ctl_open(c, &e) && ctl_alone(c, &e) && ctl_provision(c, &e) && add(c, n, &e)
		   ? 0
		   : ctl_failed(&e);
}
