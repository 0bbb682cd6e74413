#include "core/shm/process.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

#include "core/shm/layout.h"

static const char *const kinds[] = {
#define X(kind) kind,
	PROCESS_KINDS(X)
#undef X
};

static bool
is_alive(int32_t pid)
{
	return kill(pid, 0) == 0 || errno == EPERM;
}

/* A place that is ours, free, or a dead one's; NULL: there is none. */
static struct process *
claim(struct segment *s, int32_t self)
{
	for (unsigned i = 0; i < PROCESSES_MAX; i++) {
		struct process *x = &s->fixed->processes[((unsigned)self + i) % PROCESSES_MAX];
		int32_t         owner = atomic_load(&x->pid);

		if (owner == self)
			return x;
		if ((owner == 0 || !is_alive(owner)) &&
		    atomic_compare_exchange_strong(&x->pid, &owner, self))
			return x;
	}
	return NULL;
}

/* After a fork, and when another file lies under the segment, the place is looked for again. */
static struct process *
own_place(struct segment *s)
{
	int32_t self = (int32_t)getpid();

	if (s->self != self) {
		s->self = self;
		memset(s->connections, 0, sizeof(s->connections));
		s->place = NULL;
	}
	if (s->place == NULL || atomic_load(&s->place->pid) != self)
		s->place = claim(s, self);
	return s->place;
}

void
process_connection(struct segment *s, const char *kind, int by)
{
	struct process *x = own_place(s);

	for (unsigned k = 0; k < PROCESS_KINDS_N; k++) {
		if (strcmp(kinds[k], kind) == 0 && (by > 0 || s->connections[k] > 0))
			s->connections[k] += by;
		if (x != NULL)
			atomic_store(&x->connections[k], s->connections[k]);
	}
}

const char *
process_kind(unsigned k)
{
	return kinds[k];
}

uint64_t
process_connections(const struct segment *s, unsigned k)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < PROCESSES_MAX; i++) {
		const struct process *x = &s->fixed->processes[i];
		int32_t               pid = atomic_load(&x->pid);

		if (pid != 0 && is_alive(pid))
			sum += atomic_load(&x->connections[k]);
	}
	return sum < 0 ? 0 : (uint64_t)sum;
}
