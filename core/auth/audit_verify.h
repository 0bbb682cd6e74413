/*
 * audit_verify.h - reading an audit trail, and what does not fit in it.
 */
#ifndef BSX_AUTH_AUDIT_VERIFY_H
#define BSX_AUTH_AUDIT_VERIFY_H

#include "core/auth/deed.h"
#include "core/base/work.h"
#include "core/store/identity/audit_rows.h"

/* Which entries are verified: at most `limit` (0: all) behind entry `after` (0: from the first). */
struct audit_part {
	uint64_t after, limit;
};

/*      id               text           sentence */
#define AUDIT_FAULT_LIST(X) \
	X(AUDIT_FITS,      "",            "Nothing was changed.") \
	X(AUDIT_ALTERED,   "altered",     "An entry is not as it was written.") \
	X(AUDIT_MISSING,   "missing",     "An entry is missing.") \
	X(AUDIT_HEAD,      "head",        "The head is not where the last entry is: somebody with the database has moved it.") \
	X(AUDIT_BEYOND,    "beyond",      "An entry stands where none was written.") \
	X(AUDIT_FLOOR,     "floor",       "The floor was raised without a checkpoint: entries up to it may be missing.") \
	X(AUDIT_LEAF,      "leaf",        "An entry is not the one that its leaf was made of.") \
	X(AUDIT_TREE,      "tree",        "A leaf, or a node that it completes, is missing or is another.") \
	X(AUDIT_CHECKPOINT, "checkpoint", "A checkpoint is missing, is not signed by this installation, or is not of what is there.") \
	X(AUDIT_CUT,       "cut",         "Entries at the end are missing: a signed checkpoint has more of them.") \
	X(AUDIT_UNGUARDED, "unguarded",   "The triggers that keep entries and heads from being changed are missing: run bsxctl migrate.")
enum audit_fault {
#define X(id, text, sentence) id,
	AUDIT_FAULT_LIST(X)
#undef X
	AUDIT_FAULTS
};
const char *audit_fault_text(enum audit_fault f);
const char *audit_fault_sentence(enum audit_fault f);

struct audit_verdict {
	uint64_t          entries; /* how many were checked */
	uint64_t          upto;    /* the last of them */
	enum audit_fault  fault;   /* the first that was found */
	uint64_t          broken;  /* the seq it is at; 0: at none */
	struct audit_head head;
	uint64_t          proven;  /* the newest checkpoint covers the entries up to this one */
	int64_t           kept_s;  /* how long entries are kept; 0: for ever */
};

/*
 * Reads a part of the chain and recomputes every MAC.  It must follow the entry before it, which is taken
 * as it stands, and lead to the next; whether it is the head's is seen when the end is reached.  What lies
 * outside floor and head, and whether the trail is guarded, is looked at with every part.
 * Beside it the leaves of these entries are held against the tree, and the tree against the signed checkpoints that end there
 * (audit_tree.h); what the tree has of before the part is taken as it stands too.
 * ERR_MISSING: there is no entry `after`.  ERR_TOO_COSTLY: it is to be asked in parts.
 */
MUST_USE bool audit_verify(const struct deed_by *by, const struct audit_part *part, struct work *work,
    struct audit_verdict *out, struct err *e);

#endif
