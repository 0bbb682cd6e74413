/*
 * bsxctl_onboard.h - what the files of `bsxctl onboard` share: customers of a table, each with a tenant of its own and a link
 * by which an administrator lets an app read its directory (drift/template/onboard.h).
 *
 * What was made is found again by itself: a tenant by its short name, a link by its tenant, directory and packs.  So it may
 * be run again, whenever it was killed, and makes nothing twice.  Who is named by --as is by whose rights the links are made
 * and carried on, as if they had asked themselves; who ran it is in the trail.
 */
#ifndef BSX_TOOLS_BSXCTL_ONBOARD_H
#define BSX_TOOLS_BSXCTL_ONBOARD_H

#include "core/auth/caller_again.h"
#include "core/store/identity/user.h"
#include "drift/template/onboard.h"
#include "tools/bsxctl_source.h"

#define CUSTOMERS_MAX      1000
#define CUSTOMERS_BYTES    (2 << 20) /* of their file */
#define CUSTOMER_LISTS_MAX ONBOARD_PACKS_MAX
#define CUSTOMER_MISSING   4
#define ONBOARD_GRANTS_MAX 10

/* ---- a customer ---- */

struct customer {
	uint64_t       line;
	const char    *slug, *name, *admin, *admin_name, *directory; /* checked */
	struct strings packs, templates;
	/* what has come of it */
	const char    *state;
	bool           made;    /* the tenant, by this call */
	const char    *link;    /* NULL: it has none that counts */
	instant        ends_at; /* of the link; 0: none */
	struct strings missing; /* sentences */
};

/* The command, as it was typed, and at work. */
struct onboard {
	struct ctl    *c;
	const char    *file, *provider, *email, *credential_file, *out;
	const char    *params[SOURCE_PARAMS_MAX];
	size_t         params_n;
	struct strings grant; /* roles; none: nothing is granted */
	int64_t        days, grant_days;
	bool           mail, retry, dry_run, json;

	const struct json *credential, *parameters;
	struct auth        auth;
	struct drift      *drift;
	struct customer   *all;
	size_t             n;
	uint64_t           faults; /* lines of the file that are wrong, and were told */
	struct onboarding *rows;   /* of the provider, newest first */
	size_t             rows_n;
	int64_t            told_ns; /* when it was said how far it is */
};

/* Says what is wrong with a line; `column` NULL: with all of it.  Counted. */
void onboard_bad_line(struct onboard *o, uint64_t line, const char *column, const char *why);
/* Reads all of the file, and what is wrong with a line by itself. */
MUST_USE bool onboard_file(struct onboard *o, struct err *e);

/* ---- by whom ---- */

/* For one customer: its memory, and what is done by whose rights. */
struct onboard_turn {
	TALLOC_CTX    *mem;
	struct deed_by home;
	struct user    user;
	struct caller  caller;
	struct work    work;
	struct acting *a;
};
/* As they are at this moment.  `t` is filled; by t->mem. */
MUST_USE bool onboard_enter(struct onboard *o, struct onboard_turn *t, struct err *e);
/* What the provider has of links; once. */
MUST_USE bool onboard_rows(struct onboard *o, struct err *e);
/* Its link that was made last, where it is the same; *found false: there is none. */
MUST_USE bool onboard_row_of(const struct onboard *o, const struct onboard_turn *t, const struct customer *x,
    const struct uuid *tenant, struct onboard_seen *out, bool *found, struct err *e);

/* What is wrong with lines for those who are there: packs, templates, tenants. */
MUST_USE bool onboard_check(struct onboard *o, struct err *e);
/* All that lacks of one customer.  Fails where it makes no sense to go on; else x->state says it. */
MUST_USE bool onboard_customer(struct onboard *o, struct customer *x, struct err *e);

/* ---- what is told ---- */

#define ONBOARD_NEW       "new"       /* of a dry run: the tenant is not there */
#define ONBOARD_UNLINKED  "unlinked"  /* of a dry run: it has no link */
#define ONBOARD_BLOCKED   "blocked"   /* it can have no link */
#define ONBOARD_LINK      "link"      /* waits for the administrator of the directory */
#define ONBOARD_CHECKING  "checking"  /* consented to; driftd is at it */
#define ONBOARD_CONSENTED "consented" /* made, and not read yet */
#define ONBOARD_WATCHED   "watched"   /* made, and read once */
#define ONBOARD_FAILED    "failed"

/* Opens --out before anything is made; then what is told of each, and of all. */
MUST_USE bool onboard_tell_begin(const struct onboard *o, struct err *e);
void          onboard_tell_progress(struct onboard *o, size_t i);
/* *well: nothing failed. */
MUST_USE bool onboard_tell(struct onboard *o, bool *well, struct err *e);

#endif
