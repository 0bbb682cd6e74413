/*
 * fault - a library to be loaded before all others (LD_PRELOAD): one allocation of talloc fails.
 *
 * FAULT_AT: which of them, from 1 on; 0: none.  FAULT_COUNT: a file that gets their number at the
 * end.  Only calls that come from libtalloc count, for what other libraries do without memory is
 * theirs to answer for.
 */
#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *(*next_malloc)(size_t);
static void *(*next_realloc)(void *, size_t);
static long      calls, fail_at;
static uintptr_t talloc_low, talloc_high; /* where libtalloc lies */

static void
find_next(void)
{
	*(void **)&next_realloc = dlsym(RTLD_NEXT, "realloc");
	*(void **)&next_malloc = dlsym(RTLD_NEXT, "malloc");
}

static int
find_talloc(struct dl_phdr_info *o, size_t size, void *arg)
{
	(void)size, (void)arg;
	if (strstr(o->dlpi_name, "/libtalloc.") == NULL)
		return 0;
	for (int i = 0; i < o->dlpi_phnum; i++) {
		uintptr_t low = o->dlpi_addr + o->dlpi_phdr[i].p_vaddr;
		uintptr_t high = low + o->dlpi_phdr[i].p_memsz;

		if (o->dlpi_phdr[i].p_type != PT_LOAD)
			continue;
		if (talloc_high == 0 || low < talloc_low)
			talloc_low = low;
		if (high > talloc_high)
			talloc_high = high;
	}
	return 1;
}

/* Not by the first call: that is before there is an environment.  All libraries are in place now.
 */
__attribute__((constructor)) static void
begin(void)
{
	const char *at = getenv("FAULT_AT");

	fail_at = at == NULL ? 0 : strtol(at, NULL, 10);
	dl_iterate_phdr(find_talloc, NULL);
}

/* Is this the call that fails? */
static bool
fails(const void *caller)
{
	uintptr_t at = (uintptr_t)caller;

	return at >= talloc_low && at < talloc_high && ++calls == fail_at;
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
