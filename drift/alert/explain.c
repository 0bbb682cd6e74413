#include "drift/alert/explain.h"

#include "core/json/schema.h"

static const char *const hold_reasons[HOLD__MAX] = {
#define X(id, code, reason) reason,
	HOLDS(X)
#undef X
};

/* ---- what is said, by code ---- */

struct explained_tolerance {
	const char     *path;
	struct raw_json abs, pct; /* no text: not given */
};
static const struct field tolerance_fields[] = {
	FIELD(struct explained_tolerance, path),
	FIELD(struct explained_tolerance, abs, .flags = FIELD_OMIT_ZERO),
	FIELD(struct explained_tolerance, pct, .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema tolerance_schema =
    SCHEMA("ExplainedTolerance", struct explained_tolerance, tolerance_fields);

struct explained {
	const char     *code, *reason, *min_severity, *suppressed_by;
	int64_t         changes, for_runs, runs, times, percent, low, high, max_removed_percent;
	int64_t         incomplete_runs, blind_after, clear_runs, clean_runs, min_changes;
	int64_t         score, min_score;
	struct items    tolerance;
	struct raw_json held_back;
};
#define SAID(m)    FIELD(struct explained, m)
#define SAID_IF(m) FIELD(struct explained, m, .flags = FIELD_OMIT_ZERO)
#define SHAPE(name, ...)                                                                           \
	static const struct field  name##_fields[] = { SAID(code), __VA_ARGS__, FIELD_END };       \
	static const struct schema name = SCHEMA("Explained", struct explained, name##_fields)

SHAPE(held_plain, SAID(changes), SAID(reason));
SHAPE(held_for_runs, SAID(changes), SAID(reason), SAID(for_runs), SAID(runs));
SHAPE(held_tolerance, SAID(changes), SAID(reason),
    FIELD(struct explained, tolerance, .item = &tolerance_schema, .flags = FIELD_OMIT_ZERO));
SHAPE(
    held_flapping, SAID(changes), SAID(reason), SAID(times), SAID(percent), SAID(low), SAID(high));
SHAPE(held_collection, SAID(changes), SAID(reason), SAID(max_removed_percent));
SHAPE(held_silence, SAID(changes), SAID(reason), SAID_IF(suppressed_by));
SHAPE(held_minor, SAID(changes), SAID(reason), SAID(min_severity));

SHAPE(why_plain, SAID(reason), SAID_IF(held_back));
SHAPE(why_incomplete, SAID(reason), SAID(incomplete_runs), SAID(blind_after), SAID_IF(held_back));
SHAPE(why_clear_runs, SAID(reason), SAID(clear_runs), SAID(clean_runs), SAID_IF(held_back));
SHAPE(why_min_changes, SAID(reason), SAID(changes), SAID(min_changes), SAID_IF(held_back));
SHAPE(why_min_score, SAID(reason), SAID(score), SAID(min_score), SAID_IF(held_back));

/* ---- parts ---- */

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

/* Of what is being explained: `mem` owns the sentences. */
struct explaining {
	TALLOC_CTX           *mem;
	const struct explain *x;
};

static const struct schema *
hold_for_runs(const struct explaining *w, size_t n, struct explained *out)
{
	const struct explain *x = w->x;

	out->for_runs = x->in->limits->for_runs;
	out->runs = 1;
	for (size_t i = 0; x->runs != NULL && i < x->in->n; i++)
		if (x->in->holds[i] == HOLD_FOR_RUNS && x->runs[i] > out->runs)
			out->runs = x->runs[i];
	out->reason = talloc_asprintf(w->mem,
	    "%zu finding%s %s not in %lld reports in a row yet (for_runs); at most in %lld so far.",
	    n, plural(n), verb(n), (long long)out->for_runs, (long long)out->runs);
	return &held_for_runs;
}

static const char *
number_text(TALLOC_CTX *mem, double number)
{
	return number < 0 ? NULL : talloc_asprintf(mem, "%.15g", number);
}

static const struct schema *
hold_tolerance(const struct explaining *w, size_t n, struct explained *out)
{
	const struct explain       *x = w->x;
	const struct limits        *l = x->in->limits;
	struct explained_tolerance *items =
	    talloc_zero_size(w->mem, (l->tolerance_n + 1) * sizeof(*items));

	out->tolerance.p = items;
	for (size_t i = 0; items != NULL && x->tolerated != NULL && i < l->tolerance_n; i++) {
		const struct tolerance *t = &l->tolerance[i];

		if (!x->tolerated[i])
			continue;
		items[out->tolerance.n++] = (struct explained_tolerance) {
			.path = t->text,
			.abs = { .text = number_text(w->mem, t->abs) },
			.pct = { .text = number_text(w->mem, t->pct) },
		};
	}
	out->reason = items == NULL ? NULL
				    : talloc_asprintf(w->mem,
					  "%zu number%s moved by no more than the tolerance from "
					  "the baseline's.",
					  n, plural(n));
	return &held_tolerance;
}

static const struct schema *
hold_flapping(const struct explaining *w, size_t n, struct explained *out)
{
	const struct limits *l = w->x->in->limits;
	const struct flaps  *f = w->x->in->flaps;
	int64_t              most = 0;

	for (size_t i = 0; f != NULL && i < f->n; i++) {
		if (!f->items[i].flapping || flap_share(&f->items[i]) < most)
			continue;
		most = flap_share(&f->items[i]);
		out->times = (int64_t)flap_count(&f->items[i]);
	}
	out->percent = most / 100;
	out->low = l->flap_low;
	out->high = l->flap_high;
	out->reason = talloc_asprintf(w->mem,
	    "%zu finding%s %s flapping: up to %lld changes of state in 21 checks, weighed %lld %%; "
	    "told when below %lld %%.",
	    n, plural(n), verb(n), (long long)out->times, (long long)out->percent,
	    (long long)out->low);
	return &held_flapping;
}

static const struct schema *
hold_collection(const struct explaining *w, size_t n, struct explained *out)
{
	out->max_removed_percent = w->x->in->limits->max_removed_percent;
	out->reason = talloc_asprintf(w->mem,
	    "%zu resource%s %s gone at once, more than %lld %% of the collection "
	    "(max_removed_percent); the next snapshot decides.",
	    n, plural(n), verb(n), (long long)out->max_removed_percent);
	return &held_collection;
}

static const struct schema *
hold_unconfirmed(const struct explaining *w, size_t n, struct explained *out)
{
	out->reason = talloc_asprintf(w->mem,
	    "%zu resource%s %s missing from one reading only; a second one, a minute later at "
	    "least, decides whether %s gone.",
	    n, plural(n), verb(n), n == 1 ? "it is" : "they are");
	return &held_plain;
}

static const struct schema *
hold_plain(const struct explaining *w, enum hold_reason h, size_t n, struct explained *out)
{
	out->suppressed_by = w->x->silence;
	out->reason =
	    talloc_asprintf(w->mem, "%zu finding%s %s %s.", n, plural(n), verb(n), hold_reasons[h]);
	return h == HOLD_SILENCE ? &held_silence : &held_plain;
}

static const struct schema *
hold_minor(const struct explaining *w, size_t n, struct explained *out)
{
	out->code = "below_min_severity";
	out->min_severity = severity_name(w->x->in->limits->min_severity);
	out->reason = talloc_asprintf(w->mem, "%zu change%s %s below %s (min_severity).", n,
	    plural(n), verb(n), out->min_severity);
	return &held_minor;
}

/* HOLD_NONE: those that are not severe enough. */
static const struct schema *
hold_part(const struct explaining *w, enum hold_reason h, size_t n, struct explained *out)
{
	*out = (struct explained) { .code = hold_code(h), .changes = (int64_t)n };
	if (h == HOLD_NONE)
		return hold_minor(w, n, out);
	if (h == HOLD_FOR_RUNS)
		return hold_for_runs(w, n, out);
	if (h == HOLD_UNCONFIRMED)
		return hold_unconfirmed(w, n, out);
	if (h == HOLD_TOLERANCE)
		return hold_tolerance(w, n, out);
	if (h == HOLD_FLAPPING)
		return hold_flapping(w, n, out);
	if (h == HOLD_COLLECTION)
		return hold_collection(w, n, out);
	return hold_plain(w, h, n, out);
}

static bool
print_shape(struct buf *b, const struct schema *shape, const struct explained *said, struct err *e)
{
	return said->reason == NULL ? err_memory(e) : schema_encode(b, shape, said, e);
}

/* The list of all that is held back; no text: nothing is. */
static bool
held_back(const struct explaining *w, struct raw_json *out, struct err *e)
{
	const struct decide_in *in = w->x->in;
	struct explained        said;
	struct buf              b;

	buf_make(&b, w->mem);
	for (enum hold_reason h = HOLD_NONE; h < HOLD__MAX; h++) {
		size_t n = h == HOLD_NONE ? decide_minor(in) : decide_held(in, h);

		if (n == 0)
			continue;
		buf_putc(&b, b.n == 0 ? '[' : ',');
		if (!print_shape(&b, hold_part(w, h, n, &said), &said, e))
			return false;
	}
	if (b.n > 0)
		buf_putc(&b, ']');
	out->text = b.n > 0 ? b.p : NULL;
	return buf_ok(&b) || err_memory(e);
}

/* ---- the whole ---- */

static const char *const sentences[WHY__MAX] = {
	[WHY_FIRST_SNAPSHOT] = "The first complete snapshot is the baseline; it never alerts.",
	[WHY_OUT_OF_ORDER] = "A newer snapshot was compared already; this one is history.",
	[WHY_MIN_SEVERITY] = "No change reaches the config's min_severity.",
	[WHY_NOTHING_NEW] =
	    "The open alert has told of every finding already, with the same values.",
	[WHY_SILENCE] = "A silence covers every finding: the alert is in the list, and says which.",
	[WHY_FLAPPING] = "What is left is flapping: the alert is in the list, and is told when it "
			 "has calmed.",
	[WHY_NO_CHANNEL] = "The alert is in the list, but neither its config nor a route leads it "
			   "to an active channel for its severity.",
};

static const struct schema *
say_incomplete(const struct explaining *w, struct explained *out)
{
	out->incomplete_runs = w->x->incomplete_runs;
	out->blind_after = w->x->in->limits->blind_after;
	out->reason = talloc_asprintf(w->mem,
	    "No finding in what was compared; collections that were not read were not compared. "
	    "This is incomplete snapshot %lld in a row; from %lld on the config is blind "
	    "(blind_after).",
	    (long long)out->incomplete_runs, (long long)out->blind_after);
	return &why_incomplete;
}

static const struct schema *
say_clear_runs(const struct explaining *w, struct explained *out)
{
	out->clear_runs = w->x->in->limits->clear_runs;
	out->clean_runs = w->x->d->clean_runs;
	out->reason = talloc_asprintf(w->mem,
	    "The open alert ends after %lld readings in a row without findings of each collection "
	    "that had some (clear_runs); so far %lld.",
	    (long long)out->clear_runs, (long long)out->clean_runs);
	return &why_clear_runs;
}

static const struct schema *
say_min_changes(const struct explaining *w, struct explained *out)
{
	size_t n = w->x->d->n;

	out->changes = (int64_t)n;
	out->min_changes = w->x->in->limits->min_changes;
	out->reason =
	    talloc_asprintf(w->mem, "%zu finding%s; an alert opens from %lld on (min_changes).", n,
		plural(n), (long long)out->min_changes);
	return &why_min_changes;
}

static const struct schema *
say_min_score(const struct explaining *w, struct explained *out)
{
	out->score = w->x->d->score;
	out->min_score = w->x->in->limits->min_score;
	out->reason = talloc_asprintf(w->mem,
	    "The findings have a score of %lld together; an alert opens from %lld on (min_score).",
	    (long long)out->score, (long long)out->min_score);
	return &why_min_score;
}

static const struct schema *
say_why(const struct explaining *w, enum why why, struct explained *out)
{
	out->code = why_code(why);
	if (why == WHY_INCOMPLETE)
		return say_incomplete(w, out);
	if (why == WHY_CLEAR_RUNS)
		return say_clear_runs(w, out);
	if (why == WHY_MIN_CHANGES)
		return say_min_changes(w, out);
	if (why == WHY_MIN_SCORE)
		return say_min_score(w, out);
	out->reason = why != WHY_HELD_BACK ? sentences[why]
		      : w->x->d->n > 0     ? "Some findings are held back."
					   : "Every finding is held back.";
	return &why_plain;
}

bool
explain_print(
    TALLOC_CTX *mem, const struct explain *x, enum why why, struct raw_json *out, struct err *e)
{
	const struct explaining w = { mem, x };
	struct explained        said = { 0 };
	struct buf              b;

	out->text = NULL;
	if (!held_back(&w, &said.held_back, e))
		return false;
	if (why == WHY_NONE && said.held_back.text != NULL)
		why = WHY_HELD_BACK;
	if (why == WHY_NONE)
		return true;
	buf_make(&b, mem);
	if (!print_shape(&b, say_why(&w, why, &said), &said, e))
		return false;
	out->text = b.p;
	return true;
}
