/* fold.h: which event stands for which. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "drift/alert/alerting.h"
#include "drift/alert/fold.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static void
the_opening_and_the_end_are_two_messages_where_a_kind_keeps_both(void **state)
{
	static const struct {
		bool        opens; /* the older */
		const char *newer;
		bool        keeps_ends, allowed;
	} cases[] = {
		{ true, EVENT_RESOLVED, true, false },
		{ true, EVENT_RESOLVED, false, true },
		{ true, EVENT_UPDATED, true, true },
		{ true, EVENT_UPDATED, false, true },
		{ false, EVENT_RESOLVED, true, true },
		{ false, EVENT_RESOLVED, false, true },
		{ false, EVENT_UPDATED, true, true },
		{ true, EVENT_ATTRIBUTED, true, true },
		{ false, EVENT_ATTRIBUTED, true, true },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const struct outbox older = { .opens = cases[i].opens,
			.event = cases[i].opens ? EVENT_OPENED : EVENT_UPDATED };
		const struct outbox newer = { .event = cases[i].newer };

		assert_int_equal(
		    fold_allowed(cases[i].keeps_ends, &older, &newer), cases[i].allowed);
	}
	assert_true(fold_keeps_ends("pagerduty"));
	assert_false(fold_keeps_ends("webhook"));
	assert_false(fold_keeps_ends("a kind that is none"));
}

static void
what_takes_in_an_opening_is_one_and_as_bad_as_the_worst_of_both(void **state)
{
	const struct outbox older = { .opens = true,
		.event = EVENT_OPENED,
		.worst = (char *)(uintptr_t) "high",
		.folded = 3,
		.wait_s = 0 };
	struct outbox       update = {
		      .event = EVENT_UPDATED, .worst = (char *)(uintptr_t) "low", .wait_s = 200
	};
	struct outbox end = update;

	(void)state;
	end.event = EVENT_RESOLVED;
	fold_into(&update, &older);
	assert_string_equal(update.event, EVENT_OPENED);
	assert_true(update.opens);
	assert_string_equal(update.worst, "high");
	assert_int_equal(update.folded, 4);
	assert_int_equal(update.wait_s, 0);
	assert_false(fold_never_sent(&update));
	fold_into(&end, &update);
	assert_string_equal(end.event, EVENT_RESOLVED);
	assert_true(fold_never_sent(&end));
	assert_false(fold_needless(&end));
	end.worst = (char *)(uintptr_t) "medium";
	assert_true(fold_needless(&end));
}

/* What the receiver has not heard comes first: that somebody is known for it is in the message all
 * the same. */
static void
who_made_it_is_no_news_of_its_own_while_the_change_is_news(void **state)
{
	static const struct {
		bool        opens;
		const char *older, *newer, *became;
	} cases[] = {
		{ true, EVENT_OPENED, EVENT_ATTRIBUTED, EVENT_OPENED },
		{ false, EVENT_UPDATED, EVENT_ATTRIBUTED, EVENT_UPDATED },
		{ false, EVENT_ATTRIBUTED, EVENT_UPDATED, EVENT_UPDATED },
		{ false, EVENT_ATTRIBUTED, EVENT_RESOLVED, EVENT_RESOLVED },
		{ true, EVENT_OPENED, EVENT_RESOLVED, EVENT_RESOLVED },
		{ false, EVENT_REOPENED, EVENT_UPDATED, EVENT_REOPENED },
		{ false, EVENT_UPDATED, EVENT_REOPENED, EVENT_REOPENED },
		{ false, EVENT_REOPENED, EVENT_ATTRIBUTED, EVENT_REOPENED },
		{ true, EVENT_OPENED, EVENT_REOPENED, EVENT_OPENED },
		{ false, EVENT_ACKNOWLEDGED, EVENT_UPDATED, EVENT_UPDATED },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const struct outbox older = { .opens = cases[i].opens, .event = cases[i].older };
		struct outbox       newer = { .event = cases[i].newer };

		fold_into(&newer, &older);
		assert_string_equal(newer.event, cases[i].became);
		assert_int_equal(newer.folded, 1);
	}
}

/* What stands in a waiting message is either findings or work; a kind that keeps both ends loses no
 * work in what follows, but where that says the opposite. */
static void
work_takes_in_only_work_and_is_not_lost_where_it_is_kept(void **state)
{
	static const struct {
		const char *older, *newer;
		bool        allowed, kept;
	} cases[] = {
		{ EVENT_OPENED, EVENT_ACKNOWLEDGED, false, false },
		{ EVENT_UPDATED, EVENT_ACKNOWLEDGED, false, false },
		{ EVENT_REOPENED, EVENT_ACKNOWLEDGED, false, false },
		{ EVENT_ASSIGNED, EVENT_ACKNOWLEDGED, true, true },
		{ EVENT_ACKNOWLEDGED, EVENT_IN_PROGRESS, true, true },
		{ EVENT_ACKNOWLEDGED, EVENT_UPDATED, true, false },
		{ EVENT_ACKNOWLEDGED, EVENT_ATTRIBUTED, true, false },
		{ EVENT_ACKNOWLEDGED, EVENT_REOPENED, true, true },
		{ EVENT_ACKNOWLEDGED, EVENT_RESOLVED, true, true },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const struct outbox older = { .event = cases[i].older };
		const struct outbox newer = { .event = cases[i].newer };

		assert_int_equal(fold_allowed(false, &older, &newer), cases[i].allowed);
		assert_int_equal(fold_allowed(true, &older, &newer), cases[i].kept);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_opening_and_the_end_are_two_messages_where_a_kind_keeps_both),
		cmocka_unit_test(what_takes_in_an_opening_is_one_and_as_bad_as_the_worst_of_both),
		cmocka_unit_test(who_made_it_is_no_news_of_its_own_while_the_change_is_news),
		cmocka_unit_test(work_takes_in_only_work_and_is_not_lost_where_it_is_kept),
	};

	return cmocka_run_group_tests_name("fold", tests, NULL, NULL);
}
