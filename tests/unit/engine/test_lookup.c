/* Looking members up by an order made once: it finds what looking through finds, and costs less. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/engine/lookup.h"
#include "tests/unit/engine.h"

#define PRIME 100003

/* n < PRIME members in an order of its own, each with one of the same number below it. */
static const struct json *
object(uint32_t n, uint32_t step)
{
	struct buf b;

	buf_make(&b, mem);
	buf_puts(&b, "{");
	for (uint32_t i = 0; i < n; i++)
		buf_printf(&b, "%s\"%s%u\":{\"a/b\":[%u]}", i == 0 ? "" : ",",
		    i % 3 == 0 ? "~" : "k", (uint32_t)((uint64_t)i * step % PRIME), i);
	buf_puts(&b, "}");
	return parse(b.p);
}

static void
what_is_looked_up_is_what_the_pointer_leads_to(void **state)
{
	static const uint32_t    sizes[] = { 0, 1, 32, 33, 1000 };
	static const char *const rests[] = { "", "/a~1b", "/a~1b/0", "/a~1b/1", "/a~1b/00", "/a~2b",
		"/a/b", "/", "/a~1b/" };
	struct err               e = { 0 };
	struct lookup           *l = lookup_make(mem, NULL, WORK_RULES, &e);

	(void)state;
	for (size_t s = 0; s < LEN(sizes); s++)
		for (uint32_t step = 1; step < 1000; step += 76) {
			const struct json *v = object(sizes[s], step), *at;

			for (uint32_t i = 0; i < sizes[s] + 2; i++)
				for (size_t r = 0; r < LEN(rests); r++) {
					struct str p = str_of(talloc_asprintf(
					    mem, "/%s%u%s", r % 2 == 0 ? "~0" : "k", i, rests[r]));

					assert_true(lookup_at(l, v, p, &at, &e));
					assert_ptr_equal(at, json_at(v, p));
				}
			assert_true(lookup_at(l, v, STR(""), &at, &e));
			assert_ptr_equal(at, v);
			assert_true(lookup_at(l, v, STR("k1"), &at, &e));
			assert_null(at);
		}
}

static void
ten_times_the_members_cost_little_more_a_look(void **state)
{
	uint64_t first = 0;

	(void)state;
	for (uint32_t n = 10000; n <= 100000; n *= 10) {
		const struct json *v = object(n, 7919), *at;
		struct err         e = { 0 };
		struct work        work;
		struct lookup     *l = lookup_make(mem, &work, WORK_RULES, &e);
		uint64_t           made;

		work_begin(&work, WORK_REQUEST, NULL);
		assert_true(lookup_at(l, v, STR("/k1"), &at, &e));
		made = work.spent;
		for (uint32_t i = 0; i < 1000; i++)
			assert_true(lookup_at(
			    l, v, str_of(talloc_asprintf(mem, "/k%u/a~1b/0", i * 7)), &at, &e));
		print_message(
		    "# %u members: %llu steps to put them in order, %llu for 1,000 looks\n", n,
		    (unsigned long long)made, (unsigned long long)(work.spent - made));
		assert_true(work.spent - made < 200000);
		first = first == 0 ? made : first;
		assert_true(made < 13 * first);
	}
}

static void
many_large_objects_are_looked_at_in_turn(void **state)
{
	struct err         e = { 0 };
	const struct json *v[200], *at;
	struct lookup     *l = lookup_make(mem, NULL, WORK_RULES, &e);

	(void)state;
	for (size_t i = 0; i < LEN(v); i++)
		v[i] = object(100, 7);
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < LEN(v); i++) {
			assert_true(lookup_at(l, v[i], STR("/k1"), &at, &e));
			assert_ptr_equal(at, json_at(v[i], STR("/k1")));
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_looked_up_is_what_the_pointer_leads_to),
		TEST(ten_times_the_members_cost_little_more_a_look),
		TEST(many_large_objects_are_looked_at_in_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
