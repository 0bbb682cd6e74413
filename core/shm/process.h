/*
 * process.h - open database connections of each process of this host.
 *
 * A gauge that several processes share cannot be counted up and down: what one of
 * them held when it was killed would stay in it for ever.  So each process has a
 * place of its own under its process id, and those that live are added up.  (A
 * number that the kernel has given to a stranger meanwhile counts until he ends.)
 */
#ifndef BSX_SHM_PROCESS_H
#define BSX_SHM_PROCESS_H

#include "core/shm/segment.h"

#define PROCESSES_MAX 512 /* further ones are not counted */

#define PROCESS_KINDS(X) X("control") X("tenant") X("provision")
enum {
#define X(kind) +1
	PROCESS_KINDS_N = 0 PROCESS_KINDS(X)
#undef X
};

/* The calling process has opened (1) or closed (-1) one; a kind that is not in the list is not
 * counted. */
void process_connection(struct segment *s, const char *kind, int by);

/* How many of the k-th kind, which is called so, all living processes have open. */
const char *process_kind(unsigned k);
uint64_t    process_connections(const struct segment *s, unsigned k);

#endif
