/*
 * fault - a library to be loaded before all others (LD_PRELOAD): one allocation of talloc fails.
 *
 * FAULT_AT: which of them, from 1 on; 0: none.  FAULT_COUNT: a file that gets their number at the
 * end.  Only calls that come from libtalloc count, for what other libraries do without memory is
 * theirs to answer for.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *(*next_malloc)(size_t);
static void *(*next_realloc)(void *, size_t);
static long calls, fail_at;

static void
find_next(void)
{
	*(void **)&next_realloc = dlsym(RTLD_NEXT, "realloc");
	*(void **)&next_malloc = dlsym(RTLD_NEXT, "malloc");
}

/* Not by the first call: that is before there is an environment. */
__attribute__((constructor)) static void
read_settings(void)
{
	const char *at = getenv("FAULT_AT");

	fail_at = at == NULL ? 0 : strtol(at, NULL, 10);
}

/* Is this the call that fails? */
static bool
fails(const void *caller)
{
	Dl_info where;

	if (dladdr(caller, &where) == 0 || where.dli_fname == NULL ||
	    strstr(where.dli_fname, "/libtalloc.") == NULL)
		return false;
	return ++calls == fail_at;
}

void *
malloc(size_t n)
{
	if (next_malloc == NULL)
		find_next();
	return fails(__builtin_return_address(0)) ? NULL : next_malloc(n);
}

void *
realloc(void *p, size_t n)
{
	if (next_malloc == NULL)
		find_next();
	return fails(__builtin_return_address(0)) ? NULL : next_realloc(p, n);
}

__attribute__((destructor)) static void
tell(void)
{
	const char *path = getenv("FAULT_COUNT");
	FILE       *f = path == NULL ? NULL : fopen(path, "w");

	if (f == NULL)
		return;
	fprintf(f, "%ld\n", calls);
	fclose(f);
}
