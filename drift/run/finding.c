#include "drift/run/finding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drift/run/announcing.h"
#include "drift/run/deletion.h"
#include "drift/run/finding_priv.h"
#include "drift/run/plan.h"
#include "drift/run/raising.h"
#include "drift/run/running.h"
#include "drift/run/standing.h"

/* The known findings and which of them the report has. */
struct known {
	struct finding_row *rows;
	bool               *seen;
	size_t              n;
};

static bool
is_word(const struct finding_row *r, const char *status)
{
	return strcmp(r->status, status) == 0;
}

static bool
finding_alloc(
    struct plan_findings *l, size_t changes, size_t tolerances, struct known *k, struct err *e)
{
	l->status = talloc_zero_size(l, (changes + 1) * sizeof(l->status[0]));
	l->hold = talloc_zero_size(l, (changes + 1) * sizeof(l->hold[0]));
	l->by = talloc_zero_size(l, (changes + 1) * sizeof(l->by[0]));
	l->is_fresh = talloc_zero_size(l, (changes + 1) * sizeof(l->is_fresh[0]));
	l->fresh = talloc_zero_size(l, (changes + 1) * sizeof(l->fresh[0]));
	l->put = talloc_zero_size(l, (k->n + 1) * sizeof(l->put[0]));
	l->events = talloc_zero_size(l, (k->n + changes + 1) * sizeof(l->events[0]));
	k->seen = talloc_zero_size(l, (k->n + 1) * sizeof(k->seen[0]));
	l->runs = talloc_zero_size(l, (changes + 1) * sizeof(l->runs[0]));
	l->tolerated = talloc_zero_size(l, (tolerances + 1) * sizeof(l->tolerated[0]));
	if (l->runs == NULL || l->tolerated == NULL || l->by == NULL || l->is_fresh == NULL ||
	    l->status == NULL || l->hold == NULL || l->fresh == NULL || l->put == NULL ||
	    l->events == NULL || k->seen == NULL)
		return err_memory(e);
	return true;
}

static void
add_event(const struct finding_in *in, struct plan_findings *l, const struct finding_row *r,
    const char *to, const char *note)
{
	l->events[l->events_n++] = (struct finding_event) { .config_id = r->config_id,
		.subject = r->fingerprint,
		.value_hash = r->value_hash,
		.at = in->now,
		.actor = "system",
		.from_status = r->status,
		.to_status = to,
		.note = note };
}

/* ---- of the report ---- */

void
finding_recheck(struct plan_findings *l, instant at)
{
	if (at.ms != 0 && (l->recheck_at.ms == 0 || at.ms < l->recheck_at.ms))
		l->recheck_at = at;
}

/* The row after this report; true when it is to be written. */
static bool
row_advance(const struct finding_in *in, struct plan_findings *l, struct finding_row *r,
    bool counts, struct err *e)
{
	bool dirty = counts || !r->present;

	r->runs = r->present ? r->runs + counts : 1;
	r->present = true;
	if (is_word(r, "accepted") && r->expires_at.ms != 0 && r->expires_at.ms <= in->now.ms) {
		add_event(in, l, r, "detected", "The acceptance has expired.");
		r->status = talloc_strdup(l->put, "detected");
		r->reason = r->owner = NULL;
		r->expires_at.ms = 0;
		dirty = true;
	}
	if (dirty)
		r->updated_at = in->now;
	if (r->status == NULL)
		(void)err_memory(e);
	return dirty;
}

static enum hold_reason
hold_of(const struct finding_row *r)
{
	return is_word(r, "accepted")  ? HOLD_ACCEPTED
	       : is_word(r, "ignored") ? HOLD_IGNORED
				       : HOLD_NONE;
}

static void
fresh_change(const struct finding_in *in, struct plan_findings *l, const struct change *c)
{
	l->fresh[l->fresh_n++] = (struct finding_seen) { .config_id = in->config_id,
		.fingerprint = { c->fingerprint, HASH_LEN },
		.value_hash = { c->value_hash, HASH_LEN },
		.now = in->now };
}

/* ---- tolerance ---- */

/* A number too long for a double is held to no tolerance. */
static bool
number_of(const struct json *v, double *out)
{
	char text[64];

	if (v == NULL || v->type != JSON_NUMBER || v->text.n >= sizeof(text))
		return false;
	memcpy(text, v->text.p, v->text.n);
	text[v->text.n] = '\0';
	*out = strtod(text, NULL);
	return isfinite(*out);
}

/* One step of a pointer without its escapes; most have none. */
static bool
unescape(struct buf *b, struct str step, struct str *out, struct err *e)
{
	*out = step;
	if (step.n == 0 || memchr(step.p, '~', step.n) == NULL)
		return true;
	b->n = 0;
	for (size_t i = 0; i < step.n; i++) {
		if (step.p[i] == '~' && i + 1 < step.n)
			buf_putc(b, step.p[++i] == '1' ? '/' : '~');
		else
			buf_putc(b, step.p[i]);
	}
	*out = buf_str(b);
	return buf_ok(b) || err_memory(e);
}

