/* bsxctl.h: whose deed it is, and where that is kept. */
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "core/auth/access.h"
#include "core/auth/audit.h"
#include "tools/bsxctl.h"

#define LOGIN_UID "/proc/self/loginuid"
#define NO_UID    4294967295 /* of what nobody has signed in for, such as a timer */

/* The account that has signed in to this machine, which sudo and su do not change; else that of the
 * process. */
static uid_t
who(void)
{
	char    text[32];
	int64_t uid;
	int     fd = open(LOGIN_UID, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (fd >= 0)
		close(fd);
	if (n > 0 && str_to_i64((struct str) { text, (size_t)n }, &uid) && uid >= 0 && uid < NO_UID)
		return (uid_t)uid;
	return getuid();
}

const char *
ctl_actor(struct ctl *c)
{
	uid_t                uid = who();
	const struct passwd *pw = getpwuid(uid);
	char                *name = pw != NULL ? talloc_asprintf(c->mem, "bsxctl:%s", pw->pw_name)
					       : talloc_asprintf(c->mem, "bsxctl:%lu", (unsigned long)uid);

	return name != NULL ? name : "bsxctl";
}

bool
ctl_deed(struct ctl *c, const char *slug, struct auth *a, struct deed_by *by, struct err *e)
{
	const struct tenant *t;

	*a = (struct auth) { .env = &c->env, .database = c->d };
	*by = (struct deed_by) { .auth = a, .mem = c->mem, .actor = ctl_actor(c) };
	tenant_forget(c->d);
	if (!tenant_by_slug(c->d, str_of(slug), &t, e))
		return err_note(e, "tenant %s", ctl_text(c, slug));
	if (!tenant_stands(t))
		return err_set(e, ERR_MISSING, 0, "That tenant is being made, or erased.",
		    "tenant %s is %s", t->slug, t->status);
	return tenant_db_open(c->d, t, true, &by->t, e);
}

bool
ctl_audit(struct ctl *c, struct audit_entry *entry, struct err *e)
{
	struct auth    a;
	struct deed_by by;

	if (!ctl_deed(c, PLATFORM_SLUG, &a, &by, e))
		return err_take(e, ERR_MISSING);
	return audit_deed(&by, NULL, NULL, entry, e) || db_was_duplicate(e);
}
