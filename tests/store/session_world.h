/*
 * session_world.h - what the tests of sessions share.
 */
#ifndef BSX_TESTS_STORE_SESSION_WORLD_H
#define BSX_TESTS_STORE_SESSION_WORLD_H

#include "tests/store/people.h"

#define HOUR_MS 3600000

extern TALLOC_CTX         *session_mem; /* of the test that runs */
extern const struct origin session_origin;

/* For cmocka: the usual times, the clock at its beginning. */
int  session_begin_test(void **state);
int  session_finish_test(void **state);
void session_log_out(struct people *p, const struct session_grant *g, bool all);

#endif
