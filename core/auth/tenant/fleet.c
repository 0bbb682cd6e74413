#include "core/auth/tenant/fleet.h"

#include "core/auth/grant.h"
#include "core/auth/settings.h"

#define DAY_MS INT64_C(86400000)

/* ---- counting ---- */

struct counting {
	struct auth      *auth;
	TALLOC_CTX       *mem;
	struct tenant_db *t;
	struct settings   settings; /* read with the mark: no older than it */
	bool              factor;   /* of the grant at hand: a role of it needs a second one */
};

static const struct {
	enum resource_kind resource;
	int64_t            bit;
} readable[] = {
	{ RESOURCE_ALERTS, FLEET_ALERTS },
	{ RESOURCE_DRIFT, FLEET_DRIFT },
	{ RESOURCE_TENANTS, FLEET_TENANTS },
	{ RESOURCE_AUDIT, FLEET_AUDIT },
};

static int64_t
bits_of(const struct permissions *p)
{
	int64_t bits = 0;

	for (size_t i = 0; i < sizeof(readable) / sizeof(readable[0]); i++)
		if (permission_has(p, ACTION_READ, readable[i].resource))
			bits |= readable[i].bit;
	return bits;
}

static bool
ask_factor(void *arg, const struct role_view *role, struct err *e)
{
	struct counting *c = arg;

	(void)e;
	c->factor |= strings_have(c->settings.mfa->required_for, role->name);
	return true;
}

/* As grant_find() has it, but for the caller. */
static bool
lends_of(struct counting *c, struct grant_roles *r, const char *ids, int64_t *lends, struct err *e)
{
	struct permissions p = { { 0, 0 } };

	*lends = 0;
	if (c->settings.allowed_addresses.n > 0)
		return true; /* from where it is asked is not known here */
	c->factor = false;
	if (!grant_lends(r, ids, &p, e))
		return false;
	*lends = bits_of(&p) | (c->factor ? FLEET_FACTOR : 0);
	return true;
}

static bool
count_grants(struct counting *c, struct fleet_counted *out, struct err *e)
{
	struct grant_roles  roles = { c->t, c->mem, ask_factor, c, NULL, 0 };
	struct grant       *given;
	struct fleet_lends *lends;
	size_t              n;

	if (!grants_counting(c->auth->database, c->mem, &c->t->tenant->id, &given, &n, e))
		return false;
	lends = talloc_array(c->mem, struct fleet_lends, (unsigned)n + 1);
	if (lends == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++) {
		lends[i].id = given[i].id;
		if (!lends_of(c, &roles, given[i].roles, &lends[i].lends, e))
			return false;
	}
	out->grants = lends;
	out->grants_n = n;
	return true;
}

static bool
count(struct counting *c, const struct fleet_due *row, struct err *e)
{
	struct database     *d = c->auth->database;
	struct fleet_counts  counts;
	struct fleet_counted done = { .row = row, .counts = &counts };
	struct fleet_alert  *alerts;
	const struct tenant *t;

	if (!tenant_by_id(d, &row->tenant_id, &t, e) || !tenant_db_open(d, t, true, &c->t, e) ||
	    !settings_parse(c->mem, c->auth->env->conf, row->settings, &c->settings, e) ||
	    !fleet_count(c->t, clock_ms(c->auth->env->clock) / DAY_MS, &counts, e) ||
	    !fleet_count_alerts(c->t, c->mem, &alerts, &done.alerts_n, e))
		return false;
	done.alerts = alerts;
	return count_grants(c, &done, e) && fleet_write(d, &done, e);
}

static void
count_taken(struct auth *a, const struct fleet_due *row)
{
	struct counting c = { .auth = a, .mem = talloc_new(NULL) };
	struct err      why = { 0 };

	if (c.mem == NULL)
		err_memory(&why);
	if (c.mem == NULL || !count(&c, row, &why))
		log_err(a->env->log, LOG_SYSTEM, "a tenant was not counted for the fleet", &why);
	talloc_free(c.mem);
	database_tidy(a->database);
}

bool
fleet_round(struct auth *a, size_t most, size_t *n, struct err *e)
{
	TALLOC_CTX       *mem = talloc_new(NULL);
	struct fleet_due *rows;
	bool              ok, won;

	*n = 0;
	if (mem == NULL)
		return err_memory(e);
	ok = fleet_due(a->database, mem, most, &rows, n, e);
	for (size_t i = 0; ok && i < *n; i++) {
		ok = fleet_take(a->database, &rows[i], &won, e);
		if (ok && won)
			count_taken(a, &rows[i]);
	}
	talloc_free(mem);
	return ok;
}

/* ---- reading ---- */

static struct fleet_asked
asked_by(const struct deed_by *by, const struct fleet_filter *f)
{
	const struct caller *c = by->caller;
	struct fleet_asked   in = {
		  .home = by->t->tenant->id,
		  .bits = bits_of(&c->permissions),
		  .status = f->status,
		  .severity = f->severity,
		  .blind = f->blind,
	};

	/* What is lent is not lent on: who acts by a grant sees the tenant that they act in. */
	if (!c->acting) {
		in.guest = c->tenant;
		in.everything = c->platform && (in.bits & FLEET_TENANTS) != 0;
	}
	if (c->kind == CALLER_SESSION) {
		in.user = c->user;
		in.single = c->aal < 2;
	}
	return in;
}

bool
fleet_visible(const struct deed_by *by, const struct fleet_filter *f, struct page *p, struct err *e)
{
	const struct fleet_asked in = asked_by(by, f);

	return fleet_page(by->auth->database, by->mem, &in, p, e);
}

bool
fleet_alerts_visible(
    const struct deed_by *by, const struct fleet_filter *f, struct page *p, struct err *e)
{
	const struct fleet_asked in = asked_by(by, f);

	return fleet_alert_page(by->auth->database, by->mem, &in, p, e);
}
