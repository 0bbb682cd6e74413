/*
 * part.h - an input of several texts: 0xFF, which no UTF-8 text holds, parts them.
 */
#ifndef BSX_FUZZ_PART_H
#define BSX_FUZZ_PART_H

#include <string.h>

#include "core/base/str.h"

/* Takes the next one off the front of `rest`; empty when there are no more. */
static inline struct str
part_next(struct str *rest)
{
	struct str  part = *rest;
	const char *end = part.n > 0 ? memchr(part.p, '\xFF', part.n) : NULL;

	if (end != NULL)
		part.n = (size_t)(end - part.p);
	rest->p += part.n + (end != NULL);
	rest->n -= part.n + (end != NULL);
	return part;
}

#endif
