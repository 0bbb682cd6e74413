#include "core/base/work.h"

#include <stdio.h>
#include <string.h>

#define X(id, what, less) { what, less },
static const struct {
	const char *what, *less;
} kinds[WORK__MAX] = { WORK_KINDS(X) };
#undef X

/*
 * A request is to be under 2 s of CPU with all that nobody counts, such as reading its body and
 * writing its answer: hence the margins.  A push has 10 s.  Memory is that of the process: 200 MB,
 * and 640 MB with a push.
 */
static const struct {
	uint64_t steps;
	int64_t  cpu_ms;
	bool     shares;
	size_t   bytes;
} limits[WORK__CLASSES] = {
	[WORK_REQUEST] = { 120000000, 1800, false, (size_t)168 << 20 },
	[WORK_PUSH] = { UINT64_MAX, 9500, true, (size_t)620 << 20 },
	[WORK_TASK] = { UINT64_MAX, 9500, true, (size_t)600 << 20 },
};

/* Steps of what a push can be told without: together half of its time; 0: of nothing else. */
static const uint64_t shares[WORK__MAX] = { [WORK_RULES] = 350000000, [WORK_SILENCE] = 120000000 };

static bool
has_deadline(const struct work *w)
{
	return w->clock != NULL && w->clock->ops->cpu_ns != NULL;
}

void
work_begin(struct work *w, enum work_class class, const struct clock *clock)
{
	*w = (struct work) { .class = class, .clock = clock, .steps_max = limits[class].steps };
	if (has_deadline(w))
		w->cpu_end_ns = clock_cpu_ns(clock) + limits[class].cpu_ms * 1000000;
}

void
work_widen(struct work *w, enum work_class class)
{
	w->cpu_end_ns += (limits[class].cpu_ms - limits[w->class].cpu_ms) * 1000000;
	w->steps_max = limits[class].steps;
	w->class = class;
}

/* What most of it went into. */
static enum work_kind
most(const struct work *w)
{
	enum work_kind kind = 0;

	for (enum work_kind i = 0; i < WORK__MAX; i++)
		if (w->by[i] > w->by[kind])
			kind = i;
	return kind;
}

static bool
too_costly(const struct work *w, const char *why, struct err *e)
{
	char           text[sizeof e->pub];
	enum work_kind kind = most(w);

	snprintf(text, sizeof text, "This costs more than one request may, most of it %s. %s",
	    kinds[kind].what, w->less != NULL ? w->less : kinds[kind].less);
	return err_set(e, ERR_TOO_COSTLY, 0, text, "%s; %llu steps, %llu of them %s", why,
	    (unsigned long long)w->spent, (unsigned long long)w->by[kind], kinds[kind].what);
}

static bool
too_large(const struct work *w)
{
	return w->memory != NULL && memory_held(w->memory) > limits[w->class].bytes;
}

bool
work_check(struct work *w, struct err *e)
{
	if (w == NULL)
		return true;
	w->looked = w->spent;
	if (!w->ended && too_large(w)) {
		w->ended = true;
		return too_costly(w, "its memory is used up", e);
	}
	w->ended = w->ended || (has_deadline(w) && clock_cpu_ns(w->clock) > w->cpu_end_ns);
	return !w->ended || too_costly(w, "its CPU time is over", e);
}

bool
work_forgo(const struct work *w, enum work_kind kind, struct err *e)
{
	return w != NULL && !w->ended && (w->over >> kind & 1) != 0 && err_take(e, ERR_TOO_COSTLY);
}

bool
work_make(struct work *w, enum work_kind kind, uint64_t values, struct err *e)
{
	if (w == NULL)
		return true;
	w->made += values;
	w->ended = w->ended || w->made > WORK_VALUES_MAX;
	if (w->made > WORK_VALUES_MAX)
		return too_costly(w, "too many values were made", e);
	return work_spend(w, kind, 4 * values, e);
}

/* Up to where the part at hand may go. */
static uint64_t
share_of(const struct work *w, enum work_kind kind)
{
	return w->part[kind] != 0 ? w->part[kind] : shares[kind];
}

void
work_part(struct work *w, enum work_kind kind)
{
	if (w == NULL || shares[kind] == 0 || w->by[kind] >= shares[kind])
		return;
	w->part[kind] = w->by[kind] + (shares[kind] - w->by[kind] + 1) / 2;
	w->over &= ~(1u << kind);
}

bool
work_spend(struct work *w, enum work_kind kind, uint64_t steps, struct err *e)
{
	if (w == NULL)
		return true;
	if (__builtin_add_overflow(w->spent, steps, &w->spent))
		w->spent = UINT64_MAX;
	w->by[kind] = w->spent == UINT64_MAX ? UINT64_MAX : w->by[kind] + steps;
	if (w->spent > w->steps_max) {
		w->ended = true;
		return too_costly(w, "its steps are used up", e);
	}
	if (limits[w->class].shares && shares[kind] != 0 && w->by[kind] > share_of(w, kind)) {
		w->over |= 1u << kind;
		return too_costly(w, "the share of its kind is used up", e);
	}
	return w->spent - w->looked < WORK_LOOK || work_check(w, e);
}
