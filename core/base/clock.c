#include "core/base/clock.h"

#include <time.h>

static int64_t
now_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t
system_wall_ms(const struct clock *c)
{
	(void)c;
	return now_ns(CLOCK_REALTIME) / 1000000;
}

static int64_t
system_mono_ns(const struct clock *c)
{
	(void)c;
	return now_ns(CLOCK_MONOTONIC);
}

static int64_t
system_cpu_ns(const struct clock *c)
{
	(void)c;
	return now_ns(CLOCK_PROCESS_CPUTIME_ID);
}

static const struct clock_ops system_ops = { system_wall_ms, system_mono_ns, system_cpu_ns };
const struct clock            clock_system = { &system_ops, 0 };
