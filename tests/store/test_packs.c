/* Which rule packs the first snapshot of a config suggests, and when nobody is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/store/drift_world.h"

#define KUBE  "{\"kind\":\"Role\",\"apiVersion\":\"v1\"}"
#define CLOUD "{\"bindings\":[{\"role\":\"x\"},{\"role\":\"roles/owner\"}]}"
#define OTHER "{\"a\":1}"

static char folder[] = "/tmp/bsx-packs-XXXXXX";

static const char *const packs[][2] = {
	{ "cloud", "{\"name\":\"cloud\",\"suits\":[{\"path\":\"/bindings/*/role\","
		   "\"value\":{\"match\":\"roles/*\"}}]}" },
	{ "kube", "{\"name\":\"kube\",\"suits\":[{\"where\":{\"/nothing\":{\"exists\":true}}},"
		  "{\"category\":\"C*\",\"where\":{\"/kind\":{\"exists\":true},"
		  "\"/apiVersion\":{\"match\":\"v*\"}}}]}" },
	{ "plain", "{\"name\":\"plain\"}" },
	{ "torn", "{\"name\":\"torn\"," },
};

static char *
file_of(TALLOC_CTX *mem, const char *name)
{
	return talloc_asprintf(mem, "%s/%s.json", folder, name);
}

static int
set_up(void **state)
{
	struct drift_world *x;
	TALLOC_CTX         *mem = talloc_new(NULL);

	if (drift_set_up(state) != 0 || mkdtemp(folder) == NULL)
		return 1;
	x = *state;
	for (size_t i = 0; i < sizeof packs / sizeof *packs; i++) {
		FILE *f = fopen(file_of(mem, packs[i][0]), "w");

		if (f == NULL || fputs(packs[i][1], f) < 0 || fclose(f) != 0)
			return 1;
	}
	x->w->conf.rules_dir = folder;
	talloc_free(mem);
	return 0;
}

static int
tear_down(void **state)
{
	TALLOC_CTX *mem = talloc_new(NULL);

	for (size_t i = 0; i < sizeof packs / sizeof *packs; i++)
		unlink(file_of(mem, packs[i][0]));
	rmdir(folder);
	talloc_free(mem);
	return drift_tear_down(state);
}

static const char *
suggested(struct drift_world *x, TALLOC_CTX *mem, const struct uuid *config)
{
	struct drift_config c;
	struct err          e = { 0 };

	assert_true(config_by_id(x->t, mem, config, &c, &e));
	return c.suggested_packs.text != NULL ? c.suggested_packs.text : "null";
}

static void
the_first_snapshot_suggests_what_it_looks_like(void **state)
{
	static const struct {
		size_t      n;
		const char *values[3], *want;
	} cases[] = {
		{ 1, { KUBE }, "[\"kube\"]" },
		{ 1, { CLOUD }, "[\"cloud\"]" },
		{ 3, { KUBE, CLOUD, KUBE }, "[\"kube\",\"cloud\"]" },
		{ 2, { KUBE, CLOUD }, "[\"cloud\",\"kube\"]" },
		{ 2, { OTHER, KUBE }, "[\"kube\"]" },
		{ 1, { OTHER }, "[]" },
		{ 1, { "{\"kind\":\"Role\"}" }, "[]" },
		{ 1, { "[]" }, "[]" },
	};
	struct drift_world *x = *state;
	TALLOC_CTX         *mem = talloc_new(NULL);

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct uuid config = drift_config(x, DRIFT_PUSH);

		drift_push_values(x, &config, cases[i].n, cases[i].values);
		assert_string_equal(suggested(x, mem, &config), cases[i].want);
	}
	talloc_free(mem);
}

/* One that has nothing says nothing, and one that comes later does not change what was said. */
static void
an_empty_snapshot_is_not_the_first_and_a_later_one_changes_nothing(void **state)
{
	struct drift_world *x = *state;
	TALLOC_CTX         *mem = talloc_new(NULL);
	struct uuid         config = drift_config(x, DRIFT_PUSH);

	assert_string_equal(suggested(x, mem, &config), "null");
	drift_push(x, mem, &config, "{\"resources\":[]}");
	assert_string_equal(suggested(x, mem, &config), "null");
	drift_push_values(x, &config, VALUES(KUBE));
	assert_string_equal(suggested(x, mem, &config), "[\"kube\"]");
	drift_push_values(x, &config, VALUES(CLOUD, CLOUD));
	assert_string_equal(suggested(x, mem, &config), "[\"kube\"]");
	talloc_free(mem);
}

static void
a_config_that_names_packs_is_told_of_none(void **state)
{
	struct drift_world *x = *state;
	TALLOC_CTX         *mem = talloc_new(NULL);
	struct uuid         config =
	    drift_config(x, "{\"source\":{\"kind\":\"push\"},\"rule_packs\":[\"plain\"]}");

	drift_push_values(x, &config, VALUES(KUBE));
	assert_string_equal(suggested(x, mem, &config), "null");
	talloc_free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_snapshot_suggests_what_it_looks_like),
		cmocka_unit_test(
		    an_empty_snapshot_is_not_the_first_and_a_later_one_changes_nothing),
		cmocka_unit_test(a_config_that_names_packs_is_told_of_none),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
