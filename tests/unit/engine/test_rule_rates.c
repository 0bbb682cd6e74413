/*
 * How well the packs of etc/rules tell what is dangerous from what is not: changes as they happen
 * (tests/rules/changes), written without looking at the rules, each with the least severity that is
 * due or null where it is harmless.  The rates are the assertion.
 *
 * With the name of a file of the same form (and a member "kind" that maps to no pack) all packs
 * together are held against that one too.
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/config/pack.h"
#include "drift/engine/diff.h"

#define DUE_PERCENT  95 /* of the dangerous have at least the severity that is due */
#define LOUD_PERCENT 20 /* of the harmless may be medium or above */

static const uint8_t key[HASH_LEN] = { 1 };
static const char   *other; /* a file of cases from outside */

struct world {
	TALLOC_CTX          *mem;
	struct packs         packs;
	struct rules        *rules;
	struct compare_spec *spec;
};

struct rate {
	uint32_t dangerous, due, harmless, loud;
};

static const struct json *
read_cases(TALLOC_CTX *mem, const char *file)
{
	struct err         e = { 0 };
	char              *text = talloc_size(mem, 1 << 20);
	FILE              *f = fopen(file, "rb");
	const struct json *v;
	size_t             n;

	if (f == NULL)
		fail_msg("%s: run the tests in the source tree", file);
	n = fread(text, 1, 1 << 20, f);
	fclose(f);
	v = json_parse(mem, (struct str) { text, n }, &e);
	if (v == NULL)
		fail_msg("%s: %s", file, e.pub);
	return v->type == JSON_ARRAY ? v : json_get(v, "cases");
}

static void
compile(struct world *w)
{
	struct err e = { 0 };

	w->rules = rules_compile(w->mem, NULL, w->packs.items, w->packs.n, NULL, &e);
	w->spec = compare_compile(w->mem, NULL, w->packs.items, w->packs.n, key, NULL, &e);
	if (w->rules == NULL || w->spec == NULL)
		fail_msg("%s %s", e.pub, e.faults != NULL ? e.faults->pointer : "");
}

static struct str
text_at(const struct json *v, const char *member, struct str otherwise)
{
	const struct json *found = json_get(v, member);

	return found == NULL || found->type != JSON_STRING ? otherwise : found->text;
}

/* The worst severity of its changes; -1: there is none. */
static int
worst_of(const struct world *w, const struct json *one, struct diff **d)
{
	struct resource from = { text_at(one, "category", STR("document")), STR("k"), NULL };
	struct resource to = from;
	struct err      e = { 0 };
	int             worst = -1;

	from.value = json_get(one, "left");
	to.value = json_get(one, "right");
	*d = diff_make(w->mem, w->spec, w->rules, NULL, &e);
	assert_non_null(*d);
	assert_true(resource_normalise(w->mem, w->spec, &from, RESOURCE_SOURCE, NULL, &e));
	assert_true(resource_normalise(w->mem, w->spec, &to, RESOURCE_SOURCE, NULL, &e));
	assert_true(diff_resource(*d, &from, &to, &e));
	for (size_t i = 0; i < (*d)->n; i++)
		if ((int)(*d)->changes[i].severity > worst)
			worst = (int)(*d)->changes[i].severity;
	return worst;
}

static void
tell(const struct json *one, const struct diff *d, const char *how)
{
	struct str name = text_at(one, "name", STR("?"));

	print_message("# %s: %.*s\n", how, (int)name.n, name.p);
	for (size_t i = 0; i < d->n; i++)
		print_message("#   %s by %s at %.*s\n", severity_name(d->changes[i].severity),
		    d->changes[i].rule, (int)d->changes[i].path.n, d->changes[i].path.p);
}

