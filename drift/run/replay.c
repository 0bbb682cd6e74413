#include "drift/run/replay.h"

#include <stdlib.h>
#include <string.h>

#include "drift/engine/redact.h"
#include "drift/run/replay_clearing.h"
#include "drift/run/replay_settle.h"
#include "drift/run/replay_volume.h"

#define ROW_STEPS 100 /* of a change, or a finding kept, in all that looks at it in a run */

/* What is at hand of one run. */
struct run {
	TALLOC_CTX           *mem; /* goes after it */
	struct diff          *diff;
	struct plan_findings *findings;
	struct finding_list   known; /* before it, and what it names */
	instant               at;
	bool                  complete, moves;
	struct side           base; /* what it is held against */
	struct diff_summary   seen; /* of what the snapshot shows itself */
	bool                  waits;
	size_t                shown; /* changes that the snapshot shows itself */
};

/* ---- what stays ---- */

static bool
keep_bytes(uint8_t *room, struct blob *b)
{
	if (b->n != HASH_LEN)
		return false;
	memcpy(room, b->p, HASH_LEN);
	b->p = room;
	return true;
}

/* The two hashes of the i-th of n things, in a block of its own behind them. */
#define ROOM(bytes, i) ((bytes) + (i)*2 * HASH_LEN)

static bool
keep_told(struct replay *r, const struct told *told, size_t n, struct err *e)
{
	struct told *all = talloc_zero_size(r->mem, (n + 1) * sizeof(all[0]));
	uint8_t     *bytes = all == NULL ? NULL : talloc_size(all, (n + 1) * (size_t)2 * HASH_LEN);

	if (bytes == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++) {
		all[i] = told[i];
		if (!keep_bytes(ROOM(bytes, i), &all[i].fingerprint) ||
		    !keep_bytes(ROOM(bytes, i) + HASH_LEN, &all[i].value_hash))
			return err_set(e, ERR_INTERNAL, 0, "internal error", "a hash is cut");
	}
	talloc_free(r->told);
	r->told = all;
	r->told_n = n;
	return true;
}

static int
by_value(const void *x, const void *y)
{
	const struct finding_row *a = x, *b = y;
	int                       c = memcmp(a->fingerprint.p, b->fingerprint.p, HASH_LEN);

	return c != 0 ? c : memcmp(a->value_hash.p, b->value_hash.p, HASH_LEN);
}

static bool
add_row(struct finding_row *all, uint8_t *bytes, size_t *n, const struct finding_row *row,
    struct err *e)
{
	struct finding_row *to = &all[*n];

	*to = *row;
	to->reason = to->owner = NULL;
	to->status = talloc_strdup(all, row->status);
	if (to->status == NULL || !keep_bytes(ROOM(bytes, *n), &to->fingerprint) ||
	    !keep_bytes(ROOM(bytes, *n) + HASH_LEN, &to->value_hash))
		return err_memory(e);
	(*n)++;
	return true;
}

/* What would stand before the next run, and what lasts: `fresh` is new, what is resolved goes. */
static bool
keep_rows(struct replay *r, const struct finding_list *known, const struct finding_seen *fresh,
    size_t fresh_n, struct err *e)
{
	const struct finding_row *rows = known->rows;
	size_t                    n = known->n;
	size_t                    room = n + fresh_n + 1, all_n = 0;
	struct finding_row       *all = talloc_zero_size(r->mem, room * sizeof(all[0]));
	uint8_t *bytes = all == NULL ? NULL : talloc_size(all, room * (size_t)2 * HASH_LEN);
	char     detected[] = "detected";

	if (bytes == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].status, "resolved") != 0 &&
		    !add_row(all, bytes, &all_n, &rows[i], e))
			return false;
	for (size_t i = 0; i < fresh_n; i++) {
		const struct finding_row row = { .config_id = r->config_id,
			.fingerprint = fresh[i].fingerprint,
			.value_hash = fresh[i].value_hash,
			.status = detected,
			.present = true,
			.runs = 1,
			.updated_at = fresh[i].now };

		if (!add_row(all, bytes, &all_n, &row, e))
			return false;
	}
	if (all_n > 1)
		qsort(all, all_n, sizeof(all[0]), by_value);
	talloc_free(r->known.rows);
	r->known = (struct finding_list) { all, all_n };
	return true;
}

