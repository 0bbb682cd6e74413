/* Masked places: what elements with masked and long keys are known by, and how many values were
 * set. */
#include <stdio.h>
#include <string.h>

#include "core/store/tenant/forget.h"
#include "drift/engine/masked.h"
#include "drift/run/masking.h"
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
		bool                 accepted = i % 2 == 1;
		const char          *old = cases[i / 2].old, *new = cases[i / 2].new;
		struct uuid          c = drift_config(x, DRIFT_PUSH);
		struct ingest_answer a;
		int64_t              told;

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

/* ---- counting ---- */

/* What is to be told of after a push, as "changes path", and then was. */
static const char *
due_after(struct drift_world *x, const struct uuid *config, const char *more, const char *value)
{
	struct err           e = { 0 };
	struct ingest_answer a =
	    drift_push(x, x, config, drift_body(x, more, 1, (const char *const[]) { value }));
	char *text = talloc_strdup(x, "");

	for (size_t i = 0; i < a.masking_n; i++) {
		const struct masking *m = &a.masking[i];
		bool                  first;

		text = talloc_asprintf_append(text, "%s%d %.*s", i > 0 ? " " : "",
		    (int)m->count.changes, m->place == NULL ? 4 : (int)m->place->path.n,
		    m->place == NULL ? "many" : m->place->path.p);
		assert_true(masked_changes_told(x->t->db, &m->count, &first, &e) && first);
	}
	return text;
}

static const char *
text_of(struct drift_world *x, const char *before, int n, const char *after)
{
	return talloc_asprintf(x, "%s%d%s", before, n, after);
}

#define SPEC(more) "{\"source\":{\"kind\":\"push\"}" more "}"

static void
the_twenty_first_value_of_a_masked_place_in_a_day_is_told_once(void **state)
{
	static const struct {
		const char *spec, *before, *after, *baseline, *path, *more;
		int         each; /* values that one push counts as */
	} cases[] = {
		{ SPEC(""), "{\"password\":\"v", "\"}", "{\"password\":\"x\"}", "/password", "",
		    1 },
		{ SPEC(""), "[{\"id\":\"a\",\"secret\":\"v", "\"}]",
		    "[{\"id\":\"a\",\"secret\":\"0\"}]", "/[id=\"a\"]/secret", "", 1 },
		{ SPEC(",\"compare\":{\"normalise\":[{\"how\":\"mask\",\"path\":\"/l/*\"}]}"),
		    "{\"l\":[0,", "]}", "{\"l\":[0,\"x\"]}", "/l/*", "", 2 },
		{ SPEC(",\"compare\":{\"arrays\":[{\"path\":\"\",\"mode\":\"keyed\",\"keys\":["
		       "\"secret\"]}]}"),
		    "[{\"secret\":\"v", "\"}]", "[{\"secret\":\"x\"}]", "/*", "", 2 },
		{ SPEC(""), "{\"note\":\"Bearer abcd", "\"}", "{\"note\":\"Bearer wxyz01\"}",
		    "/note", "", 1 },
		{ SPEC(""), "{\"url\":\"x://u:p", "@h\"}", "{\"url\":\"x://u:q@h\"}", "/url", "",
		    1 },
		{ SPEC(",\"rules\":[{\"path\":\"/**\",\"severity\":\"ignore\"}]"),
		    "{\"password\":\"v", "\"}", "{\"password\":\"x\"}", "/password", "", 1 },
		{ SPEC(""), "[{\"a\":1,\"b\":2,\"secret\":\"v", "\"}]",
		    "[{\"a\":1,\"b\":2,\"secret\":\"x\"}]", "/*", "", 1 },
		{ SPEC(",\"baseline\":{\"mode\":\"previous\"}"), "[{\"a\":1,\"b\":2,\"secret\":\"v",
		    "\"}]", "[{\"a\":1,\"b\":2,\"secret\":\"x\"}]", "/*", "", 1 },
		{ SPEC(",\"baseline\":{\"mode\":\"previous\"}"), "{\"password\":\"v", "\"}",
		    "{\"password\":\"x\"}", "/password", "", 1 },
		{ SPEC(""), "{\"password\":\"v", "\"}", "{\"password\":\"x\"}", "/password",
		    ",\"collected_at\":\"2020-01-01T00:00:00Z\"", 1 },
	};
	struct drift_world *x = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct uuid c = drift_config(x, cases[i].spec);
		int         n = 0, pushes = MASKED_CHANGES_TOLD / cases[i].each;
		const char *got;

		assert_string_equal(due_after(x, &c, "", cases[i].baseline), "");
		for (int k = 0; k < pushes; k++)
			assert_string_equal(due_after(x, &c, cases[i].more,
						text_of(x, cases[i].before, ++n, cases[i].after)),
			    "");
		/* the same values again are no others */
		for (int k = 0; k < 3; k++)
			assert_string_equal(due_after(x, &c, cases[i].more,
						text_of(x, cases[i].before, n, cases[i].after)),
			    "");
		got = due_after(
		    x, &c, cases[i].more, text_of(x, cases[i].before, ++n, cases[i].after));
		assert_string_equal(got, talloc_asprintf(x, "%d %s",
					     MASKED_CHANGES_TOLD + cases[i].each, cases[i].path));
		assert_string_equal(due_after(x, &c, cases[i].more,
					text_of(x, cases[i].before, ++n, cases[i].after)),
		    "");
	}
}

