/*
 * memory.h - a long-lived process gives the memory of its largest job back.
 *
 * The C library keeps what was freed: a worker that once took a snapshot of
 * many megabytes would hold its peak for good.  Between two jobs, when nothing
 * of the last one is left:
 *
 *	struct memory m = MEMORY_NONE;          (once in each process: after fork)
 *	held = memory_give_back(&m);
 *
 * Less than 1 us when there is nothing to give back.  Where /proc is not
 * mounted nothing is measured, and memory is given back each time.
 */
#ifndef BSX_BASE_MEMORY_H
#define BSX_BASE_MEMORY_H

#include <stddef.h>
#include <sys/types.h>

#define MEMORY_SLACK_BYTES ((size_t)2 << 20) /* growth that is not worth the work */
#define MEMORY_HELD_MAX                                                                            \
	((size_t)64 << 20) /* who still holds more than that had better be replaced */

struct memory {
	pid_t  owner; /* whose figures fd tells; 0: not asked yet */
	int    fd;
	size_t floor_bytes; /* held after the last time something was given back */
	size_t apart; /* not counted: what a forked process has of its parent and does not use */
};
#define MEMORY_NONE                                                                                \
	{                                                                                          \
		0, -1, 0, 0                                                                        \
	}

/* Bytes of its own that this process holds (resident, not shared, without m->apart); 0: unknown. */
size_t memory_held(struct memory *m);

/* Gives back what is free if that has grown; the bytes held then, 0: unknown. */
size_t memory_give_back(struct memory *m);

#endif
