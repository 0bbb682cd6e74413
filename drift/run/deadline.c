#include "drift/run/deadline.h"

#include <string.h>

#include "core/store/alert/outbox.h"
#include "core/store/drift/config.h"
#include "core/store/drift/promotion.h"
#include "core/store/drift/schedule.h"
#include "core/store/tenant/usage.h"
#include "core/store/tx.h"
#include "drift/config/spec.h"
#include "drift/run/attributed.h"
#include "drift/run/escalating.h"
#include "drift/run/grouping.h"
#include "drift/run/hushing.h"
#include "drift/run/pushers.h"
#include "drift/run/recheck.h"
#include "drift/run/review.h"
#include "drift/run/series.h"
#include "drift/run/tailing.h"
#include "drift/snapshot/collections.h"
#include "drift/snapshot/retention.h"

#define CLAIMS      16
#define CLAIMS_LONG 2

struct deadline {
	struct recheck          due;
	const struct due_kind  *kind;
	const struct due_other *other; /* kind NULL: it is this */
};

/* Pushes came and were refused: then that is why. */
static bool
say_refused(struct db *db, const struct deadline *b, const struct uuid *config, struct buf *text,
    struct err *e)
{
	const struct pusher_row *last;
	struct pusher_row       *rows;
	size_t                   n;

	if (!pusher_list(db, b->due.mem, config, &rows, &n, e))
		return false;
	last = pushers_last_refused(rows, n);
	if (last != NULL && last->refused_runs > 0)
		buf_printf(text, "; the last push was refused: %s", last->refused_code);
	return true;
}

/* Which of them has not come: all, or some. */
static void
say_blind(const struct drift_spec *spec, const struct overdue *o, struct buf *text)
{
	long long after = (long long)spec->limits.blind_after,
		  every = (long long)spec->expect_every_s;

	if (o->blind == o->awaited)
		buf_printf(text,
		    "blind, no complete snapshot has come in %lld times the %lld s allowed", after,
		    every);
	else
		buf_printf(text,
		    "blind, %zu of %zu collections did not come completely in %lld times the %lld "
		    "s allowed",
		    o->blind, o->awaited, after, every);
	blind_last(text, &o->list);
	if (o->list.n > BLIND_TOLD)
		buf_printf(text, " and %zu more", o->list.n - BLIND_TOLD);
}

static bool
open_blind(struct db *db, const struct deadline *b, const struct drift_config *c,
    const struct drift_spec *spec, struct overdue *o, struct err *e)
{
	const struct alert_scope a = { .env = b->due.d->env,
		.t = b->due.t,
		.mem = b->due.mem,
		.config_id = c->id,
		.config_name = c->name,
		.targets = spec->targets,
		.targets_n = spec->targets_n };
	const instant            now = { clock_ms(b->due.d->env->clock) };
	struct windows           windows;
	struct buf               text;

	buf_make(&text, b->due.mem);
	if (!collections_overdue(db, b->due.mem, &c->id, spec, now, o, e) ||
	    !config_blind(db, &c->id, spec->limits.blind_after, e))
		return false;
	say_blind(spec, o, &text);
	if (!say_refused(db, b, &c->id, &text, e) || buf_text(&text, e) == NULL)
		return false;
	return hush_read(db, b->due.mem, now, &windows, e) &&
	       hush_blind(
		   db, &a, &windows, &o->list, text.p, o->before > 0 && o->blind > o->before, e);
}

