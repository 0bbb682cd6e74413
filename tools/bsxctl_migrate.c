#include "tools/bsxctl_migrate.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/auth/access.h"
#include "core/auth/audit_details.h"
#include "core/json/schema.h"
#include "core/store/server/pool.h"

struct rollout {
	struct ctl *c;
	bool        check, json;
	int64_t     first; /* so many that are behind; 0: all */
	int64_t     jobs;

	struct tenant *list;
	size_t         n, room;
	char         **failures; /* of the list: what failed; NULL: it has not */

	int64_t ended, migrated, repaired, current, failed;
	int64_t behind; /* those that are left for another call */
};

/* ---- which ---- */

static bool
is_behind(const struct tenant *t)
{
	return t->schema_version < migrate_newest(SQL_TENANT);
}

/* The platform is the first: what is done is written down there. */
static bool
take(struct rollout *r, const struct tenant *t, struct err *e)
{
	if (r->n == r->room) {
		size_t         room = r->room * 2 + TENANT_PAGE;
		struct tenant *more =
		    talloc_realloc(r->c->mem, r->list, struct tenant, (unsigned)room);

		if (more == NULL)
			return err_memory(e);
		r->list = more;
		r->room = room;
	}
	r->list[r->n++] = *t;
	if (strcmp(t->slug, PLATFORM_SLUG) != 0)
		return true;
	memmove(&r->list[1], r->list, (r->n - 1) * sizeof(*r->list));
	r->list[0] = *t;
	return true;
}

/* Of a canary those alone that are behind; the others are not looked at. */
static bool
choose(struct rollout *r, struct err *e)
{
	struct uuid    last = { 0 };
	struct tenant *page;
	size_t         n = TENANT_PAGE;

	while (n == TENANT_PAGE) {
		if (!tenant_list(r->c->d, r->c->mem, &last, &page, &n, e))
			return false;
		for (size_t i = 0; i < n; i++) {
			last = page[i].id;
			/* an unfinished one is finished by making it again */
			if (tenant_stands(&page[i]) && (r->first == 0 || is_behind(&page[i])) &&
			    !take(r, &page[i], e))
				return false;
		}
	}
	if (r->first > 0 && (int64_t)r->n > r->first) {
		r->behind = (int64_t)r->n - r->first;
		r->n = (size_t)r->first;
	}
	r->failures = talloc_zero_array(r->c->mem, char *, (unsigned)r->n + 1);
	return r->failures != NULL || err_memory(e);
}

/* ---- what came of it ---- */

