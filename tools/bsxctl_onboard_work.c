/* bsxctl_onboard.h: one customer: a tenant, what it has granted, its link, and what has come of
 * that. */
#include <stdio.h>
#include <string.h>

#include "core/auth/access.h"
#include "core/auth/tenant/grant_admin.h"
#include "core/auth/user/user_admin.h"
#include "tools/bsxctl_onboard.h"
#include "tools/bsxctl_tenant.h"

#define DAY_MS        INT64_C(86400000)
#define PEOPLE_LOOKED 50
#define GRANTS_LOOKED 200

struct handling {
	struct onboard      *o;
	struct customer     *x;
	struct onboard_turn  t;
	const struct tenant *tenant;
};

/* ---- what is said of it; it outlives its turn ---- */

static bool
put_text(struct handling *h, const char *text, const char **out, struct err *e)
{
	*out = talloc_strdup(h->o->all, text);
	return *out != NULL || err_memory(e);
}

static bool
lacks(struct handling *h, const char *text, struct err *e)
{
	struct strings *m = &h->x->missing;

	if (text == NULL)
		return err_memory(e);
	if (m->items == NULL)
		m->items = talloc_array(h->o->all, const char *, CUSTOMER_MISSING);
	if (m->items == NULL)
		return err_memory(e);
	if (m->n == CUSTOMER_MISSING)
		return true;
	return put_text(h, text, &m->items[m->n], e) && (m->n++, true);
}

static bool
is(struct handling *h, const char *state, const char *lack, struct err *e)
{
	h->x->state = state;
	return lack == NULL || lacks(h, lack, e);
}

/* What this customer is refused does not hold up the others; what everybody would be does. */
static bool
is_refused(struct handling *h, const struct err *why, const char *state, struct err *e)
{
	if (why->code == ERR_UNAVAILABLE || why->code == ERR_INTERNAL || why->code == ERR_OK) {
		*e = *why;
		return false;
	}
	if (!is(h, state, why->pub, e))
		return false;
	for (const struct fault *f = why->faults; f != NULL; f = f->next)
		if (!lacks(h, talloc_asprintf(h->t.mem, "%s %s", f->pointer, f->detail), e))
			return false;
	return true;
}

/* ---- the tenant ---- */

static bool
find_tenant(struct handling *h, bool *there, struct err *e)
{
	tenant_forget(h->o->c->d);
	*there = tenant_by_slug(h->o->c->d, str_of(h->x->slug), &h->tenant, e);
	return *there || err_take(e, ERR_MISSING);
}

/* Nobody knows its password: it is chosen by a link. */
static bool
make_tenant(struct handling *h, struct err *e)
{
	const struct customer *x = h->x;
	struct tenant_first    first = {
		   .slug = x->slug, .name = x->name, .admin = x->admin, .display_name = x->admin_name
	};
	char *password = NULL;

	if (!h->o->mail && !ctl_password_make(h->o->c, &password, e))
		return false;
	first.password = password;
	if (!tenant_first_make(h->o->c, &first, e))
		return false;
	h->x->made = true;
	return true;
}

static bool
is_unfinished(const struct tenant *t)
{
	return strcmp(t->status, "provisioning") == 0 && !provision_is_import(t);
}

/* *there false: it can go no further, and that was said. */
static bool
have_tenant(struct handling *h, bool *there, struct err *e)
{
	struct err why = { 0 };

	if (!find_tenant(h, there, e))
		return false;
	if (h->o->dry_run && (!*there || is_unfinished(h->tenant))) {
		*there = false;
		return is(h, ONBOARD_NEW, NULL, e);
	}
	if ((!*there || is_unfinished(h->tenant)) && !make_tenant(h, &why)) {
		*there = false;
		return is_refused(h, &why, ONBOARD_BLOCKED, e);
	}
	if (!find_tenant(h, there, e))
		return false;
	if (*there && strcmp(h->tenant->status, "active") == 0)
		return true;
	*there = false;
	return is(h, ONBOARD_BLOCKED, "The tenant is not active: see bsxctl tenant status.", e);
}

/* ---- its people ---- */

struct people {
	struct deed_by by;
	bool           used; /* somebody has signed in */
	struct user    admin;
	bool           has_admin;
};

static bool
look_at_people(struct handling *h, struct people *p, struct err *e)
{
	const struct user_filter all = { 0 };
	struct page              page = { .want = PEOPLE_LOOKED };
	const struct user       *u;

	*p = (struct people) { .by = h->t.home };
	p->by.caller = NULL;
	if (!tenant_db_open(h->o->c->d, h->tenant, false, &p->by.t, e) ||
	    !user_page(&p->by, &all, &page, e))
		return false;
	u = page.rows;
	p->used = page.n == PEOPLE_LOOKED;
	for (size_t i = 0; i < page.n; i++)
		p->used = p->used || u[i].last_login.ms != 0;
	p->has_admin = user_by_email(p->by.t, h->t.mem, h->x->admin, &p->admin, e);
	return p->has_admin || err_take(e, ERR_MISSING);
}

static bool
say_admin(struct handling *h, const struct people *p, struct err *e)
{
	const char *text;

	if (!p->has_admin || p->admin.last_login.ms != 0)
		return true;
	if (strcmp(p->admin.status, "invited") == 0)
		text = talloc_asprintf(h->t.mem,
		    "%s was invited by mail, and has chosen no password yet.", h->x->admin);
	else
		text = talloc_asprintf(h->t.mem,
		    "%s has not signed in yet; a link to choose a password: bsxctl user password "
		    "%s %s --link",
		    h->x->admin, h->x->slug, h->x->admin);
	return lacks(h, text, e);
}

