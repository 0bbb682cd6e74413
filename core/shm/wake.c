#include "core/shm/wake.h"

#include "core/shm/layout.h"

void
wake_raise(struct segment *s)
{
	if (s != NULL)
		atomic_fetch_add(&s->fixed->wake, 1);
}

uint32_t
wake_count(const struct segment *s)
{
	return s == NULL ? 0 : atomic_load(&s->fixed->wake);
}
