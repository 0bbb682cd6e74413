/*
 * bsxctl_tenant.h - what the commands about tenants share.
 */
#ifndef BSX_TOOLS_BSXCTL_TENANT_H
#define BSX_TOOLS_BSXCTL_TENANT_H

#include "tools/bsxctl.h"

/* What such a command may be given: a word for each of the options that it takes. */
enum tenant_option {
	TENANT_JSON = 1,
	TENANT_REASON = 2,
	TENANT_GRACE = 4,
	TENANT_DRY_RUN = 8,
	TENANT_BEHIND = 16,
	TENANT_ANY = 32,
};
struct tenant_args {
	const char *command;          /* the name of its row */
	unsigned    takes;            /* of enum tenant_option */
	bool        slug_is_optional;
	const char *slug, *reason;    /* NULL: not given */
	int64_t     grace_s;          /* -1: not given */
	bool        json, dry_run, behind, any;
	instant     back_until;       /* to be shown: what it was before it was restored is kept; 0: nothing is */
};
/* False: it was called wrongly, and that was said. */
MUST_USE bool tenant_args(struct ctl *c, int argc, char **argv, struct tenant_args *a);

/* A tenant with its first administrator, or what lacks of one whose making was interrupted. */
struct tenant_first {
	const char *slug, *name, *admin, *display_name;
	const char *password; /* NULL: the administrator is invited by mail */
	bool (*tell)(struct ctl *c, const struct tenant_first *in, void *arg, struct err *e); /* before it can be used; NULL: nothing is told */
	void       *arg;
};
/* Arguments were checked; after ctl_alone() and ctl_provision().  ERR_CONFLICT: there is one of that name. */
MUST_USE bool tenant_first_make(struct ctl *c, const struct tenant_first *in, struct err *e);

/* A line of what is so with it now, or an object (a->json); `how` is what was done ("": nothing). */
MUST_USE bool tenant_show(struct ctl *c, const struct tenant_args *a, const struct tenant *t, const char *how, struct err *e);

#endif