static bool
keep_flaps(struct replay *r, struct flaps *now)
{
	size_t n = 0;

	for (size_t i = 0; i < now->n; i++)
		if (!flap_over(&now->items[i]))
			now->items[n++] = now->items[i];
	now->n = n;
	talloc_free(r->flaps.items);
	r->flaps = *now;
	return true;
}

/* ---- conditions ---- */

void
replay_condition(struct replay *r, enum whatif_kind kind, bool now)
{
	r->tally.conditions[kind] += now && !r->conditions[kind];
	r->conditions[kind] = now;
}

static void
go_blind(struct replay *r, const struct run *x)
{
	int64_t allowed_ms = r->spec->expect_every_s * r->spec->limits.blind_after * 1000;

	if (allowed_ms > 0 && r->last_complete.ms != 0 &&
	    x->at.ms - r->last_complete.ms > allowed_ms)
		replay_condition(r, WHATIF_BLIND, true);
	r->incomplete_runs = x->complete ? 0 : r->incomplete_runs + 1;
	if (x->complete) {
		r->last_complete = x->at;
		replay_condition(r, WHATIF_BLIND, false);
	} else if (r->incomplete_runs >= r->spec->limits.blind_after) {
		replay_condition(r, WHATIF_BLIND, true);
	}
}

/* Was all of it read that the config which is tried wants to be read? */
static bool
is_whole(const struct replay *r, const struct side *to)
{
	struct str category;
	size_t     i = 0;

	while (side_next_incomplete(to, &i, &category))
		if (spec_unread(r->spec, category) == NULL)
			return false;
	return true;
}

bool
replay_skip(struct replay *r, const struct side *to, instant at, struct err *e)
{
	const struct run x = { .at = at, .complete = is_whole(r, to) };

	go_blind(r, &x);
	return replay_volume(r, NULL, to, e);
}

/* An incomplete snapshot neither confirms nor denies a loss. */
static bool
lose(struct replay *r, const struct run *x, const struct side *was, const struct side *to,
    struct err *e)
{
	struct places_held before, now;
	struct losses      losses;
	bool               any = false;

	if (was->items == NULL)
		return true;
	if (!side_places(x->mem, was, &before, e) || !side_places(x->mem, to, &now, e) ||
	    !losses_find(x->mem, &before, &now, &losses, e))
		return false;
	for (size_t i = 0; i < losses.n; i++) {
		if (!side_complete(to, losses.of[i].category) ||
		    !loss_is_suspicious(&r->spec->limits, &losses.of[i]))
			continue;
		loss_hold(losses.of[i].category, x->diff, x->findings->hold);
		any = true;
	}
	any = any && r->spec->limits.deleted_runs <= 1;
	if (any || x->complete)
		replay_condition(r, WHATIF_SUSPICIOUS, any);
	return true;
}

static bool
is_read(const void *of, struct str category)
{
	return side_complete(of, category);
}

static bool
flap(struct replay *r, const struct run *x, const struct side *to, struct flaps *now, struct err *e)
{
	const struct held_changes found = { x->diff->changes, x->findings->hold, x->diff->n,
		is_read, to };

	*now = r->flaps;
	if (!r->spec->limits.flapping)
		return true;
	for (size_t i = 0; i < now->n && !x->complete; i++)
		now->items[i].calmed = now->items[i].began = false;
	if (x->complete && !flaps_check(r->mem, &r->spec->limits, &r->flaps, &found, now, e))
		return false;
	flaps_hold(now, &found);
	replay_condition(r, WHATIF_FLAPPING, now->flapping > 0);
	return true;
}

