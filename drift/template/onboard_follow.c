/* onboard_carrying.h: the configs. */
#include <string.h>

#include "drift/service/run.h"
#include "drift/template/onboard_carrying.h"
#include "drift/template/rollout.h"

#define ROOM_MS     5000   /* between looks at whether there is room to apply: so long at first, */
#define ROOM_MAX_MS 600000 /* and a quarter of the time that it has waited, up to that */

/* The one of then, or a later one that is there by now: nothing is set back. */
static bool
version_of(struct carrying *x, size_t i, uint64_t *version, struct err *e)
{
	const struct onboard_pack *p = &x->seen.packs[i];
	struct ctemplate_use       use;

	*version = p->version;
	if (!ctemplate_use_of(x->home.t->db, x->mem, &p->template_id, &x->row.tenant_id, &use, e))
		return err_take(e, ERR_MISSING);
	if (use.version > *version)
		*version = use.version;
	return true;
}

/* All of them, or none. */
struct applying_all {
	struct carrying *x;
	struct rollout  *all[ONBOARD_PACKS_MAX];
	bool             full;
};

static bool
ready_all(struct applying_all *w, struct err *e)
{
	struct carrying      *x = w->x;
	struct rollout_tenant tenant = { x->row.tenant,
		{ .tree = onboard_variables(x->mem, x->row.answered, e) } };
	struct rollout_wish   wish = { .kind = ROLLOUT_APPLY,
		  .tenants = &tenant,
		  .n = 1,
		  .credential = x->order.credential.tree };
	struct buf            b;

	if (tenant.variables.tree == NULL)
		return false;
	buf_make(&b, x->mem);
	for (size_t i = 0; i < x->seen.n; i++) {
		char id[UUID_TEXT_MAX];

		wish.before = i;
		if (!version_of(x, i, &wish.version, e) ||
		    carrying_source(x, i, wish.version, x->row.answered, e) == NULL)
			return false;
		w->all[i] = rollout_ready(x->a, &x->seen.packs[i].template_id, &wish, e);
		if (w->all[i] == NULL)
			return false;
		uuid_print(rollout_operation(w->all[i]), id);
		buf_printf(&b, "%s\"%s\"", i > 0 ? "," : "[", id);
	}
	buf_putc(&b, ']');
	x->row.operations.text = buf_text(&b, e);
	x->row.why = NULL;
	return x->row.operations.text != NULL;
}

static bool
begin_all(struct db *db, void *arg, struct err *e)
{
	struct applying_all *w = arg;
	struct move          m = { .x = w->x, .unbegun = true };

	w->full = false;
	if (!ctemplate_hold(db, e) || !carrying_move(db, &m, e))
		return false;
	for (size_t i = 0; i < w->x->seen.n; i++)
		if (!rollout_begin(db, w->all[i], &w->full, e))
			return false;
	return true;
}

/* Too many are asked for: it passes, and whoever looks is told. */
static bool
wait(struct carrying *x, const char *why, struct err *e)
{
	const int64_t waited = clock_ms(x->r->auth->env->clock) - x->row.answered_at.ms;
	struct move   m = { .x = x, .unbegun = true };
	struct tx     tx = { .name = "onboarding", .body = carrying_move, .arg = &m };

	x->r->later_ms = waited / 4 < ROOM_MS       ? ROOM_MS
			 : waited / 4 > ROOM_MAX_MS ? ROOM_MAX_MS
						    : waited / 4;
	x->row.operations.text = "[]";
	x->row.why = why;
	return tx_run(x->home.t->db, &tx, e) && operation_at(x->r, 1, "waits for room", e);
}

static bool
apply(struct carrying *x, struct err *e)
{
	struct applying_all w = { .x = x };
	struct tx           tx = { .name = "onboarding", .body = begin_all, .arg = &w };
	const char         *why;

	if (!ready_all(&w, e))
		return false;
	if (!tx_run(x->home.t->db, &tx, e)) {
		why = w.full ? talloc_strdup(x->mem, e->pub) : NULL;
		if (why == NULL || !err_take(e, ERR_CONFLICT))
			return false;
		return wait(x, why, e);
	}
	for (size_t i = 0; i < x->seen.n; i++)
		rollout_begun(w.all[i]);
	x->r->later_ms = 1; /* behind what was asked for just now */
	return operation_at(x->r, 1, "makes the configs", e);
}

/* What came of one; *over false: it goes on.  *why: why it is not there. */
static bool
look(struct carrying *x, size_t i, bool *over, const char **why, struct err *e)
{
	const struct ctemplate_result_filter f = { x->seen.packs[i].template_id,
		x->seen.operations[i], NULL };
	struct page                          p = { .want = 1 };
	const struct ctemplate_result       *row;
	struct operation                     o;

	if (!operation_by_id(x->r->auth->database, x->mem, &x->seen.operations[i], &o, e))
		return false;
	*over = strcmp(o.state, "running") != 0;
	if (!*over)
		return true;
	if (!ctemplate_result_page(x->home.t->db, x->mem, &f, &p, e))
		return false;
	row = p.rows;
	if (p.n == 0 || strcmp(row->outcome, "cancelled") == 0)
		*why = o.error != NULL ? o.error : "The template was not applied.";
	else if (strcmp(row->outcome, "failed") == 0)
		*why = row->detail != NULL ? row->detail : "The template was not applied.";
	return true;
}

/* At once, where they may have it run; else by its schedule. */
static bool
run_first(struct carrying *x, const struct ctemplate_use *use, struct err *e)
{
	struct caller  acting;
	struct deed_by there;
	struct acting *a;
	struct run     run;

	if (!caller_enter(&x->home, &x->caller, x->row.tenant, &acting, &there, e))
		return false;
	if (!permission_has(&there.caller->permissions, ACTION_EXECUTE, RESOURCE_DRIFT))
		return true;
	a = acting_make(&there, x->c->drift, &x->work, e);
	return a != NULL && run_start(a, &use->config_id, &run, e);
}

static bool
run_all(struct carrying *x, struct err *e)
{
	for (size_t i = 0; i < x->seen.n; i++) {
		struct ctemplate_use use;
		struct err           why = { 0 };

		if (!ctemplate_use_of(x->home.t->db, x->mem, &x->seen.packs[i].template_id,
			&x->row.tenant_id, &use, &why) ||
		    !run_first(x, &use, &why)) {
			if (carrying_passes(&why)) {
				*e = why;
				return false;
			}
		}
	}
	return true;
}

bool
carrying_follow(struct carrying *x, struct err *e)
{
	const char *why = NULL;
	bool        over = true;

	if (x->seen.operations_n < x->seen.n)
		return apply(x, e);
	for (size_t i = 0; over && i < x->seen.n; i++)
		if (!look(x, i, &over, &why, e))
			return false;
	if (!over) {
		x->r->later_ms = CARRYING_LOOK_MS;
		return true;
	}
	return (why != NULL || run_all(x, e)) &&
	       carrying_end(x, why == NULL ? "done" : "failed", why, e);
}
