/* What flaps, what is unusual, and what becomes of an alert: functions without a database. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/alert/anomaly.h"
#include "drift/alert/alert_decide.h"
#include "drift/snapshot/loss.h"
#include "tests/unit/mem.h"

static const struct limits plain = { .min_severity = SEVERITY_LOW,
	.for_runs = 1,
	.clear_runs = 1,
	.max_removed_percent = SUSPICIOUS_PERCENT,
	.blind_after = BLIND_AFTER,
	.flapping = true,
	.flap_low = FLAP_LOW,
	.flap_high = FLAP_HIGH,
	.anomaly = true,
	.anomaly_k = ANOMALY_K,
	.anomaly_runs = ANOMALY_RUNS,
	.anomaly_floor = ANOMALY_FLOOR };

/* A finding of one letter, with a value of one letter. */
static struct change
finding(char name, char value, enum severity severity)
{
	struct change c = { .op = CHANGE_MODIFIED, .severity = severity };

	memset(c.fingerprint, name, HASH_LEN);
	memset(c.value_hash, value, HASH_LEN);
	return c;
}

/* ---- flapping ---- */

static void
the_newest_step_weighs_half_as_much_again_as_the_oldest(void **state)
{
	struct flap f = { .bits = 1 };

	(void)state;
	assert_int_equal(flap_share(&f), 600); /* 1.2 of 20 */
	f.behind = 19;
	assert_int_equal(flap_share(&f), 400); /* 0.8 of 20 */
	assert_false(flap_over(&f));
	f.behind = 20;
	assert_int_equal(flap_share(&f), 0);
	assert_true(flap_over(&f));
	f.bits = (1U << FLAP_STEPS) - 1;
	f.behind = 0;
	assert_int_equal(flap_share(&f), 10000);
	assert_int_equal(flap_count(&f), 20);
	f.behind = 10;
	assert_int_equal(flap_count(&f), 10);
	f.present = true;
	f.behind = 1000;
	assert_false(flap_over(&f));
}

/* '.': not there; a letter: with that value.  '!' after it: it flaps. */
static void
it_flaps_from_high_on_until_below_low(void **state)
{
	static const char *const cases[] = {
		/* nine steps of twenty weigh 50.2 when they are the newest; fifteen quiet ones end
		   it */
		"a.a.a.a.a!a!a!a!a!a!a!a!a!a!a!a!a!a!a!aaaa",
		".........................a.a.a.a.a!.!",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		/* another value each time is as restless as coming and going */
		"abababab"
		"a!b!a!",
		"abcdefgh"
		"i!j!",
		/* two steps of five are not half of them */
		"a....a....a....a....a....a....a....a....a....",
	};
	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct flaps was = { 0 }, now;
		struct err   e = { 0 };

		for (const char *p = cases[i]; *p != '\0'; p++) {
			struct change    c = finding('f', *p, SEVERITY_HIGH);
			enum hold_reason hold = HOLD_NONE;
			bool             want = p[1] == '!';

			assert_true(flaps_check(mem, &plain, &was,
			    &(struct held_changes) { &c, &hold, *p == '.' ? 0 : 1, NULL, NULL },
			    &now, &e));
			if ((now.flapping == 1) != want)
				fail_msg("%s: at %zu", cases[i], (size_t)(p - cases[i]));
			flaps_hold(&now,
			    &(struct held_changes) { &c, &hold, *p == '.' ? 0 : 1, NULL, NULL });
			assert_int_equal(hold, want && *p != '.' ? HOLD_FLAPPING : HOLD_NONE);
			was = now;
			p += want;
		}
	}
}

static void
what_does_not_alert_does_not_flap(void **state)
{
	static const enum hold_reason held[] = { HOLD_ACCEPTED, HOLD_IGNORED, HOLD_TOLERANCE,
		HOLD_FOR_RUNS, HOLD_COLLECTION };
	struct err                    e = { 0 };

	(void)state;
	for (size_t i = 0; i < LEN(held); i++) {
		struct flaps was = { 0 }, now;

		for (int n = 0; n < 40; n++) {
			struct change    c = finding('f', 'a', SEVERITY_HIGH);
			enum hold_reason hold = held[i];

			assert_true(flaps_check(mem, &plain, &was,
			    &(struct held_changes) { &c, &hold, (size_t)n % 2, NULL, NULL }, &now,
			    &e));
			assert_int_equal(now.flapping, 0);
			assert_int_equal(now.n, 0);
			was = now;
		}
	}
}

/* ---- anomalies ---- */

