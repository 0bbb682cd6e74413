/*
 * dump.h - all that the server holds, as text.
 */
#ifndef BSX_TESTS_STORE_DUMP_H
#define BSX_TESTS_STORE_DUMP_H

#include <stdbool.h>

/* Searches it. */
bool dump_holds(const char *needle);

#endif
