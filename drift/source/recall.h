/*
 * recall.h - what a source showed when all of it was read last, without what it said: keyed hashes of its pages.
 *
 *	source_begin.recall	who has the loop hands in the key, and what was read before of the same config by the same terms
 *	collected.recall	what was read now, where all of it was read
 *	collected.same	it is what was read before: nothing was made of the pages, for what comes of them is known
 *
 * A page is told by what stands where its items are (outline.h); what is around them is of each answer alone.  What is
 * known is not read; as soon as one page is not, or the reading as a whole is another one, all of it is read as ever, at
 * once or where source_collect.unfold() asks for it.
 */
#ifndef BSX_DRIFT_SOURCE_RECALL_H
#define BSX_DRIFT_SOURCE_RECALL_H

#include <stdbool.h>

#include "core/base/err.h"
#include "core/base/hash.h"
#include "drift/source/derive.h"

#define RECALL_MARK      16   /* bytes */
#define RECALL_PAGES_MAX 4096 /* of one reading; one of more pages is not recalled */

struct recall_page {
	uint8_t  mark[RECALL_MARK];
	uint32_t items; /* on it */
};
/* One reading; a talloc chunk, which owns what it has. */
struct recall {
	struct recall_page *pages; /* by mark, once it is finished */
	uint32_t            n, room;
	uint8_t             whole[HASH_LEN]; /* of all that was asked for, whatever was answered first */
	uint32_t            derived[DERIVE_MAX]; /* resources of what was made of others, in the pack's order */
};

/* What a run is handed. */
struct recall_terms {
	const struct hash_key *key;    /* of this process alone; outlives the run */
	const struct recall   *before; /* outlives the run; NULL: nothing is known */
};

/* *full: it has too many pages already. */
MUST_USE bool recall_add(struct recall *r, const struct recall_page *page, bool *full, struct err *e);
/* All is added. */
void recall_finish(struct recall *r);
/* In one that is finished; NULL: it is not known. */
const struct recall_page *recall_find(const struct recall *r, const uint8_t mark[static RECALL_MARK]);
size_t recall_bytes(const struct recall *r);

#endif
