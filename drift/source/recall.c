#include "drift/source/recall.h"

#include <stdlib.h>
#include <string.h>

bool
recall_add(struct recall *r, const struct recall_page *page, bool *full, struct err *e)
{
	struct recall_page *more;
	uint32_t            room = r->room == 0 ? 1 : r->room * 2;

	*full = r->n == RECALL_PAGES_MAX;
	if (*full)
		return true;
	if (r->n == r->room) {
		more = talloc_realloc(r, r->pages, struct recall_page, room);
		if (more == NULL)
			return err_memory(e);
		r->pages = more;
		r->room = room;
	}
	r->pages[r->n++] = *page;
	return true;
}

static int
by_mark(const void *a, const void *b)
{
	return memcmp(((const struct recall_page *)a)->mark, ((const struct recall_page *)b)->mark,
	    RECALL_MARK);
}

void
recall_finish(struct recall *r)
{
	if (r->n > 1)
		qsort(r->pages, r->n, sizeof(r->pages[0]), by_mark);
}

const struct recall_page *
recall_find(const struct recall *r, const uint8_t mark[static RECALL_MARK])
{
	struct recall_page want;

	memcpy(want.mark, mark, RECALL_MARK);
	return r->n == 0 ? NULL : bsearch(&want, r->pages, r->n, sizeof(want), by_mark);
}

size_t
recall_bytes(const struct recall *r)
{
	return sizeof(*r) + r->room * sizeof(r->pages[0]);
}
