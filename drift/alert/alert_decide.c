#include "drift/alert/alert_decide.h"

#include <stdlib.h>
#include <string.h>

static const char *const why_codes[] = {
#define X(id, code) code,
	WHYS(X)
#undef X
};
static const char *const hold_codes[] = {
#define X(id, code, reason) code,
	HOLDS(X)
#undef X
};

const char *
why_code(enum why w)
{
	return why_codes[w];
}

const char *
hold_code(enum hold_reason h)
{
	return hold_codes[h];
}

/* ---- counting ---- */

size_t
decide_held(const struct decide_in *in, enum hold_reason h)
{
	size_t n = 0;

	for (size_t i = 0; i < in->n; i++)
		n += in->holds[i] == h && in->changes[i].severity >= in->limits->min_severity;
	return n;
}

size_t
decide_minor(const struct decide_in *in)
{
	size_t n = 0;

	for (size_t i = 0; i < in->n; i++)
		n += in->changes[i].severity < in->limits->min_severity;
	return n;
}

static bool
any_held(const struct decide_in *in)
{
	for (enum hold_reason h = HOLD_NONE + 1; h < HOLD__MAX; h++)
		if (decide_held(in, h) > 0)
			return true;
	return false;
}

/* ---- findings ---- */

static int
by_fingerprint(const void *a, const void *b)
{
	return memcmp(((const struct told *)a)->fingerprint.p,
	    ((const struct told *)b)->fingerprint.p, HASH_LEN);
}

static bool
is_picked(enum hold_reason h, bool suppressed)
{
	return suppressed ? h == HOLD_SILENCE || h == HOLD_FLAPPING : h == HOLD_NONE;
}

/* Those that nothing holds; or those that only a silence or flapping does. */
static void
pick(const struct decide_in *in, bool suppressed, struct decision *d)
{
	for (int v = SEVERITY_CRITICAL; v >= (int)in->limits->min_severity; v--) {
		size_t before = d->n;

		for (size_t i = 0; i < in->n; i++)
			if ((int)in->changes[i].severity == v &&
			    is_picked(in->holds[i], suppressed))
				d->order[d->n++] = i;
		if (before == 0 && d->n > 0)
			d->max = (enum severity)v;
	}
	d->suppressed = suppressed && d->n > 0;
}

static void
list_now(const struct decide_in *in, struct decision *d)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct change *c = &in->changes[d->order[i]];

		d->score += severity_weight(c->severity);
		d->silenced = d->silenced || in->holds[d->order[i]] == HOLD_SILENCE;
		d->now[i] = (struct told) { in->alert, { c->fingerprint, HASH_LEN },
			{ c->value_hash, HASH_LEN } };
	}
	if (d->n > 1)
		qsort(d->now, d->n, sizeof(d->now[0]), by_fingerprint);
	for (size_t i = 0; i < d->n; i++)
		if (d->now_n == 0 || by_fingerprint(&d->now[d->now_n - 1], &d->now[i]) != 0)
			d->now[d->now_n++] = d->now[i];
}

static bool
same_value(const struct told *a, const struct told *b)
{
	return a->value_hash.n == HASH_LEN &&
	       memcmp(a->value_hash.p, b->value_hash.p, HASH_LEN) == 0;
}

/* What has just calmed is told as it is, whatever was told before. */
static bool
has_calmed(const struct decide_in *in, const struct told *f)
{
	const struct flap *at = flap_of(in->flaps, f->fingerprint.p);

	return at != NULL && at->calmed;
}

static void
against_told(const struct decide_in *in, struct decision *d)
{
	size_t a = 0, b = 0;

	while (a < in->told_n || b < d->now_n) {
		int c = a == in->told_n ? 1
			: b == d->now_n ? -1
					: by_fingerprint(&in->told[a], &d->now[b]);

		if (c < 0)
			d->gone[d->gone_n++] = in->told[a];
		else if (c > 0 || !same_value(&in->told[a], &d->now[b]) ||
			 has_calmed(in, &d->now[b]))
			d->fresh[d->fresh_n++] = d->now[b];
		a += c <= 0;
		b += c >= 0;
	}
}

static bool
find(TALLOC_CTX *mem, const struct decide_in *in, struct decision *d, struct err *e)
{
	d->order = talloc_zero_size(mem, (in->n + 1) * sizeof(d->order[0]));
	d->now = talloc_zero_size(mem, (in->n + 1) * sizeof(d->now[0]));
	d->fresh = talloc_zero_size(mem, (in->n + 1) * sizeof(d->fresh[0]));
	d->gone = talloc_zero_size(mem, (in->told_n + 1) * sizeof(d->gone[0]));
	if (d->order == NULL || d->now == NULL || d->fresh == NULL || d->gone == NULL)
		return err_memory(e);
	pick(in, false, d);
	if (d->n == 0)
		pick(in, true, d);
	list_now(in, d);
	against_told(in, d);
	return true;
}

/* ---- deciding ---- */

