/* bsxctl.h: `init`. */
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "core/auth/audit_details.h"
#include "core/auth/keys_from.h"
#include "tools/bsxctl.h"

static bool
make_keyring(struct ctl *c, const struct service *s, struct err *e)
{
	const char *path = c->conf->keyring;
	bool        there = access(path, F_OK) == 0;

	if (!keys_are_ours(c->conf)) {
		ctl_say("keyring: from a %s; no file of it is made", keys_kind(c->conf));
		return true;
	}
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

struct init_told {
	int64_t control;
};
static const struct field init_told_fields[] = {
	TOLD(struct init_told, control),
	FIELD_END,
};
static const struct schema init_told = SCHEMA("InitTold", struct init_told, init_told_fields);

static bool
tell(struct ctl *c, struct err *e)
{
	const struct init_told told = { migrate_newest(SQL_CONTROL) };
	struct audit_entry     entry = { .action = AUDIT_INSTALLATION_INIT };

	entry.details = audit_details(c->mem, &init_told, &told, e);
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
	return tell(c, e);
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