struct outcome_seen {
	const char *slug, *schema, *error, *detail;
	int64_t     from, applied;
};
static const struct field outcome_fields[] = {
	FIELD(struct outcome_seen, slug),
	FIELD(struct outcome_seen, schema),
	FIELD(struct outcome_seen, from),
	FIELD(struct outcome_seen, applied),
	FIELD(struct outcome_seen, error, .flags = FIELD_OMIT_ZERO),
	FIELD(struct outcome_seen, detail, .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema outcome_schema =
    SCHEMA("MigrateOutcome", struct outcome_seen, outcome_fields);

static void
say_outcome(struct rollout *r, const struct tenant *t, const struct migrate_outcome *o)
{
	bool                      failed = o->e.code != ERR_OK;
	struct err                e = { 0 };
	const struct outcome_seen x = {
		.slug = t->slug,
		.schema = t->schema_name,
		.from = t->schema_version,
		.applied = o->done.applied,
		.error = failed ? o->e.pub : NULL,
		.detail = failed ? o->e.detail : NULL,
	};

	if (r->json && !ctl_json(r->c, &outcome_schema, &x, &e))
		(void)ctl_failed(&e);
	else if (r->json)
		return;
	else if (o->done.applied > 0 && !failed)
		ctl_say("tenant %s: %d applied", t->slug, o->done.applied);
	else if (!failed)
		ctl_say("tenant %s: its account, rights and guards were repaired", t->slug);
}

/* For who waits at a terminal; the line is one that comes and goes. */
static void
progress(const struct rollout *r)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[Kmigrate: %lld of %zu tenants, %lld failed",
		    (long long)r->ended, r->n, (long long)r->failed);
}

static void
progress_gone(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

static void
told(void *arg, const struct migrate_outcome *o)
{
	struct rollout      *r = arg;
	const struct tenant *t = &r->list[o->i];
	bool                 failed = o->e.code != ERR_OK;

	r->ended++;
	r->failed += failed;
	r->current += !failed && o->done.current;
	r->migrated += !failed && o->done.applied > 0;
	r->repaired += !failed && !o->done.current && o->done.applied == 0;
	if (failed)
		r->failures[o->i] = talloc_asprintf(r->c->mem, "%s (%s)", o->e.pub, o->e.detail);
	progress_gone();
	if (!o->done.current)
		say_outcome(r, t, o);
	progress(r);
}

static const struct field totals_fields[] = {
	FIELD_AS(struct rollout, ended, "tenants"),
	FIELD(struct rollout, migrated),
	FIELD(struct rollout, repaired),
	FIELD(struct rollout, current),
	FIELD(struct rollout, failed),
	FIELD(struct rollout, behind),
	FIELD_END,
};
static const struct schema totals_schema = SCHEMA("MigrateTotals", struct rollout, totals_fields);

static bool
say_totals(struct rollout *r, struct err *e)
{
	if (r->json)
		return ctl_json(r->c, &totals_schema, r, e);
	ctl_say("tenants: version %lld: %lld brought up to date, %lld repaired, %lld were already",
	    (long long)migrate_newest(SQL_TENANT), (long long)r->migrated, (long long)r->repaired,
	    (long long)r->current);
	if (r->behind > 0)
		ctl_say("%lld more are behind, and go on working. When the first are as they "
			"should be: bsxctl migrate --first N takes the next, bsxctl migrate all",
		    (long long)r->behind);
	return true;
}

static void
say_failures(const struct rollout *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->failures[i] != NULL)
			fprintf(stderr, "bsxctl: tenant %s: %s\n", r->list[i].slug,
			    ctl_text(r->c, r->failures[i]));
	if (r->failed > 0)
		fprintf(stderr,
		    "bsxctl: %lld failed, %lld are up to date. See to what is named and run it "
		    "again: what is done is not done again\n",
		    (long long)r->failed, (long long)(r->ended - r->failed));
}

/* ---- the deed ---- */

struct migrate_told {
	int64_t control, tenants, migrated, failed, behind;
};
static const struct field migrate_told_fields[] = {
	TOLD(struct migrate_told, control),
	TOLD(struct migrate_told, tenants),
	TOLD_IF(struct migrate_told, migrated),
	TOLD_IF(struct migrate_told, failed),
	TOLD_IF(struct migrate_told, behind),
	FIELD_END,
};
static const struct schema migrate_told =
    SCHEMA("SchemaTold", struct migrate_told, migrate_told_fields);

static bool
tell(const struct rollout *r, struct err *e)
{
	const struct migrate_told told = { migrate_newest(SQL_CONTROL), migrate_newest(SQL_TENANT),
		r->migrated, r->failed, r->behind };
	struct audit_entry entry = { .action = AUDIT_SCHEMA_MIGRATE, .failed = r->failed > 0 };

	entry.details = audit_details(r->c->mem, &migrate_told, &told, e);
	return entry.details != NULL && ctl_audit(r->c, &entry, e);
}

/* The schemas of the pool wait until no tenant is tried any more. */
static bool
migrate_pool(const struct rollout *r, struct err *e)
{
	const struct provision p = { r->c->prov, r->c->d, &r->c->env };
	int64_t                n;

	if (r->first > 0)
		return true;
	if (!pool_migrate(&p, &n, e))
		return false;
	if (n > 0 && !r->json)
		ctl_say("pool: %lld brought up to date", (long long)n);
	return true;
}

static bool
migrate(struct rollout *r, struct err *e)
{
	struct ctl         *c = r->c;
	struct migrate_jobs w = { .jobs = r->jobs, .told = told, .arg = r };
	bool                ok;

	if (!ctl_alone(c, e) || !ctl_provision(c, e) ||
	    !provision_control(&(struct provision) { c->prov, c->d, &c->env }, e))
		return false;
	if (!r->json)
		ctl_say("control schema: version %lld", (long long)migrate_newest(SQL_CONTROL));
	if (!choose(r, e))
		return false;
	w.list = r->list;
	w.n = r->n;
	ok = migrate_jobs(c, &w, e);
	progress_gone();
	if (!ok)
		return false;
	ok = say_totals(r, e) && migrate_pool(r, e);
	say_failures(r);
	return tell(r, e) && ok;
}

/* ---- only looking ---- */

static bool
check_page(struct ctl *c, struct uuid *last, size_t *n, int *behind, struct err *e)
{
	struct tenant *list;

	if (!tenant_list(c->d, c->mem, last, &list, n, e))
		return false;
	for (size_t i = 0; i < *n; i++) {
		struct tenant_db *t;
		struct err        why = { 0 };

		*last = list[i].id;
		if (!tenant_stands(&list[i]))
			continue;
		if (!tenant_db_open(c->d, &list[i], true, &t, &why) ||
		    !migrate_check(t->db, SQL_TENANT, migrations, &why)) {
			ctl_say("tenant %s: %s", list[i].slug, why.pub);
			(*behind)++;
		}
	}
	database_tidy(c->d);
	return true;
}

static int
check(struct ctl *c, struct err *e)
{
	struct uuid last = { 0 };
	int         behind = 0;
	size_t      n = TENANT_PAGE;

	if (!migrate_check(database_control(c->d), SQL_CONTROL, migrations, e))
		return ctl_failed(e);
	while (n == TENANT_PAGE)
		if (!check_page(c, &last, &n, &behind, e))
			return ctl_failed(e);
	if (behind == 0)
		ctl_say("all schemas are up to date");
	return behind == 0 ? 0 : 1;
}

/* ---- arguments ---- */

static bool
option(struct rollout *r, int o)
{
	int64_t *number = o == 'f' ? &r->first : &r->jobs;

	r->check = r->check || o == 'n';
	r->json = r->json || o == 'j';
	if (o != 'f' && o != 'p')
		return o == 'n' || o == 'j';
	return *number == 0 && str_to_i64(str_of(optarg), number) && *number > 0 &&
	       (o == 'f' || *number <= MIGRATE_JOBS_MAX);
}

int
cmd_migrate(struct ctl *c, int argc, char **argv)
{
	static const struct option options[] = {
		{ "check", no_argument, NULL, 'n' },
		{ "first", required_argument, NULL, 'f' },
		{ "jobs", required_argument, NULL, 'p' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	struct rollout r = { .c = c };
	struct err     e = { 0 };
	int            o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!option(&r, o))
			return ctl_usage("migrate", false);
	if (optind != argc || (r.check && (r.json || r.first > 0 || r.jobs > 0)))
		return ctl_usage("migrate", false);
	r.jobs = r.jobs > 0 ? r.jobs : 1;
	if (!ctl_open(c, &e))
		return ctl_failed(&e);
	if (r.check)
		return check(c, &e);
	if (!migrate(&r, &e))
		return ctl_failed(&e);
	return r.failed > 0;
}
