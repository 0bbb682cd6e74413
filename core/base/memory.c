#include "core/base/memory.h"

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include "core/base/str.h"

#define FLOOR_LIFE 256 /* after some hundred calls it is looked again whether less will do */

/* The file is of the process that opened it, not of the one that reads it. */
static void
open_once(struct memory *m)
{
	if (m->owner == getpid())
		return;
	if (m->fd >= 0)
		close(m->fd);
	m->owner = getpid();
	m->fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	m->floor_bytes = 0;
}

size_t
memory_held(struct memory *m)
{
	char       text[128];
	ssize_t    n;
	struct str all, one, two, rest;
	int64_t    resident, shared;
	size_t     held;

	open_once(m);
	n = m->fd < 0 ? -1 : pread(m->fd, text, sizeof(text), 0);
	if (n <= 0)
		return 0;
	rest = str_cut((struct str) { text, (size_t)n }, ' ', &all);
	rest = str_cut(rest, ' ', &one);
	str_cut(rest, ' ', &two);
	if (!str_to_i64(one, &resident) || !str_to_i64(two, &shared) || shared > resident)
		return 0;
	held = (size_t)(resident - shared) * (size_t)sysconf(_SC_PAGESIZE);
	return held > m->apart ? held - m->apart : 1;
}

size_t
memory_give_back(struct memory *m)
{
	size_t held = memory_held(m);

	m->floor_bytes -= m->floor_bytes / FLOOR_LIFE;
	if (held != 0 && held <= m->floor_bytes + MEMORY_SLACK_BYTES)
		return held;
	(void)malloc_trim(0);
	m->floor_bytes = memory_held(m);
	return m->floor_bytes;
}
