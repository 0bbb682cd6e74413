/*
 * permit.h - at most `cores` password hashes at once on this host.
 *
 * A permit is an fcntl byte lock on the segment file (the kernel frees it when
 * the holder dies; not an OFD lock, because forked workers share the
 * description) and its own scratch of PASSWORD_SCRATCH bytes in an anonymous
 * shared mapping made by the parent before it forks.
 */
#ifndef BSX_SHM_PERMIT_H
#define BSX_SHM_PERMIT_H

#include "core/shm/segment.h"

struct permits; /* made once by the parent */
struct permit {
	int   i;       /* -1: none held */
	void *scratch;
};

MUST_USE struct permits *permits_make(TALLOC_CTX *mem, struct segment *s, unsigned cores, size_t scratch,
    unsigned workers, struct err *e);
/* Waits at most 2 s, and only while fewer than half the workers wait; else ERR_BUSY with retry_s 2. */
MUST_USE bool permit_take(struct permits *ps, const struct clock *c, struct permit *p, struct err *e);
void permit_give(struct permits *ps, struct permit *p); /* harmless when none is held */

#endif
