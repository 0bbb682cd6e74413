/*
 * bsxctl.h - the admin tool's commands and what they share.
 *
 * A command is a row of commands[]: help, completion and the test of what each leaves behind come from there.  It returns the exit status: 0 done, 1 it failed (said on stderr), 2
 * it was called wrongly.  Nothing secret is printed, except a password that the
 * tool itself made, once.
 */
#ifndef BSX_TOOLS_BSXCTL_H
#define BSX_TOOLS_BSXCTL_H

#include "core/auth/audit.h"
#include "core/crypt/keyring.h"
#include "core/store/server/provision.h"

struct ctl {
	TALLOC_CTX          *mem;
	const char          *conf_path;
	struct conf         *conf;
	struct env env;
	struct database     *d;
	struct db           *prov;
};

struct command {
	const char *name; /* one word, or a group and one */
	int (*run)(struct ctl *c, int argc, char **argv); /* argv[0] is the last word of its name */
	const char *args;
	const char *deed; /* the audit action of what it changes, by ctl_actor(); NULL: it changes nothing */
	const char *sentence;
	const char *help; /* lines below the usage; may be "" */
};
extern const struct command commands[]; /* ended by name == NULL */

int cmd_init(struct ctl *c, int argc, char **argv);
int cmd_migrate(struct ctl *c, int argc, char **argv);
int cmd_user_list(struct ctl *c, int argc, char **argv);
int cmd_user_create(struct ctl *c, int argc, char **argv);
int cmd_user_password(struct ctl *c, int argc, char **argv);
int cmd_user_factor(struct ctl *c, int argc, char **argv);
int cmd_user_unlock(struct ctl *c, int argc, char **argv);
int cmd_user_enable(struct ctl *c, int argc, char **argv);
int cmd_user_roles(struct ctl *c, int argc, char **argv);
int cmd_tenant_create(struct ctl *c, int argc, char **argv);
int cmd_onboard(struct ctl *c, int argc, char **argv);
int cmd_tenant_list(struct ctl *c, int argc, char **argv);
int cmd_tenant_status(struct ctl *c, int argc, char **argv);
int cmd_tenant_suspend(struct ctl *c, int argc, char **argv);
int cmd_tenant_resume(struct ctl *c, int argc, char **argv);
int cmd_tenant_delete(struct ctl *c, int argc, char **argv);
int cmd_tenant_undelete(struct ctl *c, int argc, char **argv);
int cmd_tenant_erase(struct ctl *c, int argc, char **argv);
int cmd_tenant_addresses(struct ctl *c, int argc, char **argv);
int cmd_tenant_export(struct ctl *c, int argc, char **argv);
int cmd_tenant_import(struct ctl *c, int argc, char **argv);
int cmd_schema_list(struct ctl *c, int argc, char **argv);
int cmd_schema_add(struct ctl *c, int argc, char **argv);
int cmd_mail_test(struct ctl *c, int argc, char **argv);
int cmd_tenant_restore(struct ctl *c, int argc, char **argv);
int cmd_archive_check(struct ctl *c, int argc, char **argv);
int cmd_tenant_work(struct ctl *c, int argc, char **argv);
int cmd_config(struct ctl *c, int argc, char **argv);
int cmd_keys_list(struct ctl *c, int argc, char **argv);
int cmd_keys_add(struct ctl *c, int argc, char **argv);
int cmd_keys_use(struct ctl *c, int argc, char **argv);
int cmd_keys_retire(struct ctl *c, int argc, char **argv);
int cmd_keys_rotate(struct ctl *c, int argc, char **argv);
int cmd_ends(struct ctl *c, int argc, char **argv);
int cmd_audit_export(struct ctl *c, int argc, char **argv);
int cmd_audit_verify(struct ctl *c, int argc, char **argv);
int cmd_grant_list(struct ctl *c, int argc, char **argv);
int cmd_grant_revoke(struct ctl *c, int argc, char **argv);
int cmd_source_check(struct ctl *c, int argc, char **argv);
int cmd_source_man(struct ctl *c, int argc, char **argv);
int cmd_source_try(struct ctl *c, int argc, char **argv);
int cmd_doctor(struct ctl *c, int argc, char **argv);
int cmd_completion(struct ctl *c, int argc, char **argv);
int cmd_commands(struct ctl *c, int argc, char **argv);

