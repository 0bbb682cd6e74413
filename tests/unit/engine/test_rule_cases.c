/*
 * Every rule of every pack in etc/rules, by the cases of tests/rules: a change it must decide, with
 * its severity and reason, and one that is near and must not be its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/engine/diff.h"

static const uint8_t key[HASH_LEN] = { 1 };

struct world {
	TALLOC_CTX          *mem;
	const char          *name;
	struct rule_pack    *pack;
	struct rules        *rules;
	struct compare_spec *spec;
	const struct json   *cases;
};

static struct str
read_text(TALLOC_CTX *mem, const char *folder, const char *name)
{
	char  *file = talloc_asprintf(mem, "%s/%s.json", folder, name);
	char  *text = talloc_size(mem, 1 << 20);
	FILE  *f = fopen(file, "rb");
	size_t n;

	if (f == NULL)
		fail_msg("%s: run the tests in the source tree", file);
	n = fread(text, 1, 1 << 20, f);
	fclose(f);
	return (struct str) { text, n };
}

static void
load(struct world *w, const char *name)
{
	const struct rule_pack *list[1];
	struct err              e = { 0 };

	w->mem = talloc_new(NULL);
	w->name = name;
	w->pack = rule_pack_parse(w->mem, read_text(w->mem, "etc/rules", name), &e);
	assert_non_null(w->pack);
	list[0] = w->pack;
	w->rules = rules_compile(w->mem, NULL, list, 1, NULL, &e);
	w->spec = compare_compile(w->mem, NULL, list, 1, key, NULL, &e);
	w->cases = json_parse(w->mem, read_text(w->mem, "tests/rules", name), &e);
	if (w->rules == NULL || w->spec == NULL || w->cases == NULL)
		fail_msg("%s: %s %s", name, e.pub, e.faults != NULL ? e.faults->pointer : "");
	assert_int_equal(w->cases->type, JSON_ARRAY);
}

static struct str
text_at(const struct json *v, const char *member, struct str otherwise)
{
	const struct json *found = v == NULL ? NULL : json_get(v, member);

	return found == NULL ? otherwise : found->text;
}

static struct diff *
compare(struct world *w, TALLOC_CTX *mem, const struct json *one, const struct json *sides)
{
	struct str      category = text_at(one, "category", STR("document"));
	struct resource from = { .category = text_at(sides, "category", category),
		.key = text_at(one, "key", STR("k")) };
	struct resource to = from;
	struct err      e = { 0 };
	struct diff    *d = diff_make(mem, w->spec, w->rules, NULL, &e);

	from.value = json_get(sides, "old");
	to.value = json_get(sides, "new");
	assert_non_null(d);
	assert_true(from.value == NULL ||
		    resource_normalise(mem, w->spec, &from, RESOURCE_SOURCE, NULL, &e));
	assert_true(
	    to.value == NULL || resource_normalise(mem, w->spec, &to, RESOURCE_SOURCE, NULL, &e));
	assert_true(
	    diff_resource(d, from.value != NULL ? &from : NULL, to.value != NULL ? &to : NULL, &e));
	return d;
}

static const char *
verdicts(TALLOC_CTX *mem, const struct diff *d)
{
	char *text = talloc_strdup(mem, "");

	for (size_t i = 0; i < d->n; i++)
		text = talloc_asprintf_append(text, " %s:%s at %.*s",
		    severity_name(d->changes[i].severity), d->changes[i].rule,
		    (int)d->changes[i].path.n, d->changes[i].path.p);
	return text;
}

/* Its number among the pack's; fails when there is none. */
static uint32_t
index_of(const struct world *w, struct str rule)
{
	for (uint32_t i = 0; i < rules_count(w->rules); i++)
		if (str_eq(text_at(rules_origin(w->rules, i)->text, "name", STR("")), rule))
			return i;
	fail_msg("%s has no rule %.*s", w->name, (int)rule.n, rule.p);
	return 0;
}

/* The change it decided tells it: severity, name and reason. */
static void
check_told(const struct world *w, const struct diff *d, uint32_t rule)
{
	const struct json *text = rules_origin(w->rules, rule)->text;
	size_t             told = 0;

	for (size_t i = 0; i < d->n; i++) {
		const struct change *c = &d->changes[i];

		if (strcmp(c->rule, rules_name(w->rules, rule)) != 0)
			continue;
		assert_true(
		    str_eqz(text_at(text, "severity", STR("")), severity_name(c->severity)));
		assert_true(str_eqz(text_at(text, "reason", STR("?")), c->reason));
		assert_true(strlen(c->reason) > 10);
		told++;
	}
	assert_int_equal(told, d->rule_hits[rule]);
}

static void
check_case(struct world *w, const struct json *one, bool *fires)
{
	TALLOC_CTX        *mem = talloc_new(NULL);
	struct str         name = text_at(one, "rule", STR("?"));
	uint32_t           rule = index_of(w, name);
	const struct json *near = json_get(one, "not");
	struct diff       *d = compare(w, mem, one, one);

	if (d->rule_hits[rule] == 0)
		fail_msg(
		    "%s: %.*s does not fire:%s", w->name, (int)name.n, name.p, verdicts(mem, d));
	check_told(w, d, rule);
	assert_non_null(near);
	assert_true(json_get(near, "old") != NULL || json_get(near, "new") != NULL);
	d = compare(w, mem, one, near);
	if (d->rule_hits[rule] != 0)
		fail_msg("%s: %.*s fires on what is only near:%s", w->name, (int)name.n, name.p,
		    verdicts(mem, d));
	fires[rule] = true;
	talloc_free(mem);
}

static void
check_pack(const char *name)
{
	struct world w = { 0 };
	bool        *fires;

	load(&w, name);
	fires = talloc_zero_array(w.mem, bool, rules_count(w.rules));
	for (uint32_t i = 0; i < w.cases->n; i++)
		check_case(&w, &w.cases->items[i], fires);
	for (uint32_t i = 0; i < rules_count(w.rules); i++)
		if (!fires[i])
			fail_msg("no case for %s", rules_name(w.rules, i));
	talloc_free(w.mem);
}

static void
every_rule_of_entra_fires_and_knows_its_limits(void **state)
{
	(void)state;
	check_pack("entra");
}

static void
every_rule_of_azure_fires_and_knows_its_limits(void **state)
{
	(void)state;
	check_pack("azure");
}

static void
every_rule_of_generic_fires_and_knows_its_limits(void **state)
{
	(void)state;
	check_pack("generic");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_of_entra_fires_and_knows_its_limits),
		cmocka_unit_test(every_rule_of_azure_fires_and_knows_its_limits),
		cmocka_unit_test(every_rule_of_generic_fires_and_knows_its_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
