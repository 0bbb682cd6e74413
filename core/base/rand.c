#include "core/base/rand.h"

#include <assert.h>
#include <errno.h>
#include <sys/random.h>

static void
system_fill(struct rand *r, void *out, size_t n)
{
	uint8_t *p = out;

	(void)r;
	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0) {
			assert(errno == EINTR);
			continue;
		}
		p += got;
		n -= (size_t)got;
	}
}

static const struct rand_ops system_ops = { system_fill };
struct rand                  rand_system = { &system_ops, 0 };
