/* bsxctl_user.h: `user roles`, what somebody may do, and giving and taking it. */
#include <stdio.h>
#include <string.h>

#include "core/auth/user/role_preview.h"
#include "tools/bsxctl_user.h"

struct wishing {
	struct user_work  *w;
	struct role_wish   all[USER_ROLES_MAX];
	struct user_change in;
};

static bool
names_have(const struct names *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->all[i], name) == 0)
			return true;
	return false;
}

/* Nobody else has given or taken one since what is asked for was made of what there was. */
static bool
is_as_found(void *arg, const struct user *was, struct err *e)
{
	const struct user *found = arg;
	const char        *a = found->assigned != NULL ? found->assigned : "";
	const char        *b = was->assigned != NULL ? was->assigned : "";

	return strcmp(a, b) == 0 ||
	       err_set(e, ERR_CONFLICT, 0, "The user was changed at the same time: try again.",
		   "outrun");
}

static bool
wish(struct wishing *x, const char *role, instant until, struct err *e)
{
	struct role_wishes *out = &x->in.roles;

	if (out->n == USER_ROLES_MAX)
		return err_set(e, ERR_INVALID, 0, "These are more roles than a user may have.",
		    "more than %d", USER_ROLES_MAX);
	x->all[out->n++] = (struct role_wish) { role, until };
	return true;
}

/* What stays ends as it did; what is added does not end, also where it did. */
static bool
fill(struct wishing *x, struct err *e)
{
	const struct user_args  *a = x->w->a;
	const struct assignment *held = x->w->user.assignments.p;
	size_t                   dropped = 0;

	x->in = (struct user_change) {
		.set_roles = true,
		.roles = { .all = x->all, .ends = true },
		.check = is_as_found,
		.check_arg = &x->w->user,
	};
	for (size_t i = 0; i < x->w->user.assignments.n; i++) {
		bool drop = names_have(&a->drop, held[i].role);

		dropped += drop;
		if (!drop && !names_have(&a->add, held[i].role) &&
		    !wish(x, held[i].role, held[i].ends_at, e))
			return false;
	}
	if (dropped < a->drop.n)
		return err_set(e, ERR_MISSING, 0, "The user has no such role.",
		    "%s has not all that is to be dropped", x->w->user.email);
	for (size_t i = 0; i < a->add.n; i++)
		if (!wish(x, a->add.all[i], (instant) { 0 }, e))
			return false;
	return true;
}

/* ---- telling ---- */

static void
put_texts(struct ctl *c, const char *lead, struct strings texts)
{
	if (texts.n == 0)
		return;
	printf("%s:", lead);
	for (size_t i = 0; i < texts.n; i++)
		printf(" %s", ctl_text(c, texts.items[i]));
	putchar('\n');
}

static bool
foresee(struct wishing *x, struct err *e)
{
	struct ctl         *c = x->w->c;
	struct user_preview p;

	if (!user_foresee(&x->w->by, &x->w->user.id, &x->in, &p, e))
		return false;
	if (x->w->a->json)
		return ctl_json(c, &user_preview_schema, &p, e);
	ctl_say("%s in %s: nothing is done", ctl_text(c, x->w->user.email), x->w->done.tenant);
	put_texts(c, "would gain", p.gains);
	put_texts(c, "would lose", p.loses);
	if (p.refused != NULL)
		ctl_say("would be refused: %s", p.why);
	return true;
}

static bool
show(struct user_work *w, const struct user *u, struct err *e)
{
	const struct assignment *all = u->assignments.p;

	if (w->a->json)
		return ctl_json(w->c, &user_schema, u, e);
	for (size_t i = 0; i < u->assignments.n; i++) {
		char end[TIME_TEXT_MAX] = "";

		if (all[i].ends_at.ms != 0)
			time_print(all[i].ends_at.ms, end);
		printf("%s%s%s, given by %s\n", ctl_text(w->c, all[i].role),
		    *end != '\0' ? " until " : "", end,
		    all[i].given_name != NULL ? ctl_text(w->c, all[i].given_name) : "nobody known");
	}
	return true;
}

/* ---- the command ---- */

static bool
roles(struct wishing *x, struct err *e)
{
	struct user_work *w = x->w;
	struct user       now;

	if (!user_work_user(w, e))
		return false;
	if (w->a->add.n + w->a->drop.n == 0)
		return show(w, &w->user, e);
	if (!fill(x, e))
		return false;
	if (w->a->dry_run)
		return foresee(x, e);
	return user_alter(&w->by, &w->user.id, &x->in, &now, e) &&
	       user_work_copy(w, AUDIT_USER_UPDATE, e) && show(w, &now, e);
}

int
cmd_user_roles(struct ctl *c, int argc, char **argv)
{
	struct user_args a = { .command = "user roles",
		.takes = USER_JSON | USER_DRY_RUN | USER_ADD | USER_DROP };
	struct user_work w = { .c = c, .a = &a };
	struct wishing   x = { .w = &w };
	struct err       e = { 0 };

	if (!user_args(c, argc, argv, &a))
		return 2;
	return roles(&x, &e) ? 0 : ctl_failed(&e);
}
