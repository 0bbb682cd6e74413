/*
 * pass_world.h - a small set of routes, and requests that take the whole pass to them.
 */
#ifndef BSX_TESTS_UNIT_PASS_WORLD_H
#define BSX_TESTS_UNIT_PASS_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/lib/exchange.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define TEST(f)  cmocka_unit_test_setup_teardown(f, pass_open, pass_close)

extern struct world pass_world; /* of the test that runs */

int pass_open(void **state);
int pass_close(void **state);

/* A request without a body; a POST of JSON. */
struct exchange *pass_ask(const char *method, const char *uri);
struct exchange *pass_send(const char *uri, const char *json);
/* So many of them. */
char *pass_letters(size_t n);
void  pass_assert(const struct exchange *x, int status, const char *code);

#endif
