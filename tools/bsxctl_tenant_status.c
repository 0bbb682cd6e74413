/* bsxctl_tenant.h: what there is to tell of a tenant; and `tenant list`, `tenant status`. */
#include <getopt.h>
#include <string.h>

#include "core/json/schema.h"
#include "core/store/archive/restoration.h"
#include "tools/bsxctl_tenant.h"

/* ---- arguments ---- */

static const struct option options[] = {
	{ "json", no_argument, NULL, TENANT_JSON },
	{ "reason", required_argument, NULL, TENANT_REASON },
	{ "grace", required_argument, NULL, TENANT_GRACE },
	{ "dry-run", no_argument, NULL, TENANT_DRY_RUN },
	{ "behind", no_argument, NULL, TENANT_BEHIND },
	{ "any", no_argument, NULL, TENANT_ANY },
	{ 0 },
};

static bool
take(struct tenant_args *a, int o)
{
	a->json = a->json || o == TENANT_JSON;
	a->dry_run = a->dry_run || o == TENANT_DRY_RUN;
	a->behind = a->behind || o == TENANT_BEHIND;
	a->any = a->any || o == TENANT_ANY;
	if (o == TENANT_REASON && a->reason == NULL)
		return (a->reason = optarg) != NULL;
	if (o == TENANT_GRACE)
		return str_to_i64(str_of(optarg), &a->grace_s) && a->grace_s >= 0;
	return o != TENANT_REASON; /* given twice */
}

bool
tenant_args(struct ctl *c, int argc, char **argv, struct tenant_args *a)
{
	struct err why = { 0 };
	int        o;

	a->grace_s = -1;
	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (o == '?' || (a->takes & (unsigned)o) == 0 || !take(a, o))
			return (void)ctl_usage(a->command, false), false;
	if (optind < argc - 1 || (optind == argc && !a->slug_is_optional))
		return (void)ctl_usage(a->command, false), false;
	if (optind < argc && !tenant_slug(c->mem, str_of(argv[optind]), &a->slug, &why))
		return (void)ctl_misused(c, a->command, &why), false;
	return true;
}

/* ---- one tenant ---- */

struct tenant_seen {
	const char *slug, *name, *status, *status_reason;
	instant     status_at, erase_at;
	const char *schema;
	int64_t     version, newest;
	instant     created_at;
	struct uuid id, operation_id;
	const char *how;
	instant     back_until; /* what it was before it was restored is kept */
};
static const struct field seen_fields[] = {
	FIELD(struct tenant_seen, id),
	FIELD(struct tenant_seen, slug),
	FIELD(struct tenant_seen, name),
	FIELD(struct tenant_seen, status),
	FIELD(struct tenant_seen, status_reason, .flags = FIELD_NULLABLE),
	FIELD(struct tenant_seen, status_at, .flags = FIELD_NULLABLE),
	FIELD(struct tenant_seen, erase_at, .flags = FIELD_NULLABLE),
	FIELD(struct tenant_seen, operation_id, .flags = FIELD_NULLABLE),
	FIELD(struct tenant_seen, schema),
	FIELD(struct tenant_seen, version),
	FIELD(struct tenant_seen, newest),
	FIELD(struct tenant_seen, created_at),
	FIELD(struct tenant_seen, how, .flags = FIELD_OMIT_ZERO),
	FIELD(struct tenant_seen, back_until, .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema seen_schema = SCHEMA("TenantSeen", struct tenant_seen, seen_fields);

static bool
show_json(struct ctl *c, const struct tenant_args *a, const struct tenant *t, const char *how,
    struct err *e)
{
	const struct tenant_seen x = {
		.slug = t->slug,
		.name = t->name,
		.status = t->status,
		.status_reason = *t->status_reason == '\0' ? NULL : t->status_reason,
		.status_at = t->status_at,
		.erase_at = t->erase_at,
		.schema = t->schema_name,
		.version = t->schema_version,
		.newest = migrate_newest(SQL_TENANT),
		.created_at = t->created_at,
		.id = t->id,
		.operation_id = t->erase_op,
		.how = *how == '\0' ? NULL : how,
		.back_until = a->back_until,
	};

	return ctl_json(c, &seen_schema, &x, e);
}

bool
tenant_show(struct ctl *c, const struct tenant_args *a, const struct tenant *t, const char *how,
    struct err *e)
{
	char until[TIME_TEXT_MAX] = "", since[TIME_TEXT_MAX];

	if (a->json)
		return show_json(c, a, t, how, e);
	time_print(t->status_at.ms != 0 ? t->status_at.ms : t->created_at.ms, since);
	if (t->erase_at.ms != 0)
		time_print(t->erase_at.ms, until);
	ctl_say("%-24s %-12s version %lld of %lld  since %s%s%s%s%s", t->slug, t->status,
	    (long long)t->schema_version, (long long)migrate_newest(SQL_TENANT), since,
	    *until != '\0' ? "  until " : "", until, *t->status_reason != '\0' ? "  " : "",
	    ctl_text(c, t->status_reason));
	if (a->back_until.ms != 0) {
		time_print(a->back_until.ms, until);
		ctl_say("it can go back to what it was before it was restored, until %s", until);
	}
	return true;
}

/* ---- status ---- */

static bool
is_behind(const struct tenant *t)
{
	return tenant_stands(t) && t->schema_version < migrate_newest(SQL_TENANT);
}

static bool
all(struct ctl *c, const struct tenant_args *a, int *behind, struct err *e)
{
	struct uuid    last = { 0 };
	struct tenant *list;
	size_t         n = TENANT_PAGE;

	while (n == TENANT_PAGE) {
		TALLOC_CTX *page = talloc_new(c->mem);
		bool        ok = tenant_list(c->d, page, &last, &list, &n, e);

		for (size_t i = 0; ok && i < n; i++) {
			last = list[i].id;
			*behind += is_behind(&list[i]);
			if (!a->behind || is_behind(&list[i]))
				ok = tenant_show(c, a, &list[i], "", e);
		}
		talloc_free(page);
		if (!ok)
			return false;
	}
	return true;
}

static bool
find_way_back(struct ctl *c, struct tenant_args *a, const struct tenant *t, struct err *e)
{
	struct restoration r;

	if (!restoration_last(c->d, c->mem, &t->id, &r, e))
		return err_take(e, ERR_MISSING);
	if (*r.settings != '\0')
		a->back_until = r.drop_at;
	return true;
}

static bool
one(struct ctl *c, struct tenant_args *a, int *behind, struct err *e)
{
	const struct tenant *t;

	if (!tenant_by_slug(c->d, str_of(a->slug), &t, e))
		return err_note(e, "tenant %s", ctl_text(c, a->slug));
	*behind = is_behind(t);
	return (a->behind && !is_behind(t)) ||
	       (find_way_back(c, a, t, e) && tenant_show(c, a, t, "", e));
}

int
cmd_tenant_status(struct ctl *c, int argc, char **argv)
{
	struct tenant_args a = { .command = "tenant status",
		.takes = TENANT_JSON | TENANT_BEHIND,
		.slug_is_optional = true };
	struct err         e = { 0 };
	int                behind = 0;

	if (!tenant_args(c, argc, argv, &a))
		return 2;
	if (!ctl_open(c, &e) ||
	    !(a.slug != NULL ? one(c, &a, &behind, &e) : all(c, &a, &behind, &e)))
		return ctl_failed(&e);
	if (a.behind && behind == 0 && !a.json)
		ctl_say("none is behind");
	return a.behind && behind > 0;
}
