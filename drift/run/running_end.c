/* running.h: how far a run is, and its end. */
#include <string.h>

#include "core/base/unicode.h"
#include "core/store/tx.h"
#include "drift/run/run_progress.h"
#include "drift/run/running_priv.h"

#define TELL_NS        INT64_C(2000000000)
#define AGAIN_WAITS_MS INT64_C(60000) /* for a run that comes anyway */
#define LATER_S        60
#define LATER_MAX_S    3600
#define HOLD_S         3600
#define HOLD_MAX_S     86400

bool
running_is_of_log(const struct run *r)
{
	return strcmp(r->kind, run_kinds[RUN_ATTRIBUTION]) == 0 ||
	       strcmp(r->kind, run_kinds[RUN_WATCH]) == 0;
}

bool
running_counts(const struct run *r)
{
	return strcmp(r->kind, run_kinds[RUN_TRY]) != 0 && !running_is_of_log(r);
}

bool
running_is_partial(const struct run *r)
{
	return r->categories.text != NULL;
}

/* ---- when next ---- */

/* The database's clock, as it was at the beginning and has gone on since. */
static instant
present(const struct running *r)
{
	return (instant) { r->state.now.ms + running_ms(r) };
}

int64_t
running_ms(const struct running *r)
{
	return (clock_ns(r->d->env->clock) - r->began_ns) / 1000000;
}

static int64_t
doubled(int64_t first_s, int64_t most_s, int64_t times)
{
	while (--times > 0 && first_s < most_s)
		first_s *= 2;
	return first_s < most_s ? first_s : most_s;
}

static int64_t
put_off_s(const struct run_state *s)
{
	if (s->failures == 0)
		return 0;
	return s->held ? doubled(HOLD_S, HOLD_MAX_S, s->failures)
		       : doubled(LATER_S, LATER_MAX_S, s->failures);
}

instant
running_next(const struct running *r, instant now)
{
	const struct uuid *id = &r->config.id;
	const instant      last = r->state.last_slot.ms == 0 ? now : r->state.last_slot,
		      free = { now.ms + put_off_s(&r->state) * 1000 };
	instant next = slot_next(&r->plan, id, last);

	if (r->more)
		return r->more_at.ms > now.ms ? r->more_at : now;
	if (next.ms != 0 && next.ms <= free.ms && r->state.failures > 0)
		next = slot_next(&r->plan, id, free);
	return next.ms != 0 && next.ms <= now.ms ? now : slot_due(&r->plan, id, next);
}

void
running_look_behind(struct running *r, struct run *live, size_t n)
{
	r->more = false;
	r->more_at.ms = 0;
	r->heir = NULL;
	for (size_t i = 0; i < n; i++) {
		if (uuid_eq(&live[i].id, &r->run.id))
			continue;
		if (!r->more || live[i].due_at.ms < r->more_at.ms)
			r->more_at = live[i].due_at;
		r->more = true;
		if (r->heir == NULL && running_counts(&live[i]))
			r->heir = &live[i];
	}
}

/* ---- how far it is ---- */

static bool
was_cancelled(struct err *e)
{
	return err_set(e, ERR_CONFLICT, RUN_WAS_CANCELLED, "The run was cancelled.",
	    "a run that was cancelled while it ran");
}

/* Whose claim is lost hears it by that. */
static bool
not_cancelled(const struct running *r, struct err *e)
{
	struct run now;

	if (!run_by_id(r->t->db, r->mem, &r->run.id, &now, e))
		return err_take(e, ERR_MISSING);
	return strcmp(now.state, run_states[RUN_CANCELLED]) != 0 || was_cancelled(e);
}

bool
running_tell(struct running *r, const struct source_progress *p, struct err *e)
{
	int64_t    now = clock_ns(r->d->env->clock);
	struct run row = { .id = r->run.id, .fence = r->run.fence };
	char      *text;
	bool       ok, told;

	if (r->told_ns != 0 && now - r->told_ns < TELL_NS)
		return true;
	r->told_ns = now;
	text = run_progress_print(r->mem, p, e);
	if (text == NULL)
		return false;
	row.progress.text = text;
	ok = run_set_progress(r->t->db, &row, &told, e);
	talloc_free(text);
	return ok && (told || not_cancelled(r, e));
}