static void
many_values_of_one_push_count_each_and_a_day_begins_anew(void **state)
{
	struct drift_world *x = *state;
	struct err          e = { 0 };
	struct uuid         c =
	    drift_config(x, SPEC(",\"compare\":{\"arrays\":[{\"path\":\"/l\",\"mode\":\"set\"}],"
				 "\"normalise\":[{\"how\":\"mask\",\"path\":\"/l/*\"}]}"));
	char *many = talloc_strdup(x, "{\"l\":[\"x\"");

	for (int i = 0; i < 30; i++)
		many = talloc_asprintf_append(many, ",%d", i);
	many = talloc_strdup_append(many, "]");
	assert_string_equal(due_after(x, &c, "", "{\"l\":[\"x\"]}"), "");
	assert_string_equal(due_after(x, &c, "", talloc_asprintf(x, "%s}", many)), "30 /l/*");
	drift_sql(x, "UPDATE %s.masked_changes SET day = day - 1");
	assert_string_equal(due_after(x, &c, "", talloc_asprintf(x, "%s,\"n\":1}", many)), "");
	assert_int_equal(drift_count(x, "SELECT changes FROM %s.masked_changes"), 0);
	drift_sql(x, "UPDATE %s.masked_changes SET day = day - 8, actor = UNHEX(REPEAT('ab', 16))");
	(void)due_after(x, &c, "", "{\"l\":[\"x\",1]}");
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.masked_changes"), 2);
	assert_ok(forget_old(x->t, (instant) { clock_ms(&clock_system) }, NULL, &e));
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.masked_changes"), 1);
}

static char *
secrets(struct drift_world *x, int n, int value)
{
	char *text = talloc_strdup(x, "{\"n\":1");

	for (int i = 0; i < n; i++)
		text = talloc_asprintf_append(text, ",\"m%d\":{\"password\":\"%d\"}", i, value + i);
	return talloc_strdup_append(text, "}");
}

static void
very_many_places_cost_few_rows_and_none_of_them_escapes(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(x, DRIFT_PUSH);

	assert_string_equal(due_after(x, &c, "", secrets(x, 1500, 0)), "");
	for (int i = 1; i <= MASKED_CHANGES_TOLD; i++)
		assert_string_equal(due_after(x, &c, "", secrets(x, 1500, 10000 * i)), "");
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.masked_changes"), MASKING_PLACES_MAX + 1);
	assert_non_null(strstr(due_after(x, &c, "", secrets(x, 1500, 1)), "21 "));
	assert_non_null(strstr(due_after(x, &c, "", secrets(x, 1500, 2)), "22 "));
	assert_non_null(strstr(due_after(x, &c, "", secrets(x, 1500, 3)), "23 "));
	assert_non_null(strstr(due_after(x, &c, "", secrets(x, 1500, 4)), "24 "));
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.masked_changes WHERE NOT told"), 0);
}

/* New ones with a name of their own are no guesses at another. */
static void
new_elements_and_resources_with_secrets_are_no_guesses(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(x, DRIFT_PUSH);
	char               *text = talloc_strdup(x, "[{\"id\":0,\"secret\":0}");

	assert_string_equal(due_after(x, &c, "", "[{\"id\":0,\"secret\":0}]"), "");
	for (int i = 1; i < 40; i++) {
		text = talloc_asprintf_append(text, ",{\"id\":%d,\"secret\":%d}", i, i);
		assert_string_equal(due_after(x, &c, "", talloc_asprintf(x, "%s]", text)), "");
	}
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.masked_changes"), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, drift_set_up, drift_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_told_and_decided_of_an_element_with_a_long_or_masked_key_stays),
		TEST(the_twenty_first_value_of_a_masked_place_in_a_day_is_told_once),
		TEST(many_values_of_one_push_count_each_and_a_day_begins_anew),
		TEST(very_many_places_cost_few_rows_and_none_of_them_escapes),
		TEST(new_elements_and_resources_with_secrets_are_no_guesses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
