/*
 * json_reader.h - the inside of the reader: for json.c and json_string.c only.
 */
#ifndef BSX_JSON_JSON_READER_H
#define BSX_JSON_JSON_READER_H

#include "core/base/scan.h"
#include "core/json/json.h"

/*
 * Objects that stand at one place of a text, as the elements of a list do, mostly have the same members in the same
 * order.  The names of the last object at a place are what the next is read by: a name that is written as the one that
 * is expected there is that one, and objects with the same names have one list of them.  What is expected decides
 * nothing else: whatever is written otherwise is read as it is.
 */
struct shape {
	struct str *names;
	uint32_t    n;     /* 0: none yet */
	uint32_t    place; /* a hash of where they stood */
};
#define SHAPES 64 /* a power of two; where two places have one, the later object has it */

struct frame {
	uint32_t    nodes, names; /* height of both stacks when it was opened */
	uint32_t    place;
	bool        object;
	bool        expected_all; /* its names so far are those that were expected */
	uint32_t    expected_n;
	struct str *expected; /* a copy of a shape's: what is inside may take its place */
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
	struct shape   shapes[SHAPES];
};

/* Refuses the text: what is wrong at `at`, or at the reader's place.  Always false. */
bool reader_fault_at(struct reader *r, const uint8_t *at, const char *what);
bool reader_fault(struct reader *r, const char *what);

/* Memory of the tree; NULL: there is none. */
void *reader_take(struct reader *r, size_t n);

/* One string: p stands behind the opening quote, and afterwards behind the closing one. */
MUST_USE bool reader_string(struct reader *r, struct str *out);

#endif