/* What else is awaited is due later. */
static bool
end_blind(struct db *db, const struct deadline *b, struct err *e)
{
	const struct uuid       *id = &b->due.claim->ref;
	const struct drift_spec *spec;
	struct config_state      state;
	struct drift_config      c;
	struct overdue           o = { 0 };

	/* The lock first: a snapshot on its way sets the claim anew, and is not overtaken. */
	if (!config_state_lock(db, b->due.mem, id, &state, e) ||
	    !config_by_id(b->due.t, b->due.mem, id, &c, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return schedule_done(db, b->due.claim, e); /* dropped: only the claim ends */
	}
	spec = spec_of(b->due.d, b->due.t, &c, b->due.work, e);
	if (spec == NULL || !open_blind(db, b, &c, spec, &o, e) ||
	    !schedule_done(db, b->due.claim, e))
		return false;
	return o.next_s == 0 || schedule_set(db, SCHEDULE_BEAT, id, o.next_s, e);
}

static bool
renew(const struct deadline *b, struct err *e)
{
	return recheck_renew(&b->due, e);
}

static bool
recheck(struct db *db, const struct deadline *b, struct err *e)
{
	return recheck_body(db, &b->due, e);
}

static bool
review(struct db *db, const struct deadline *b, struct err *e)
{
	return review_due(db, &b->due, e);
}

static bool
attribution(struct db *db, const struct deadline *b, struct err *e)
{
	return attributed_due(db, &b->due, e);
}

static bool
hush(struct db *db, const struct deadline *b, struct err *e)
{
	return hush_due(db, &b->due, e);
}

static bool
tailing(struct db *db, const struct deadline *b, struct err *e)
{
	return tailing_due(db, &b->due, e);
}

static bool
window(struct db *db, const struct deadline *b, struct err *e)
{
	return series_due(db, &b->due, e);
}

static bool
escalation(struct db *db, const struct deadline *b, struct err *e)
{
	return escalating_due(db, &b->due, e);
}

static bool
group(struct db *db, const struct deadline *b, struct err *e)
{
	return grouping_due(db, &b->due, e);
}

static bool
repeat(struct db *db, const struct deadline *b, struct err *e)
{
	return grouping_repeat(db, &b->due, e);
}

/* Some in one transaction: a snapshot of the config waits no longer. */
static bool
lines(struct db *db, const struct deadline *b, struct err *e)
{
	const struct uuid  *id = &b->due.claim->ref;
	struct config_state state;
	bool                more = false;

	if (!config_state_lock(db, b->due.mem, id, &state, e))
		return err_take(e, ERR_MISSING) && schedule_done(db, b->due.claim, e);
	return promotion_lines_some(db, b->due.mem, id, &more, e) &&
	       schedule_done(db, b->due.claim, e) &&
	       (!more || schedule_set(db, SCHEDULE_LINES, id, 0, e));
}

#define COUNTING_MS 5000 /* what takes longer is left to the count of the day */

struct counting {
	const struct clock *clock;
	int64_t             until_ms;
};

static bool
counts_too_long(void *arg)
{
	const struct counting *c = arg;

	return clock_ns(c->clock) / 1000000 > c->until_ms;
}

static bool
count_storage(const struct deadline *b, struct err *e)
{
	const struct clock     *clock = b->due.d->env->clock;
	struct counting         c = { clock, clock_ns(clock) / 1000000 + COUNTING_MS };
	const struct usage_stop bounded = { counts_too_long, &c };
	const instant           now = { clock_ms(clock) };

	return retention_sweep(b->due.d, b->due.t, b->due.mem, e) &&
	       usage_recount_storage(b->due.t, now, USAGE_FREED_MS, &bounded, e);
}

static bool
end_storage(struct db *db, const struct deadline *b, struct err *e)
{
	return schedule_done(db, b->due.claim, e);
}

/* What can be due: the transaction that sees to it and ends its claim, and what goes before it
 * (NULL: nothing). */
static const struct due_kind {
	const char *name;
	bool (*prepare)(const struct deadline *b, struct err *e);
	bool (*body)(struct db *db, const struct deadline *b, struct err *e);
} kinds[] = {
	{ SCHEDULE_BEAT, NULL, end_blind },
	{ SCHEDULE_RECHECK, renew, recheck },
	{ SCHEDULE_REVIEW, NULL, review },
	{ SCHEDULE_ATTRIBUTION, NULL, attribution },
	{ SCHEDULE_WATCH, NULL, tailing },
	{ SCHEDULE_ESCALATION, NULL, escalation },
	{ SCHEDULE_HUSH, NULL, hush },
	{ SCHEDULE_GROUP, NULL, group },
	{ SCHEDULE_REPEAT, NULL, repeat },
	{ SCHEDULE_WINDOW, NULL, window },
	{ SCHEDULE_LINES, NULL, lines },
	{ SCHEDULE_STORAGE, count_storage, end_storage },
};
_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == SCHEDULE_RUN_KINDS, "a row for each kind");

