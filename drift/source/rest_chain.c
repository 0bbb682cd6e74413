/* rest_run.h: chains of pages, and what they hold. */
#include <string.h>

#include "drift/source/rest_run.h"

/* What a chunk costs beside its bytes: its own head and the allocator's. */
#define CHUNK_BYTES 112
#define CHAIN_BYTES (sizeof(struct chain) + 2 * CHUNK_BYTES)

void
rest_hold(struct rest_run *r, size_t was, size_t is)
{
	r->held += is - was;
	if (r->budget != NULL)
		r->budget->held += is - was;
}

void
rest_release(struct rest_run *r)
{
	rest_hold(r, r->held, 0);
}

bool
rest_holds_too_much(struct rest_run *r, const char **say)
{
	const struct source_budget *b = r->budget;

	*say = "What was read is larger than a run may keep (256 MiB).";
	if (r->held > REST_HELD_MAX)
		return true;
	/* those that hold much end first */
	if (b == NULL || b->held <= b->most ||
	    (r->held <= b->most / 16 && b->held <= b->most + b->most / 4))
		return false;
	r->failed = true;
	(void)err_set(&r->why, ERR_UNAVAILABLE, 0,
	    "More is being read here at the moment than fits; the run is tried again.",
	    "%zu bytes are held, %zu of them by this run", b->held, r->held);
	*say = r->why.pub;
	return true;
}

/* All that the chain has; what its pages are is known. */
void
rest_chain_count(struct rest_run *r, struct chain *c)
{
	size_t n = CHAIN_BYTES + c->kept_bytes + talloc_get_size(c->rows.at) +
		   talloc_get_size(c->seen) + talloc_get_size(c->url) + c->item.key.n;

	rest_hold(r, c->held, n);
	c->held = n;
}

struct chain *
rest_chain_add(struct rest_run *r, uint32_t collection)
{
	struct chain *c = talloc_zero(r, struct chain);

	if (c == NULL)
		return NULL;
	c->collection = collection;
	c->kept = talloc_new(c);
	if (c->kept == NULL)
		return NULL;
	r->readings[collection].chains++;
	r->readings[collection].open++;
	rest_chain_count(r, c);
	return c;
}

bool
rest_page_begin(struct chain *c, struct err *e)
{
	c->page = talloc_new(c->kept);
	return c->page != NULL || err_memory(e);
}

void
rest_page_end(struct rest_run *r, struct chain *c, bool kept)
{
	if (kept)
		c->kept_bytes +=
		    talloc_total_size(c->page) + talloc_total_blocks(c->page) * CHUNK_BYTES;
	else
		talloc_free(c->page);
	c->page = NULL;
	rest_chain_count(r, c);
}

void
rest_chain_drop(struct rest_run *r, struct chain *c)
{
	rest_hold(r, c->held, 0);
	talloc_free(c);
}

bool
rest_chain_restart(struct rest_run *r, struct chain *c)
{
	if (++c->restarts > REST_RESTARTS_MAX)
		return false;
	TALLOC_FREE(c->kept);
	TALLOC_FREE(c->url);
	TALLOC_FREE(c->seen);
	c->kept = talloc_new(c);
	c->page = NULL;
	c->kept_bytes = 0;
	c->rows.n = 0;
	c->seen_n = c->seen_room = 0;
	c->pages = 0;
	c->items = c->taken = 0;
	c->raws = NULL;
	memset(c->fold, 0, sizeof(c->fold));
	c->promises = false;
	c->token = (struct str) { 0 };
	rest_chain_count(r, c);
	return c->kept != NULL;
}
