/* bsxctl_tenant.h: `tenant addresses`, the way back of who has locked a tenant to places nobody
 * comes from. */
#include "core/auth/settings.h"
#include "core/auth/tenant/tenant_admin.h"
#include "tools/bsxctl_tenant.h"

static bool
show(struct ctl *c, const struct tenant *t, struct err *e)
{
	struct settings s;

	if (!settings_parse(c->mem, c->conf, t->settings.text, &s, e))
		return false;
	for (size_t i = 0; i < s.allowed_addresses.n; i++)
		ctl_say("%s", s.allowed_addresses.items[i]);
	return true;
}

/* In its own trail; in the platform's too, as what the platform does to a tenant is. */
static bool
open_to_all(struct ctl *c, const struct tenant *t, struct err *e)
{
	struct auth        auth = { .env = &c->env, .database = c->d };
	struct deed_by     by = { .auth = &auth, .mem = c->mem, .actor = ctl_actor(c) };
	struct audit_entry entry = { .action = AUDIT_SETTINGS_UPDATE, .target_id = t->id };

	return tenant_db_open(c->d, t, true, &by.t, e) && tenant_open_to_all(&by, t, e) &&
	       (tenant_is_platform(t) || ctl_audit(c, &entry, e));
}

static bool
look(struct ctl *c, const struct tenant_args *a, struct err *e)
{
	const struct tenant *t;

	tenant_forget(c->d);
	if (!tenant_by_slug(c->d, str_of(a->slug), &t, e))
		return err_note(e, "tenant %s", ctl_text(c, a->slug));
	return a->any ? open_to_all(c, t, e) : show(c, t, e);
}

int
cmd_tenant_addresses(struct ctl *c, int argc, char **argv)
{
	struct tenant_args a = { .command = "tenant addresses", .takes = TENANT_ANY };
	struct err         e = { 0 };

	if (!tenant_args(c, argc, argv, &a))
		return 2;
	if (!ctl_open(c, &e) || !look(c, &a, &e))
		return ctl_failed(&e);
	if (a.any)
		ctl_say("tenant %s may be used from every address", a.slug);
	return 0;
}
