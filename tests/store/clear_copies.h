/*
 * clear_copies.h - a text in what is stored: sealed in contents, values of changes and messages; or in the clear.
 */
#ifndef BSX_TESTS_STORE_CLEAR_COPIES_H
#define BSX_TESTS_STORE_CLEAR_COPIES_H

#include "tests/store/drift_world.h"

/* How many of them hold it. */
size_t clear_copies(struct drift_world *x, const char *what);

#endif
