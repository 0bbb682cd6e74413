/* Masked places: what elements with masked and long keys are known by. */
#include <stdio.h>
#include <string.h>

#include "drift/engine/diff.h"
#include "tests/store/drift_world.h"

#define K80 "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"

/* ---- names that were given before they had hashes ---- */

static struct resource
normal(struct drift_world *x, const struct compare_spec *spec, const char *text)
{
	struct err      e = { 0 };
	struct resource r = { STR("c"), STR("k0"), json_parse(x, str_of(text), &e) };

	assert_true(r.value != NULL && resource_normalise(x, spec, &r, RESOURCE_SOURCE, NULL, &e));
	return r;
}

/* Puts what is known of the one change from `old` to `new` where it was before: in hex, by which
 * fingerprint it is known now, and by which it was. */
static void
go_back(struct drift_world *x, const char *old, const char *new, char was[65])
{
	static const char *const tables[][2] = { { "drift_findings", "fingerprint" },
		{ "drift_changes", "fingerprint" }, { "alert_findings", "fingerprint" },
		{ "drift_history", "subject" } };
	struct err               e = { 0 };
	struct compare_spec *spec = compare_compile(x, NULL, NULL, 0, x->t->address_key, NULL, &e);
	struct diff         *d = diff_make(x, spec, NULL, NULL, &e);
	struct resource      a = normal(x, spec, old), b = normal(x, spec, new);

	assert_true(diff_resource(d, &a, &b, &e));
	assert_int_equal(d->n, 1);
	assert_non_null(d->changes[0].former);
	hex_print(d->changes[0].former, HASH_LEN, was);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		drift_sql(x, talloc_asprintf(x, "UPDATE %%s.%s SET %s = UNHEX('%s')", tables[i][0],
				 tables[i][1], was));
}

static void
what_was_told_and_decided_of_an_element_with_a_long_or_masked_key_stays(void **state)
{
	static const struct {
		const char *old, *new;
	} cases[] = {
		{ "[{\"id\":\"" K80 "\",\"v\":1}]", "[{\"id\":\"" K80 "\",\"v\":2}]" },
		{ "{\"l\":[1]}", "{\"l\":[1,{\"password\":\"p\"}]}" },
	};
	struct drift_world *x = *state;
	char                was[65];

	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		bool               accepted = i % 2 == 1;
		const char        *old = cases[i / 2].old, *new = cases[i / 2].new;
		struct uuid        c = drift_config(x, DRIFT_PUSH);
		struct push_answer a;
		int64_t            told;

		for (const char *const *t = (const char *const[]) { "drift_findings",
			 "drift_changes", "alert_findings", "drift_history", "alerts", NULL };
		     *t != NULL; t++)
			drift_sql(x, talloc_asprintf(x, "DELETE FROM %%s.%s", *t));
		drift_push_values(x, &c, VALUES(old, "0"));
		drift_push_values(x, &c, VALUES(new, "0"));
		go_back(x, old, new, was);
		if (accepted)
			drift_sql(x,
			    "UPDATE %s.drift_findings SET status = 'accepted', reason = 'r',"
			    " owner = 'o'");
		told = drift_count(x, "SELECT COUNT(*) FROM %s.alerts");
		a = drift_push_values(x, &c, VALUES(new, "0"));
		a = drift_push_values(x, &c, VALUES(new, "1")); /* something else is new */
		assert_int_equal(a.report.modified + a.report.created, accepted ? 1 : 2);
		assert_int_equal(
		    drift_count(x, talloc_asprintf(x,
				       "SELECT COUNT(*) FROM %%s.drift_findings WHERE present AND "
				       "fingerprint = UNHEX('%s') AND status = '%s'",
				       was, accepted ? "accepted" : "detected")),
		    1);
		assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.drift_findings"), 2);
		assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.drift_history"), 0);
		assert_int_equal(told, drift_count(x, "SELECT COUNT(*) FROM %s.alerts"));
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, drift_set_up, drift_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_told_and_decided_of_an_element_with_a_long_or_masked_key_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
