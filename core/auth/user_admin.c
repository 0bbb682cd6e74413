#include "core/auth/user_admin.h"

#include <stdio.h>
#include <string.h>

#include "core/auth/audit.h"
#include "core/auth/ident.h"
#include "core/auth/password_rules.h"
#include "core/crypt/password.h"
#include "core/store/role.h"
#include "core/store/user.h"

#define DISPLAY_NAME_MAX 200

struct adding {
	struct tenant_db *t;
	TALLOC_CTX       *mem;
	struct user       user;
	const char       *role;
};

static bool
add_body(struct db *db, void *arg, struct err *e)
{
	struct adding  *in = arg;
	struct role_row role;

	(void)db;
	if (!role_by_name(in->t, in->mem, in->role, &role, e))
		return err_note(e, "looking for the role %s", in->role);
	return user_add(in->t, &in->user, e) && user_role_add(in->t, &in->user.id, 0, &role.id, e);
}

/* The admin tool shows the public text: it names the fault. */
static bool
said(struct err *e)
{
	if (e->faults != NULL)
		snprintf(e->pub, sizeof(e->pub), "The password %s.", e->faults->detail);
	return false;
}

static bool
fill_user(struct adding *in, const struct database_deps *deps, const char *email,
    const char *display_name, struct str password, struct err *e)
{
	struct user *u = &in->user;
	const char  *address;
	struct str   secret, name = str_trim(str_of(display_name));

	struct password_about about = { .tenant_slug = in->t->tenant->slug,
		.tenant_name = in->t->tenant->name,
		.display_name = display_name };

	if (!ident_email(in->mem, str_of(email), &address, e))
		return false;
	about.email = address;
	if (!password_accept(in->mem, deps->conf->password_min, password, &about, "/password", &secret, e))
		return said(e);
	if (name.n == 0 || name.n > DISPLAY_NAME_MAX || !str_is_utf8(name))
		return err_set(
		    e, ERR_INVALID, 0, "the display name is empty or too long", "display name");
	*u = (struct user) { .id = uuid_make(deps->clock, deps->rand),
		.created_at = { clock_ms(deps->clock) } };
	u->email = talloc_strdup(in->mem, address);
	u->display_name = str_dup(in->mem, name);
	u->status = talloc_strdup(in->mem, "active");
	u->password = talloc_zero_array(in->mem, char, PASSWORD_PHC_MAX);
	if (u->email == NULL || u->display_name == NULL || u->status == NULL || u->password == NULL)
		return err_memory(e);
	return password_hash(secret, deps->rand, NULL, u->password, e);
}

bool
user_add_first(struct tenant_db *t, TALLOC_CTX *mem, const struct database_deps *deps,
    const char *email, const char *display_name, struct str password, const char *role,
    struct err *e)
{
	struct auth        a = { .conf = deps->conf,
		       .clock = deps->clock,
		       .rand = deps->rand,
		       .log = deps->log,
		       .keyring = deps->keyring,
		       .segment = deps->segment };
	struct adding      in = { .t = t, .mem = mem, .role = role };
	struct audit_entry entry = { .action = AUDIT_USER_CREATE,
		.success = true,
		.actor_kind = "system",
		.actor_name = "bsxctl",
		.target_kind = "user" };

	if (!fill_user(&in, deps, email, display_name, password, e))
		return false;
	entry.target_id = in.user.id;
	return audit_deed(t, mem, &a, add_body, &in, &entry, e);
}
