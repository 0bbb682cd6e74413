/*
 * secret.h - handling bytes that must not be found again.
 */
#ifndef BSX_BASE_SECRET_H
#define BSX_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <talloc.h>

void  secret_wipe(void *p, size_t n);                            /* explicit_bzero */
bool  secret_eq(const void *a, const void *b, size_t n);         /* constant time */
/* A talloc chunk that is wiped when it is freed (never talloc_realloc it: that moves it unwiped);
 * NULL: out of memory. */
void *secret_alloc(TALLOC_CTX *mem, size_t n);
/* Makes an existing talloc chunk wipe itself when it is freed. */
void  secret_guard(void *chunk);
/* No core dumps, not ptrace-able: called first thing in every program that opens the keyring. */
void  secret_process(void);

#endif
