#include "core/shm/slot.h"

#include <assert.h>

#include "core/shm/layout.h"

#define ID_LEN    sizeof(((struct slot_state *)0)->request_id)
#define ROUTE_LEN sizeof(((struct slot_state *)0)->route)
#define READS     100

static_assert((ID_LEN + ROUTE_LEN) == sizeof(((struct slot *)0)->text), "the texts fill the slot");

/* Puts a text, cut to fit and padded with NULs, into whole words. */
static void
put_text(_Atomic uint64_t *words, const char *text, size_t room)
{
	char padded[ROUTE_LEN] = { 0 };

	assert(room <= sizeof(padded));
	memcpy(padded, text, strnlen(text, room - 1));
	words_store(words, padded, room);
}

static struct slot *
writing(struct segment *s, unsigned i)
{
	struct slot *x;

	assert(i < SLOTS_MAX);
	x = &s->fixed->slots[i];
	/* Odd while writing; a predecessor that died in the middle left it odd. */
	atomic_fetch_or(&x->seq, 1);
	atomic_thread_fence(memory_order_release);
	return x;
}

static void
written(struct slot *x)
{
	atomic_fetch_add(&x->seq, 1);
}

void
slot_begin(struct segment *s, unsigned i, const char *request_id, int64_t now_ms)
{
	struct slot *x = writing(s, i);

	put_text(x->text, request_id, ID_LEN);
	put_text(x->text + ID_LEN / 8, "", ROUTE_LEN);
	atomic_store(&x->started_ms, now_ms);
	written(x);
}

void
slot_route(struct segment *s, unsigned i, const char *route)
{
	struct slot *x = writing(s, i);

	put_text(x->text + ID_LEN / 8, route, ROUTE_LEN);
	written(x);
}

void
slot_end(struct segment *s, unsigned i)
{
	assert(i < SLOTS_MAX);
	atomic_store(&s->fixed->slots[i].started_ms, 0);
}

static void
take(const struct slot *x, struct slot_state *out)
{
	out->started_ms = atomic_load(&x->started_ms);
	words_load(out->request_id, x->text, ID_LEN);
	words_load(out->route, x->text + ID_LEN / 8, ROUTE_LEN);
	out->request_id[ID_LEN - 1] = '\0';
	out->route[ROUTE_LEN - 1] = '\0';
}

/* A worker that died while it wrote leaves the slot odd: what stands there is read all the same. */
bool
slot_read(const struct segment *s, unsigned i, struct slot_state *out)
{
	const struct slot *x;

	assert(i < SLOTS_MAX);
	x = &s->fixed->slots[i];
	for (int tries = 0; tries < READS; tries++) {
		uint32_t before = atomic_load(&x->seq);

		take(x, out);
		atomic_thread_fence(memory_order_acquire);
		if ((before & 1) == 0 && atomic_load(&x->seq) == before)
			break;
	}
	return out->started_ms != 0;
}