/* Reads the configuration; then also the keyring, and makes (not yet connects) the database. */
MUST_USE bool ctl_conf(struct ctl *c, struct err *e);
MUST_USE bool ctl_open(struct ctl *c, struct err *e);
/* The second half of ctl_open(): the keyring may belong to `owner`. */
MUST_USE bool ctl_open_as(struct ctl *c, uid_t owner, struct err *e);
/* Until this process ends no other bsxctl of this host is past this call: each sees what the one before has made. */
MUST_USE bool ctl_alone(struct ctl *c, struct err *e);
/* The provisioning connection, after ctl_open(); it may make accounts. */
MUST_USE bool ctl_provision(struct ctl *c, struct err *e);

/* Who does it: "bsxctl:NAME", of the unix account that has signed in to this machine (sudo does not change that). */
const char *ctl_actor(struct ctl *c);
/* *by is that, in the tenant, on its connection.  ERR_MISSING: there is none of that name that stands. */
MUST_USE bool ctl_deed(struct ctl *c, const char *slug, struct auth *a, struct deed_by *by, struct err *e);
/* What was done, by ctl_actor(), in the platform's trail; nothing where there is no platform yet, or an entry of that id. */
MUST_USE bool ctl_audit(struct ctl *c, struct audit_entry *entry, struct err *e);

/*
 * The unix account that the responder and driftd run as: the one asked for, or the configured one (`user`).
 * Run by an ordinary user it is that user.  ERR_INVALID: no such account; ERR_FORBIDDEN: only root may ask.
 */
struct service {
	const char *name;
	uid_t       uid;
	gid_t       gid;
	bool        self; /* it is who runs the tool */
};
MUST_USE bool service_find(struct ctl *c, const char *asked, struct service *s, struct err *e);
/*
 * Owner and mode of the state folder (made when missing), and of the files that the services need; what is
 * repaired is said.  Repeatable.  ERR_CONFLICT: something strange stands there.
 */
MUST_USE bool service_state(struct ctl *c, const struct service *s, struct err *e);
MUST_USE bool service_files(struct ctl *c, const struct service *s, struct err *e);

/* A progress line on stdout, at once; values from outside are escaped by the caller with ctl_text(). */
void ctl_say(const char *fmt, ...) PRINTF(1, 2);
const char *ctl_text(struct ctl *c, const char *z);
/* The object `in` as a line of JSON. */
MUST_USE bool ctl_json(struct ctl *c, const struct schema *s, const void *in, struct err *e);
/*
 * Changes the keyring's file; in->path NULL: the keyring's own, where it has one (else ERR_CONFLICT).  `done` is of the
 * entry in the platform's trail; *now: the version.
 */
MUST_USE bool ctl_keyring_change(struct ctl *c, struct keyring_change in, const char *done, uint32_t *now, struct err *e);
/* What is to be done with the file that was changed, then `then`. */
void ctl_keyring_next(struct ctl *c, const char *file, const char *then);
/* A password or passphrase: the first line of that file, or of standard input ("-").  ERR_INVALID: there is none. */
MUST_USE bool ctl_password_file(struct ctl *c, const char *path, char **out, struct err *e);
/* One that is typed at the terminal, twice, unseen; `what` is asked.  ERR_INVALID: nobody sits there, or the two differ. */
MUST_USE bool ctl_password_ask(struct ctl *c, const char *what, char **out, struct err *e);
/* One that nobody has had before, of 24 characters. */
MUST_USE bool ctl_password_make(struct ctl *c, char **out, struct err *e);
/* Says what failed; returns 1. */
int ctl_failed(const struct err *e);
/* Prints the usage of one command, or of a group; returns 2, or 0 when it was asked for. */
int ctl_usage(const char *command, bool asked);
/* Says what is wrong with an argument, and the usage of its command; returns 2. */
int ctl_misused(struct ctl *c, const char *command, const struct err *e);

/* What to type for a tenant whose making was interrupted; %s: its slug. */
#define TENANT_FINISH "bsxctl tenant create %s --name NAME --admin EMAIL"
#define IMPORT_FINISH "bsxctl tenant import FILE %s"

#endif
