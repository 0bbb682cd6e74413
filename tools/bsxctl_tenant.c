/* bsxctl.h: `tenant create` and `tenant list`. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "core/auth/access.h"
#include "core/auth/audit_details.h"
#include "core/auth/user/user_admin.h"
#include "tools/bsxctl_tenant.h"

struct create {
	const char *slug, *name, *admin, *display_name, *password_file;
};

/* ---- create ---- */

/* Before anything is made, and before the database is asked. */
static bool
check(struct ctl *c, const struct create *in, struct str password, struct err *e)
{
	struct user_first first = { .tenant_slug = in->slug,
		.tenant_name = in->name,
		.email = in->admin,
		.display_name = in->display_name,
		.password = password };
	const char       *email, *kept;
	struct str        accepted;

	return provision_check_names(c->mem, in->slug, in->name, &kept, e) &&
	       user_check_first(c->mem, c->conf == NULL ? 0 : c->conf->password_min, &first, &email,
		   &accepted, e);
}

/* The row of a tenant made now, or of one that an earlier version made without an administrator. */
static bool
find_or_make(struct ctl *c, const struct tenant_first *in, struct tenant *made,
    const struct tenant **t, struct err *e)
{
	*t = made;
	if (provision_tenant_begin(&(struct provision) { c->prov, c->d, &c->env }, c->mem, in->slug,
		in->name, made, e))
		return true;
	if (e->code != ERR_CONFLICT || e->sys != 0)
		return false;
	err_clear(e);
	return tenant_by_slug(c->d, str_of(in->slug), t, e);
}

/* Invited in one transaction: who is there was invited. */
static bool
invite_first(const struct deed_by *by, const struct tenant_first *in, bool has, struct err *e)
{
	const struct role_wish admin = { .role = "admin" };
	const struct user_new  user = { .email = in->admin,
		 .display_name = in->display_name,
		 .roles = { .all = &admin, .n = 1 } };
	struct user            made;

	return has || user_make(by, &user, &made, e);
}

static bool
add_admin(struct ctl *c, const struct tenant_first *in, const struct tenant *t, struct err *e)
{
	bool                    unfinished = strcmp(t->status, "provisioning") == 0, has;
	struct auth             a = { .env = &c->env, .database = c->d };
	struct deed_by          by = { .auth = &a, .mem = c->mem, .actor = ctl_actor(c) };
	const struct user_first first = {
		.email = in->admin,
		.display_name = in->display_name,
		.password = str_of(in->password),
		.role = "admin",
		.by = ctl_actor(c),
	};

	if ((!unfinished && strcmp(t->status, "active") != 0) || provision_is_import(t))
		return err_set(e, ERR_CONFLICT, 0, "A tenant of that name exists.",
		    "tenant %s is %s", t->slug, t->status);
	if (!tenant_db_open(c->d, t, unfinished, &by.t, e) || !tenant_has_users(by.t, &has, e))
		return false;
	if (has && !unfinished)
		return err_set(e, ERR_CONFLICT, 0, "A tenant of that name exists.",
		    "tenant %s has users", t->slug);
	return access_install_roles(by.t, c->mem, c->env.rand, c->env.clock, e) &&
	       (in->password != NULL ? user_add_first(&by, &first, e)
				     : invite_first(&by, in, has, e));
}

/* The password is told before the tenant can be used: one that nobody has read is made again. */
static bool
tell(struct ctl *c, const struct tenant_first *in, void *arg, struct err *e)
{
	const struct create *typed = arg;

	ctl_say("tenant: %s", in->slug);
	ctl_say("administrator: %s", ctl_text(c, in->admin));
	if (typed->password_file == NULL)
		ctl_say("password: %s", in->password);
	return !ferror(stdout) || err_set(e, ERR_INTERNAL, 0,
				      "The answer could not be written: run it again.", "stdout");
}

struct create_told {
	const char *slug, *name;
};
static const struct field create_told_fields[] = {
	TOLD(struct create_told, slug),
	TOLD(struct create_told, name),
	FIELD_END,
};
static const struct schema create_told =
    SCHEMA("TenantMadeTold", struct create_told, create_told_fields);

/* Its entry has the tenant's number: a creation that is finished by repeating it is told once. */
static bool
audit(struct ctl *c, const struct tenant *t, struct err *e)
{
	const struct create_told told = { t->slug, t->name };
	struct audit_entry       entry = {
		      .id = t->id, .action = AUDIT_TENANT_CREATE, .target_id = t->id
	};

	entry.details = audit_details(c->mem, &create_told, &told, e);
	return entry.details != NULL && ctl_audit(c, &entry, e);
}

/* Before it can be used: who comes again finds one that is unfinished.  The platform's own trail
 * takes it when it is finished. */
