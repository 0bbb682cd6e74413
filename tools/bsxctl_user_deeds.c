/* bsxctl_user.h: `user create`, `user password`, `user 2fa-reset`, `user unlock` and `user enable`.
 */
#include <string.h>

#include "core/auth/password/password_change.h"
#include "core/base/unicode.h"
#include "tools/bsxctl_user.h"

#define NAME_MAX_BYTES 200

/* ---- what is done to one who is there ---- */

struct user_deed {
	enum audit_action action;
	enum ends_event   event; /* END__MAX: nothing ends */
	const char       *how;
	bool (*run)(struct user_work *w, struct err *e); /* of a dry run: what refuses it alone */
};

static bool
do_it(struct user_work *w, const struct user_deed *d, struct err *e)
{
	w->done.how = d->how;
	if (!user_work_user(w, e) || (d->event != END__MAX && !user_work_ends(w, d->event, e)))
		return false;
	return d->run(w, e) && (w->a->dry_run || user_work_copy(w, d->action, e)) &&
	       user_work_tell(w, e);
}

static int
deed(struct ctl *c, int argc, char **argv, struct user_args *a, const struct user_deed *d)
{
	struct user_work w = { .c = c, .a = a };
	struct err       e = { 0 };

	if (!user_args(c, argc, argv, a))
		return 2;
	return do_it(&w, d, &e) ? 0 : ctl_failed(&e);
}

/* ---- password ---- */

static bool
put_password(struct user_work *w, struct err *e)
{
	const char *file = w->a->password_file;
	char       *password = NULL;
	bool        dry = w->a->dry_run;

	if (dry && file == NULL)
		return password_can_put(&w->by, &w->user.id, NULL, e);
	return (file != NULL ? ctl_password_file(w->c, file, &password, e)
			     : ctl_password_ask(
				   w->c, "New password (it is not shown): ", &password, e)) &&
	       (dry ? password_can_put(&w->by, &w->user.id, password, e)
		    : password_put(&w->by, &w->user.id, password, e));
}

static bool
print_link(struct user_work *w, struct err *e)
{
	return w->a->dry_run ? password_can_offer(&w->by, &w->user.id, false, e)
			     : password_offer(&w->by, &w->user.id, &w->done.link, e);
}

static bool
mail_link(struct user_work *w, struct err *e)
{
	return w->a->dry_run ? password_can_offer(&w->by, &w->user.id, true, e)
			     : password_offer(&w->by, &w->user.id, NULL, e);
}

int
cmd_user_password(struct ctl *c, int argc, char **argv)
{
	static const struct user_deed by_link = { AUDIT_PASSWORD_FORGOT, END__MAX,
		"a password can be chosen by a link, once", print_link };
	static const struct user_deed by_mail = { AUDIT_PASSWORD_FORGOT, END__MAX,
		"a link to choose a password is on its way", mail_link };
	static const struct user_deed by_hand = { AUDIT_PASSWORD_RESET, END_PASSWORD_RESET,
		"the password is another one", put_password };
	struct user_args              a = { .command = "user password",
			     .takes = USER_JSON | USER_DRY_RUN | USER_LINK | USER_MAIL | USER_FILE };
	struct user_work              w = { .c = c, .a = &a };
	struct err                    e = { 0 };

	if (!user_args(c, argc, argv, &a))
		return 2;
	return do_it(&w, a.link ? &by_link : a.mail ? &by_mail : &by_hand, &e) ? 0 : ctl_failed(&e);
}

/* ---- locked out otherwise ---- */

static bool
reset_factor(struct user_work *w, struct err *e)
{
	/* of the operator nothing refuses it where the user is there */
	return w->a->dry_run || user_reset_factor(&w->by, &w->user.id, e);
}

int
cmd_user_factor(struct ctl *c, int argc, char **argv)
{
	static const struct user_deed d = { AUDIT_FACTOR_RESET, END_FACTOR_RESET,
		"there is no second factor", reset_factor };
	struct user_args a = { .command = "user 2fa-reset", .takes = USER_JSON | USER_DRY_RUN };

	return deed(c, argc, argv, &a, &d);
}

static bool
unlock(struct user_work *w, struct err *e)
{
	return user_unlock(&w->by, &w->user.id, e);
}

int
cmd_user_unlock(struct ctl *c, int argc, char **argv)
{
	static const struct user_deed d = { AUDIT_USER_UNLOCK, END__MAX,
		"failed sign-ins are forgotten", unlock };
	struct user_args              a = { .command = "user unlock", .takes = USER_JSON };

	return deed(c, argc, argv, &a, &d);
}

static bool
enable(struct user_work *w, struct err *e)
{
	const struct user_change in = { .status = "active" };
	struct user              now;

	if (strcmp(w->user.status, "invited") == 0)
		return err_set(e, ERR_CONFLICT, 0,
		    "The user is invited, and active once there is a password: see user password.",
		    "an invited user");
	return user_alter(&w->by, &w->user.id, &in, &now, e);
}

int
cmd_user_enable(struct ctl *c, int argc, char **argv)
{
	static const struct user_deed d = { AUDIT_USER_UPDATE, END__MAX, "the user is active",
		enable };
	struct user_args              a = { .command = "user enable", .takes = USER_JSON };

	return deed(c, argc, argv, &a, &d);
}

/* ---- create ---- */

static bool
clean_name(struct user_work *w, const char **name, struct err *e)
{
	struct str kept;
	struct err why = { 0 };

	*name = w->a->name != NULL ? w->a->name : w->a->email;
	if (unicode_name(w->c->mem, str_of(*name), NAME_MAX_BYTES, &kept, &why)) {
		*name = kept.p;
		return true;
	}
	if (why.code == ERR_INVALID)
		return err_fault(e, w->c->mem, "/display_name", "%s", why.pub);
	*e = why;
	return false;
}

static bool
first_password(struct user_work *w, char **password, struct err *e)
{
	if (w->a->mail)
		return true;
	if (w->a->password_file != NULL)
		return ctl_password_file(w->c, w->a->password_file, password, e);
	if (!ctl_password_make(w->c, password, e))
		return false;
	w->done.password = *password;
	return true;
}

static bool
create(struct user_work *w, struct err *e)
{
	const struct user_args *a = w->a;
	struct role_wish        roles[USER_ROLES_MAX] = { 0 };
	struct user_new         in = { .email = a->email, .roles = { .all = roles } };
	char                   *password = NULL;

	for (; in.roles.n < a->roles.n; in.roles.n++)
		roles[in.roles.n].role = a->roles.all[in.roles.n];
	w->done.how = a->mail ? "invited" : "made";
	if (!clean_name(w, &in.display_name, e) || !first_password(w, &password, e))
		return false;
	in.password = password;
	if (!user_work_tenant(w, e) || !user_make(&w->by, &in, &w->user, e))
		return false;
	w->done.email = w->user.email;
	return user_work_copy(w, AUDIT_USER_CREATE, e) && user_work_tell(w, e);
}

int
cmd_user_create(struct ctl *c, int argc, char **argv)
{
	struct user_args a = { .command = "user create",
		.takes = USER_JSON | USER_MAIL | USER_FILE | USER_NAME | USER_ROLE };
	struct user_work w = { .c = c, .a = &a };
	struct err       e = { 0 };

	if (!user_args(c, argc, argv, &a))
		return 2;
	return create(&w, &e) ? 0 : ctl_failed(&e);
}
