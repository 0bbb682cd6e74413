/* onboard.h: what follows from a consent, carried by driftd. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/auth/audit_details.h"
#include "drift/service/run.h"
#include "drift/template/carry.h"
#include "drift/template/consent.h"
#include "drift/template/directory_proof.h"
#include "drift/template/onboard.h"
#include "drift/template/rollout.h"

#define ASKED_MOST  3      /* times that the directory is asked; the last one has a word why not */
#define LOOK_MS     1000   /* between looks at whether the templates are applied */
#define ROOM_MS     5000   /* and at whether there is room to apply them: so long at first, */
#define ROOM_MAX_MS 600000 /* and a quarter of the time that it has waited, up to that */

struct carrying {
	struct operation_run    *r;
	struct template_carrier *c;
	TALLOC_CTX              *mem;
	struct deed_by           home;
	struct origin            from;
	struct caller            caller;
	struct onboarding        row;
	const char              *was; /* its state, as it is written */
	struct onboard_seen      seen;
	struct onboard_order     order;
	struct str               shown; /* JSON */
	struct work              work;
	struct acting           *a;
};

/* ---- what it knows ---- */

static bool
open_row(struct carrying *x, struct err *e)
{
	struct auth         *auth = x->r->auth;
	const struct tenant *t;
	struct str           text;
	struct uuid          id;

	x->home = (struct deed_by) { .auth = auth, .mem = x->mem };
	if (!tenant_by_id(auth->database, &x->r->op->owner, &t, e) ||
	    !tenant_db_open(auth->database, t, false, &x->home.t, e) ||
	    !operation_open(x->home.t, x->mem, x->r->op, &text, e))
		return false;
	if (!uuid_parse(text, &id))
		return err_set(
		    e, ERR_INTERNAL, 0, "internal error", "an onboarding without a number");
	if (!onboarding_by_id(x->home.t->db, x->mem, &id, &x->row, e))
		return false;
	x->was = x->row.state;
	return true;
}

static bool
open_order(struct carrying *x, struct err *e)
{
	const struct json *tree;
	struct str         text;
	struct buf         b;

	if (x->row.secret.n == 0)
		return err_set(
		    e, ERR_CONFLICT, 0, "The link is over.", "what the app shows is gone");
	if (!tenant_open(
		x->home.t, x->mem, ONBOARD_SECRET_PLACE(&x->row.id), x->row.secret, &text, e))
		return false;
	tree = json_parse(x->mem, text, e);
	if (tree == NULL || !schema_decode(x->mem, &onboard_order_schema, tree, &x->order, e))
		return false;
	buf_make_secret(&b, x->mem);
	json_print(&b, x->order.credential.tree);
	x->shown = buf_str(&b);
	x->from = (struct origin) { .address = x->order.asked->address,
		.untold = x->order.asked->untold };
	x->home.origin = &x->from;
	return buf_ok(&b) || err_memory(e);
}

/* As whoever asked, at home. */
static bool
act(struct carrying *x, struct err *e)
{
	if (!caller_again(&x->home, x->order.asked, &x->caller, e))
		return false;
	work_begin(&x->work, WORK_TASK, x->r->auth->env->clock);
	x->home.caller = &x->caller;
	if (!onboard_may(&x->caller, e))
		return err_set(e, ERR_FORBIDDEN, 0,
		    "Who asked for it may not do it any more: it needs create:drift and "
		    "update:drift.",
		    "the permission is gone");
	x->a = acting_make(&x->home, x->c->drift, &x->work, e);
	return x->a != NULL && onboard_read(x->a, &x->row, &x->seen, e);
}

/* ---- what is written ---- */

struct move {
	struct carrying *x;
	bool             wipe, unbegun;
};

static bool
move_body(struct db *db, void *arg, struct err *e)
{
	const struct move           *m = arg;
	const struct onboarding_step s = {
		.from = m->x->was, .wipe = m->wipe, .unbegun = m->unbegun
	};
	bool done;

	return onboarding_move(db, &m->x->row, &s, &done, e) &&
	       (done || err_set(e, ERR_CONFLICT, 0, "It was taken back meanwhile.", "outrun"));
}

