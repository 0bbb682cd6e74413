/* bsxctl.h: `tenant suspend`, `resume`, `delete`, `undelete` and `erase`. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/auth/tenant/tenant_erase.h"
#include "core/auth/tenant/tenant_life.h"
#include "core/auth/tenant/tenant_make.h"
#include "core/base/unicode.h"
#include "tools/bsxctl_tenant.h"

#define ERASE_WAIT_MS  200
#define ERASE_WAIT_MAX 150 /* times: half a minute for whoever carries it at this moment */

/* Visible text, as over the API. */
static bool
check_reason(struct ctl *c, struct tenant_args *a, struct err *e)
{
	struct str kept;
	struct err why = { 0 };

	if (a->reason == NULL)
		return true;
	if (!unicode_name(c->mem, str_of(a->reason), TENANT_REASON_MAX, &kept, &why)) {
		*e = why;
		if (e->code == ERR_INVALID)
			snprintf(e->pub, sizeof(e->pub), "The reason %.180s.", why.pub);
		return false;
	}
	a->reason = kept.p;
	return true;
}

static bool
find(struct ctl *c, const struct tenant_args *a, const struct tenant **t, struct err *e)
{
	tenant_forget(c->d);
	return tenant_by_slug(c->d, str_of(a->slug), t, e) ||
	       err_note(e, "tenant %s", ctl_text(c, a->slug));
}

static bool
turn(struct ctl *c, const struct tenant_args *a, enum tenant_to to, struct uuid *operation,
    struct err *e)
{
	struct tenant_life   in = { .to = to, .reason = a->reason, .actor_name = ctl_actor(c) };
	const struct tenant *t;
	struct auth          auth;
	struct deed_by       by;

	in.grace_s = a->grace_s >= 0 ? a->grace_s : c->conf->tenants_grace_s;
	if (!ctl_deed(c, PLATFORM_SLUG, &auth, &by, e) || !find(c, a, &t, e))
		return false;
	if (!tenant_live(&by, &t->id, &in, operation, e)) {
		if (e->faults != NULL)
			snprintf(e->pub, sizeof(e->pub), "%s", e->faults->detail);
		e->faults = NULL;
		return false;
	}
	return true;
}

static int
live(struct ctl *c, struct tenant_args *a, enum tenant_to to, const char *how)
{
	const struct tenant *t;
	struct uuid          operation;
	struct err           e = { 0 };

	if (!check_reason(c, a, &e))
		return ctl_misused(c, a->command, &e);
	if (!ctl_open(c, &e) || !turn(c, a, to, &operation, &e) || !find(c, a, &t, &e) ||
	    !tenant_show(c, a, t, how, &e))
		return ctl_failed(&e);
	return 0;
}

int
cmd_tenant_suspend(struct ctl *c, int argc, char **argv)
{
	struct tenant_args a = { .command = "tenant suspend",
		.takes = TENANT_JSON | TENANT_REASON };

	if (!tenant_args(c, argc, argv, &a))
		return 2;
	if (a.reason == NULL)
		return ctl_usage(a.command, false);
	return live(c, &a, TENANT_SUSPENDED, "suspended");
}

int
cmd_tenant_resume(struct ctl *c, int argc, char **argv)
{
	struct tenant_args a = { .command = "tenant resume", .takes = TENANT_JSON | TENANT_REASON };

	return tenant_args(c, argc, argv, &a) ? live(c, &a, TENANT_RESUMED, "resumed") : 2;
}

int
cmd_tenant_delete(struct ctl *c, int argc, char **argv)
{
	struct tenant_args a = { .command = "tenant delete",
		.takes = TENANT_JSON | TENANT_REASON | TENANT_GRACE };

	if (!tenant_args(c, argc, argv, &a))
		return 2;
	if (a.reason == NULL || a.grace_s > TENANT_GRACE_MAX)
		return ctl_usage(a.command, false);
	return live(c, &a, TENANT_DELETED, "deleted");
}

int
cmd_tenant_undelete(struct ctl *c, int argc, char **argv)
{
	struct tenant_args a = { .command = "tenant undelete",
		.takes = TENANT_JSON | TENANT_REASON };

	return tenant_args(c, argc, argv, &a) ? live(c, &a, TENANT_UNDELETED, "undeleted") : 2;
}

/* ---- erase ---- */

