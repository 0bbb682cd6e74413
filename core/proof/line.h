/*
 * line.h - a line of an exported trail or of evidence, read (check.h and evidence.h say what there is).
 */
#ifndef BSX_PROOF_LINE_H
#define BSX_PROOF_LINE_H

#include "core/json/json.h"
#include "core/proof/entry.h"
#include "core/proof/path.h"

enum proof_kind { PROOF_NOTHING, PROOF_BEGIN, PROOF_ENTRY, PROOF_GONE, PROOF_PATH, PROOF_CHECKPOINT, PROOF_END };

struct proof_line {
	enum proof_kind    kind; /* PROOF_NOTHING: it is none of them */
	struct proof_entry entry; /* PROOF_ENTRY; of PROOF_GONE its seq */
	bool               has_leaf;
	uint8_t            leaf[HASH_LEN];
	struct tree        tree;   /* PROOF_BEGIN: what is before */
	struct tree_path   path;   /* PROOF_PATH: of the entry before it */
	struct str         text;   /* PROOF_BEGIN: the origin; PROOF_CHECKPOINT: the note */
	uint64_t           number; /* PROOF_END: the last entry */
};

/* Texts are children of `mem` or point into the line. */
void proof_line_read(TALLOC_CTX *mem, struct str line, struct proof_line *out);

#endif
