/*
 * slice.h - a computation of many milliseconds lets others in between.
 *
 *	struct slice before = slice_long();
 *	(compute)
 *	slice_restore(&before);
 *
 * The scheduler of Linux lets whoever runs use up its slice (some milliseconds)
 * before another that wakes on its processor; who asked for a longer slice is
 * interrupted at once by all who did not (sched(7), sched_setattr(2); since
 * Linux 6.12, before that nothing changes).  Its share of the processor stays
 * what it was, so that nobody starves it either, and no privilege is needed.
 */
#ifndef BSX_BASE_SLICE_H
#define BSX_BASE_SLICE_H

#include <stdbool.h>
#include <stdint.h>

#define SLICE_LONG_NS UINT64_C(100000000) /* the kernel's own bound */

struct slice {
	bool     asked; /* there is something to restore */
	uint64_t ns;    /* that it had */
};

/* Of the calling thread. Where the kernel refuses, nothing is changed. */
struct slice slice_long(void);
void         slice_restore(const struct slice *before);

#endif