static void
a_run_is_unusual_above_median_and_mad_with_a_floor(void **state)
{
	static const struct {
		const char *counts;
		int64_t     changes;
		bool        known, over;
		double      median, mad, limit;
	} cases[] = {
		{ "", 1000, false, false, 0, 0, 0 },
		{ "000000000", 1000, false, false, 0, 0, 0 }, /* nine */
		{ "0000000000", 1, true, false, 0, 0, 10 },
		{ "0000000000", 10, true, false, 0, 0, 10 },
		{ "0000000000", 11, true, true, 0, 0, 10 },
		{ "1234567891", 25, true, false, 4.5, 2.5, 17 + 0.0 },
		{ "9999999999990000000000", 19, true, false, 4.5, 4.5, 27 },
		{ "0000000000000000000009", 10, true, false, 0, 0, 10 },
	};
	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		int64_t        counts[ANOMALY_RUNS_MAX];
		size_t         n = 0;
		struct anomaly a;

		for (const char *p = cases[i].counts; *p != '\0'; p++)
			anomaly_add(counts, &n, *p - '0');
		anomaly_judge(&plain, counts, n, cases[i].changes, &a);
		assert_int_equal(a.known, cases[i].known);
		if (i ==
		    5) /* 1..9 and 1: median 4.5, distances 3.5 2.5 1.5 .5 .5 1.5 2.5 3.5 4.5 3.5 */
			assert_true(a.median == 4.5 && a.mad == 2.5 && a.limit == 17 && a.over);
		else if (a.known && (a.median != cases[i].median || a.mad != cases[i].mad ||
					a.limit != cases[i].limit || a.over != cases[i].over))
			fail_msg(
			    "%s: %g %g %g %d", cases[i].counts, a.median, a.mad, a.limit, a.over);
	}
}

static void
only_the_newest_runs_are_looked_back_on(void **state)
{
	struct limits  l = plain;
	int64_t        counts[ANOMALY_RUNS_MAX];
	size_t         n = 0;
	struct anomaly a;

	(void)state;
	l.anomaly_runs = 10;
	for (int i = 0; i < 300; i++)
		anomaly_add(counts, &n, i < 290 ? 1000 : 1);
	assert_int_equal(n, ANOMALY_RUNS_MAX);
	anomaly_judge(&l, counts, n, 12, &a);
	assert_true(a.known && a.over && a.runs == 10 && a.median == 1);
}

/* ---- losses ---- */

static void
losses_are_counted_by_collection(void **state)
{
	struct place             was[] = { { STR("a"), STR("1") }, { STR("a"), STR("2") },
			    { STR("b"), STR("1") }, { STR("b"), STR("2") }, { STR("c"), STR("x") } };
	struct place             is[] = { { STR("a"), STR("2") }, { STR("a"), STR("3") },
			    { STR("c"), STR("x") }, { STR("d"), STR("1") } };
	const struct places_held all = { was, LEN(was) }, now = { is, LEN(is) }, none = { was, 0 };
	struct losses            l;
	struct err               e = { 0 };

	(void)state;
	assert_true(losses_find(mem, &all, &now, &l, &e));
	assert_int_equal(l.n, 2);
	assert_true(str_eqz(l.of[0].category, "a") && l.of[0].removed == 1 && l.of[0].of == 2);
	assert_true(str_eqz(l.of[1].category, "b") && l.of[1].removed == 2 && l.of[1].of == 2);
	assert_true(losses_find(mem, &none, &now, &l, &e));
	assert_int_equal(l.n, 0);
	assert_true(losses_find(mem, &all, &none, &l, &e));
	assert_int_equal(l.n, 3);
	assert_true(loss_is_suspicious(&plain, &(struct loss) { STR("x"), 6, 10 }));
	assert_false(loss_is_suspicious(&plain, &(struct loss) { STR("x"), 5, 10 }));
	assert_false(loss_is_suspicious(&plain, &(struct loss) { STR("x"), 4, 4 }));
}

/* ---- deciding ---- */

/* An alert from run to run, in memory. */
struct way {
	struct limits    limits;
	struct flaps     flaps;
	struct decide_in in;
	struct decision  d;
};

static void
run(struct way *w, struct change *changes, enum hold_reason *holds, size_t n, bool complete)
{
	struct told *told;
	size_t       told_n;
	struct err   e = { 0 };

	w->in.limits = &w->limits;
	w->in.changes = changes;
	w->in.holds = holds;
	w->in.n = n;
	w->in.complete = w->in.read = complete;
	assert_true(decide(mem, &w->in, &w->d, &e));
	assert_true(decide_told(mem, &w->in, &w->d, &told, &told_n, &e));
	w->in.told = told;
	w->in.told_n = told_n;
	w->in.clean_runs = w->d.clean_runs;
	w->in.severity = w->d.severity;
	if (w->d.deed == DEED_OPEN)
		w->in.alert.b[0] = 1;
	if (w->d.deed == DEED_RESOLVE)
		w->in.alert.b[0] = 0;
	w->in.suppressed = w->in.alert.b[0] != 0 && w->d.suppressed;
}