static const struct due_kind *
kind_of(const struct schedule *claim)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, claim->kind) == 0)
			return &kinds[i];
	return NULL;
}

static const struct due_other *
other_of(const struct due_other *others, const struct schedule *claim)
{
	for (; others != NULL && others->kind != NULL; others++)
		if (strcmp(others->kind, claim->kind) == 0)
			return others;
	return NULL;
}

static bool
deadline_body(struct db *db, void *arg, struct err *e)
{
	const struct deadline *b = arg;

	return b->kind->body(db, b, e);
}

static bool
deadline_claim(struct drift *d, struct database *database, const struct due_other *others,
    TALLOC_CTX *mem, const struct schedule *claim, struct err *e)
{
	struct work          work;
	struct deadline      b = { .due = { .d = d, .claim = claim, .mem = mem, .work = &work },
		     .kind = kind_of(claim),
		     .other = other_of(others, claim) };
	const struct tx      tx = { "beat", deadline_body, &b, NULL, NULL };
	const struct tenant *t;

	if (b.kind == NULL && b.other == NULL)
		return err_set(e, ERR_INTERNAL, 0, "internal error",
		    "due, and of no known kind: %s", claim->kind);
	work_begin(&work, WORK_TASK, d->env->clock);
	if (!tenant_by_schema(database, str_of(claim->schema_name), &t, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return schedule_forget(database_control(database), claim, e);
	}
	if (strcmp(t->status, "active") != 0)
		return true; /* it waits: the claim runs out and comes again */
	if (!tenant_db_open(database, t, false, &b.due.t, e))
		return false;
	if (b.kind != NULL && b.kind->prepare != NULL && !b.kind->prepare(&b, e))
		return false;
	if (b.kind != NULL ? tx_run(b.due.t->db, &tx, e)
			   : b.other->run(b.other->arg, b.due.t, mem, claim, e))
		return true;
	if (e->sys != OUTBOX_FENCE_LOST)
		return false;
	err_clear(e); /* a snapshot has come, or another daemon was faster */
	return true;
}

struct turn {
	struct drift           *d;
	struct database        *database;
	const struct due_other *others;
	const struct uuid      *owner;
	bool                    long_ones;
};

static bool
take_turn(const struct turn *x, size_t *done, struct err *e)
{
	TALLOC_CTX      *mem = talloc_new(NULL);
	struct db       *control = database_control(x->database);
	struct schedule *rows;
	size_t           n = 0;
	bool             ok, won;

	*done = 0;
	if (mem == NULL)
		return err_memory(e);
	ok = schedule_due(
	    control, mem, x->long_ones, x->long_ones ? CLAIMS_LONG : CLAIMS, &rows, &n, e);
	for (size_t i = 0; ok && i < n; i++) {
		struct err why = { 0 };

		ok = schedule_take(control, x->owner, &rows[i], &won, e);
		if (!ok || !won)
			continue;
		(*done)++;
		/* One tenant's trouble is not that of the others: its claim is given back. */
		if (!deadline_claim(x->d, x->database, x->others, mem, &rows[i], &why)) {
			log_err(
			    x->d->env->log, LOG_DRIFT, "a due config could not be looked at", &why);
			ok = schedule_again(control, &rows[i], e);
		}
	}
	talloc_free(mem);
	return ok;
}

bool
deadlines_due(struct drift *d, struct database *database, const struct due_other *others,
    const struct uuid *owner, size_t *done, struct err *e)
{
	const struct turn x = { d, database, others, owner, false };

	return take_turn(&x, done, e);
}

bool
deadlines_long(struct drift *d, struct database *database, const struct due_other *others,
    const struct uuid *owner, size_t *done, struct err *e)
{
	const struct turn x = { d, database, others, owner, true };

	return take_turn(&x, done, e);
}
