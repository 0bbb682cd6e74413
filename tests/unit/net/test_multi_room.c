/* Who goes on where there is not room for all, by a clock that the test moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/net/multi_room.h"
#include "tests/unit/mem.h"

#define LEN(a)  (sizeof(a) / sizeof *(a))
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, free_mem)
#define SECOND  INT64_C(1000000000)
#define CHUNK   ((size_t)16 << 10)
#define MOST    ((size_t)4 << 20)
#define PART    (MOST / ROOM_PARTS)

static struct room       room;
static struct room_place places[8];
static struct buf        bodies[LEN(places)]; /* as long as they say, and nothing else */
static int64_t           now;
static size_t            beside;
static unsigned          leaving;
static uint64_t          look;

static int
set_up(void **state)
{
	make_mem(state);
	room = (struct room) { .bound = { MOST, 1, &beside, &leaving } };
	now = 100 * SECOND;
	beside = leaving = 0;
	return 0;
}

static void
join(size_t i, uint8_t party)
{
	bodies[i] = (struct buf) { 0 };
	assert_true(room_join(mem, &room, &places[i], &(struct uuid) { { party } }, 0));
}

static bool
take(size_t i, size_t n)
{
	if (!room_take(&places[i], &bodies[i], n, now)) {
		if (!places[i].waits)
			room_stop(&places[i], now);
		return false;
	}
	bodies[i].n += n;
	bodies[i].cap = bodies[i].n;
	return true;
}

/* What it gets of n bytes, as they come. */
static size_t
take_all(size_t i, size_t n)
{
	size_t got = 0;

	while (got < n && take(i, CHUNK))
		got += CHUNK;
	return got;
}

/* Who goes on, by number; 9: nobody. */
static size_t
next(void)
{
	struct room_place *p = room_next(&room, ++look, now);

	if (p == NULL)
		return 9;
	room_go(p, now);
	return (size_t)(p - places);
}

static void
a_party_has_a_part_where_others_are_and_all_where_none_is(void **state)
{
	(void)state;
	join(0, 1);
	assert_int_equal(take_all(0, PART * 2), PART * 2);
	join(1, 2); /* asks for nothing yet */
	join(2, 1);
	join(3, 1);
	assert_int_equal(take_all(2, PART), PART); /* it has the turn */
	assert_int_equal(take_all(3, PART), MULTI_FREE);
	assert_int_equal(take_all(1, PART / 2), PART / 2);
	join(4, 2);
	assert_int_equal(take_all(4, PART / 4), PART / 4);
	assert_int_equal(next(), 9);
	for (size_t i = 0; i < 5; i++)
		room_leave(&places[i], now);
	assert_int_equal(room.held, 0);
	assert_int_equal(room.waiting, 0);
	assert_null(room.parties);
}

static void
the_turn_goes_round_by_party(void **state)
{
	(void)state;
	beside = MOST;
	for (size_t i = 0; i < 6; i++)
		join(i, i < 4 ? 1 : (uint8_t)i); /* 1 1 1 1 4 5 */
	assert_int_equal(take_all(0, PART), PART);
	for (size_t i = 1; i < 6; i++)
		assert_int_equal(take_all(i, PART), MULTI_FREE);
	/* as long as anything comes of it, a turn is over for another party's */
	now += ROOM_TURN_NS - 1;
	assert_int_equal(take_all(0, ROOM_SLOW_BYTES), ROOM_SLOW_BYTES);
	assert_null(room_judge(&room, now));
	assert_int_equal(next(), 9);
	now += 1;
	assert_null(room_judge(&room, now));
	assert_int_equal(take_all(0, PART), MULTI_FREE); /* were that the end, it would be over */
	assert_int_equal(next(), 4);
	assert_int_equal(take_all(4, PART), PART);
	room_leave(&places[4], now);
	assert_int_equal(next(), 5);
	room_leave(&places[5], now);
	assert_int_equal(next(), 0); /* and in a party in the order of their runs */
	/* alone it keeps its turn */
	for (size_t i = 0; i < 9; i++) {
		now += ROOM_SLOW_NS;
		assert_int_equal(take_all(0, ROOM_SLOW_BYTES), ROOM_SLOW_BYTES);
		assert_null(room_judge(&room, now));
	}
	assert_int_equal(next(), 9);
	/* who comes is before whoever had it last */
	join(4, 4);
	assert_int_equal(take_all(4, PART), MULTI_FREE);
	assert_null(room_judge(&room, now));
	assert_int_equal(next(), 4);
}

static void
who_is_slow_comes_last_and_ends_where_its_party_has_more_than_its_part(void **state)
{
	(void)state;
	beside = MOST;
	for (size_t i = 0; i < 4; i++)
		join(i, 1);
	assert_int_equal(take_all(0, PART + CHUNK), PART + CHUNK);
	now += 10 * SECOND;
	assert_null(room_judge(&room, now)); /* nobody waits */
	assert_int_equal(take_all(1, PART), MULTI_FREE);
	assert_int_equal(take_all(2, PART), MULTI_FREE);
	now += ROOM_SLOW_NS;
	assert_int_equal(take_all(0, ROOM_SLOW_BYTES - CHUNK), ROOM_SLOW_BYTES - CHUNK);
	assert_null(room_judge(&room, now));             /* the others have little */
	assert_int_equal(take_all(0, PART), MULTI_FREE); /* were that the end, it would be over */
	assert_int_equal(next(), 1);
	assert_int_equal(take_all(1, MOST), MOST);
	now += ROOM_SLOW_NS;
	assert_ptr_equal(room_judge(&room, now), &places[1]);
	room_leave(&places[1], now);
	assert_int_equal(next(), 2);
	room_leave(&places[2], now);
	assert_int_equal(next(), 0);
}

static void
what_is_about_to_go_is_waited_for_but_not_for_ever(void **state)
{
	(void)state;
	beside = MOST;
	leaving = 1;
	join(0, 1);
	join(1, 1);
	assert_int_equal(take_all(0, PART), MULTI_FREE);
	assert_int_equal(take_all(1, PART), MULTI_FREE);
	now += ROOM_PATIENCE_NS;
	assert_int_equal(next(), 9);
	now++;
	assert_int_equal(next(), 0);
	room_leave(&places[0], now);
	assert_int_equal(next(), 9); /* nor one behind the other */
	leaving = 0;
	room_time(&room, now);
	join(2, 1);
	places[2].turn = 1;
	assert_int_equal(next(), 1);
	assert_int_equal(take_all(2, PART), MULTI_FREE);
	now += SECOND;
	room_time(&room, now);
	assert_int_equal(room_waited(&places[2], now), SECOND);
	leaving = 1;
	now += SECOND;
	room_time(&room, now);
	assert_int_equal(
	    room_waited(&places[2], now), SECOND); /* what is leaving is nobody's doing */
	leaving = 0;
	room_leave(&places[1], now);
	assert_int_equal(next(), 2);
	assert_int_equal(room_waited(&places[2], now + SECOND), SECOND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_party_has_a_part_where_others_are_and_all_where_none_is),
		CASE(the_turn_goes_round_by_party),
		CASE(who_is_slow_comes_last_and_ends_where_its_party_has_more_than_its_part),
		CASE(what_is_about_to_go_is_waited_for_but_not_for_ever),
	};

	return cmocka_run_group_tests_name("multi_room", tests, NULL, NULL);
}