static void
a_finding_is_told_once_and_again_with_another_value(void **state)
{
	struct way    w = { .limits = plain };
	struct change a[] = { finding('a', '1', SEVERITY_HIGH), finding('b', '1', SEVERITY_LOW) };
	struct change other[] = { finding('a', '2', SEVERITY_HIGH), a[1] };
	enum hold_reason free_[] = { HOLD_NONE, HOLD_NONE };

	(void)state;
	run(&w, a, free_, 1, true);
	assert_true(w.d.deed == DEED_OPEN && w.d.told && w.d.max == SEVERITY_HIGH);
	run(&w, a, free_, 1, true);
	assert_true(w.d.deed == DEED_UPDATE && !w.d.told && w.d.why == WHY_NOTHING_NEW);
	run(&w, a, free_, 2, true);
	assert_true(
	    w.d.deed == DEED_UPDATE && w.d.told && w.d.n == 2 && w.d.severity == SEVERITY_HIGH);
	run(&w, other, free_, 2, true);
	assert_true(w.d.told && w.d.fresh_n == 1);
	run(&w, a, free_, 0, false);
	assert_true(w.d.deed == DEED_NONE && w.d.why == WHY_INCOMPLETE);
	run(&w, a, free_, 0, true);
	assert_true(w.d.deed == DEED_RESOLVE && w.d.told);
	run(&w, a, free_, 0, true);
	assert_true(w.d.deed == DEED_NONE && w.d.why == WHY_NONE);
}

static void
thresholds_hold_back_an_opening_and_delay_an_end(void **state)
{
	struct way    w = { .limits = plain };
	struct change a[] = { finding('a', '1', SEVERITY_MEDIUM), finding('b', '1', SEVERITY_LOW) };
	enum hold_reason free_[] = { HOLD_NONE, HOLD_NONE };

	(void)state;
	w.limits.min_changes = 2;
	w.limits.min_score = 6;
	w.limits.clear_runs = 2;
	run(&w, a, free_, 1, true);
	assert_true(w.d.deed == DEED_NONE && w.d.why == WHY_MIN_CHANGES);
	run(&w, a, free_, 2, true);
	assert_true(w.d.deed == DEED_NONE && w.d.why == WHY_MIN_SCORE && w.d.score == 5);
	w.limits.min_score = 5;
	run(&w, a, free_, 2, true);
	assert_true(w.d.deed == DEED_OPEN && w.d.told);
	run(&w, a, free_, 0, true);
	assert_true(w.d.why == WHY_CLEAR_RUNS && w.d.go_on && w.d.clean_runs == 1);
	run(&w, a, free_, 1, true); /* an open one goes on; what came and went is not told again */
	assert_true(w.d.why == WHY_NOTHING_NEW && w.d.clean_runs == 0);
	run(&w, a, free_, 0, true);
	run(&w, a, free_, 0, true);
	assert_true(w.d.deed == DEED_RESOLVE);
}

static void
what_is_silenced_is_kept_and_told_when_that_ends(void **state)
{
	struct way       w = { .limits = plain };
	struct change    a[] = { finding('a', '1', SEVERITY_HIGH) };
	enum hold_reason silent[] = { HOLD_SILENCE }, free_[] = { HOLD_NONE };

	(void)state;
	run(&w, a, silent, 1, true);
	assert_true(w.d.deed == DEED_OPEN && !w.d.told && w.d.suppressed && w.d.silenced);
	w.in.again = true; /* between two snapshots: nothing has changed */
	run(&w, a, silent, 1, true);
	assert_true(w.d.deed == DEED_NONE);
	run(&w, a, free_, 1, true);
	assert_true(w.d.deed == DEED_UPDATE && w.d.told && !w.d.suppressed);
	run(&w, a, free_, 1, true);
	assert_true(w.d.deed == DEED_NONE && w.d.why == WHY_NOTHING_NEW);
}

/* Findings as words: letter, value, severity; ':' holds it by a silence. */
static size_t
parse_findings(const char *text, struct change *changes, enum hold_reason *holds)
{
	size_t n = 0;

	for (const char *p = text; *p != '\0'; p += *p == ' ') {
		static const char levels[] = "ilmhc";

		changes[n] = finding(p[0], p[1], (enum severity)(strchr(levels, p[2]) - levels));
		p += 3;
		holds[n++] = *p == ':' ? HOLD_SILENCE : HOLD_NONE;
		p += *p == ':';
	}
	return n;
}

