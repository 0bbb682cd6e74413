/*
 * slot.h - what every worker is doing, so that its parent can report what a
 * crashed one was doing.
 */
#ifndef BSX_SHM_SLOT_H
#define BSX_SHM_SLOT_H

#include "core/shm/segment.h"

#define SLOTS_MAX 256

struct slot_state {
	char    request_id[64];
	char    route[96];       /* "GET /api/users/{id}"; "" before routing */
	int64_t started_ms;      /* wall clock; 0: idle */
};

/* The writer is the one process `pid`; slot numbers are given by its parent (0..SLOTS_MAX-1). */
void slot_begin(struct segment *s, unsigned i, const char *request_id, int64_t now_ms);
void slot_route(struct segment *s, unsigned i, const char *route);
void slot_end(struct segment *s, unsigned i);
/* False: the slot was idle. */
bool slot_read(const struct segment *s, unsigned i, struct slot_state *out);

#endif
