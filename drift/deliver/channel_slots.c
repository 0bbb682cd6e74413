#include "drift/deliver/channel_slots.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#define LANES 1024

struct channel_slots {
	struct slot {
		_Atomic unsigned owner; /* 0: free */
		_Atomic int64_t  since_ms;
	} of[LANES][SLOTS_QUICK];
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

/* How many are taken, at most, and whether one of them is slow. */
static int
most_of(struct slot *all, int64_t now_ms, bool *slow, int *taken)
{
	*slow = false;
	*taken = 0;
	for (int i = 0; i < SLOTS_QUICK; i++) {
		if (atomic_load(&all[i].owner) == 0)
			continue;
		++*taken;
		*slow = *slow || now_ms - atomic_load(&all[i].since_ms) >= SLOT_SLOW_MS;
	}
	return *slow ? SLOTS_SLOW : SLOTS_QUICK;
}

int
channel_slot_take(struct channel_slots *l, unsigned self, const struct uuid *channel, int most,
    const struct clock *c, bool *slow)
{
	struct slot  *all = l->of[lane_of(channel)];
	const int64_t now_ms = clock_ns(c) / 1000000;
	int           taken, here = most_of(all, now_ms, slow, &taken);

	if (most < here)
		here = most;
	/* of the first places alone: who has counted at the same moment finds no other one */
	for (int i = 0; taken < here && i < here; i++) {
		unsigned none = 0;

		if (!atomic_compare_exchange_strong(&all[i].owner, &none, self))
			continue;
		atomic_store(&all[i].since_ms, now_ms);
		return i;
	}
	return -1;
}

void
channel_slot_leave(struct channel_slots *l, const struct uuid *channel, int place)
{
	struct slot *s = &l->of[lane_of(channel)][place];

	atomic_store(&s->since_ms, INT64_MAX);
	atomic_store(&s->owner, 0);
}

void
channel_slots_clear(struct channel_slots *l, unsigned self)
{
	for (size_t i = 0; i < LANES; i++) {
		for (size_t k = 0; k < SLOTS_QUICK; k++) {
			if (atomic_load(&l->of[i][k].owner) != self)
				continue;
			atomic_store(&l->of[i][k].since_ms, INT64_MAX);
			atomic_store(&l->of[i][k].owner, 0);
		}
	}
}