/* What becomes of the severity, and whether it is told: '!'; an incomplete snapshot ends in '?'. */
static void
an_alert_is_as_severe_as_its_worst_finding_still_open(void **state)
{
	static const struct {
		const char *runs[6], *want;
	} cases[] = {
		{ { "a1h b1l", "b1l", "b1l", "" }, "high! low! low low!" },
		{ { "a1l", "a1l b1c", "a1l", "b2c" }, "low! critical! low! critical!" },
		{ { "a1c b1c", "b1c", "" }, "critical! critical critical!" },
		/* the same finding is another severity by another rule */
		{ { "a1h", "a1m", "a1c" }, "high! medium! critical!" },
		/* what was not read may still be there: it falls when it was read */
		{ { "a1h b1l", "b1l?", "b1l" }, "high! high low!" },
		{ { "a1l", "b1c?", "b1c" }, "low! critical! critical" },
		/* in a silence nothing is told, and what was told stays */
		{ { "a1h b1l", "b1l:", "b1l" }, "high! high low!" },
		{ { "a1l", "a1l: b1c:", "a1l b1c" }, "low! low critical!" },
		{ { "a1l:", "b1c:", "b1c" }, "low critical critical!" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct way w = { .limits = plain };
		char      *said = talloc_strdup(mem, "");

		for (size_t r = 0; cases[i].runs[r] != NULL; r++) {
			struct change    changes[4];
			enum hold_reason holds[4];
			char            *text = talloc_strdup(mem, cases[i].runs[r]);
			char            *unread = strchr(text, '?');

			if (unread != NULL)
				*unread = '\0';
			run(&w, changes, holds, parse_findings(text, changes, holds),
			    unread == NULL);
			said = talloc_asprintf_append(said, "%s%s%s", r == 0 ? "" : " ",
			    severity_name(w.d.severity), w.d.told ? "!" : "");
		}
		assert_string_equal(said, cases[i].want);
	}
}

/* One check of a finding that is there or not, as an ingest does it. */
static void
check(struct way *w, bool there)
{
	struct change            *c = talloc_zero(mem, struct change);
	enum hold_reason         *hold = talloc_zero(mem, enum hold_reason);
	struct flaps              now;
	struct err                e = { 0 };
	const struct held_changes found = { c, hold, there, NULL, NULL };

	*c = finding('a', '1', SEVERITY_HIGH);
	assert_true(flaps_check(mem, &w->limits, &w->flaps, &found, &now, &e));
	flaps_hold(&now, &found);
	w->flaps = now;
	w->in.flaps = &w->flaps;
	run(w, c, hold, there, true);
}

/* Whatever it did before: told when it has calmed, as it is then. */
static void
flapping_loses_nothing(void **state)
{
	(void)state;
	for (int start = 0; start < 2; start++) {
		for (int end = 0; end < 2; end++) {
			struct way w = { .limits = plain };
			int        told = 0, flapping = 0, calm = 0;

			for (int i = start; i < 24; i++) {
				check(&w, i % 2 == 1);
				if (w.flaps.flapping > 0 && w.flaps.began == 0)
					assert_false(w.d.told);
				told += w.d.told;
				flapping += w.flaps.flapping > 0;
			}
			assert_in_range(told, 7, 9);
			assert_in_range(flapping, 12, 16);
			for (int i = 0; i < 21 && calm == 0; i++) {
				check(&w, end == 1);
				calm += w.flaps.flapping == 0;
			}
			assert_int_equal(calm, 1);
			if (end == 1) {
				assert_true(w.d.told && w.d.deed == DEED_UPDATE && !w.d.suppressed);
				assert_false(uuid_is_nil(&w.in.alert));
			} else {
				assert_true(w.d.deed == DEED_RESOLVE);
				assert_true(uuid_is_nil(&w.in.alert));
			}
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_step_weighs_half_as_much_again_as_the_oldest),
		cmocka_unit_test(it_flaps_from_high_on_until_below_low),
		cmocka_unit_test(what_does_not_alert_does_not_flap),
		cmocka_unit_test(a_run_is_unusual_above_median_and_mad_with_a_floor),
		cmocka_unit_test(only_the_newest_runs_are_looked_back_on),
		cmocka_unit_test(losses_are_counted_by_collection),
		cmocka_unit_test(a_finding_is_told_once_and_again_with_another_value),
		cmocka_unit_test(thresholds_hold_back_an_opening_and_delay_an_end),
		cmocka_unit_test(what_is_silenced_is_kept_and_told_when_that_ends),
		cmocka_unit_test(an_alert_is_as_severe_as_its_worst_finding_still_open),
		cmocka_unit_test(flapping_loses_nothing),
	};

	return cmocka_run_group_tests_name("decide", tests, make_mem, free_mem);
}