bool
tenant_first_make(struct ctl *c, const struct tenant_first *in, struct err *e)
{
	struct tenant        made;
	const struct tenant *t;

	return find_or_make(c, in, &made, &t, e) && add_admin(c, in, t, e) &&
	       (in->tell == NULL || in->tell(c, in, in->arg, e)) &&
	       (tenant_is_platform(t) || audit(c, t, e)) &&
	       (t != &made || provision_tenant_finish(c->d, &made.id, e)) &&
	       (!tenant_is_platform(t) || audit(c, t, e));
}

static bool
make(struct ctl *c, struct create *in, const char *password, struct err *e)
{
	const struct tenant_first first = { in->slug, in->name, in->admin, in->display_name,
		password, tell, in };

	return tenant_first_make(c, &first, e);
}

static int
create(struct ctl *c, struct create *in)
{
	struct err e = { 0 };
	char      *password = NULL;

	if (!check(c, in, (struct str) { 0 }, &e))
		return ctl_misused(c, "tenant create", &e);
	if (!ctl_conf(c, &e) ||
	    !(in->password_file != NULL ? ctl_password_file(c, in->password_file, &password, &e)
					: ctl_password_make(c, &password, &e)) ||
	    !check(c, in, str_of(password), &e) || !ctl_open(c, &e) || !ctl_alone(c, &e) ||
	    !ctl_provision(c, &e) || !make(c, in, password, &e))
		return ctl_failed(&e);
	return 0;
}

int
cmd_tenant_create(struct ctl *c, int argc, char **argv)
{
	struct create       in = { 0 };
	const char        **values[] = { &in.name, &in.admin, &in.display_name, &in.password_file };
	const struct option options[] = { { "name", required_argument, NULL, 1 },
		{ "admin", required_argument, NULL, 2 },
		{ "display-name", required_argument, NULL, 3 },
		{ "password-file", required_argument, NULL, 4 }, { 0 } };
	struct err          why = { 0 };
	int                 o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o == '?' || *values[o - 1] != NULL) /* unknown, or given twice */
			return ctl_usage("tenant create", false);
		*values[o - 1] = optarg;
	}
	if (optind != argc - 1 || in.name == NULL || in.admin == NULL)
		return ctl_usage("tenant create", false);
	if (!tenant_slug(c->mem, str_of(argv[optind]), &in.slug, &why))
		in.slug = argv[optind]; /* which is then refused by its form */
	if (in.display_name == NULL)
		in.display_name = in.admin;
	return create(c, &in);
}

/* ---- list ---- */

/* Whether somebody can sign in; what cannot be looked at counts as finished: doctor says why. */
static bool
is_finished(struct ctl *c, const struct tenant *t)
{
	struct err        e = { 0 };
	struct tenant_db *tdb;
	bool              has;

	if (!tenant_stands(t))
		return strcmp(t->status, "provisioning") != 0;
	return !tenant_db_open(c->d, t, true, &tdb, &e) || !tenant_has_users(tdb, &has, &e) || has;
}

static bool
list_one(struct ctl *c, const struct tenant_args *a, const struct tenant *t, struct err *e)
{
	char          at[TIME_TEXT_MAX], unfinished[] = "unfinished";
	bool          finished = is_finished(c, t), ok = true;
	struct tenant seen = *t;

	if (!finished)
		seen.status = unfinished;
	time_print(t->created_at.ms, at);
	if (a->json)
		ok = tenant_show(c, a, &seen, "", e);
	else
		ctl_say("%-24s %-12s %s %s  %s", t->slug, seen.status, t->schema_name, at,
		    ctl_text(c, t->name));
	if (!finished && !a->json)
		ctl_say(provision_is_import(t) ? "    to finish it: " IMPORT_FINISH
					       : "    to finish it: " TENANT_FINISH,
		    t->slug);
	database_tidy(c->d);
	return ok;
}

static bool
list_all(struct ctl *c, const struct tenant_args *a, struct err *e)
{
	struct uuid    last = { 0 };
	struct tenant *list;
	size_t         n = TENANT_PAGE;

	while (n == TENANT_PAGE) {
		if (!tenant_list(c->d, c->mem, &last, &list, &n, e))
			return false;
		for (size_t i = 0; i < n; i++) {
			last = list[i].id;
			if (!list_one(c, a, &list[i], e))
				return false;
		}
		if (n > 0)
			talloc_free(list);
	}
	return true;
}

int
cmd_tenant_list(struct ctl *c, int argc, char **argv)
{
	struct tenant_args a = {
		.command = "tenant list", .takes = TENANT_JSON, .slug_is_optional = true
	};
	struct err e = { 0 };

	if (!tenant_args(c, argc, argv, &a))
		return 2;
	if (a.slug != NULL)
		return ctl_usage("tenant list", false);
	return ctl_open(c, &e) && list_all(c, &a, &e) ? 0 : ctl_failed(&e);
}
