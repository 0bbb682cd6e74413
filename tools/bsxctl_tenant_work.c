/* bsxctl.h: `tenant work`, and the pool by itself: `schema list` and `schema add`. */
#include <getopt.h>
#include <string.h>

#include "core/auth/audit_details.h"
#include "core/auth/tenant/restore_left.h"
#include "core/auth/tenant/tenant_make.h"
#include "core/store/server/placement.h"
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

struct pool_seen {
	struct pool_count      pool;
	struct placement_count places;
};
static const struct field seen_fields[] = {
	FIELD_AS(struct pool_seen, pool.ready, "ready"),
	FIELD_AS(struct pool_seen, pool.behind, "behind"),
	FIELD_AS(struct pool_seen, pool.making, "making"),
	FIELD_AS(struct pool_seen, places.empty, "empty"),
	FIELD_AS(struct pool_seen, places.taken, "taken"),
	FIELD_END,
};
static const struct schema seen_schema = SCHEMA("PoolSeen", struct pool_seen, seen_fields);

static bool
show(struct ctl *c, bool json, struct err *e)
{
	struct pool_count      now;
	struct pool_seen       x = { 0 };
	struct placement_count places;

	if (!pool_count(c->d, &now, e) || !placement_count(c->d, &places, e))
		return false;
	x = (struct pool_seen) { now, places };
	if (json)
		return ctl_json(c, &seen_schema, &x, e);
	ctl_say("%lld ready, %lld behind (bsxctl migrate), %lld being made", (long long)now.ready,
	    (long long)now.behind, (long long)now.making);
	if (conf_one_account(c->conf))
		ctl_say("of the schemas that were registered %lld are empty, %lld taken",
		    (long long)places.empty, (long long)places.taken);
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

/* Those that somebody has made are registered; then as many as there are empty ones are ready. */
static bool
add_named(struct ctl *c, int n, char **names, struct err *e)
{
	const struct provision p = { c->prov, c->d, &c->env };
	struct pool_count      now;
	int64_t                made;

	for (int i = 0; i < n; i++) {
		if (!placement_register(&p, names[i], e))
			return err_note(e, "registering %s", ctl_text(c, names[i]));
		ctl_say("registered: %s", names[i]);
	}
	return pool_fill(&p, POOL_MAX, &made, e) && pool_count(c->d, &now, e) &&
	       tell(c, made, now.ready, e);
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
	bool       counted = argc == 2 && str_to_i64(str_of(argv[1]), &n);

	if (argc < 2 || (counted && (n < 1 || n > POOL_MAX)))
		return ctl_usage("schema add", false);
	if (!ctl_conf(c, &e))
		return ctl_failed(&e);
	if (counted == conf_one_account(c->conf)) {
		err_set(&e, ERR_INVALID, 0,
		    counted ? "With db.isolation \"schema\" nobody may make schemas here: name "
			      "those that you "
			      "have made in the host's panel."
			    : "Schemas are made, and not named, with db.isolation \"account\": say "
			      "how many.",
		    "schema add");
		return ctl_misused(c, "schema add", &e);
	}
	return ctl_open(c, &e) && ctl_alone(c, &e) && ctl_provision(c, &e) &&
		       (counted ? add(c, n, &e) : add_named(c, argc - 1, argv + 1, &e))
		   ? 0
		   : ctl_failed(&e);
}
