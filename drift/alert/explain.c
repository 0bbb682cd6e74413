#include "drift/alert/explain.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SENTENCE_MAX 512

static const char *const hold_reasons[HOLD__MAX] = {
#define X(id, code, reason) reason,
	HOLDS(X)
#undef X
};

/* ---- parts ---- */

static void __attribute__((format(printf, 2, 3))) reason(struct buf *b, const char *format, ...)
{
	char    text[SENTENCE_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	buf_puts(b, ",\"reason\":");
	buf_json(b, str_of(text));
}

static void
number(struct buf *b, const char *name, int64_t n)
{
	buf_printf(b, ",\"%s\":%lld", name, (long long)n);
}

static const char *
plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static const char *
verb(size_t n)
{
	return n == 1 ? "is" : "are";
}

/* ---- what is held back ---- */

static void
for_runs(struct buf *b, const struct explain *x, size_t n)
{
	int64_t longest = 1, wanted = x->in->limits->for_runs;

	for (size_t i = 0; x->runs != NULL && i < x->in->n; i++)
		if (x->in->holds[i] == HOLD_FOR_RUNS && x->runs[i] > longest)
			longest = x->runs[i];
	reason(b,
	    "%zu finding%s %s not in %lld reports in a row yet (for_runs); at most in %lld so far.",
	    n, plural(n), verb(n), (long long)wanted, (long long)longest);
	number(b, "for_runs", wanted);
	number(b, "runs", longest);
}

static void
one_tolerance(struct buf *b, const struct tolerance *t)
{
	buf_puts(b, "{\"path\":");
	buf_json(b, str_of(t->text));
	if (t->abs >= 0)
		buf_printf(b, ",\"abs\":%.15g", t->abs);
	if (t->pct >= 0)
		buf_printf(b, ",\"pct\":%.15g", t->pct);
	buf_putc(b, '}');
}

static void
tolerance(struct buf *b, const struct explain *x, size_t n)
{
	const struct limits *l = x->in->limits;
	bool                 first = true;

	reason(b, "%zu number%s moved by no more than the tolerance from the baseline's.", n,
	    plural(n));
	for (size_t i = 0; x->tolerated != NULL && i < l->tolerance_n; i++) {
		if (!x->tolerated[i])
			continue;
		buf_puts(b, first ? ",\"tolerance\":[" : ",");
		first = false;
		one_tolerance(b, &l->tolerance[i]);
	}
	if (!first)
		buf_putc(b, ']');
}

static void
flapping(struct buf *b, const struct explain *x, size_t n)
{
	const struct limits *l = x->in->limits;
	const struct flaps  *f = x->in->flaps;
	int64_t              most = 0;
	size_t               times = 0;

	for (size_t i = 0; f != NULL && i < f->n; i++) {
		if (!f->items[i].flapping || flap_share(&f->items[i], f->checks) < most)
			continue;
		most = flap_share(&f->items[i], f->checks);
		times = flap_count(&f->items[i], f->checks);
	}
	reason(b,
	    "%zu finding%s %s flapping: up to %zu changes of state in 21 checks, weighed %lld %%; "
	    "told when below %lld %%.",
	    n, plural(n), verb(n), times, (long long)(most / 100), (long long)l->flap_low);
	number(b, "times", (int64_t)times);
	number(b, "percent", most / 100);
	number(b, "low", l->flap_low);
	number(b, "high", l->flap_high);
}

static void
collection(struct buf *b, const struct explain *x, size_t n)
{
	int64_t most = x->in->limits->max_removed_percent;

	reason(b,
	    "%zu resource%s %s gone at once, more than %lld %% of the collection "
	    "(max_removed_percent); the next snapshot decides.",
	    n, plural(n), verb(n), (long long)most);
	number(b, "max_removed_percent", most);
}

static void
hold_part(struct buf *b, const struct explain *x, enum hold_reason h, size_t n)
{
	buf_puts(b, "\"code\":");
	buf_json(b, str_of(hold_code(h)));
	number(b, "changes", (int64_t)n);
	if (h == HOLD_FOR_RUNS)
		for_runs(b, x, n);
	else if (h == HOLD_TOLERANCE)
		tolerance(b, x, n);
	else if (h == HOLD_FLAPPING)
		flapping(b, x, n);
	else if (h == HOLD_COLLECTION)
		collection(b, x, n);
	else
		reason(b, "%zu finding%s %s %s.", n, plural(n), verb(n), hold_reasons[h]);
	if (h == HOLD_SILENCE && x->silence != NULL) {
		buf_puts(b, ",\"suppressed_by\":");
		buf_json(b, str_of(x->silence));
	}
}

static void
minor_part(struct buf *b, const struct explain *x, size_t n)
{
	const char *least = severity_name(x->in->limits->min_severity);

	buf_puts(b, "\"code\":\"below_min_severity\"");
	number(b, "changes", (int64_t)n);
	reason(b, "%zu change%s %s below %s (min_severity).", n, plural(n), verb(n), least);
	buf_printf(b, ",\"min_severity\":\"%s\"", least);
}

static void
held_back(struct buf *b, const struct explain *x)
{
	size_t minor = decide_minor(x->in);
	bool   first = true;

	for (enum hold_reason h = HOLD_NONE; h < HOLD__MAX; h++) {
		size_t n = h == HOLD_NONE ? minor : decide_held(x->in, h);

		if (n == 0)
			continue;
		buf_puts(b, first ? ",\"held_back\":[{" : ",{");
		first = false;
		if (h == HOLD_NONE)
			minor_part(b, x, n);
		else
			hold_part(b, x, h, n);
		buf_putc(b, '}');
	}
	if (!first)
		buf_putc(b, ']');
}

/* ---- the whole ---- */

static void
incomplete(struct buf *b, const struct explain *x)
{
	reason(b,
	    "No finding in what was compared; collections that were not read were not compared. "
	    "This is incomplete snapshot %lld in a row; from %lld on the config is blind "
	    "(blind_after).",
	    (long long)x->incomplete_runs, (long long)x->in->limits->blind_after);
	number(b, "incomplete_runs", x->incomplete_runs);
	number(b, "blind_after", x->in->limits->blind_after);
}

static void
clear_runs(struct buf *b, const struct explain *x)
{
	reason(b,
	    "The open alert ends after %lld snapshots in a row without findings (clear_runs); so "
	    "far %lld.",
	    (long long)x->in->limits->clear_runs, (long long)x->d->clean_runs);
	number(b, "clear_runs", x->in->limits->clear_runs);
	number(b, "clean_runs", x->d->clean_runs);
}

static void
too_few(struct buf *b, const struct explain *x)
{
	reason(b, "%zu finding%s; an alert opens from %lld on (min_changes).", x->d->n,
	    plural(x->d->n), (long long)x->in->limits->min_changes);
	number(b, "changes", (int64_t)x->d->n);
	number(b, "min_changes", x->in->limits->min_changes);
}

static void
too_light(struct buf *b, const struct explain *x)
{
	reason(b,
	    "The findings have a score of %lld together; an alert opens from %lld on (min_score).",
	    (long long)x->d->score, (long long)x->in->limits->min_score);
	number(b, "score", x->d->score);
	number(b, "min_score", x->in->limits->min_score);
}

static const char *const sentences[WHY__MAX] = {
	[WHY_FIRST_SNAPSHOT] = "The first complete snapshot is the baseline; it never alerts.",
	[WHY_OUT_OF_ORDER] = "A newer snapshot was compared already; this one is history.",
	[WHY_MIN_SEVERITY] = "No change reaches the config's min_severity.",
	[WHY_NOTHING_NEW] =
	    "The open alert has told of every finding already, with the same values.",
	[WHY_SILENCE] = "A silence covers every finding: the alert is in the list, and says which.",
	[WHY_FLAPPING] = "What is left is flapping: the alert is in the list, and is told when it "
			 "has calmed.",
	[WHY_NO_CHANNEL] = "The alert is in the list, but the config names no active channel for "
			   "its severity.",
};

static void
why_part(struct buf *b, const struct explain *x, enum why why)
{
	if (why == WHY_INCOMPLETE)
		incomplete(b, x);
	else if (why == WHY_CLEAR_RUNS)
		clear_runs(b, x);
	else if (why == WHY_MIN_CHANGES)
		too_few(b, x);
	else if (why == WHY_MIN_SCORE)
		too_light(b, x);
	else if (why == WHY_HELD_BACK)
		reason(b, "%s finding%s held back.", x->d->n > 0 ? "Some" : "Every",
		    x->d->n > 0 ? "s are" : " is");
	else
		reason(b, "%s", sentences[why]);
}

bool
explain_print(
    TALLOC_CTX *mem, const struct explain *x, enum why why, struct raw_json *out, struct err *e)
{
	struct buf parts, b;

	out->text = NULL;
	buf_make(&parts, mem);
	held_back(&parts, x);
	if (why == WHY_NONE && parts.n > 0)
		why = WHY_HELD_BACK;
	if (why == WHY_NONE)
		return true;
	buf_make(&b, mem);
	buf_puts(&b, "{\"code\":");
	buf_json(&b, str_of(why_code(why)));
	why_part(&b, x, why);
	buf_add(&b, parts.p, parts.n);
	buf_putc(&b, '}');
	out->text = b.p;
	return buf_ok(&b) && !parts.failed ? true : err_memory(e);
}
