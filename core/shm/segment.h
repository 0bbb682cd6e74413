/*
 * segment.h - the shared segment: one file per host, mapped by every worker and
 * driftd.
 *
 * 0600, posix_fallocate'd (a full disk is an error at start, not a SIGBUS),
 * with a version and layout header; a file of another version, order of lists or size is
 * replaced.  Made by the first process under an fcntl lock.  Deleting it while
 * running loses warmth only: segment_check() notices and maps the new one.
 * Everything in it is lock-free (C11 atomics); a process killed in the middle
 * of a write leaves nothing broken.  What it says is a hint or a count, never
 * the truth: that is in MariaDB.
 */
#ifndef BSX_SHM_SEGMENT_H
#define BSX_SHM_SEGMENT_H

#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/json/field.h"

struct segment;

struct segment_options {
	const char *path;          /* e.g. STATE_DIR/segment */
	uint64_t    cache_entries; /* rounded up to a power of two; 0: no caller cache */
};

MUST_USE struct segment *segment_open(TALLOC_CTX *mem, const struct segment_options *o, struct err *e);
/*
 * Between requests: maps the new file if ours was unlinked or replaced. Cheap (one stat per second).
 * Never while a permit is held: closing any descriptor of the file gives back the process's locks.
 */
void segment_check(struct segment *s, const struct clock *c);

#endif
