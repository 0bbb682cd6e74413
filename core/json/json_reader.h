/*
 * json_reader.h - the inside of the reader: for json.c and json_string.c only.
 */
#ifndef BSX_JSON_JSON_READER_H
#define BSX_JSON_JSON_READER_H

#include "core/json/json.h"

struct frame {
	uint32_t nodes, names; /* height of both stacks when it was opened */
	bool     object;
};

/*
 * Nodes are pushed on a stack while their container is open and copied out in
 * one piece when it closes.  The tree lives in a few chunks (plain talloc
 * chunks, so that ASan sees their ends), not in one chunk a node.
 */
struct reader {
	TALLOC_CTX    *mem;
	const uint8_t *base, *p, *end;
	struct err    *e;
	char          *chunk; /* the root node stands at the start of the first one */
	void          *first;
	size_t         left, chunk_next;
	struct json   *nodes;
	struct str    *names;
	uint32_t       n_nodes, cap_nodes, n_names, cap_names;
	uint32_t       depth, values;
	struct frame   frames[JSON_DEPTH_MAX];
};

/* Refuses the text: what is wrong at `at`, or at the reader's place.  Always false. */
bool reader_fault_at(struct reader *r, const uint8_t *at, const char *what);
bool reader_fault(struct reader *r, const char *what);

/* Memory of the tree; NULL: there is none. */
void *reader_take(struct reader *r, size_t n);

/* One string: p stands behind the opening quote, and afterwards behind the closing one. */
MUST_USE bool reader_string(struct reader *r, struct str *out);

#endif