struct done_told {
	const char *tenant, *directory, *reason;
};
static const struct field done_fields[] = {
	TOLD(struct done_told, tenant),
	TOLD(struct done_told, directory),
	TOLD_IF(struct done_told, reason),
	FIELD_END,
};
static const struct schema done_told = SCHEMA("OnboardDoneTold", struct done_told, done_fields);

static const char *
cut(TALLOC_CTX *mem, const char *text)
{
	const struct str s = str_of(text);

	return str_dup(mem, str_head(s, ONBOARDING_WHY_MAX));
}

/* It is over for this time; `why` NULL: all is well. */
static bool
end(struct carrying *x, const char *state, const char *why, struct err *e)
{
	const struct done_told told = { x->row.tenant, x->row.directory, why };
	struct move            m = { .x = x, .wipe = strcmp(state, "waiting") != 0 };
	struct audit_entry     entry = { .action = AUDIT_ONBOARDING_DONE,
		    .actor_name = x->row.asked_name,
		    .failed = why != NULL,
		    .target_id = x->row.id };
	struct deed_by         by = x->home;

	by.caller = x->a != NULL ? x->home.caller : NULL;
	x->row.state = state;
	x->row.why = why == NULL ? NULL : cut(x->mem, why);
	if (m.wipe)
		x->row.finished_at = (instant) { clock_ms(x->r->auth->env->clock) };
	entry.details = audit_details(x->mem, &done_told, &told, e);
	if (entry.details == NULL || (why != NULL && x->row.why == NULL))
		return err_memory(e);
	if (why != NULL) {
		x->r->failed =
		    talloc_strdup(x->r->mem, str_dup(x->mem, str_head(str_of(why), 190)));
		if (x->r->failed == NULL)
			return err_memory(e);
	}
	return audit_deed(&by, move_body, &m, &entry, e);
}

static bool
passes(const struct err *why)
{
	return why->code == ERR_UNAVAILABLE || why->code == ERR_INTERNAL || why->code == ERR_BUSY;
}

/* ---- whether the directory lets the app in ---- */

static const char *
another(const struct carrying *x, const struct directory_proof *p)
{
	if (p->id[0] != '\0' && strcasecmp(p->id, x->row.answered) != 0)
		return "The directory that lets the app in is not the one in which consent was "
		       "given.";
	return p->id[0] == '\0' && !directory_is_id(x->row.directory)
		   ? "The app's token does not say which directory it is: make a link for the "
		     "directory's ID in place of its domain."
		   : NULL;
}

static const char *
unfit(TALLOC_CTX *mem, const struct onboard_pack *p, uint64_t version, const struct fault *f)
{
	const char *text = talloc_asprintf(mem, "The template %s, version %llu, %s", p->pack,
	    (unsigned long long)version, f->detail);

	return text == NULL ? f->detail : text;
}

/* The source of a pack by its template, which leads where the pack does: what is shown is known. */
static struct drift_spec *
source_of(struct carrying *x, size_t i, uint64_t version, const char *directory, struct err *e)
{
	const struct onboard_pack *p = &x->seen.packs[i];
	const struct onboard_lead lead = { p->pack, directory, x->order.parameters.tree, "/packs" };
	struct template_seen      t;
	struct drift_spec        *spec;
	struct err                why = { 0 };

	if (!ctemplate_see(x->a, &p->template_id, version, &t, e))
		return NULL;
	spec = onboard_source(x->a, &lead, &t.says, &why);
	if (spec == NULL && why.faults != NULL)
		err_set(e, ERR_INVALID, 0, unfit(x->mem, p, version, why.faults),
		    "the template does not fit");
	else if (spec == NULL)
		*e = why;
	return spec;
}

