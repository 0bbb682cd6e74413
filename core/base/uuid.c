#include "core/base/uuid.h"

#include <string.h>

#define COUNTER_BITS 26 /* rand_a (12) and the first 14 bits of rand_b */

/*
 * RFC 9562 section 6.2, method 1: within one millisecond a counter grows; it
 * starts at a random value with its top bit clear, so that there is room.  The
 * clock standing still or going back (or the counter running over) keeps the
 * last time: the order of making holds within a process.  This is the one piece
 * of state that no caller could hand in without sharing it everywhere.
 */
static void
next_tick(int64_t now_ms, uint32_t seed, int64_t *ms, uint32_t *counter)
{
	static int64_t  last_ms = -1;
	static uint32_t last_counter;

	if (now_ms > last_ms) {
		last_ms = now_ms;
		last_counter = seed & ((1u << (COUNTER_BITS - 1)) - 1);
	} else if (++last_counter >> COUNTER_BITS != 0) {
		last_ms++;
		last_counter = 0;
	}
	*ms = last_ms;
	*counter = last_counter;
}

struct uuid
uuid_make(const struct clock *c, struct rand *r)
{
	struct uuid u;
	uint8_t     random[12];
	uint32_t    seed, counter;
	int64_t     ms;

	rand_fill(r, random, sizeof(random)); /* one call: it is one to the kernel */
	memcpy(&seed, random + 8, sizeof(seed));
	memcpy(u.b + 8, random, 8);
	next_tick(clock_ms(c), seed, &ms, &counter);
	for (int i = 0; i < 6; i++)
		u.b[i] = (uint8_t)((uint64_t)ms >> (40 - 8 * i));
	u.b[6] = (uint8_t)(0x70 | counter >> 22);
	u.b[7] = (uint8_t)(counter >> 14);
	u.b[8] = (uint8_t)(0x80 | (counter >> 8 & 0x3F));
	u.b[9] = (uint8_t)counter;
	return u;
}

struct uuid
uuid_first(int64_t ms)
{
	struct uuid u = { 0 };

	for (int i = 0; ms > 0 && i < 6; i++)
		u.b[i] = (uint8_t)((uint64_t)ms >> (40 - 8 * i));
	return u;
}

bool
uuid_is_nil(const struct uuid *u)
{
	return uuid_eq(u, &(struct uuid) { { 0 } });
}

bool
uuid_eq(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

void
uuid_print(const struct uuid *u, char out[static UUID_TEXT_MAX])
{
	static const size_t part[] = { 4, 2, 2, 2, 6 };
	const uint8_t      *in = u->b;
	char               *w = out;

	for (size_t i = 0; i < 5; i++) {
		hex_print(in, part[i], w);
		in += part[i];
		w += 2 * part[i];
		if (i < 4)
			*w++ = '-';
	}
}

bool
uuid_parse(struct str s, struct uuid *u)
{
	char   flat[32];
	size_t n = 0;

	if (s.n != UUID_TEXT_MAX - 1)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash != (s.p[i] == '-'))
			return false;
		if (!dash)
			flat[n++] = s.p[i];
	}
	return hex_parse((struct str) { flat, n }, u->b, sizeof(u->b));
}
