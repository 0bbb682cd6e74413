/*
 * tally.h - how often a thing has come within a span of time, on this host.
 *
 * For what is worth telling once and counting then: a cell is one 64-bit word
 * (tag of the key, number of the span, count), changed by one CAS, so that a
 * process killed at any point leaves nothing half done.  A key has its four
 * places; when all four are in use, the one that has counted least in the oldest span
 * makes room, and what it had counted is forgotten: then a thing is told once more.
 */
#ifndef BSX_SHM_TALLY_H
#define BSX_SHM_TALLY_H

#include "core/shm/segment.h"

#define TALLY_CELLS 4096
#define TALLY_MAX   ((UINT32_C(1) << 24) - 1) /* it counts no further */

struct tally {
	uint32_t n;       /* in this span, this one with it: 1.. */
	uint32_t earlier; /* in the span before in which it came; 0: not known, or it never came */
};

/* Counts one.  `span` is the number of the present span, e.g. wall clock / 10 min. */
struct tally tally_add(struct segment *s, uint64_t key, uint16_t span);
/* What was counted, in whatever span; it begins anew. */
uint32_t tally_take(struct segment *s, uint64_t key);

#endif
