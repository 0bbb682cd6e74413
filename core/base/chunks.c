#include "core/base/chunks.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#define ALIGN       alignof(int64_t)
#define CHUNK_FIRST 512
#define CHUNK_MAX   65536

void *
chunks_take(struct chunks *c, size_t n)
{
	size_t size = c->next > 0 ? c->next : CHUNK_FIRST;
	void  *p;

	if (n > SIZE_MAX - ALIGN)
		return NULL;
	n = n == 0 ? ALIGN : (n + ALIGN - 1) & ~(ALIGN - 1);
	if (n > c->left && n > size / 4) /* what is left of the chunk stays in use */
		return talloc_size(c->mem, n);
	if (n > c->left) {
		c->at = talloc_size(c->mem, size);
		c->left = c->at == NULL ? 0 : size;
		if (c->at == NULL)
			return NULL;
		c->next = size < CHUNK_MAX ? size * 2 : size;
	}
	p = c->at;
	c->at += n;
	c->left -= n;
	return p;
}

void *
chunks_copy(struct chunks *c, const void *p, size_t n)
{
	void *to = chunks_take(c, n);

	if (to != NULL && n > 0)
		memcpy(to, p, n);
	return to;
}

char *
chunks_text(struct chunks *c, struct str s)
{
	char *p = s.n < SIZE_MAX ? chunks_take(c, s.n + 1) : NULL;

	if (p == NULL)
		return NULL;
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}
