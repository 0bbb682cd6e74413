/*
 * clock.h - time, handed in, so that tests can step it.
 *
 * Leases and rotations use the database's clock; this one is for tokens,
 * timeouts inside this process and log lines, and for what a request costs.
 */
#ifndef BSX_BASE_CLOCK_H
#define BSX_BASE_CLOCK_H

#include <stdint.h>

struct clock;
struct clock_ops {
	int64_t (*wall_ms)(const struct clock *c); /* Unix milliseconds, UTC */
	int64_t (*mono_ns)(const struct clock *c); /* monotonic nanoseconds */
	int64_t (*cpu_ns)(const struct clock *c);  /* CPU time this process has used; NULL: nobody counts */
};
struct clock {
	const struct clock_ops *ops;
	int64_t                 set_ms; /* for a stepped clock */
};

extern const struct clock clock_system;

static inline int64_t
clock_ms(const struct clock *c)
{
	return c->ops->wall_ms(c);
}

static inline int64_t
clock_ns(const struct clock *c)
{
	return c->ops->mono_ns(c);
}

/* Only where ops->cpu_ns is there. */
static inline int64_t
clock_cpu_ns(const struct clock *c)
{
	return c->ops->cpu_ns(c);
}

#endif
