/* bsxctl.h: `grant`. */
#include <string.h>

#include "core/auth/tenant/grant_admin.h"
#include "tools/bsxctl.h"

#define PAGE_ROWS 200

/* ---- list ---- */

static void
put_grant(struct ctl *c, const struct grant *g)
{
	const char    *state = g->revoked_at.ms != 0 ? "revoked" : g->counts ? "active" : "ended";
	char           id[UUID_TEXT_MAX], end[TIME_TEXT_MAX];
	struct strings roles = { NULL, 0 };
	struct err     e = { 0 };

	uuid_print(&g->id, id);
	time_print(g->expires_at.ms, end);
	printf("%s  %-7s  until %s  %s -> %s%s ", id, state, end, ctl_text(c, g->slug),
	    g->grantee_slug != NULL ? ctl_text(c, g->grantee_slug) : "-",
	    uuid_is_nil(&g->grantee_user) ? "" : " (one user)");
	if (grant_roles(c->mem, g, &roles, &e))
		for (size_t i = 0; i < roles.n; i++)
			printf(" %s", ctl_text(c, roles.items[i]));
	putchar('\n');
}

static bool
list_of(struct ctl *c, const struct uuid *tenant, struct err *e)
{
	struct page p = { .want = PAGE_ROWS };

	do {
		const struct grant *all;

		if (!grant_page(c->d, c->mem, tenant, false, &p, e))
			return false;
		all = p.rows;
		for (size_t i = 0; i < p.n; i++) {
			put_grant(c, &all[i]);
			p.after = all[i].id;
		}
	} while (p.n == PAGE_ROWS);
	return true;
}

static bool
list_all(struct ctl *c, struct err *e)
{
	struct uuid    last = { 0 };
	struct tenant *list;
	size_t         n = TENANT_PAGE;

	while (n == TENANT_PAGE) {
		if (!tenant_list(c->d, c->mem, &last, &list, &n, e))
			return false;
		for (size_t i = 0; i < n; i++) {
			last = list[i].id;
			if (!list_of(c, &last, e))
				return false;
		}
	}
	return true;
}

static bool
list(struct ctl *c, const char *slug, struct err *e)
{
	const struct tenant *t;

	if (slug == NULL)
		return list_all(c, e);
	if (!tenant_by_slug(c->d, str_of(slug), &t, e))
		return err_note(e, "tenant %s", ctl_text(c, slug));
	return list_of(c, &t->id, e);
}

/* ---- revoke ---- */

static bool
take_back(struct ctl *c, const struct uuid *id, struct err *e)
{
	struct auth          a = { .env = &c->env, .database = c->d };
	struct deed_by       by = { .auth = &a, .mem = c->mem };
	const char          *who = ctl_actor(c);
	const struct tenant *t;
	struct grant         g;

	return grant_by_id(c->d, c->mem, id, &g, e) && tenant_by_id(c->d, &g.tenant_id, &t, e) &&
	       tenant_db_open(c->d, t, true, &by.t, e) && grant_end(&by, &g.tenant_id, id, who, e);
}

int
cmd_grant(struct ctl *c, int argc, char **argv)
{
	bool        revokes = strcmp(argv[0], "revoke") == 0;
	struct err  e = { 0 };
	struct uuid id;

	if (argc > 2 || (revokes && argc != 2) || (argc == 2 && *argv[1] == '-'))
		return ctl_usage("grant", false);
	if (revokes && !uuid_parse(str_of(argv[1]), &id)) {
		err_set(&e, ERR_INVALID, 0, "ID is the number of a grant, as `grant list` has it.",
		    "%s", argv[1]);
		return ctl_misused(c, "grant", &e);
	}
	if (!ctl_open(c, &e))
		return ctl_failed(&e);
	if (!revokes ? !list(c, argc == 2 ? argv[1] : NULL, &e) : !take_back(c, &id, &e))
		return ctl_failed(&e);
	if (revokes)
		ctl_say("revoked; it counts no more");
	return 0;
}
