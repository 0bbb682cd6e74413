#include "core/base/slice.h"

#include <linux/sched.h>
#include <linux/sched/types.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The C library has no function for either call. */
static bool
read_attr(struct sched_attr *a)
{
	return syscall(SYS_sched_getattr, 0, a, sizeof(*a), 0) == 0;
}

static bool
set_slice(struct sched_attr *a, uint64_t ns)
{
	a->size = sizeof(*a);
	a->sched_runtime = ns;
	return syscall(SYS_sched_setattr, 0, a, 0) == 0;
}

struct slice
slice_long(void)
{
	struct sched_attr a = { 0 };
	struct slice      before = { 0 };

	/* real-time policies have no slice: the member means something else there */
	if (!read_attr(&a) || (a.sched_policy != SCHED_NORMAL && a.sched_policy != SCHED_BATCH))
		return before;
	before.ns = a.sched_runtime;
	before.asked = set_slice(&a, SLICE_LONG_NS);
	return before;
}

void
slice_restore(const struct slice *before)
{
	struct sched_attr a = { 0 };

	if (before->asked && read_attr(&a))
		(void)set_slice(&a, before->ns);
}
