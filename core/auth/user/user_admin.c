#include "core/auth/user/user_admin.h"

#include <stdio.h>
#include <string.h>

#include "core/auth/audit.h"
#include "core/auth/ident.h"
#include "core/auth/password/password_rules.h"
#include "core/base/unicode.h"
#include "core/crypt/password.h"
#include "core/store/identity/role.h"
#include "core/store/tenant/usage.h"

#define DISPLAY_NAME_MAX 200
#define FIRST_TRIES      10
#define BY_TOOL          "bsxctl"

/* ---- reading ---- */

bool
user_see(const struct deed_by *by, const struct uuid *id, struct user *out, struct err *e)
{
	return user_by_id(by->t, by->mem, id, out, e);
}

bool
user_page(const struct deed_by *by, const struct user_filter *f, struct page *p, struct err *e)
{
	return user_list(by->t, by->mem, f, p, e);
}

/* ---- the first ---- */

struct adding {
	const struct deed_by *by;
	struct user           user;
	const char           *role, *by_name;
};

/* Nobody could sign in to a tenant that was never finished: who stands there is the first try. */
static bool
drop_first_try(struct adding *in, struct err *e)
{
	const struct user_filter all = { 0 };
	struct page              p = { .want = FIRST_TRIES };

	if (strcmp(in->by->t->tenant->status, "provisioning") != 0)
		return true;
	if (!user_list(in->by->t, in->by->mem, &all, &p, e))
		return false;
	for (size_t i = 0; i < p.n; i++)
		if (!user_drop(in->by->t, &((const struct user *)p.rows)[i].id, e))
			return false;
	return true;
}

static bool
add_body(struct db *db, void *arg, struct err *e)
{
	struct adding     *in = arg;
	struct role_row    role;
	struct assignment  one = { .given_name = in->by_name,
		 .given_at = { clock_ms(in->by->auth->env->clock) } };
	struct assignments all = { in->user.id, &one, 1 };
	bool               counted;

	if (!drop_first_try(in, e))
		return false;
	if (!role_by_name(in->by->t, in->by->mem, in->role, &role, e))
		return err_note(e, "looking for the role %s", in->role);
	one.role_id = role.id;
	/* the operator is not held up by what the operator allows */
	return usage_take(db, USAGE_USERS, 0, &counted, e) && user_add(in->by->t, &in->user, e) &&
	       assignments_put(in->by->t, in->by->mem, &all, e);
}

/* The admin tool shows the public text: it names the fault. */
static bool
said(struct err *e)
{
	if (e->faults != NULL)
		snprintf(e->pub, sizeof(e->pub), "The password %s.", e->faults->detail);
	return false;
}

bool
user_check_first(TALLOC_CTX *mem, int64_t password_min, const struct user_first *in,
    const char **email, struct str *password, struct err *e)
{
	struct password_about about = { .min_length = password_min,
		.tenant_slug = in->tenant_slug,
		.tenant_name = in->tenant_name,
		.display_name = in->display_name };
	struct str            name;
	struct err            why = { 0 };

	if (!ident_new_email(mem, str_of(in->email), email, &why)) {
		*e = why;
		if (e->code == ERR_INVALID)
			snprintf(
			    e->pub, sizeof(e->pub), "The administrator's address %.150s.", why.pub);
		return false;
	}
	if (!unicode_name(mem, str_of(in->display_name), DISPLAY_NAME_MAX, &name, &why)) {
		*e = why;
		if (e->code == ERR_INVALID)
			snprintf(e->pub, sizeof(e->pub), "The display name %.150s.", why.pub);
		return false;
	}
	about.email = *email;
	return in->password.p == NULL ||
	       password_accept(mem, in->password, &about, "/password", password, e) || said(e);
}

static bool
fill_user(struct adding *in, const struct user_first *first, struct err *e)
{
	const struct env *env = in->by->auth->env;
	TALLOC_CTX       *mem = in->by->mem;
	struct user      *u = &in->user;
	const char       *address;
	struct str        secret, name;

	if (!user_check_first(mem, env->conf->password_min, first, &address, &secret, e) ||
	    !unicode_name(mem, str_of(first->display_name), DISPLAY_NAME_MAX, &name, e))
		return false;
	*u = (struct user) { .id = uuid_make(env->clock, env->rand),
		.created_at = { clock_ms(env->clock) } };
	u->email = talloc_strdup(mem, address);
	u->display_name = str_dup(mem, name);
	u->status = talloc_strdup(mem, "active");
	u->password = talloc_zero_array(mem, char, PASSWORD_PHC_MAX);
	if (u->email == NULL || u->display_name == NULL || u->status == NULL || u->password == NULL)
		return err_memory(e);
	return password_hash(secret, env->rand, NULL, u->password, e);
}

bool
user_add_first(const struct deed_by *by, const struct user_first *in, struct err *e)
{
	struct user_first  first = *in;
	const char        *name = in->by != NULL ? in->by : BY_TOOL;
	struct adding      x = { .by = by, .role = in->role, .by_name = name };
	struct audit_entry entry = { .action = AUDIT_USER_CREATE, .actor_name = name };

	first.tenant_slug = by->t->tenant->slug;
	first.tenant_name = by->t->tenant->name;
	if (!fill_user(&x, &first, e))
		return false;
	entry.target_id = x.user.id;
	return audit_deed(by, add_body, &x, &entry, e);
}