static void
measure(const struct world *w, const struct json *one, struct rate *r)
{
	const struct json *least = json_get(one, "min");
	enum severity      due = SEVERITY_INFO;
	struct diff       *d;
	int                worst = worst_of(w, one, &d);
	bool               dangerous = least != NULL && least->type == JSON_STRING, well;

	assert_true(!dangerous || severity_parse(least->text, &due));
	well = dangerous ? worst >= (int)due : worst < (int)SEVERITY_MEDIUM;
	r->dangerous += dangerous;
	r->due += dangerous && well;
	r->harmless += !dangerous;
	r->loud += !dangerous && !well;
	if (!well)
		tell(one, d, dangerous ? "not severe enough" : "too loud");
	talloc_free(d);
}

static void
check(const char *what, const struct rate *r)
{
	print_message("# %s: %u of %u dangerous as severe as is due, %u of %u harmless too loud\n",
	    what, r->due, r->dangerous, r->loud, r->harmless);
	assert_true(r->due * 100 >= r->dangerous * DUE_PERCENT);
	assert_true(r->loud * 100 <= r->harmless * LOUD_PERCENT);
}

static const char *
base_name(TALLOC_CTX *mem, const char *file)
{
	const char *name = strrchr(file, '/') + 1;

	return talloc_strndup(mem, name, strcspn(name, "."));
}

/* Each kind with the pack of its name, and the packs that this one includes. */
static void
a_pack_tells_the_dangerous_from_the_harmless_of_its_kind(void **state)
{
	struct rate all = { 0 };
	glob_t      files;

	(void)state;
	assert_int_equal(glob("tests/rules/changes/*.json", 0, NULL, &files), 0);
	for (size_t f = 0; f < files.gl_pathc; f++) {
		struct world         w = { .mem = talloc_new(NULL) };
		const char          *name = base_name(w.mem, files.gl_pathv[f]);
		const struct strings list = { &name, 1 };
		const struct json   *cases = read_cases(w.mem, files.gl_pathv[f]);
		struct err           e = { 0 };
		struct rate          r = { 0 };

		assert_true(packs_load(w.mem, "etc/rules", &list, &w.packs, &e));
		compile(&w);
		for (uint32_t i = 0; i < cases->n; i++)
			measure(&w, &cases->items[i], &r);
		check(name, &r);
		all.dangerous += r.dangerous;
		all.harmless += r.harmless;
		talloc_free(w.mem);
	}
	assert_true(all.dangerous >= 100 && all.harmless >= 50);
	globfree(&files);
}

static void
check_with_all(const char *what, const char *const *names, size_t n)
{
	struct world w = { .mem = talloc_new(NULL) };
	struct rate  r = { 0 };
	struct err   e = { 0 };
	const char  *installed[PACKS_MAX];
	glob_t       packs;

	assert_int_equal(glob("etc/rules/*.json", 0, NULL, &packs), 0);
	assert_true(packs.gl_pathc <= PACKS_MAX);
	for (size_t i = 0; i < packs.gl_pathc; i++)
		installed[i] = base_name(w.mem, packs.gl_pathv[i]);
	assert_true(packs_load(
	    w.mem, "etc/rules", &(struct strings) { installed, packs.gl_pathc }, &w.packs, &e));
	globfree(&packs);
	compile(&w);
	for (size_t f = 0; f < n; f++) {
		const struct json *cases = read_cases(w.mem, names[f]);

		for (uint32_t i = 0; i < cases->n; i++)
			measure(&w, &cases->items[i], &r);
	}
	check(what, &r);
	talloc_free(w.mem);
}

/* In the order of their names, whichever that is: none stands in the way of another. */
static void
all_packs_together_tell_it_too(void **state)
{
	glob_t files;

	(void)state;
	assert_int_equal(glob("tests/rules/changes/*.json", 0, NULL, &files), 0);
	check_with_all("all packs", (const char *const *)files.gl_pathv, files.gl_pathc);
	globfree(&files);
	if (other != NULL)
		check_with_all(other, &other, 1);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pack_tells_the_dangerous_from_the_harmless_of_its_kind),
		cmocka_unit_test(all_packs_together_tell_it_too),
	};

	other = argc > 1 ? argv[1] : NULL;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
