/* bsxctl.h: `init` and `migrate`. */
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "core/auth/audit_details.h"
#include "core/store/server/pool.h"
#include "tools/bsxctl.h"

/* ---- init ---- */

static bool
make_keyring(struct ctl *c, const struct service *s, struct err *e)
{
	const char *path = c->conf->keyring;
	bool        there = access(path, F_OK) == 0;

	if (!there && !keyring_create_for(path, s->uid, s->gid, &rand_system, e)) {
		there = e->sys == EEXIST; /* another init made it meanwhile */
		if (!there)
			return false;
		err_clear(e);
	}
	if (there) {
		ctl_say("keyring: %s is there", path);
		return true;
	}
	ctl_say("keyring: made %s - keep a copy in a safe place: without it nothing sealed can be "
		"opened",
	    path);
	return true;
}

struct schema_told {
	int64_t control, tenants, migrated;
};
static const struct field schema_told_fields[] = {
	TOLD(struct schema_told, control),
	TOLD_IF(struct schema_told, tenants),
	TOLD_IF(struct schema_told, migrated),
	FIELD_END,
};
static const struct schema schema_told =
    SCHEMA("SchemaTold", struct schema_told, schema_told_fields);

static bool
tell(struct ctl *c, enum audit_action action, const struct schema_told *told, struct err *e)
{
	struct audit_entry entry = { .action = action };

	entry.details = audit_details(c->mem, &schema_told, told, e);
	return entry.details != NULL && ctl_audit(c, &entry, e);
}

static bool
init(struct ctl *c, const char *owner, struct err *e)
{
	struct service s;

	if (!ctl_conf(c, e) || !service_find(c, owner, &s, e))
		return false;
	if (strcmp(s.name, c->conf->user) != 0)
		ctl_say("note  the services' account is %s: set user = \"%s\" in %s, so that the "
			"other commands know it",
		    s.name, s.name, c->conf_path);
	if (!service_state(c, &s, e) || !make_keyring(c, &s, e) || !service_files(c, &s, e) ||
	    !ctl_open_as(c, s.uid, e) || !ctl_alone(c, e) || !ctl_provision(c, e) ||
	    !provision_control(&(struct provision) { c->prov, c->d, &c->env }, e))
		return false;
	ctl_say("database: schema %s, version %lld; account %s@%s; signing key",
	    c->conf->db_control, (long long)migrate_newest(SQL_CONTROL), c->conf->db_user,
	    c->conf->db_account_host);
	return tell(c, AUDIT_INSTALLATION_INIT,
	    &(struct schema_told) { .control = migrate_newest(SQL_CONTROL) }, e);
}

int
cmd_init(struct ctl *c, int argc, char **argv)
{
	static const struct option options[] = { { "owner", required_argument, NULL, 'o' }, { 0 } };
	const char                *owner = NULL;
	struct err                 e = { 0 };
	int                        o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o != 'o' || owner != NULL)
			return ctl_usage("init", false);
		owner = optarg;
	}
	if (optind != argc)
		return ctl_usage("init", false);
	if (init(c, owner, &e))
		return 0;
	return owner != NULL && e.code == ERR_INVALID ? ctl_misused(c, "init", &e) : ctl_failed(&e);
}

/* ---- migrate ---- */

static void
say_migrated(void *arg, const struct tenant *t, int applied)
{
	int64_t *migrated = arg;

	*migrated += applied > 0;
	if (applied > 0)
		ctl_say("tenant %s: %d applied", t->slug, applied);
}

static bool
migrate(struct ctl *c, struct err *e)
{
	struct schema_told told = { migrate_newest(SQL_CONTROL), migrate_newest(SQL_TENANT), 0 };
	int64_t            pooled;

	if (!ctl_alone(c, e) || !ctl_provision(c, e) ||
	    !provision_control(&(struct provision) { c->prov, c->d, &c->env }, e))
		return false;
	ctl_say("control schema: version %lld", (long long)migrate_newest(SQL_CONTROL));
	if (!provision_migrate_tenants(
		&(struct provision) { c->prov, c->d, &c->env }, say_migrated, &told.migrated, e))
		return false;
	if (!pool_migrate(&(struct provision) { c->prov, c->d, &c->env }, &pooled, e))
		return false;
	if (pooled > 0)
		ctl_say("pool: %lld brought up to date", (long long)pooled);
	ctl_say("tenants: version %lld", (long long)migrate_newest(SQL_TENANT));
	return tell(c, AUDIT_SCHEMA_MIGRATE, &told, e);
}

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

int
cmd_migrate(struct ctl *c, int argc, char **argv)
{
	static const struct option options[] = { { "check", no_argument, NULL, 'n' }, { 0 } };
	bool                       only_check = false;
	struct err                 e = { 0 };
	int                        o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o != 'n')
			return ctl_usage("migrate", false);
		only_check = true;
	}
	if (optind != argc)
		return ctl_usage("migrate", false);
	if (!ctl_open(c, &e))
		return ctl_failed(&e);
	if (only_check)
		return check(c, &e);
	return migrate(c, &e) ? 0 : ctl_failed(&e);
}
