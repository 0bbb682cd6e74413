/*
 * file.h - an exported trail in a file, checked: what bsx-audit-verify(1) and `bsxctl audit verify --file` do.
 */
#ifndef BSX_PROOF_FILE_H
#define BSX_PROOF_FILE_H

#include "core/base/buf.h"
#include "core/proof/check.h"
#include "core/proof/evidence.h"

#define PROOF_NOTES_MAX 1000

struct proof_files {
	const char *export; /* "-": standard input */
	const char *key;    /* a file of public keys, one a line (note_key_parse), or one such key itself */
	const char *notes[PROOF_NOTES_MAX]; /* files of one checkpoint each */
	size_t      notes_n;
};

/* False: *e says what cannot be read, or is no key. */
MUST_USE bool proof_files_check(TALLOC_CTX *mem, const struct proof_files *f, struct proof_verdict *out, struct err *e);
/* The receipt of an erased tenant, in the file f->export.  NOTE_FORGED also of what is none. */
MUST_USE bool proof_receipt_check(TALLOC_CTX *mem, const struct proof_files *f, enum note_state *out, struct err *e);
/* The evidence in the file f->export. */
MUST_USE bool proof_evidence_check(TALLOC_CTX *mem, const struct proof_files *f, struct evidence_verdict *out, struct err *e);
/* The verdict in one line, without LF. */
void proof_verdict_print(struct buf *b, const struct proof_verdict *v);

#endif
