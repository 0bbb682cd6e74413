/*
 * fetcher_program.h - where the tests find bsx-fetch, and what takes its place: in the build that they are part of.
 */
#ifndef BSX_TEST_FETCHER_PROGRAM_H
#define BSX_TEST_FETCHER_PROGRAM_H

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "core/net/fetcher.h"

/* BUILD/tests/unit/ROOM/test_x -> BUILD/NAME */
static inline const char *
fetcher_program(TALLOC_CTX *mem, const char *name)
{
	char    path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));

	for (int up = 0; n > 0 && up < 4; n--)
		up += path[n - 1] == '/';
	return n > 0 ? talloc_asprintf(mem, "%.*s/%s", (int)n, path, name) : NULL;
}

#endif