bool
finding_path_matches(TALLOC_CTX *mem, const struct pattern *p, struct str path, uint64_t *steps,
    bool *yes, struct err *e)
{
	uint64_t   at = pattern_start(p);
	struct str rest = path, step;
	struct buf b;
	bool       ok = true;

	buf_make(&b, mem);
	if (path.n > 0)
		rest = (struct str) { path.p + 1, path.n - 1 };
	while (ok && path.n > 0 && rest.p != NULL && at != 0) {
		rest = str_cut(rest, '/', &step);
		ok = unescape(&b, step, &step, e);
		at = ok ? pattern_step_counted(p, at, step, steps) : 0;
	}
	*yes = ok && (path.n == 0 || rest.p == NULL) && pattern_done(p, at);
	talloc_free(b.p);
	return ok;
}

/* By which tolerance; as many as there are: by none. */
static bool
tolerated(const struct limits *l, TALLOC_CTX *mem, const struct change *c, size_t *by_which,
    struct err *e)
{
	double   was, is, by;
	uint64_t steps = 0;
	bool     yes = false;

	*by_which = l->tolerance_n;
	if (l->tolerance_n == 0 || c->op != CHANGE_MODIFIED || !number_of(c->old_value, &was) ||
	    !number_of(c->new_value, &is))
		return true;
	by = fabs(is - was);
	for (size_t i = 0; i < l->tolerance_n && !yes; i++) {
		const struct tolerance *t = &l->tolerance[i];

		if (t->category.n > 0 && str_cmp(t->category, c->category) != 0)
			continue;
		if (by <= t->abs || (t->pct >= 0 && by * 100 <= t->pct * fabs(was)))
			if (!finding_path_matches(mem, &t->path, c->path, &steps, &yes, e))
				return false;
		if (yes)
			*by_which = i;
	}
	return true;
}

/* Reports in a row that have to have it before it is told. */
static int64_t
runs_needed(const struct finding_in *in, const struct change *c)
{
	const struct limits *l = in->limits;

	return deletion_waits(l, c) && l->deleted_runs > l->for_runs ? l->deleted_runs
								     : l->for_runs;
}

/* Is this report one more of those? */
static bool
is_counted(const struct finding_in *in, const struct change *c, const struct finding_row *r)
{
	return !in->again && r->present && r->runs < runs_needed(in, c) &&
	       (!deletion_waits(in->limits, c) || deletion_is_apart(r, in->began));
}

/* What is known of a change: its row goes on. */
static bool
known_change(const struct finding_in *in, struct plan_findings *l, const struct change *c, size_t i,
    struct known *k, struct err *e)
{
	struct finding_row *r = bsearch(c, k->rows, k->n, sizeof(k->rows[0]), finding_order);
	size_t              at = (size_t)(r - k->rows);

	if (!k->seen[at] && row_advance(in, l, r, i < in->shown && is_counted(in, c, r), e))
		l->put[l->put_n++] = *r;
	if (e->code != ERR_OK)
		return false;
	k->seen[at] = true;
	l->runs[i] = r->runs;
	l->status[i] = r->status;
	l->hold[i] = hold_of(r);
	finding_recheck(l, r->expires_at);
	return true;
}

/* It is no finding: what it undoes was one. */
static void
returned(struct plan_findings *l, struct diff *diff, size_t i)
{
	l->status[i] = "resolved";
	l->hold[i] = HOLD_RETURNED;
	l->runs[i] = 1;
	standing_uncount(&diff->summary, &diff->changes[i]);
}

/* It is held until a second reading lacks it too, which is to come. */
static void
hold_deletion(const struct finding_in *in, struct plan_findings *l, size_t i, instant since)
{
	l->hold[i] = HOLD_UNCONFIRMED;
	l->go_on = true;
	if (i >= in->shown)
		return;
	l->unconfirmed++;
	if (!in->again && since.ms + DELETION_AGAIN_MS > l->confirm_at.ms)
		l->confirm_at.ms = since.ms + DELETION_AGAIN_MS;
}

/* What the reports before say of it does not do yet. */
static void
hold_young(const struct finding_in *in, struct plan_findings *l, const struct change *c, size_t i,
    const struct finding_row *r)
{
	if (deletion_waits(in->limits, c) && l->runs[i] < in->limits->deleted_runs) {
		hold_deletion(in, l, i, r != NULL ? r->updated_at : in->now);
	} else if (l->runs[i] < in->limits->for_runs) {
		l->hold[i] = HOLD_FOR_RUNS;
		l->go_on = true;
	}
}

