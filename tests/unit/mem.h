/*
 * mem.h - one memory context a test: what a test makes in `mem` is gone after it.
 */
#ifndef BSX_TEST_MEM_H
#define BSX_TEST_MEM_H

#include <talloc.h>

#define LEN(a)  (sizeof(a) / sizeof *(a))
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_mem, free_mem)

static TALLOC_CTX *mem;

static inline int
make_mem(void **state)
{
	(void)state;
	mem = talloc_new(NULL);
	return mem == NULL;
}

static inline int
free_mem(void **state)
{
	(void)state;
	talloc_free(mem);
	return 0;
}

#endif