/* Each pack's: they may ask at other hosts.  All of them have the time of one. */
static bool
prove(struct carrying *x, const char **why, struct err *e)
{
	const struct env *env = x->r->auth->env;
	const int64_t     until = clock_ns(env->clock) / 1000000 + DIRECTORY_ASK_MS;

	*why = NULL;
	for (size_t i = 0; *why == NULL && i < x->seen.n; i++) {
		struct directory_proof p = { .env = env,
			.fetch = x->c->fetch,
			.secret = x->shown,
			.until_ms = until,
			.last = x->r->op->attempts >= ASKED_MOST - 1 };
		struct drift_spec     *spec =
		    source_of(x, i, x->seen.packs[i].version, x->row.directory, e);

		if (spec == NULL)
			return false;
		p.source = &spec->source;
		if (directory_prove(x->mem, &p, e)) {
			*why = another(x, &p);
		} else if (passes(e) && !p.last) {
			return false;
		} else {
			*why = p.why != NULL ? p.why : talloc_strdup(x->mem, e->pub);
			err_clear(e);
		}
	}
	return true;
}

/* One in a round: others have work to be done too. */
static bool
my_turn(struct carrying *x)
{
	if (x->c->fetch == NULL || x->c->proved) {
		x->r->later_ms = x->c->fetch == NULL ? LOOK_MS : 1;
		return false;
	}
	x->c->proved = true;
	return true;
}

static bool
check(struct carrying *x, struct err *e)
{
	const char *why;
	struct move m = { .x = x };
	struct tx   tx = { .name = "onboarding", .body = move_body, .arg = &m };

	if (!my_turn(x))
		return true;
	if (!prove(x, &why, e))
		return false;
	if (why != NULL)
		return end(x, x->row.tries >= ONBOARD_TRIES_MAX ? "failed" : "waiting", why, e);
	x->row.state = "applying";
	if (!tx_run(x->home.t->db, &tx, e))
		return false;
	x->was = x->row.state;
	return true;
}

/* ---- the configs ---- */

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
		    source_of(x, i, wish.version, x->row.answered, e) == NULL)
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
	if (!ctemplate_hold(db, e) || !move_body(db, &m, e))
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
	struct tx     tx = { .name = "onboarding", .body = move_body, .arg = &m };

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
			if (passes(&why)) {
				*e = why;
				return false;
			}
		}
	}
	return true;
}

static bool
follow(struct carrying *x, struct err *e)
{
	const char *why = NULL;
	bool        over = true;

	if (x->seen.operations_n < x->seen.n)
		return apply(x, e);
	for (size_t i = 0; over && i < x->seen.n; i++)
		if (!look(x, i, &over, &why, e))
			return false;
	if (!over) {
		x->r->later_ms = LOOK_MS;
		return true;
	}
	return (why != NULL || run_all(x, e)) && end(x, why == NULL ? "done" : "failed", why, e);
}

/* ---- a turn ---- */

static bool
turn(struct carrying *x, struct err *e)
{
	bool checking = strcmp(x->was, "checking") == 0;

	if (!open_order(x, e) || !act(x, e))
		return false;
	if (checking && (!check(x, e) || x->r->failed != NULL || x->r->later_ms > 0))
		return e->code == ERR_OK;
	return follow(x, e);
}

static bool
is_over(const struct carrying *x)
{
	return strcmp(x->was, "checking") != 0 && strcmp(x->was, "applying") != 0;
}

/* Nobody can go on with it. */
static bool
give_up(struct carrying *x, const struct err *why, struct err *e)
{
	return end(x, "failed", why->pub, e);
}

static bool
carry(struct carrying *x, struct err *e)
{
	struct err why = { 0 };

	if (!open_row(x, e)) {
		x->r->failed = "The link was taken back.";
		return err_take(e, ERR_MISSING);
	}
	if (is_over(x))
		return true; /* whoever ended it there was killed before it ended here */
	if (x->r->op->cancel) {
		x->r->cancelled = true;
		x->a = NULL;
		return give_up(x, &(struct err) { .pub = "It was cancelled." }, e);
	}
	if (turn(x, &why))
		return true;
	if (passes(&why) || why.code == ERR_OK) {
		*e = why;
		return false;
	}
	return give_up(x, &why, e);
}

bool
onboard_carry(struct operation_run *r, struct err *e)
{
	struct carrying *x = talloc_zero(r->mem, struct carrying);

	if (x == NULL)
		return err_memory(e);
	x->r = r;
	x->c = r->arg;
	x->mem = x;
	return carry(x, e);
}
