/* Decisions follow an element of an array when its way of being known changes. */
#include <string.h>

#include "tests/store/drift_world.h"

/* The baseline, what was decided of, and what comes after it; another element of the array decides
 * by what the one with the id y is known. */
static const struct {
	const char *baseline, *decided, *then;
} cases[] = {
	/* another has no id, a null one, a repeated one, is a scalar, has a fraction */
	{ "[{\"id\":\"y\",\"v\":1},{\"id\":\"z\"}]", "[{\"id\":\"y\",\"v\":2},{\"id\":\"z\"}]",
	    "[{\"id\":\"y\",\"v\":2},{\"id\":\"z\"},{\"w\":1}]" },
	{ "[{\"id\":\"y\",\"v\":1},{\"id\":\"z\"}]", "[{\"id\":\"y\",\"v\":2},{\"id\":\"z\"}]",
	    "[{\"id\":\"y\",\"v\":2},{\"id\":\"z\"},{\"id\":null}]" },
	{ "[{\"id\":\"y\",\"v\":1},{\"id\":\"z\"}]", "[{\"id\":\"y\",\"v\":2},{\"id\":\"z\"}]",
	    "[{\"id\":\"y\",\"v\":2},{\"id\":\"z\"},{\"id\":\"z\"}]" },
	{ "[{\"id\":\"y\",\"v\":1},{\"id\":\"z\"}]", "[{\"id\":\"y\",\"v\":2},{\"id\":\"z\"}]",
	    "[{\"id\":\"y\",\"v\":2},{\"id\":\"z\"},7]" },
	{ "[{\"id\":\"y\",\"v\":1},{\"id\":\"z\"}]", "[{\"id\":\"y\",\"v\":2},{\"id\":\"z\"}]",
	    "[{\"id\":\"y\",\"v\":2},{\"id\":\"z\"},{\"id\":1.5}]" },
	/* its own id stands twice now: it is paired with what the baseline has */
	{ "[{\"id\":\"y\",\"v\":1,\"a\":1,\"b\":1}]", "[{\"id\":\"y\",\"v\":2,\"a\":1,\"b\":1}]",
	    "[{\"id\":\"y\",\"v\":2,\"a\":1,\"b\":1},{\"id\":\"y\",\"v\":9,\"a\":9,\"b\":9}]" },
	/* all had a name, and one more has an id only */
	{ "[{\"id\":\"y\",\"name\":\"n\",\"v\":1},{\"name\":\"m\"}]",
	    "[{\"id\":\"y\",\"name\":\"n\",\"v\":2},{\"name\":\"m\"}]",
	    "[{\"id\":\"y\",\"name\":\"n\",\"v\":2},{\"name\":\"m\"},{\"id\":\"x\"}]" },
};

static void
decided(struct drift_world *x, const char *status)
{
	drift_sql(x,
	    talloc_asprintf(x,
		"UPDATE %%s.drift_findings SET status = '%s', reason = 'r', owner = 'o'", status));
}

static void
what_was_decided_of_an_element_stays_when_it_is_known_otherwise(void **state)
{
	static const char *const statuses[] = { "accepted", "ignored" };
	struct drift_world      *x = *state;

	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		const char          *status = statuses[i % 2];
		struct uuid          c = drift_config(x, DRIFT_PUSH);
		const char          *count;
		struct ingest_answer a;

		drift_sql(x, "DELETE FROM %s.drift_findings");
		drift_push_values(x, &c, VALUES(cases[i / 2].baseline));
		a = drift_push_values(x, &c, VALUES(cases[i / 2].decided));
		assert_int_equal(a.report.modified, 1);
		decided(x, status);
		a = drift_push_values(x, &c, VALUES(cases[i / 2].then));
		assert_int_equal(a.report.created, 1);
		assert_int_equal(a.report.modified, i % 2); /* what is ignored is counted */
		count = talloc_asprintf(x,
		    "SELECT COUNT(*) FROM %%s.drift_findings WHERE present AND status = '%s'",
		    status);
		assert_int_equal(drift_count(x, count), 1);
		/* and it is so when the array is as it was */
		a = drift_push_values(x, &c, VALUES(cases[i / 2].decided));
		assert_int_equal(a.report.modified + a.report.created, i % 2);
		assert_int_equal(drift_count(x, count), 1);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, drift_set_up, drift_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_decided_of_an_element_stays_when_it_is_known_otherwise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
