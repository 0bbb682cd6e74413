/* onboard.h: what follows from a consent, carried by driftd. */
#include <string.h>
#include <strings.h>

#include "core/auth/audit_details.h"
#include "core/auth/caller_again.h"
#include "drift/template/directory_proof.h"
#include "drift/template/onboard_carrying.h"
#include "drift/template/template.h"

#define ASKED_MOST 3 /* times that the directory is asked; the last one has a word why not */

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
	struct buf b;

	if (!onboard_order_open(&x->home, &x->row, &x->order, e))
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

bool
carrying_move(struct db *db, void *arg, struct err *e)
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

bool
carrying_end(struct carrying *x, const char *state, const char *why, struct err *e)
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
	return audit_deed(&by, carrying_move, &m, &entry, e);
}

bool
carrying_passes(const struct err *why)
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

struct drift_spec *
carrying_source(
    struct carrying *x, size_t i, uint64_t version, const char *directory, struct err *e)
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
		    carrying_source(x, i, x->seen.packs[i].version, x->row.directory, e);

		if (spec == NULL)
			return false;
		p.source = &spec->source;
		if (directory_prove(x->mem, &p, e)) {
			*why = another(x, &p);
		} else if (carrying_passes(e) && !p.last) {
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
		x->r->later_ms = x->c->fetch == NULL ? CARRYING_LOOK_MS : 1;
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
	struct tx   tx = { .name = "onboarding", .body = carrying_move, .arg = &m };

	if (!my_turn(x))
		return true;
	if (!prove(x, &why, e))
		return false;
	if (why != NULL)
		return carrying_end(
		    x, x->row.tries >= ONBOARD_TRIES_MAX ? "failed" : "waiting", why, e);
	x->row.state = "applying";
	if (!tx_run(x->home.t->db, &tx, e))
		return false;
	x->was = x->row.state;
	return true;
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
	return carrying_follow(x, e);
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
	return carrying_end(x, "failed", why->pub, e);
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
	if (carrying_passes(&why) || why.code == ERR_OK) {
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
