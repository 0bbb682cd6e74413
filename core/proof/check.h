/*
 * check.h - an exported trail, checked with nothing but itself, checkpoints and the public key.
 *
 * The export is a JSON object a line (RFC 8259, LF), at most PROOF_LINE_MAX bytes each:
 *
 *	{"format": "blindspotx-audit/1", "origin": O, "after": N, "peaks": [HEX...]}   the first; may be left out, then the trail
 *	    begins with entry 1.  What follows comes behind entry N; `peaks` are those of the tree of N leaves, the smallest first
 *	{"seq": N, "id": ..., ..., "details": {...}, "prev_mac": HEX, "mac": HEX, "salt": HEX, "leaf": HEX}   an entry, as GET /api/audit
 *	    gives it out; `leaf`, which the tree holds (entry.h says of what it is made), may be left out
 *	{"seq": N, "leaf": HEX}   of an entry that was deleted by age
 *	{"checkpoint": NOTE}      note.h; behind the entry that is its last
 *	{"end": N}                the last line; N: the last entry.  May be left out where there is no first line of that kind
 *
 * Members with other names mean nothing here.  Checkpoints that were kept elsewhere (a log, a mail) are given beside it: who
 * rewrites the trail and all of the export cannot have those.  The first fault is the verdict; what is named is exact
 * where the export has leaves, and else lies between two checkpoints.
 */
#ifndef BSX_PROOF_CHECK_H
#define BSX_PROOF_CHECK_H

#include "core/proof/note.h"
#include "core/proof/tree.h"

#define PROOF_FORMAT   "blindspotx-audit/1"
#define PROOF_LINE_MAX (32 * 1024 * 1024)

/*      id               word           sentence */
#define PROOF_FAULTS(X) \
	X(PROOF_FITS,      "",            "Nothing was changed, removed, reordered or cut off.") \
	X(PROOF_MALFORMED, "malformed",   "A line is not what an export has.") \
	X(PROOF_ALTERED,   "altered",     "An entry is not as it was written.") \
	X(PROOF_MISSING,   "missing",     "An entry is missing.") \
	X(PROOF_ORDER,     "order",       "An entry stands where another one belongs.") \
	X(PROOF_LINK,      "link",        "An entry does not follow the one before it.") \
	X(PROOF_SIGNED,    "root",        "An entry since the checkpoint before, or that checkpoint's end, is not what was signed.") \
	X(PROOF_HEAD,      "head",        "The entry is not the one that the checkpoint ends with.") \
	X(PROOF_FORGED,    "forged",      "A checkpoint is not as it was signed.") \
	X(PROOF_OTHER_KEY, "other_key",   "A checkpoint is not signed by this key.") \
	X(PROOF_ORIGIN,    "origin",      "A checkpoint is of another trail.") \
	X(PROOF_CUT,       "cut",         "Entries at the end are missing: a checkpoint has more of them.") \
	X(PROOF_TRUNCATED, "truncated",   "The export breaks off: its last line is missing.") \
	X(PROOF_UNPROVEN,  "unproven",    "No checkpoint covers it: nothing is proven.")
enum proof_fault {
#define X(id, word, sentence) id,
	PROOF_FAULTS(X)
#undef X
	PROOF_FAULT__MAX
};
const char *proof_fault_word(enum proof_fault f);
const char *proof_fault_sentence(enum proof_fault f);

struct proof_verdict {
	enum proof_fault fault; /* the first */
	uint64_t         line;  /* where it was seen; 0: at the end, or in a checkpoint given beside it */
	uint64_t         seq;   /* the entry, or the checkpoint's size; 0: none */
	uint64_t         after, last;    /* the entries behind `after` up to `last` were read */
	uint64_t         gone;           /* so many of them were deleted by age: their leaves are there */
	uint64_t         checkpoints;    /* that fit */
	uint64_t         proven;         /* up to this one they cover it */
	uint64_t         before;         /* checkpoints given beside it that end before it begins: nothing was seen of them */
	char             origin[NOTE_ORIGIN_MAX];
};

struct proof_check;
/* Each checkpoint must be signed by one of the `n` keys, which are kept, and have the name that they have, if any. */
struct proof_check *proof_check_make(TALLOC_CTX *mem, const struct note_key *keys, size_t n); /* NULL: memory */
/* A checkpoint that was kept elsewhere, before the first line. */
MUST_USE bool proof_check_note(struct proof_check *c, struct str note, struct err *e);
/* The next line, without its LF.  False: a fault was found, and nothing behind it is looked at; or memory, *e. */
MUST_USE bool proof_check_line(struct proof_check *c, struct str line, struct err *e);
/* The next line has no LF: the export breaks off there. */
void proof_check_broken(struct proof_check *c);
void proof_check_end(struct proof_check *c, struct proof_verdict *out);

#endif
