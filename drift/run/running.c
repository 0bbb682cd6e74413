#include "drift/run/running.h"

#include <string.h>

#include "core/store/alert/outbox.h"
#include "core/store/tx.h"
#include "drift/run/running_priv.h"

/* ---- beginning ---- */

struct beginning {
	struct running *r;
	struct run     *live; /* what runs and waits of the config */
	size_t          n;
};

static bool
is(const struct run *r, enum run_state_word state)
{
	return strcmp(r->state, run_states[state]) == 0;
}

static instant
now_of(const struct running *r)
{
	return r->state.now;
}

/* Another run of the config waits, or this one is of a collector that ends again and again. */
static bool
give_up(struct db *db, struct running *r, struct run *left, bool replaced, struct err *e)
{
	left->state = run_states[replaced ? RUN_FAILED : RUN_DEAD];
	left->finished_at = now_of(r);
	left->reason =
	    replaced ? "Its collector ended before it was done; the run after it took its place."
		     : "Its collector ended in the middle of it, time and again.";
	return run_set(db, left, e);
}

/* Nothing is to be done now. */
static bool
rest(struct db *db, struct running *r, struct err *e)
{
	const instant due = running_next(r, now_of(r));

	r->state.next_at = due;
	return run_state_set(db, &r->state, e) && run_index_done(db, &r->claim, due, e);
}

static bool
begin_run(struct db *db, struct running *r, struct err *e)
{
	struct run *run = &r->run;

	if (run->fence != r->claim.fence ||
	    !is(run, RUN_RUNNING)) /* else COMMIT was not answered */
		run->attempts++;
	run->state = run_states[RUN_RUNNING];
	run->fence = r->claim.fence;
	run->reason = run->remedy = NULL;
	if (run->started_at.ms == 0)
		run->started_at = now_of(r);
	if (running_counts(run))
		r->state.last_run = run->id;
	r->begun = true;
	return run_set(db, run, e) && run_state_set(db, &r->state, e);
}

static bool
begin_slot(struct db *db, struct running *r, struct err *e)
{
	const struct uuid *id = &r->config.id;
	const instant      slot = slot_last(&r->plan, id, now_of(r)), last = r->state.last_slot;

	if (slot.ms == 0 || slot.ms <= last.ms)
		return rest(db, r, e);
	r->run = (struct run) {
		.id = uuid_make(r->d->env->clock, r->d->env->rand),
		.config_id = *id,
		.kind = run_kinds[RUN_SCHEDULED],
		.slot = slot,
		.due_at = slot_due(&r->plan, id, slot),
		.state = run_states[RUN_QUEUED],
		.missed = last.ms == 0 ? 0 : slots_between(&r->plan, id, last, slot),
	};
	r->state.last_slot = slot;
	if (run_add(db, &r->run, e))
		return begin_run(db, r, e);
	return db_was_duplicate(e) && rest(db, r, e); /* it has had its run */
}

/* The first that is due; the first where the clock says of none that it is. */
static void
put_due_first(struct run *live, size_t n, instant now)
{
	size_t     at = 0;
	struct run due;

	while (at < n && live[at].due_at.ms > now.ms)
		at++;
	if (at == 0 || at == n)
		return;
	due = live[at];
	memmove(live + 1, live, at * sizeof(live[0]));
	live[0] = due;
}

/* Whoever reads what the one before it was to read does so in its place. */
static bool
replaces(const struct run *next, const struct run *left)
{
	return !running_counts(left) || (running_counts(next) && !running_is_partial(next));
}

/* The first of what is live runs, if any does: under this claim, or one that is over. */
static bool
begin_live(struct db *db, const struct beginning *b, struct err *e)
{
	struct running *r = b->r;
	struct run     *first = &b->live[0];
	const size_t    running = is(first, RUN_RUNNING);
	size_t          at = 0;

	put_due_first(b->live + running, b->n - running, now_of(r));

	if (is(first, RUN_RUNNING) && first->fence != r->claim.fence) {
		at = b->n > 1 && replaces(&b->live[1], first);
		if (at == 0 && first->attempts >= RUN_ATTEMPTS_MAX) {
			r->state.failures++;
			running_look_behind(r, b->live + 1, b->n - 1);
			return give_up(db, r, first, false, e) && rest(db, r, e);
		}
		if (at > 0 && !give_up(db, r, first, true, e))
			return false;
	}
	r->run = b->live[at];
	running_look_behind(r, b->live + at, b->n - at);
	return begin_run(db, r, e);
}

static bool
begin_body(struct db *db, void *arg, struct err *e)
{
	struct beginning *b = arg;
	struct running   *r = b->r;

	r->begun = r->more = false;
	if (!config_by_id(r->t, r->mem, &r->claim.config_id, &r->config, e) ||
	    !run_state_lock(db, r->mem, &r->claim.config_id, &r->state, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return run_index_drop(db, &r->claim.config_id, e);
	}
	r->began_ns = clock_ns(r->d->env->clock); /* when it was state.now, or later */
	if (!run_live(db, r->mem, &r->claim.config_id, &b->live, &b->n, e) ||
	    !run_index_hold(db, &r->claim, e) ||
	    !spec_schedule(r->mem, r->config.spec, &r->plan, e))
		return false;
	return b->n > 0 ? begin_live(db, b, e) : begin_slot(db, r, e);
}

bool
running_begin(struct drift *d, struct tenant_db *t, TALLOC_CTX *mem, const struct run_claim *claim,
    struct running *r, struct err *e)
{
	struct beginning b = { .r = r };
	const struct tx  tx = { .name = "run_begin", .body = begin_body, .arg = &b };

	*r = (struct running) { .d = d, .t = t, .mem = mem, .claim = *claim };
	return tx_run(t->db, &tx, e);
}

/* ---- not beginning ---- */

struct putting_off {
	struct tenant_db         *t;
	TALLOC_CTX               *mem;
	const struct run_claim   *claim;
	const struct run_failure *f;
};

static bool
put_off_body(struct db *db, void *arg, struct err *e)
{
	const struct putting_off *p = arg;
	const struct uuid        *config = &p->claim->config_id;
	struct run_state          s;
	struct run               *live;
	size_t                    n;

	if (!run_state_lock(db, p->mem, config, &s, e) ||
	    !run_live(db, p->mem, config, &live, &n, e) || !run_index_hold(db, p->claim, e))
		return false;
	s.next_at.ms = s.now.ms + p->f->after_s * 1000;
	for (size_t i = 0; i < n; i++) {
		if (!is(&live[i], RUN_QUEUED))
			continue;
		live[i].due_at = s.next_at;
		if (!running_say(p->mem, p->f, &live[i], e) || !run_set(db, &live[i], e))
			return false;
	}
	return run_state_set(db, &s, e) && run_index_done(db, p->claim, s.next_at, e);
}

bool
running_put_off(struct tenant_db *t, TALLOC_CTX *mem, const struct run_claim *claim,
    const struct run_failure *f, struct err *e)
{
	struct putting_off p = { t, mem, claim, f };
	const struct tx    tx = { .name = "run_put_off", .body = put_off_body, .arg = &p };

	return tx_run(t->db, &tx, e);
}
