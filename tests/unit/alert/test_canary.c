/* drift/service/canary.h: what is known of changes and channels by when each was there, was found
 * and arrived. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "drift/service/canary.h"
#include "tests/unit/mem.h"

#define NOW 1000000 /* ms */

static const struct uuid one = { { 1 } }, two = { { 2 } }, none = { { 0 } };

/* Found 1 s after the change; arrived 0: not. */
static struct canary_row
row(uint8_t alert, struct uuid channel, int64_t changed_ms, int64_t arrived_ms)
{
	return (struct canary_row) {
		.alert_id = { { alert } },
		.changed_at = { changed_ms },
		.detected_at = { changed_ms + 1000 },
		.channel_id = channel,
		.arrived_at = { arrived_ms },
	};
}

static struct canary_report
sum(const struct canary_row *rows, size_t n)
{
	struct canary_report out = { .within_s = 60 };
	struct err           e = { 0 };

	assert_true(canary_sum(mem, rows, n, (instant) { NOW }, &out, &e));
	return out;
}

static const struct canary_channel *
channel_at(const struct canary_report *r, size_t i)
{
	return &((const struct canary_channel *)r->channels.p)[i];
}

static void
nothing_is_known_of_nothing(void **state)
{
	const struct canary_report r = sum(NULL, 0);

	(void)state;
	assert_int_equal(r.changes, 0);
	assert_int_equal(r.missed, 0);
	assert_null(r.detected);
	assert_int_equal(r.channels.n, 0);
}

static void
each_channel_has_its_times_and_what_is_on_its_way_is_no_miss(void **state)
{
	const struct canary_row rows[] = {
		row(3, one, NOW - 30000, 0), /* on its way */
		row(3, two, NOW - 30000, NOW - 28000),
		row(2, one, NOW - 200000, 0), /* never came */
		row(2, two, NOW - 200000, NOW - 198500),
		row(1, one, NOW - 400000, NOW - 300000), /* too late */
		row(1, two, NOW - 400000, NOW - 390000),
	};
	const struct canary_report   r = sum(rows, sizeof(rows) / sizeof(rows[0]));
	const struct canary_channel *a = channel_at(&r, 0), *b = channel_at(&r, 1);

	(void)state;
	assert_int_equal(r.changes, 3);
	assert_int_equal(r.missed, 2);
	assert_int_equal(r.changed_at.ms, NOW - 30000);
	assert_int_equal(r.detected->p50_ms, 1000);
	assert_int_equal(r.channels.n, 2);
	assert_true(uuid_eq(&a->channel_id, &one));
	assert_int_equal(a->missed, 2);
	assert_int_equal(a->arrived->n, 1);
	assert_int_equal(a->arrived->worst_ms, 100000);
	assert_int_equal(a->last_at.ms, NOW - 300000);
	assert_int_equal(b->missed, 0);
	assert_int_equal(b->arrived->n, 3);
	assert_int_equal(b->arrived->p50_ms, 2000);
	assert_int_equal(b->arrived->p99_ms, 10000);
	assert_int_equal(b->last_at.ms, NOW - 28000);
}

static void
what_was_told_to_nobody_is_missed(void **state)
{
	const struct canary_row    rows[] = { row(1, none, NOW - 400000, 0) };
	const struct canary_report r = sum(rows, 1);

	(void)state;
	assert_int_equal(r.changes, 1);
	assert_int_equal(r.missed, 1);
	assert_int_equal(r.channels.n, 0);
}

static void
quantiles_are_of_what_there_was(void **state)
{
	struct canary_row    rows[200];
	struct canary_report r;

	(void)state;
	for (int i = 0; i < 200; i++)
		rows[i] = row((uint8_t)i, one, NOW - 900000, NOW - 900000 + (i + 1) * 10);
	r = sum(rows, 200);
	assert_int_equal(channel_at(&r, 0)->arrived->p50_ms, 1000);
	assert_int_equal(channel_at(&r, 0)->arrived->p99_ms, 1980);
	assert_int_equal(channel_at(&r, 0)->arrived->worst_ms, 2000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_known_of_nothing),
		TEST(each_channel_has_its_times_and_what_is_on_its_way_is_no_miss),
		TEST(what_was_told_to_nobody_is_missed),
		TEST(quantiles_are_of_what_there_was),
	};

	return cmocka_run_group_tests_name("canary", tests, NULL, NULL);
}
