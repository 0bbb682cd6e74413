#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/bsxctl.h"

/* ---- init ---- */

static bool
give(const char *path, const char *owner, struct err *e)
{
	const struct passwd *pw;

	if (owner == NULL)
		return true;
	pw = getpwnam(owner);
	if (pw == NULL)
		return err_set(
		    e, ERR_INVALID, 0, "There is no such user on this system.", "--owner");
	if (chown(path, pw->pw_uid, pw->pw_gid) != 0)
		return err_set(e, ERR_INTERNAL, errno,
		    "A file could not be given to that user: run it as root.", "chown %s: %s", path,
		    strerror(errno));
	return true;
}

static bool
make_state(const struct conf *conf, const char *owner, struct err *e)
{
	const char *dir = conf->state_dir;

	if (mkdir(dir, 0700) == 0)
		return give(dir, owner, e);
	if (errno != EEXIST)
		return err_set(e, ERR_INTERNAL, errno,
		    "The state folder (state_dir) could not be made.", "mkdir %s: %s", dir,
		    strerror(errno));
	return true;
}

static bool
make_keyring(const struct conf *conf, const char *owner, struct err *e)
{
	if (access(conf->keyring, F_OK) == 0) {
		ctl_say("keyring: %s is there", conf->keyring);
		return true;
	}
	if (!keyring_create(conf->keyring, &rand_system, e) || !give(conf->keyring, owner, e))
		return false;
	ctl_say("keyring: made %s - keep a copy in a safe place: without it nothing sealed can be "
		"opened",
	    conf->keyring);
	return true;
}

static bool
init(struct ctl *c, const char *owner, struct err *e)
{
	if (!ctl_conf(c, e) || !make_state(c->conf, owner, e) || !make_keyring(c->conf, owner, e) ||
	    !ctl_open(c, e) || !ctl_provision(c, e) ||
	    !provision_control(c->prov, c->d, &c->deps, e))
		return false;
	ctl_say("database: schema %s, version %lld; account %s; signing key", c->conf->db_control,
	    (long long)migrate_newest(SQL_CONTROL), c->conf->db_user);
	return true;
}

int
cmd_init(struct ctl *c, int argc, char **argv)
{
	static const struct option options[] = { { "owner", required_argument, NULL, 'o' }, { 0 } };
	const char                *owner = NULL;
	struct err                 e = { 0 };
	int                        o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o != 'o')
			return ctl_usage("init", false);
		owner = optarg;
	}
	if (optind != argc)
		return ctl_usage("init", false);
	return init(c, owner, &e) ? 0 : ctl_failed(&e);
}

/* ---- migrate ---- */

static void
say_migrated(void *arg, const struct tenant *t, int applied)
{
	(void)arg;
	if (applied > 0)
		ctl_say("tenant %s: %d applied", t->slug, applied);
}

static bool
migrate(struct ctl *c, struct err *e)
{
	if (!ctl_provision(c, e) || !provision_control(c->prov, c->d, &c->deps, e))
		return false;
	ctl_say("control schema: version %lld", (long long)migrate_newest(SQL_CONTROL));
	if (!provision_migrate_tenants(c->prov, c->d, &c->deps, say_migrated, NULL, e))
		return false;
	ctl_say("tenants: version %lld", (long long)migrate_newest(SQL_TENANT));
	return true;
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
		if (strcmp(list[i].status, "active") != 0 &&
		    strcmp(list[i].status, "suspended") != 0)
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
