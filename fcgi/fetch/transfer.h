/*
 * transfer.h - one request, in a process of its own.
 *
 * It reads the request, asks through the guard and answers; it ends by itself at the request's deadline, and at once
 * when its worker hangs up, whatever it waits for just then (a resolver has no deadline).  What a stranger's answer
 * could make of it touches this one request.
 */
#ifndef BSX_FETCH_TRANSFER_H
#define BSX_FETCH_TRANSFER_H

#include "core/net/fetch.h"

/* In a process that was forked for it, with no signal blocked; `fd` leads to the worker. */
_Noreturn void transfer_run(struct fetch *f, int fd);

#endif
