/* bsxctl.h: `grant`. */
#include <string.h>

#include "core/auth/tenant/grant_admin.h"
#include "core/json/schema.h"
#include "tools/bsxctl_tenant.h"

#define PAGE_ROWS 200

/* ---- list ---- */

struct grant_seen {
	struct uuid    id, user;
	const char    *state, *from, *to;
	struct strings roles;
	instant        created_at, expires_at;
};
static const struct field seen_fields[] = {
	FIELD(struct grant_seen, id),
	FIELD(struct grant_seen, state),
	FIELD(struct grant_seen, from, .flags = FIELD_NULLABLE),
	FIELD(struct grant_seen, to, .flags = FIELD_NULLABLE),
	FIELD(struct grant_seen, user, .flags = FIELD_NULLABLE),
	FIELD(struct grant_seen, roles),
	FIELD(struct grant_seen, created_at),
	FIELD(struct grant_seen, expires_at),
	FIELD_END,
};
static const struct schema seen_schema = SCHEMA("GrantSeen", struct grant_seen, seen_fields);

static void
put_line(struct ctl *c, const struct grant_seen *x)
{
	char id[UUID_TEXT_MAX], end[TIME_TEXT_MAX];

	uuid_print(&x->id, id);
	time_print(x->expires_at.ms, end);
	printf("%s  %-7s  until %s  %s -> %s%s ", id, x->state, end, ctl_text(c, x->from),
	    x->to != NULL ? ctl_text(c, x->to) : "-", uuid_is_nil(&x->user) ? "" : " (one user)");
	for (size_t i = 0; i < x->roles.n; i++)
		printf(" %s", ctl_text(c, x->roles.items[i]));
	putchar('\n');
}

static bool
put_grant(struct ctl *c, const struct grant *g, bool json, struct err *e)
{
	struct grant_seen x = {
		.id = g->id,
		.user = g->grantee_user,
		.state = g->revoked_at.ms != 0 ? "revoked"
			 : g->counts           ? "active"
					       : "ended",
		.from = g->slug,
		.to = g->grantee_slug,
		.created_at = g->created_at,
		.expires_at = g->expires_at,
	};

	if (!grant_roles(c->mem, g, &x.roles, e))
		return false;
	if (json)
		return ctl_json(c, &seen_schema, &x, e);
	put_line(c, &x);
	return true;
}

static bool
list_of(struct ctl *c, const struct uuid *tenant, bool json, struct err *e)
{
	struct page p = { .want = PAGE_ROWS };

	do {
		const struct grant *all;

		if (!grant_page(c->d, c->mem, tenant, false, &p, e))
			return false;
		all = p.rows;
		for (size_t i = 0; i < p.n; i++) {
			if (!put_grant(c, &all[i], json, e))
				return false;
			p.after = all[i].id;
		}
	} while (p.n == PAGE_ROWS);
	return true;
}

static bool
list_all(struct ctl *c, bool json, struct err *e)
{
	struct uuid    last = { 0 };
	struct tenant *list;
	size_t         n = TENANT_PAGE;

	while (n == TENANT_PAGE) {
		if (!tenant_list(c->d, c->mem, &last, &list, &n, e))
			return false;
		for (size_t i = 0; i < n; i++) {
			last = list[i].id;
			if (!list_of(c, &last, json, e))
				return false;
		}
	}
	return true;
}

static bool
list(struct ctl *c, const struct tenant_args *a, struct err *e)
{
	const struct tenant *t;

	if (a->slug == NULL)
		return list_all(c, a->json, e);
	if (!tenant_by_slug(c->d, str_of(a->slug), &t, e))
		return err_note(e, "tenant %s", ctl_text(c, a->slug));
	return list_of(c, &t->id, a->json, e);
}

int
cmd_grant_list(struct ctl *c, int argc, char **argv)
{
	struct tenant_args a = {
		.command = "grant list", .takes = TENANT_JSON, .slug_is_optional = true
	};
	struct err e = { 0 };

	if (!tenant_args(c, argc, argv, &a))
		return 2;
	return ctl_open(c, &e) && list(c, &a, &e) ? 0 : ctl_failed(&e);
}

/* ---- revoke ---- */

static bool
take_back(struct ctl *c, const struct uuid *id, struct err *e)
{
	struct auth          a = { .env = &c->env, .database = c->d };
	struct deed_by       by = { .auth = &a, .mem = c->mem, .actor = ctl_actor(c) };
	const struct tenant *t;
	struct grant         g;

	return grant_by_id(c->d, c->mem, id, &g, e) && tenant_by_id(c->d, &g.tenant_id, &t, e) &&
	       tenant_db_open(c->d, t, true, &by.t, e) && grant_end(&by, &g.tenant_id, id, e);
}

int
cmd_grant_revoke(struct ctl *c, int argc, char **argv)
{
	struct err  e = { 0 };
	struct uuid id;

	if (argc != 2 || *argv[1] == '-')
		return ctl_usage("grant revoke", false);
	if (!uuid_parse(str_of(argv[1]), &id)) {
		err_set(&e, ERR_INVALID, 0, "ID is the number of a grant, as `grant list` has it.",
		    "%s", argv[1]);
		return ctl_misused(c, "grant revoke", &e);
	}
	if (!ctl_open(c, &e) || !take_back(c, &id, &e))
		return ctl_failed(&e);
	ctl_say("revoked; it counts no more");
	return 0;
}
