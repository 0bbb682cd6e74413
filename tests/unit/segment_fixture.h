/*
 * segment_fixture.h - a shared segment in a folder of its own, for one test.
 */
#ifndef BSX_TESTS_UNIT_SEGMENT_FIXTURE_H
#define BSX_TESTS_UNIT_SEGMENT_FIXTURE_H

#include "core/shm/segment.h"

struct segment_fixture {
	TALLOC_CTX *mem;
	char        dir[32], path[64], lock[64];
};

MUST_USE bool segment_fixture_make(struct segment_fixture *f);
/* Fails the test when it cannot be opened. */
struct segment *segment_fixture_open(struct segment_fixture *f, uint64_t entries);
MUST_USE bool   segment_fixture_free(struct segment_fixture *f);

#endif
