/*
 * bsxctl_user.h - what the commands about the people of a tenant share.
 *
 * They are the way back of whom nobody else can help: they need the keyring and the database, and neither a session nor
 * mail nor an address from which the tenant may be used.  What is done is what the API does (core/auth/user,
 * core/auth/password), by ctl_actor(): in the trail of the tenant, and of the platform too.
 */
#ifndef BSX_TOOLS_BSXCTL_USER_H
#define BSX_TOOLS_BSXCTL_USER_H

#include "core/auth/ends.h"
#include "core/auth/user/user_admin.h"
#include "tools/bsxctl.h"

/* What such a command may be given: a word for each of the options that it takes. */
enum user_option {
	USER_JSON = 1,
	USER_DRY_RUN = 2,
	USER_LINK = 4,
	USER_MAIL = 8,
	USER_FILE = 16,
	USER_NAME = 32,
	USER_ROLE = 64,
	USER_ADD = 128,
	USER_DROP = 256,
};
struct names {
	const char *all[USER_ROLES_MAX];
	size_t      n;
};
struct user_args {
	const char   *command;             /* the name of its row */
	unsigned      takes;               /* of enum user_option */
	bool          of_all;              /* of the tenant's people, and not of one */
	const char   *slug, *email;
	const char   *password_file, *name; /* NULL: not given */
	struct names  roles, add, drop;
	bool          json, dry_run, link, mail;
};
/* False: it was called wrongly, and that was said. */
MUST_USE bool user_args(struct ctl *c, int argc, char **argv, struct user_args *a);

/* What came of it; members are those of --json. */
struct user_done {
	const char    *tenant, *email, *how;
	bool           dry_run;        /* nothing is done: it would be so */
	const char    *password, *link; /* made here; NULL: none was */
	struct strings ends;           /* names of ends_columns: what the user had of them has ended */
};

/* One of them, at work on one user. */
struct user_work {
	struct ctl             *c;
	const struct user_args *a;
	struct auth             auth;
	struct deed_by          by;
	struct user             user; /* as it was found */
	struct user_done        done;
};
/* The tenant's connection; then the user in it. */
MUST_USE bool user_work_tenant(struct user_work *w, struct err *e);
MUST_USE bool user_work_user(struct user_work *w, struct err *e);
/* What ends for all by that event, for w->done. */
MUST_USE bool user_work_ends(struct user_work *w, enum ends_event event, struct err *e);
/* The copy of the entry in the platform's trail; and what is told. */
MUST_USE bool user_work_copy(struct user_work *w, enum audit_action action, struct err *e);
MUST_USE bool user_work_tell(struct user_work *w, struct err *e);

#endif