static bool
one_change(const struct finding_in *in, struct plan_findings *l, struct diff *diff, size_t i,
    struct known *k, struct err *e)
{
	struct change      *c = &diff->changes[i];
	struct finding_row *r =
	    k->n == 0 ? NULL : bsearch(c, k->rows, k->n, sizeof(k->rows[0]), finding_order);
	size_t within;

	if (in->ended != NULL && i < in->shown && in->ended[i]) {
		returned(l, diff, i);
		return true;
	}
	if (!tolerated(in->limits, l, c, &within, e))
		return false;
	l->status[i] = "detected";
	l->runs[i] = 1;
	l->is_fresh[i] = r == NULL;
	if (r == NULL)
		fresh_change(in, l, c);
	else if (!known_change(in, l, c, i, k, e))
		return false;
	if (l->hold[i] == HOLD_ACCEPTED) {
		standing_uncount(&diff->summary, c);
		if (i < in->shown && in->summary != NULL)
			standing_uncount(in->summary, c);
		l->accepted += i < in->shown;
	} else if (l->hold[i] == HOLD_NONE && within < in->limits->tolerance_n) {
		l->hold[i] = HOLD_TOLERANCE;
		l->tolerated[within] = true;
	} else if (l->hold[i] == HOLD_NONE) {
		hold_young(in, l, c, i, r);
	}
	return true;
}

/* ---- no more in it ---- */

static bool
one_gone(const struct finding_in *in, struct plan_findings *l, struct finding_row *r, struct err *e)
{
	bool lasting = is_word(r, "accepted") || is_word(r, "ignored");

	if (lasting && !r->present)
		return true;
	if (!lasting) {
		add_event(in, l, r, "resolved",
		    in->why_over != NULL ? in->why_over : "It is there no more with this value.");
		r->status = talloc_strdup(l->put, "resolved");
		if (r->status == NULL)
			return err_memory(e);
	}
	r->present = false;
	r->runs = 0;
	r->updated_at = in->now;
	l->put[l->put_n++] = *r;
	return true;
}

bool
finding_judge(TALLOC_CTX *mem, const struct finding_in *in, struct diff *diff,
    const struct finding_list *known, struct plan_findings **out, struct err *e)
{
	struct known          k = { .rows = known->rows, .n = known->n };
	struct plan_findings *l = talloc_zero(mem, struct plan_findings);
	/* what was not read, or not kept, may still be there */
	bool all = in->complete && (int64_t)diff->n == diff_count(&diff->summary);

	*out = l;
	if (l == NULL)
		return err_memory(e);
	if (!finding_alloc(l, diff->n, in->limits->tolerance_n, &k, e))
		return false;
	for (size_t i = 0; i < diff->n; i++)
		if (!one_change(in, l, diff, i, &k, e))
			return false;
	for (size_t i = 0; all && i < k.n; i++)
		if (!k.seen[i] && !one_gone(in, l, &k.rows[i], e))
			return false;
	return true;
}

/* ---- of a plan ---- */

/* What is new to this report may have been there long ago. */
static void
tell_returned(struct plan *p, const struct finding_in *how, const struct finding_list *ended)
{
	for (size_t i = 0; ended->n > 0 && i < p->diff->n; i++) {
		const struct finding_row *r = bsearch(&p->diff->changes[i], ended->rows, ended->n,
		    sizeof(ended->rows[0]), finding_order);

		if (r != NULL)
			add_event(how, p->findings, r, "detected", "It is there again.");
	}
}

bool
finding_make(const struct ingest *in, struct plan *p, struct err *e)
{
	const struct finding_in how = { .limits = &in->spec->limits,
		.config_id = in->config->id,
		.now = in->received_at,
		.began = { in->received_at.ms - (in->run == NULL ? 0 : running_ms(in->run)) },
		.complete = p->collections.settled,
		.shown = p->seen.n,
		.summary = &p->seen.summary,
		.ended = p->ended,
		.again = p->kind == PLAN_AGAIN,
		.why_over = p->collections.let_go };
	struct finding_recalled r = { .known = p->standing };
	struct plan_findings   *l;

	if (!finding_recall(in->t->db, p, &in->config->id, p->diff, &r, e) ||
	    !raising_apply(in, p, e) || !finding_judge(p, &how, p->diff, &r.known, &p->findings, e))
		return false;
	tell_returned(p, &how, &r.ended);
	if (!announcing_apply(in, p, &r.known, e))
		return false;
	l = p->findings;
	for (size_t i = 0; i < l->events_n; i++)
		l->events[i].id = uuid_make(in->d->env->clock, in->d->env->rand);
	if (p->kind == PLAN_LATE)
		l->fresh_n = l->put_n = l->events_n = 0;
	return true;
}

bool
finding_write(struct db *db, const struct plan_findings *l, struct err *e)
{
	return l == NULL || (finding_detect(db, l->fresh, l->fresh_n, e) &&
				finding_put(db, l->put, l->put_n, e) &&
				finding_event_add(db, l->events, l->events_n, e));
}
