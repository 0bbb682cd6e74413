/* bsxctl.h: `audit verify`. */
#include <string.h>

#include "core/auth/audit_verify.h"
#include "tools/bsxctl.h"

static bool
verify_one(struct ctl *c, const struct tenant *t)
{
	const struct audit_part whole = { 0 };
	struct auth             a = { .env = &c->env, .database = c->d };
	struct err              e = { 0 };
	struct deed_by          by = { .auth = &a, .mem = c->mem };
	struct audit_verdict    v;

	if (!tenant_db_open(c->d, t, true, &by.t, &e) || !audit_verify(&by, &whole, NULL, &v, &e)) {
		ctl_say("WRONG %s: %s (%s)", t->slug, e.pub, ctl_text(c, e.detail));
		return false;
	}
	if (v.fault == AUDIT_FITS)
		ctl_say("ok    %s: %llu entries", t->slug, (unsigned long long)v.entries);
	else if (v.broken == 0)
		ctl_say("WRONG %s: %s", t->slug, audit_fault_sentence(v.fault));
	else
		ctl_say("WRONG %s: entry %llu: %s", t->slug, (unsigned long long)v.broken,
		    audit_fault_sentence(v.fault));
	database_tidy(c->d);
	return v.fault == AUDIT_FITS;
}

static bool
verify_named(struct ctl *c, const char *slug, bool *good, struct err *e)
{
	const struct tenant *t;

	if (!tenant_by_slug(c->d, str_of(slug), &t, e))
		return err_note(e, "tenant %s", ctl_text(c, slug));
	*good = verify_one(c, t);
	return true;
}

static bool
verify_all(struct ctl *c, bool *good, struct err *e)
{
	struct uuid    last = { 0 };
	struct tenant *list;
	size_t         n = TENANT_PAGE;

	while (n == TENANT_PAGE) {
		if (!tenant_list(c->d, c->mem, &last, &list, &n, e))
			return false;
		for (size_t i = 0; i < n; i++) {
			last = list[i].id;
			if (tenant_stands(&list[i]))
				*good &= verify_one(c, &list[i]);
		}
	}
	return true;
}

int
cmd_audit(struct ctl *c, int argc, char **argv)
{
	const char *slug = argc == 2 ? argv[1] : NULL;
	struct err  e = { 0 };
	bool        good = true;

	if (argc > 2 || (slug != NULL && *slug == '-'))
		return ctl_usage("audit", false);
	if (!ctl_open(c, &e) ||
	    !(slug != NULL ? verify_named(c, slug, &good, &e) : verify_all(c, &good, &e)))
		return ctl_failed(&e);
	return good ? 0 : 1;
}
