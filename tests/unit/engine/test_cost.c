/*
 * What the worst configs and documents cost (tests/lib/costly.h), in counted steps: they grow with
 * what is asked, not with its square, and what costs more than a request may ends within it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/costly.h"
#include "tests/unit/mem.h"

/* By how much a size is less than at the documented limits: this is run under checkers too. */
#define PART 64

static void
run(const struct costly *c, unsigned n, uint64_t steps_max, struct work *work, struct err *e)
{
	struct costly_parts p;
	TALLOC_CTX         *own = talloc_new(mem);

	costly_make(own, c, n, &p);
	*e = (struct err) { 0 };
	work_begin(work, WORK_REQUEST, NULL);
	work->steps_max = steps_max;
	if (!costly_compare(own, &p, work, e) && e->code != ERR_TOO_COSTLY)
		fail_msg("%s: %s %s", c->name, e->pub, e->detail);
	talloc_free(own);
}

/* At the least what passing over the documents once is worth: a step is worth so much that a
 * request ends in time. */
static bool
is_counted(const struct costly *c, unsigned n, const struct work *work)
{
	struct costly_parts p;
	TALLOC_CTX         *own = talloc_new(mem);
	bool                yes;

	costly_make(own, c, n, &p);
	yes = work->spent >= (p.old.n + p.new.n) / 64;
	talloc_free(own);
	return yes;
}

static void
what_the_worst_costs_is_counted_and_grows_with_its_size_and_no_faster(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSTLY; i++) {
		const struct costly *c = &costly_all[i];
		struct work          one, two, four;
		struct err           e;

		run(c, c->full / PART / 4, UINT64_MAX, &one, &e);
		assert_int_equal(e.code, ERR_OK);
		run(c, c->full / PART / 2, UINT64_MAX, &two, &e);
		assert_int_equal(e.code, ERR_OK);
		run(c, c->full / PART, UINT64_MAX, &four, &e);
		print_message("# %-16s %9llu %9llu %9llu steps\n", c->name,
		    (unsigned long long)one.spent, (unsigned long long)two.spent,
		    (unsigned long long)four.spent);
		/* twice as much again for twice the size; a tenth for logarithms */
		if (four.spent - two.spent > (two.spent - one.spent) * 22 / 10)
			fail_msg("%s", c->name);
		if (!is_counted(c, c->full / PART, &four))
			fail_msg("%s: %llu", c->name, (unsigned long long)four.spent);
	}
}

static void
what_costs_more_than_a_request_may_ends_within_it(void **state)
{
	unsigned refused = 0;

	(void)state;
	for (size_t i = 0; i < COSTLY; i++) {
		const struct costly *c = &costly_all[i];
		const uint64_t       most = 120000000 / PART;
		struct work          work;
		struct err           e;

		run(c, c->full / PART, most, &work, &e);
		refused += e.code == ERR_TOO_COSTLY;
		/* spent before it is done, but for what is counted in passing */
		if (e.code == ERR_OK && work.spent > most)
			fail_msg("%s took %llu steps", c->name, (unsigned long long)work.spent);
		if (e.code == ERR_TOO_COSTLY)
			assert_in_range(strlen(e.pub), 60, sizeof e.pub - 2);
	}
	assert_in_range(refused, 5, COSTLY - 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_the_worst_costs_is_counted_and_grows_with_its_size_and_no_faster),
		TEST(what_costs_more_than_a_request_may_ends_within_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
