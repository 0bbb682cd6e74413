#include "core/shm/circuit.h"

#include "core/shm/layout.h"

#define REFUSAL_BITS 16 /* of circuit.refused: the number; above them the instant */

static int64_t
pause_of(int64_t took_ms)
{
	if (took_ms < CIRCUIT_PAUSE_MIN_MS)
		return CIRCUIT_PAUSE_MIN_MS;
	return took_ms > CIRCUIT_PAUSE_MAX_MS ? CIRCUIT_PAUSE_MAX_MS : took_ms;
}

/* Its entry, made on first use; NULL: the table is full. */
static struct circuit *
entry_of(struct segment *s, uint64_t server)
{
	for (unsigned i = 0; i < CIRCUITS_MAX; i++) {
		struct circuit *c = &s->fixed->circuits[(server + i) % CIRCUITS_MAX];
		uint64_t        owner = atomic_load(&c->server);

		if (owner == server)
			return c;
		if (owner == 0 &&
		    (atomic_compare_exchange_strong(&c->server, &owner, server) || owner == server))
			return c;
	}
	return NULL;
}

/* An instant further ahead than any is set is of another boot of this host: it is over. */
static bool
is_ahead(int64_t instant_ms, int64_t now_ms)
{
	return instant_ms > now_ms && instant_ms - now_ms <= CIRCUIT_PROBE_MS;
}

enum circuit_pass
circuit_pass(struct segment *s, uint64_t server, int64_t now_ms)
{
	struct circuit *c = entry_of(s, server);
	int64_t         until = c == NULL ? 0 : atomic_load(&c->until_ms);

	if (until == 0)
		return CIRCUIT_CLOSED;
	if (is_ahead(until, now_ms))
		return CIRCUIT_OPEN;
	return atomic_compare_exchange_strong(&c->until_ms, &until, now_ms + CIRCUIT_PROBE_MS)
		   ? CIRCUIT_PROBE
		   : CIRCUIT_OPEN;
}

bool
circuit_is_open(struct segment *s, uint64_t server)
{
	struct circuit *c = entry_of(s, server);

	return c != NULL && atomic_load(&c->until_ms) != 0;
}

void
circuit_answered(struct segment *s, uint64_t server, int64_t now_ms)
{
	struct circuit *c = entry_of(s, server);

	if (c == NULL)
		return;
	atomic_store(&c->answered_ms, now_ms);
	if (atomic_load(&c->until_ms) != 0)
		atomic_store(&c->until_ms, 0);
}

/* Somebody was answered after `began_ms`; an instant to come is of another boot of this host. */
static bool
is_answered_since(struct circuit *c, int64_t began_ms, int64_t now_ms)
{
	int64_t at = atomic_load(&c->answered_ms);

	return at > began_ms && at <= now_ms;
}

bool
circuit_silent(struct segment *s, uint64_t server, int64_t now_ms, int64_t took_ms)
{
	struct circuit *c = entry_of(s, server);

	if (c == NULL || is_answered_since(c, now_ms - took_ms, now_ms))
		return false;
	return atomic_exchange(&c->until_ms, now_ms + pause_of(took_ms)) == 0;
}

bool
circuit_doubt(struct segment *s, uint64_t server, int64_t now_ms)
{
	struct circuit *c = entry_of(s, server);
	int64_t         last;

	if (c == NULL)
		return false;
	last = atomic_load(&c->doubt_ms);
	if (last <= now_ms && now_ms - last < CIRCUIT_DOUBT_MS)
		return false;
	return atomic_compare_exchange_strong(&c->doubt_ms, &last, now_ms);
}

void
circuit_refused(struct segment *s, uint64_t server, int64_t now_ms, unsigned number)
{
	struct circuit *c = entry_of(s, server);

	if (c != NULL)
		atomic_store(&c->refused,
		    ((uint64_t)now_ms << REFUSAL_BITS) | (number & ((1u << REFUSAL_BITS) - 1)));
}

unsigned
circuit_refusal(struct segment *s, uint64_t server, int64_t now_ms)
{
	struct circuit *c = entry_of(s, server);
	uint64_t        word = c == NULL ? 0 : atomic_load(&c->refused);
	int64_t         at = (int64_t)(word >> REFUSAL_BITS);

	if (word == 0 || at > now_ms || now_ms - at >= CIRCUIT_REFUSAL_MS)
		return 0;
	return (unsigned)(word & ((1u << REFUSAL_BITS) - 1));
}

static bool
is_remembered(int64_t at, int64_t now_ms)
{
	return at != 0 && at <= now_ms && now_ms - at < CIRCUIT_CROWD_MS;
}

bool
circuit_crowded(struct segment *s, uint64_t server, int64_t now_ms)
{
	struct circuit *c = entry_of(s, server);

	return c != NULL && !is_remembered(atomic_exchange(&c->crowded_ms, now_ms), now_ms);
}

bool
circuit_is_crowded(struct segment *s, uint64_t server, int64_t now_ms)
{
	struct circuit *c = entry_of(s, server);

	return c != NULL && is_remembered(atomic_load(&c->crowded_ms), now_ms);
}
