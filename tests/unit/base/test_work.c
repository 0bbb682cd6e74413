/* What a request may cost: steps, the clock behind them, and what it says when they are over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/work.h"

static int64_t cpu; /* ns */

static int64_t
stepped(const struct clock *c)
{
	(void)c;
	return cpu;
}
static const struct clock_ops ops = { stepped, stepped, stepped };
static const struct clock     stepping = { &ops, 0 };

/* Spends n at a time until it is refused; how often it was not. */
static uint64_t
spend_all(struct work *w, enum work_kind kind, uint64_t n, int64_t ns, struct err *e)
{
	uint64_t times = 0;

	while (times < 1000000000 && work_spend(w, kind, n, e)) {
		cpu += ns;
		times++;
	}
	return times;
}

static void
a_request_ends_when_its_steps_are_used_up(void **state)
{
	static const uint64_t sizes[] = { 1000, 999999, 50000000, UINT64_MAX };
	uint64_t              all = 0;

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct work w;
		struct err  e = { 0 };
		uint64_t    times;

		work_begin(&w, WORK_REQUEST, &stepping);
		times = spend_all(&w, WORK_RULES, sizes[i], 0, &e);
		assert_int_equal(e.code, ERR_TOO_COSTLY);
		assert_int_equal(err_status(e.code), 422);
		assert_int_equal(e.retry_s, 0);
		assert_int_equal(times, all == 0 ? times : all / sizes[i]);
		all = all == 0 ? times * sizes[i] : all;
	}
	assert_in_range(all * WORK_STEP_NS, 1000000000, 2000000000); /* ns */
}

static void
the_clock_ends_what_was_counted_too_cheaply(void **state)
{
	static const struct {
		enum work_class class;
		int64_t seconds;
	} classes[] = { { WORK_REQUEST, 2 }, { WORK_PUSH, 10 }, { WORK_TASK, 10 } };

	(void)state;
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
		struct work w;
		struct err  e = { 0 };

		cpu = 1000000000000;
		work_begin(&w, classes[i].class, &stepping);
		spend_all(&w, WORK_READ, 1000, 10000000, &e); /* of 10 ms, not of 10 us */
		assert_int_equal(e.code, ERR_TOO_COSTLY);
		assert_in_range(cpu - 1000000000000, classes[i].seconds * 700000000,
		    classes[i].seconds * 1000000000);
	}
}

static void
a_push_is_not_refused_for_its_steps(void **state)
{
	struct work w;
	struct err  e = { 0 };

	(void)state;
	work_begin(&w, WORK_PUSH, &stepping);
	for (int i = 0; i < 100; i++)
		assert_true(work_spend(&w, WORK_COMPARE, 1000000000, &e));
	assert_true(work_check(&w, &e));
}

/* Rules and silences: the rest of the push is done without. */
static void
what_a_push_can_do_without_has_a_share(void **state)
{
	static const enum work_kind kinds[] = { WORK_RULES, WORK_SILENCE };

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct work w;
		struct err  e = { 0 };
		uint64_t    times;

		work_begin(&w, WORK_PUSH, &stepping);
		times = spend_all(&w, kinds[i], 1000000, 0, &e);
		assert_in_range(times * 1000000 * WORK_STEP_NS, 1000000000, 5000000000);
		assert_false(work_forgo(&w, WORK_COMPARE, &e));
		assert_true(work_forgo(&w, kinds[i], &e));
		assert_int_equal(e.code, ERR_OK);
		assert_true(work_spend(&w, WORK_COMPARE, 1000000000, &e));
		assert_false(work_spend(&w, kinds[i], 1, &e));
		assert_true(work_forgo(&w, kinds[i], &e));

		cpu = w.cpu_end_ns + 1;
		assert_false(work_check(&w, &e));
		assert_false(work_forgo(&w, kinds[i], &e));

		err_clear(&e);
		work_begin(&w, WORK_REQUEST, &stepping);
		spend_all(&w, kinds[i], 1000000, 0, &e);
		assert_false(work_forgo(&w, kinds[i], &e));
	}
}

static void
what_was_spent_before_a_class_stays_spent(void **state)
{
	struct work w;
	struct err  e = { 0 };

	(void)state;
	cpu = 0;
	work_begin(&w, WORK_REQUEST, &stepping);
	cpu = 1700000000;
	assert_true(work_spend(&w, WORK_READ, WORK_LOOK, &e));
	work_widen(&w, WORK_PUSH);
	cpu = 9000000000;
	assert_true(work_check(&w, &e));
	cpu = 10000000000;
	assert_false(work_check(&w, &e));
}

static void
nobody_counts_without_a_budget(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_true(work_spend(NULL, WORK_RULES, UINT64_MAX, &e));
	assert_true(work_check(NULL, &e));
}

static void
the_refusal_says_what_most_of_it_was_and_what_to_reduce(void **state)
{
	(void)state;
	for (enum work_kind kind = 0; kind < WORK__MAX; kind++) {
		struct work w;
		struct err  e = { 0 };

		work_begin(&w, WORK_REQUEST, &stepping);
		assert_true(work_spend(&w, kind, w.steps_max - 100, &e));
		assert_false(work_spend(&w, (kind + 1) % WORK__MAX, 101, &e));
		assert_in_range(strlen(e.pub), 60, sizeof e.pub - 2); /* whole sentences */
		assert_int_equal(e.pub[strlen(e.pub) - 1], '.');

		w.less = "Ask for a shorter time.";
		err_clear(&e);
		assert_false(work_spend(&w, kind, 1, &e));
		assert_non_null(strstr(e.pub, w.less));
	}
}

static bool
held_beyond(enum work_class class, size_t mib, struct err *e)
{
	struct memory memory = MEMORY_NONE;
	struct work   w;
	char         *p = malloc(mib << 20);
	bool          ok;

	assert_non_null(p);
	memset(p, 'x', mib << 20);
	work_begin(&w, class, &stepping);
	w.memory = &memory;
	ok = work_spend(&w, WORK_READ, WORK_LOOK, e);
	assert_int_equal(p[(mib << 20) - 1], 'x');
	free(p);
	close(memory.fd);
	return !ok;
}

static void
what_grows_beyond_the_memory_of_its_class_is_ended(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_false(held_beyond(WORK_REQUEST, 100, &e));
	assert_false(held_beyond(WORK_PUSH, 300, &e));
	assert_int_equal(e.code, ERR_OK);
	assert_true(held_beyond(WORK_REQUEST, 200, &e));
	assert_int_equal(e.code, ERR_TOO_COSTLY);
	assert_non_null(strstr(e.detail, "memory"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_ends_when_its_steps_are_used_up),
		cmocka_unit_test(the_clock_ends_what_was_counted_too_cheaply),
		cmocka_unit_test(a_push_is_not_refused_for_its_steps),
		cmocka_unit_test(what_a_push_can_do_without_has_a_share),
		cmocka_unit_test(what_was_spent_before_a_class_stays_spent),
		cmocka_unit_test(nobody_counts_without_a_budget),
		cmocka_unit_test(what_grows_beyond_the_memory_of_its_class_is_ended),
		cmocka_unit_test(the_refusal_says_what_most_of_it_was_and_what_to_reduce),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
