/*
 * simdjson.h - simdjson's DOM parse of a text, for the bench of the engine: the parser and its buffers are
 * used again and again, which is the best that it can do.
 *
 * Weak: a program that is linked without simdjson.cc has none, and asks first.
 */
#ifndef BSX_TESTS_BENCH_SIMDJSON_H
#define BSX_TESTS_BENCH_SIMDJSON_H

#include <stddef.h>

#ifdef __cplusplus
#define BENCH_WEAK extern "C"
#else
#include <stdbool.h>
#define BENCH_WEAK __attribute__((weak))
#endif

BENCH_WEAK void simdjson_load(const char *p, size_t n); /* a copy, with the room behind it that a parse wants */
BENCH_WEAK bool simdjson_parse(void);                   /* of what was loaded; false: it is refused */

#endif
