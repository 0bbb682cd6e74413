/*
 * audit_proven.h - some entries of a trail, each with what shows to others that it stands there.
 */
#ifndef BSX_AUTH_AUDIT_PROVEN_H
#define BSX_AUTH_AUDIT_PROVEN_H

#include "core/auth/audit_tree.h"
#include "core/proof/path.h"

#define AUDIT_PROVEN_MAX 200
#define AUDIT_PROVEN_NEW 1000

struct audit_proven {
	struct audit_checkpoint_row point;   /* of the present chain, the newest; size 0: there is none */
	struct audit_row           *entries; /* the newest AUDIT_PROVEN_MAX, oldest first */
	struct tree_path           *paths;   /* of each, to the checkpoint's root */
	bool                       *covered; /* of each: the checkpoint has it, and its path is there */
	size_t                      n;
	size_t                      left_out; /* that say too much, and one where there are older ones */
	instant                     from; /* the first entry that the present chain has: what is older stands in an earlier one, or was deleted by age */
};

/*
 * Entries about these things since then.  A checkpoint is made before, so that it covers what was just written: of at most
 * AUDIT_PROVEN_NEW entries, since somebody waits; what is behind them is not covered.  All is a child of by->mem.  A trail that is not as it was
 * written gets no new checkpoint; ERR_INTERNAL as audit_checkpoint_make().
 */
MUST_USE bool audit_prove(const struct deed_by *by, const struct strings *targets, instant since,
    struct audit_proven *out, struct err *e);

#endif
