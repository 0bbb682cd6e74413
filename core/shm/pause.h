/*
 * pause.h - how long something is to be let be, for all processes of this host: a
 * debt of time for each key, which time itself pays off.
 *
 * A cell is one 64-bit word (tag of the key, the instant at which all is paid),
 * changed by one CAS, so that a process killed at any point leaves nothing half
 * done.  A key has its four places; when all four are in debt, the one that is
 * soonest out of it makes room.  A key has one place however often it comes, so
 * nobody takes those of others.
 */
#ifndef BSX_SHM_PAUSE_H
#define BSX_SHM_PAUSE_H

#include "core/shm/segment.h"

#define PAUSE_CELLS  1024
#define PAUSE_MAX_MS 600000 /* no debt is greater */

/* What is left of the debt (ms); 0: none.  `now_ms` is the wall clock's. */
int64_t pause_left(struct segment *s, uint64_t key, int64_t now_ms);
/* `more_ms` on top of what is left, or of `least_ms` where that is more. */
void pause_add(struct segment *s, uint64_t key, int64_t now_ms, int64_t least_ms, int64_t more_ms);

#endif
