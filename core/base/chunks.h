/*
 * chunks.h - room for very many small things that live and go together.
 *
 * A talloc object of its own costs about a hundred bytes more than what it holds: where a snapshot
 * makes a million of them, they are cut from chunks that grow with their number.
 *
 *	struct chunks c = { .mem = mem };
 *	p = chunks_take(&c, n);
 *
 * Ownership: what is taken goes with `mem`, all of it together; no piece can be freed or moved.
 */
#ifndef BSX_BASE_CHUNKS_H
#define BSX_BASE_CHUNKS_H

#include <stddef.h>
#include <talloc.h>

#include "core/base/str.h"

struct chunks {
	TALLOC_CTX *mem;
	char       *at;   /* private: what is left of the last chunk */
	size_t      left, next;
};

/* n bytes, aligned for pointers and 64-bit numbers; NULL: no memory. */
void *chunks_take(struct chunks *c, size_t n);
/* A copy of bytes; NULL: no memory. */
void *chunks_copy(struct chunks *c, const void *p, size_t n);
/* A copy with a NUL behind it; NULL: no memory. */
char *chunks_text(struct chunks *c, struct str s);

#endif
