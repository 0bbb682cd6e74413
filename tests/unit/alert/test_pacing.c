/* drift/deliver/pacing.h: who may go now, and how long the others wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "drift/deliver/pacing.h"

#define STEP 3000 /* milliseconds of 20 a minute */

static const struct pacing_ask together = { { 20, 3 }, true, false, false },
			       each = { { 20, 3 }, false, false, false };

static void
pass(struct pace *p, int64_t ms)
{
	p->next_in_ms -= ms;
	p->held_in_ms -= ms;
}

static void
a_rested_channel_takes_its_burst_and_then_one_a_step(void **state)
{
	const struct pacing_ask *const asks[] = { &together, &each };

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct pacing_ask ask = *asks[k];
		struct pace       p = { .next_in_ms = -86400000 };
		int64_t           wait;

		for (int i = 0; i < 3; i++)
			assert_true(pacing_step(&p, &ask, &wait));
		assert_false(pacing_step(&p, &ask, &wait));
		assert_int_equal(wait, STEP);
		pass(&p, STEP - 1);
		ask.waited = true;
		assert_false(pacing_step(&p, &ask, &wait));
		pass(&p, 1);
		assert_true(pacing_step(&p, &ask, &wait));
		assert_false(pacing_step(&p, &ask, &wait));
	}
}

static void
what_is_told_together_waits_behind_the_first(void **state)
{
	const struct pacing_ask summary = { { 20, 3 }, true, true, true };
	struct pace             p = { 0 };
	int64_t                 wait;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(pacing_step(&p, &together, &wait));
	assert_false(pacing_step(&p, &together, &wait));
	assert_int_equal(wait, STEP);
	for (int i = 0; i < 1000; i++) {
		assert_false(pacing_step(&p, &together, &wait));
		assert_int_equal(wait, STEP + PACING_BEHIND_MS);
	}
	/* a summary waits for no other: only for its turn */
	assert_false(pacing_step(&p, &summary, &wait));
	assert_int_equal(wait, STEP);
	/* the first is no more: whoever comes then goes in its place */
	pass(&p, STEP);
	assert_true(pacing_step(&p, &together, &wait));
	assert_true(p.held);
}

static void
what_is_told_one_by_one_gets_a_turn_each_and_nobody_passes(void **state)
{
	const struct pacing_ask again = { { 20, 3 }, false, true, false };
	struct pace             p = { 0 };
	int64_t                 wait;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(pacing_step(&p, &each, &wait));
	for (int i = 1; i <= 1000; i++) {
		assert_false(pacing_step(&p, &each, &wait));
		assert_int_equal(wait, i * STEP);
	}
	for (int i = 1; i <= 1000; i++) {
		pass(&p, STEP);
		if (i < 1000) { /* one that is new goes behind them all */
			struct pace seen = p;

			assert_false(pacing_step(&seen, &each, &wait));
			assert_int_equal(wait, (1000 - i + 1) * STEP);
		}
		assert_true(pacing_step(&p, &again, &wait));
	}
	pass(&p, STEP);
	assert_true(pacing_step(&p, &each, &wait));
}

static void
however_it_is_asked_no_more_go_than_the_rate_says(void **state)
{
	static const struct channel_rate rates[] = { { 1, 1 }, { 20, 10 }, { 6000, 1000 },
		{ 7, 3 } };

	(void)state;
	for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++)
		for (unsigned seed = 1; seed < 4; seed++) {
			struct pace p = { 0 };
			int64_t     now = 0, wait, gone = 0;
			unsigned    random = seed;

			for (int i = 0; i < 20000; i++) {
				random = random * 1664525 + 1013904223;
				const struct pacing_ask ask = { rates[r], (random >> 16 & 1) != 0,
					(random >> 17 & 1) != 0, (random >> 18 & 1) != 0 };
				const int64_t           ms = random >> 20 & 63;

				now += ms;
				pass(&p, ms);
				gone += pacing_step(&p, &ask, &wait);
				assert_true(wait >= 0);
				assert_true(
				    gone <= rates[r].burst + now * rates[r].per_minute / 59000 + 1);
			}
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rested_channel_takes_its_burst_and_then_one_a_step),
		cmocka_unit_test(what_is_told_together_waits_behind_the_first),
		cmocka_unit_test(what_is_told_one_by_one_gets_a_turn_each_and_nobody_passes),
		cmocka_unit_test(however_it_is_asked_no_more_go_than_the_rate_says),
	};

	return cmocka_run_group_tests_name("pacing", tests, NULL, NULL);
}
