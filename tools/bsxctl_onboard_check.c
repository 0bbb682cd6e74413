/* bsxctl_onboard.h: by whom, what there is already, and whether all lines fit it. */
#include <string.h>
#include <strings.h>

#include "core/auth/access.h"
#include "core/auth/ident.h"
#include "core/store/identity/user.h"
#include "core/store/tenant/grant.h"
#include "tools/bsxctl_onboard.h"

#define PAGE_ROWS 200
#define ANY       "00000000-0000-0000-0000-000000000000"

/* ---- by whom ---- */

static bool
open_home(struct onboard *o, struct onboard_turn *t, struct err *e)
{
	const struct tenant *home;
	const char          *email;

	t->home = (struct deed_by) { .auth = &o->auth, .mem = t->mem, .actor = ctl_actor(o->c) };
	return (tenant_by_slug(o->c->d, str_of(o->provider), &home, e) &&
		   tenant_db_open(o->c->d, home, false, &t->home.t, e) &&
		   ident_email(t->mem, str_of(o->email), &email, e) &&
		   user_by_email(t->home.t, t->mem, email, &t->user, e)) ||
	       err_note(e, "user %s of tenant %s (--as)", ctl_text(o->c, o->email),
		   ctl_text(o->c, o->provider));
}

/* The operator needs no second factor of theirs; who has none where one is asked for may do
 * nothing. */
bool
onboard_enter(struct onboard *o, struct onboard_turn *t, struct err *e)
{
	struct caller_asked asked = { 0 };

	if (!open_home(o, t, e))
		return false;
	asked.id = t->user.id;
	asked.aal = t->user.two_factor ? 2 : 1;
	if (!caller_again(&t->home, &asked, &t->caller, e))
		return err_note(e, "--as %s", ctl_text(o->c, o->email));
	t->home.caller = &t->caller;
	work_begin(&t->work, WORK_TASK, o->c->env.clock);
	t->a = acting_make(&t->home, o->drift, &t->work, e);
	return t->a != NULL && onboard_may(&t->caller, e);
}

/* ---- links that there are ---- */

static bool
keep_rows(struct onboard *o, const struct page *p, struct err *e)
{
	struct onboarding *all =
	    talloc_realloc(o->c->mem, o->rows, struct onboarding, (unsigned)(o->rows_n + p->n) + 1);

	if (all == NULL)
		return err_memory(e);
	o->rows = all;
	if (p->n > 0)
		memcpy(all + o->rows_n, p->rows, p->n * sizeof(*all));
	o->rows_n += p->n;
	return true;
}

bool
onboard_rows(struct onboard *o, struct err *e)
{
	struct onboard_turn t = { .mem = o->c->mem };
	struct page         p = { .want = PAGE_ROWS };

	if (!onboard_enter(o, &t, e))
		return false;
	do {
		if (!onboard_list(t.a, &p, e) || !keep_rows(o, &p, e))
			return false;
		if (o->rows_n > 0)
			p.after = o->rows[o->rows_n - 1].id;
	} while (p.n == PAGE_ROWS);
	return true;
}

static bool
are_its_packs(const struct onboard_seen *s, struct strings packs)
{
	bool all = s->n == packs.n;

	for (size_t i = 0; all && i < s->n; i++)
		all = strings_have(packs, s->packs[i].pack);
	return all;
}

bool
onboard_row_of(const struct onboard *o, const struct onboard_turn *t, const struct customer *x,
    const struct uuid *tenant, struct onboard_seen *out, bool *found, struct err *e)
{
	*found = false;
	for (size_t i = 0; !*found && i < o->rows_n; i++) {
		const struct onboarding *row = &o->rows[i];

		if (!uuid_eq(&row->tenant_id, tenant) ||
		    strcasecmp(row->directory, x->directory) != 0)
			continue;
		if (!onboard_read(t->a, row, out, e))
			return false;
		*found = are_its_packs(out, x->packs);
	}
	return true;
}

/* ---- packs and templates ---- */

static bool
is_asked_alike(const struct customer *a, const struct customer *b)
{
	return strings_same(a->packs, b->packs) && strings_same(a->templates, b->templates);
}

/* What is wrong with it is wrong with all lines that ask the same. */
static void
tell_alike(struct onboard *o, size_t first, const struct fault *f)
{
	const char *column = strncmp(f->pointer, "/templates", 10) == 0 ? "templates" : "packs";

	for (size_t i = first; i < o->n; i++)
		if (is_asked_alike(&o->all[i], &o->all[first]))
			onboard_bad_line(o, o->all[i].line, column, f->detail);
}

static bool
is_of_lines(const struct fault *f)
{
	return strncmp(f->pointer, "/packs", 6) == 0 || strncmp(f->pointer, "/templates", 10) == 0;
}

static bool
try_packs(struct onboard *o, size_t first, struct err *e)
{
	const struct customer *x = &o->all[first];
	struct onboard_turn    t = { .mem = talloc_new(o->c->mem) };
	struct onboard_wish wish = { x->slug, ANY, x->packs, o->credential, o->parameters, o->days,
		x->templates };
	struct err          why = { 0 };

	if (t.mem == NULL || !onboard_enter(o, &t, e))
		return t.mem != NULL ? false : err_memory(e);
	if (!onboard_try(t.a, &wish, &why)) {
		if (why.faults == NULL || !is_of_lines(why.faults)) {
			*e = why; /* of what was typed, not of the file */
			return false;
		}
		tell_alike(o, first, why.faults);
	}
	talloc_free(t.mem);
	return true;
}

static bool
was_tried(const struct onboard *o, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (is_asked_alike(&o->all[i], &o->all[j]))
			return true;
	return false;
}

/* ---- tenants that are there ---- */

static bool
has_granted(struct onboard *o, const struct onboard_turn *t, const struct tenant *there, bool *yes,
    struct err *e)
{
	const struct grant_asked in = {
		.home = t->home.t->tenant->id, .user = t->user.id, .id = there->id
	};
	struct grant_lent *lent;
	size_t             n;

	*yes = uuid_eq(&in.home, &there->id);
	if (*yes)
		return true;
	if (!grants_lent(o->c->d, t->mem, &in, &lent, &n, e))
		return false;
	*yes = n > 0;
	return true;
}

/* Somebody else's that happens to have that short name is not taken for the customer. */
static bool
check_tenant(
    struct onboard *o, const struct onboard_turn *t, const struct customer *x, struct err *e)
{
	const struct tenant *there;
	struct onboard_seen  seen;
	bool                 known;

	if (!tenant_by_slug(o->c->d, str_of(x->slug), &there, e))
		return err_take(e, ERR_MISSING);
	if (strcmp(there->name, x->name) == 0)
		return true;
	if (!onboard_row_of(o, t, x, &there->id, &seen, &known, e) ||
	    (!known && !has_granted(o, t, there, &known, e)))
		return false;
	if (!known)
		onboard_bad_line(o, x->line, "slug",
		    "A tenant of this short name is there, has another name, and has granted "
		    "nothing.");
	return true;
}

bool
onboard_check(struct onboard *o, struct err *e)
{
	struct onboard_turn t = { .mem = o->c->mem };

	tenant_forget(o->c->d);
	if (!onboard_enter(o, &t, e))
		return false;
	for (size_t i = 0; i < o->n; i++)
		if ((!was_tried(o, i) && !try_packs(o, i, e)) ||
		    !check_tenant(o, &t, &o->all[i], e))
			return false;
	return true;
}