/* Before what has moved: changes may be named by what was unsettled. */
static bool
count(struct replay *r, const struct run *x, const struct side *to, struct err *e)
{
	const struct diff_summary *of = x->moves ? &x->seen : &x->diff->summary;
	const struct held_changes  found = { x->diff->changes, x->findings->hold, x->shown, NULL,
		 NULL };

	r->tally.changes += diff_count(of);
	for (enum severity v = 0; v < SEVERITY__MAX; v++)
		r->tally.by_severity[v] += of->by_severity[v];
	return replay_volume(r, &found, to, e);
}

/* ---- the alert ---- */

static void
account(struct replay *r, const struct decide_in *in, const struct decision *d)
{
	struct whatif_tally *t = &r->tally;
	bool                 opens = uuid_is_nil(&in->alert) || in->suppressed;

	for (enum hold_reason h = HOLD_NONE + 1; h < HOLD__MAX; h++)
		t->held[h] += (int64_t)decide_held(in, h);
	t->held[HOLD_NONE] += (int64_t)decide_minor(in);
	t->findings += d->suppressed ? 0 : (int64_t)d->n;
	t->why[d->why]++;
	t->resolved += d->told && d->deed == DEED_RESOLVE;
	t->updated += d->told && d->deed == DEED_UPDATE && !opens;
	if (d->told && d->deed != DEED_RESOLVE && opens) {
		t->opened++;
		t->opened_by_severity[d->max]++;
	}
	t->suppressed += d->deed == DEED_OPEN && d->suppressed;
}

static bool
alert(struct replay *r, struct run *x, struct flaps *flaps, struct err *e)
{
	const struct decide_in in = { .limits = &r->spec->limits,
		.changes = x->diff->changes,
		.holds = x->findings->hold,
		.n = x->diff->n,
		.flaps = r->spec->limits.flapping ? flaps : NULL,
		.complete = x->complete,
		.read = x->complete,
		.alert = r->alert,
		.suppressed = r->suppressed,
		.severity = r->severity,
		.told = r->told,
		.told_n = r->told_n,
		.clean_runs = r->clean_runs,
		.clearing = r->clearing,
		.clearing_n = r->clearing_n };
	struct decision        d;
	struct told           *told;
	size_t                 n;

	if (!decide(x->mem, &in, &d, e) || !decide_told(x->mem, &in, &d, &told, &n, e))
		return false;
	account(r, &in, &d);
	x->waits = d.why == WHY_MIN_CHANGES || d.why == WHY_MIN_SCORE;
	if (d.deed == DEED_OPEN)
		r->alert.b[0] = 1; /* any but nil: it is only asked whether one is open */
	if (d.deed == DEED_RESOLVE)
		r->alert = (struct uuid) { 0 };
	r->suppressed = !uuid_is_nil(&r->alert) && d.suppressed;
	r->severity = d.severity;
	r->clean_runs = d.clean_runs;
	for (size_t i = 0; i < r->clearing_n; i++)
		r->clearing[i].runs = d.cleared[i];
	return keep_told(r, told, n, e);
}

/* ---- one run ---- */

struct comparing {
	TALLOC_CTX       *mem;
	struct diff      *diff;
	struct redaction *left_out; /* NULL: masks count */
};

static bool
add_to_diff(void *arg, const struct resource *from, const struct resource *to, struct err *e)
{
	struct comparing *c = arg;
	struct resource   a, b;

	if (c->left_out == NULL)
		return diff_resource(c->diff, from, to, e);
	if (from != NULL)
		a = *from;
	if (to != NULL)
		b = *to;
	return (from == NULL || redact(c->left_out, c->mem, &a, e)) &&
	       (to == NULL || redact(c->left_out, c->mem, &b, e)) &&
	       diff_resource(c->diff, from != NULL ? &a : NULL, to != NULL ? &b : NULL, e);
}

static bool
comparing_make(struct replay *r, struct run *x, struct comparing *c, struct err *e)
{
	*c = (struct comparing) { .mem = x->mem };
	c->diff = x->diff = diff_make(x->mem, r->spec->compare, r->spec->rules, r->work, e);
	if (c->diff == NULL || !r->template)
		return c->diff != NULL;
	diff_redacted(c->diff);
	c->left_out = redaction_make(x->mem, r->work, e);
	return c->left_out != NULL;
}

