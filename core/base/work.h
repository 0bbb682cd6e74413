/*
 * work.h - what one request may cost: a budget of steps, and CPU time and memory as a backstop.
 *
 * There is one for each request, begun with it, and one for each task of a daemon.  It is handed
 * down to everything that is done for that request, however often: what is replayed, or compared
 * again, or held against one rule more comes out of the same budget.
 *
 * Steps are counted, so that the same request costs the same on every machine and a test can say
 * what it costs.  A step is what takes at most WORK_STEP_NS on the machine the limits were measured
 * on; who spends says how many steps a thing is worth, of what was really looked at: bytes of text,
 * members, states, values made.  It is spent before or while it is done, never long after.
 *
 * A push is not refused for its steps: but what it can be told without has a share, and when that is
 * used up spending fails for that kind, and who knows how to do without takes it (work_forgo).
 *
 * The CPU clock of the process, and the memory it holds, are looked at every WORK_LOOK steps.  That
 * ends what was counted too cheaply, or grows beyond what a process may hold.
 *
 * Errors: ERR_TOO_COSTLY, whose text says what most of it went into and what to reduce.  There is
 * nothing to wait for: the same request would cost the same again.
 */
#ifndef BSX_BASE_WORK_H
#define BSX_BASE_WORK_H

#include <stdint.h>

#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/memory.h"

#define WORK_STEP_NS 10
#define WORK_LOOK    50000 /* steps between two looks at the clock: half a millisecond */

/*      id              what it went into                        what to do */
#define WORK_KINDS(X)                                                                              \
	X(WORK_READ, "reading values", "Send or name fewer or smaller resources.")                 \
	X(WORK_UNPACK, "unpacking the body", "Send it without a Content-Encoding, or less at once.")  \
	X(WORK_COMPILE, "compiling a config",                                                      \
	    "Use fewer rules, entries and patterns in the config and its packs.")                  \
	X(WORK_NORMALISE, "normalising values",                                                    \
	    "Use fewer or narrower entries in compare.normalise, or smaller resources.")           \
	X(WORK_COMPARE, "comparing values",                                                        \
	    "Compare smaller resources, or name the keys of large arrays in compare.arrays.")      \
	X(WORK_RULES, "holding changes against rules",                                             \
	    "Use fewer rules, conditions and patterns, or compare less at once.")                  \
	X(WORK_CHANGES, "telling changes", "Compare less at once.")                                \
	X(WORK_PATCH, "making or applying a patch", "Patch less at once.")                         \
	X(WORK_TEMPLATE, "rendering a template",                                                   \
	    "Use fewer or smaller resources, variables and differences.")                          \
	X(WORK_SILENCE, "holding changes against silences", "Use fewer or narrower silences.")     \
	X(WORK_LIST, "reading a list", "Ask for less at once: a filter, or a smaller limit.")
enum work_kind {
#define X(id, what, less) id,
	WORK_KINDS(X)
#undef X
	    WORK__MAX
};

enum work_class {
	WORK_REQUEST, /* any that has no other */
	WORK_PUSH,    /* of a snapshot: refusing one is blindness, so only the clock ends it */
	WORK_TASK,    /* what a daemon does for one config */
	WORK__CLASSES
};

struct work {
	enum work_class     class;
	const struct clock *clock;      /* NULL: there is no deadline */
	int64_t             cpu_end_ns; /* of the process */
	struct memory      *memory;     /* of the process; NULL, as begun: it is not looked at */
	uint64_t            steps_max;  /* UINT64_MAX: only the clock ends it */
	uint64_t            spent, looked; /* steps, in all and at the last look */
	uint64_t            by[WORK__MAX];
	unsigned            over;  /* bit: a kind whose share is used up, or that of the part at hand */
	uint64_t            part[WORK__MAX]; /* steps of a kind up to which the part at hand may go; 0: there are no parts */
	bool                ended; /* by the clock, or for all kinds */
	uint64_t            made; /* values, by work_make */
	const char         *less; /* what to reduce, of who knows better than the kind; NULL: the kind's */
};

/* Begins one; or gives one that has begun the limits of another class: what was spent stays spent,
 * and its time began when it began. */
void work_begin(struct work *w, enum work_class class, const struct clock *clock);
void work_widen(struct work *w, enum work_class class);

/* `w` NULL: nobody counts. */
MUST_USE bool work_spend(struct work *w, enum work_kind kind, uint64_t steps, struct err *e);
/* So many values are made of texts: their memory is bounded whatever the class of the work. */
#define WORK_VALUES_MAX 2000000
MUST_USE bool work_make(struct work *w, enum work_kind kind, uint64_t values, struct err *e);
/* Begins another part of the work of a kind that has a share: it may use half of what is left of that, so that no part
 * uses it up for all others. */
void work_part(struct work *w, enum work_kind kind);
/* The failure is that this kind's share is used up, or that of its part: it is forgotten, and true. */
MUST_USE bool work_forgo(const struct work *w, enum work_kind kind, struct err *e);
/* Looks at clock and memory now: between things that are not counted. */
MUST_USE bool work_check(struct work *w, struct err *e);

/* Bytes of text that were read once, or copied, as steps. */
#define WORK_BYTES(n) ((uint64_t)(n) / 16)

#endif
