/* explain.h: every reason, alone and together with every other, against what was said of it once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/alert/explain.h"
#include "tests/unit/mem.h"

/* One line for each case: why, what is held, and the text. */
#define EXPECTED "tests/unit/alert/explained.tsv"

#define CHANGES 4

/* `held`: what all but the first change are held by; HOLD__MAX: one change by each. */
static char *
explained(enum why why, enum hold_reason held, size_t findings)
{
	struct tolerance    tolerance[] = { { .text = "/a/*", .abs = 0.1, .pct = -1 },
		   { .text = "/never", .abs = 1, .pct = 1 },
		   { .text = "/b/\"x\"", .abs = -1, .pct = 12.5 } };
	const struct limits l = { .min_severity = SEVERITY_MEDIUM,
		.min_changes = 3,
		.min_score = 40,
		.for_runs = 2,
		.clear_runs = 5,
		.blind_after = 3,
		.tolerance = tolerance,
		.tolerance_n = LEN(tolerance),
		.flap_low = 25,
		.flap_high = 50 };
	struct flap         flap = { .bits = 0x3ff, .flapping = true };
	struct flaps        flaps = { .items = &flap, .n = 1, .checks = 30 };
	struct change       changes[HOLD__MAX] = { 0 };
	enum hold_reason    holds[HOLD__MAX] = { 0 };
	int64_t             runs[HOLD__MAX];
	const bool          tolerated[] = { true, false, true };
	size_t              n = held == HOLD__MAX ? HOLD__MAX : CHANGES;
	struct decision     d = { .n = findings, .score = 21, .clean_runs = 0 };
	struct decide_in    in = {
		   .limits = &l, .changes = changes, .holds = holds, .n = n, .flaps = &flaps
	};
	struct explain  x = { .in = &in,
		 .d = &d,
		 .runs = runs,
		 .tolerated = tolerated,
		 .silence = findings > 0 ? "silence:\"quiet\"" : NULL,
		 .incomplete_runs = 2 };
	struct raw_json out;
	struct err      e = { 0 };

	for (size_t i = 0; i < n; i++) {
		changes[i].severity = i == 0 ? SEVERITY_LOW : SEVERITY_HIGH;
		holds[i] = i == 0 ? HOLD_NONE : held == HOLD__MAX ? (enum hold_reason)i : held;
		runs[i] = (int64_t)i;
	}
	assert_true(explain_print(mem, &x, why, &out, &e));
	return talloc_asprintf(mem, "%d\t%d\t%zu\t%s\n", (int)why, (int)held, findings,
	    out.text == NULL ? "" : out.text);
}

static void
every_reason_is_said_as_it_was(void **state)
{
	FILE  *expected = fopen(EXPECTED, "re");
	char   line[4096];
	size_t cases = 0;

	(void)state;
	assert_non_null(expected);
	for (enum why w = 0; w < WHY__MAX; w++)
		for (enum hold_reason h = HOLD_NONE; h <= HOLD__MAX; h++)
			for (size_t findings = 0; findings < 3; findings++) {
				if (w != WHY_NONE && h != HOLD__MAX)
					continue;
				assert_non_null(fgets(line, sizeof(line), expected));
				assert_string_equal(line, explained(w, h, findings));
				cases++;
			}
	assert_null(fgets(line, sizeof(line), expected));
	assert_int_equal(cases, 3 * (WHY__MAX + HOLD__MAX));
	fclose(expected);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { TEST(every_reason_is_said_as_it_was) };

	return cmocka_run_group_tests_name("explanations", tests, NULL, NULL);
}
