/* What a comparison costs, in values held against each other: it grows with the size, not with its
 * square. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "drift/engine/diff.h"

static const uint8_t key[HASH_LEN] = { 1 };

/* 0 .. n-1 in another order: n and the step have no common divisor. */
static int
shuffled(int i, int n)
{
	return (int)(((int64_t)i * 7919 + 13) % n);
}

static const struct json *
make(TALLOC_CTX *mem, int n, bool keyed, bool shuffle)
{
	struct err   e = { 0 };
	struct buf   b;
	struct json *v;

	buf_make(&b, mem);
	for (int i = 0; i < n; i++) {
		int id = shuffle ? shuffled(i, n) : i;

		buf_printf(&b, keyed ? "%s{\"id\":\"k%d\",\"v\":[%d,true]}" : "%s[\"k%d\",%d]",
		    i > 0 ? "," : "[", id, id);
	}
	buf_putc(&b, ']');
	v = json_parse(mem, buf_str(&b), &e);
	assert_non_null(v);
	return v;
}

static uint64_t
cost(const char *mode, int n, bool keyed)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	struct err  e = { 0 };
	char *how = talloc_asprintf(mem, "{\"arrays\":[{\"path\":\"\",\"mode\":\"%s\"}]}", mode);
	struct compare_spec *spec =
	    compare_compile(mem, json_parse(mem, str_of(how), &e), NULL, 0, key, &e);
	struct diff    *d = spec != NULL ? diff_make(mem, spec, NULL, &e) : NULL;
	struct resource a = { STR("c"), STR("k"), make(mem, n, keyed, false) };
	struct resource b = { STR("c"), STR("k"), make(mem, n, keyed, true) };
	uint64_t        compared;

	assert_non_null(d);
	assert_true(diff_resource(d, &a, &b, &e));
	if (mode[0] != 'l')
		assert_int_equal(diff_count(&d->summary), 0);
	compared = d->compared;
	talloc_free(mem);
	return compared;
}

static void
ten_times_the_elements_cost_at_most_twelve_times_the_comparisons(void **state)
{
	static const char *const modes[] = { "set", "list", "auto", "multiset" };

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		for (int keyed = 0; keyed < 2; keyed++) {
			uint64_t small = cost(modes[i], 1000, keyed == 1);
			uint64_t large = cost(modes[i], 10000, keyed == 1);

			print_message("# %s %s: %llu for 1,000, %llu for 10,000: %.1f\n", modes[i],
			    keyed == 1 ? "with keys" : "without", (unsigned long long)small,
			    (unsigned long long)large, (double)large / (double)small);
			assert_true(small >= 1000);
			assert_true(large <= 12 * small);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_times_the_elements_cost_at_most_twelve_times_the_comparisons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