bool
running_note(struct running *r, const struct source_progress *p, struct err *e)
{
	r->run.progress.text = run_progress_print(r->mem, p, e);
	return r->run.progress.text != NULL;
}

/* ---- its end ---- */

/* The run as it is now (NULL: it is not kept), the state of its config, and the claim: what has
 * locked the state row comes first. */
static bool
end(struct db *db, const struct running *r, const struct run *run, const struct run_state *state,
    instant due, struct err *e)
{
	return run_state_set(db, state, e) &&
	       (run != NULL ? run_set(db, run, e) : run_drop(db, &r->run.id, e)) &&
	       run_index_done(db, &r->claim, due, e);
}

/* Another reading of the same at that time, unless some run that reads it comes about then. */
static bool
read_again(struct db *db, struct running *after, instant at, struct err *e)
{
	const instant next = after->state.next_at;
	struct run    again = {
		   .id = uuid_make(after->d->env->clock, after->d->env->rand),
		   .config_id = after->config.id,
		   .kind = run_kinds[RUN_SCHEDULED],
		   .slot = at,
		   .due_at = at,
		   .state = run_states[RUN_QUEUED],
		   .reason = "The reading before it lacks something: what this one lacks too is gone.",
		   .categories = after->run.categories,
	};
	struct run_state now;
	struct run      *live, *other = NULL;
	size_t           n;

	if (!after->more && next.ms != 0 && next.ms <= at.ms + AGAIN_WAITS_MS)
		return true;
	/* somebody may have asked for one meanwhile */
	if (!run_state_lock(db, after->mem, &after->config.id, &now, e) ||
	    !run_live(db, after->mem, &after->config.id, &live, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!uuid_eq(&live[i].id, &after->run.id) && running_counts(&live[i]))
			other = other == NULL || running_is_partial(other) ? &live[i] : other;
	if (other != NULL)
		return running_widen(after->mem, other, &again, e) && run_set(db, other, e);
	after->state.next_at = at;
	return run_add(db, &again, e);
}

bool
running_end(struct db *db, const struct running *r, const struct run_done *done, struct err *e)
{
	struct running after = *r;
	const instant  now = present(r);
	bool           cancelled;

	if (!run_hold(db, r->mem, &r->run, &cancelled, e))
		return false;
	if (cancelled)
		return was_cancelled(e);
	after.run.state = run_states[RUN_DONE];
	after.run.finished_at = now;
	after.run.report_id = done->report;
	after.run.snapshot_id = done->snapshot;
	if (running_counts(&r->run)) {
		after.state.failures = 0;
		after.state.held = false;
	}
	after.state.next_at = running_next(&after, now);
	if (done->again_ms > 0 && !read_again(db, &after, (instant) { now.ms + done->again_ms }, e))
		return false;
	return end(db, r, done->unseen ? NULL : &after.run, &after.state, after.state.next_at, e);
}

/* ---- coming to nothing ---- */

struct failing {
	struct running           *r;
	const struct run_failure *f; /* NULL: it is only left to others */
};

static const int64_t again_s[RUN_ATTEMPTS_MAX] = { 0, 30, 120, 600, 1800 };

/* The same once more, before the next slot comes. */
static bool
is_worth_another(const struct running *r, const struct run_failure *f, instant now, instant *at)
{
	const struct run *run = &r->run;
	instant           next = slot_next(&r->plan, &r->config.id, now);
	int64_t           wait_s;

	if (f->hold || r->heir != NULL ||
	    (strcmp(run->kind, run_kinds[RUN_SCHEDULED]) != 0 &&
		strcmp(run->kind, run_kinds[RUN_NOTIFY]) != 0) ||
	    run->attempts >= RUN_ATTEMPTS_MAX || run->attempts < 1)
		return false;
	wait_s = again_s[run->attempts];
	if (wait_s < f->after_s)
		wait_s = f->after_s;
	at->ms = now.ms + wait_s * 1000;
	return next.ms == 0 || at->ms < next.ms;
}

bool
running_say(TALLOC_CTX *mem, const struct run_failure *f, struct run *run, struct err *e)
{
	run->reason = unicode_clean(mem, str_of(f->reason), RUN_TEXT_MAX);
	run->remedy =
	    f->remedy == NULL ? NULL : unicode_clean(mem, str_of(f->remedy), RUN_TEXT_MAX);
	return (run->reason != NULL && (run->remedy != NULL) == (f->remedy != NULL)) ||
	       err_memory(e);
}

static void
fail(struct running *r, const struct run_failure *f, instant now, instant *due)
{
	struct run *run = &r->run;
	instant     free = { now.ms + f->after_s * 1000 };

	if (is_worth_another(r, f, now, due)) {
		run->state = run_states[RUN_QUEUED];
		run->due_at = *due;
		if (r->more && r->more_at.ms < due->ms)
			*due = r->more_at;
		return;
	}
	run->state =
	    run_states[f->hold || run->attempts >= RUN_ATTEMPTS_MAX ? RUN_DEAD : RUN_FAILED];
	run->finished_at = now;
	if (running_counts(run)) {
		r->state.failures++;
		r->state.held = f->hold;
	}
	*due = running_next(r, now);
	if (due->ms != 0 && due->ms < free.ms && !r->more)
		*due = free;
}

/* One of its kind may have come to wait meanwhile, and then it is that one. */
static bool
find_more(struct db *db, struct running *r, struct err *e)
{
	struct run *live;
	size_t      n;

	if (!run_live(db, r->mem, &r->config.id, &live, &n, e))
		return false;
	running_look_behind(r, live, n);
	return true;
}

/* What it was to read and has not is read by the one that waits. */
static bool
bequeath(struct db *db, const struct running *after, struct err *e)
{
	if (after->heir == NULL || !running_counts(&after->run) ||
	    strcmp(after->run.state, run_states[RUN_QUEUED]) == 0 ||
	    !running_is_partial(after->heir))
		return true;
	return running_widen(after->mem, after->heir, &after->run, e) &&
	       run_set(db, after->heir, e);
}

static bool
fail_body(struct db *db, void *arg, struct err *e)
{
	const struct failing *f = arg;
	struct running        after = *f->r;
	const instant         now = present(f->r);
	instant               due = now;

	if (!run_state_lock(db, after.mem, &after.config.id, &after.state, e) ||
	    !find_more(db, &after, e))
		return false;
	after.state.last_slot = f->r->state.last_slot;
	after.state.last_run = f->r->state.last_run;
	after.state.moves = f->r->state.moves;
	if (f->f != NULL) {
		if (!running_say(after.mem, f->f, &after.run, e))
			return false;
		fail(&after, f->f, now, &due);
	} else if (running_counts(&after.run) ? after.heir != NULL : after.more) {
		after.run.state = run_states[RUN_FAILED];
		after.run.finished_at = now;
		after.run.reason =
		    "Its collector ended before it was done; the run after it took its place.";
	} else {
		after.run.state = run_states[RUN_QUEUED];
		after.run.attempts -= after.run.attempts > 0;
		after.run.due_at = now;
	}
	after.state.next_at = due;
	return bequeath(db, &after, e) && end(db, f->r, &after.run, &after.state, due, e);
}

bool
running_fail(struct running *r, const struct run_failure *f, struct err *e)
{
	struct failing  failing = { r, f };
	const struct tx tx = { .name = "run_fail", .body = fail_body, .arg = &failing };

	return tx_run(r->t->db, &tx, e);
}

bool
running_later(struct running *r, struct err *e)
{
	struct failing  failing = { r, NULL };
	const struct tx tx = { .name = "run_later", .body = fail_body, .arg = &failing };

	return tx_run(r->t->db, &tx, e);
}
