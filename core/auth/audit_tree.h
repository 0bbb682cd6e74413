/*
 * audit_tree.h - the audit trail as a tree that others can check, and its signed checkpoints (core/proof).
 *
 * Each entry is a leaf, in the order of `seq`, once it is committed: a row of audit_tree has the hashes of the leaf and of the nodes
 * that it completes, and stays when the entry is deleted by age.  A checkpoint is signed by the installation's Ed25519 key, whose
 * seed is derived from the keyring (KEY_AUDIT_SIGN): every version of the keyring has one, the newest signs.
 *
 * Nothing is signed that was not computed anew: making a checkpoint begins with the one before, whose signature and
 * root must fit, and goes through the entries since, whose MACs must fit too.
 */
#ifndef BSX_AUTH_AUDIT_TREE_H
#define BSX_AUTH_AUDIT_TREE_H

#include "core/auth/deed.h"
#include "core/proof/entry.h"
#include "core/proof/note.h"
#include "core/proof/tree.h"
#include "core/store/identity/audit_rows.h"
#include "core/store/identity/audit_tree_rows.h"

/* The leaf of an entry. */
MUST_USE bool audit_leaf(TALLOC_CTX *mem, const struct audit_row *r, uint8_t out[static HASH_LEN], struct err *e);
/* The tree of the first `size` leaves, of the rows that are there.  ERR_MISSING: one that it needs is not. */
MUST_USE bool audit_tree_at(struct tenant_db *t, uint64_t chain, uint64_t size, struct tree *out, struct err *e);
/* Whether the row has the hashes of what its leaf completed. */
bool audit_leaf_same(const struct audit_leaf_row *row, const struct tree_nodes *nodes);

/* The public keys that sign checkpoints, one for each version of the keyring, the newest first, without a name. */
MUST_USE bool audit_public_keys(const struct auth *a, TALLOC_CTX *mem, struct note_key **keys, size_t *n, struct err *e);
/* A note of such a text (note_sign_text), by the newest of them. */
MUST_USE char *audit_sign_text(const struct auth *a, TALLOC_CTX *mem, struct str text, struct err *e);
/* Checkpoints of the present chain with size > after, the smallest first. */
MUST_USE bool audit_points(struct tenant_db *t, TALLOC_CTX *mem, uint64_t after, uint64_t *chain, struct page *p, struct err *e);
/* The same with the name of a trail; a child of by->mem. */
MUST_USE bool audit_keys(const struct deed_by *by, uint64_t chain, struct note_key **keys, size_t *n, struct err *e);
/* Whether a checkpoint is of that trail and signed by one of the keys; then *out is what it says. */
bool audit_note_fits(const struct deed_by *by, const struct note_key *keys, size_t n, const struct audit_checkpoint_row *row,
    struct checkpoint *out);

/*
 * Adds the leaves that are missing, of at most `most` entries, and signs a checkpoint where the trail has grown.  It may be
 * called by several at the same time and killed at any place: rows are added once.  ERR_INTERNAL: the trail is not as
 * it was written (see audit_verify.h), and nothing is signed: AUDIT_BROKEN in e->sys.
 */
#define AUDIT_BROKEN (-2)
#define AUDIT_TREE_STEP 20000
struct audit_point {
	struct audit_checkpoint_row row; /* the newest checkpoint; size 0: there are no entries */
	bool                        more; /* there are entries behind it */
};
MUST_USE bool audit_checkpoint_make(const struct deed_by *by, uint64_t most, struct audit_point *out, struct err *e);

/*
 * driftd's: of every trail that has grown for `audit.checkpoint_s`, a checkpoint, which goes to the log.  What is wrong with one
 * trail is told in the log, and keeps no other from its turn.  `stop` is asked between two.
 */
struct audit_round {
	struct auth *auth;
	bool (*stop)(void *arg);
	void *stop_arg;
};
MUST_USE bool audit_checkpoints_due(const struct audit_round *r, bool *more, struct err *e);

#endif
