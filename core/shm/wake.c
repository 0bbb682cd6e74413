#include "core/shm/wake.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/shm/layout.h"

/* The word is in a file that processes share, so the kernel is not told that it is private. */
static long
futex(_Atomic uint32_t *word, int op, uint32_t value, const struct timespec *timeout)
{
	return syscall(SYS_futex, word, op, value, timeout, NULL, 0);
}

void
wake_raise(struct segment *s)
{
	if (s == NULL)
		return;
	atomic_fetch_add(&s->fixed->wake, 1);
	(void)futex(&s->fixed->wake, FUTEX_WAKE, INT_MAX, NULL);
}

uint32_t
wake_count(const struct segment *s)
{
	return s == NULL ? 0 : atomic_load(&s->fixed->wake);
}

bool
wake_wait(const struct segment *s, uint32_t seen, int64_t ms)
{
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	if (s == NULL)
		(void)nanosleep(&t, NULL);
	else if (wake_count(s) == seen)
		(void)futex(&s->fixed->wake, FUTEX_WAIT, seen, &t);
	return wake_count(s) != seen;
}
