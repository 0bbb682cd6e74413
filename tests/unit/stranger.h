/*
 * stranger.h - an HTTP server on loopback that answers by the path that is asked for: well, slowly, too much, rubbish.
 */
#ifndef BSX_TEST_STRANGER_H
#define BSX_TEST_STRANGER_H

#include <stdatomic.h>
#include <stdint.h>

/* Group set-up and teardown of cmocka. */
int stranger_start(void **state);
int stranger_stop(void **state);

extern uint16_t     stranger_port;
extern _Atomic int *stranger_connections; /* that it has taken */
extern _Atomic int *stranger_slow;        /* that have asked for /slow: the whole request was heard */
extern _Atomic int *stranger_left;        /* of these: that hung up before they were answered */

#endif