static bool
say_what_there_is(struct ctl *c, const struct tenant *t, struct err *e)
{
	struct erasure_counts n;
	struct tenant_db     *tdb;

	ctl_say("tenant %s (%s), %s: nothing is done", t->slug, ctl_text(c, t->name), t->status);
	ctl_say("its data keys, then schema and account %s@%s", t->schema_name,
	    c->conf->db_account_host);
	if (!tenant_stands(t) || t->schema_version == 0)
		return true;
	if (!tenant_db_open(c->d, t, true, &tdb, e) || !erasure_count(tdb, &n, e))
		return false;
	ctl_say("%lld users, %lld API keys, %lld configs; %llu tables, about %llu bytes",
	    (long long)n.users, (long long)n.api_keys, (long long)n.drift_configs,
	    (unsigned long long)n.tables, (unsigned long long)n.bytes);
	return true;
}

static void
tell_step(struct ctl *c, const struct operation *o, char *told, size_t n)
{
	if (strcmp(told, o->step) == 0)
		return;
	snprintf(told, n, "%s", o->step);
	fprintf(stderr, "%llu/%llu %s\n", (unsigned long long)o->done, (unsigned long long)o->total,
	    ctl_text(c, o->step));
}

/* Until it is over; driftd may have it at this moment. */
static bool
carry(struct ctl *c, const struct uuid *id, struct operation *o, struct err *e)
{
	struct auth                 a = { .env = &c->env, .database = c->d };
	struct tenant_carrier       with = { c->prov };
	const struct operation_work work = {
		.auth = &a,
		.carrier = uuid_make(c->env.clock, c->env.rand),
		.kinds = tenant_operations,
		.arg = &with,
	};
	const struct timespec wait = { .tv_nsec = ERASE_WAIT_MS * 1000000L };
	char                  told[OPERATION_STEP_MAX + 1] = "";

	for (int i = 0; i < ERASE_WAIT_MAX; i++) {
		if (!operation_hasten(c->d, operation_kind_names[OPERATION_TENANT_ERASE], e) ||
		    (!operation_carry_one(&work, id, e) && !err_take(e, ERR_MISSING)) ||
		    !operation_by_id(c->d, c->mem, id, o, e))
			return false;
		if (strcmp(o->state, "running") != 0)
			return true;
		tell_step(c, o, told, sizeof(told));
		nanosleep(&wait, NULL);
	}
	return err_set(e, ERR_CONFLICT, 0,
	    "It is not over yet: somebody else carries it, or it failed. Run it again.", "%s",
	    o->error != NULL ? o->error : o->step);
}

static bool
erase(struct ctl *c, struct tenant_args *a, struct err *e)
{
	struct operation o;
	struct erasure   x;
	struct uuid      operation;

	a->grace_s = 0;
	if (!ctl_provision(c, e) || !turn(c, a, TENANT_DELETED, &operation, e) ||
	    !carry(c, &operation, &o, e))
		return false;
	if (strcmp(o.state, "done") != 0)
		return err_set(e, ERR_CONFLICT, 0, "It was not erased.", "%s: %s", o.state,
		    o.error != NULL ? o.error : "had back");
	if (a->json) {
		ctl_say("%s", o.result.text);
		return true;
	}
	ctl_say(
	    "erased: %s; this receipt is in the platform's audit trail (tenant.erase):\n", a->slug);
	if (!erasure_by_id(c->d, c->mem, &operation, &x, e))
		return false;
	printf("%s", x.receipt);
	return true;
}

int
cmd_tenant_erase(struct ctl *c, int argc, char **argv)
{
	struct tenant_args   a = { .command = "tenant erase",
		  .takes = TENANT_JSON | TENANT_REASON | TENANT_DRY_RUN };
	const struct tenant *t;
	struct err           e = { 0 };

	if (!tenant_args(c, argc, argv, &a))
		return 2;
	if (a.reason == NULL && !a.dry_run)
		return ctl_usage(a.command, false);
	if (!check_reason(c, &a, &e))
		return ctl_misused(c, a.command, &e);
	if (!ctl_open(c, &e) || !find(c, &a, &t, &e) ||
	    !(a.dry_run ? say_what_there_is(c, t, &e) : erase(c, &a, &e)))
		return ctl_failed(&e);
	return 0;
}
