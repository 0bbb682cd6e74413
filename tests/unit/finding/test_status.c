/* Which status may follow which, and what stands out among numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/stat.h"
#include "drift/finding/status.h"

static const char *const findings[] = { "detected", "acknowledged", "in_progress", "resolved",
	"ignored", "accepted" };
/* Row: from, column: to. */
static const char *const may[] = { "yyyyyy", "yyyyyy", "ynyyyy", "ynnyyy", "ynnnyy", "ynnnyy" };

static void
a_finding_goes_forward_or_back_to_detected(void **state)
{
	(void)state;
	for (size_t from = 0; from < 6; from++) {
		for (size_t to = 0; to < 6; to++) {
			const char *why = status_refuse_finding(findings[from], findings[to]);

			if ((why == NULL) != (may[from][to] == 'y'))
				fail_msg("%s to %s: %s", findings[from], findings[to],
				    why == NULL ? "allowed" : why);
		}
	}
}

static const char *const alerts[] = { "open", "acknowledged", "in_progress", "resolved" };

static void
an_alert_goes_forward_and_stays_resolved(void **state)
{
	(void)state;
	for (size_t from = 0; from < 4; from++) {
		for (size_t to = 0; to < 4; to++) {
			const char *why = status_refuse_alert(alerts[from], alerts[to]);

			assert_true((why == NULL) == (from < 3 && to >= from));
		}
	}
}

static void
the_median_is_the_middle_and_its_distance_is_not_moved_by_one_value(void **state)
{
	double one[] = { 7 }, even[] = { 4, 1, 3, 2 }, odd[] = { 11, 10, 60, 12, 11 }, median;

	(void)state;
	assert_true(stat_median(one, 1) == 7);
	assert_true(stat_median(even, 4) == 2.5);
	assert_true(stat_mean(even, 4) == 2.5);
	assert_true(stat_mad(odd, 5, &median) == 1);
	assert_true(median == 11);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_finding_goes_forward_or_back_to_detected),
		cmocka_unit_test(an_alert_goes_forward_and_stays_resolved),
		cmocka_unit_test(
		    the_median_is_the_middle_and_its_distance_is_not_moved_by_one_value),
	};

	return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
