/*
 * Every rule of every pack in etc/rules, as it is loaded with the packs that it includes, by the
 * cases of tests/rules: a change it must decide, with its severity and reason, and one that is near
 * and must not be its own.
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/config/pack.h"
#include "drift/engine/diff.h"

static const uint8_t key[HASH_LEN] = { 1 };

struct world {
	TALLOC_CTX             *mem;
	const char             *name;
	const struct rule_pack *pack;
	struct rules           *rules;
	struct compare_spec    *spec;
	const struct json      *cases;
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
	const char          *names[] = { name };
	const struct strings list = { names, 1 };
	struct packs         packs;
	struct err           e = { 0 };

	w->name = name;
	if (!packs_load(w->mem, "etc/rules", &list, &packs, &e))
		fail_msg("%s: %s %s", name, e.detail, e.faults != NULL ? e.faults->detail : "");
	w->pack = packs.items[0];
	w->rules = rules_compile(w->mem, NULL, packs.items, packs.n, NULL, &e);
	w->spec = compare_compile(w->mem, NULL, packs.items, packs.n, key, NULL, &e);
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

static bool
is_own(const struct world *w, uint32_t rule)
{
	return str_eq(rules_origin(w->rules, rule)->pack, w->pack->name);
}

/* Its number among all; fails when the pack has none of that name. */
static uint32_t
index_of(const struct world *w, struct str rule)
{
	for (uint32_t i = 0; i < rules_count(w->rules); i++)
		if (is_own(w, i) &&
		    str_eq(text_at(rules_origin(w->rules, i)->text, "name", STR("")), rule))
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
	struct world w = { .mem = talloc_new(NULL) };
	bool        *fires;

	load(&w, name);
	fires = talloc_zero_array(w.mem, bool, rules_count(w.rules));
	for (uint32_t i = 0; i < w.cases->n; i++)
		check_case(&w, &w.cases->items[i], fires);
	for (uint32_t i = 0; i < rules_count(w.rules); i++)
		if (is_own(&w, i) && !fires[i])
			fail_msg("no case for %s", rules_name(w.rules, i));
	talloc_free(w.mem);
}

static void
every_rule_of_every_pack_fires_and_knows_its_limits(void **state)
{
	TALLOC_CTX  *mem = talloc_new(NULL);
	struct packs all;
	struct err   e = { 0 };

	(void)state;
	assert_true(packs_all(mem, "etc/rules", &all, &e));
	for (size_t i = 0; i < all.n; i++)
		check_pack(str_dup(mem, all.items[i]->name));
	talloc_free(mem);
}

/* Whatever is in the folder is a pack, and has its cases: none is left out for being broken. */
static void
there_are_as_many_packs_as_files(void **state)
{
	TALLOC_CTX  *mem = talloc_new(NULL);
	struct packs all;
	struct err   e = { 0 };
	glob_t       rules, cases;

	(void)state;
	assert_true(packs_all(mem, "etc/rules", &all, &e));
	assert_int_equal(glob("etc/rules/*.json", 0, NULL, &rules), 0);
	assert_int_equal(glob("tests/rules/*.json", 0, NULL, &cases), 0);
	assert_true(all.n >= 3);
	assert_int_equal(all.n, rules.gl_pathc);
	assert_int_equal(all.n, cases.gl_pathc);
	globfree(&rules);
	globfree(&cases);
	talloc_free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_of_every_pack_fires_and_knows_its_limits),
		cmocka_unit_test(there_are_as_many_packs_as_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
