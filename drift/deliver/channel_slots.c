#include "drift/deliver/channel_slots.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#define LANES 1024

struct channel_slots {
	_Atomic unsigned owner[LANES]; /* 0: free */
	_Atomic int64_t  since_ms[LANES];
};

struct channel_slots *
channel_slots_make(struct err *e)
{
	void *p = mmap(NULL, sizeof(struct channel_slots), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p != MAP_FAILED)
		return p;
	err_set(e, ERR_INTERNAL, errno, "internal error", "mmap: %s", strerror(errno));
	return NULL;
}

/* The last bytes of a UUIDv7 are its random ones. */
static size_t
lane_of(const struct uuid *channel)
{
	return ((size_t)channel->b[14] << 8 | channel->b[15]) % LANES;
}

bool
channel_slot_take(struct channel_slots *l, unsigned self, const struct uuid *channel,
    const struct clock *c, int64_t *since_ms)
{
	size_t   i = lane_of(channel);
	unsigned none = 0;

	*since_ms = clock_ns(c) / 1000000;
	if (!atomic_compare_exchange_strong(&l->owner[i], &none, self)) {
		*since_ms = atomic_load(&l->since_ms[i]);
		return false;
	}
	atomic_store(&l->since_ms[i], *since_ms);
	return true;
}

void
channel_slot_leave(struct channel_slots *l, unsigned self, const struct uuid *channel)
{
	unsigned mine = self;

	(void)atomic_compare_exchange_strong(&l->owner[lane_of(channel)], &mine, 0);
}

void
channel_slots_clear(struct channel_slots *l, unsigned self)
{
	for (size_t i = 0; i < LANES; i++) {
		unsigned mine = self;

		(void)atomic_compare_exchange_strong(&l->owner[i], &mine, 0);
	}
}
