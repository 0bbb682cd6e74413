/*
 * index.h - which of many texts are equal, when others chose the texts.
 *
 * A hash table as long as it is as fast as one should be; chosen collisions
 * end in a sort by text instead, never in quadratic work.
 */
#ifndef BSX_BASE_INDEX_H
#define BSX_BASE_INDEX_H

#include "core/base/err.h"
#include "core/base/str.h"

struct index_entry {
	uint32_t   hash; /* the lower half of index_hash */
	uint32_t   tag;  /* keeps kinds apart that have equal text */
	struct str text;
};

uint64_t           index_hash(struct str text, uint32_t tag);
struct index_entry index_entry(struct str text, uint32_t tag);
bool               index_same(const struct index_entry *a, const struct index_entry *b);

/*
 * Gives every entry the number of its group: equal entries have the same one, others another;
 * numbers are 0 .. *groups - 1.  `group` has room for n; `tmp` is used on the way.
 */
MUST_USE bool index_group(TALLOC_CTX *tmp, const struct index_entry *v, uint32_t n, uint32_t *group,
    uint32_t *groups, struct err *e);
/* The same, and adds to *compared how often two entries were held against each other. */
MUST_USE bool index_group_counted(TALLOC_CTX *tmp, const struct index_entry *v, uint32_t n,
    uint32_t *group, uint32_t *groups, uint64_t *compared, struct err *e);

#endif