/* People wait for the end of what flaps, and not for an end in between. */
static bool
flapping_keeps(const struct decide_in *in)
{
	if (in->flaps == NULL || in->flaps->flapping == 0)
		return false;
	if (in->suppressed)
		return true;
	for (size_t i = 0; i < in->told_n; i++) {
		const struct flap *f = flap_of(in->flaps, in->told[i].fingerprint.p);

		if (f != NULL && f->flapping)
			return true;
	}
	return false;
}

static int64_t
clean_runs(const struct decide_in *in, const struct decision *d)
{
	int64_t least = clearing_least(in, d);

	if (least >= 0)
		return least;
	return in->clean_runs + (in->complete && in->read && !in->again);
}

static void
without_findings(const struct decide_in *in, struct decision *d)
{
	bool open = !uuid_is_nil(&in->alert);

	d->clean_runs = clean_runs(in, d);
	d->suppressed = in->suppressed;
	if (open && in->complete && flapping_keeps(in)) {
		d->deed = in->suppressed ? DEED_NONE : DEED_UPDATE;
		d->suppressed = true;
		d->why = WHY_FLAPPING;
	} else if (open && in->complete && !in->let_go && d->clean_runs < in->limits->clear_runs) {
		d->go_on = clearing_goes_on(in, d);
		d->why = in->read || in->again ? WHY_CLEAR_RUNS : WHY_INCOMPLETE;
	} else if (open && in->complete) {
		d->deed = DEED_RESOLVE;
		/* who was told of it is told of its end */
		d->told = !in->suppressed || d->gone_n > 0;
	} else if (!in->complete || in->unread) {
		d->why = WHY_INCOMPLETE;
	} else if (any_held(in)) {
		d->why = WHY_HELD_BACK;
	} else if (in->n > 0) {
		d->why = WHY_MIN_SEVERITY;
	}
}

static void
not_open(const struct decide_in *in, struct decision *d)
{
	if ((int64_t)d->n < in->limits->min_changes) {
		d->why = WHY_MIN_CHANGES;
	} else if (d->score < in->limits->min_score) {
		d->why = WHY_MIN_SCORE;
	} else {
		d->deed = DEED_OPEN;
		d->severity = d->max;
		d->told = !d->suppressed;
	}
}

/* Of an alert that is open: what it has told of and was not read may still be as bad. */
static enum severity
severity_now(const struct decide_in *in, const struct decision *d)
{
	bool unread = !in->complete && d->gone_n > 0 && d->max < in->severity;
	bool waits = d->suppressed && in->told_n > 0;

	return unread || waits ? in->severity : d->max;
}

static void
is_open(const struct decide_in *in, struct decision *d)
{
	d->deed = DEED_UPDATE;
	d->severity = severity_now(in, d);
	d->told =
	    !d->suppressed && (d->fresh_n > 0 || in->maintenance || d->severity != in->severity);
	/* what was not read may still be there; with clear_runs, what comes and goes is told once
	 */
	d->forget = !d->suppressed && in->complete && in->limits->clear_runs <= 1;
	d->ended = d->forget ? d->gone_n : 0;
	if (!d->suppressed && !d->told)
		d->why = WHY_NOTHING_NEW;
	if (in->again && !d->told && d->suppressed == in->suppressed)
		d->deed = DEED_NONE;
}

static void
with_findings(const struct decide_in *in, struct decision *d)
{
	d->clean_runs = 0;
	if (uuid_is_nil(&in->alert))
		not_open(in, d);
	else
		is_open(in, d);
	if (d->suppressed && d->deed != DEED_NONE)
		d->why = d->silenced ? WHY_SILENCE : WHY_FLAPPING;
}

bool
decide(TALLOC_CTX *mem, const struct decide_in *in, struct decision *out, struct err *e)
{
	*out = (struct decision) { .clean_runs = in->clean_runs, .severity = in->severity };
	if (!find(mem, in, out, e) || !clearing_count(mem, in, out, e))
		return false;
	if (out->n == 0)
		without_findings(in, out);
	else
		with_findings(in, out);
	if (out->deed == DEED_RESOLVE || (uuid_is_nil(&in->alert) && out->deed != DEED_OPEN))
		clearing_end(in, out);
	return true;
}

bool
decide_told(TALLOC_CTX *mem, const struct decide_in *in, const struct decision *d,
    struct told **told, size_t *n, struct err *e)
{
	size_t a = 0, b = 0;

	*told = talloc_zero_size(mem, (in->told_n + d->now_n + 1) * sizeof((*told)[0]));
	*n = 0;
	if (*told == NULL)
		return err_memory(e);
	if (d->deed == DEED_RESOLVE || (d->deed == DEED_OPEN && d->suppressed))
		return true;
	while (a < in->told_n || b < d->now_n) {
		int  c = a == in->told_n ? 1
			 : b == d->now_n ? -1
					 : by_fingerprint(&in->told[a], &d->now[b]);
		bool put = d->deed != DEED_NONE && !d->suppressed;

		if (c >= 0 && put)
			(*told)[(*n)++] = d->now[b];
		else if (c <= 0 && !(c < 0 && d->forget))
			(*told)[(*n)++] = in->told[a];
		a += c <= 0;
		b += c >= 0;
	}
	return true;
}
