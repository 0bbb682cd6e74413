/*
 * fetcher_program.h - where the tests find bsx-fetch: at the root of the build that they are part of.
 */
#ifndef BSX_TEST_FETCHER_PROGRAM_H
#define BSX_TEST_FETCHER_PROGRAM_H

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "core/net/fetcher.h"

/* BUILD/tests/unit/ROOM/test_x -> BUILD/bsx-fetch */
static inline const char *
fetcher_program(TALLOC_CTX *mem)
{
	char    path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));

	for (int up = 0; n > 0 && up < 4; n--)
		up += path[n - 1] == '/';
	return n > 0 ? talloc_asprintf(mem, "%.*s/bsx-fetch", (int)n, path) : NULL;
}

#endif