/* ---- what it has granted ---- */

static bool
is_own(const struct handling *h)
{
	return uuid_eq(&h->tenant->id, &h->t.home.t->tenant->id);
}

/* One that is over or was taken back is not given again. */
static bool
was_granted(struct handling *h, bool *yes, struct err *e)
{
	struct page         p = { .want = GRANTS_LOOKED };
	const struct grant *g;

	if (!grant_page(h->o->c->d, h->t.mem, &h->tenant->id, false, &p, e))
		return false;
	g = p.rows;
	*yes = p.n == GRANTS_LOOKED;
	for (size_t i = 0; i < p.n; i++)
		*yes = *yes || uuid_eq(&g[i].grantee_tenant, &h->t.home.t->tenant->id);
	return true;
}

static bool
give(struct handling *h, const struct people *p, struct err *e)
{
	const struct grant_new in = { .grantee = h->o->provider,
		.roles = h->o->grant,
		.reason = "Given by the operator as the tenant was made (bsxctl onboard).",
		.expires_at = { clock_ms(h->o->c->env.clock) + h->o->grant_days * DAY_MS } };
	struct grant           made;

	return grant_make(&p->by, &h->tenant->id, &in, &made, e);
}

/* The operator gives in the name of a tenant that nobody has used; behind that it is theirs to
 * give. */
static bool
have_grant(struct handling *h, const struct people *p, struct err *e)
{
	struct err why = { 0 };
	bool       was;

	if (h->o->grant.n == 0 || h->o->dry_run || p->used || is_own(h))
		return true;
	if (!was_granted(h, &was, e))
		return false;
	return was || give(h, p, &why) || is_refused(h, &why, ONBOARD_BLOCKED, e);
}

/* ---- its link ---- */

static bool
ask(struct handling *h, struct err *e)
{
	const struct onboard_wish wish = { h->x->slug, h->x->directory, h->x->packs,
		h->o->credential, h->o->parameters, h->o->days, h->x->templates };
	struct onboard_seen       seen;
	const char               *url;
	struct err                why = { 0 };

	if (h->o->dry_run)
		return is(h, ONBOARD_UNLINKED, NULL, e);
	if (onboard_ask(h->t.a, &wish, &seen, &url, &why)) {
		h->x->ends_at = seen.row.ends_at;
		return is(h, ONBOARD_LINK, NULL, e) && put_text(h, url, &h->x->link, e);
	}
	if (!is_refused(h, &why, ONBOARD_BLOCKED, e))
		return false;
	if (why.code != ERR_FORBIDDEN)
		return true;
	return lacks(h,
	    talloc_asprintf(h->t.mem,
		"It takes a grant of this tenant to %s with create:drift, by its administrators or "
		"the platform; --grant gives one where nobody has signed in yet.",
		h->o->provider),
	    e);
}

static bool
show_link(struct handling *h, const struct onboard_seen *s, struct err *e)
{
	struct err  why = { 0 };
	const char *url;

	if (!onboard_link(h->t.a, s, &url, &why))
		return is_refused(h, &why, ONBOARD_BLOCKED, e);
	h->x->ends_at = s->row.ends_at;
	if (s->row.why != NULL && !lacks(h, s->row.why, e))
		return false;
	return is(h, ONBOARD_LINK, NULL, e) && put_text(h, url, &h->x->link, e);
}

static bool
show_done(struct handling *h, const struct onboard_seen *s, struct err *e)
{
	struct onboard_stand stand;

	if (!onboard_stand_of(h->t.a, s, &stand, e))
		return false;
	return is(h, stand.read ? ONBOARD_WATCHED : ONBOARD_CONSENTED, stand.why, e);
}

static bool
show_failed(struct handling *h, const struct onboard_seen *s, struct err *e)
{
	return is(h, ONBOARD_FAILED, s->row.why, e) &&
	       lacks(h, "Once that is mended: --retry makes another link.", e);
}

static bool
have_link(struct handling *h, struct err *e)
{
	struct onboard_seen s;
	bool                found, failed;

	if (!onboard_row_of(h->o, &h->t, h->x, &h->tenant->id, &s, &found, e))
		return false;
	if (!found || strcmp(s.state, "expired") == 0)
		return ask(h, e);
	failed = strcmp(s.state, "failed") == 0;
	if (failed)
		return h->o->retry ? ask(h, e) : show_failed(h, &s, e);
	if (strcmp(s.state, "waiting") == 0)
		return show_link(h, &s, e);
	if (strcmp(s.state, "done") == 0)
		return show_done(h, &s, e);
	return is(h, ONBOARD_CHECKING, s.row.why, e);
}

/* ---- all of it ---- */

static bool
handle(struct handling *h, struct err *e)
{
	struct people people;
	bool          there;

	if (!have_tenant(h, &there, e))
		return false;
	if (!there)
		return true;
	if (!onboard_enter(h->o, &h->t, e) || !look_at_people(h, &people, e) ||
	    !have_grant(h, &people, e))
		return false;
	if (h->x->state == NULL && !have_link(h, e))
		return false;
	return say_admin(h, &people, e);
}

bool
onboard_customer(struct onboard *o, struct customer *x, struct err *e)
{
	struct ctl     *c = o->c;
	TALLOC_CTX     *kept = c->mem;
	struct handling h = { .o = o, .x = x };
	bool            ok;

	database_tidy(c->d);
	h.t.mem = talloc_new(kept);
	if (h.t.mem == NULL)
		return err_memory(e);
	c->mem = h.t.mem;
	ok = handle(&h, e);
	c->mem = kept;
	talloc_free(h.t.mem);
	return ok;
}
