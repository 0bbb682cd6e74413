/*
 * rand.h - random bytes, handed in, so that tests may seed them.
 * The system's source is getrandom(2); it does not fail once the system runs.
 */
#ifndef BSX_BASE_RAND_H
#define BSX_BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

struct rand;
struct rand_ops {
	void (*fill)(struct rand *r, void *out, size_t n);
};
struct rand {
	const struct rand_ops *ops;
	uint64_t               state; /* for a seeded source */
};

extern struct rand rand_system;

static inline void
rand_fill(struct rand *r, void *out, size_t n)
{
	r->ops->fill(r, out, n);
}

#endif