/* Acceptances are as they are now: the first run that names one meets it. */
static bool
recall(struct replay *r, struct run *x, struct err *e)
{
	struct finding_recalled found = { .known = r->known };

	if (!finding_recall(r->t->db, x->mem, &r->config_id, x->diff, &found, e))
		return false;
	x->known = found.known;
	return true;
}

static struct replay_settling
settling_of(struct replay *r, const struct run *x, const struct side *from, const struct side *to)
{
	return (struct replay_settling) { .r = r,
		.mem = x->mem,
		.from = from,
		.to = to,
		.diff = x->diff,
		.findings = x->findings,
		.waits = x->waits };
}

/* What the snapshot shows, and beside it what stands of what was told. */
static bool
compare_all(struct replay *r, struct run *x, const struct both_sides *what, struct finding_in *how,
    struct err *e)
{
	struct comparing             c;
	const struct replay_settling s = settling_of(r, x, what->from, what->to);
	struct replay_settling       beside;
	struct both_sides            both = *what;
	bool                        *ended;

	if (x->moves && !replay_base(&s, &x->base, e))
		return false;
	both.from = x->moves ? &x->base : what->from;
	if (!comparing_make(r, x, &c, e) || !comparison_each(x->mem, &both, add_to_diff, &c, e))
		return false;
	x->shown = x->diff->n;
	if (!x->moves)
		return true;
	x->seen = x->diff->summary;
	how->summary = &x->seen;
	how->shown = x->diff->n;
	beside = settling_of(r, x, what->from, what->to);
	if (!replay_told(&beside, what, &ended, e))
		return false;
	how->ended = ended;
	return true;
}

static bool
compare(
    struct replay *r, struct run *x, const struct side *from, const struct side *to, struct err *e)
{
	struct finding_in how = { .limits = &r->spec->limits,
		.config_id = r->config_id,
		.now = x->at,
		.began = x->at,
		.complete = x->complete,
		.shown = SIZE_MAX };

	struct side             base = *from;
	const struct both_sides what = { r->t, r->spec->compare, &base, to, r->work };

	/* what was in force counts, however far that snapshot itself was read */
	if (!base.only)
		base.collections_n = 0;
	if (!work_spend(r->work, WORK_READ, 1000 + ROW_STEPS * (uint64_t)r->known.n, e))
		return false;
	return compare_all(r, x, &what, &how, e) &&
	       work_spend(r->work, WORK_CHANGES, ROW_STEPS * (uint64_t)x->diff->n, e) &&
	       recall(r, x, e) && finding_judge(x->mem, &how, x->diff, &x->known, &x->findings, e);
}

static bool
settle(struct replay *r, const struct run *x, const struct side *from, const struct side *to,
    struct err *e)
{
	const struct replay_settling s = settling_of(r, x, from, to);

	return !x->moves || replay_settle(&s, e);
}

bool
replay_one(struct replay *r, const struct side *from, const struct side *was, const struct side *to,
    instant at, struct err *e)
{
	struct run   x = { .mem = talloc_new(r->mem),
		  .at = at,
		  .complete = is_whole(r, to),
		  .moves = r->spec->mode == BASELINE_PREVIOUS && !r->template };
	struct flaps flaps;
	bool         ok;

	if (x.mem == NULL)
		return err_memory(e);
	ok = compare(r, &x, from, to, e) && lose(r, &x, was, to, e) && flap(r, &x, to, &flaps, e) &&
	     replay_clearing(r, x.diff, to, e) && alert(r, &x, &flaps, e) && count(r, &x, to, e) &&
	     settle(r, &x, from, to, e);
	if (!ok)
		return false; /* faults may lie in it: it goes with r->mem */
	go_blind(r, &x);
	ok = keep_rows(r, &x.known, x.findings->fresh, x.findings->fresh_n, e) &&
	     (flaps.items == r->flaps.items || keep_flaps(r, &flaps));
	talloc_free(x.mem);
	return ok;
}
