#include "drift/collect/run_credential.h"

#include <stdio.h>

#include "core/base/hash.h"
#include "core/store/tx.h"
#include "drift/alert/condition.h"

#define TRY_S      600 /* a try that is not heard of again is over by then */
#define WAIT_S     300
#define WAIT_MAX_S (6 * 3600)
#define DAY_MS     INT64_C(86400000)

static void
name_of(const uint8_t *p, size_t n, char out[static 65])
{
	for (size_t i = 0; i < n && i < 32; i++)
		snprintf(out + 2 * i, 3, "%02x", p[i]);
}

bool
run_credential_read(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *config,
    struct run_credential *c, struct err *e)
{
	*c = (struct run_credential) { .plain = STR("") };
	name_of(t->tenant->id.b, sizeof(t->tenant->id.b), c->name);
	if (!credential_by_config(t->db, mem, config, &c->row, &c->there, e))
		return false;
	if (!c->there)
		return true;
	name_of(c->row.digest.p, c->row.digest.n, c->name);
	return credential_trouble(t->db, mem, c->row.digest, &c->trouble, e) &&
	       tenant_open(t, mem, CREDENTIAL_PLACE(config), c->row.secret, &c->plain, e);
}

bool
run_credential_turn(
    struct tenant_db *t, const struct run_credential *c, int64_t *wait_ms, struct err *e)
{
	bool won;

	*wait_ms = 0;
	if (!c->there || c->trouble.failures == 0)
		return true;
	*wait_ms = c->trouble.wait_ms;
	if (*wait_ms > 0)
		return true;
	if (!credential_try(t->db, c->row.digest, TRY_S, &won, e))
		return false;
	*wait_ms = won ? 0 : (int64_t)WAIT_S * 1000;
	return true;
}

/* ---- telling ---- */

struct telling {
	const struct run_of         *r;
	const struct run_credential *c;
	struct uuid                  in; /* the config whose alert it is */
	const char                  *text;
	int64_t                      wait_ms, days;
};

/* The alerts of a config; *there false: it is gone. */
static bool
scope_of(const struct run_of *r, const struct uuid *config, struct alert_scope *s, bool *there,
    struct err *e)
{
	struct drift_config     *c = talloc(r->mem, struct drift_config);
	const struct drift_spec *spec;

	if (c == NULL)
		return err_memory(e);
	*there = config_by_id(r->t, r->mem, config, c, e);
	if (!*there)
		return err_take(e, ERR_MISSING);
	spec = spec_of(r->d, r->t, c, r->work, e);
	if (spec == NULL)
		return false;
	*s = (struct alert_scope) { .env = r->d->env,
		.t = r->t,
		.mem = r->mem,
		.config_id = c->id,
		.config_name = c->name,
		.targets = spec->targets,
		.targets_n = spec->targets_n };
	return true;
}

static bool
tell(const struct telling *w, const char *kind, int64_t changes, struct err *e)
{
	struct alert_scope s;
	bool               there;

	return scope_of(w->r, &w->in, &s, &there, e) &&
	       (!there || condition_update(&s, kind, w->text, changes, e));
}

/* ---- refused ---- */

static bool
refused_body(struct db *db, void *arg, struct err *e)
{
	const struct telling *w = arg;

	return credential_refused(db, w->c->row.digest, &w->in, w->wait_ms, e) &&
	       tell(w, CONDITION_CREDENTIAL, w->c->trouble.configs, e);
}

static int64_t
wait_after(int64_t failures)
{
	int64_t s = WAIT_S;

	while (failures-- > 0 && s < WAIT_MAX_S)
		s *= 2;
	return (s < WAIT_MAX_S ? s : WAIT_MAX_S) * 1000;
}

bool
run_credential_refused(const struct run_of *r, const struct run_credential *c, const char *reason,
    int64_t *wait_ms, struct err *e)
{
	struct telling  w = { .r = r, .c = c, .in = c->trouble.told_in };
	const struct tx tx = { .name = "credential_refused", .body = refused_body, .arg = &w };

	*wait_ms = w.wait_ms = wait_after(c->trouble.failures);
	if (uuid_is_nil(&w.in))
		w.in = r->config->id;
	w.text = c->trouble.configs <= 1
		     ? talloc_asprintf(r->mem, "its credential is refused: %s", reason)
		     : talloc_asprintf(r->mem,
			   "its credential is refused, and %lld configs that show it wait: %s",
			   (long long)c->trouble.configs, reason);
	if (w.text == NULL)
		return err_memory(e);
	return tx_run(r->t->db, &tx, e);
}

/* ---- taken ---- */

static bool
taken_body(struct db *db, void *arg, struct err *e)
{
	const struct telling *w = arg;
	struct alert_scope    s;
	bool                  there;

	if (!credential_works(db, w->c->row.digest, e))
		return false;
	if (uuid_is_nil(&w->in))
		return true;
	return scope_of(w->r, &w->in, &s, &there, e) &&
	       (!there || condition_close(&s, CONDITION_CREDENTIAL, "It is taken again.", e));
}

static bool
end_body(struct db *db, void *arg, struct err *e)
{
	const struct telling *w = arg;
	bool                  first;

	return credential_tell_end(db, w->c->row.digest, w->days, &first, e) &&
	       (!first || tell(w, CONDITION_CREDENTIAL_END, 0, e));
}

/* How many days before its end it is, of those at which it is told; 0: none yet. */
static int64_t
told_at(int64_t left_ms)
{
	static const int64_t days[] = { 1, 7, 30 };

	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++)
		if (left_ms <= days[i] * DAY_MS)
			return days[i];
	return 0;
}

static bool
tell_end(const struct run_of *r, const struct run_credential *c, struct err *e)
{
	const int64_t   left = c->row.ends_at.ms - clock_ms(r->d->env->clock);
	struct telling  w = { .r = r, .c = c, .in = c->trouble.eldest, .days = told_at(left) };
	const struct tx tx = { .name = "credential_end", .body = end_body, .arg = &w };
	char            end[TIME_TEXT_MAX];

	if (c->row.ends_at.ms == 0 || w.days == 0 ||
	    (c->trouble.told_days != 0 && c->trouble.told_days <= w.days))
		return true;
	time_print(c->row.ends_at.ms, end);
	w.text = talloc_asprintf(
	    r->mem, "its credential ends on %.10s: give it another one before", end);
	return w.text == NULL ? err_memory(e) : tx_run(r->t->db, &tx, e);
}

bool
run_credential_taken(const struct run_of *r, const struct run_credential *c, struct err *e)
{
	struct telling  w = { .r = r, .c = c, .in = c->trouble.told_in };
	const struct tx tx = { .name = "credential_taken", .body = taken_body, .arg = &w };

	if (!c->there)
		return true;
	if (c->trouble.failures > 0 && !tx_run(r->t->db, &tx, e))
		return false;
	return tell_end(r, c, e);
}
