/* The slice of a long computation: asked for, and given back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/slice.h"

static void
a_slice_is_as_before_once_it_is_restored(void **state)
{
	struct slice first, within, again;

	(void)state;
	first = slice_long();
	within = slice_long();
	slice_restore(&within);
	slice_restore(&first);
	again = slice_long();
	slice_restore(&again);
	assert_true(first.asked);
	assert_int_equal(again.ns, first.ns);
	/* kernels before 6.12 tell and take no slice: 0 */
	if (first.ns != 0)
		assert_int_equal(within.ns, SLICE_LONG_NS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_slice_is_as_before_once_it_is_restored) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
