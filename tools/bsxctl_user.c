/* bsxctl_user.h: arguments, what is told, and `user list`. */
#include "tools/bsxctl_user.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "core/auth/audit_details.h"
#include "core/auth/ident.h"

#define PAGE_ROWS 200

/* ---- arguments ---- */

static const struct option options[] = {
	{ "json", no_argument, NULL, USER_JSON },
	{ "dry-run", no_argument, NULL, USER_DRY_RUN },
	{ "link", no_argument, NULL, USER_LINK },
	{ "mail", no_argument, NULL, USER_MAIL },
	{ "password-file", required_argument, NULL, USER_FILE },
	{ "name", required_argument, NULL, USER_NAME },
	{ "role", required_argument, NULL, USER_ROLE },
	{ "add", required_argument, NULL, USER_ADD },
	{ "drop", required_argument, NULL, USER_DROP },
	{ 0 },
};

static bool
take_text(const char **text)
{
	bool first = *text == NULL;

	*text = optarg;
	return first;
}

static bool
take_name(struct names *list)
{
	if (list->n == USER_ROLES_MAX)
		return false;
	list->all[list->n++] = optarg;
	return true;
}

static bool
take(struct user_args *a, int o)
{
	a->json = a->json || o == USER_JSON;
	a->dry_run = a->dry_run || o == USER_DRY_RUN;
	a->link = a->link || o == USER_LINK;
	a->mail = a->mail || o == USER_MAIL;
	switch (o) {
	case USER_FILE:
		return take_text(&a->password_file);
	case USER_NAME:
		return take_text(&a->name);
	case USER_ROLE:
		return take_name(&a->roles);
	case USER_ADD:
		return take_name(&a->add);
	case USER_DROP:
		return take_name(&a->drop);
	default:
		return true;
	}
}

bool
user_args(struct ctl *c, int argc, char **argv, struct user_args *a)
{
	struct err why = { 0 };
	int        o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (o == '?' || (a->takes & (unsigned)o) == 0 || !take(a, o))
			return (void)ctl_usage(a->command, false), false;
	if (optind != argc - (a->of_all ? 1 : 2) ||
	    (a->password_file != NULL) + a->link + a->mail > 1)
		return (void)ctl_usage(a->command, false), false;
	a->email = a->of_all ? NULL : argv[optind + 1];
	if (!tenant_slug(c->mem, str_of(argv[optind]), &a->slug, &why))
		return (void)ctl_misused(c, a->command, &why), false;
	return true;
}

/* ---- a command's work ---- */

bool
user_work_tenant(struct user_work *w, struct err *e)
{
	w->done.tenant = w->a->slug;
	w->done.email = w->a->email;
	w->done.dry_run = w->a->dry_run;
	return ctl_open(w->c, e) && ctl_deed(w->c, w->a->slug, &w->auth, &w->by, e);
}

bool
user_work_user(struct user_work *w, struct err *e)
{
	const char *email;

	if (!user_work_tenant(w, e))
		return false;
	if (!ident_email(w->c->mem, str_of(w->a->email), &email, e) ||
	    !user_by_email(w->by.t, w->c->mem, email, &w->user, e))
		return err_note(e, "user %s of tenant %s", ctl_text(w->c, w->a->email), w->a->slug);
	w->done.email = w->user.email;
	return true;
}

bool
user_work_ends(struct user_work *w, enum ends_event event, struct err *e)
{
	const char **all = talloc_zero_array(w->c->mem, const char *, ENDS__MAX);

	if (all == NULL)
		return err_memory(e);
	w->done.ends = (struct strings) { all, 0 };
	for (size_t i = 0; i < ENDS__MAX; i++)
		if (ends_rows[event].cells[i] == 'X' || ends_rows[event].cells[i] == 'O')
			all[w->done.ends.n++] = ends_columns[i].credential;
	return true;
}

struct user_told {
	const char *tenant, *email;
};
static const struct field user_told_fields[] = {
	TOLD(struct user_told, tenant),
	TOLD(struct user_told, email),
	FIELD_END,
};
static const struct schema user_told =
    SCHEMA("UserOfTenantTold", struct user_told, user_told_fields);

bool
user_work_copy(struct user_work *w, enum audit_action action, struct err *e)
{
	const struct user_told told = { w->a->slug, w->done.email };
	struct audit_entry     entry = { .action = action, .target_id = w->user.id };

	if (tenant_is_platform(w->by.t->tenant))
		return true; /* it is there */
	entry.details = audit_details(w->c->mem, &user_told, &told, e);
	return entry.details != NULL && ctl_audit(w->c, &entry, e);
}

static const struct field done_fields[] = {
	FIELD(struct user_done, tenant),
	FIELD(struct user_done, email),
	FIELD(struct user_done, how),
	FIELD(struct user_done, dry_run),
	FIELD(struct user_done, password, .flags = FIELD_OMIT_ZERO),
	FIELD(struct user_done, link, .flags = FIELD_OMIT_ZERO),
	FIELD(struct user_done, ends),
	FIELD_END,
};
static const struct schema done_schema = SCHEMA("UserDone", struct user_done, done_fields);

bool
user_work_tell(struct user_work *w, struct err *e)
{
	const struct user_done *d = &w->done;

	if (w->a->json)
		return ctl_json(w->c, &done_schema, d, e);
	ctl_say("%s in %s: %s%s", ctl_text(w->c, d->email), d->tenant,
	    d->dry_run ? "nothing is done; it would be: " : "", d->how);
	if (d->password != NULL)
		ctl_say("password: %s", d->password);
	if (d->link != NULL)
		ctl_say("link: %s", d->link);
	if (d->ends.n == 0)
		return true;
	printf("%s:", d->dry_run ? "would end" : "ended");
	for (size_t i = 0; i < d->ends.n; i++)
		printf(" %s", d->ends.items[i]);
	putchar('\n');
	return true;
}

/* ---- list ---- */

static void
put_line(struct ctl *c, const struct user *u)
{
	char last[TIME_TEXT_MAX] = "never";

	if (u->last_login.ms != 0)
		time_print(u->last_login.ms, last);
	printf("%-32s %-8s %-3s %-24s ", ctl_text(c, u->email), u->status,
	    u->two_factor ? "2fa" : "-", last);
	for (size_t i = 0; i < u->roles.n; i++)
		printf("%s%s", i > 0 ? "," : "", ctl_text(c, u->roles.items[i]));
	putchar('\n');
}

static bool
list(struct user_work *w, struct err *e)
{
	const struct user_filter all = { 0 };
	struct page              p = { .want = PAGE_ROWS };

	do {
		TALLOC_CTX    *page = talloc_new(w->c->mem);
		struct deed_by by = w->by;
		bool           ok;

		by.mem = page;
		ok = page != NULL ? user_page(&by, &all, &p, e) : err_memory(e);
		for (size_t i = 0; ok && i < p.n; i++) {
			const struct user *u = (const struct user *)p.rows + i;

			p.after = u->id;
			if (w->a->json)
				ok = ctl_json(w->c, &user_schema, u, e);
			else
				put_line(w->c, u);
		}
		talloc_free(page);
		if (!ok)
			return false;
	} while (p.n == PAGE_ROWS);
	return true;
}

int
cmd_user_list(struct ctl *c, int argc, char **argv)
{
	struct user_args a = { .command = "user list", .takes = USER_JSON, .of_all = true };
	struct user_work w = { .c = c, .a = &a };
	struct err       e = { 0 };

	if (!user_args(c, argc, argv, &a))
		return 2;
	return user_work_tenant(&w, &e) && list(&w, &e) ? 0 : ctl_failed(&e);
}
